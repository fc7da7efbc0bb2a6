"""Responses as data frames: a column a unit, or a row a response."""

from __future__ import annotations

import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.exchange.frame_parts import columns_of, index_of, levels_of, numbers_of, refuse_names
from cortexcnn.exchange.rows import column, gather, joined, spread

__all__ = ["from_long", "from_wide", "to_long", "to_wide"]

_ROWS = ("stimulus", "repeat", "time")
_RESPONSE = "response"


def to_wide(responses: xr.DataArray) -> pd.DataFrame:
    """A row a presentation (at each time), a column a unit."""
    check_responses(responses)
    rows = [dim for dim in _ROWS if dim in responses.dims]
    index, columns = index_of(spread(responses, rows)), index_of(spread(responses, ["unit"]))
    return pd.DataFrame(responses.transpose(*rows, "unit").values.reshape(len(index), len(columns)), index, columns)


def from_wide(frame: pd.DataFrame, _dims: list[str]) -> xr.DataArray:
    """The responses of :func:`to_wide`, which have no leading dimensions."""
    presented, units = levels_of(frame.index, "stimulus"), levels_of(frame.columns, "unit")
    rows = [dim for dim in _ROWS if dim in presented]
    values, coords = gather(numbers_of(frame), presented, rows)
    coords = joined(coords, {name: ("unit", column(each.to_numpy())) for name, each in units.items()})
    table = xr.DataArray(values, coords, (*rows, "unit"))
    return check_responses(table.transpose("stimulus", "unit", ...))


def to_long(responses: xr.DataArray) -> pd.DataFrame:
    """A row a response."""
    check_responses(responses)
    dims = [dim for dim in ("stimulus", "unit", "repeat", "time") if dim in responses.dims]
    columns = spread(responses, dims)
    refuse_names(columns, {_RESPONSE})
    return pd.DataFrame(columns | {_RESPONSE: responses.transpose(*dims).values.reshape(-1)})


def from_long(frame: pd.DataFrame, _dims: list[str]) -> xr.DataArray:
    """The responses of :func:`to_long`, which have no leading dimensions."""
    columns = columns_of(frame, ("stimulus", "unit", _RESPONSE))
    dims = [dim for dim in ("stimulus", "unit", "repeat", "time") if dim in columns]
    values, coords = gather(numbers_of(columns.pop(_RESPONSE)), columns, dims)
    return check_responses(xr.DataArray(values, coords, dims))
