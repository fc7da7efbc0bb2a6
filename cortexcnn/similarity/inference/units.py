"""Would other neurons, or other units, have given the same RDM? A draw of units reweights products taken once.

Every dissimilarity here is made of sums over units. With unit u drawn m times, the sum of xᵢ xⱼ becomes Σ m xᵢ xⱼ, so
that the RDMs of all draws are one product (draws × units) @ (units × pairs), equal to the RDMs of the drawn units.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import Pairs

__all__ = ["RESAMPLED", "resampled_rdms"]

_BLOCK = 2**22
"""Products of one chunk of units: 32 MiB."""


def resampled_rdms(patterns: np.ndarray, times: np.ndarray, *, method: str = "correlation") -> np.ndarray:
    """RDMs in each draw of units.

    Parameters
    ----------
    patterns : ndarray (stimulus, unit)
        Responses.
    times : ndarray of int (draw, unit)
        How many times each unit is there.
    method : str
        One of ``RESAMPLED``, as in :func:`~cortexcnn.similarity.rdm` (lengths for each unit).

    Returns
    -------
    ndarray (draw, pair)
        Dissimilarities in the order of ``numpy.triu_indices``; NaN where a draw leaves a pattern without direction.

    Raises
    ------
    ValueError
        If the dissimilarity is not a sum over units.

    Examples
    --------
    >>> resampled_rdms(np.array([[0.0, 1.0], [2.0, 1.0]]), np.array([[1, 1], [2, 0]]), method="squared euclidean")
    array([[2.], [4.]])
    """
    make = chosen(RESAMPLED, method, what="dissimilarity that a draw of units reweights")
    return make(np.asarray(patterns, np.float64), times.astype(np.float64), Pairs.of(len(patterns)))


def _summed(
    patterns: np.ndarray, times: np.ndarray, pairs: Pairs, product: Callable[[np.ndarray, np.ndarray], np.ndarray]
) -> np.ndarray:
    """A product of the two patterns of each pair, summed over the units of each draw (draw, pair)."""
    total = np.zeros((len(times), len(pairs.row)))
    step = max(1, _BLOCK // len(pairs.row))
    for start in range(0, patterns.shape[1], step):
        some = np.ascontiguousarray(patterns[:, start : start + step].T)
        total += times[:, start : start + step] @ product(some[:, pairs.row], some[:, pairs.column])
    return total


def _squared(patterns: np.ndarray, times: np.ndarray, pairs: Pairs) -> np.ndarray:
    return _summed(patterns, times, pairs, lambda one, other: (one - other) ** 2) / times.sum(axis=1, keepdims=True)


def _cosine(patterns: np.ndarray, times: np.ndarray, pairs: Pairs) -> np.ndarray:
    inner = _summed(patterns, times, pairs, np.multiply)
    return _angles(inner, times @ (patterns**2).T, pairs, times @ (patterns**2).T)


def _correlation(patterns: np.ndarray, times: np.ndarray, pairs: Pairs) -> np.ndarray:
    patterns = patterns - patterns.mean(axis=1, keepdims=True)  # near the mean of any draw: nothing is lost below
    count = times.sum(axis=1, keepdims=True)
    mean, square = (times @ patterns.T) / count, times @ (patterns**2).T
    inner = _summed(patterns, times, pairs, np.multiply) - count * mean[:, pairs.row] * mean[:, pairs.column]
    return _angles(inner, square - count * mean**2, pairs, square)


def _angles(inner: np.ndarray, square: np.ndarray, pairs: Pairs, scale: np.ndarray) -> np.ndarray:
    """One minus the cosine, NaN where what is left of a square is rounding."""
    length = np.sqrt(np.where(square > 1e-13 * scale, square, np.nan))
    return np.clip(1 - inner / (length[:, pairs.row] * length[:, pairs.column]), 0, 2)


RESAMPLED: dict[str, Callable[[np.ndarray, np.ndarray, Pairs], np.ndarray]] = {
    "correlation": _correlation,
    "cosine": _cosine,
    "squared euclidean": _squared,
    "euclidean": lambda patterns, times, pairs: np.sqrt(_squared(patterns, times, pairs)),
}
"""Dissimilarities that are sums over units, by their names in ``DISSIMILARITIES``."""
