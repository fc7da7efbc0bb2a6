"""Which unit of the one is which of the other? Units matched by their correlations, singly, many to one, or in shares.

A matching is found on some responses and scored on the same or on others. Soft matching gives each of p units the
share 1/p and each of q units 1/q, and moves the shares where correlation is highest: the transport problem, which for
p = q is the assignment of units in pairs. Else it is a linear program with p·q variables, of which fewer than p + q are
not 0. It is solved exactly over a few candidates for each unit; the prices that this puts on units tell which other
pairs would pay, and these are added until none does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment, linprog
from scipy.sparse import csr_array

__all__ = ["Matching", "one_to_one", "semi_matching", "soft_matching"]

_MOST = 2**27
"""Correlations of units with units that are made at most: 1 GiB."""

_CANDIDATES = 10
"""Partners of each unit that soft matching looks at first."""


@dataclass(frozen=True)
class Matching:
    """Pairs of units and their weights.

    Parameters
    ----------
    ours, theirs : ndarray of int (pair)
        Positions of the units.
    weights : ndarray (pair)
        Their sum is 1.
    """

    ours: np.ndarray
    theirs: np.ndarray
    weights: np.ndarray

    def __call__(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        """Weighted mean correlation of the pairs over stimuli, 0 for a unit that answers all of them alike.

        Parameters
        ----------
        ours, theirs : ndarray (stimulus, unit)
            Each unit less its mean, of these stimuli or of others than the pairs were found on.

        Returns
        -------
        float
            From −1 to 1.
        """
        first, second = _unit_length(ours)[:, self.ours], _unit_length(theirs)[:, self.theirs]
        return float(np.einsum("sp,sp->p", first, second) @ self.weights)


def one_to_one(ours: np.ndarray, theirs: np.ndarray) -> Matching:
    """Each unit with one other, so that the sum of correlations is highest; the larger side keeps some alone [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Matching

    Raises
    ------
    ValueError
        If there are too many units, as by all of these.

    References
    ----------
    .. [1] Li, Yosinski, Clune, Lipson & Hopcroft (2015), PMLR 44, 196-212.
    """
    return _equal_shares(*linear_sum_assignment(_correlation(ours, theirs), maximize=True))


def semi_matching(ours: np.ndarray, theirs: np.ndarray) -> Matching:
    """Each of our units with its best of theirs, which may serve several [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Matching

    References
    ----------
    .. [1] Li, Yosinski, Clune, Lipson & Hopcroft (2015), PMLR 44, 196-212.
    """
    best = _correlation(ours, theirs).argmax(axis=1)
    return _equal_shares(np.arange(len(best)), best)


def soft_matching(ours: np.ndarray, theirs: np.ndarray) -> Matching:
    """Shares of units moved to where correlation is highest, all units of both sides used up alike [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Matching

    References
    ----------
    .. [1] Khosla & Williams (2024), Proc. UniReps, PMLR 243, 133-143.

    Examples
    --------
    >>> x = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 2)))[0]
    >>> found = soft_matching(x, x[:, [1, 0, 0, 1]])
    >>> found.weights.tolist(), round(found(x, x[:, [1, 0, 0, 1]]), 6)
    ([0.25, 0.25, 0.25, 0.25], 1.0)
    """
    correlation = _correlation(ours, theirs)
    if correlation.shape[0] == correlation.shape[1]:
        return _equal_shares(*linear_sum_assignment(correlation, maximize=True))
    count = min(_CANDIDATES, *correlation.shape)
    open_to = _any_solution(*correlation.shape)
    for axis in (0, 1):
        np.put_along_axis(open_to, np.argpartition(-correlation, count - 1, axis).take(range(count), axis), True, axis)
    while True:
        shares, prices = _transport(correlation, *np.nonzero(open_to))
        pays = (correlation > prices + 1e-9) & ~open_to
        if not pays.any():
            ours, theirs = np.nonzero(shares)
            return Matching(ours, theirs, shares[ours, theirs] / shares.sum())
        open_to |= pays


def _any_solution(p: int, q: int) -> np.ndarray:
    """Pairs (p, q) over which shares can be moved: both sides cut a line of length 1, and each piece is a pair."""
    starts = np.union1d(np.arange(p) * q, np.arange(q) * p)  # in units of 1 / (p q)
    result = np.zeros((p, q), dtype=bool)
    result[starts // q, starts // p] = True
    return result


def _transport(gains: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The shares that go over each pair, of the open ones alone, and its price: no open pair gains more."""
    (p, q), each = gains.shape, np.arange(len(rows))
    sums = csr_array((np.ones(2 * len(rows)), (np.r_[rows, p + columns], np.r_[each, each])), (p + q, len(rows)))
    totals = np.repeat([1 / p, 1 / q], [p, q])
    found = linprog(-gains[rows, columns], A_eq=sums, b_eq=totals, method="highs-ds")  # type: ignore[call-overload]
    shares = np.zeros((p, q))
    shares[rows, columns] = found.x
    prices = -found.eqlin.marginals
    return shares, prices[:p, None] + prices[p:]


def _equal_shares(ours: np.ndarray, theirs: np.ndarray) -> Matching:
    return Matching(ours, theirs, np.full(len(ours), 1 / len(ours)))


def _correlation(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Of every unit of the one with every unit of the other."""
    if ours.shape[1] * theirs.shape[1] > _MOST:
        raise ValueError(
            f"{ours.shape[1]} and {theirs.shape[1]} units are too many to be matched one by one: draw some of them, or "
            'choose method="linear cka"'
        )
    return _unit_length(ours).T @ _unit_length(theirs)


def _unit_length(values: np.ndarray) -> np.ndarray:
    """Units divided by their length, those without one left at 0."""
    length = np.linalg.norm(values, axis=0)
    return values / np.where(length > 1e-12 * length.max(), length, np.inf)
