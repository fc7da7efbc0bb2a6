from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV

from cortexcnn.similarity.encoding.kernel import axes, kernel
from cortexcnn.similarity.encoding.ridge import ridge

PENALTIES = np.logspace(-3, 5, 20)
TRAIN, TEST = np.arange(45), np.arange(45, 60)


def fitted(layer, cells, penalties=PENALTIES, blocks=None):
    along = axes(kernel(layer), TRAIN, TEST)
    mean = cells.values[TRAIN].mean(axis=0)
    fit = ridge(along, cells.values[TRAIN] - mean, penalties, blocks)
    return fit, along.across @ fit.along + mean


@pytest.mark.parametrize("features", [8, 50, 300])
def test_penalties_and_predictions_are_those_of_scikit_learn(make_pair, features):
    layer, cells = make_pair(features=features, noise=2.0)
    fit, predicted = fitted(layer, cells)
    peer = RidgeCV(alphas=PENALTIES, alpha_per_target=True).fit(layer.values[TRAIN], cells.values[TRAIN])
    assert np.array_equal(fit.penalty, peer.alpha_)
    assert np.allclose(predicted, peer.predict(layer.values[TEST]), rtol=0, atol=1e-9)


@pytest.mark.parametrize("features", [8, 300])
@pytest.mark.parametrize("size", [1, 9])
def test_losses_are_those_of_models_fitted_without_the_block(make_pair, features, size):
    layer, cells = make_pair(features=features)
    blocks = [TRAIN[start : start + size] for start in range(0, len(TRAIN), size)]
    x, y = layer.values[TRAIN], cells.values[TRAIN]
    errors = np.empty_like(y)
    for block in blocks:
        rest = np.setdiff1d(TRAIN, block)
        errors[block] = y[block] - Ridge(3.0).fit(x[rest], y[rest]).predict(x[block])
    found, _ = fitted(layer, cells, np.array([3.0]), blocks)
    assert np.allclose(found.loss, (errors**2).mean(axis=0), rtol=1e-9)
    if size == 1:
        assert np.allclose(found.loss, fitted(layer, cells, np.array([3.0]))[0].loss, rtol=1e-9)


def test_few_units_and_their_kernel_give_one_model(make_pair):
    layer, cells = make_pair(features=8)
    wide = layer.copy().isel(unit=np.arange(80) % 8).assign_coords(unit=np.arange(80)) / np.sqrt(10)
    assert np.allclose(fitted(layer, cells)[1], fitted(wide, cells)[1])


def test_near_duplicates_left_out_together_ask_for_a_larger_penalty(make_pair):
    """A frame tells of its movie's other frames, which a model that is to generalise must not use."""
    layer, cells = make_pair(stimuli=60, features=300)
    rng = np.random.default_rng(1)
    movie = np.repeat(np.arange(10), 6)
    layer = layer + 2 * rng.normal(size=(10, 300))[movie]
    cells = cells + 3 * rng.normal(size=(10, 4))[movie]
    blocks = [np.flatnonzero(movie[TRAIN] == label) for label in np.unique(movie[TRAIN])]
    assert (fitted(layer, cells, blocks=blocks)[0].penalty > fitted(layer, cells)[0].penalty).all()
