"""Results have the labels that xarray's own constructor would give them."""

import numpy as np
import pytest
import xarray as xr

from cortexcnn.similarity import compare, rdm
from cortexcnn.similarity.rdms.labelling import labelled


@pytest.fixture
def responses() -> xr.DataArray:
    coords = {
        "stimulus": ("stimulus", [f"face {i}" for i in range(6)], {"long_name": "photograph"}),
        "unit": np.arange(8),
        "contrast": ("stimulus", np.linspace(0, 1, 6)),
        "layer": ("unit", ["conv2"] * 4 + ["conv1"] * 4),
    }
    return xr.DataArray(np.random.default_rng(0).normal(size=(6, 8)), coords, ("stimulus", "unit"))


def test_an_array_is_the_one_that_the_constructor_makes():
    coords = {
        "layer": xr.Variable("layer", ["b", "a"]),
        "depth": xr.Variable("layer", [1.5, 2.5]),
        "seed": xr.Variable((), 3),
    }
    ours = labelled(np.eye(2), coords, ("layer", "draw"), name="score", attrs={"method": "cosine"})
    xr.testing.assert_identical(ours, xr.DataArray(np.eye(2), coords, ("layer", "draw"), "score", {"method": "cosine"}))
    assert ours.indexes["layer"].name == "layer"
    assert ours.sel(layer="a").depth == 2.5


def test_labels_of_an_rdm_stand_through_selection_arithmetic_and_files(responses, tmp_path):
    made = rdm(responses, by="layer")
    again = xr.DataArray(made.values, dict(made.coords), made.dims, made.name, made.attrs)
    xr.testing.assert_identical(made, again)
    assert made.indexes["stimulus2"].name == "stimulus2"
    assert made.stimulus.attrs == {"long_name": "photograph"}
    pair = {"stimulus": "face 1", "stimulus2": "face 4"}
    assert made.sel(layer="conv1", **pair) == rdm(responses.isel(unit=slice(4, 8))).sel(pair)
    assert (made.isel(stimulus=slice(2)) + made.isel(stimulus=slice(1, 3))).stimulus.values.tolist() == ["face 1"]
    made.to_netcdf(tmp_path / "rdm.nc", engine="h5netcdf")
    xr.testing.assert_equal(xr.load_dataarray(tmp_path / "rdm.nc", engine="h5netcdf"), made)


def test_another_index_along_the_stimuli_is_not_carried_along(responses):
    made = rdm(responses.set_xindex("contrast"))
    assert set(made.xindexes) == {"stimulus", "stimulus2"}
    np.testing.assert_array_equal(made.contrast, responses.contrast)


def test_a_comparison_keeps_the_labels_of_both_sides(responses):
    layers = rdm(responses, by="layer").assign_coords(depth=("layer", [2, 1]))
    table = compare(layers, layers, method="pearson")
    for name in ("layer", "depth", "units"):
        assert table[name].dims == ("layer",)
        np.testing.assert_array_equal(table[name], table[f"{name}2"])
    assert table.sel(layer="conv1", layer2="conv1") == pytest.approx(1)
