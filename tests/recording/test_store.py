"""Files grow, survive, are what they say they are, and are never overwritten unasked."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn.recording import open_responses, record, store
from cortexcnn.stimuli import sweep


class Tiring(nn.Module):
    """Fails after so many calls, as a power cut would."""

    calls_left = 10**6

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        self.calls_left -= 1
        if self.calls_left < 0:
            raise KeyboardInterrupt
        return maps


@pytest.fixture
def tiring(wrapped):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = wrapped(nn.Sequential(nn.Conv2d(1, 4, 3), Tiring(), nn.Conv2d(4, 2, 3)))
    network.layers()
    return network


def _interrupt(network, gratings, path, **options):
    network.module[1].calls_left = 2
    with pytest.raises(KeyboardInterrupt):
        record(network, gratings, layers=["1"], units="all", batch=4, out=path, progress=False, **options)
    network.module[1].calls_left = 10**6


def test_a_file_holds_what_memory_would(network, gratings, tmp_path):
    options = {"layers": ["wide", "stem", "head"], "progress": False}
    memory = record(network, gratings, **options)
    with record(network, gratings, out=tmp_path / "deep" / "r.nc", batch=7, **options) as file:
        xr.testing.assert_allclose(file.load(), memory, rtol=1e-5, atol=1e-6)
        assert file.attrs == memory.attrs
        assert file.dims == ("stimulus", "unit")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["r.nc"]


def test_xarray_reads_it_by_itself(network, gratings, tmp_path):
    record(network, gratings, layers=["stem"], out=tmp_path / "r.nc", progress=False).close()
    with xr.open_dataarray(tmp_path / "r.nc", engine="h5netcdf") as file:
        assert file.attrs["model"] == "small"
        assert file.attrs["weights_hash"] == network.hashes()["weights_hash"]
        assert {"orientation", "phase", "layer", "rf_size"} <= set(file.coords)
        assert file.dtype == np.float32


def test_frames_are_written_along_time(network, tmp_path):
    drifting = sweep("drifting_grating", direction=[0, 90, 180], duration=0.5, frame_rate=16)
    memory = record(network, drifting, layers=["stem", "wide"], progress=False)
    with record(network, drifting, layers=["stem", "wide"], out=tmp_path / "r.nc", batch=5, progress=False) as file:
        assert file.dims == ("stimulus", "unit", "time")
        xr.testing.assert_allclose(file.load(), memory, rtol=1e-5, atol=1e-6)


def test_an_interrupted_run_is_completed_to_the_same_file(tiring, gratings, tmp_path):
    path, whole = tmp_path / "r.nc", record(tiring, gratings, layers=["1"], units="all", progress=False)
    _interrupt(tiring, gratings, path)
    assert not path.exists()
    with pytest.raises(FileNotFoundError, match=r"r\.nc\.part is an interrupted recording.*resume=True"):
        open_responses(path)
    tiring.module[1].calls_left = 4  # 21 stimuli: 8 are there, 4 batches are left
    with record(tiring, gratings, layers=["1"], units="all", batch=4, out=path, progress=False) as responses:
        xr.testing.assert_allclose(responses.load(), whole, rtol=1e-6)
    assert tiring.module[1].calls_left == 0
    assert [file.name for file in tmp_path.iterdir()] == ["r.nc"]


def test_an_interrupted_run_of_other_weights_is_refused_with_both_hashes(tiring, gratings, tmp_path):
    path = tmp_path / "r.nc"
    _interrupt(tiring, gratings, path)
    before = tiring.hashes()["weights_hash"]
    with torch.no_grad():
        tiring.module[0].weight[0, 0, 0, 0] += 1
    after = tiring.hashes()["weights_hash"]
    options = {"layers": ["1"], "units": "all", "out": path, "progress": False}
    with pytest.raises(ValueError, match=f"weights_hash {before} there, {after} asked for"):
        record(tiring, gratings, **options)
    record(tiring, gratings, overwrite=True, **options).close()
    open_responses(path, network=tiring, stimuli=gratings).close()


def test_an_interrupted_run_of_other_units_is_refused(tiring, gratings, tmp_path):
    _interrupt(tiring, gratings, tmp_path / "r.nc")
    with pytest.raises(ValueError, match=r"other units \(8464 there, 4 asked for\)"):
        record(tiring, gratings, layers=["1"], out=tmp_path / "r.nc", progress=False)


def test_an_interrupted_run_is_left_alone_unless_asked(tiring, gratings, tmp_path):
    path = tmp_path / "r.nc"
    _interrupt(tiring, gratings, path)
    options = {"layers": ["1"], "units": "all", "batch": 4, "out": path, "progress": False, "resume": False}
    with pytest.raises(FileExistsError, match="holds what is asked for; say resume=True"):
        record(tiring, gratings, **options)
    tiring.module[1].calls_left = 6  # all of them anew
    record(tiring, gratings, overwrite=True, **options).close()
    assert tiring.module[1].calls_left == 0


def test_a_file_is_not_overwritten_unless_asked(network, gratings, tmp_path):
    path = tmp_path / "r.nc"
    record(network, gratings, layers=["stem"], out=path, progress=False).close()
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="holds what is asked for; read it with open_responses"):
        record(network, gratings, layers=["stem"], out=path, progress=False)
    other = gratings.isel(stimulus=slice(3))
    with pytest.raises(FileExistsError, match=r"holds something else: stimuli_hash \w+ there, \w+ asked for"):
        record(network, other, layers=["stem"], out=path, progress=False)
    assert path.read_bytes() == before
    record(network, other, layers=["stem"], out=path, overwrite=True, progress=False).close()
    with open_responses(path) as responses:
        assert responses.sizes["stimulus"] == 3


def test_a_foreign_file_is_not_overwritten_either(network, gratings, tmp_path):
    path = tmp_path / "notes.nc"
    path.write_text("my notes")
    with pytest.raises(FileExistsError, match="can't be read"):
        record(network, gratings, layers=["stem"], out=path, progress=False)
    with pytest.raises(ValueError, match="is it a NetCDF-4 file"):
        open_responses(path)
    assert path.read_text() == "my notes"


def test_opening_compares_with_what_is_asked_for(network, wrapped, gratings, tmp_path):
    path = tmp_path / "r.nc"
    record(network, gratings, layers=["stem"], out=path, progress=False).close()
    open_responses(path, network=network, stimuli=gratings).close()
    with pytest.raises(ValueError, match=r"weights_hash \w{16} there, \w{16} asked for"):
        open_responses(path, network=wrapped(nn.Sequential(nn.Conv2d(1, 1, 1))))
    with pytest.raises(ValueError, match=r"stimuli_hash \w{16} there, \w{16} asked for"):
        open_responses(path, stimuli=sweep("grating", orientation=[1, 2]))
    xr.Dataset({"weather": 1}).to_netcdf(tmp_path / "w.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match="holds no responses but weather"):
        open_responses(tmp_path / "w.nc")
    with pytest.raises(FileNotFoundError, match="no file"):
        open_responses(tmp_path / "none.nc")


def test_a_failing_disk_is_told_and_what_is_written_is_kept(network, gratings, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store.InFile, "_put", full)
    with pytest.raises(OSError, match=r"could not be written.*No space left"):
        record(network, gratings, layers=["stem"], out=tmp_path / "r.nc", progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["r.nc.part"]
