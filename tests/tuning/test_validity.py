"""Flags of the screen and of the range (those of the curve itself are tested with orientation)."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.tuning import CAUTIONS, FAULTS, orientation_tuning, tuning_curve, validity

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
