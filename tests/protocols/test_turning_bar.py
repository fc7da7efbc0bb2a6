"""The bar of 1959: it crosses the whole field at every orientation, and responses become spikes faithfully."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.protocols import above_blank, spike_times, swept_bars
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


def responses(rows: dict[tuple[float, float], list[float]]) -> xr.DataArray:
    orientation, direction = zip(*rows, strict=True)
    return xr.DataArray(
        np.array([*rows.values()], dtype=float),
        dims=("stimulus", "time"),
        coords={
            "stimulus": np.arange(len(rows)),
            "time": [0.0, 0.25, 0.5, 0.75],
            "orientation": ("stimulus", list(orientation)),
            "direction": ("stimulus", list(direction)),
            "contrast": ("stimulus", [float(direction_ >= 0) for direction_ in direction]),
        },
    )


def test_spikes_fall_where_the_response_is_and_in_proportion():
    table = responses({(0.0, 90.0): [0, 4, 0, 0], (0.0, 270.0): [0, 0, 0, 0], (90.0, 180.0): [0, 0, 2, 0]})
    fired = spike_times(table, spikes=8)
    assert {angle: len(row) for angle, row in fired.items()} == {0.0: 8, 90.0: 4}
    assert ((fired[0.0] >= 0.25) & (fired[0.0] <= 0.5)).all()
    assert ((fired[90.0] >= 0.5) & (fired[90.0] <= 0.75)).all()


def test_the_way_back_comes_second():
    fired = spike_times(responses({(0.0, 270.0): [0, 0, 5, 0], (0.0, 90.0): [0, 0, 0, 0]}), spikes=4)
    assert len(fired[0.0]) == 4
    assert ((fired[0.0] >= 1.5) & (fired[0.0] <= 1.75)).all()


def test_a_silent_unit_fires_nothing_and_a_rate_is_not_negative():
    assert spike_times(responses({(0.0, 90.0): [0, 0, 0, 0]}))[0.0].size == 0
    with pytest.raises(ValueError, match="above_blank"):
        spike_times(responses({(0.0, 90.0): [0, -1, 0, 0]}))


def test_only_what_the_bar_adds_counts():
    table = responses({(0.0, 90.0): [1, 0, 7, 2], (np.nan, -1.0): [2, 2, 2, 2]}).expand_dims(unit=["cell"])
    above = above_blank(table)
    assert above.sizes["stimulus"] == 1
    assert above.sel(unit="cell").values.tolist() == [[0, 0, 5, 0]]
    with pytest.raises(ValueError, match="no blank"):
        above_blank(above)
