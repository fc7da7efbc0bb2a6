"""Bootstrap intervals: they cover what they should, and respect missing repeats and circles."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.tuning import (
    circular_variance,
    interval,
    orientation_tuning,
    preferred_orientation,
    resampled,
    tuning_curve,
)

ANGLES = np.arange(0, 180, 22.5)


def neurons(preferred, repeats=20, seed=0, units=1):
    rates = 2 + 15 * np.exp(2 * (np.cos(2 * np.deg2rad(ANGLES - preferred)) - 1))
    counts = np.random.default_rng(seed).poisson(rates[:, None, None], (8, units, repeats)).astype(float)
    coords = {"stimulus": range(8), "unit": range(units), "orientation": ("stimulus", ANGLES)}
    return xr.DataArray(counts, dims=("stimulus", "unit", "repeat"), coords=coords)


def test_the_interval_of_a_mean_is_the_textbook_one():
    responses = neurons(40, repeats=200).isel(stimulus=[2])
    bounds = interval(lambda r: r.isel(stimulus=0).mean("repeat"), responses, draws=800, rng=0)
    cell = responses.isel(stimulus=0, unit=0)
    half = 1.96 * float(cell.std("repeat")) / np.sqrt(200)
    np.testing.assert_allclose(bounds[:, 0], float(cell.mean()) + np.array([-half, half]), atol=0.1 * half)
    assert bounds.bound.values.tolist() == ["lower", "upper"]


def test_intervals_cover_the_true_preference_as_often_as_they_say():
    responses = neurons(1.0, units=200, seed=3)
    bounds = interval(lambda r: preferred_orientation(tuning_curve(r, "orientation")), responses, draws=200, rng=1)
    low, high = bounds.values
    covered = (((1.0 - low) % 180) <= ((high - low) % 180)).mean()
    assert 0.86 < covered < 0.99  # 95 % less what a percentile bootstrap of 20 repeats loses
    assert (high - low < 20).all()


def test_a_unit_draws_from_the_repeats_that_it_has():
    responses = neurons(40, units=3)
    responses[:, 1, 5:] = np.nan
    responses[3, 2] = np.nan
    again = resampled(responses, rng=2)
    assert (again.count("repeat") == responses.count("repeat")).all()
    for stimulus in range(8):
        assert set(again[stimulus, 1].values[:5]) <= set(responses[stimulus, 1].values[:5])
    assert np.isnan(again[3, 2]).all()


def test_units_share_their_draws():
    responses = neurons(40)
    twins = xr.concat([responses, responses.assign_coords(unit=[1])], "unit")
    again = resampled(twins, rng=0)
    np.testing.assert_array_equal(again.isel(unit=0), again.isel(unit=1))


def test_time_goes_along():
    responses = neurons(40, units=2).expand_dims(time=[0.0, 0.1]) * xr.DataArray([1.0, 2.0], dims="time")
    again = resampled(responses, rng=0)
    np.testing.assert_array_equal(again.isel(time=1), 2 * again.isel(time=0))


def test_the_same_draws_give_the_same_interval():
    def measure(r):
        return circular_variance(tuning_curve(r, "orientation"))

    first, second = (interval(measure, neurons(40), draws=20, rng=5) for _ in range(2))
    xr.testing.assert_identical(first, second)
    assert (first.sel(bound="lower") < first.sel(bound="upper")).all()


def test_no_repeats_no_interval():
    with pytest.raises(ValueError, match="needs the dimension repeat"):
        interval(orientation_tuning, neurons(40).mean("repeat"))
    with pytest.raises(ValueError, match="level of 95"):
        interval(orientation_tuning, neurons(40), level=95)


def test_a_table_of_measures_has_an_interval_for_each():
    bounds = interval(orientation_tuning, neurons(40, units=2), draws=10, rng=0)
    assert "reason" not in bounds
    assert bounds.circular_variance.dims == ("bound", "unit")
    np.testing.assert_allclose(bounds.preferred_orientation.mean("bound"), 40, atol=6)
