from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.exchange.brainscore_assemblies import from_brainscore_assembly, to_brainscore_assembly
from cortexcnn.exchange.brainscore_files import read_brainscore_assembly, write_brainscore_assembly
from cortexcnn.reference import ecker2010
from cortexcnn.stimuli import sweep, to_brainscore

BRAINSCORE = os.environ.get("CORTEXCNN_BRAINSCORE", "")


@pytest.fixture
def gratings() -> xr.DataArray:
    """Responses to gratings that differ in all that is converted, a blank among them."""
    shown = sweep("grating", orientation=[0, 30, 135], phase=[0, 90], x=0.5, y=[-1, 0], size=2, aperture="disc")
    values = np.random.default_rng(0).uniform(size=(shown.sizes["stimulus"], 3))
    coords = {str(name): ("stimulus", shown[name].values) for name in shown.data_vars}
    coords |= {"stimulus": shown["stimulus"].values, "unit": list("abc"), "area": ("unit", ["V1", "V1", "V2"])}
    table = xr.DataArray(values, coords, ("stimulus", "unit"), attrs=dict(shown.attrs))
    blank = table["orientation"].values.copy()
    blank[3] = np.nan
    contrast = np.ones(len(blank))
    contrast[3] = 0
    return table.assign_coords(orientation=("stimulus", blank), contrast=("stimulus", contrast))


@pytest.fixture
def made(responses: xr.DataArray) -> xr.DataArray:
    """Whose stimuli have no angles in the sense of Brain-Score."""
    return responses.rename(orientation="tilt")


def test_responses_come_back_as_they_went(made, tmp_path):
    for i, some in enumerate((made, made.isel(repeat=1, drop=True), made.isel(repeat=[1]), made.rename("rates"))):
        xr.testing.assert_identical(from_brainscore_assembly(to_brainscore_assembly(some)), some)
        file = write_brainscore_assembly(some, tmp_path / f"{i}.nc")
        xr.testing.assert_identical(read_brainscore_assembly(file), some)


def test_responses_over_time_come_back_as_they_went(made, tmp_path):
    moving = made * xr.DataArray([1.0, 2.0], {"time": [0.07, 0.17], "epoch": ("time", ["on", "off"])}, ("time",))
    moving.attrs = made.attrs
    assembly = to_brainscore_assembly(moving)
    assert assembly.dims == ("presentation", "neuroid", "time_bin")
    assert assembly["time_bin_start"].values.tolist() == [20, 120]
    assert assembly["time_bin_end"].values.tolist() == [120, 220]
    xr.testing.assert_identical(from_brainscore_assembly(assembly), moving)
    xr.testing.assert_identical(read_brainscore_assembly(write_brainscore_assembly(moving, tmp_path / "a.nc")), moving)
    apart = moving.assign_coords(time_start=("time", [0.0, 0.16]), time_end=("time", [0.14, 0.18]))
    xr.testing.assert_identical(from_brainscore_assembly(to_brainscore_assembly(apart)), apart)


def test_labels_that_stand_alone_come_back(tmp_path):
    bare = xr.DataArray([[1, 2], [3, 4]], {"stimulus": ["a", "b"], "unit": [3, 7]}, ("stimulus", "unit"))
    assembly = to_brainscore_assembly(bare)
    assert assembly["presentation_num"].values.tolist() == assembly["neuroid_num"].values.tolist() == [0, 1]
    xr.testing.assert_identical(read_brainscore_assembly(write_brainscore_assembly(bare, tmp_path / "a.nc")), bare)


@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_presentations_come_back_from_any_order(data):
    stimuli, repeats = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shown = rng.random((stimuli, repeats)) < 0.7
    shown[:, 0] |= ~shown.any(axis=1)
    values = np.where(shown[:, None], rng.normal(size=(stimuli, 2, repeats)), np.nan)
    labels = {"stimulus": rng.permutation(stimuli), "unit": ["a", "b"], "repeat": range(repeats)}
    table = xr.DataArray(values, labels, ("stimulus", "unit", "repeat"))
    table = table.assign_coords(contrast=("stimulus", rng.integers(0, 2, stimuli).astype(float)))
    there = table.isel(repeat=shown.any(axis=0))
    assembly = to_brainscore_assembly(table)
    assert assembly.sizes["presentation"] == shown.sum()
    xr.testing.assert_identical(from_brainscore_assembly(assembly), there)
    mixed = assembly.isel(presentation=rng.permutation(shown.sum())).transpose("neuroid", "presentation")
    xr.testing.assert_identical(from_brainscore_assembly(mixed).reindex_like(there), there)


def test_gratings_are_turned_into_their_convention_and_back(gratings):
    assembly = to_brainscore_assembly(gratings)
    assert assembly.attrs["convention"] == "brainscore"
    assert "size" not in assembly.coords
    theirs = to_brainscore(gratings.coords.to_dataset().reset_coords().drop_dims("unit").assign_attrs(kind="grating"))
    for name in ("orientation", "phase", "position_x", "position_y", "radius", "contrast"):
        np.testing.assert_allclose(assembly[name], theirs[name])
    xr.testing.assert_allclose(from_brainscore_assembly(assembly), gratings)
    assert from_brainscore_assembly(assembly).attrs == gratings.attrs
    kept = to_brainscore_assembly(gratings, convention="cortexcnn")
    np.testing.assert_array_equal(kept["orientation"], gratings["orientation"])
    xr.testing.assert_identical(from_brainscore_assembly(kept), gratings)


def test_a_known_grating_of_theirs_is_read_as_what_was_seen():
    """30 degrees clockwise from vertical is 60 counter-clockwise from horizontal; below and right of the centre."""
    presented = {"stimulus_id": ["g"], "orientation": [30.0], "phase": [90.0], "position_x": [1.0], "position_y": [2.0]}
    coords = {name: ("presentation", values) for name, values in presented.items()}
    assembly = xr.DataArray(
        [[1.0]],
        {**coords, "radius": ("presentation", [3.0]), "neuroid_id": ("neuroid", ["n"])},
        ("presentation", "neuroid"),
    )
    read = from_brainscore_assembly(assembly, convention="brainscore")
    found = {name: float(read[name].item()) for name in ("orientation", "phase", "x", "y", "size")}
    assert found == {"orientation": 60, "phase": 90, "x": 1, "y": -2, "size": 6}
    assert read.attrs["kind"] == "grating"
    again = to_brainscore_assembly(read)
    assert {name: again[name].values.tolist() for name in presented} == presented
    with pytest.raises(ValueError, match="nothing says what they mean"):
        from_brainscore_assembly(assembly)
    with pytest.raises(ValueError, match="no convention named 'clockwise'"):
        from_brainscore_assembly(assembly, convention="clockwise")


def test_their_stacked_indexes_are_read(made):
    assembly = to_brainscore_assembly(made)
    stacked = assembly.set_index(
        presentation=["stimulus_id", "tilt", "kind", "repetition", "run"],
        neuroid=["neuroid_id", "layer", "region", "channel"],
    )
    xr.testing.assert_identical(from_brainscore_assembly(stacked), made)


def test_presentations_without_numbers_are_counted():
    presented = {"image_id": ("presentation", ["b", "a", "b"]), "set": ("presentation", ["x", "y", "x"])}
    assembly = xr.DataArray([[1.0], [2.0], [3.0]], presented, ("presentation", "neuroid"))
    read = from_brainscore_assembly(assembly.assign_coords(neuroid_id=("neuroid", [5])), stimulus="image_id")
    assert read.sel(unit=5).values.tolist()[0] == [1, 3]
    assert read["stimulus"].values.tolist() == ["b", "a"]
    assert read["set"].dims == ("stimulus",)
    assert np.isnan(read.sel(stimulus="a", repeat=1)).all()


def test_the_labels_may_be_chosen(made):
    some = made.isel(repeat=1, stimulus=slice(2, 4), unit=slice(2), drop=True)
    read = from_brainscore_assembly(to_brainscore_assembly(some), stimulus="tilt", unit="channel", repeat="kind")
    assert read["stimulus_id"].values.tolist() == ["s3", "s2"]
    assert read["neuroid_id"].values.tolist() == ["conv1/0", "conv1/1"]
    assert read["repeat"].values.tolist() == ["bar"]
    np.testing.assert_array_equal(read.sel(stimulus=[90, 135], unit=[0, 1], repeat="bar"), some)


def test_what_is_no_assembly_is_refused(made, tmp_path):
    assembly = to_brainscore_assembly(made)
    with pytest.raises(TypeError, match=r"xarray\.DataArray; got Dataset"):
        from_brainscore_assembly(assembly.to_dataset(name="data"))
    with pytest.raises(ValueError, match="this one has stimulus, unit, repeat"):
        from_brainscore_assembly(made)
    with pytest.raises(ValueError, match="presentation has no stimulus_id; it has tilt"):
        from_brainscore_assembly(assembly.drop_vars("stimulus_id"))
    with pytest.raises(ValueError, match="neuroid has no neuroid_id"):
        from_brainscore_assembly(assembly.drop_vars("neuroid_id"))
    with pytest.raises(ValueError, match="an earlier row has"):
        from_brainscore_assembly(assembly.isel(presentation=[0, 1, 0]))
    with pytest.raises(ValueError, match="labels conv1/0 of unit"):
        from_brainscore_assembly(assembly.isel(neuroid=[0, 0]))
    with pytest.raises(ValueError, match="region would become area, which is there already"):
        from_brainscore_assembly(assembly.assign_coords(area=("neuroid", list("abcd"))))
    with pytest.raises(ValueError, match="time_bin has no time_bin_end"):
        from_brainscore_assembly(assembly.expand_dims("time_bin").assign_coords(time_bin_start=("time_bin", [0])))
    (tmp_path / "text.nc").write_text("no file of this form")
    with pytest.raises(ValueError, match=r"text\.nc is no netCDF-4 file"):
        read_brainscore_assembly(tmp_path / "text.nc")
    with pytest.raises(FileNotFoundError, match="no file"):
        read_brainscore_assembly(tmp_path / "nothing.nc")
    xr.Dataset({"a": 1, "b": 2}).to_netcdf(tmp_path / "two.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"is one array; .* holds a, b"):
        read_brainscore_assembly(tmp_path / "two.nc")


def test_what_an_assembly_cannot_hold_is_refused(responses, made, tmp_path):
    with pytest.raises(ValueError, match="these stimuli are of the kind unknown; keep their parameters"):
        to_brainscore_assembly(responses.drop_vars("kind"))
    with pytest.raises(ValueError, match="no convention named 'brain'"):
        to_brainscore_assembly(made, convention="brain")
    with pytest.raises(ValueError, match="neuroid is a dimension there"):
        to_brainscore_assembly(made.assign_coords(neuroid=("unit", range(4))))
    with pytest.raises(ValueError, match="area would become region, which is there already"):
        to_brainscore_assembly(made.assign_coords(region=("unit", range(4))))
    with pytest.raises(ValueError, match="evenly spaced centres of two or more are not here"):
        to_brainscore_assembly(made.expand_dims(time=[0.1]))
    with pytest.raises(ValueError, match="the attribute about is None"):
        write_brainscore_assembly(made.assign_attrs(about=None), tmp_path / "a.nc")
    mixed = np.array([None, 1, "a", 2], dtype=object)
    with pytest.raises(ValueError, match="the coordinate depth holds objects"):
        write_brainscore_assembly(made.assign_coords(depth=("unit", mixed)), tmp_path / "a.nc")
    file = write_brainscore_assembly(made, tmp_path / "a.nc")
    with pytest.raises(FileExistsError, match="say overwrite=True"):
        write_brainscore_assembly(made, file)
    write_brainscore_assembly(2 * made, file, overwrite=True)
    assert read_brainscore_assembly(file).max() == 2 * made.max()
    assert [path.name for path in tmp_path.iterdir()] == ["a.nc"]


def test_real_neurons_come_back(shared_data, tmp_path):
    cells = ecker2010(shared_data / "neural/ecker2010_v1_gratings")
    read = read_brainscore_assembly(write_brainscore_assembly(cells, tmp_path / "cells.nc"))
    np.testing.assert_array_equal(read, cells)
    np.testing.assert_allclose(read["orientation"], cells["orientation"])
    assert set(cells.coords) <= set(read.coords)


@pytest.mark.peers
@pytest.mark.skipif(not BRAINSCORE, reason="CORTEXCNN_BRAINSCORE names no interpreter that has brainscore-vision")
def test_brain_score_opens_our_files_and_we_open_its(made, gratings, tmp_path):
    moving = made * xr.DataArray([1.0, 2.0], {"time": [0.07, 0.17]}, ("time",))
    bare = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], {"stimulus": ["a", "b"], "unit": [3, 7]}, ("stimulus", "unit"))
    tables = {"made": made, "gratings": gratings, "moving": moving, "bare": bare}
    for name, table in tables.items():
        write_brainscore_assembly(table, tmp_path / f"{name}.nc")
    ask = Path(__file__).with_name("ask_brainscore.py")
    uncached = os.environ | {"RESULTCACHING_DISABLE": "1"}
    subprocess.run([BRAINSCORE, "-W", "ignore", str(ask), str(tmp_path)], check=True, env=uncached)
    for name, table in tables.items():
        xr.testing.assert_allclose(read_brainscore_assembly(tmp_path / "theirs" / f"{name}.nc"), table)
    layer = read_brainscore_assembly(tmp_path / "theirs" / "layer.nc", stimulus="stimulus_path")
    np.testing.assert_array_equal(
        layer.sel(stimulus="b.png"), 100 * layer.channel + 10 * layer.row + layer.column + 1000
    )
    assert layer["unit"].values.tolist()[:2] == ["net.conv.0", "net.conv.1"]
