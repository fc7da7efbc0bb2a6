"""How far would a noise ceiling move with other stimuli or subjects? Draws from similarities between subjects alone.

Let the RDMs of subjects be vectors xᵢ, transformed so that their similarity is K = x xᵀ. With subject i drawn wᵢ times,
that of subject i to the mean is (K w)ᵢ / √(wᵀ K w), and to the mean of all others the same with wᵢ set to 0.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import xarray as xr

from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.pairs import align, leading
from cortexcnn.similarity.inference.crossed import Crossed
from cortexcnn.similarity.inference.factors import dimension, subsets, together

__all__ = ["bounds_between", "drawn_ceilings"]


def drawn_ceilings(crossed: Crossed, reference: xr.DataArray, point: xr.DataArray, *, over: str) -> xr.DataArray:
    """Noise ceilings in draws of every subset of the factors.

    Parameters
    ----------
    crossed : Crossed
        What is drawn.
    reference : DataArray (…, subject, stimulus, stimulus2)
        One RDM a subject.
    point : DataArray (bound, …)
        The ceilings without a draw, from :func:`~cortexcnn.similarity.noise_ceiling`.
    over : str
        The dimension of the subjects.

    Returns
    -------
    DataArray (resampled, draw, bound, …)
        Lower and upper bounds, NaN where a draw has one subject only. The mean of ranks is not ranked anew:
        what that makes without a draw is added.
    """
    within = compare(reference, reference, method=crossed.method)
    itself = replace(crossed, both=align(reference, reference), similarity=within, patterns=())
    others = [dim for dim in leading(reference) if dim != over]
    drawn_subjects = {dimension(name): times for name, times in crossed.times.items()}.get(over)
    everyone, draws = np.ones((1, reference.sizes[over])), len(next(iter(crossed.times.values())))

    @cache
    def between(anew: tuple[str, ...]) -> np.ndarray:
        each = itself.anew(anew)
        for dim in others:
            alike = xr.DataArray(np.arange(reference.sizes[dim]), dims=dim)
            each = each.isel({dim: alike, f"{dim}2": alike})
        each = each if "draw" in each.dims else each.expand_dims("draw")
        return each.transpose(*others, "draw", over, f"{over}2").values

    def bounds(anew: tuple[str, ...], weights: np.ndarray) -> xr.DataArray:
        found = np.stack(bounds_between(between(anew), weights))
        coords = {dim: reference[dim].values for dim in others if dim in reference.coords}
        return xr.DataArray(found, {"bound": ["lower", "upper"], **coords}, ("bound", *others, "draw"))

    plain = bounds((), everyone).isel(draw=0)
    results = {}
    for names in subsets(tuple(crossed.times)):
        anew = tuple(name for name in names if name == "stimuli")
        subjects = drawn_subjects if over in map(dimension, names) else None
        found = bounds(anew, everyone if subjects is None else subjects) - plain + point
        results[together(names)] = found.isel(draw=np.arange(draws) % found.sizes["draw"])
    stacked = xr.concat(results.values(), xr.Variable("resampled", list(results)))
    return stacked.transpose("resampled", "draw", "bound", ...)


def bounds_between(similarity: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean similarity of subjects to the mean of the others, and to the mean of all.

    Parameters
    ----------
    similarity : ndarray (…, draw, subject, subject)
        Of the subjects with each other.
    weights : ndarray (draw, subject)
        How many times each is there; all copies of one are left out together.

    Returns
    -------
    lower, upper : ndarray (…, draw)
        Lower is NaN where there is but one subject.

    Examples
    --------
    >>> lower, upper = bounds_between(np.array([[[1.0, 0.5], [0.5, 1.0]]]), np.ones((1, 2)))
    >>> lower, upper
    (array([0.5]), array([0.87]))
    """
    itself = np.diagonal(similarity, axis1=-2, axis2=-1)
    inner = np.einsum("...ij,...j->...i", similarity, weights)
    square = (weights * inner).sum(axis=-1, keepdims=True)
    without = square - 2 * weights * inner + weights**2 * itself
    scale = np.sqrt(itself.mean(axis=-1)) / weights.sum(axis=-1)  # less than 1 where ties have no order
    alone = (weights > 0).sum(axis=-1, keepdims=True) < 2
    with np.errstate(invalid="ignore"):
        rest = (inner - weights * itself) / np.sqrt(np.where(alone | (without <= 0), np.nan, without))
        lower = (weights * rest).sum(axis=-1) * scale
        upper = (weights * inner).sum(axis=-1) / np.sqrt(square[..., 0]) * scale
    return lower, upper
