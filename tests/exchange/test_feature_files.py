from __future__ import annotations

import os
import pickle
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.exchange.feature_files import read_thingsvision, write_thingsvision

THINGSVISION = os.environ.get("CORTEXCNN_THINGSVISION", "")
ENDINGS = ("npy", "hdf5", "mat", "pt", "txt")
FILES = ["animals/cat.jpg", "animals/dog.jpg", "things/cup.png"]


def features_of(*shape: int) -> np.ndarray:
    """Numbers that say where they stand."""
    return np.arange(3 * np.prod(shape), dtype=float).reshape(3, *shape)


def named(folder: Path) -> Path:
    (folder / "file_names.txt").write_text("".join(f"{file}\n" for file in FILES))
    return folder


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("shape", [(4,), (2, 5), (2, 3, 4)])
def test_features_of_any_kind_come_back_as_they_went(tmp_path, ending, shape):
    np.save(named(tmp_path) / "features.npy", features_of(*shape))
    table = read_thingsvision(tmp_path, layer="conv")
    file = write_thingsvision(table, tmp_path / "again", ending=ending)
    assert file == tmp_path / "again" / f"features.{ending}"
    flat = ending == "txt" and len(shape) == 3
    back = read_thingsvision(tmp_path / "again", layer="conv", maps=shape if flat else None)
    if ending == "txt" and len(shape) == 2:
        np.testing.assert_array_equal(back.values, table.values)
    else:
        xr.testing.assert_identical(back, table)


def test_units_are_named_by_their_places(tmp_path):
    np.save(named(tmp_path) / "features.npy", features_of(2, 3, 4))
    table = read_thingsvision(tmp_path, layer="features.3")
    assert table["stimulus"].values.tolist() == ["cat", "dog", "cup"]
    assert table["file"].values.tolist() == FILES
    unit = table.sel(unit="features.3/1/2/3")
    assert [unit[name].item() for name in ("layer", "channel", "row", "column")] == ["features.3", 1, 2, 3]
    np.testing.assert_array_equal(unit, features_of(2, 3, 4)[:, 1, 2, 3])
    paths = read_thingsvision(tmp_path / "features.npy", layer="features.3", labels="path")
    assert paths["stimulus"].values.tolist() == ["animals/cat", "animals/dog", "things/cup"]


def test_maps_of_tensorflow_and_flattened_ones_are_the_same(tmp_path):
    table = features_of(2, 3, 4)
    np.save(named(tmp_path) / "features.npy", table)
    wanted = read_thingsvision(tmp_path, layer="conv")
    last = np.moveaxis(table, 1, -1)
    np.save(tmp_path / "features.npy", last)
    xr.testing.assert_identical(read_thingsvision(tmp_path, layer="conv", channels_last=True), wanted)
    np.save(tmp_path / "features.npy", last.reshape(3, -1))
    flat = read_thingsvision(tmp_path, layer="conv", maps=(2, 3, 4), channels_last=True)
    xr.testing.assert_identical(flat, wanted)
    np.save(tmp_path / "features.npy", table.reshape(3, -1))
    xr.testing.assert_identical(read_thingsvision(tmp_path, layer="conv", maps=(2, 3, 4)), wanted)
    with pytest.raises(ValueError, match="24 features of an image are not 2 × 3 × 5 maps"):
        read_thingsvision(tmp_path, layer="conv", maps=(2, 3, 5))


@settings(deadline=None, max_examples=25)
@given(data=st.data())
def test_parts_are_put_together_in_order(tmp_path_factory, data):
    folder, images = tmp_path_factory.mktemp("parts"), data.draw(st.integers(1, 30))
    ends = sorted(data.draw(st.sets(st.integers(1, images), max_size=5)) | {images})
    values = np.random.default_rng(0).normal(size=(images, 3))
    first = 0
    for end in ends:
        np.save(folder / f"features_{first}-{end}.npy", values[first:end])
        first = end
    table = read_thingsvision(folder, layer="fc", files=[f"{i}.png" for i in range(images)])
    np.testing.assert_array_equal(table, values)


def test_numbered_parts_and_those_in_one_file_are_put_together(tmp_path):
    values, numbered, together = features_of(4), tmp_path / "numbered", tmp_path / "together"
    numbered.mkdir()
    together.mkdir()
    named(tmp_path)
    for i in range(3):
        torch.save(torch.from_numpy(values[i : i + 1]), numbered / f"features_{i + 1:02d}.pt")
    with h5py.File(together / "features.hdf5", "w") as file:
        for i in range(3):
            file[f"features_{i + 1:02d}"] = values[i : i + 1]
    for folder in (numbered, together):
        np.testing.assert_array_equal(read_thingsvision(folder, layer="fc"), values)


def test_only_whole_layers_are_maps(tmp_path):
    np.save(named(tmp_path) / "features.npy", features_of(2, 3, 4))
    table = read_thingsvision(tmp_path, layer="conv")
    for some in (table.isel(unit=slice(5, 20)), table.isel(unit=slice(None, None, -1)), table.drop_vars("row")):
        written = np.load(write_thingsvision(some, tmp_path / "some", overwrite=True))
        np.testing.assert_array_equal(written, some)


def test_pickles_are_never_opened(tmp_path):
    named(tmp_path)
    torch.save({"features": torch.nn.Linear(1, 1)}, tmp_path / "features.pt")
    with pytest.raises(ValueError, match=r"\(there is more in it than tensors\); objects are never opened"):
        read_thingsvision(tmp_path / "features.pt", layer="fc")
    torch.save({"features": torch.ones(3, 2)}, tmp_path / "features.pt")
    with pytest.raises(ValueError, match="a tensor is wanted, and it holds a dict"):
        read_thingsvision(tmp_path / "features.pt", layer="fc")
    np.save(tmp_path / "features.npy", np.array([{}] * 3, dtype=object), allow_pickle=True)
    with pytest.raises(ValueError, match="objects are never opened"):
        read_thingsvision(tmp_path / "features.npy", layer="fc")
    (tmp_path / "features.npy").write_bytes(pickle.dumps([1, 2, 3]))
    with pytest.raises(ValueError, match="objects are never opened"):
        read_thingsvision(tmp_path / "features.npy", layer="fc")


def test_what_is_no_set_of_features_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="neither a file, nor a folder with"):
        read_thingsvision(tmp_path, layer="fc")
    np.save(tmp_path / "features.npy", features_of(4))
    with pytest.raises(FileNotFoundError, match=r"no file_names\.txt in .* give files="):
        read_thingsvision(tmp_path, layer="fc")
    named(tmp_path)
    with pytest.raises(ValueError, match="no kind of label named 'stems'"):
        read_thingsvision(tmp_path, layer="fc", labels="stems")
    with pytest.raises(ValueError, match="features of 3 images, and there are 2 names"):
        read_thingsvision(tmp_path, layer="fc", files=["a.png", "b.png"])
    with pytest.raises(ValueError, match="labels cat of stimulus are there more than once"):
        read_thingsvision(tmp_path, layer="fc", files=["a/cat.png", "b/cat.png", "dog.png"])
    (tmp_path / "features.csv").write_text("1,2")
    with pytest.raises(ValueError, match=r"features end in \.npy, .*; got features\.csv"):
        read_thingsvision(tmp_path / "features.csv", layer="fc")
    np.save(tmp_path / "features_1-3.npy", features_of(4))
    with pytest.raises(ValueError, match=r"several kinds: features\.npy, features_1-3\.npy; give the path of one"):
        read_thingsvision(tmp_path, layer="fc")
    (tmp_path / "features.npy").unlink()
    np.save(tmp_path / "features_3-4.npy", features_of(5))
    with pytest.raises(ValueError, match="have different shapes"):
        read_thingsvision(tmp_path, layer="fc")
    np.save(tmp_path / "one.npy", np.arange(3.0))
    with pytest.raises(ValueError, match="holds float64 of 3; features are numbers of image × channel"):
        read_thingsvision(tmp_path / "one.npy", layer="fc", files=FILES)
    scipy.io.savemat(tmp_path / "features.mat", {"cow": [1.0], "dog": [2.0]})
    with pytest.raises(ValueError, match="its images are cow, dog, …, and not animals/cat"):
        read_thingsvision(tmp_path / "features.mat", layer="fc")


def test_what_thingsvision_cannot_hold_is_refused(tmp_path, responses):
    with pytest.raises(ValueError, match="average over repeat and time"):
        write_thingsvision(responses, tmp_path)
    one = responses.mean("repeat")
    with pytest.raises(ValueError, match="one layer a file"):
        write_thingsvision(one, tmp_path)
    layer = one.isel(unit=one["layer"] == "conv1")
    with pytest.raises(ValueError, match="no kind of file named 'csv'; there are npy, hdf5, mat, pt, txt"):
        write_thingsvision(layer, tmp_path, ending="csv")
    with pytest.raises(ValueError, match="is no line of its own"):
        write_thingsvision(layer.assign_coords(stimulus=["a", "b", "c", "d\ne", "f"]), tmp_path)
    for labels in (["a.jpg", "a.png", "b", "c", "d"], ["_a", "b", "c", "d", "e"]):
        with pytest.raises(ValueError, match="can't be there: choose another ending"):
            write_thingsvision(layer.assign_coords(stimulus=labels), tmp_path, ending="mat")
    assert not list(tmp_path.iterdir())
    write_thingsvision(layer, tmp_path)
    with pytest.raises(FileExistsError, match=r"features\.npy is there already"):
        write_thingsvision(layer, tmp_path)
    with pytest.raises(FileExistsError, match=r"file_names\.txt is there already"):
        write_thingsvision(layer, tmp_path, ending="pt")
    write_thingsvision(2 * layer, tmp_path, overwrite=True)
    back = read_thingsvision(tmp_path, layer="conv1")
    np.testing.assert_array_equal(back, 2 * layer)
    assert back["stimulus"].values.tolist() == layer["stimulus"].values.tolist()


@pytest.mark.peers
@pytest.mark.skipif(not THINGSVISION, reason="CORTEXCNN_THINGSVISION names no interpreter that has thingsvision")
def test_what_thingsvision_writes_is_read(tmp_path):
    ask = Path(__file__).with_name("ask_thingsvision.py")
    subprocess.run([THINGSVISION, "-W", "ignore", str(ask), str(tmp_path)], check=True)
    given = np.load(tmp_path / "given.npy")
    for ending in ENDINGS:
        table = read_thingsvision(tmp_path / f"fc_{ending}", layer="fc")
        np.testing.assert_array_equal(table, given.reshape(len(given), -1))
        assert table["stimulus"].values.tolist() == [f"image_{i}" for i in range(7)]
        if ending != "txt":
            maps = read_thingsvision(tmp_path / f"conv_{ending}", layer="conv")
            np.testing.assert_array_equal(maps.sel(unit="conv/1/2/3"), given[:, 1, 2, 3])
    for kind in ("ndarray", "tensor"):
        for layer in ("first", "second"):
            parts = read_thingsvision(tmp_path / kind / layer, layer=layer)
            np.testing.assert_allclose(parts, (2 if layer == "first" else -6) * given.reshape(len(given), -1))
            assert parts["unit"].values[-1] == f"{layer}/2/3/4"
