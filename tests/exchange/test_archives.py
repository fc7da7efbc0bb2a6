from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cortexcnn.exchange.archives import read_npz, write_npz

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)
"""NumPy drops zeros from the end of text."""


def test_tables_come_back_as_they_went(responses, rdms, tmp_path):
    for number, table in enumerate((responses, responses.transpose("repeat", "unit", "stimulus"), rdms, rdms[1, 2])):
        xr.testing.assert_identical(read_npz(write_npz(table, tmp_path / f"{number}.npz")), table)


@settings(max_examples=30)
@given(data=st.data())
def test_any_labels_numbers_and_attributes_come_back(data, tmp_path_factory):
    dtype = data.draw(st.sampled_from(["float64", "float32", "float16", "int16", "uint8"]))
    shape = data.draw(arrays.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=4))
    table = xr.DataArray(
        data.draw(arrays.arrays(dtype, shape)),
        {
            "stimulus": data.draw(arrays.arrays("<U8", shape[0], elements=TEXT, unique=True)),
            "unit": data.draw(arrays.arrays("int64", shape[1], unique=True)),
            "seen": ("stimulus", data.draw(arrays.arrays(bool, shape[0]))),
            "when": ("unit", data.draw(arrays.arrays("datetime64[ns]", shape[1]))),
            "where/in": (("stimulus", "unit"), data.draw(arrays.arrays("float32", shape))),
        },
        ("stimulus", "unit"),
        data.draw(st.none() | st.just("rates")),
        data.draw(st.dictionaries(TEXT, TEXT | st.integers(-(2**60), 2**60) | st.booleans() | st.floats())),
    )
    path = write_npz(table, tmp_path_factory.mktemp("npz") / "table.npz")
    read = read_npz(path)
    xr.testing.assert_identical(read, table)
    assert read.dtype == table.dtype
    assert all(read[name].dtype == table[name].dtype for name in ("unit", "seen", "when", "where/in"))


def test_text_as_objects_is_written_as_text(responses, tmp_path):
    read = read_npz(write_npz(responses.assign_coords(unit=responses["unit"].astype(object)), tmp_path / "t.npz"))
    assert read["unit"].dtype.kind == "U"
    xr.testing.assert_identical(read, responses)


def test_what_would_be_pickled_is_refused(responses, tmp_path):
    with pytest.raises(ValueError, match="the coordinate odd holds objects"):
        write_npz(responses.assign_coords(odd=("unit", np.array([{}, 1, 2, 3], object))), tmp_path / "t.npz")
    for value in (None, {"a": 1}):
        with pytest.raises(ValueError, match=r"the attribute odd is .* only as a pickle"):
            write_npz(responses.assign_attrs(odd=value), tmp_path / "t.npz")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unless_it_is_said(responses, rdms, tmp_path):
    path = write_npz(responses, tmp_path / "folder" / "t.npz")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_npz(rdms, path)
    xr.testing.assert_identical(read_npz(write_npz(rdms, path, overwrite=True)), rdms)
    with pytest.raises(ValueError, match=r"ends in \.npz; got t\.npy"):
        write_npz(responses, tmp_path / "t.npy")


def test_files_of_another_kind_are_refused(responses, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        read_npz(tmp_path / "none.npz")
    (tmp_path / "text.npz").write_text("no archive")
    (tmp_path / "half.npz").write_bytes(write_npz(responses, tmp_path / "whole.npz").read_bytes()[:-200])
    np.savez(tmp_path / "pickle.npz", values=np.array([{}], object), dims=["stimulus"])
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    for name in ("text", "half", "pickle", "array"):
        with pytest.raises(ValueError, match=r"is no \.npz archive of plain arrays"):
            read_npz(tmp_path / f"{name}.npz")
    np.savez(tmp_path / "other.npz", features=np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"holds features, which is no table .* from_array"):
        read_npz(tmp_path / "other.npz")


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"dims": ["stimulus", "unit", "repeat"]}, "different number of dimensions"),
        ({"dims": ["stimulus", "neuron"]}, "dimensions stimulus and unit"),
        (
            {"coord:stimulus": ["a", "a"], "dims:stimulus": ["stimulus"]},
            "labels a of stimulus are there more than once",
        ),
        ({"coord:stimulus": ["a", "b", "c"], "dims:stimulus": ["stimulus"]}, "conflicting sizes"),
        ({"coord:unit": [0, 1, 2]}, "holds no table"),
        ({}, "stimulus has no labels"),
    ],
)
def test_a_damaged_table_is_refused_with_the_reason(parts, told, tmp_path):
    np.savez(tmp_path / "t.npz", **({"values": np.zeros((2, 3)), "dims": ["stimulus", "unit"]} | parts))
    with pytest.raises(ValueError, match=told):
        read_npz(tmp_path / "t.npz")
