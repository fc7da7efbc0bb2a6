"""The bar of 1959: it crosses the whole field at every orientation, and responses become spikes faithfully."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.protocols import spike_times, swept_bars
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, times


def test_bars_come_both_ways_and_cross_the_centre():
    screen = Screen(4, 32)
    bars = swept_bars(screen, steps=4)
    assert np.unique(bars.orientation.dropna("stimulus")).tolist() == [0, 45, 90, 135]
    frames = render(bars, screen)[:, :, 0]
    middle = frames[:-1, :, 14:18, 14:18].amax(dim=(2, 3))
    assert (middle.amax(dim=1) > 0.9).all()
    assert np.allclose(frames[-1], 0.5)
    crossing = times(bars)[middle.argmax(dim=1)]
    assert np.allclose(crossing, 0.5, atol=0.1)


def responses(rows: dict[tuple[float, float], list[float]], blank: float | None = None) -> xr.DataArray:
    values = [*rows.values()] + ([[blank] * 4] if blank is not None else [])
    orientation, direction = zip(*rows, strict=True)
    extra = [np.nan] if blank is not None else []
    return xr.DataArray(
        np.array(values, dtype=float),
        dims=("stimulus", "time"),
        coords={
            "stimulus": np.arange(len(values)),
            "time": [0.0, 0.25, 0.5, 0.75],
            "orientation": ("stimulus", [*orientation, *extra]),
            "direction": ("stimulus", [*direction, *extra]),
            "contrast": ("stimulus", [1.0] * len(rows) + ([0.0] if extra else [])),
        },
    )


def test_spikes_fall_where_the_response_is_and_in_proportion():
    table = responses({(0.0, 90.0): [0, 4, 0, 0], (0.0, 270.0): [0, 0, 0, 0], (90.0, 180.0): [0, 0, 2, 0]})
    fired = spike_times(table, spikes=8)
    assert {angle: len(row) for angle, row in fired.items()} == {0.0: 8, 90.0: 4}
    assert ((fired[0.0] >= 0.25) & (fired[0.0] <= 0.5)).all()
    assert ((fired[90.0] >= 0.5) & (fired[90.0] <= 0.75)).all()


def test_the_blank_is_silence_and_the_way_back_comes_second():
    table = responses({(0.0, 270.0): [1, 1, 5, 1], (0.0, 90.0): [1, 1, 1, 1]}, blank=1.0)
    fired = spike_times(table, spikes=4)
    assert len(fired[0.0]) == 4
    assert ((fired[0.0] >= 1.5) & (fired[0.0] <= 1.75)).all()


def test_a_silent_unit_fires_nothing():
    fired = spike_times(responses({(0.0, 90.0): [0, 0, 0, 0]}))
    assert fired[0.0].size == 0


def test_one_unit_at_a_time():
    table = responses({(0.0, 90.0): [0, 4, 0, 0]}).expand_dims(unit=["a", "b"])
    with pytest.raises(ValueError, match="one unit at a time"):
        spike_times(table)
