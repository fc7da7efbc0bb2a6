"""Comparisons of whole geometries: the second moments G that RDMs of squared distances stand for.

With D of squared distances, the inner products of the patterns about their mean are K = −½ J D J, J the centring
matrix. Kernels are compared by Bures' similarity, tr (K₁^½ K₂ K₁^½)^½ / √(tr K₁ tr K₂), or his distance [1]_, and
second moments of patterns by the Riemannian distance of positive definite matrices, √Σ log² λ of their generalised
eigenvalues, at the best scale and with as much independent noise added to the first as brings it nearest [2]_.

.. [1] Bhatia, Jain & Lim (2019), Expo. Math. 37, 165-191; Harvey, Larsen & Williams (2024), for neural representations.
.. [2] Shahbazi, Shirali, Aghajan & Nili (2021), NeuroImage 239, 118271.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize_scalar

from cortexcnn.similarity.comparing.pairs import Pairs

__all__ = ["bures", "negative_bures_distance", "negative_riemannian_distance"]

_NOISE = np.linspace(-12.0, 12.0, 49)
"""Logarithms of the share of noise in a first moment that are tried before the best is sought nearby."""


def bures(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Bures' similarity of kernels: 1 for equal ones, whatever their scale.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        Squared distances.
    pairs : Pairs
        All pairs of stimuli.

    Returns
    -------
    ndarray (k, l)
        NaN where an RDM has no positive part.

    Examples
    --------
    >>> bures(np.array([[1.0, 4.0, 1.0]]), np.array([[2.0, 8.0, 2.0]]), Pairs.of(3)).round(6)
    array([[1.]])
    """
    ours, theirs = _roots(_kernels(first, pairs)), _kernels(second, pairs)
    size = np.sqrt(np.maximum(_traces(_kernels(first, pairs))[:, None] * _traces(theirs), 0))
    return _fidelity(ours, theirs) / np.where(size > 0, size, np.nan)


def negative_bures_distance(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Minus Bures' distance of kernels, √(tr K₁ + tr K₂ − 2 tr (K₁^½ K₂ K₁^½)^½).

    Parameters
    ----------
    first, second, pairs
        As of :func:`bures`.

    Returns
    -------
    ndarray (k, l)
        0 for equal kernels, and less the farther they are.

    Examples
    --------
    >>> negative_bures_distance(np.array([[1.0, 4.0, 1.0]]), np.array([[4.0, 16.0, 4.0]]), Pairs.of(3)).round(6)
    array([[-1.414214]])
    """
    ours, theirs = _kernels(first, pairs), _kernels(second, pairs)
    square = _traces(ours)[:, None] + _traces(theirs) - 2 * _fidelity(_roots(ours), theirs)
    return -np.sqrt(np.maximum(square, 0))


def negative_riemannian_distance(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Minus the Riemannian distance of second moments, at the best scale of the first and with the best noise.

    The best scale is known: it takes the mean off the logarithms of the eigenvalues. The share of noise is sought by
    trying many, and then nearby.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        Squared distances, of models and of data.
    pairs : Pairs
        All pairs of stimuli.

    Returns
    -------
    ndarray (k, l)
        0 for equal geometries, and less the farther they are.

    Raises
    ------
    ValueError
        If a second moment of the second is not positive definite, and so has no distance.
    """
    _check_whole(pairs)
    contrast = np.eye(pairs.stimuli)[1:] - np.eye(pairs.stimuli)[0]
    ours, theirs = (contrast @ _kernels(values, pairs) @ contrast.T for values in (first, second))
    noise = contrast @ contrast.T
    result = np.empty((len(first), len(second)))
    for column, moment in enumerate(theirs):
        try:
            root = np.linalg.cholesky(moment)
        except np.linalg.LinAlgError:
            raise ValueError(
                f"the Riemannian distance is not defined for number {column} of the reference: its second moment has "
                "directions without variance, or with a negative one; choose bures, or cosine"
            ) from None
        between = _within(noise, root)
        for row, model in enumerate(ours):
            result[row, column] = -_nearest(_within(model, root) / np.trace(model) * np.trace(noise), between)
    return result


def _nearest(model: np.ndarray, noise: np.ndarray) -> float:
    """The least spread of log eigenvalues of a model with some share of noise."""

    def apart(share: float, model: np.ndarray | float = model) -> float:
        values = np.linalg.eigvalsh(model + np.exp(share) * noise)
        if values[0] <= 0:
            return np.inf
        logarithms = np.log(values)
        return float(np.sqrt(((logarithms - logarithms.mean()) ** 2).sum()))

    tried = [apart(share) for share in _NOISE]
    best = int(np.argmin(tried))
    around = _NOISE[max(best - 1, 0)], _NOISE[min(best + 1, len(_NOISE) - 1)]
    found = minimize_scalar(apart, bounds=around, method="bounded", options={"xatol": 1e-10})
    return min(tried[best], float(found.fun), apart(0, model=0.0))


def _within(matrix: np.ndarray, root: np.ndarray) -> np.ndarray:
    """L⁻¹ M L⁻ᵀ: a matrix as seen where another is the identity."""
    half = solve_triangular(root, matrix, lower=True)
    whole = solve_triangular(root, half.T, lower=True)
    return (whole + whole.T) / 2


def _kernels(values: np.ndarray, pairs: Pairs) -> np.ndarray:
    """Inner products about the mean (rdm, stimulus, stimulus) of squared distances (rdm, pair)."""
    _check_whole(pairs)
    matrices = np.zeros((len(values), pairs.stimuli, pairs.stimuli))
    matrices[:, pairs.row, pairs.column] = matrices[:, pairs.column, pairs.row] = -values / 2
    return (
        matrices
        - matrices.mean(axis=1, keepdims=True)
        - matrices.mean(axis=2, keepdims=True)
        + matrices.mean(axis=(1, 2), keepdims=True)
    )


def _roots(kernels: np.ndarray) -> np.ndarray:
    """Square roots; negative eigenvalues count as 0."""
    lengths, axes = np.linalg.eigh(kernels)
    return (axes * np.sqrt(np.maximum(lengths, 0))[:, None]) @ axes.swapaxes(1, 2)


def _fidelity(roots: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Traces (k, l) of the square roots of K₁^½ K₂ K₁^½."""
    result = np.empty((len(roots), len(kernels)))
    for row, root in enumerate(roots):
        result[row] = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ kernels @ root), 0)).sum(axis=1)
    return result


def _traces(kernels: np.ndarray) -> np.ndarray:
    return np.trace(kernels, axis1=1, axis2=2)


def _check_whole(pairs: Pairs) -> None:
    if not pairs.complete:
        raise ValueError(
            f"{len(pairs.row)} of {pairs.stimuli * (pairs.stimuli - 1) // 2} pairs of stimuli are there, and this "
            "measure compares whole geometries: leave whole stimuli out, or choose cosine or pearson"
        )
