from __future__ import annotations

import numpy as np
import pytest
from sklearn.cross_decomposition import PLSRegression

from cortexcnn.similarity.encoding.kernel import centred, kernel
from cortexcnn.similarity.encoding.pls import pls

TRAIN, TEST = np.arange(45), np.arange(45, 60)


def by_singular_vectors(x: np.ndarray, y: np.ndarray, new: np.ndarray, components: int) -> np.ndarray:
    """The textbook's PLS2 in feature space, each weight vector by a singular value decomposition."""
    weights, loads, left = [], [], []
    new = new - x.mean(axis=0)
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    wanted = y
    for _ in range(components):
        weight = np.linalg.svd(x.T @ y, full_matrices=False)[0][:, 0]
        score = x @ weight / np.linalg.norm(x @ weight)
        weights.append(weight / np.linalg.norm(x @ weight))
        loads.append(x.T @ score)
        left.append(wanted.T @ score)
        x, y = x - np.outer(score, score @ x), y - np.outer(score, score @ y)
    weights, loads, left = map(np.array, (weights, loads, left))
    return new @ weights.T @ np.linalg.inv(loads @ weights.T) @ left


def predicted(layer, cells, components):
    among, across = centred(kernel(layer).inner, TRAIN, TEST)
    return pls(among, across, cells.values[TRAIN] - cells.values[TRAIN].mean(axis=0), components=components)


@pytest.mark.parametrize(("features", "neurons"), [(90, 4), (90, 70), (30, 10), (90, 1)])
def test_predictions_are_those_of_exact_components(make_pair, features, neurons):
    layer, cells = make_pair(features=features, neurons=neurons)
    expected = by_singular_vectors(layer.values[TRAIN], cells.values[TRAIN], layer.values[TEST], 12)
    assert np.allclose(predicted(layer, cells, 12), expected, rtol=0, atol=1e-8)


def test_scikit_learn_comes_nearer_the_longer_it_iterates(make_pair):
    layer, cells = make_pair(neurons=8)
    ours = predicted(layer, cells, 8) + cells.values[TRAIN].mean(axis=0)
    apart = []
    for tolerance in (1e-6, 1e-10, 1e-14):
        peer = PLSRegression(8, scale=False, tol=tolerance, max_iter=100_000)
        peer.fit(layer.values[TRAIN], cells.values[TRAIN])
        apart.append(np.abs(peer.predict(layer.values[TEST]) - ours).max())
    assert apart[0] > apart[1] > apart[2]
    assert apart[2] < 1e-5


def test_components_end_where_responses_are_used_up(make_pair):
    """Cells that three units explain exactly need three components: a fourth is made of rounding."""
    layer, _ = make_pair(features=3)
    cells = layer.assign_coords(unit=list("abc")) * 2
    expected = cells.values[TEST] - cells.values[TRAIN].mean(axis=0)
    assert np.allclose(predicted(layer, cells, 20), expected)
