"""How alike are two RDMs? Labels in, labels out; the mathematics: :mod:`cortexcnn.similarity.comparing.measures`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.measures import COMPARISONS, Comparison
from cortexcnn.similarity.comparing.pairs import Pairs, align, shared_pairs, taken
from cortexcnn.similarity.comparing.whitened import whitened_by

__all__ = ["compare", "similarities"]


def compare(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "spearman",
    pattern_noise: xr.DataArray | None = None,
) -> xr.DataArray:
    """Similarity of RDMs over their pairs of stimuli, every one of the first with every one of the reference.

    Parameters
    ----------
    rdms : DataArray (…, stimulus, stimulus2)
        For example one for each layer. NaN marks a pair that is left out.
    reference : DataArray (…, stimulus, stimulus2)
        For example one for each subject, of the same stimuli in any order.
    method : str
        One of ``COMPARISONS``; higher is nearer. "pearson" and "cosine" take dissimilarities at their value,
        "spearman", both "kendall" and "rho-a" only their order. "rho-a" is the mean of Spearman's over random
        breaking of ties [1]_; it and tau-a don't favour a model that predicts ties, as Spearman's and tau-b do [2]_.
        "whitened pearson" and "whitened cosine" allow for the noise that dissimilarities of a shared stimulus
        have in common [3]_. "bures" and the two "negative … distance" compare the geometries that RDMs of squared
        distances stand for as wholes (:mod:`cortexcnn.similarity.comparing.geometry`), and need every pair.
    pattern_noise : DataArray (stimulus, stimulus2) or (stimulus), optional
        For the whitened measures: covariance, or variances, of the noise that the stimuli's patterns have; without it,
        the same for all and none in common. It allows no pair to be left out.

    Returns
    -------
    DataArray (leading dims of the rdms, leading dims of the reference)
        Similarities, over the pairs that neither leaves out. A dimension that both have gets a 2 behind
        its name on the reference's side (subject, subject2).

    Raises
    ------
    ValueError
        If the stimuli differ (names them) or are fewer than 4, fewer than 3 pairs remain, or the measure is not defined
        because an RDM is constant (names it).

    References
    ----------
    .. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566.
    .. [2] Nili et al. (2014), PLoS Comput. Biol. 10, e1003553.
    .. [3] Diedrichsen et al. (2021), Neurons Behav. Data Anal. Theory 5(3).

    Examples
    --------
    >>> places = np.array([0.0, 1.0, 3.0, 7.0])
    >>> labels = {"stimulus": list("abcd"), "stimulus2": list("abcd")}
    >>> one = xr.DataArray(np.abs(places[:, None] - places), labels, ("stimulus", "stimulus2"))
    >>> compare(one, one**2).item()
    1.0
    """
    measure = chosen(COMPARISONS, method, what="comparison")
    both = align(rdms, reference)
    if pattern_noise is not None:
        measure = _with_noise(measure, method, pattern_noise, rdms.indexes["stimulus"].values)
    result = both.label(similarities(both.first, both.second, Pairs.of(both.stimuli), measure), method=method)
    if np.isnan(result.values).any():
        _refuse_undefined(result, both.first, both.second, method)
    return result


def similarities(first: np.ndarray, second: np.ndarray, pairs: Pairs, measure: Comparison) -> np.ndarray:
    """Similarities of all pairs of RDMs, each over what both have.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        RDMs; NaN marks a pair that is left out.
    pairs : Pairs
        Which pairs of stimuli they hold.
    measure : Comparison
        How to compare.

    Returns
    -------
    ndarray (k, l)
        Similarities, within the measure's bounds; NaN where it is not defined.
    """
    if len(pairs.row) > 2 and not np.isnan(first.sum() + second.sum()):  # the usual case: no pair is left out
        return np.clip(measure.between(first, second, pairs), *measure.bounds)
    result = np.empty((len(first), len(second)))
    for rows, columns, shared in shared_pairs(first, second):
        ours, theirs = taken(first, rows, shared), taken(second, columns, shared)
        result[np.ix_(rows, columns)] = measure.between(ours, theirs, pairs.take(shared))
    return np.clip(result, *measure.bounds)


def _with_noise(measure: Comparison, method: str, noise: xr.DataArray, stimuli: np.ndarray) -> Comparison:
    """The same measure in the metric of a covariance of the patterns' noise."""
    if not method.startswith("whitened"):
        raise ValueError(f"pattern_noise is for whitened measures, not for {method}: leave it out")
    dims = ("stimulus", "stimulus2") if noise.ndim == 2 else ("stimulus",)
    if set(noise.dims) != set(dims) or any(set(noise[dim].values) != set(stimuli) for dim in dims):
        raise ValueError(
            f"pattern_noise has the dims stimulus and stimulus2, or stimulus alone, with the labels of the rdms; this "
            f"has {dict(noise.sizes)}, or other labels"
        )
    values = noise.sel(dict.fromkeys(dims, stimuli)).transpose(*dims).values
    covariance = np.diag(values) if values.ndim == 1 else values
    return replace(measure, between=whitened_by(covariance, centred=measure.centred))


def _refuse_undefined(result: xr.DataArray, first: np.ndarray, second: np.ndarray, method: str) -> None:
    """Say whose RDM has no direction to be compared."""
    rows, columns = np.nonzero(np.isnan(result.values.reshape(len(first), len(second))))
    side, number = ("the rdms", rows[0]) if len(set(rows)) <= len(set(columns)) else ("the reference", columns[0])
    raise ValueError(
        f"{method} is not defined for {len(rows)} of {result.size} comparisons: all dissimilarities are equal in "
        f'number {number} of {side}; leave it out, or choose "rho-a" or "kendall tau-a", for which it scores 0'
    )
