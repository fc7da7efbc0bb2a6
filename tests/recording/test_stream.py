from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr

from cortexcnn.models import Eye, wrap
from cortexcnn.recording import record, stream
from cortexcnn.stimuli import sweep


@pytest.fixture
def network():
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 3, 5, stride=2), torch.nn.ReLU(), torch.nn.Conv2d(3, 4, 3))
    return wrap(module, Eye(channels=1, pixels=24), name="small")


@pytest.mark.parametrize("units", ["all", "centre", "mean"])
def test_what_is_handed_on_is_what_would_be_recorded(network, units):
    gratings = sweep("grating", orientation=range(0, 180, 20), spatial_frequency=1)
    found: dict[str, list[np.ndarray]] = {}
    rows = []

    def take(layer, some, responses):
        found.setdefault(layer, []).append(responses.copy())
        rows.append((layer, some.start, some.stop))

    table = stream(network, gratings, take, layers=["1", "2"], units=units, batch=4, progress=False)
    expected = record(network, gratings, layers=["1", "2"], units=units, progress=False)
    together = np.concatenate([np.concatenate(found[layer]) for layer in ("1", "2")], axis=1)
    assert np.allclose(together, expected.values, rtol=0, atol=1e-6)
    assert [part for part in rows if part[0] == "2"] == [("2", 0, 4), ("2", 4, 8), ("2", 8, 9)]
    assert table.attrs == expected.attrs
    xr.testing.assert_identical(table["unit"].reset_coords(drop=True), expected["unit"].reset_coords(drop=True))


def test_frames_of_moving_stimuli_come_one_after_the_other(network):
    moving = sweep("drifting_grating", direction=[0, 90], spatial_frequency=1, duration=0.2, frame_rate=20)
    parts = []
    stream(network, moving, lambda _layer, _rows, values: parts.append(values.copy()), layers=["2"], progress=False)
    expected = record(network, moving, layers=["2"], units="all", progress=False)
    frames = expected.sizes["time"]
    together = np.concatenate(parts).reshape(2, frames, -1)
    assert np.allclose(together, expected.transpose("stimulus", "time", "unit").values, rtol=0, atol=1e-6)


def test_units_that_give_nan_are_named(network):
    with torch.no_grad():
        network.module[2].bias[1] = torch.nan
    with pytest.warns(UserWarning, match="2: 64 of 256 units gave NaN"):
        stream(network, sweep("grating", spatial_frequency=1), lambda *_: None, layers=["2"], progress=False)


def test_nothing_to_show_is_refused(network):
    empty = sweep("grating").isel(stimulus=slice(0))
    with pytest.raises(ValueError, match="no rows"):
        stream(network, empty, lambda *_: None, layers=["2"], progress=False)
