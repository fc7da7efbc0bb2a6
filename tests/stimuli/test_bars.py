"""Bars and edges: exact coverage against supersampling, conserved luminance, handedness by image moments."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep

SCREEN = Screen(degrees=6, pixels=32)
ANGLES = st.floats(0, 179.99)


def supersampled(orientation, length, width, x=0.0, y=0.0, *, finer=8):
    """The share of finer × finer points of each pixel that lie in the rectangle."""
    fine = Screen(SCREEN.degrees, SCREEN.pixels * finer)
    right, up = np.meshgrid(*fine.centres())
    angle = np.deg2rad(orientation)
    v = np.cos(angle) * (right - x) + np.sin(angle) * (up - y)
    u = -np.sin(angle) * (right - x) + np.cos(angle) * (up - y)
    inside = (np.abs(v) < length / 2) & (np.abs(u) < width / 2)
    return inside.reshape(SCREEN.pixels, finer, SCREEN.pixels, finer).mean(axis=(1, 3))


def coverage(**parameters):
    return 2 * render(sweep("bar", **parameters), SCREEN)[0, 0].numpy() - 1


@pytest.mark.parametrize("orientation", [3.0, 17.0, 38.5, 71.0, 100.0, 127.0, 166.0])
@pytest.mark.parametrize(("length", "width"), [(3.0, 0.6), (2.0, 2.0), (4.0, 0.07)])
def test_a_bar_is_within_a_grey_level_of_supersampling(orientation, length, width):
    expected = supersampled(orientation, length, width, 0.31, -0.47, finer=40)
    drawn = coverage(orientation=orientation, length=length, width=width, x=0.31, y=-0.47)
    assert np.abs(drawn - expected).max() / 2 < 1 / 255


@settings(deadline=None, max_examples=30)
@given(ANGLES, st.floats(0.02, 3.5), st.floats(0.01, 2), st.floats(-0.9, 0.9), st.floats(-0.9, 0.9))
def test_luminance_is_conserved_at_any_angle_and_width(orientation, length, width, x, y):
    covered = coverage(orientation=orientation, length=length, width=width, x=x, y=y)
    area = covered.sum() / SCREEN.pixels_per_degree**2
    assert area == pytest.approx(length * width, rel=2e-3, abs=1e-5)
    assert covered.min() >= 0
    assert covered.max() <= 1


@pytest.mark.parametrize("orientation", [0, 90])
def test_an_upright_bar_is_exact(orientation):
    drawn = coverage(orientation=orientation, length=3, width=6 / 32)  # one pixel across, between two
    drawn = drawn if orientation == 0 else drawn.T
    expected = np.zeros((32, 32))
    expected[15:17, 8:24] = 0.5
    np.testing.assert_allclose(drawn, expected, atol=2e-6)


@pytest.mark.parametrize("polarity", ["light", "dark"])
@pytest.mark.parametrize("orientation", [0.0, 25.0, 90.0, 140.0, 170.0])
def test_moments_show_that_bars_turn_counter_clockwise(orientation, polarity):
    picture = render(sweep("bar", orientation=orientation, polarity=polarity, x=1, y=-0.5), SCREEN)[0, 0].numpy()
    weight = picture - 0.5
    assert np.all(weight >= 0) if polarity == "light" else np.all(weight <= 0)
    right, up = np.meshgrid(*SCREEN.centres())
    weight = np.abs(weight)
    x, y = (np.sum(weight * part) / weight.sum() for part in (right, up))
    xx, yy, xy = (np.sum(weight * a * b) / weight.sum() for a, b in (
        (right - x, right - x), (up - y, up - y), (right - x, up - y)
    ))  # fmt: skip
    angle = np.rad2deg(np.arctan2(2 * xy, xx - yy)) / 2
    assert (x, y) == pytest.approx((1, -0.5), abs=0.02)  # a tenth of a pixel
    assert (angle - orientation + 90) % 180 - 90 == pytest.approx(0, abs=0.1)


def test_contrast_is_the_bars_distance_from_grey():
    pictures = render(sweep("bar", polarity=["light", "dark"], contrast=[0.4, 1], width=1), SCREEN)
    middle = pictures[:, 0, 16, 16].numpy()
    np.testing.assert_allclose(middle, [0.7, 1.0, 0.3, 0.0], atol=1e-6)
    assert torch.all(pictures[:, 0, 0] == 0.5)


def test_a_bar_without_end_crosses_the_screen_and_a_bar_elsewhere_leaves_exact_grey():
    stripe = coverage(orientation=90, length=np.inf, width=0.75)
    np.testing.assert_allclose(stripe.mean(axis=0)[[12, 13, 14, 17, 18, 19]], [0, 0, 1, 1, 0, 0], atol=1e-6)
    assert np.all(coverage(orientation=33, x=40) == 0)
    assert np.all(coverage(orientation=33, length=np.inf, width=np.inf) == pytest.approx(1, abs=1e-6))


@pytest.mark.parametrize("direction", [0.0, 60.0, 180.0, 225.0, 300.0])
def test_a_swept_bar_moves_towards_its_direction_and_is_central_in_the_middle(direction):
    table = sweep(
        "swept_bar", direction=direction, speed=3, duration=1, frame_rate=5, length=1, width=0.3, x=0.2, y=0.1
    )
    frames = render(table, SCREEN)[0, :, 0].numpy() - 0.5
    right, up = np.meshgrid(*SCREEN.centres())
    places = np.array([[np.sum(frame * part) / frame.sum() for part in (right, up)] for frame in frames])
    towards = np.array([np.cos(np.deg2rad(direction)), np.sin(np.deg2rad(direction))])
    expected = np.array([0.2, 0.1]) + np.outer((np.arange(5) - 2) * 3 / 5, towards)
    np.testing.assert_allclose(places, expected, atol=0.02)  # a tenth of a pixel: what the grid does to a centroid


@pytest.mark.parametrize("orientation", [0.0, 30.0, 90.0, 135.0])
def test_an_edge_is_light_on_the_side_of_its_direction(orientation):
    light, dark = render(sweep("edge", orientation=orientation, polarity=["light", "dark"]), SCREEN)[:, 0].numpy()
    right, up = np.meshgrid(*SCREEN.centres())
    round_ = np.hypot(right, up) < 2.9  # the corners of a square screen pull the moments
    x, y = (np.sum((light - 0.5) * part * round_) for part in (right, up))
    assert np.rad2deg(np.arctan2(y, x)) % 360 == pytest.approx(orientation + 90, abs=0.5)
    np.testing.assert_allclose(light + dark, 1, atol=1e-6)


@pytest.mark.parametrize("blur", [0.0, 0.01, 0.1, 0.8])
@pytest.mark.parametrize("orientation", [0.0, 22.0, 45.0, 90.0, 151.0])
def test_an_edge_is_the_mean_of_its_profile_over_each_pixel(orientation, blur):
    table = sweep("edge", orientation=orientation, position=0.4, x=0.33, y=-0.2, blur=blur, contrast=0.8)
    fine = Screen(SCREEN.degrees, SCREEN.pixels * 32)
    right, up = np.meshgrid(*fine.centres())
    angle = np.deg2rad(orientation)
    u = -np.sin(angle) * (right - 0.33) + np.cos(angle) * (up + 0.2) - 0.4
    profile = erf(u / (blur * 2**0.5)) if blur else np.sign(u)
    expected = 0.5 * (1 + 0.8 * profile.reshape(32, 32, 32, 32).mean(axis=(1, 3)))
    # the points of the reference are 1/32 of a pixel apart, which an edge along their rows can miss by half
    tolerance = 1 / 64 if blur < 0.05 and orientation % 45 == 0 else 1 / 255
    np.testing.assert_allclose(render(table, SCREEN)[0, 0].numpy(), expected, atol=tolerance)
