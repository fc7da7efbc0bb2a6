"""Some units at a time give what all at once give."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols import grating_tuning
from cortexcnn.tuning import blocks
from cortexcnn.tuning.blocks import by_unit

ROWS = {
    name: column.ravel()
    for name, column in zip(
        ("orientation", "spatial_frequency", "phase"),
        np.meshgrid(np.arange(0, 180, 22.5), 2.0 ** np.arange(-1, 3), np.arange(0, 360, 60.0), indexing="ij"),
        strict=True,
    )
}
BARS = {
    name: column.ravel()
    for name, column in zip(
        ("polarity", "position"), np.meshgrid(["light", "dark"], np.arange(7.0), indexing="ij"), strict=True
    )
}
MEASURES = {
    "curve": (lambda r: tuning.tuning_curve(r, "orientation", component="larger"), ROWS),
    "orientation": (tuning.orientation_tuning, ROWS),
    "spatial frequency": (tuning.spatial_frequency_tuning, ROWS),
    "phase": (tuning.phase_tuning, ROWS),
    "all of these": (grating_tuning, ROWS),
    "size": (tuning.size_tuning, {"size": np.geomspace(0.2, 8, 8)}),
    "contrast": (tuning.contrast_tuning, {"contrast": np.geomspace(0.05, 1, 8)}),
    "profiles": (tuning.line_weighting, BARS),
    "bars": (tuning.line_weighting_tuning, BARS),
    "edges": (tuning.edge_tuning, BARS),
    "sparseness": (tuning.sparseness, ROWS),
}


def responses(columns: dict[str, np.ndarray], units: int = 11) -> xr.DataArray:
    count = len(next(iter(columns.values())))
    rows = {"contrast": np.ones(count)} | columns
    blank = {name: "" if column.dtype.kind == "U" else np.nan for name, column in rows.items()} | {"contrast": 0.0}
    rng = np.random.default_rng(0)
    values = rng.random((count + 1, units)).astype(np.float32) / 50
    ranks = [np.unique(column, return_inverse=True)[1] for column in columns.values()]
    for name, rank in zip(columns, ranks, strict=True):  # of each some middle value is liked best, of contrast all
        liked = rng.uniform(0.35, 0.65, units)
        apart = rank[:, None] / rank.max() - liked
        values[:-1] += 1 / (1 + np.exp(-8 * apart)) if name == "contrast" else np.exp(-((apart / 0.25) ** 2))
    values[:, 3] = 0
    values[2, 5] = np.nan
    coords = {"stimulus": range(count + 1), "unit": [f"cell {k}" for k in range(units)]}
    along = {name: ("stimulus", np.append(column, blank[name])) for name, column in rows.items()}
    layer = ("unit", ["a"] * 4 + ["deeper"] * (units - 4))
    return xr.DataArray(values, coords | along | {"layer": layer}, ("stimulus", "unit"), attrs={"degrees": 8.0})


@pytest.mark.parametrize("name", MEASURES)
def test_some_units_at_a_time_give_what_all_give(name, monkeypatch):
    measure, columns = MEASURES[name]
    shown = responses(columns)
    whole = measure(shown)
    monkeypatch.setattr(blocks, "VALUES", 3 * shown.sizes["stimulus"])
    xr.testing.assert_allclose(measure(shown), whole, rtol=2e-3, atol=1e-6)
    assert measure(shown).attrs == whole.attrs
    assert list(measure(shown).coords) == list(whole.coords)


def test_no_more_than_a_block_is_read_from_a_file(tmp_path, monkeypatch):
    shown = responses(ROWS)
    shown.rename("responses").to_netcdf(tmp_path / "responses.nc", engine="h5netcdf")
    seen = []
    largest = by_unit(lambda r: (seen.append(r.shape), r.max("stimulus"))[1])
    monkeypatch.setattr(blocks, "VALUES", 4 * shown.sizes["stimulus"])
    with xr.open_dataarray(tmp_path / "responses.nc", engine="h5netcdf") as stored:
        found = largest(stored)
        assert not stored.variable._in_memory
    np.testing.assert_array_equal(found, shown.max("stimulus"))
    assert [units for _, units in seen] == [4, 4, 3]


def test_what_is_no_table_of_responses_goes_to_the_measure_itself():
    with pytest.raises((TypeError, ValueError, AttributeError)):
        tuning.orientation_tuning(np.ones((3, 3)))
