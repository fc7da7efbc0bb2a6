"""Degrees become pixels in one place, and that place is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.screen import Screen, Window


@settings(deadline=None, max_examples=30)
@given(st.floats(0.5, 30), st.integers(2, 300))
def test_pixel_centres_are_evenly_spaced_and_centred(degrees, pixels):
    x, y = Screen(degrees, pixels).centres()
    assert np.allclose(np.diff(x), degrees / pixels)
    assert np.isclose(x.mean(), 0, atol=1e-9)
    assert np.isclose(x[-1] - x[0] + degrees / pixels, degrees)
    assert np.allclose(y, x[::-1])


def test_a_window_is_a_crop():
    screen = Screen(8, 224)
    x, y = screen.centres()
    wx, wy = screen.centres(Window(3, 10, 200, 224))
    assert np.array_equal(wx, x[200:])
    assert np.array_equal(wy, y[3:10])


def test_up_is_positive_and_right_is_positive():
    screen = Screen(2, 2)
    assert screen.x(1) == 0.5
    assert screen.y(0) == 0.5


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Screen(0, 10), "positive number"),
        (lambda: Screen(float("nan"), 10), "positive number"),
        (lambda: Screen(8, 0), "positive whole number"),
        (lambda: Screen(8, 10.5), "positive whole number"),
        (lambda: Window(4, 4, 0, 1), "ends after its start"),
        (lambda: Window(-1, 4, 0, 1), "starts at 0 or later"),
        (lambda: Screen(8, 10).centres(Window(0, 11, 0, 5)), "reaches beyond"),
    ],
)
def test_impossible_screens_are_refused(make, says):
    with pytest.raises(ValueError, match=says):
        make()
