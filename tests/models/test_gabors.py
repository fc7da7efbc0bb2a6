"""Gabors on pixels, and their closed forms against root finding on the continuous Gabor."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq

from cortexcnn.models.gabors import check_gabors, kernel_side, modulation, quadrature, tuning
from cortexcnn.screen import Screen

SCREEN = Screen(8, 224)


def table(**changes: float) -> xr.Dataset:
    columns = {"orientation": 30.0, "spatial_frequency": 2.0, "phase": 0.0, "n_x": 0.5, "n_y": 0.5} | changes
    return xr.Dataset({name: ("gabor", [value]) for name, value in columns.items()})


def amplitude(n_x: float, n_y: float, ratio: float, angle: float) -> float:
    """What a Gabor answers to a grating of a frequency ratio times its own, at an angle in degrees."""
    along = ratio * np.cos(np.deg2rad(angle)) - 1, ratio * np.sin(np.deg2rad(angle))
    return float(np.exp(-2 * np.pi**2 * ((n_x * along[0]) ** 2 + (n_y * along[1]) ** 2)))


@settings(max_examples=40, deadline=None)
@given(
    n_x=st.floats(0.3, 1.0),
    n_y=st.floats(0.3, 1.0),
    power=st.sampled_from([1.0, 2.0, 2.7]),
    height=st.sampled_from([("orientation_bandwidth", 2**-0.5), ("orientation_bandwidth_half_height", 0.5)]),
)
def test_half_widths_are_where_the_curve_falls_to_the_height(n_x, n_y, power, height):
    name, share = height
    found = tuning(np.array([2.0]), np.array([n_x]), np.array([n_y]), power=power)[name][0]
    wanted = brentq(lambda angle: amplitude(n_x, n_y, 1, angle) ** power - share, 0, 90)
    assert found == pytest.approx(wanted, abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(n_x=st.floats(0.3, 1.0), frequency=st.floats(0.5, 6), power=st.sampled_from([1.0, 2.0]))
def test_half_heights_over_frequency(n_x, frequency, power):
    found = tuning(np.array([frequency]), np.array([n_x]), np.array([0.5]), power=power)
    for name in ("spatial_frequency_low", "spatial_frequency_high"):
        ratio = found[name][0] / frequency
        assert amplitude(n_x, 0.5, ratio, 0) ** power == pytest.approx(0.5)
    sigma = n_x / frequency
    away = {1.0: 0.1874, 2.0: 0.1325}[power] / sigma
    assert found["spatial_frequency_high"][0] - frequency == pytest.approx(away, rel=1e-3)


def test_widths_that_are_never_reached_are_nan():
    blunt = tuning(np.array([1.0]), np.array([0.1]), np.array([0.1]))
    assert np.isnan(blunt["orientation_bandwidth_half_height"][0])
    assert np.isnan(blunt["spatial_frequency_low"][0])


def test_circular_variance_is_the_integral():
    parts = [
        quad(lambda angle, k=k: np.cos(k * angle) * amplitude(0.4, 0.6, 1, np.rad2deg(angle)), -np.pi / 2, np.pi / 2)[0]
        for k in (2, 0)
    ]
    found = tuning(np.array([1.0]), np.array([0.4]), np.array([0.6]))["circular_variance"][0]
    assert found == pytest.approx(1 - parts[0] / parts[1], abs=1e-6)


@pytest.mark.parametrize("power", [1.0, 1.5, 2.0, 3.0])
def test_modulation_is_the_ratio_of_the_integrals(power):
    wave, mean = (quad(lambda t, k=k: np.cos(t) ** (power + k), -np.pi / 2, np.pi / 2)[0] for k in (1, 0))
    assert modulation(power) == pytest.approx(2 * wave / mean)
    if power == 1:
        assert modulation(power) == pytest.approx(np.pi / 2)


@settings(max_examples=25, deadline=None)
@given(
    orientation=st.floats(0, 179.9),
    frequency=st.floats(1.25, 6.0),  # the longest spans 7.7 of the 8 degrees
    n=st.floats(0.3, 0.8),
    aspect=st.floats(1, 1.5),
    phase=st.floats(0, 2 * np.pi),
)
def test_both_parts_sum_to_nothing_and_have_gain_one(orientation, frequency, n, aspect, phase):
    gabors = table(orientation=orientation, spatial_frequency=frequency, n_x=n, n_y=n * aspect)
    (pair,) = quadrature(gabors, SCREEN, kernel_side(gabors, SCREEN, 8))
    assert abs(pair.sum()) < 1e-9
    x, y = Screen(len(pair) / SCREEN.pixels_per_degree, len(pair)).centres()
    angle = np.deg2rad(orientation)
    u = np.cos(angle) * y[:, None] - np.sin(angle) * x
    luminance = np.sin(2 * np.pi * frequency * u + phase) / 2
    assert (pair * luminance).sum() == pytest.approx(np.sin(phase) + 1j * np.cos(phase), abs=1e-9)


@pytest.mark.parametrize("stride", [1, 4, 8, 16])
@pytest.mark.parametrize("pixels", [64, 113, 224, 227])
def test_the_middle_position_is_the_centre_of_the_screen(stride, pixels):
    screen = Screen(8, pixels)
    side = kernel_side(table(spatial_frequency=1.9, n_x=0.4, n_y=0.4), screen, stride)
    assert side >= 8 * 0.4 / 1.9 * screen.pixels_per_degree - 1e-6
    assert side <= pixels
    positions = (pixels - side) // stride + 1
    assert positions % 2 == 1
    assert 2 * (positions // 2 * stride) + side == pixels


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"orientation": 180.0}, "orientation 180 of a Gabor: orientation is degrees, 0 ≤ orientation < 180"),
        ({"spatial_frequency": 7.5}, "up to 7, a quarter cycle a pixel: take more pixels"),
        ({"spatial_frequency": 0.0}, "spatial_frequency 0 of a Gabor"),
        ({"n_x": 0.2}, "0.25 or more: narrower Gabors"),
        ({"n_y": np.nan}, "n_y nan of a Gabor"),
        ({"phase": np.inf}, "phase inf of a Gabor: phase is a number of degrees"),
    ],
)
def test_what_makes_no_sense_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        check_gabors(table(**changes), SCREEN)


def test_missing_columns_and_empty_tables_are_refused():
    with pytest.raises(ValueError, match=r"n_x, n_y; this has .* and 1 rows"):
        check_gabors(table().drop_vars("n_y"), SCREEN)
    with pytest.raises(ValueError, match="and 0 rows"):
        check_gabors(table().isel(gabor=[]), SCREEN)


def test_gabors_that_do_not_fit_are_refused():
    with pytest.raises(ValueError, match=r"the largest Gabor spans 16 degrees and the screen 8: take higher"):
        kernel_side(table(spatial_frequency=0.25), SCREEN, 8)
    with pytest.raises(ValueError, match="stride 0: a positive whole number"):
        kernel_side(table(), SCREEN, 0)
