"""Steps that learn: what the linear algebra of each step gives, and that precision and chunks change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.tuning import descent, size_fits
from cortexcnn.tuning.forms import FORMS
from cortexcnn.tuning.projection import Problem, Projection
from cortexcnn.tuning.solver import fit_batch

SIZE = np.geomspace(0.2, 8, 12)
SHAPES = {name: form.shape for name, form in FORMS.items()} | {"ratio of gaussians": size_fits._shape}
NEAR = {
    "von mises": (40.0, 0.7),
    "gabor": (40.0, 2.5),
    "double von mises": (200.0, 0.7),
    "log gaussian": (1.2, -0.3),
    "gaussian": (1.2, -0.8),
    "naka rushton": (-2.0, 0.9),
    "ratio of gaussians": (-0.2, 1.1, -1.0),
}


def samples(name: str) -> np.ndarray:
    if name == "ratio of gaussians":
        return SIZE
    return (
        np.linspace(0, 315, 8)
        if np.isfinite(FORMS[name].period)
        else np.linspace(-4.3, 0, 9) + 3 * (name != "naka rushton")
    )


@pytest.mark.parametrize("name", SHAPES)
def test_slopes_are_those_of_the_shape(name):
    x, theta, step = samples(name), np.array(NEAR[name])[:, None], 1e-6
    _, slopes = SHAPES[name](x, theta)
    for number, slope in enumerate(slopes):
        moved = [theta + sign * step * (np.arange(len(theta)) == number)[:, None] for sign in (-1, 1)]
        low, high = (SHAPES[name](x, each)[0] for each in moved)
        for column, below, above in zip(slope, low, high, strict=True):
            np.testing.assert_allclose(column, (above - below) / (2 * step), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_keep_the_precision_that_they_are_given(name):
    columns, slopes = SHAPES[name](samples(name).astype(np.float32), np.array(NEAR[name], np.float32)[:, None])
    assert {part.dtype for part in [*columns, *(part for slope in slopes for part in slope)]} == {np.dtype("f4")}


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_systems_are_solved_as_by_numpy(numbers, seed):
    root = np.random.default_rng(seed).normal(size=(6, numbers, numbers + 2))
    matrices = root @ root.transpose(0, 2, 1) + np.eye(numbers)
    right = np.random.default_rng(seed + 1).normal(size=(6, numbers))
    rows = np.stack([matrices[:, i, j] for i, j in descent._pairs(numbers)])
    found, _ = descent._divided(rows, right.T)
    np.testing.assert_allclose(found.T, np.linalg.solve(matrices, right[..., None])[..., 0], rtol=1e-6, atol=1e-9)


def test_what_is_no_bowl_is_told():
    bowl, saddle, flat = (2.0, 0.5, 1.0), (1.0, 3.0, 1.0), (1.0, 1.0, 1.0)
    found, safe = descent._divided(np.array([bowl, saddle, flat]).T, np.ones((2, 3)))
    assert safe.tolist() == [True, False, False]
    assert np.isfinite(found).all()


def test_steps_learn_the_curvature_of_a_parabola():
    # a function whose normal matrix is nothing and whose slope is -H θ: after as many steps as numbers H is known
    curvature = np.array([[3.0, 1.0], [1.0, 2.0]])
    problem = Problem(lambda *_: ([], []), 1, base=False, starts=[], box=np.array([[-9.0, 9]] * 2))

    def at(theta: list[float]) -> descent.State:
        state = descent.State.empty(1, problem, np.dtype(float))
        state.rows[:] = 0
        state.theta[:, 0] = theta
        state.slope[:, 0] = -curvature @ theta
        return state

    extra = np.zeros((3, 1))
    for before, after in (([0.0, 0.0], [1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0])):
        descent._learn(extra, at(before), at(after))
    np.testing.assert_allclose(extra[:, 0], [3, 1, 2])


def test_chunks_and_blocks_change_nothing(monkeypatch):
    x = np.arange(0, 180, 15.0)
    y = np.random.default_rng(0).poisson(10 + 8 * np.cos(2 * np.deg2rad(x[:, None] - np.arange(0, 180, 3)))) / 1.0
    whole = fit_batch(x, y, "von mises")
    monkeypatch.setattr(descent, "CHUNK", 7)
    monkeypatch.setattr(Projection.blocks, "__defaults__", (3,))
    parts = fit_batch(x, y, "von mises")
    np.testing.assert_allclose(parts.residual, whole.residual, rtol=1e-5)


def test_clean_curves_are_fitted_to_double_precision():
    x = np.arange(0, 180, 15.0)
    y = 1 + 4 * np.exp(2 * (np.cos(2 * np.deg2rad(x[:, None] - np.array([40.0, 100.0]))) - 1))
    fit = fit_batch(x, y, "von mises")
    np.testing.assert_allclose(fit.position, [40, 100], rtol=1e-6)
    assert (fit.residual < 1e-12 * fit.total).all()
