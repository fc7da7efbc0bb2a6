"""Length tuning of cells whose stopping is known, its laws and its refusals."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.tuning import end_stopping, length_tuning, preferred_length

LENGTHS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])


def bars(*cells):
    values = np.stack([np.asarray(cell, float) for cell in cells], axis=1)
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={"stimulus": np.arange(6), "unit": np.arange(len(cells)), "length": ("stimulus", LENGTHS)},
    )


@given(st.floats(0, 1), st.floats(0.1, 100), st.permutations(range(6)))
def test_stopping_that_was_built_in_comes_back_in_any_order(share, scale, order):
    cell = scale * np.array([0.3, 0.7, 1.0, 1 - share / 2, 1 - share, 1 - share])
    found = length_tuning(bars(cell).isel(stimulus=order))
    assert found["end_stopping"].item() == pytest.approx(share, abs=1e-9)
    assert found["preferred_length"].item() == 1.0
    assert found["maximum"].item() == pytest.approx(scale)
    if abs(share - 0.1) > 1e-6:
        assert found["end_stopped"].item() == (share > 0.1)


def test_a_unit_that_only_gains_is_not_stopped_and_its_length_is_a_bound():
    found = length_tuning(bars(LENGTHS, [1, 2, 3, 3, 3, 3]))
    assert found["end_stopping"].values.tolist() == [0, 0]
    assert found["preferred_length"].values.tolist() == [8, 1]
    assert found["reason"].values.tolist() == ["optimum at the edge of the range (a bound)", ""]


def test_units_that_say_nothing_are_flagged():
    found = length_tuning(bars(np.zeros(6), np.full(6, 2.0), -LENGTHS))
    assert found["valid"].values.tolist() == [False, False, False]
    assert found["reason"].values.tolist() == [
        "never answered",
        "constant (held away from the rectifier)",
        "never answered",
    ]
    assert found["end_stopping"].isnull().all()


def test_what_is_no_curve_over_length_is_refused():
    other = xr.DataArray([[1.0]], dims=("size", "unit"), coords={"size": [1.0]})
    for measure in (end_stopping, preferred_length):
        with pytest.raises(ValueError, match="this one is over size"):
            measure(other)
    with pytest.raises(ValueError, match=r"a share of 1\.5"):
        preferred_length(other.rename(size="length"), share=1.5)
    with pytest.raises(ValueError, match="one length alone"):
        length_tuning(bars(LENGTHS).isel(stimulus=[2]))
