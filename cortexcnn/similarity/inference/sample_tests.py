"""Tests of numbers, one a subject and a column for each question: Student's, of ranks, by exchange of signs or labels.

Exchanging the signs of subjects, or which of two groups they are in, is exact for any number of them, and gives the
largest of many tests a distribution of its own [1]_.

References
----------
.. [1] Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1-25.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

__all__ = ["Outcome", "one_sample", "two_samples"]


@dataclass(frozen=True)
class Outcome:
    """What came of it.

    Parameters
    ----------
    statistic : ndarray (column)
        Student's or Welch's t, also of exchanges; W or U of ranks.
    p : ndarray (column)
        Of each column by itself.
    least : float
        The smallest p that so few subjects allow.
    largest : ndarray (column), optional
        Of exchanges: p beside the largest statistic of all columns.
    exchanges : str
        How many there were, and whether these are all.
    """

    statistic: np.ndarray
    p: np.ndarray
    least: float
    largest: np.ndarray | None = None
    exchanges: str = ""


def one_sample(
    values: np.ndarray,
    side: str,
    test: str,
    *,
    permutations: int = 10_000,
    rng: int | np.random.Generator | None = None,
) -> Outcome:
    """Do numbers differ from 0?

    Parameters
    ----------
    values : ndarray (subject, column)
        A column of zeros has a statistic of 0 and p = 1.
    side : {"greater", "less", "two-sided"}
        Where they should lie.
    test : {"t", "rank", "permutation"}
        Student's t, Wilcoxon's signed ranks, or exchange of signs.
    permutations : int
        Random signs, if there are more than these; otherwise each arrangement is taken once.
    rng : int, Generator or None
        Source of the random ones.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> one_sample(np.array([[1.0], [2.0], [0.5], [3.0]]), "greater", "permutation").p
    array([0.0625])
    """
    count, squares = len(values), (values**2).sum(axis=0)
    if test == "permutation":
        signs, complete = _signs(count, permutations, rng)
        drawn, found = _t(signs @ values, squares, count), _t(values.sum(axis=0), squares, count)
        return _exchanged(drawn, found, side, complete)
    statistic, p = np.zeros(values.shape[1]), np.ones(values.shape[1])
    way: Any = side
    some = values.any(axis=0)
    if test == "t":
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Any = stats.ttest_1samp(values[:, some], 0, axis=0, alternative=way)
    else:
        result = stats.wilcoxon(values[:, some], axis=0, alternative=way)
    statistic[some], p[some] = result.statistic, result.pvalue
    return Outcome(statistic, p, 0.0 if test == "t" else 0.5**count * (1 + (side == "two-sided")))


def two_samples(
    first: np.ndarray,
    second: np.ndarray,
    test: str,
    *,
    permutations: int = 10_000,
    rng: int | np.random.Generator | None = None,
) -> Outcome:
    """Do the numbers of two groups differ (two-sided)?

    Parameters
    ----------
    first, second : ndarray (subject, column)
        Two groups, 2 or more in each.
    test : {"t", "rank", "permutation"}
        Welch's t, Mann and Whitney's U, or exchange of the groups' labels.
    permutations, rng
        As of :func:`one_sample`.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> two_samples(np.array([[1.0], [2.0], [3.0]]), np.array([[4.0], [5.0], [6.0]]), "permutation").p
    array([0.1])
    """
    values = np.concatenate([first, second])
    least = 2 / math.comb(len(values), len(first))
    if test == "permutation":
        members, complete = _memberships(len(values), len(first), permutations, rng)
        here = (np.arange(len(values)) < len(first)).astype(np.float64)
        return _exchanged(_welch(members, values), _welch(here[None], values)[0], "two-sided", complete)
    if test == "t":
        with np.errstate(divide="ignore", invalid="ignore"):
            result: Any = stats.ttest_ind(first, second, axis=0, equal_var=False)
        return Outcome(result.statistic, result.pvalue, 0.0)
    result = stats.mannwhitneyu(first, second, axis=0)
    return Outcome(result.statistic, result.pvalue, least)


def _exchanged(drawn: np.ndarray, found: np.ndarray, side: str, complete: bool) -> Outcome:
    """How many arrangements (arrangement, column) reach what was found (column)."""
    drawn, strong = (np.abs(t) if side == "two-sided" else -t if side == "less" else t for t in (drawn, found))
    extra = 0 if complete else 1
    near = strong - 1e-9 * np.maximum(np.abs(strong), 1)  # equal but for rounding counts as reached
    each, largest = (
        (extra + (of >= near).sum(axis=0)) / (extra + len(drawn)) for of in (drawn, drawn.max(axis=1, keepdims=True))
    )
    least = (1 + (side == "two-sided")) / len(drawn) if complete else 1 / (1 + len(drawn))
    return Outcome(found, each, least, largest, f"{len(drawn)} {'(all)' if complete else 'random'}")


def _t(sums: np.ndarray, squares: np.ndarray, count: int) -> np.ndarray:
    """Student's t of sums whose squares add up to the same whatever the signs."""
    spread = np.sqrt(np.maximum(squares * count - sums**2, 0) / (count - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums == 0, 0.0, sums / spread)


def _welch(first: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Welch's t (arrangement, column) of each membership (arrangement, subject) of the first group."""
    values = values - values.mean(axis=0)
    means, errors = [], []
    for members in (first, 1 - first):
        count = members.sum(axis=1, keepdims=True)
        mean = members @ values / count
        means.append(mean)
        errors.append(np.maximum(members @ values**2 / count - mean**2, 0) / (count - 1))
    difference, error = means[0] - means[1], np.sqrt(errors[0] + errors[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(difference == 0, 0.0, difference / error)


def _signs(count: int, permutations: int, rng: int | np.random.Generator | None) -> tuple[np.ndarray, bool]:
    """Signs (arrangement, subject), and whether these are all."""
    if 2**count <= permutations:
        return 1.0 - 2 * (np.arange(2**count)[:, None] >> np.arange(count) & 1), True
    return np.random.default_rng(rng).choice([-1.0, 1.0], (permutations, count)), False


def _memberships(
    count: int, first: int, permutations: int, rng: int | np.random.Generator | None
) -> tuple[np.ndarray, bool]:
    """Who is in the first group (arrangement, subject), 1 or 0, and whether these are all."""
    every = math.comb(count, first)
    members = np.zeros((min(every, permutations), count))
    if every <= permutations:
        np.put_along_axis(members, np.array(list(combinations(range(count), first))), 1, axis=1)
        return members, True
    members[:, :first] = 1
    return np.random.default_rng(rng).permuted(members, axis=1), False
