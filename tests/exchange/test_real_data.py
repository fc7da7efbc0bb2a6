"""Other people's files and tables, by every way in and out."""

from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import xarray as xr

from cortexcnn.exchange.archives import read_npz, write_npz
from cortexcnn.exchange.frames import from_pandas, to_pandas
from cortexcnn.exchange.matlab import read_matlab, read_matlab_table, write_matlab
from cortexcnn.exchange.rsatoolbox_datasets import from_rsatoolbox_dataset, to_rsatoolbox_dataset
from cortexcnn.exchange.rsatoolbox_rdms import from_rsatoolbox_rdms, to_rsatoolbox_rdms
from cortexcnn.reference import henaff2021, objects92
from cortexcnn.similarity import compare, rdm

SESSION = "ay2_u003"


@pytest.fixture(scope="module")
def cells(shared_data):
    """One session, whose units miss different repeats."""
    every = henaff2021(shared_data / "neural/henaff2021_v1/henaff2021_v1_responses_images.nc")
    some = every.sel(unit=every.session == SESSION)
    return some.assign_coords(repeat=np.arange(some.sizes["repeat"])).rename(None)


@pytest.fixture(scope="module")
def it(shared_data):
    subjects = objects92(shared_data / "neural/human92_evc_it", region="IT").rename("dissimilarity")
    return (subjects + subjects.transpose(*subjects.dims).values.swapaxes(1, 2)) / 2  # the file is rounded


@pytest.fixture(scope="module")
def original(shared_data):
    return shared_data / "neural/henaff2021_v1/original"


def test_both_versions_of_one_variable_read_the_same(original):
    saved = read_matlab(original / "stimulusInfo.mat")["stimulusStruct"]
    np.testing.assert_equal(
        read_matlab(original / f"{SESSION}_image_sequences.mat")["naturalStruct"]["stimulusStruct"], saved
    )


def test_counts_of_the_original_are_those_of_the_tidy_copy(original, cells):
    session = read_matlab(original / f"{SESSION}_image_sequences.mat")["naturalStruct"]
    counts = session["sortedResponses"]  # scale, category, movie, frame, unit, repeat
    assert session["cluster_list"].ravel().tolist() == cells["cluster"].values.tolist()
    for zoom, scale in enumerate(session["stimulusStruct"]["scales"]):
        for frame in (0, 10):
            label = f"stimSelected-{scale}/movie3/natural{frame + 1:02d}"
            expected = cells.sel(stimulus=label).isel(repeat=slice(counts.shape[-1])).values
            np.testing.assert_array_equal(counts[zoom, 0, 2, frame], expected)


def test_their_rdms_out_of_a_matlab_file(shared_data):
    folder = shared_data / "neural/human92_evc_it"
    path, dims = folder / "algonauts2019_92_target_fmri.mat", ("subject", "stimulus", "stimulus2")
    read = read_matlab_table(path, "IT_RDMs", dims=dims)
    np.testing.assert_allclose(read.values, objects92(folder, region="IT").values, rtol=1e-12)


def test_cells_come_back_as_they_went(cells, tmp_path):
    cells = cells.isel(unit=slice(5))
    for read in (
        read_npz(write_npz(cells, tmp_path / "cells.npz")),
        from_rsatoolbox_dataset(to_rsatoolbox_dataset(cells)).reindex_like(cells),  # without repeats that nobody has
        from_pandas(to_pandas(cells, form="wide"), form="wide"),
        from_pandas(to_pandas(cells, form="long"), form="long").transpose(*cells.dims),
        *(
            read_matlab_table(write_matlab({"cells": cells}, tmp_path / f"{version}.mat", version=version), "cells")
            for version in ("5", "7.3")
        ),
    ):
        xr.testing.assert_identical(read, cells)


def test_rdms_of_people_come_back_as_they_went(it, tmp_path):
    for read in (
        read_npz(write_npz(it, tmp_path / "it.npz")),
        from_rsatoolbox_rdms(to_rsatoolbox_rdms(it)),
        from_pandas(to_pandas(it, form="square"), form="square"),
        from_pandas(to_pandas(it, form="pairs"), form="pairs"),
        read_matlab_table(write_matlab({"it": it}, tmp_path / "it.mat"), "it"),
    ):
        xr.testing.assert_identical(read, it)


def test_rsatoolbox_finds_in_them_what_we_find(cells, it):
    means = cells.mean("repeat", keep_attrs=True)
    theirs = from_rsatoolbox_rdms(rsatoolbox.rdm.calc_rdm(to_rsatoolbox_dataset(means), "correlation", "stimulus"))
    ours = rdm(means)
    np.testing.assert_allclose(theirs.sel(stimulus=ours["stimulus"], stimulus2=ours["stimulus2"]), ours, atol=1e-12)
    exported = to_rsatoolbox_rdms(it)
    expected = rsatoolbox.rdm.compare(exported, exported, "rho-a")
    np.testing.assert_allclose(compare(it, it, method="rho-a"), expected, rtol=0, atol=1e-8)
