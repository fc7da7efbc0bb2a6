"""Rank measures need one sort of each RDM: ranks, ranks of any bootstrap draw and Kendall's count all come from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy import stats

try:  # scipy's compiled count of discordant pairs; stats.kendalltau sorts anew each time and makes a p-value
    from scipy.stats._stats import _kendall_dis as _discordant
except ImportError:  # pragma: no cover - for a scipy that has moved it
    _discordant = None  # type: ignore[assignment]

__all__ = ["Draw", "Order", "agreement", "centred_ranks", "joint_ties", "rank", "sort"]


@dataclass(frozen=True)
class Order:
    """Values sorted once.

    Parameters
    ----------
    order : ndarray of int (value)
        Positions of the values, the smallest first.
    before : ndarray of int (value)
        How many values are smaller than each.
    through : ndarray of int (value)
        How many are not larger, itself among them.
    tied : bool
        Whether any two are equal.
    """

    order: np.ndarray
    before: np.ndarray
    through: np.ndarray
    tied: bool


def sort(values: np.ndarray) -> Order:
    """Sort values and find their ties.

    Parameters
    ----------
    values : ndarray (value)
        Without NaN.

    Returns
    -------
    Order
        Order and ties.

    Examples
    --------
    >>> sort(np.array([3.0, 1.0, 3.0])).before
    array([1, 0, 1])
    """
    order = np.argsort(values)
    ordered = values[order]
    new = np.flatnonzero(np.concatenate(([True], ordered[1:] != ordered[:-1])))
    size = np.diff(np.append(new, len(values)))
    before, through = np.empty_like(order), np.empty_like(order)
    before[order] = np.repeat(new, size)
    through[order] = np.repeat(new + size, size)
    return Order(order, before, through, len(new) < len(values))


def rank(values: np.ndarray) -> np.ndarray:
    """Ranks of each row from 1, equal values sharing the mean of theirs.

    Parameters
    ----------
    values : ndarray (row, value)
        Without NaN.

    Returns
    -------
    ndarray (row, value)
        Ranks in float64.

    Examples
    --------
    >>> rank(np.array([[3.0, 1.0, 3.0]]))
    array([[2.5, 1. , 2.5]])
    """
    orders = [sort(row) for row in values]
    return np.stack([(order.before + order.through + 1) / 2 for order in orders])


def centred_ranks(orders: list[Order], weights: np.ndarray) -> Iterator[np.ndarray]:
    """Ranks, less their mean, that each row's values have where each value is there ``weights`` times.

    Parameters
    ----------
    orders : list of Order
        The rows, sorted.
    weights : ndarray (draw, value)
        How many times each value is there; the ranks of values that are not there mean nothing.

    Yields
    ------
    ndarray (row, value)
        Ranks, for one draw after the other; overwritten by the next.

    Examples
    --------
    >>> next(centred_ranks([sort(np.array([3.0, 1.0, 2.0]))], np.array([[1.0, 2.0, 0.0]])))
    array([[ 1. , -0.5, 0.5]])
    """
    order = np.stack([row.order for row in orders])
    offset = np.arange(len(orders))[:, None] * (order.shape[1] + 1)
    before = np.stack([row.before for row in orders]) + offset
    through = np.stack([row.through for row in orders]) + offset
    total, ranks, other = np.empty((len(orders), order.shape[1] + 1)), np.empty(order.shape), np.empty(order.shape)
    for weight in weights / 2:
        # A value's rank is the mean of how many lie before it and through it, plus 1/2; the mean rank is half of all,
        # plus 1/2. So half weights are summed from minus a quarter of all on.
        total[:, 0] = -weight.sum() / 2
        np.cumsum(np.take(weight, order, out=other, mode="clip"), axis=1, out=total[:, 1:])
        total[:, 1:] += total[:, :1]
        np.take(total, before, out=ranks, mode="clip")
        ranks += np.take(total, through, out=other, mode="clip")
        yield ranks


def joint_ties(first: Order, second: Order) -> np.ndarray | None:
    """Number the groups of positions that are tied in both; None where every position is a group of its own.

    Parameters
    ----------
    first, second : Order
        Two sets of values over the same positions.

    Returns
    -------
    ndarray of int (value) or None
        The group of each position.
    """
    if not (first.tied and second.tied):
        return None
    codes = first.before * np.int64(len(first.before)) + second.before
    return np.unique(codes, return_inverse=True)[1].ravel()


class Draw:
    """The one side of Kendall's count: values in order, each as many times as it was drawn.

    Parameters
    ----------
    values : Order
        Values, sorted.
    weights : ndarray of int (value), optional
        How many times each is there, once by default.
    """

    def __init__(self, values: Order, weights: np.ndarray | None = None) -> None:
        order = values.order
        self.weights = weights
        self.positions = order if weights is None else np.repeat(order, weights[order])
        self.ranks = values.before[self.positions]
        self.pairs = len(self.positions) * (len(self.positions) - 1) // 2
        self.copies = 0 if weights is None else int((weights * (weights - 1)).sum()) // 2
        self.ties = self.tied(values.before if values.tied else None)

    def tied(self, groups: np.ndarray | None) -> int:
        """Pairs of equal values.

        Parameters
        ----------
        groups : ndarray of int (value) or None
            A number for each value that only its equals share; None where only copies of one value are equal.

        Returns
        -------
        int
            How many pairs.
        """
        if groups is None:
            return self.copies
        size = np.bincount(groups, self.weights).astype(np.int64)
        return int((size * (size - 1)).sum()) // 2


def agreement(first: Draw, second: Order, *, joint: np.ndarray | None) -> float:
    """Pairs of values in the same order in both, minus those in opposite order, over all pairs: Kendall's tau-a.

    Parameters
    ----------
    first : Draw
        Values, as often as they were drawn; copies of a position are tied with each other.
    second : Order
        Other values over the same positions.
    joint : ndarray of int or None
        Their joint ties, from :func:`joint_ties`.

    Returns
    -------
    float
        From −1 to 1; NaN with fewer than 2 values.

    Examples
    --------
    >>> agreement(Draw(sort(np.array([1.0, 2.0, 3.0]))), sort(np.array([1.0, 3.0, 2.0])), joint=None)
    0.33
    """
    if first.pairs == 0:
        return float("nan")
    ranks = second.before[first.positions] + 1  # the compiled count starts at 1
    ties = first.tied(second.before if second.tied else None)
    if _discordant is None:
        untied = float(first.pairs - first.ties) * float(first.pairs - ties)
        tau_b = stats.kendalltau(first.ranks, ranks).statistic if untied else 0.0
        return float(np.round(tau_b * np.sqrt(untied)) / first.pairs)
    either = first.pairs - first.ties - ties + first.tied(joint)
    return float((either - 2 * _discordant(first.ranks, ranks)) / first.pairs)
