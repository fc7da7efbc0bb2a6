"""What doesn't fit is refused at the door, with the remedy; long runs are announced."""

from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from cortexcnn.recording import Forecast, forecast, record
from cortexcnn.recording.forecast import available_memory


def test_memory_is_known_here_and_less_than_all_there_is():
    free = available_memory()
    assert free is None or 0 < free < 2**60


def test_too_much_for_memory_is_refused_at_the_door(network, gratings, monkeypatch, tmp_path):
    monkeypatch.setattr(forecast, "available_memory", lambda: 10_000)
    with pytest.raises(MemoryError, match=r"21 stimuli × 3456 units: .*10 kB of memory free: .*out='FILE\.nc'"):
        record(network, gratings, layers=["stem"], units="all", progress=False)
    with pytest.raises(MemoryError, match="a smaller batch"):
        record(network, gratings, layers=["stem"], units="all", out=tmp_path / "r.nc", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_too_much_for_the_disk_is_refused_at_the_door(network, gratings, monkeypatch, tmp_path):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match=r"1 kB free where .* goes: choose another disk"):
        record(network, gratings, layers=["stem"], out=tmp_path / "r.nc", progress=False)
    assert list(tmp_path.iterdir()) == []


def test_responses_in_a_file_need_memory_for_a_few_batches_only():
    asked = Forecast(stimuli=10, frames=4, units=7, memory=100)
    assert "10 stimuli × 4 frames × 7 units" in str(asked)
    assert "disk" not in str(asked)


@pytest.mark.parametrize(("seconds", "text"), [(12.2, "12 s"), (400, "7 minutes"), (9000, "2 hours")])
def test_time_is_said_in_words_of_its_size(seconds, text):
    assert f"about {text}" in str(Forecast(stimuli=1, frames=1, units=1, memory=1, seconds=seconds))
