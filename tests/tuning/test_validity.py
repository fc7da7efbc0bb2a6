"""Flags of the screen and of the range (those of the curve itself are tested with orientation)."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.tuning import (
    CAUTIONS,
    FAULTS,
    length_tuning,
    orientation_tuning,
    phase_tuning,
    size_tuning,
    spatial_frequency_tuning,
    tuning_curve,
    validity,
)

ANGLES = np.arange(0, 180, 30.0)


def test_a_receptive_field_that_leaves_the_screen(curve):
    made = curve("orientation", ANGLES, np.ones((6, 3)) + np.eye(6)[:, :3]).assign_attrs(degrees=8.0)
    inside, over, large = (0.0, 0.0, 2.0), (3.5, 0.0, 2.0), (0.0, 0.0, 9.0)
    columns = zip(*(inside, over, large), strict=True)
    made = made.assign_coords(
        {name: ("unit", list(c)) for name, c in zip(("rf_x", "rf_y", "rf_size"), columns, strict=True)}
    )
    notes = validity(made)
    assert notes.valid.all()
    assert notes.reason.values.tolist() == ["", *["receptive field leaves the screen"] * 2]


def test_a_parameter_that_was_settled_at_the_edge_of_its_range(table):
    def cells(orientation, spatial_frequency, **_):
        tuned = 1 + np.cos(2 * np.deg2rad(orientation))
        return np.concatenate([tuned * spatial_frequency, tuned * (spatial_frequency == 2)], axis=1)

    responses = table(cells, units=2, orientation=ANGLES, spatial_frequency=[1, 2, 4])
    assert validity(tuning_curve(responses, "orientation")).reason.values.tolist() == [
        "optimum at the edge of the range (a bound)",
        "",
    ]


def test_missing_samples(table):
    responses = table(lambda orientation, **_: 1 + np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES).copy()
    responses = responses.where(responses.stimulus != 2)
    assert orientation_tuning(responses).valid.values.tolist() == [False]
    lenient = orientation_tuning(responses, skipna=True)
    assert lenient.valid.values.tolist() == [True]
    assert lenient.reason.values.tolist() == ["samples missing"]


def test_reasons_are_listed():
    assert not set(FAULTS) & set(CAUTIONS)


def test_a_table_is_no_curve(curve):
    with pytest.raises(TypeError, match="tuning_curve"):
        validity(np.ones(3))
    with pytest.raises(ValueError, match="one labelled stimulus parameter"):
        validity(curve("orientation", ANGLES, np.ones(6)).isel(unit=0))


def test_a_stimulus_larger_than_the_screen(table):
    def cell(orientation, **_):
        return 1 + np.cos(2 * np.deg2rad(orientation))

    cut = "stimulus larger than the screen (cut at its edge)"
    for size, reasons in (([2.0], [""]), ([20.0], [cut]), ([np.inf], [""])):  # without an aperture there is no size
        responses = table(cell, orientation=ANGLES, size=size).assign_attrs(degrees=8.0)
        assert orientation_tuning(responses).reason.values.tolist() == reasons
    own = table(cell, orientation=ANGLES).assign_attrs(degrees=8.0).assign_coords(own_outer_size=("unit", [9.0]))
    assert orientation_tuning(own).reason.values.tolist() == [cut]


def test_a_negative_unit_is_silent_if_rectified_and_measured_if_not(table):
    responses = table(
        lambda orientation, **_: -5 + 2 * np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES, blank=-6.0
    )
    assert orientation_tuning(responses).reason.values.tolist() == ["never answered"]
    raw = orientation_tuning(responses, rectify=False)
    assert raw.valid.all()
    assert float(raw.maximum[0]) == pytest.approx(3)
    held_down = orientation_tuning(responses - 10, rectify=False, baseline="none")
    assert held_down.reason.values.tolist() == ["never above the blank"]


def test_infinite_responses_are_missing_ones(table):
    responses = table(lambda orientation, **_: 1 + np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES).copy()
    assert orientation_tuning(responses.where(responses.stimulus != 2, np.inf)).reason.values[0] == "samples missing"


def test_what_exceeds_the_blank_by_rounding_does_not_exceed_it(table):
    responses = table(lambda phase, **_: 5 + 1e-7 * np.cos(np.deg2rad(phase)), phase=np.arange(0, 360, 45.0), blank=5.0)
    assert phase_tuning(responses).reason.values.tolist() == ["never above the blank"]


@pytest.mark.parametrize(
    ("measure", "name"),
    [(spatial_frequency_tuning, "spatial_frequency"), (size_tuning, "size"), (length_tuning, "length")],
)
def test_ranges_that_do_not_hold_the_optimum(table, measure, name):
    shown = 2.0 ** np.arange(6)

    def cells(**parameters):
        octaves = np.log2(parameters[name])
        return np.concatenate([1 + octaves, 6 - octaves, 1 + np.exp(-((octaves - 2) ** 2))], axis=1)

    reasons = measure(table(cells, units=3, blank=0.0, **{name: shown})).reason.values
    assert ["optimum at the edge of the range (a bound)" in reason for reason in reasons] == [True, True, False]


def test_a_missing_blank_is_in_the_attributes(table):
    responses = table(lambda orientation, **_: 1 + np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES)
    assert orientation_tuning(responses, baseline="blank").attrs["baseline"] == "none"
    with_blank = table(lambda orientation, **_: 1 + np.cos(2 * np.deg2rad(orientation)), orientation=ANGLES, blank=0.5)
    assert orientation_tuning(with_blank).attrs["baseline"] == "blank rows"
