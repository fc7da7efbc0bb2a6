from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.exchange.nwb_trials import read_nwb
from cortexcnn.recording import spikes, write_nwb

START = datetime(2026, 1, 1, tzinfo=UTC)


def counted(seed: int = 0, repeats: int = 4) -> xr.DataArray:
    """Spikes of three units, one of them silent, to gratings and a blank."""
    rates = np.random.default_rng(seed).uniform(5, 30, (3, 3))
    rates[:, 2] = 0
    coords = {
        "stimulus": ["b", "a", "blank"],
        "orientation": ("stimulus", [90.0, 0.0, np.nan]),
        "set": ("stimulus", ["orientation", "orientation", "blank"]),
        "unit": ["conv1/0/2/2", "conv1/1/2/2", "conv2/0/1/1"],
        "layer": ("unit", ["conv1", "conv1", "conv2"]),
        "channel": ("unit", [0, 1, 0]),
        "x": ("unit", [0.5, -0.5, 0.0]),
    }
    responses = xr.DataArray(rates, coords, ("stimulus", "unit"), attrs={"model": "handmade"})
    return spikes(responses, scale="none", duration=0.4, repeats=repeats, rng=seed)


@pytest.fixture
def handmade(tmp_path: Path) -> Path:
    """Five trials of 1 s every 2 s, and two units; the smallest file that has everything, made without pynwb."""
    with h5py.File(tmp_path / "handmade.nwb", "w") as file:
        trials = file.create_group("intervals/trials")
        trials["id"] = np.arange(5)
        trials["start_time"] = np.arange(0.0, 10, 2)
        trials["stop_time"] = np.arange(1.0, 11, 2)
        trials["image"] = np.array(["cat", "dog", "cat", "cat", "dog"], dtype=h5py.string_dtype())
        trials["size"] = np.array([2.0, 3, 2, 2, 3])
        trials["pupil"] = np.array([0.1, 0.2, 0.3, 0.4, 0.5])
        trials["tags"], trials["tags_index"] = np.arange(7), np.array([1, 2, 3, 4, 7])
        units = file.create_group("units")
        units["id"] = [10, 20]
        units["spike_times"] = [0.1, 0.2, 0.9, 4.0, 5.0, 5.5, 8.999, 9.0, 2.5, 0.5, 2.6]
        units["spike_times_index"] = [8, 11]
        units["quality"] = np.array(["good", "mua"], dtype=h5py.string_dtype())
        units["waveform_mean"] = np.zeros((2, 30))
    return tmp_path / "handmade.nwb"


def test_what_we_write_is_read_as_it_was(tmp_path):
    counts = counted()
    path = write_nwb(counts, tmp_path / "ours.nwb", gap=0.1, order=3, start=START)
    read = read_nwb(path, location="layer")
    assert read.attrs == counts.attrs
    assert read.name == counts.name
    ordered = read.sel(stimulus=counts["stimulus"].values)
    xr.testing.assert_equal(ordered.drop_vars("group_name"), counts)
    rates = read_nwb(path, location="layer", quantity="rates")
    np.testing.assert_allclose(rates * 0.4, read)
    assert rates.attrs == {**counts.attrs, "units": "spikes/s"}
    assert read_nwb(path, window=(0.1, 0.3)).attrs["duration"] == 0.2


@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 999), repeats=st.integers(1, 5))
def test_any_counts_come_back(tmp_path_factory, seed, repeats):
    counts = counted(seed, repeats)
    path = write_nwb(counts, tmp_path_factory.mktemp("nwb") / "a.nwb", order=seed, rng=seed, start=START)
    xr.testing.assert_equal(
        read_nwb(path, location="layer").sel(stimulus=counts["stimulus"]).drop_vars("group_name"), counts
    )


def test_spikes_are_counted_from_the_start_up_to_the_stop_of_each_trial(handmade):
    read = read_nwb(handmade, stimulus="image")
    assert read.dims == ("stimulus", "unit", "repeat")
    assert read["unit"].values.tolist() == [10, 20]
    np.testing.assert_array_equal(read.sel(stimulus="cat", unit=10), [3, 1, 0])
    np.testing.assert_array_equal(read.sel(stimulus="dog", unit=10), [0, 1, np.nan])
    np.testing.assert_array_equal(read.sel(stimulus="dog", unit=20), [2, 0, np.nan])
    assert read["size"].dims == ("stimulus",)
    assert read["pupil"].dims == ("stimulus", "repeat")
    np.testing.assert_array_equal(read["pupil"], [[0.1, 0.3, 0.4], [0.2, 0.5, np.nan]])
    assert read["quality"].values.tolist() == ["good", "mua"]
    assert not {"tags", "waveform_mean", "start_time"} & set(read.coords)


def test_a_window_counts_from_each_start(handmade):
    late = read_nwb(handmade, stimulus="image", window=(0.15, 1.5))
    np.testing.assert_array_equal(late.sel(stimulus="cat", unit=10), [2, 1, 0])
    before = read_nwb(handmade, stimulus="image", window=(-1.0, 0.0), quantity="rates")
    np.testing.assert_array_equal(before.sel(stimulus="cat", unit=10), [0, 0, 2])


def test_what_a_unit_was_not_observed_for_is_missing(handmade):
    with h5py.File(handmade, "a") as file:
        file["units/obs_intervals"] = [[0.0, 3.0], [8.0, 10.0], [0.0, 10.0]]
        file["units/obs_intervals_index"] = [2, 3]
    read = read_nwb(handmade, stimulus="image")
    np.testing.assert_array_equal(read.sel(stimulus="cat", unit=10), [3, np.nan, np.nan])
    np.testing.assert_array_equal(read.sel(stimulus="dog", unit=10), [0, 1, np.nan])
    np.testing.assert_array_equal(read.sel(stimulus="cat", unit=20), [1, 0, 0])


def test_names_that_are_taken_say_whose_they_are(handmade):
    with h5py.File(handmade, "a") as file:
        file["intervals/trials/quality"] = np.array([1.0, 2, 1, 1, 2])
        file["intervals/trials/stimulus"] = np.array([7, 8, 7, 7, 8])
        file["units/repeat"] = [5, 6]
        file["units/electrodes"], file["units/electrodes_index"] = [0, 1, 1], [1, 3]
        file["general/extracellular_ephys/electrodes/id"] = [0, 1]
        file["general/extracellular_ephys/electrodes/quality"] = [0.25, 0.75]
    read = read_nwb(handmade, stimulus="image")
    assert read["stimulus_quality"].values.tolist() == [1, 2]
    assert read["stimulus_stimulus"].values.tolist() == [7, 8]
    assert read["unit_repeat"].values.tolist() == [5, 6]
    assert read["electrode_quality"].values.tolist() == [0.25, 0.75]
    assert read_nwb(handmade, stimulus="image", repeat="pupil").sizes["repeat"] == 5
    assert read_nwb(handmade, stimulus="image", unit="quality")["unit"].values.tolist() == ["good", "mua"]


def test_files_of_pynwb_are_read(tmp_path):
    pynwb = pytest.importorskip("pynwb")
    file = pynwb.NWBFile(
        session_description="a session", identifier="s1", session_start_time=START, notes="the cat slept"
    )
    file.subject = pynwb.file.Subject(subject_id="cat 7", description="a cat", species="Felis catus")
    device = file.create_device(name="probe")
    group = file.create_electrode_group(name="shank", description="of two", location="V1", device=device)
    for depth in (0.1, 0.2, 0.3):
        file.add_electrode(x=0.0, y=1.0, z=depth, location="V1", group=group)
    file.add_unit_column(name="snr", description="signal to noise")
    file.add_unit(spike_times=[0.1, 2.2, 2.3], obs_intervals=[[0.0, 9.0]], electrodes=[0, 1], snr=3.0)
    file.add_unit(spike_times=[0.2], obs_intervals=[[0.0, 1.5]], electrodes=[2], snr=4.0)
    shown = pynwb.epoch.TimeIntervals(name="gratings", description="what was shown")
    shown.add_column(name="orientation", description="degrees")
    for start, orientation in ((0.0, 45.0), (1.0, 90.0), (2.0, 45.0)):
        shown.add_interval(start_time=start, stop_time=start + 0.5, orientation=orientation)
    file.add_time_intervals(shown)
    with pynwb.NWBHDF5IO(tmp_path / "a.nwb", "w") as io:
        io.write(file)
    read = read_nwb(tmp_path / "a.nwb", trials="gratings", stimulus="orientation")
    np.testing.assert_array_equal(read.sel(stimulus=45.0), [[1, 2], [1, np.nan]])
    np.testing.assert_array_equal(read.sel(stimulus=90.0), [[0, np.nan], [0, np.nan]])
    assert read["area"].values.tolist() == ["V1", "V1"]
    assert read["electrode_y"].values.tolist() == [1, 1]
    assert "electrode_z" not in read.coords  # the first unit is on two electrodes
    assert read["snr"].values.tolist() == [3, 4]
    assert read["subject"].values.tolist() == ["cat 7", "cat 7"]
    assert read.attrs == {"units": "spikes", "duration": 0.5}


def test_what_is_no_experiment_is_refused(handmade, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        read_nwb(tmp_path / "nothing.nwb")
    (tmp_path / "text.nwb").write_text("spikes")
    with pytest.raises(ValueError, match=r"text\.nwb is no NWB file of HDF5"):
        read_nwb(tmp_path / "text.nwb")
    with pytest.raises(ValueError, match="no quantity named 'rate'; there are counts, rates"):
        read_nwb(handmade, quantity="rate")
    with pytest.raises(ValueError, match="trials have no column stimulus; there are image, pupil, size"):
        read_nwb(handmade)
    with pytest.raises(ValueError, match="units have no column name; there are quality, id"):
        read_nwb(handmade, stimulus="image", unit="name")
    with pytest.raises(ValueError, match="no table of intervals named 'epochs'; there are trials"):
        read_nwb(handmade, stimulus="image", trials="epochs")
    with pytest.raises(ValueError, match=r"5 trials have no time .* trial 0 from 0\.5 to 0\.2 s"):
        read_nwb(handmade, stimulus="image", window=(0.5, 0.2))
    with pytest.raises(ValueError, match="an earlier row has, the first of them stimulus cat, repeat"):
        read_nwb(handmade, stimulus="image", repeat="size")
    with h5py.File(handmade, "a") as file:
        file["units/quality"][...] = ["good", "good"]
    with pytest.raises(ValueError, match="labels good of unit are there more than once"):
        read_nwb(handmade, stimulus="image", unit="quality")
    with h5py.File(handmade, "a") as file:
        file["units/obs_intervals"] = [[0.0, 9.0]]
    with pytest.raises(ValueError, match="/units has no ragged column obs_intervals: it needs both"):
        read_nwb(handmade, stimulus="image")
    with h5py.File(handmade, "a") as file:
        file["intervals/trials/short"] = [1, 2]
    with pytest.raises(ValueError, match="the column short has 2 rows, and there are 5"):
        read_nwb(handmade, stimulus="image")
    with h5py.File(handmade, "a") as file:
        del file["units"]
    with pytest.raises(ValueError, match="no spikes of sorted units: no units/spike_times"):
        read_nwb(handmade, stimulus="image")


@pytest.mark.parametrize(
    ("gone", "complaint"),
    [
        ("intervals/trials/stop_time", "trials have no stop_time; there are image, pupil, size, start_time, id"),
        ("intervals/trials/start_time", "trials have no start_time"),
        ("intervals/trials/id", "/intervals/trials is no table: it has no column id"),
        ("units/spike_times_index", "/units: the column spike_times has 11 rows, and there are 2"),
    ],
)
def test_what_a_damaged_file_lacks_is_named(handmade, gone, complaint):
    with h5py.File(handmade, "a") as file:
        del file[gone]
    with pytest.raises(ValueError, match=complaint):
        read_nwb(handmade, stimulus="image")


@pytest.mark.parametrize("table", ["units", "intervals/trials"])
def test_empty_tables_are_refused(handmade, table):
    with h5py.File(handmade, "a") as file:
        for name in file[table]:
            rest = np.empty((0, *file[table][name].shape[1:]), file[table][name].dtype)
            del file[table][name]
            file[table][name] = rest
    with pytest.raises(ValueError, match="so no responses"):
        read_nwb(handmade, stimulus="image", unit="id")
