from __future__ import annotations

import zipfile

import h5py
import numpy as np
import pytest
import scipy.stats
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.reference import henaff2021
from cortexcnn.reference.henaff import UNRELIABLE_SESSIONS


def text(file, group, name, content):
    group[name] = np.array([ord(letter) for letter in content], dtype=np.uint16)[:, np.newaxis]


def cells_of_text(file, group, name, contents):
    references = []
    for content in contents:
        store = file.require_group("#refs#")
        text(file, store, f"r{len(store)}", content)
        references.append(store[f"r{len(store) - 1}"].ref)
    group.create_dataset(name, data=np.array([references], dtype=h5py.ref_dtype), dtype=h5py.ref_dtype)


def original(path, *, monkey, session, repeats, units=2):
    """One session in the authors' form: one movie, two natural frames and one synthetic, at one zoom."""
    counts = np.full((repeats, units, 2, 1, 2, 1), np.nan)  # repeat, unit, frame, movie, category, zoom
    for frame, category, shown in ((0, 0, 10), (1, 0, 20), (1, 1, 30)):
        counts[:, :, frame, 0, category, 0] = shown + np.arange(units)
    counts[-1, 0] = np.nan
    with h5py.File(path, "w") as file:
        content = file.create_group("naturalStruct")
        text(file, content, "monkey_ID", monkey)
        text(file, content, "penetration_ID", session)
        content["sortedResponses"] = counts
        content["cluster_list"] = np.arange(units)[:, np.newaxis] + 4.0
        content["cluster_group"] = np.ones((units, 1))
        content["mean_blank_rates"] = np.full((units, 1), 5.0)
        content["response_latency"] = np.array([[0.04]])
        described = content.create_group("stimulusStruct")
        cells_of_text(file, described, "scales", ["zoom1x"])
        cells_of_text(file, described, "categories", ["natural", "synthetic"])
        for category, numbers, names in (
            ("natural", [1, 2], ["natural01", "natural02"]),
            ("synthetic", [3], ["synthetic02"]),
        ):
            entry = described.create_group(f"zoom1x/{category}/movie01bees")
            entry["stimulus_id"] = np.array([numbers], dtype=float)
            paths = [f"../stimSelected-zoom1x/movie01-bees/{name}.png" for name in names]
            cells_of_text(file, entry, "file_paths", paths)


@pytest.fixture
def handmade(tmp_path):
    original(tmp_path / "ay2_u007_image_sequences.mat", monkey="ay2", session="u007", repeats=2)
    original(tmp_path / "ay3_u001_image_sequences.mat", monkey="ay3", session="u001", repeats=3)
    return tmp_path


def test_sessions_of_the_authors(handmade):
    cells = check_responses(henaff2021(handmade))
    assert cells.sizes == {"stimulus": 3, "unit": 4, "repeat": 3}
    assert cells.stimulus.values.tolist() == [
        "stimSelected-zoom1x/movie1/natural01",
        "stimSelected-zoom1x/movie1/natural02",
        "stimSelected-zoom1x/movie1/synthetic02",
    ]
    assert cells.unit.values.tolist() == ["ay2_u007/4", "ay2_u007/5", "ay3_u001/4", "ay3_u001/5"]
    assert cells.reliable.values.tolist() == [False, False, True, True]
    assert cells.frame.values.tolist() == [1, 2, 2]
    assert cells.mean("repeat").sel(unit="ay3_u001/5").values.tolist() == [11, 21, 31]
    missing = cells.isnull().sum("repeat").isel(stimulus=0).values.tolist()
    assert missing == [2, 1, 1, 0]  # the last repeat of each first unit, and a third that session one never had
    assert np.allclose(cells.spontaneous, 1.0)  # 5 spikes/s in 0.2 s


def test_tidy_copy(tmp_path):
    counts = np.array([[[3, -1], [0, 2]]], dtype=np.int16)
    along = {
        "category": "natural",
        "scale": "zoom1x",
        "movie": "movie01bees",
        "image_path": "images/acute/stimulus_fullfield/a/b.png",
    }
    units = {"session": ["ay3_u001"] * 2, "monkey": ["ay3"] * 2, "cluster": [1, 2], "cluster_group": [1.0, 2.0]}
    xr.Dataset(
        {"spike_count": (("stimulus", "neuroid", "repetition"), counts)},
        {
            **{name: ("stimulus", [value]) for name, value in along.items()},
            "stimulus_id": ("stimulus", [1]),
            "frame": ("stimulus", [1]),
            **{name: ("neuroid", values) for name, values in units.items()},
            "latency": ("neuroid", [0.04, 0.04]),
            "blank_rate": ("neuroid", [1.0, 2.0]),
        },
    ).to_netcdf(tmp_path / "copy.nc", engine="h5netcdf")
    cells = check_responses(henaff2021(tmp_path / "copy.nc"))
    assert np.array_equal(cells.values, [[[3, np.nan], [0, 2]]], equal_nan=True)
    assert cells.stimulus.item() == "a/b"


def test_other_files_are_refused(tmp_path):
    xr.Dataset({"a": ("b", [1])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"it holds a; wanted also image_path, latency.* Nat Commun 12:5982"):
        henaff2021(tmp_path / "other.nc")
    (tmp_path / "text.nc").write_text("spikes" * 100)
    with pytest.raises(ValueError, match="it is no NetCDF-4 file"):
        henaff2021(tmp_path / "text.nc")
    (tmp_path / "x_image_sequences.mat").write_text("spikes" * 100)
    with pytest.raises(ValueError, match="a file of the authors"):
        henaff2021(tmp_path)


# What is known of the real files


@pytest.fixture(scope="module")
def cells(shared_data):
    return henaff2021(shared_data / "neural/henaff2021_v1/henaff2021_v1_responses_images.nc")


def rdm(responses):
    """Upper triangle: correlation distance of z-scored units."""
    z = (responses - responses.mean(axis=0)) / responses.std(axis=0)
    return 1 - np.corrcoef(z)[np.triu_indices(len(z), 1)]


def split_half(cells, order=None):
    """Spearman between the RDMs of two halves of the repeats, which are the same for all units."""
    cells = cells if order is None else cells.isel(repeat=order)
    halves = [cells.isel(repeat=slice(k, None, 2)).mean("repeat") for k in (0, 1)]
    answered = (halves[0].std("stimulus", skipna=False) > 0) & (halves[1].std("stimulus", skipna=False) > 0)
    return scipy.stats.spearmanr(*(rdm(half.sel(unit=answered).values) for half in halves)).statistic


def test_form(cells):
    check_responses(cells)
    assert cells.sizes == {"stimulus": 440, "unit": 360, "repeat": 60}
    assert len(set(cells.session.values)) == 9
    shown = dict(zip(*np.unique(cells.category, return_counts=True), strict=True))
    assert shown == {"natural": 220, "synthetic": 180, "contrast": 40}
    assert len(set(cells.movie.values)) == 10
    repeats = cells.notnull().sum("repeat")
    assert (int(repeats.min()), int(repeats.median()), int(repeats.max())) == (24, 50, 60)


def test_pooled_rdm_repeats_itself(cells):
    rng = np.random.default_rng(0)
    split = [split_half(cells, rng.permutation(60)) for _ in range(4)]
    assert 0.76 <= np.mean(split) <= 0.77
    assert 0.75 <= split_half(cells) <= 0.77  # odd against even


@pytest.mark.parametrize("session", UNRELIABLE_SESSIONS)
def test_unreliable_sessions_are_flagged(cells, session):
    assert split_half(cells.sel(unit=cells.session == session)) == pytest.approx(0.2, abs=0.05)
    assert not cells.reliable[cells.session == session].any()


def test_the_other_sessions_are_reliable(cells):
    for session in sorted(set(cells.session.values) - set(UNRELIABLE_SESSIONS)):
        assert split_half(cells.sel(unit=cells.session == session)) > 0.4, session
        assert cells.reliable[cells.session == session].all()


def test_rate_rises_with_contrast(cells):
    shown = cells[cells.category == "contrast"]
    rate = shown.mean(["repeat", "unit"]).groupby("frame").mean()
    assert (np.diff(rate.values) > 0).all()


def test_images_are_in_the_archive(cells, shared_data):
    with zipfile.ZipFile(shared_data / "neural/henaff2021_v1/stimulus_png_original.zip") as archive:
        assert set(cells.image_path.values) == {name for name in archive.namelist() if name.endswith(".png")}


@pytest.mark.slow
def test_the_authors_files_hold_the_same(cells, shared_data):
    xr.testing.assert_identical(cells, henaff2021(shared_data / "neural/henaff2021_v1/original"))
