"""Gratings as sums of two phases: equal to what is drawn, and no such sum where it would not hold."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep
from cortexcnn.stimuli.waves import waves

SCREEN = Screen(6, 24)


def drawn(table, rows):
    return render(table, SCREEN, rows=rows, dtype=torch.float64).numpy().reshape(len(rows), -1)


@pytest.mark.parametrize("kind", ["grating", "gabor"])
@given(st.lists(st.floats(-400, 400), min_size=3, max_size=5, unique=True), st.floats(0.4, 1), st.integers(0, 99))
def test_sums_are_what_is_drawn(kind, phases, contrast, seed):
    extra = {"size": [2.0, 4.0], "aperture": "raised cosine"} if kind == "grating" else {"sigma": [0.4, 0.8]}
    table = sweep(kind, orientation=[0, 40], phase=phases, contrast=[contrast, 0.3], blank=True, **extra)
    rows = np.random.default_rng(seed).permutation(table.sizes["stimulus"])[:11]
    made = waves(table)
    pictures, weights = made.mix(rows)
    np.testing.assert_allclose(weights.sum(1), 1)
    np.testing.assert_allclose(weights @ drawn(made.basis, pictures), drawn(table, rows), atol=1e-12)


def test_eight_phases_and_three_contrasts_take_two_pictures_and_grey():
    table = sweep("grating", orientation=range(0, 180, 30), phase=range(0, 360, 45), contrast=[0.2, 0.5, 1], blank=True)
    made = waves(table)
    assert made.basis.sizes["stimulus"] == 6 * 2 + 1
    pictures, weights = made.mix(slice(0, 24))  # one orientation
    assert pictures.tolist() == [0, 1, 12]
    assert weights.shape == (24, 3)
    pictures, weights = made.mix(np.array([144]))  # the blank
    assert (pictures.tolist(), weights.tolist()) == ([12], [[1.0]])


def test_opposite_phases_take_one_picture_and_grey():
    table = sweep("grating", orientation=range(0, 180, 30), phase=[0, 180], blank=True)
    made = waves(table)
    pictures, weights = made.mix(slice(0, 4))  # two orientations
    assert pictures.tolist() == [0, 2, 12]
    np.testing.assert_allclose(weights @ drawn(made.basis, pictures), drawn(table, np.arange(4)), atol=1e-12)


def test_other_kinds_square_waves_and_lone_gratings_are_no_sums():
    phases = {"phase": range(0, 360, 45)}
    assert waves(sweep("grating", **phases, waveform="square")) is None
    assert waves(sweep("bar", orientation=range(0, 180, 15))) is None
    assert waves(sweep("drifting_grating", **phases)) is None
    assert waves(sweep("grating", orientation=range(0, 180, 15), phase=[0, 90])) is None
    assert waves(sweep("grating", contrast=0.0)) is None
