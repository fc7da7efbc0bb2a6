"""An NWB file, read back by pynwb, holds the trials, the spikes and the places of units that went into it."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import xarray as xr

from cortexcnn.recording import spikes, trial_table, write_nwb

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def counts():
    rates = np.random.default_rng(0).uniform(5, 30, (3, 3))
    rates[:, 2] = 0  # a silent unit
    coords = {
        "stimulus": np.arange(3),
        "unit": ["conv1/0/2/2", "conv1/1/2/2", "conv2/0/1/1"],
        "layer": ("unit", ["conv1", "conv1", "conv2"]),
        "channel": ("unit", [0, 1, 0]),
        "x": ("unit", [0.5, -0.5, 0.0]),
        "orientation": ("stimulus", [0.0, 90.0, np.nan]),
        "set": ("stimulus", ["orientation", "orientation", "blank"]),
    }
    responses = xr.DataArray(rates, dims=("stimulus", "unit"), coords=coords, attrs={"model": "handmade"})
    return spikes(responses, scale="none", duration=0.4, repeats=4)


@pytest.fixture
def read():
    pynwb = pytest.importorskip("pynwb")

    def open_and(path):
        return pynwb.NWBHDF5IO(path, "r")

    return open_and


def test_it_comes_back_as_it_went(counts, tmp_path, read):
    path = write_nwb(counts, tmp_path / "spikes.nwb", gap=0.1, order=2, start=START)
    wanted = trial_table(counts, gap=0.1, rng=2)
    with read(path) as io:
        file = io.read()
        trials = file.trials.to_dataframe()
        np.testing.assert_allclose(trials.start_time, wanted.onset)
        np.testing.assert_allclose(trials.stop_time, wanted.onset + 0.4)
        for name in ("stimulus", "repeat", "orientation"):
            np.testing.assert_array_equal(trials[name], wanted[name])
        assert trials["set"].tolist() == wanted["set"].tolist()
        units = file.units.to_dataframe()
        assert units.unit_name.tolist() == counts.unit.values.tolist()
        edges = np.column_stack([wanted.onset, wanted.onset + 0.4]).ravel()
        for name, times in zip(units.unit_name, units.spike_times, strict=True):
            assert (np.diff(times) >= 0).all()
            found = np.histogram(times, edges)[0]
            np.testing.assert_array_equal(found[::2], wanted[name])
            assert not found[1::2].any()  # nothing between trials
        assert file.session_start_time == START
        assert "no animal was recorded" in file.session_description
        assert json.loads(file.notes)["fano"] == 1


def test_electrodes_say_where_units_are(counts, tmp_path, read):
    with read(write_nwb(counts, tmp_path / "spikes.nwb", start=START)) as io:
        file = io.read()
        places = file.electrodes.to_dataframe()
        assert places.location.tolist() == ["conv1", "conv1", "conv2"]
        assert places.channel.tolist() == [0, 1, 0]
        assert places.unit_x.tolist() == [0.5, -0.5, 0]
        assert [group.location for group in file.electrode_groups.values()] == ["conv1", "conv2"]
        assert [file.units["electrodes"][unit].index[0] for unit in range(3)] == [0, 1, 2]


def test_the_file_is_valid(counts, tmp_path):
    pynwb = pytest.importorskip("pynwb")
    path = write_nwb(counts, tmp_path / "spikes.nwb", start=START)
    assert not pynwb.validate(path=path)


def test_without_pynwb_the_remedy_is_named(counts, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pynwb", None)
    with pytest.raises(ImportError, match=r"pip install 'cortexcnn\[nwb\]'"):
        write_nwb(counts, tmp_path / "spikes.nwb")


def test_refusals(counts, tmp_path):
    pytest.importorskip("pynwb")
    with pytest.raises(ValueError, match=r"ends in \.nwb; got spikes\.h5"):
        write_nwb(counts, tmp_path / "spikes.h5")
    with pytest.raises(ValueError, match="no time zone"):
        write_nwb(counts, tmp_path / "spikes.nwb", start=datetime(2026, 1, 1))
    with pytest.raises(ValueError, match="whole counts with repeats"):
        write_nwb(counts.astype(float), tmp_path / "spikes.nwb")
    assert not list(tmp_path.iterdir())
    write_nwb(counts, tmp_path / "spikes.nwb")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_nwb(counts, tmp_path / "spikes.nwb")
