"""Pearson's r and the cosine in all draws of stimuli at once: weights of pairs, times products of RDMs.

A draw in which stimulus i is there mᵢ times gives the pair (i, j) the weight mᵢ mⱼ. Weights are made for some hundred
pairs at a time, so that they never leave the cache, multiplied in float32 and summed over such blocks in float64:
similarities are within 1e-6 of those in float64, a ten-thousandth of the narrowest interval.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cortexcnn.similarity.comparing.pairs import Pairs

__all__ = ["WEIGHTED", "weighted_sums"]

_PAIRS = 1024
"""Pairs in a block: long enough for a fast product, short enough for its float32 sums to lose nothing."""


def weighted_sums(columns: Callable[[slice], np.ndarray], count: int, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    """Sums over pairs of stimuli, each pair counted as often as a draw has it.

    Parameters
    ----------
    columns : callable
        Takes a slice of the pairs, returns what is summed for them (column, pair) in float32.
    count : int
        How many columns there are.
    pairs : Pairs
        The pairs.
    times : ndarray of int (draw, stimulus)
        How many times each stimulus is there.

    Returns
    -------
    ndarray (draw, column)
        Sums in float64.

    Examples
    --------
    >>> weighted_sums(lambda some: np.ones((1, 3), np.float32)[:, some], 1, Pairs.of(3), np.array([[2, 1, 0]]))
    array([[2.]])
    """
    each = np.ascontiguousarray(times.T, dtype=np.float32)
    total = np.zeros((len(times), count))
    for start in range(0, len(pairs.row), _PAIRS):
        some = slice(start, start + _PAIRS)
        weights = each[pairs.row[some]]
        weights *= each[pairs.column[some]]
        total += weights.T @ columns(some).T
    return total


def _cosine(first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    inner, square_first, square_second = _products(_scaled(first), _scaled(second), pairs, times)[:3]
    return _ratio(inner, square_first, square_second)


def _pearson(first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    first, second = (_scaled(v - v.mean(axis=1, keepdims=True)) for v in (first, second))
    inner, square_first, square_second, total_first, total_second, count = _products(first, second, pairs, times)
    with np.errstate(invalid="ignore", divide="ignore"):
        inner -= total_first[:, :, None] * (total_second / count)[:, None, :]
        of_means = total_first**2 / count, total_second**2 / count
    return _ratio(inner, _left(square_first, of_means[0]), _left(square_second, of_means[1]))


def _left(square: np.ndarray, of_mean: np.ndarray) -> np.ndarray:
    """Sum of squares about the mean, 0 where it is nothing but rounding."""
    return np.where(square - of_mean > 1e-6 * square, square - of_mean, 0.0)


def _scaled(values: np.ndarray) -> np.ndarray:
    """Rows of mean square 1, so that float32 holds them whatever their unit."""
    size = np.sqrt((values**2).mean(axis=1, keepdims=True))
    return values / np.where(size > 0, size, 1)


def _products(first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> tuple[np.ndarray, ...]:
    """Weighted inner products (draw, k, l), squares and sums of either side, and how many pairs a draw has."""
    k, length = len(first), len(second)
    one, other = first.astype(np.float32), second.astype(np.float32)

    def columns(some: slice) -> np.ndarray:
        a, b = one[:, some], other[:, some]
        inner = (a[:, None] * b).reshape(k * length, -1)
        return np.concatenate([inner, a**2, b**2, a, b, np.ones_like(a[:1])])

    sums = weighted_sums(columns, k * length + 2 * (k + length) + 1, pairs, times)
    inner, *rest = np.split(sums, np.cumsum([k * length, k, length, k, length]), axis=1)
    return inner.reshape(-1, k, length), *rest


def _ratio(inner: np.ndarray, square_first: np.ndarray, square_second: np.ndarray) -> np.ndarray:
    """Inner products over the lengths, NaN where a length is zero."""
    lengths = [np.sqrt(np.where(square > 0, square, np.nan)) for square in (square_first, square_second)]
    inner /= lengths[0][:, :, None]
    inner /= lengths[1][:, None, :]
    return inner


WEIGHTED: dict[str, Callable[[np.ndarray, np.ndarray, Pairs, np.ndarray], np.ndarray]] = {
    "pearson": _pearson,
    "cosine": _cosine,
}
"""Similarities (draw, k, l) of RDMs (k, pair) and (l, pair) in draws (draw, stimulus), by names in ``COMPARISONS``."""
