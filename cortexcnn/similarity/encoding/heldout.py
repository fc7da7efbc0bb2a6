"""Predictions of stimuli that were never fitted: one fold after the other, by any of the encoders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cortexcnn.similarity.encoding.banded import banded
from cortexcnn.similarity.encoding.kernel import Kernel, axes, centred
from cortexcnn.similarity.encoding.pls import pls
from cortexcnn.similarity.encoding.ridge import grid, ridge

__all__ = ["ENCODERS", "HeldOut", "Options", "held_out"]


@dataclass(frozen=True)
class Options:
    """What an encoder may be told.

    Parameters
    ----------
    penalties : sequence of float or None
        From which ridge regressions choose.
    components : int
        Of partial least squares.
    weights : ndarray (candidate, band)
        To try, for bands.
    same : ndarray (stimulus) or None
        Stimuli with equal labels are left out together when a penalty is chosen.
    """

    penalties: Sequence[float] | None
    components: int
    weights: np.ndarray
    same: np.ndarray | None

    def blocks(self, train: np.ndarray) -> list[np.ndarray] | None:
        """Positions among the training stimuli of those that are left out together."""
        if self.same is None:
            return None
        labels = self.same[train]
        return [np.flatnonzero(labels == label) for label in np.unique(labels)]


@dataclass(frozen=True)
class HeldOut:
    """Responses and what was predicted of them, both less the mean over the training stimuli.

    Parameters
    ----------
    wanted : ndarray (stimulus, neuron)
        Responses.
    parts : ndarray (band, stimulus, neuron)
        Predictions of each band; their sum is the prediction.
    penalty : ndarray (band, neuron)
        Geometric mean over the folds; NaN where there is none.
    mean : ndarray (stimulus, neuron)
        What was subtracted.
    """

    wanted: np.ndarray
    parts: np.ndarray
    penalty: np.ndarray
    mean: np.ndarray


def held_out(
    method: str, sources: Sequence[Kernel], responses: np.ndarray, folds: np.ndarray, options: Options
) -> HeldOut:
    """Predict each fold from all others.

    Parameters
    ----------
    method : str
        One of ``ENCODERS``.
    sources : sequence of Kernel
        Predictors: one for each band.
    responses : ndarray (stimulus, neuron)
        Of the neurons.
    folds : ndarray (stimulus)
        Stimuli with equal labels are held out together.
    options : Options
        For the encoder.

    Returns
    -------
    HeldOut
        Of all stimuli.
    """
    parts = np.empty((len(sources), *responses.shape))
    mean, penalties = np.empty_like(responses), []
    for fold in np.unique(folds):
        train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        mean[test] = responses[train].mean(axis=0)
        wanted = responses[train] - mean[test[0]]
        parts[:, test], penalty = ENCODERS[method](sources, wanted, train, test, options)
        penalties.append(penalty)
    return HeldOut(responses - mean, parts, np.exp(np.log(penalties).mean(axis=0)), mean)


_Fitted = tuple[np.ndarray, np.ndarray]


def _ridge(
    sources: Sequence[Kernel],
    wanted: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    options: Options,
) -> _Fitted:
    along = axes(sources[0], train, test)
    fit = ridge(along, wanted, grid(along.values, options.penalties), options.blocks(train))
    return (along.across @ fit.along)[None], fit.penalty[None]


def _pls(
    sources: Sequence[Kernel],
    wanted: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    options: Options,
) -> _Fitted:
    predicted = pls(*centred(sources[0].inner, train, test), wanted, components=options.components)
    return predicted[None], np.full((1, wanted.shape[1]), np.nan)


def _banded(
    sources: Sequence[Kernel],
    wanted: np.ndarray,
    train: np.ndarray,
    test: np.ndarray,
    options: Options,
) -> _Fitted:
    return banded(
        sources, wanted, train, test, weights=options.weights, penalties=options.penalties, blocks=options.blocks(train)
    )


ENCODERS: dict[str, Callable[[Sequence[Kernel], np.ndarray, np.ndarray, np.ndarray, Options], _Fitted]] = {
    "ridge": _ridge,
    "pls": _pls,
    "banded ridge": _banded,
}
"""Encoders by name: each takes kernels, responses less their means, train, test and options."""
