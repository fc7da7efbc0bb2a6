"""The search for preferred stimuli gives back what handmade cells were built to prefer, wherever they look."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn.models import Eye, load, wrap
from cortexcnn.protocols import edge_shares, preferred_stimuli


@pytest.fixture(scope="module")
def built():
    """Gabor cells off every grid: 37 and 101 degrees, 1.3 and 2.9 cycles/degree."""
    network = load("classical_v1", degrees=6, pixels=132, orientations=(37.0, 101.0), spatial_frequencies=(1.3, 2.9))
    units = {
        "simple": [(channel, 4, 4) for channel in range(16)],
        "complex": [(channel, 4, 5) for channel in range(4)],
    }
    return network, preferred_stimuli(network, units=units, progress=False)


def test_built_in_preferences_come_back(built):
    _, found = built
    assert found["valid"].all()
    assert (found["edge"] == "").all()
    cells = found.isel(unit=np.flatnonzero(found["layer"].values == "simple"))
    wanted = np.repeat([1.3, 2.9], 8), np.tile(np.repeat([37.0, 101.0], 4), 2)
    assert np.abs(np.log2(cells["spatial_frequency"].values / wanted[0])).max() < 0.04
    assert np.abs(cells["orientation"].values - wanted[1]).max() < 1.0
    # Their phase is of a cosine, that of a grating of a sine.
    turned = (cells["phase"].values - 90 - np.tile([0, 90, 180, 270], 4) + 180) % 360 - 180
    assert np.abs(turned).max() < 8
    assert cells["modulation_ratio"].values == pytest.approx(1.657, abs=0.01)


def test_the_place_is_where_the_unit_looks(built):
    network, found = built
    step = network.layers()["rf_stride_degrees"].sel(layer="complex").item()
    cells = found.isel(unit=np.flatnonzero(found["layer"].values == "complex"))
    simple = found["rf_x"].values[0]
    assert cells["rf_x"].values == pytest.approx(simple + step)
    assert cells["x"].values == pytest.approx(cells["rf_x"].values, abs=0.05)
    assert cells["y"].values == pytest.approx(cells["rf_y"].values, abs=0.05)
    assert (cells["modulation_ratio"] < 0.01).all()


def one_filter(weights, *, bias=0.0):
    layer = nn.Conv2d(1, len(weights), weights.shape[-1])
    layer.weight = nn.Parameter(torch.as_tensor(weights, dtype=torch.float32)[:, None])
    layer.bias = nn.Parameter(torch.full((len(weights),), float(bias)))
    return wrap(nn.Sequential(layer), Eye(channels=1, pixels=48, degrees=6), name="filters")


def test_a_filter_off_the_middle_of_its_field_is_found_where_it_is():
    weights = np.zeros((1, 15, 15))
    weights[0, 1:6, 9:14] = [[-1, 1, 0, -1, 1]] * 5  # above and right of the middle
    found = preferred_stimuli(one_filter(weights), ["0"], progress=False)
    pixel = 6 / 48
    assert found["x"].item() - found["rf_x"].item() == pytest.approx(4 * pixel, abs=1.5 * pixel)
    assert found["y"].item() - found["rf_y"].item() == pytest.approx(4 * pixel, abs=1.5 * pixel)
    assert found["orientation"].item() == pytest.approx(90, abs=4)


def test_an_optimum_beyond_the_range_is_told_and_counted():
    checker = np.where(np.indices((5, 5)).sum(0) % 2, 1.0, -1.0)
    flat = np.ones((5, 5))
    found = preferred_stimuli(one_filter(np.stack([checker, flat])), ["0"], progress=False)
    assert all("spatial_frequency" in told for told in found["edge"].values)
    shares = edge_shares(found)
    assert shares["spatial_frequency"].item() == shares["any"].item() == 1
    assert shares["units"].item() == 2


def test_units_that_never_answer_are_flagged_and_none_at_all_is_an_error():
    weights = np.zeros((2, 7, 7))
    weights[0, :, 2:4] = 1
    weights[0, :, 4:6] = -1
    found = preferred_stimuli(one_filter(weights), ["0"], rounds=1, progress=False)
    assert found["valid"].values.tolist() == [True, False]
    assert found["reason"].values[1]
    assert np.isfinite(found[["orientation", "spatial_frequency", "x", "y", "size", "phase"]].to_dataarray()).all()
    assert edge_shares(found)["units"].item() == 1
    with pytest.raises(ValueError, match=r"no unit of 0 answers to gratings: constant \(held away"):
        preferred_stimuli(one_filter(1e-6 * weights[:1], bias=1), ["0"], rounds=0, progress=False)
    with pytest.raises(ValueError, match="no unit of 0 answers to gratings: never answered"):
        preferred_stimuli(one_filter(np.zeros((2, 7, 7)), bias=-1), ["0"], rounds=0, progress=False)


def test_layers_keep_their_order():
    table = xr.Dataset(
        {"edge": ("unit", ["size", ""]), "valid": ("unit", [True, True])},
        {"unit": [0, 1], "layer": ("unit", ["b", "a"])},
    )
    assert edge_shares(table)["layer"].values.tolist() == ["b", "a"]
