"""Canonical correlations: how alike are two sets of responses up to any invertible linear map of each?

Two sides of p and q dimensions must share directions of the n − 1 in which n stimuli can differ, if p + q is more: that
many correlations are 1, whatever the responses. Such sides are refused. Well below that correlations are still too
high, the more so the nearer p + q comes to n: of noise, 20 stimuli and 3 units a side, they are .34 on average. Compare
them with those of the same sizes, or score the directions on stimuli that they were not found on, where noise is 0 on
average.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Directions", "cca", "pwcca", "svcca"]

SHARE = 0.99
"""Of the variance, which SVCCA keeps of each side."""


@dataclass(frozen=True)
class Directions:
    """Pairs of directions, each a weight for every unit, and what each pair counts for.

    Parameters
    ----------
    ours, theirs : ndarray (unit, pair)
        Directions.
    weights : ndarray (pair)
        Their sum is 1.
    """

    ours: np.ndarray
    theirs: np.ndarray
    weights: np.ndarray

    def __call__(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        """Weighted mean correlation over stimuli of both sides along their directions, 0 where one does not vary.

        Parameters
        ----------
        ours, theirs : ndarray (stimulus, unit)
            Each unit less its mean, of these stimuli or of others than the directions were found on.

        Returns
        -------
        float
            From −1 to 1; from 0 where the directions were found.
        """
        first, second = ours @ self.ours, theirs @ self.theirs
        both = np.linalg.norm(first, axis=0) * np.linalg.norm(second, axis=0)
        return float((first * second).sum(axis=0) / np.where(both > 0, both, np.inf) @ self.weights)


def cca(ours: np.ndarray, theirs: np.ndarray) -> Directions:
    """Canonical directions, all counted alike.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Directions

    Raises
    ------
    ValueError
        If the two sides together have more dimensions than there are stimuli, less one.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(20, 3))
    >>> x, y = x - x.mean(axis=0), (x - x.mean(axis=0)) @ np.array([[1.0, 2, 0], [0, 1, 5], [0, 0, 1]])
    >>> round(cca(x, y)(x, y), 6)
    1.0
    """
    return _directions(_Axes.of(ours), _Axes.of(theirs))


def svcca(ours: np.ndarray, theirs: np.ndarray) -> Directions:
    """Canonical directions of the principal components that hold 99 % of each side's variance [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Directions

    References
    ----------
    .. [1] Raghu, Gilmer, Yosinski & Sohl-Dickstein (2017), NeurIPS 30, 6076-6085.
    """
    return _directions(_Axes.of(ours, SHARE), _Axes.of(theirs, SHARE))


def pwcca(ours: np.ndarray, theirs: np.ndarray) -> Directions:
    """Canonical directions, each weighted by how much of our side it accounts for [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    Directions

    References
    ----------
    .. [1] Morcos, Raghu & Bengio (2018), NeurIPS 31, 5732-5741.
    """
    found = _directions(_Axes.of(ours), _Axes.of(theirs))
    weights = np.abs(ours.T @ (ours @ found.ours)).sum(axis=0)
    return Directions(found.ours, found.theirs, weights / weights.sum())


@dataclass(frozen=True)
class _Axes:
    """Principal axes: patterns along them (stimulus, axis) have length 1, and ``weights`` (unit, axis) leads there."""

    patterns: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, share: float = 1.0) -> _Axes:
        vectors, lengths, axes = np.linalg.svd(values, full_matrices=False)
        variance = np.cumsum(lengths**2) / (lengths**2).sum()
        kept = int((lengths > 1e-10 * lengths[0]).sum())
        if share < 1:
            kept = min(kept, int(np.searchsorted(variance, share - 1e-12)) + 1)
        return cls(vectors[:, :kept], axes[:kept].T / lengths[:kept])


def _directions(ours: _Axes, theirs: _Axes) -> Directions:
    """As many pairs as the smaller side has axes, refused where both must share directions."""
    (stimuli, first), second = ours.patterns.shape, theirs.patterns.shape[1]
    if first + second > stimuli - 1:
        raise ValueError(
            f"{first} and {second} dimensions share some of the {stimuli - 1} in which {stimuli} stimuli "
            "can differ, so canonical correlations are 1 for any responses: show more stimuli, draw fewer units, or "
            'choose "unbiased cka"'
        )
    left, values, right = np.linalg.svd(ours.patterns.T @ theirs.patterns, full_matrices=False)
    return Directions(ours.weights @ left, theirs.weights @ right.T, np.full(len(values), 1 / len(values)))
