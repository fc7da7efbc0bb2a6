"""Curves are made by label: order, blanks and gaps change nothing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.tuning import tuning_curve

ANGLES = np.arange(0, 180, 30.0)
PHASES = np.arange(0, 360, 45.0)


def cell(orientation, spatial_frequency, phase, **_):
    drive = np.cos(np.deg2rad(2 * (orientation - 60))) * np.exp(-(np.log2(spatial_frequency) ** 2))
    return np.concatenate([5 + drive * np.cos(np.deg2rad(phase - 90)), 2 + drive], axis=1)


@pytest.fixture
def sweep(table):
    return table(cell, units=2, blank=1.0, orientation=ANGLES, spatial_frequency=[0.5, 1, 2], phase=PHASES)


def test_phase_is_averaged_and_the_best_frequency_taken(sweep):
    curve = tuning_curve(sweep, "orientation")
    assert curve.dims == ("orientation", "unit")
    assert curve.attrs["phases"] == 8
    assert curve.attrs["baseline"] == "blank rows"
    np.testing.assert_allclose(curve[:, 1], 1 + np.cos(np.deg2rad(2 * (ANGLES - 60))), atol=1e-12)
    assert float(curve.at_spatial_frequency[1]) == 1
    np.testing.assert_allclose(curve[:, 0], 4, atol=1e-12)


def test_f1_has_no_baseline_and_its_own_best(sweep):
    curve = tuning_curve(sweep, "orientation", component="f1")
    np.testing.assert_allclose(curve[:, 0], np.abs(np.cos(np.deg2rad(2 * (ANGLES - 60)))), atol=1e-12)
    assert float(curve.baseline[0]) == 0


def test_the_larger_component_is_chosen_unit_by_unit(table):
    def both(orientation, phase, **_):
        tuned = 1 + np.cos(np.deg2rad(2 * (orientation - 60)))
        wave = np.cos(np.deg2rad(phase))
        return np.concatenate([np.maximum(tuned * wave, 0), tuned + 0.1 * wave], axis=1)

    curve = tuning_curve(table(both, units=2, orientation=ANGLES, phase=PHASES), "orientation", component="larger")
    assert curve.component.values.tolist() == ["f1", "f0"]
    np.testing.assert_allclose(curve[:, 0], 0.5 * (1 + np.cos(np.deg2rad(2 * (ANGLES - 60)))), atol=1e-12)


def test_values_and_means_settle_the_other_parameters(sweep):
    high = tuning_curve(sweep, "orientation", at={"spatial_frequency": 2.0})
    np.testing.assert_allclose(high[:, 1], 1 + np.exp(-1) * np.cos(np.deg2rad(2 * (ANGLES - 60))), atol=1e-12)
    mean = tuning_curve(sweep, "orientation", at="mean")
    factor = (1 + 2 * np.exp(-1)) / 3
    np.testing.assert_allclose(mean[:, 1], 1 + factor * np.cos(np.deg2rad(2 * (ANGLES - 60))), atol=1e-12)
    assert not [name for name in mean.coords if str(name).startswith("at_")]


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_stimuli_and_units_changes_nothing(random):
    rng = np.random.default_rng(random.randrange(1000))
    angle, frequency = (part.ravel() for part in np.meshgrid(ANGLES, [1.0, 2.0, 4.0], indexing="ij"))
    responses = xr.DataArray(
        rng.random((18, 5)), dims=("stimulus", "unit"), coords={
            "stimulus": range(18), "unit": list("abcde"), "orientation": ("stimulus", angle),
            "spatial_frequency": ("stimulus", frequency)})  # fmt: skip
    shuffled = responses.isel(stimulus=rng.permutation(18), unit=rng.permutation(5)).transpose("unit", "stimulus")
    xr.testing.assert_allclose(
        tuning_curve(shuffled, "orientation").sel(unit=list("abcde")), tuning_curve(responses, "orientation")
    )


def test_opposite_directions_make_one_orientation(table):
    responses = table(lambda direction, **_: direction, direction=[0, 90, 180, 270])
    curve = tuning_curve(responses, "orientation")
    assert curve.orientation.values.tolist() == [0, 90]
    assert curve[:, 0].values.tolist() == [(90 + 270) / 2, (0 + 180) / 2]
    assert tuning_curve(responses, "direction")[:, 0].values.tolist() == [0, 90, 180, 270]


def test_missing_repeats_are_left_out_and_rows_of_one_stimulus_averaged():
    values = np.array([[[1.0, 3.0]], [[np.nan, 5.0]], [[7.0, 7.0]], [[np.nan, np.nan]]])
    angles = ("stimulus", [0.0, 90.0, 90.0, 45.0])
    coords = {"stimulus": list("abcd"), "unit": [0], "orientation": angles}
    responses = xr.DataArray(values, dims=("stimulus", "unit", "repeat"), coords=coords)
    assert tuning_curve(responses, "orientation")[:, 0].values == pytest.approx([2, np.nan, 6], nan_ok=True)


def test_a_neuron_has_its_spontaneous_rate_for_a_blank(table):
    responses = table(lambda orientation, **_: orientation + 3, orientation=[0, 90])
    neuron = responses.assign_coords(spontaneous=("unit", [2.0]))
    assert tuning_curve(neuron, "orientation")[:, 0].values.tolist() == [1, 91]
    assert tuning_curve(neuron, "orientation").attrs["baseline"] == "spontaneous"
    assert tuning_curve(neuron, "orientation", baseline="none")[:, 0].values.tolist() == [3, 93]
    assert tuning_curve(responses, "orientation").attrs["baseline"] == "none"


def test_negative_responses_count_as_none_unless_asked(table):
    responses = table(lambda orientation, **_: orientation - 45, orientation=[0, 90], blank=-1.0)
    assert tuning_curve(responses, "orientation")[:, 0].values.tolist() == [0, 45]
    assert tuning_curve(responses, "orientation", rectify=False)[:, 0].values.tolist() == [-44, 46]


def test_a_unit_without_responses_stays_without(sweep):
    silent = sweep.copy(data=np.where(np.arange(2) == 0, np.nan, sweep.values))
    curve = tuning_curve(silent, "orientation")
    assert np.isnan(curve[:, 0]).all()
    assert not np.isnan(curve[:, 1]).any()


def test_a_size_that_follows_from_frequency_is_no_parameter_of_its_own(table):
    responses = table(lambda spatial_frequency, **_: spatial_frequency, spatial_frequency=[1, 2, 4])
    responses = responses.assign_coords(size=("stimulus", [2.0, 1.0, 0.5]))
    curve = tuning_curve(responses, "spatial_frequency")
    assert "at_size" not in curve.coords
    assert curve[:, 0].values.tolist() == [1, 2, 4]


def test_a_drifting_grating_has_f0_and_f1_over_time():
    time = np.arange(50) / 50
    angle = np.arange(0, 360, 90.0)
    wave = 2 + np.outer([1, 0.5, 0.2, 0.1], np.cos(2 * np.pi * 4 * time))
    responses = xr.DataArray(
        wave[:, None], dims=("stimulus", "unit", "time"), coords={
            "stimulus": range(4), "unit": [0], "time": time, "direction": ("stimulus", angle),
            "temporal_frequency": ("stimulus", np.full(4, 4.0))})  # fmt: skip
    np.testing.assert_allclose(tuning_curve(responses, "direction")[:, 0], 2)
    np.testing.assert_allclose(tuning_curve(responses, "direction", component="f1")[:, 0], [1, 0.5, 0.2, 0.1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameter": "colour"}, "no stimulus parameter colour"),
        ({"parameter": "orientation", "component": "f2"}, "no component named 'f2'; there are f0, f1, larger"),
        ({"parameter": "orientation", "baseline": "blnk"}, "Did you mean 'blank'"),
        ({"parameter": "orientation", "at": "worst"}, "best, mean"),
        ({"parameter": "orientation", "at": {"sise": 1}}, "no stimulus parameter 'sise'"),
        ({"parameter": "orientation", "at": {"spatial_frequency": 3}}, r"there are 0\.5, 1\.0, 2\.0"),
    ],
)
def test_what_is_not_there_is_refused_by_name(sweep, options, message):
    with pytest.raises(ValueError, match=message):
        tuning_curve(sweep, **options)


def test_too_few_phases_for_f1_are_refused(table):
    responses = table(lambda orientation, phase: orientation + phase, orientation=[0, 90], phase=[0, 180])
    with pytest.raises(ValueError, match="at least 3 phases"):
        tuning_curve(responses, "orientation", component="f1")


def test_combinations_that_never_complete_a_curve_are_refused(table):
    responses = table(lambda orientation, **_: orientation, orientation=[0, 90], repetition=[0, 1])
    responses = responses.assign_coords(size=("stimulus", [1.0, 2.0, 3.0, 4.0])).drop_vars("repetition")
    with pytest.raises(ValueError, match=r"no combination of size was shown at every orientation"):
        tuning_curve(responses, "orientation")
    assert tuning_curve(responses, "orientation", at="mean")[:, 0].values.tolist() == [0, 90]
