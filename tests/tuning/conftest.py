"""Cells with known tuning, shown to gratings without any picture being drawn: closed forms in, closed forms out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def table() -> Callable[..., xr.DataArray]:
    """Responses to every combination of parameters, from a function of them that broadcasts over units."""

    def make(respond: Callable[..., np.ndarray], *, units: int = 1, blank: float | None = None, **parameters: object):
        names = list(parameters)
        grids = np.meshgrid(
            *[np.atleast_1d(np.asarray(values, float)) for values in parameters.values()], indexing="ij"
        )
        columns = {name: grid.ravel() for name, grid in zip(names, grids, strict=True)}
        values = np.broadcast_to(
            respond(**{name: column[:, None] for name, column in columns.items()}), (grids[0].size, units)
        )
        columns.setdefault("contrast", np.ones(grids[0].size))
        if blank is not None:
            values = np.concatenate([values, np.full((1, units), blank)])
            columns = {name: np.append(column, 0 if name == "contrast" else np.nan) for name, column in columns.items()}
        coords = {name: ("stimulus", column) for name, column in columns.items()}
        coords |= {"stimulus": np.arange(len(values)), "unit": [f"cell{i}" for i in range(units)]}
        return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords, attrs={"kind": "grating"})

    return make


@pytest.fixture
def curve() -> Callable[..., xr.DataArray]:
    """A curve from its values (parameter[, unit])."""

    def make(parameter: str, at: np.ndarray, values: np.ndarray) -> xr.DataArray:
        columns = values if values.ndim == 2 else values[:, None]
        coords = {parameter: at, "unit": np.arange(columns.shape[1])}
        return xr.DataArray(columns, dims=(parameter, "unit"), coords=coords)

    return make
