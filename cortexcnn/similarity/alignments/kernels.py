"""Alignment of whole geometries: stimulus × stimulus kernels and shapes, whatever the number of units.

**Crossvalidated.** Let the response to each presentation be s + e, with noise that is 0 on average and independent
between repeats and between the two sides. The kernel of mean responses is on average S + N, where S is that of the
signals and N, the noise's own covariance over stimuli divided by the number of repeats, inflates its diagonal: CKA of
means falls as noise grows. A product of *different* repeats, s + e₁ and s + e₂, is S on average, since e₁ and e₂ share
nothing. CKA is ⟨S, S'⟩ / √(⟨S, S⟩ ⟨S', S'⟩). The first term needs an estimate of either side: their errors are
independent. ⟨S, S⟩ needs two estimates of one side with independent errors, which takes four groups of repeats: the
kernels K₁₂ and K₃₄ share none, and the mean of ⟨K₁₂, K₃₄⟩, ⟨K₁₃, K₂₄⟩ and ⟨K₁₄, K₂₃⟩ is ⟨S, S⟩ on average. So each
term is what noiseless responses would give, on average; their ratio is so for many stimuli or repeats. A side
without repeats, a network's, counts as noiseless.
"""

from __future__ import annotations

import numpy as np

__all__ = ["cka", "crossvalidated_cka", "rbf_cka", "rotation", "unbiased_cka"]


def cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Centred kernel alignment: the cosine of two kernels.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, stimulus)
        Centred kernels.

    Returns
    -------
    float
    """
    return _ratio((ours * theirs).sum(), (ours**2).sum(), (theirs**2).sum())


def unbiased_cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    """CKA from unbiased estimates of its terms: no product of a stimulus with itself enters.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, stimulus)
        Kernels.

    Returns
    -------
    float
        NaN where a term of the denominator is estimated below 0.
    """
    return _ratio(_hsic(ours, theirs), _hsic(ours, ours), _hsic(theirs, theirs))


def crossvalidated_cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    """CKA from products of different repeats alone, as the module derives.

    Parameters
    ----------
    ours, theirs : ndarray (way, 2, stimulus, stimulus)
        Centred kernels between groups of repeats; the two of one way have no repeat in common.

    Returns
    -------
    float
        NaN where a term of the denominator is estimated below 0.
    """
    squares = [(side[:, 0] * side[:, 1]).sum() / len(side) for side in (ours, theirs)]
    return _ratio((ours.mean(axis=(0, 1)) * theirs.mean(axis=(0, 1))).sum(), *squares)


def rbf_cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    """CKA of gaussian kernels as wide as the median distance.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, stimulus)
        Centred linear kernels.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If most pairs of patterns are equal.
    """
    return cka(_gaussian(ours), _gaussian(theirs))


def rotation(ours: np.ndarray, theirs: np.ndarray) -> _Rotation:
    """The rotation that brings one side nearest to the other [1]_, of the directions that both share.

    Parameters
    ----------
    ours, theirs : ndarray (stimulus, axis)
        Patterns, each axis less its mean.

    Returns
    -------
    callable
        Takes two sides, of these stimuli or of others; returns the cosine of ours, turned, with theirs.

    References
    ----------
    .. [1] Schönemann (1966), Psychometrika 31, 1-10.
    """
    left, lengths, right = np.linalg.svd(ours.T @ theirs, full_matrices=False)
    shared = lengths > 1e-12 * lengths[0]
    return _Rotation(left[:, shared] @ right[shared])


class _Rotation:
    def __init__(self, turn: np.ndarray) -> None:
        self.turn = turn

    def __call__(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        cosine = np.vdot(ours @ self.turn, theirs) / (np.linalg.norm(ours) * np.linalg.norm(theirs))
        return float(np.clip(cosine, -1, 1))


def _ratio(product: float, first: float, second: float) -> float:
    return float(product / np.sqrt(first * second)) if first > 0 and second > 0 else float("nan")


def _hsic(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Unbiased estimate of the Hilbert-Schmidt independence criterion."""
    count = len(ours)
    k, m = (kernel - np.diag(np.diagonal(kernel)) for kernel in (ours, theirs))
    rows, columns = k.sum(axis=0), m.sum(axis=0)
    total = (k * m).sum() + rows.sum() * columns.sum() / ((count - 1) * (count - 2)) - 2 / (count - 2) * rows @ columns
    return float(total / (count * (count - 3)))


def _gaussian(kernel: np.ndarray) -> np.ndarray:
    """The centred gaussian kernel, as wide as the median distance."""
    square = np.diagonal(kernel)[:, None] + np.diagonal(kernel) - 2 * kernel
    width = np.median(square[np.triu_indices(len(square), 1)])
    if not width > 1e-12 * square.max():
        raise ValueError(
            "most pairs of patterns are equal, so a gaussian kernel has no width: leave out the stimuli that are "
            'answered alike, or choose method="linear cka"'
        )
    result = np.exp(-square / (2 * width))
    mean = result.mean(axis=0)
    return result - mean - mean[:, None] + mean.mean()
