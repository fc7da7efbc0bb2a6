"""Banded ridge regression: a penalty of its own for each band of predictors (each layer), for each neuron [1]_.

Penalties that differ between bands are one ridge regression on a weighted sum of the bands' kernels. Weights are tried
from a list (all alike, each band alone, then draws from Dirichlet distributions, [2]_), each with all penalties, and
every neuron keeps what predicts it best when training stimuli are left out.

References
----------
.. [1] Nunez-Elizalde, Huth & Gallant (2019), NeuroImage 197, 482-492.
.. [2] Dupré la Tour, Eickenberg, Nunez-Elizalde & Gallant (2022), NeuroImage 264, 119728.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cortexcnn.similarity.encoding.kernel import Kernel, axes, centred
from cortexcnn.similarity.encoding.ridge import grid, ridge

__all__ = ["band_weights", "banded", "contributions"]


def band_weights(bands: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Weights to try (candidate, band), each row with the sum 1: all alike, each band alone, then ``count`` draws.

    Examples
    --------
    >>> band_weights(2, 0, np.random.default_rng(0))
    array([[0.5, 0.5],
           [1. , 0. ],
           [0. , 1. ]])
    """
    even, sparse = (
        rng.dirichlet(np.full(bands, shape), size) for shape, size in ((1.0, count - count // 2), (0.1, count // 2))
    )
    return np.concatenate([np.full((1, bands), 1 / bands), np.eye(bands), even, sparse])


def banded(
    sources: Sequence[Kernel],
    wanted: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    *,
    weights: np.ndarray,
    penalties: Sequence[float] | None,
    blocks: Sequence[np.ndarray] | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit every neuron with its own weights of bands and its own penalty.

    Parameters
    ----------
    sources : sequence of Kernel
        One a band.
    wanted : ndarray (train, neuron)
        Responses of the neurons to the training stimuli, less their means.
    train, test : ndarray of int
        Positions of stimuli.
    weights : ndarray (candidate, band)
        Of kernels that were scaled to the same mean square over the training stimuli.
    penalties, blocks
        As for :func:`~cortexcnn.similarity.encoding.ridge.ridge`.

    Returns
    -------
    parts : ndarray (band, test, neuron)
        What each band predicts, beyond the mean; their sum is the prediction.
    penalty : ndarray (band, neuron)
        Of each band's kernel as it was scaled; infinite for a band that is not used.
    """
    pairs = [centred(source.inner, train, test) for source in sources]
    scale = np.array([np.trace(among) / len(train) or 1.0 for among, _ in pairs])
    neurons = wanted.shape[1]
    loss, penalty = np.full(neurons, np.inf), np.ones(neurons)
    dual, shares = np.zeros((len(train), neurons)), np.zeros((len(sources), neurons))
    for row in weights:
        mixed = [w / size * source.inner for w, size, source in zip(row, scale, sources, strict=True)]
        along = axes(Kernel(np.sum(mixed, axis=0), len(train)), train, test)
        fit = ridge(along, wanted, grid(along.values, penalties), blocks)
        better = fit.loss < loss
        loss[better], penalty[better] = fit.loss[better], fit.penalty[better]
        dual[:, better], shares[:, better] = along.vectors @ fit.along[:, better], row[:, None]
    each = zip(pairs, shares, scale, strict=True)
    parts = np.stack([(across @ dual) * (share / size) for (_, across), share, size in each])
    with np.errstate(divide="ignore"):
        return parts, penalty / shares


def contributions(parts: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Share of the held-out explained variance of each band: the product measure, which adds up to the whole [2]_.

    With ŷ = Σ ŷ_b, 1 − Σ(y − ŷ)²/Σy² is Σ ŷ(2y − ŷ)/Σy², and the part of a band is its Σ ŷ_b(2y − ŷ)/Σy². It is
    negative for a band that makes the prediction worse.

    Parameters
    ----------
    parts : ndarray (band, stimulus, neuron)
        What each band predicts, beyond the training mean.
    wanted : ndarray (stimulus, neuron)
        Responses, less the training mean.

    Returns
    -------
    ndarray (band, neuron)
        Their sum over bands is R².

    Examples
    --------
    >>> contributions(np.array([[[1.0], [-1.0]], [[1.0], [-1.0]]]), np.array([[2.0], [-2.0]])).ravel()
    array([0.5, 0.5])
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.einsum("bij,ij->bj", parts, 2 * wanted - parts.sum(axis=0)) / (wanted**2).sum(axis=0)
