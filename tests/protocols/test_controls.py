from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.protocols import CONTROLS, classical, pixel_responses, record_with_controls
from cortexcnn.protocols.controls import check_controls, sampled
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(3)
        module = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))
    return wrap(module, Eye(channels=1, mean=0.5, pixels=24, degrees=2.0), name="small")


@pytest.fixture(scope="module")
def gratings():
    return sweep("grating", orientation=range(0, 180, 30), spatial_frequency=[1, 2])


def test_controls_see_the_same_stimuli_and_the_same_units(network, gratings):
    shown = record_with_controls(network, gratings, layers=["1", "4"], units=30, rng=2, progress=False)
    assert list(shown) == ["trained", *CONTROLS[:-1]]
    for responses in shown.values():
        assert responses.stimulus.values.tolist() == gratings.stimulus.values.tolist()
        assert "orientation" in responses.coords
    assert shown["random weights"].unit.values.tolist() == shown["trained"].unit.values.tolist()
    assert not np.allclose(shown["random weights"], shown["trained"])


def test_declined_controls_are_not_recorded(network, gratings):
    shown = record_with_controls(network, gratings, layers=["1"], controls=["pixels"], units=5, progress=False)
    assert list(shown) == ["trained", "pixels"]
    assert list(record_with_controls(network, gratings, layers=["1"], controls=[], units=5, progress=False)) == [
        "trained"
    ]


def test_networks_of_ones_own_keep_their_names(network, gratings):
    named = {"epoch 0": network, "random weights": network}
    shown = record_with_controls(
        named, gratings, layers=["1"], controls=["random weights", "shuffled weights"], units=5, progress=False
    )
    assert list(shown) == ["epoch 0", "random weights", "shuffled weights"]
    assert np.array_equal(shown["epoch 0"], shown["random weights"])


def test_small_layers_give_all_their_units_in_the_order_of_the_layers(network, gratings):
    found = sampled(network, gratings, layers=["4", "1"], count=30, rng=1, progress=False)
    assert found.layer.values.tolist() == ["4"] * 4 + ["1"] * 30
    whole = record(network, gratings, layers=["1", "4"], units="all", progress=False)
    assert np.allclose(found, whole.sel(unit=found.unit.values), atol=1e-6)


def test_pixels_are_the_pictures(network, gratings):
    found = pixel_responses(gratings, network.screen)
    drawn = render(gratings, network.screen).numpy().reshape(len(gratings.stimulus), -1)
    assert np.allclose(found.values, drawn[:, np.ptp(drawn, axis=0) > 0])
    assert set(found.layer.values) == {"pixels"}


@pytest.mark.parametrize("area", ["classical V1", "classical V2"])
@pytest.mark.parametrize(("degrees", "pixels"), [(8, 224), (2, 32), (0.3, 224), (30, 64), (4, 300)])
def test_classical_areas_fit_every_screen(area, degrees, pixels):
    handmade = classical(Screen(degrees, pixels), area)
    assert handmade.screen.degrees == degrees
    assert handmade.layers().sizes["layer"] > 2


def test_unknown_controls_and_areas_are_refused():
    with pytest.raises(ValueError, match="no control named 'noise'"):
        check_controls(["noise"])
    with pytest.raises(ValueError, match=r"give a list, such as \['pixels'\]"):
        check_controls("pixels")
    with pytest.raises(ValueError, match="no area named 'V4'"):
        classical(Screen(8, 224), "V4")
