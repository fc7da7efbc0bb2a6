"""Canonical correlations: how alike are two sets of responses up to any invertible linear map of each?

Two sides of p and q dimensions must share directions of the n − 1 in which n stimuli can differ, if p + q is more: that
many correlations are 1, whatever the responses. Such sides are refused. Well below that correlations are still too
high, the more so the nearer p + q comes to n: of noise, 20 stimuli and 3 units a side, they are .34 on average. Compare
them with those of the same sizes, not with 0.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cca", "pwcca", "svcca"]

SHARE = 0.99
"""Of the variance, which SVCCA keeps of each side."""


def cca(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean canonical correlation.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the two sides together have more dimensions than there are stimuli, less one.

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=(20, 3))
    >>> round(cca(x - x.mean(axis=0), (x - x.mean(axis=0)) @ np.array([[1.0, 2, 0], [0, 1, 5], [0, 0, 1]])), 6)
    1.0
    """
    return float(_correlations(*_bases(ours, theirs)).mean())


def svcca(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Mean canonical correlation of the principal components that hold 99 % of each side's variance [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    float

    References
    ----------
    .. [1] Raghu, Gilmer, Yosinski & Sohl-Dickstein (2017), NeurIPS 30, 6076-6085.
    """
    return float(_correlations(*_bases(ours, theirs, SHARE)).mean())


def pwcca(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Canonical correlations, each weighted by how much of our side its direction accounts for [1]_.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, unit)
        Each unit less its mean.

    Returns
    -------
    float

    References
    ----------
    .. [1] Morcos, Raghu & Bengio (2018), NeurIPS 31, 5732-5741.
    """
    first, second = _bases(ours, theirs)
    left, values, _ = np.linalg.svd(first.T @ second, full_matrices=False)
    weights = np.abs(ours.T @ (first @ left)).sum(axis=0)
    return float(np.clip(values, 0, 1) @ weights / weights.sum())


def _bases(ours: np.ndarray, theirs: np.ndarray, share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Bases of both sides, refused where they must share directions."""
    first, second = _basis(ours, share), _basis(theirs, share)
    free = len(ours) - 1
    if first.shape[1] + second.shape[1] > free:
        raise ValueError(
            f"{first.shape[1]} and {second.shape[1]} dimensions share some of the {free} in which {len(ours)} stimuli "
            "can differ, so canonical correlations are 1 for any responses: show more stimuli, draw fewer units, or "
            'choose "unbiased cka"'
        )
    return first, second


def _basis(values: np.ndarray, share: float = 1.0) -> np.ndarray:
    """An orthonormal basis (stimulus, dimension) of the responses."""
    vectors, lengths, _ = np.linalg.svd(values, full_matrices=False)
    variance = np.cumsum(lengths**2) / (lengths**2).sum()
    kept = int((lengths > 1e-10 * lengths[0]).sum())
    if share < 1:
        kept = min(kept, int(np.searchsorted(variance, share - 1e-12)) + 1)
    return vectors[:, :kept]


def _correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Canonical correlations of two bases, as many as the smaller has dimensions."""
    return np.clip(np.linalg.svd(first.T @ second, compute_uv=False), 0, 1)
