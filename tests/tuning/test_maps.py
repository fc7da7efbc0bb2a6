"""What is no map is refused with the remedy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.tuning.maps import check_map, map_validity

AT = np.linspace(-1, 1, 5)


def made(values: np.ndarray, **coords: object) -> xr.DataArray:
    return xr.DataArray(values, dims=("y", "x", "unit"), coords={"y": AT, "x": AT} | coords)


def test_rows_that_count_downward_are_turned():
    table = made(np.arange(25.0).reshape(5, 5, 1))
    turned = check_map(table.isel(y=slice(None, None, -1)).transpose("unit", "x", "y"))
    assert np.array_equal(turned.values, table.values)


@pytest.mark.parametrize(
    ("table", "error", "message"),
    [
        (np.zeros((5, 5)), TypeError, "got ndarray"),
        (made(np.zeros((5, 5, 1))).isel(unit=0), ValueError, "expand_dims"),
        (made(np.zeros((5, 5, 1))).drop_vars("x"), ValueError, "none: .assign_coords"),
        (made(np.zeros((5, 5, 1))).isel(x=[0, 1, 4]), ValueError, "0.5 to 1.5 degrees apart"),
        (made(np.zeros((5, 5, 1))).isel(y=[0, 1]), ValueError, "2 positions along y"),
    ],
)
def test_what_is_no_map(table, error, message):
    with pytest.raises(error, match=message):
        check_map(table)


def test_reasons():
    values = np.zeros((5, 5, 4))
    values[0, 0] = [np.nan, 0, -1, 2]
    notes = map_validity(made(values))
    assert notes.reason.values.tolist() == ["samples missing", "never answered", "never above the blank", ""]
    assert notes.valid.values.tolist() == [False, False, False, True]
    assert map_validity(made(values), either_sign=True).valid.values.tolist() == [False, False, True, True]
