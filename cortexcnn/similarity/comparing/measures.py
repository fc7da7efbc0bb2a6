"""The mathematics of comparing RDMs: plain and resampled, on bare vectors of pairs.

All but Kendall's tau are inner products of vectors that were transformed one by one. A bootstrap draw of stimuli with
multiplicities m gives the pair (i, j) the weight mᵢ mⱼ, so that all draws of the linear measures are one matrix product
(draws × pairs) @ (pairs × everything).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cortexcnn.similarity.comparing.geometry import bures, negative_bures_distance, negative_riemannian_distance
from cortexcnn.similarity.comparing.pairs import Pairs
from cortexcnn.similarity.comparing.ranks import Draw, agreement, centred_ranks, joint_ties, rank, sort
from cortexcnn.similarity.comparing.whitened import whitened_cosine, whitened_pearson

__all__ = ["COMPARISONS", "Comparison"]

_BLOCK = 2**23
"""Numbers in one block of products of RDMs: 64 MiB."""


@dataclass(frozen=True)
class Comparison:
    """A way to compare two RDMs; higher is nearer.

    Parameters
    ----------
    between : callable
        Takes RDMs (k, pair) and (l, pair), and the :class:`~cortexcnn.similarity.comparing.pairs.Pairs` that they are
        of; returns similarities (k, l), NaN where it is not defined.
    suited : callable
        Takes RDMs (k, pair), returns them transformed so that their mean is the RDM nearest to all of them
        by this measure: the mean of subjects in a noise ceiling.
    bounds : tuple of float
        Lowest and highest value.
    ignores : str
        What can be done to either RDM without changing the result.
    resampled : callable, optional
        Takes RDMs (k, pair), (l, pair) and weights (draw, pair), whole numbers that say how many times each pair
        is there; returns similarities (draw, k, l). By default stimuli are repeated and ``between`` is called, one
        draw after the other.
    drawn : callable, optional
        In place of ``resampled``, for a measure of whole matrices: takes RDMs (k, pair), (l, pair), their pairs and
        how many times each stimulus is there (draw, stimulus).
    centred : bool
        RDMs that have nothing to do with each other score 0.
    whole : bool
        It needs every pair of stimuli, so that no stimuli can be drawn, as copies of one make no pair.
    """

    between: Callable[[np.ndarray, np.ndarray, Pairs], np.ndarray]
    suited: Callable[[np.ndarray], np.ndarray]
    bounds: tuple[float, float]
    ignores: str
    resampled: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray] | None = None
    drawn: Callable[[np.ndarray, np.ndarray, Pairs, np.ndarray], np.ndarray] | None = None
    centred: bool = True
    whole: bool = False

    def draw(self, first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
        """Similarities in each draw of stimuli.

        Parameters
        ----------
        first, second : ndarray (k, pair), (l, pair)
            RDMs.
        pairs : Pairs
            Which pairs of stimuli they hold.
        times : ndarray of int (draw, stimulus)
            How many times each stimulus is there; each copy is a stimulus of its own, but copies make no pair.

        Returns
        -------
        ndarray (draw, k, l)
            Similarities, NaN where a draw leaves too little.

        Raises
        ------
        ValueError
            If the measure needs every pair.
        """
        if self.whole:
            raise ValueError(
                "stimuli can't be drawn for a measure of whole geometries, as copies of one make no pair: draw "
                "subjects alone, or choose cosine or pearson"
            )
        if self.drawn is not None:
            return self.drawn(first, second, pairs, times)
        if self.resampled is not None:
            some = times.T.astype(np.float64)  # whole rows are copied below, not single numbers
            return self.resampled(first, second, (some[pairs.row] * some[pairs.column]).T)
        result = np.full((len(times), len(first), len(second)), np.nan)
        for number, each in enumerate(times):
            positions, copies = pairs.drawn(each)
            if len(positions):
                result[number] = self.between(first[:, positions], second[:, positions], copies)
        return result


def _unit(values: np.ndarray) -> np.ndarray:
    """Rows of unit length; NaN for a row of zeros."""
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 0, length, np.nan)


def _centred(values: np.ndarray) -> np.ndarray:
    """Rows less their mean; a constant row becomes exactly zero."""
    constant = values[:, 0] == values[:, -1]  # few rows pass this, so that few are read through
    constant[constant] = (values[constant] == values[constant, :1]).all(axis=1)
    centred = values - values.mean(axis=1, keepdims=True)
    centred[constant] = 0.0
    return centred


def _cosine(first: np.ndarray, second: np.ndarray, _: Pairs) -> np.ndarray:
    lengths = (np.sqrt(np.vecdot(values, values)) for values in (first, second))
    return first @ second.T / np.multiply.outer(*(np.where(length > 0, length, np.nan) for length in lengths))


def _pearson(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    return _cosine(_centred(first), _centred(second), pairs)


def _spearman(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    return _pearson(rank(first), rank(second), pairs)


def _rho_a(first: np.ndarray, second: np.ndarray, _: Pairs) -> np.ndarray:
    count = first.shape[1]
    most = (count**3 - count) / 12
    return _centred(rank(first)) @ _centred(rank(second)).T / (most or np.nan)


def _tau_a(first: np.ndarray, second: np.ndarray, _: Pairs) -> np.ndarray:
    ours, theirs = [sort(v) for v in first], [sort(v) for v in second]
    return np.array([[agreement(Draw(a), b, joint=joint_ties(a, b)) for b in theirs] for a in ours])


def _tau_b(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    once = np.ones((1, first.shape[1]), int)
    return _tau_a(first, second, pairs) * _untied(first, second, once)[0]


def _untied(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """What makes tau-b of tau-a (draw, k, l): all pairs over those not tied; NaN where all are."""
    orders = [sort(v) for v in (*first, *second)]
    result = np.empty((len(weights), len(first), len(second)))
    for number, weight in enumerate(weights.astype(np.int64)):
        draws = [Draw(order, weight) for order in orders]
        share = np.array([(draw.pairs - draw.ties) / draw.pairs if draw.pairs else 0.0 for draw in draws])
        root = np.sqrt(np.where(share > 0, share, np.nan))
        result[number] = 1 / (root[: len(first), None] * root[len(first) :])
    return result


def _once(
    drawn: Callable[[np.ndarray, np.ndarray, Pairs, np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, np.ndarray, Pairs], np.ndarray]:
    """A measure in the one draw that has every stimulus once."""
    return lambda first, second, pairs: drawn(first, second, pairs, np.ones((1, pairs.stimuli), int))[0]


def _sums(weights: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Weighted inner products of all RDMs in all draws (draw, k, l)."""
    result = np.empty((len(weights), len(first), len(second)))
    step = max(1, _BLOCK // second.size)
    for start in range(0, len(first), step):
        some = first[start : start + step]
        each = (some[:, None, :] * second).reshape(-1, second.shape[1])
        result[:, start : start + step] = (weights @ each.T).reshape(len(weights), len(some), len(second))
    return result


def _resampled_cosine(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    square_first, square_second = weights @ (first**2).T, weights @ (second**2).T
    return _ratio(_sums(weights, first, second), square_first, square_second)


def _resampled_pearson(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    first, second = _centred(first), _centred(second)  # near the mean of any draw: nothing is lost below
    total = weights.sum(axis=1)[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_first, mean_second = (weights @ first.T) / total, (weights @ second.T) / total
    inner = _sums(weights, first, second) - total[:, :, None] * mean_first[:, :, None] * mean_second[:, None, :]
    square_first = _spread(weights, first, total * mean_first**2)
    square_second = _spread(weights, second, total * mean_second**2)
    return _ratio(inner, square_first, square_second)


def _spread(weights: np.ndarray, values: np.ndarray, of_mean: np.ndarray) -> np.ndarray:
    """Sum of squares about the mean (draw, rdm), 0 where it is nothing but rounding."""
    square = weights @ (values**2).T
    left = square - of_mean
    return np.where(left > 1e-13 * square, left, 0.0)


def _resampled_spearman(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    inner, square_first, square_second = _rank_sums(first, second, weights)
    return _ratio(inner, square_first, square_second)


def _resampled_rho_a(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = weights.sum(axis=1)[:, None, None].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        return _rank_sums(first, second, weights)[0] * 12 / (total**3 - total)


def _rank_sums(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inner products and squares of the centred ranks that each draw has (draw, k, l), (draw, k), (draw, l)."""
    count = len(first)
    orders = [sort(v) for v in (*first, *second)]
    inner = np.empty((len(weights), count, len(second)))
    square = np.empty((len(weights), len(orders)))
    weights = np.ascontiguousarray(weights)
    for number, (weight, ranks) in enumerate(zip(weights, centred_ranks(orders, weights), strict=True)):
        weighted = ranks * weight
        inner[number] = weighted[:count] @ ranks[count:].T
        square[number] = np.einsum("rp,rp->r", weighted, ranks)
    return inner, square[:, :count], square[:, count:]


def _resampled_tau_a(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    ours, theirs = [sort(v) for v in first], [sort(v) for v in second]
    joint = [[joint_ties(a, b) for b in theirs] for a in ours]
    result = np.empty((len(weights), len(ours), len(theirs)))
    for number, weight in enumerate(weights.astype(np.int64)):
        for k, a in enumerate(ours):
            draw = Draw(a, weight)
            result[number, k] = [agreement(draw, b, joint=both) for b, both in zip(theirs, joint[k], strict=True)]
    return result


def _resampled_tau_b(first: np.ndarray, second: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return _resampled_tau_a(first, second, weights) * _untied(first, second, weights)


def _ratio(inner: np.ndarray, square_first: np.ndarray, square_second: np.ndarray) -> np.ndarray:
    """Inner products (draw, k, l) over the lengths, NaN where a length is zero."""
    length = np.sqrt(square_first[:, :, None] * square_second[:, None, :])
    return inner / np.where(length > 0, length, np.nan)


_MONOTONE = "any increasing transform"
_SIGNED = (-1.0, 1.0)

COMPARISONS: dict[str, Comparison] = {
    "pearson": Comparison(
        _pearson, lambda v: _unit(_centred(v)), _SIGNED, "a positive factor and an offset", _resampled_pearson
    ),
    "spearman": Comparison(_spearman, rank, _SIGNED, _MONOTONE, _resampled_spearman),
    "kendall tau-a": Comparison(_tau_a, rank, _SIGNED, _MONOTONE, _resampled_tau_a),
    "kendall tau-b": Comparison(_tau_b, rank, _SIGNED, _MONOTONE, _resampled_tau_b),
    "rho-a": Comparison(_rho_a, rank, _SIGNED, _MONOTONE, _resampled_rho_a),
    "cosine": Comparison(_cosine, _unit, _SIGNED, "a positive factor", _resampled_cosine, centred=False),
    "whitened pearson": Comparison(
        _once(whitened_pearson),
        lambda v: _unit(_centred(v)),
        _SIGNED,
        "a positive factor and an offset",
        drawn=whitened_pearson,
    ),
    "whitened cosine": Comparison(
        _once(whitened_cosine), _unit, _SIGNED, "a positive factor", drawn=whitened_cosine, centred=False
    ),
    "bures": Comparison(bures, _unit, (0.0, 1.0), "a positive factor", centred=False, whole=True),
    "negative bures distance": Comparison(
        negative_bures_distance, lambda v: v, (-np.inf, 0.0), "nothing", centred=False, whole=True
    ),
    "negative riemannian distance": Comparison(
        negative_riemannian_distance,
        lambda v: v,
        (-np.inf, 0.0),
        "a positive factor, and independent noise in the first",
        centred=False,
        whole=True,
    ),
}
"""Comparisons by name; another one is one more entry. Of distances the negative is taken: higher is always nearer."""
