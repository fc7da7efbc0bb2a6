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

__all__ = ["Order", "agreement", "joint_ties", "rank", "sort", "weighted_ranks"]


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


def weighted_ranks(orders: list[Order], weights: np.ndarray) -> Iterator[np.ndarray]:
    """Ranks that each row's values have where each value is there ``weights`` times.

    Parameters
    ----------
    orders : list of Order
        The rows, sorted.
    weights : ndarray (draw, value)
        How many times each value is there; the ranks of values that are not there mean nothing.

    Yields
    ------
    ndarray (row, value)
        Ranks, for one draw after the other.

    Examples
    --------
    >>> next(weighted_ranks([sort(np.array([3.0, 1.0, 2.0]))], np.array([[1, 2, 0]])))
    array([[3. , 1.5, 2.5]])
    """
    order = np.stack([row.order for row in orders])
    offset = np.arange(len(orders))[:, None] * (order.shape[1] + 1)
    before = np.stack([row.before for row in orders]) + offset
    through = np.stack([row.through for row in orders]) + offset
    total = np.zeros((len(orders), order.shape[1] + 1))
    for weight in weights:
        np.cumsum(weight[order], axis=1, out=total[:, 1:])
        flat = total.ravel()
        yield (flat[before] + flat[through] + 1) / 2


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


def agreement(
    first: Order, second: Order, *, joint: np.ndarray | None = None, weights: np.ndarray | None = None
) -> float:
    """Pairs of values in the same order in both, minus those in opposite order, over all pairs: Kendall's tau-a.

    Parameters
    ----------
    first, second : Order
        Two sets of values over the same positions.
    joint : ndarray of int, optional
        Their joint ties, from :func:`joint_ties`.
    weights : ndarray of int (value), optional
        How many times each position is there; copies of a position are tied with each other.

    Returns
    -------
    float
        From −1 to 1; NaN with fewer than 2 values.

    Examples
    --------
    >>> agreement(sort(np.array([1.0, 2.0, 3.0])), sort(np.array([1.0, 3.0, 2.0])))
    0.33
    """
    order = first.order
    x, y = first.before[order], second.before[order] + 1  # the compiled count starts at 1
    if weights is not None:
        copies = weights[order]
        x, y = np.repeat(x, copies), np.repeat(y, copies)
    total = len(x) * (len(x) - 1) // 2
    if total == 0:
        return float("nan")
    tied_first = _tied(first.before if first.tied else None, weights)
    tied_second = _tied(second.before if second.tied else None, weights)
    if _discordant is None:
        tau_b = stats.kendalltau(x, y).statistic
        untied = float(total - tied_first) * float(total - tied_second)
        return float(np.round(tau_b * np.sqrt(untied)) / total) if untied else 0.0
    concordant_or_discordant = total - tied_first - tied_second + _tied(joint, weights)
    return float((concordant_or_discordant - 2 * _discordant(x, y)) / total)


def _tied(groups: np.ndarray | None, weights: np.ndarray | None) -> int:
    """Number of tied pairs; None means that only copies of one position are tied."""
    if groups is None:
        return 0 if weights is None else int((weights * (weights - 1)).sum()) // 2
    size = np.bincount(groups, weights).astype(np.int64)
    return int((size * (size - 1)).sum()) // 2
