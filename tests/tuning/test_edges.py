"""Edges: which polarity, where, and over how many places."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf

from cortexcnn import tuning

POSITION = np.arange(-24, 25) / 16


def shown(light: np.ndarray, dark: np.ndarray, position: np.ndarray = POSITION, blank: float = 0.0) -> xr.DataArray:
    """Responses (stimulus, unit) to edges of both polarities at some positions, and to a blank."""
    values = np.concatenate([light, dark, np.full((1, light.shape[1]), blank)])
    names = np.array(["light"] * len(position) + ["dark"] * len(position) + [""])
    coords = {"stimulus": range(len(values)), "unit": range(light.shape[1])}
    along = {
        "position": np.concatenate([position, position, [np.nan]]),
        "polarity": names,
        "contrast": np.append(np.ones(2 * len(position)), 0),
    }
    coords |= {name: ("stimulus", column) for name, column in along.items()}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


def test_a_gaussian_derivative_wants_one_polarity_at_one_place():
    # A field that is a gaussian's derivative answers to an edge with that gaussian, to the other with its negative.
    sigma = np.array([0.1, 0.2, 0.3])
    drive = np.exp(-((POSITION[:, None] - 0.25) ** 2) / 2 / sigma**2)
    found = tuning.edge_tuning(shown(np.maximum(drive, 0), np.maximum(-drive, 0)))
    assert (found.edge_polarity_index == 1).all()
    assert (found.edge_position == 0.25).all()
    np.testing.assert_allclose(found.edge_extent, sigma * np.sqrt(2 * np.pi), rtol=1e-3)


def test_an_on_field_takes_both_polarities_to_either_side_of_it():
    # A gaussian on field without flanks answers to all edges that have it on their light side.
    drive = erf((0.5 - POSITION[:, None]) / 0.2)
    found = tuning.edge_tuning(shown(np.maximum(drive, 0), np.maximum(-drive, 0))).isel(unit=0)
    assert float(found.edge_polarity_index) == pytest.approx(0, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 999), st.floats(0.1, 50))
def test_polarities_exchanged_change_the_sign_and_scale_changes_nothing(seed, factor):
    light, dark = np.random.default_rng(seed).random((2, len(POSITION), 4))
    first = tuning.edge_tuning(shown(light, dark))
    second = tuning.edge_tuning(shown(factor * dark, factor * light))
    np.testing.assert_allclose(second.edge_polarity_index, -first.edge_polarity_index, atol=1e-9)
    np.testing.assert_allclose(second.edge_extent, first.edge_extent, rtol=1e-6)
    assert (second.edge_position == first.edge_position).all()


def test_what_means_nothing_is_told():
    nothing = np.zeros((len(POSITION), 1))
    found = tuning.edge_tuning(shown(nothing, nothing)).isel(unit=0)
    assert not found.valid
    assert str(found.reason.values) == "never answered"
    assert np.isnan(found.edge_extent)
    with pytest.raises(ValueError, match="three places or more, evenly spaced"):
        tuning.edge_tuning(shown(np.ones((3, 1)), np.ones((3, 1)), np.array([0.0, 1.0, 3.0])))
