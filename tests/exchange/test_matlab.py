from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.sparse
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cortexcnn.exchange.matlab import read_matlab, read_matlab_table, write_matlab

VERSIONS = ["5", "7.3"]
BY_MATLAB = Path(scipy.io.__file__).parent / "matlab" / "tests" / "data"
"""Files that MATLAB wrote, which come with scipy."""

PLAIN = {
    "number": 2.5,
    "logical": True,
    "large": 2**60,
    "complex_one": 1.5 + 2j,
    "text": "naïve 猫 😀",
    "empty_text": "",
    "matrix": np.arange(6.0).reshape(2, 3),
    "cube": np.arange(24, dtype=np.int16).reshape(2, 3, 4),
    "logicals": np.array([[True, False]]),
    "singles": np.array([[1, 2 + 1j]], np.complex64),
    "empty": np.zeros((0, 3), np.float32),
    "cells": ["a", 1.0, ["b", ["c", "d"]], np.ones((2, 2)), {"x": 1.0}],
    "no_cells": [],
    "struct": {"field": {"deep": "text", "more": [1.0, 2.0]}, "none": {}},
}


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=5)


def levels(depth: int = 2) -> st.SearchStrategy:
    """Plain Python as it is read: no arrays of one number, no lists that would be read as other lists."""
    shapes = arrays.array_shapes(min_dims=2, max_dims=4, min_side=2, max_side=3)
    numbers = st.sampled_from(["float64", "float32", "int8", "uint64", "bool", "complex128"])
    leaves = st.floats() | st.booleans() | TEXT | arrays.arrays(numbers, shapes)
    names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True)
    return st.recursive(leaves, lambda one: st.lists(one, max_size=3) | st.dictionaries(names, one), max_leaves=6)


@pytest.mark.parametrize("version", VERSIONS)
def test_plain_python_comes_back_as_it_went(version, tmp_path):
    read = read_matlab(write_matlab(PLAIN, tmp_path / "all.mat", version=version))
    np.testing.assert_equal(read, PLAIN)
    assert {name: value.dtype for name, value in read.items() if isinstance(value, np.ndarray)} == {
        name: value.dtype for name, value in PLAIN.items() if isinstance(value, np.ndarray)
    }
    assert type(read["logical"]) is bool


@settings(max_examples=40)
@given(value=levels(), version=st.sampled_from(VERSIONS))
def test_whatever_is_plain_comes_back(value, version, tmp_path_factory):
    path = write_matlab({"it": value}, tmp_path_factory.mktemp("mat") / "it.mat", version=version)
    np.testing.assert_equal(read_matlab(path)["it"], value)


@settings(max_examples=40)
@given(rows=st.lists(TEXT, max_size=5), version=st.sampled_from(VERSIONS))
def test_arrays_of_text_come_back_as_lists(rows, version, tmp_path_factory):
    path = write_matlab({"it": np.array(rows, str)}, tmp_path_factory.mktemp("mat") / "it.mat", version=version)
    assert read_matlab(path)["it"] == rows


@pytest.mark.parametrize("version", VERSIONS)
def test_tables_come_back_as_they_went(responses, rdms, version, tmp_path):
    responses = responses.assign_coords(seen=(("stimulus", "unit"), np.full((5, 4), "yes")))
    one = responses.isel(stimulus=[0], repeat=[1])  # MATLAB has no last dimensions of size 1
    tables = {"all": responses, "one": one, "turned": responses.T, "rdms": rdms, "rdm": rdms[0, 1]}
    path = write_matlab(tables, tmp_path / "tables.mat", version=version)
    for name, table in tables.items():
        xr.testing.assert_identical(read_matlab_table(path, name), table)
    counts = responses.fillna(0).astype(np.uint8).assign_attrs(areas=["V1", "V2"])
    read = read_matlab_table(write_matlab({"a": {"b": counts}}, path, version=version, overwrite=True), "a.b")
    xr.testing.assert_identical(read, counts)
    assert read.dtype == np.uint8


def test_arrays_become_tables_by_the_names_of_their_dimensions(tmp_path):
    rates, vectors = np.arange(6.0).reshape(3, 2), np.array([[1.0, 2.0, 4.0]])
    path = write_matlab({"session": {"rates": rates}, "vectors": vectors, "names": ["a", "b"]}, tmp_path / "a.mat")
    coords = {"stimulus": read_matlab(path)["names"], "depth": ("unit", [1, 2, 3])}
    read = read_matlab_table(path, "session.rates", dims=("unit", "stimulus"), coords=coords)
    assert read.sel(stimulus="b").values.tolist() == [1, 3, 5]
    for dims in (("subject", "pair"), ["pair"]):
        read = read_matlab_table(path, "vectors", dims=dims, coords={"stimulus": np.array([[1, 2, 3]])})
        assert read.sel(stimulus=2, stimulus2=3).item() == 4


def test_version_7_3_is_laid_out_as_matlab_does(tmp_path):
    content = {"x": np.arange(6.0).reshape(2, 3), "t": "ab", "s": {"f": [True]}, "r": np.array(["a", "bc"])}
    path = write_matlab(content, tmp_path / "x.mat")
    head = path.read_bytes()[:512]
    assert head.startswith(b"MATLAB 7.3 MAT-file")
    assert head[124:128] == b"\x00\x02IM"
    with pytest.raises(NotImplementedError, match=r"v7\.3"):  # scipy knows the version by the header
        scipy.io.loadmat(path)
    with h5py.File(path) as file:
        assert file.userblock_size == 512
        assert file["x"].shape == (3, 2)
        assert file["t"][()].tolist() == [[97], [98]]
        assert file["r"][()].tolist() == [[97, 98], [32, 99]]
        assert {name: file[name].attrs["MATLAB_class"] for name in "xts"} == {
            "x": b"double",
            "t": b"char",
            "s": b"struct",
        }
        assert [b"".join(name) for name in file["s"].attrs["MATLAB_fields"]] == [b"f"]
        cell = file[file["s/f"][0, 0]]
        assert cell.attrs["MATLAB_class"] == b"logical"
        assert cell.dtype == np.uint8


def test_version_5_is_read_by_scipy(tmp_path):
    path = write_matlab({"x": np.arange(3), "c": ["a", "bc"]}, tmp_path / "x.mat", version="5")
    read = scipy.io.loadmat(path)
    assert read["x"].tolist() == [[0], [1], [2]]
    assert [cell.item() for cell in read["c"].ravel()] == ["a", "bc"]


def test_what_only_matlab_itself_writes_is_read(tmp_path):
    with h5py.File(tmp_path / "m.mat", "w") as file:
        made = file.create_group("#refs#")
        kinds = {"n": b"double", "t": b"char", "e": b"double", "s": b"struct", "k": b"double"}
        made["n"], made["t"] = [[7.0]], np.array([[ord(c)] for c in "hi"], np.uint16)
        made["e"] = np.array([0, 0], np.uint64)
        made["e"].attrs["MATLAB_empty"] = 1
        file["rows"] = np.array([[ord(c) for c in pair] for pair in zip("one", "to ", strict=True)], np.uint16)
        file["rows"].attrs["MATLAB_class"] = b"char"
        array = file.create_group("s")  # an array of two structs
        array["first"] = np.array([[made["n"].ref], [made["t"].ref]], h5py.ref_dtype)
        array["second"] = np.array([[made["e"].ref], [made["n"].ref]], h5py.ref_dtype)
        sparse = file.create_group("k")
        sparse["data"], sparse["ir"], sparse["jc"] = [5.0, 6.0], [1, 0], [0, 1, 1, 2]
        sparse.attrs["MATLAB_sparse"] = 2
        for name, node in {**dict(made), "s": array, "k": sparse}.items():
            node.attrs["MATLAB_class"] = kinds[name]
        file["python"], file["word"], file["words"] = np.zeros((3, 2)), "one", ["one", "two"]  # of another program
        file["string"] = np.zeros((1, 6), np.uint32)
        file["string"].attrs["MATLAB_class"] = b"string"
        file["string"].attrs["MATLAB_object_decode"] = 3
    read = read_matlab(tmp_path / "m.mat", ["s", "rows", "k", "python", "word", "words"])
    assert read["rows"] == ["one", "to"]
    assert read["s"][0]["first"] == 7
    assert read["s"][0]["second"].shape == (0, 0)
    assert read["s"][1] == {"first": "hi", "second": 7}
    assert read["k"].toarray().tolist() == [[0, 0, 6], [5, 0, 0]]
    assert read["python"].shape == (2, 3)
    assert (read["word"], read["words"]) == ("one", ["one", "two"])
    with pytest.raises(ValueError, match="string is an object, a table, a string array or a function"):
        read_matlab(tmp_path / "m.mat")


@pytest.mark.skipif(not BY_MATLAB.is_dir(), reason="scipy was installed without the files of its tests")
class TestFilesOfMatlab:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("teststringarray", ["one", "two", "three"]),
            ("testminus", -1.0),
            ("testonechar", "r"),
            ("testcellnest", [1.0, [2.0, 3.0, [4.0, 5.0]]]),
            ("teststructarr", [{"one": 1.0, "two": 2.0}, {"one": "number 1", "two": "number 2"}]),
            ("teststructnest", {"one": 1.0, "two": {"three": "number 3"}}),
            ("test3dmatrix", np.arange(1.0, 25).reshape((2, 3, 4), order="F")),
            ("testmatrix", np.array([[1.0, 2, 3, 4, 5], [2, 0, 0, 0, 0], [3, 0, 0, 0, 0]])),
            ("testcomplex", np.exp(1j * np.arange(9) * np.pi / 4)[None]),
        ],
    )
    def test_all_versions_read_the_same(self, name, expected):
        files = sorted(BY_MATLAB.glob(f"{name}_*.mat"))
        assert len(files) >= 3
        for file in files:
            read = read_matlab(file)[name]
            if name == "testcomplex":
                np.testing.assert_allclose(read, expected, rtol=0, atol=1e-12)
            else:
                np.testing.assert_equal(read, expected)

    def test_version_7_3_reads_as_version_7_1(self):
        read = read_matlab(BY_MATLAB / "testhdf5_7.4_GLNX86.mat")
        np.testing.assert_equal(read, read_matlab(BY_MATLAB / "testdouble_7.1_GLNX86.mat"))

    def test_sparse_and_fieldless(self):
        sparse = read_matlab(BY_MATLAB / "testsparse_7.4_GLNX86.mat")["testsparse"]
        assert sparse.toarray().tolist() == [[1, 2, 3, 4, 5], [2, 0, 0, 0, 0], [3, 0, 0, 0, 0]]
        assert read_matlab(BY_MATLAB / "test_empty_struct.mat") == {"a": {}}
        assert read_matlab(BY_MATLAB / "one_by_zero_char.mat") == {"var": ""}

    @pytest.mark.parametrize("name", ["parabola", "testobject_7.4_GLNX86", "testfunc_7.4_GLNX86"])
    def test_objects_and_functions_are_refused(self, name):
        with pytest.raises(ValueError, match="which only MATLAB can read"):
            read_matlab(BY_MATLAB / f"{name}.mat")

    @pytest.mark.parametrize("name", ["corrupted_zlib_data", "malformed1", "bad_miuint32", "debigged_m4"])
    def test_damaged_files_are_refused(self, name):
        with pytest.raises(ValueError, match="damaged"):
            read_matlab(BY_MATLAB / f"{name}.mat")


@pytest.mark.parametrize(
    ("content", "error", "told"),
    [
        ({"x": None}, TypeError, "x is NoneType, which MATLAB's files don't hold"),
        ({"x": np.zeros(3, "datetime64[s]")}, TypeError, r"x is datetime64\[s\]"),
        ({"x": np.zeros(3, np.float16)}, TypeError, "x is float16"),
        ({"x": {"y": [1, {2}]}}, TypeError, r"x\.y\{2\} is set"),
        ({"2x": 1}, ValueError, "'2x' in the content is no name that MATLAB allows"),
        ({"x": {"a b": 1}}, ValueError, r"'a b' in the content\.x is no name"),
        ({"x": 2**70}, ValueError, "64 bits at most"),
    ],
)
def test_what_matlab_does_not_hold_is_refused(content, error, told, tmp_path):
    with pytest.raises(error, match=told):
        write_matlab(content, tmp_path / "x.mat")
    assert not list(tmp_path.iterdir())


def test_what_is_too_large_for_version_5_is_refused(tmp_path):
    large = {"x": {"y": [np.broadcast_to(np.float32(0), (2**15, 2**14))]}}
    with pytest.raises(ValueError, match=r'x\.y has 2\.0 GiB, .* version="7\.3"'):
        write_matlab(large, tmp_path / "x.mat", version="5")
    with pytest.raises(ValueError, match=r"no version named '7'; there are 5, 7\.3"):
        write_matlab({"x": 1}, tmp_path / "x.mat", version="7")
    assert not list(tmp_path.iterdir())


def test_nothing_is_overwritten_unless_it_is_said(tmp_path):
    path = write_matlab({"x": 1}, tmp_path / "x.mat")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_matlab({"x": 2}, path)
    assert read_matlab(write_matlab({"x": 2}, path, version="5", overwrite=True)) == {"x": 2}
    with pytest.raises(ValueError, match=r"ends in \.mat"):
        write_matlab({"x": 2}, tmp_path / "x.h5")


def test_files_that_are_no_matlab_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        read_matlab(tmp_path / "none.mat")
    (tmp_path / "text.mat").write_text("no MATLAB file, but long enough to have a header of one hundred and " * 3)
    whole = write_matlab({"x": np.ones(999)}, tmp_path / "whole.mat").read_bytes()
    (tmp_path / "half.mat").write_bytes(whole[: len(whole) // 2])
    for name in ("text", "half"):
        with pytest.raises(ValueError, match="damaged"):
            read_matlab(tmp_path / f"{name}.mat")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_variable_that_is_no_table_is_refused(version, tmp_path):
    content = {"rates": np.ones((2, 3)), "cells": ["a"], "struct": {"values": 1.0}}
    path = write_matlab(content, tmp_path / "x.mat", version=version)
    with pytest.raises(ValueError, match=r"no variable rate; it has .*struct\. Did you mean 'rates'"):
        read_matlab_table(path, "rate")
    with pytest.raises(ValueError, match=r"no field x in rates of .*; it is no struct"):
        read_matlab_table(path, "rates.x")
    with pytest.raises(ValueError, match=r"no field x in struct of .*; it has values"):
        read_matlab_table(path, "struct.x")
    with pytest.raises(ValueError, match="no table written by write_matlab; say what its dims are"):
        read_matlab_table(path, "rates")
    with pytest.raises(ValueError, match="is no table written by cortexcnn: it has no dims"):
        read_matlab_table(path, "struct")
    with pytest.raises(ValueError, match="is no array of numbers but a list"):
        read_matlab_table(path, "cells", dims=["stimulus", "unit"])
    with pytest.raises(ValueError, match="2 dimensions of 2 × 3, and 1 names"):
        read_matlab_table(path, "rates", dims=["unit"])
