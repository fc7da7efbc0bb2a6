"""Orientation: closed forms, laws, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.special
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.tuning import (
    circular_variance,
    one_minus_circular_variance,
    orientation_bandwidth,
    orientation_tuning,
    orthogonal_preferred_ratio,
    osi_pref_orth,
    preferred_orientation,
)

ANGLES = np.arange(0, 180, 15.0)


def apart(at, preferred):
    return np.abs((np.asarray(at) - preferred + 90) % 180 - 90)


@pytest.mark.parametrize("concentration", [0.3, 1.0, 3.0, 8.0])
def test_circular_variance_of_a_von_mises_curve(curve, concentration):
    fine = np.arange(0, 180, 2.5)
    values = np.exp(concentration * np.cos(2 * np.deg2rad(fine - 33)))
    expected = 1 - scipy.special.i1(concentration) / scipy.special.i0(concentration)
    assert float(circular_variance(curve("orientation", fine, values))[0]) == pytest.approx(expected, abs=1e-12)


def test_circular_variance_of_a_cosine_is_one_half(curve):
    values = 1 + np.cos(2 * np.deg2rad(ANGLES[:, None] - np.linspace(0, 180, 7)))
    np.testing.assert_allclose(circular_variance(curve("orientation", ANGLES, values)), 0.5)
    np.testing.assert_allclose(one_minus_circular_variance(curve("orientation", ANGLES, values)), 0.5)


def test_extremes(curve):
    one, all_alike, none = np.eye(12)[3], np.ones(12), np.zeros(12)
    made = curve("orientation", ANGLES, np.stack([one, all_alike, none], axis=1))
    assert circular_variance(made).values == pytest.approx([0, 1, np.nan], nan_ok=True)
    assert osi_pref_orth(made).values == pytest.approx([1, 0, np.nan], nan_ok=True)
    assert orthogonal_preferred_ratio(made).values == pytest.approx([0, 1, np.nan], nan_ok=True)
    assert preferred_orientation(made).values == pytest.approx([45, np.nan, np.nan], nan_ok=True)


@pytest.mark.parametrize("kappa", [5, 8, 12, 20, 30, 40, 80])
@pytest.mark.parametrize("height", [0.5, 2**-0.5])
@pytest.mark.parametrize("parity", [1, -1])
def test_bandwidth_of_a_gabor_filter_with_12_orientations(curve, kappa, height, parity):
    """The closed form is acos(1 - ln(1/h) / κ); the filter's other lobe in frequency adds (even) or subtracts (odd)."""
    preferred = np.linspace(0, 180, 25)
    delta = np.deg2rad(ANGLES[:, None] - preferred)
    values = np.abs(np.exp(-kappa * (1 - np.cos(delta))) + parity * np.exp(-kappa * (1 + np.cos(delta))))
    made = curve("orientation", ANGLES, values)
    expected = np.rad2deg(np.arccos(1 - np.log(1 / height) / kappa))
    for form, allowed in (("best", 0.1), ("gabor", 0.1), ("von mises", 0.5)):
        found = orientation_bandwidth(made, height=height, form=form)
        np.testing.assert_allclose(found, expected, atol=allowed)
    for method in ("vector", "fitted"):
        assert apart(preferred_orientation(made, method=method), preferred).max() < 0.1


def test_no_bandwidth_where_the_base_is_too_high(curve):
    bump = np.exp(4 * (np.cos(2 * np.deg2rad(ANGLES - 40)) - 1))
    made = curve("orientation", ANGLES, np.stack([3 + bump, 0.2 + bump], axis=1))
    assert np.isnan(orientation_bandwidth(made).values).tolist() == [True, False]


@settings(deadline=None, max_examples=12)
@given(st.integers(0, 10_000), st.integers(1, 11), st.floats(1e-3, 1e3))
def test_turning_the_stimuli_turns_the_preference_and_scaling_changes_no_index(seed, steps, scale):
    rng = np.random.default_rng(seed)
    preferred, kappa = rng.uniform(0, 180, 4), rng.uniform(0.5, 6, 4)
    bumps = np.exp(kappa * (np.cos(2 * np.deg2rad(ANGLES[:, None] - preferred)) - 1))
    values = bumps + 0.3 * rng.random((12, 4))  # pure noise would have no preference to turn
    coords = {"stimulus": range(12), "unit": list("abcd"), "orientation": ("stimulus", ANGLES)}
    responses = xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)
    before = orientation_tuning(responses, baseline="none")
    turned = scale * responses.assign_coords(orientation=("stimulus", (ANGLES + 15 * steps) % 180))
    after = orientation_tuning(turned, baseline="none")
    for name in ("preferred_orientation", "preferred_orientation_fitted"):
        assert apart(after[name].values, before[name].values + 15 * steps).max() < 0.5
    for name in ("circular_variance", "osi_pref_orth", "orthogonal_preferred_ratio"):
        np.testing.assert_allclose(after[name], before[name], rtol=1e-9)
    np.testing.assert_allclose(after["maximum"], scale * before["maximum"], rtol=1e-9)


def test_orthogonal_of_an_odd_number_of_orientations_is_interpolated(curve):
    at = np.arange(0, 180, 20.0)
    values = np.array([9.0, 0, 0, 0, 2, 4, 0, 0, 0])  # 80 and 100 lie to both sides of 90
    assert float(orthogonal_preferred_ratio(curve("orientation", at, values))[0]) == pytest.approx(3 / 9)


def test_rounded_orientations_are_even_and_gaps_are_not(curve):
    rounded = np.array([0, 22, 45, 67, 90, 112, 135, 158.0])
    assert float(circular_variance(curve("orientation", rounded, np.ones(8)))[0]) == pytest.approx(1, abs=0.01)
    with pytest.raises(ValueError, match=r"evenly spaced over 180 degrees.*skipna=True"):
        circular_variance(curve("orientation", rounded[:7], np.ones(7)))


def test_missing_samples_are_nan_unless_left_out(curve):
    values = 1 + np.cos(2 * np.deg2rad(ANGLES))
    values[6] = np.nan  # the response there is 0, so that nothing is lost
    made = curve("orientation", ANGLES, values)
    assert np.isnan(circular_variance(made)[0])
    assert float(circular_variance(made, skipna=True)[0]) == pytest.approx(0.5)


def test_negative_responses_are_refused_with_the_remedy(curve):
    with pytest.raises(ValueError, match=r"lowest is -1.*clip"):
        circular_variance(curve("orientation", ANGLES, -np.ones(12)))


def test_the_blank_decides(table):
    def tuned(orientation, **_):
        return 4 + np.exp(3 * (np.cos(2 * np.deg2rad(orientation - 30)) - 1))

    responses = table(tuned, orientation=ANGLES, blank=4.0)
    above, raw = orientation_tuning(responses), orientation_tuning(responses, baseline="none")
    assert float(above.circular_variance[0]) < 0.3
    assert float(raw.circular_variance[0]) > 0.9
    assert above.attrs["baseline"] == "blank rows"
    assert raw.attrs["baseline"] == "none"


def test_units_that_mean_nothing_are_flagged_and_nan(table):
    def cells(orientation, **_):
        tuned = np.exp(3 * (np.cos(2 * np.deg2rad(orientation - 30)) - 1))
        rounding = 1e-7 * np.sin(np.arange(len(orientation)))[:, None]
        return np.concatenate([2 + tuned, -tuned, 5 + rounding, 1.5 + 0.4 * tuned, 1.8 + tuned], axis=1)

    found = orientation_tuning(table(cells, units=5, orientation=ANGLES, blank=2.0))
    assert found.valid.values.tolist() == [True, False, False, False, True]
    assert found.reason.values.tolist() == [
        "", "never answered", "constant (held away from the rectifier)", "never above the blank",
        "below the blank in part (counted as 0)",
    ]  # fmt: skip
    for name in ("preferred_orientation", "circular_variance", "orientation_bandwidth"):
        assert np.isnan(found[name].values).tolist() == [False, True, True, True, False]


def test_the_table_keeps_units_and_can_be_saved(table, tmp_path):
    responses = table(lambda orientation, **_: 1 + np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES, blank=0.0)
    responses = responses.assign_coords(layer=("unit", ["conv1"]))
    found = orientation_tuning(responses)
    found.to_netcdf(tmp_path / "tuning.nc", engine="h5netcdf")
    again = xr.load_dataset(tmp_path / "tuning.nc", engine="h5netcdf")
    assert again.layer.values.tolist() == ["conv1"]
    assert float(again.circular_variance[0]) == pytest.approx(0.5)


def test_ten_thousand_units_at_once(table):
    preferred = np.linspace(0, 180, 10_000, endpoint=False)

    def cells(orientation, **_):
        return np.exp(3 * (np.cos(2 * np.deg2rad(orientation - preferred)) - 1))

    found = orientation_tuning(table(cells, units=10_000, orientation=ANGLES, blank=0.0))
    assert apart(found.preferred_orientation, preferred).max() < 0.5
    assert bool(found.valid.all())
