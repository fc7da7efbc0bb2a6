"""What is random in an experiment, and how many times a bootstrap of several factors counts each part of the variance.

A similarity that rests on several crossed factors varies by components: one for each factor, one for each interaction.
Let T be a component, a set of factors. A bootstrap that draws the set S of factors counts it not once but
Π_{i ∈ S ∩ T} (1 + aᵢ) − 1 times, with aᵢ = (nᵢ − 1) / nᵢ for n levels: an interaction of two factors, when both
are drawn, about three times. From the bootstraps of all subsets, the sum with each component once is had back
(:func:`corrected_variance`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import xarray as xr

__all__ = ["DIMENSIONS", "corrected_variance", "dimension", "factors", "subsets", "together", "variance_components"]

DIMENSIONS = {"subjects": "subject", "seeds": "seed"}
"""Along which dimension of the RDMs a factor lies; any other dimension is drawn by its own name."""


def factors(over: str | Sequence[str]) -> tuple[str, ...]:
    """The factors that are drawn, each once.

    Parameters
    ----------
    over : str or sequence of str
        One name or several.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If there is none, or one is named twice.

    Examples
    --------
    >>> factors("stimuli"), factors(["stimuli", "subjects"])
    (('stimuli',), ('stimuli', 'subjects'))
    """
    names = (over,) if isinstance(over, str) else tuple(over)
    if not names or len(set(names)) < len(names):
        raise ValueError(f'over={over!r}: name what is random, each once, such as "stimuli" or ("stimuli", "subjects")')
    return names


def dimension(factor: str) -> str:
    """The dimension along which a factor lies.

    Examples
    --------
    >>> dimension("subjects"), dimension("session")
    ('subject', 'session')
    """
    return DIMENSIONS.get(factor, factor)


def subsets(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """All that can be drawn of some factors, small sets first.

    Examples
    --------
    >>> subsets(("stimuli", "subjects"))
    [('stimuli',), ('subjects',), ('stimuli', 'subjects')]
    """
    return [some for size in range(1, len(names) + 1) for some in combinations(names, size)]


def together(names: tuple[str, ...]) -> str:
    """The name of a set of factors.

    Examples
    --------
    >>> together(("stimuli", "subjects"))
    'stimuli × subjects'
    """
    return " × ".join(names)


def corrected_variance(drawn: xr.DataArray, levels: xr.DataArray) -> xr.DataArray:
    """Variance of a similarity, or of any difference of similarities, with each component counted once.

    With D(S) = Σ_{U ⊆ S} (−1)^{|S| − |U|} V(U), the part of the bootstrap's variance that only drawing all of S adds,
    the variance is Σ_S (−1)^{|S| + 1} D(S) / Π_{i ∈ S} aᵢ. For two factors with many levels that is
    2 (V₁ + V₂) − V₁₂ [1]_; for three, 4 Σ Vᵢ − 2 Σ Vᵢⱼ + V₁₂₃; for one factor, V n / (n − 1).
    The result is kept between what the largest single factor gives and what drawing all gives, each with its aᵢ.

    Parameters
    ----------
    drawn : DataArray (resampled, draw[, split], …)
        Draws of every subset of the factors, by the name that :func:`together` gives; for example the variable
        ``drawn`` of :func:`~cortexcnn.similarity.evaluate`, or the difference of two of its rows.
        Of several splits into folds, the variance between splits is taken off that of their mean.
    levels : DataArray (factor) of int
        How many there are of each factor.

    Returns
    -------
    DataArray (…)
        Variances; NaN draws are left out.

    Raises
    ------
    ValueError
        If a subset of the factors is not there.

    References
    ----------
    .. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566, which has the two-factor form.

    Examples
    --------
    >>> draws = xr.DataArray([[-1.0, 0.0, 1.0]], {"resampled": ["subjects"]}, ("resampled", "draw"))
    >>> corrected_variance(draws, xr.DataArray([2], {"factor": ["subjects"]}, ("factor",))).item()
    2.0
    """
    counts = dict(zip(levels["factor"].values.tolist(), levels.values.tolist(), strict=True))
    names = tuple(counts)
    wanted = [together(some) for some in subsets(names)]
    missing = set(wanted) - set(drawn["resampled"].values.tolist()) if "resampled" in drawn.coords else set(wanted)
    if missing:
        raise ValueError(f"the correction needs draws of {', '.join(sorted(missing))} along the dimension resampled")
    variance = _variance(drawn)
    counted = {name: (count - 1) / count for name, count in counts.items()}
    total = xr.zeros_like(variance.isel(resampled=0, drop=True))
    for some in subsets(names):
        only = sum(
            (-1) ** (len(some) - len(part)) * variance.sel(resampled=together(part), drop=True)
            for part in subsets(some)
        )
        total = total - (-1) ** len(some) * only / np.prod([counted[name] for name in some])
    least = xr.concat([variance.sel(resampled=name, drop=True) / counted[name] for name in names], "factor").max(
        "factor"
    )
    most = variance.sel(resampled=together(names), drop=True) / min(counted.values())
    return total.clip(least, np.maximum(least, most))


def variance_components(drawn: xr.DataArray, levels: xr.DataArray) -> xr.DataArray:
    """The variance that each factor, and each interaction of factors, brings to a similarity, for one level of each.

    Parameters
    ----------
    drawn, levels
        As of :func:`corrected_variance`.

    Returns
    -------
    DataArray (part, …)
        By the names of :func:`together`. Divided by how many levels there are of their factors, they add up to the
        corrected variance; none is negative.

    Examples
    --------
    >>> draws = xr.DataArray([[-1.0, 0.0, 1.0]], {"resampled": ["subjects"]}, ("resampled", "draw"))
    >>> variance_components(draws, xr.DataArray([2], {"factor": ["subjects"]}, ("factor",))).item()
    4.0
    """
    total = corrected_variance(drawn, levels)
    counts = dict(zip(levels["factor"].values.tolist(), levels.values.tolist(), strict=True))
    some = subsets(tuple(counts))
    names = [together(part) for part in some]
    counted = [
        [np.prod([2 - 1 / counts[name] for name in part if name in drawn_ones]) - 1 for part in some]
        for drawn_ones in some
    ]
    variance = _variance(drawn).sel(resampled=names).transpose("resampled", ...)
    parts = np.clip(np.tensordot(np.linalg.inv(counted), variance.values, 1), 0, None)
    whole = parts.sum(axis=0)
    parts = parts * np.divide(
        total.transpose(*variance.dims[1:]).values, whole, out=np.zeros_like(whole), where=whole > 0
    )
    sizes = [np.prod([counts[name] for name in part]) for part in some]
    shared = variance.copy(data=parts * np.reshape(sizes, (-1,) + (1,) * (parts.ndim - 1)))
    return shared.rename(resampled="part")


def _variance(drawn: xr.DataArray) -> xr.DataArray:
    """Variance over draws; with splits, what it would be for the mean of very many of them."""
    if "split" not in drawn.dims:
        return drawn.var("draw", ddof=1, skipna=True)
    within = drawn.var("split", ddof=1).mean("draw") / drawn.sizes["split"]
    return (drawn.mean("split").var("draw", ddof=1, skipna=True) - within).clip(0)
