from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io

from cortexcnn.reference import REFERENCES, SOURCES
from cortexcnn.reference.files import find, read_matlab

SOURCE = SOURCES["ringach2002"]


def test_a_folder_stands_for_its_file(tmp_path):
    file = tmp_path / "db.mat"
    file.touch()
    assert find(tmp_path, name="db.mat", source=SOURCE) == find(file, name="db.mat", source=SOURCE) == file
    with pytest.raises(FileNotFoundError, match=r"there is no other.mat in .* J Neurosci 22:5639.* To be had: ringach"):
        find(tmp_path, name="other.mat", source=SOURCE)


def test_both_kinds_of_matlab_files_are_read(tmp_path):
    scipy.io.savemat(tmp_path / "old.mat", {"a": np.eye(2), "b": np.ones(3)})
    assert np.array_equal(read_matlab(tmp_path / "old.mat", wanted=["a"], source=SOURCE)["a"], np.eye(2))
    with h5py.File(tmp_path / "new.mat", "w", userblock_size=512) as file:
        file["a"] = np.arange(6).reshape(2, 3)
    header = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    with (tmp_path / "new.mat").open("r+b") as file:
        file.write(header)
    assert read_matlab(tmp_path / "new.mat", wanted=["a"], source=SOURCE)["a"].shape == (2, 3)
    for name in ("old.mat", "new.mat"):
        with pytest.raises(ValueError, match=r"it holds a.*; wanted one with c"):
            read_matlab(tmp_path / name, wanted=["a", "c"], source=SOURCE)


def test_what_is_no_matlab_file_is_refused(tmp_path):
    scipy.io.savemat(tmp_path / "whole.mat", {"a": np.random.default_rng(0).normal(size=999)}, do_compression=True)
    whole = (tmp_path / "whole.mat").read_bytes()
    new = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM"
    for content in (b"", b"not a MATLAB file " * 20, whole[: len(whole) // 2], new + b"no HDF5"):
        (tmp_path / "bad.mat").write_bytes(content)
        with pytest.raises(ValueError, match=r"it is no MATLAB file, or a damaged one; wanted one with a\."):
            read_matlab(tmp_path / "bad.mat", wanted=["a"], source=SOURCE)


@pytest.mark.parametrize("name", REFERENCES)
def test_every_reader_says_where_missing_data_can_be_had(name, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wanted .* The data: .* To be had: "):
        REFERENCES[name](tmp_path)
