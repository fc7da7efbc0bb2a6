"""Whitened cosine and Pearson's r: dissimilarities that share a stimulus covary, and are weighted accordingly.

With independent noise of equal variance on all patterns, dissimilarities covary as V = 2 I + A Aᵀ, A being 1 where
a pair (row) has a stimulus (column): V is 4 on its diagonal and 1 where two pairs share a stimulus [1]_. By Woodbury's
identity

    2 xᵀ V⁻¹ y = xᵀ y − (Aᵀx)ᵀ (2 I + AᵀA)⁻¹ (Aᵀy),

a system as large as the stimuli, not as their pairs, whichever pairs are there. In a draw, all mᵢ copies of a stimulus
have the same sum of dissimilarities, so that the system is no larger than without it.

With noise of covariance Σ between the patterns, V = (C Σ Cᵀ)², squared element by element, C the contrasts of all
pairs. As dissimilarities are linear in the second moment G of the contrasts P with the first pattern, and Ĝ has noise
of covariance PΣPᵀ on both sides, xᵀ V⁻¹ y ∝ tr (PΣPᵀ)⁻¹ G_x (PΣPᵀ)⁻¹ G_y: no system of pairs is needed here either.

.. [1] Diedrichsen, Berlot, Mur, Schütt, Shahbazi & Kriegeskorte (2021), Neurons Behav. Data Anal. Theory 5(3).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_triangular

from cortexcnn.similarity.comparing.pairs import Pairs

__all__ = ["whitened_by", "whitened_cosine", "whitened_pearson", "whitened_products"]

_BLOCK = 2**22
"""Numbers in one block of systems: 32 MiB."""


def whitened_products(values: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    """Inner products of RDMs with each other in the metric 2 V⁻¹, in each draw of stimuli.

    Parameters
    ----------
    values : ndarray (rdm, pair)
        RDMs.
    pairs : Pairs
        Which pairs of stimuli they hold.
    times : ndarray of int (draw, stimulus)
        How many times each stimulus is there; copies of one make no pair.

    Returns
    -------
    ndarray (draw, rdm, rdm)
        Products.

    Examples
    --------
    >>> whitened_products(np.array([[1.0, 0.0, 0.0]]), Pairs.of(3), np.ones((1, 3)))
    array([[[0.55555556]]])
    """
    count, stimuli = len(values), pairs.stimuli
    there = np.zeros((stimuli, stimuli))
    there[pairs.row, pairs.column] = there[pairs.column, pairs.row] = 1
    matrices = np.zeros((count, stimuli, stimuli))
    matrices[:, pairs.row, pairs.column] = matrices[:, pairs.column, pairs.row] = values
    one, other = np.triu_indices(count)
    products = values[one] * values[other]
    diagonal = np.arange(stimuli)
    result = np.empty((len(times), count, count))
    step = max(1, _BLOCK // max(stimuli**2, len(pairs.row)))
    for start in range(0, len(times), step):
        some = times[start : start + step].astype(np.float64)
        plain = (some[:, pairs.row] * some[:, pairs.column]) @ products.T
        sums = some[:, :, None] * np.moveaxis(matrices @ some.T, 2, 0).swapaxes(1, 2)  # (draw, stimulus, rdm)
        system = some[:, :, None] * there * some[:, None, :]
        system[:, diagonal, diagonal] = np.where(some > 0, some * (2 + some @ there), 1)
        shared = sums.swapaxes(1, 2) @ np.linalg.solve(system, sums)
        block = result[start : start + step]
        block[:, one, other] = block[:, other, one] = plain
        block -= shared
    return result


def whitened_cosine(first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    """Cosine of RDMs in the metric V⁻¹, in each draw of stimuli.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        RDMs.
    pairs : Pairs
        Which pairs of stimuli they hold.
    times : ndarray of int (draw, stimulus)
        How many times each stimulus is there.

    Returns
    -------
    ndarray (draw, k, l)
        Similarities, NaN where an RDM is zero.
    """
    return _ratio(whitened_products(_scaled(np.concatenate([first, second])), pairs, times), len(first))


def whitened_pearson(first: np.ndarray, second: np.ndarray, pairs: Pairs, times: np.ndarray) -> np.ndarray:
    """Cosine of RDMs less their mean, in the metric V⁻¹, in each draw of stimuli.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        RDMs.
    pairs : Pairs
        Which pairs of stimuli they hold.
    times : ndarray of int (draw, stimulus)
        How many times each stimulus is there.

    Returns
    -------
    ndarray (draw, k, l)
        Similarities, NaN where an RDM is constant.
    """
    values = np.concatenate([first, second])
    constant = (values == values[:, :1]).all(axis=1, keepdims=True)
    values = _scaled(np.where(constant, 0, values - values.mean(axis=1, keepdims=True)))
    products = whitened_products(np.concatenate([values, np.ones_like(values[:1])]), pairs, times)
    weights = times[:, pairs.row] * times[:, pairs.column]
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = weights @ values.T / weights.sum(axis=1, keepdims=True)
    crossed = products[:, :-1, -1:] * mean[:, None, :]
    square = products[:, -1:, -1:] * mean[:, :, None] * mean[:, None, :]
    return _ratio(products[:, :-1, :-1] - crossed - crossed.swapaxes(1, 2) + square, len(first))


def whitened_by(covariance: np.ndarray, *, centred: bool) -> Callable[[np.ndarray, np.ndarray, Pairs], np.ndarray]:
    """Cosine, or Pearson's r, of RDMs in the metric of noise that patterns have in common.

    Parameters
    ----------
    covariance : ndarray (stimulus, stimulus)
        Of the noise of the patterns, positive definite.
    centred : bool
        Whether the mean of each RDM is taken off first: Pearson's r.

    Returns
    -------
    callable
        Takes RDMs (k, pair), (l, pair) and all their pairs; returns similarities (k, l), NaN where an RDM is zero, or
        constant.

    Raises
    ------
    ValueError
        If the covariance is not positive definite; when called, if pairs are left out.

    Examples
    --------
    >>> whitened_by(np.eye(3), centred=False)(np.array([[1.0, 0, 0]]), np.array([[1.0, 1, 1]]), Pairs.of(3)).round(6)
    array([[0.447214]])
    """
    contrast = np.eye(len(covariance))[1:] - np.eye(len(covariance))[0]
    try:
        root = np.linalg.cholesky(contrast @ covariance @ contrast.T)
    except np.linalg.LinAlgError:
        raise ValueError("the covariance of the patterns' noise is not positive definite: shrink it") from None
    white = solve_triangular(root, contrast, lower=True)

    def whitened(values: np.ndarray, pairs: Pairs) -> np.ndarray:
        if centred:
            constant = (values == values[:, :1]).all(axis=1, keepdims=True)
            values = np.where(constant, 0, values - values.mean(axis=1, keepdims=True))
        matrices = np.zeros((len(values), pairs.stimuli, pairs.stimuli))
        matrices[:, pairs.row, pairs.column] = matrices[:, pairs.column, pairs.row] = values
        flat = (white @ matrices @ white.T).reshape(len(values), -1)
        length = np.linalg.norm(flat, axis=1, keepdims=True)
        return flat / np.where(length > 0, length, np.nan)

    def between(first: np.ndarray, second: np.ndarray, pairs: Pairs) -> np.ndarray:
        if not pairs.complete:
            raise ValueError("pairs are left out, which a covariance of the patterns' noise does not allow")
        return whitened(first, pairs) @ whitened(second, pairs).T

    return between


def _scaled(values: np.ndarray) -> np.ndarray:
    """Rows of mean square 1, so that rounding is known whatever their unit; zeros stay."""
    size = np.sqrt((values**2).mean(axis=1, keepdims=True))
    return values / np.where(size > 0, size, 1)


def _ratio(products: np.ndarray, count: int) -> np.ndarray:
    """Cosines of the first so many with the rest, NaN where a length is nothing but rounding."""
    square = np.diagonal(products, axis1=1, axis2=2)
    length = np.sqrt(np.where(square > 1e-10, square, np.nan))
    return products[:, :count, count:] / length[:, :count, None] / length[:, None, count:]
