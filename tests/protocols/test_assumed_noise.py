"""Intervals under noise that is assumed: they hold what was built in, and narrow with repeats."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols import assumed_intervals

ANGLE = np.append(np.arange(0, 180, 15.0), np.nan)
PLACE = np.arange(5.0, 180, 9)


def responses(extra: float = 0.0) -> xr.DataArray:
    curves = np.exp(2 * (np.cos(2 * np.deg2rad(ANGLE[:-1, None] - PLACE)) - 1))
    values = np.concatenate([curves, np.zeros((1, len(PLACE)))]) * (1 + extra)
    coords = {"stimulus": range(13), "unit": range(len(PLACE)), "layer": ("unit", ["conv1"] * len(PLACE))}
    along = {"orientation": ANGLE, "contrast": [1.0] * 12 + [0.0]}
    return xr.DataArray(
        values, coords | {name: ("stimulus", column) for name, column in along.items()}, ("stimulus", "unit")
    )


def width(bounds: xr.DataArray) -> np.ndarray:
    return (bounds.sel(bound="upper") - bounds.sel(bound="lower")).values


def test_they_hold_the_preference_and_halve_with_four_times_the_repeats():
    few, many = (
        assumed_intervals(tuning.orientation_tuning, responses(), repeats=repeats, draws=50) for repeats in (5, 20)
    )
    bounds = many.preferred_orientation
    apart = (PLACE - bounds.sel(bound="lower").values + 90) % 180 - 90
    assert ((apart > -1) & (apart < width(bounds) + 1)).mean() > 0.8
    ratio = np.median(width(few.preferred_orientation)) / np.median(width(bounds))
    assert 1.5 < ratio < 2.7
    assert few.attrs["assumed_repeats"] == 5


def test_the_unit_of_responses_and_a_silent_unit_change_nothing():
    first = assumed_intervals(tuning.orientation_tuning, responses(), draws=10)
    second = assumed_intervals(tuning.orientation_tuning, responses(extra=99.0), draws=10)
    xr.testing.assert_allclose(first, second)
    silent = responses()
    silent[:, 3] = 0
    with_it = assumed_intervals(tuning.orientation_tuning, silent, draws=10)
    assert np.isfinite(with_it.circular_variance.isel(unit=0)).all()


def test_what_makes_no_interval_is_refused():
    with pytest.raises(ValueError, match="1 presentation of each stimulus"):
        assumed_intervals(tuning.orientation_tuning, responses(), repeats=1)
    repeated = responses().expand_dims(repeat=3)
    with pytest.raises(ValueError, match="repeats of their own"):
        assumed_intervals(tuning.orientation_tuning, repeated)
