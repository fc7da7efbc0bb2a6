"""Films reach a network whole, its centre units are read at every moment, and directions built in come back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, FilmNetwork, load, load_film
from cortexcnn.protocols import PROTOCOLS, run_protocol, summarise_measures
from cortexcnn.recording import record_film
from cortexcnn.stimuli import render, sweep

DIRECTIONS = (0.0, 90.0, 225.0)
SPEED = 2.0  # cycles a second


class Energy(nn.Module):
    """Motion energy (Adelson & Bergen 1985): pairs of space-time Gabors, one a direction, squared and summed."""

    def __init__(self, frequency, pixel, rate):
        super().__init__()
        self.filters = nn.Conv3d(1, 2 * len(DIRECTIONS) + 2, (8, 17, 17), bias=False)
        t, up, right = np.meshgrid(np.arange(8) / rate, *(np.arange(-8, 9) * pixel,) * 2, indexing="ij")
        up = -up  # rows go down
        kernels = []
        for direction in np.deg2rad(DIRECTIONS):
            along = right * np.cos(direction) + up * np.sin(direction)
            kernels += [np.exp(1j * 2 * np.pi * (frequency * along - SPEED * t))]
        kernels.append(np.exp(2j * np.pi * frequency * right) * np.cos(2 * np.pi * SPEED * t))  # both ways alike
        window = np.exp(-(right**2 + up**2) / 2 / (0.5 / frequency) ** 2)
        parts = np.stack([part for kernel in kernels for part in (kernel.real * window, kernel.imag * window)])
        parts -= parts.mean((1, 2, 3), keepdims=True)
        self.filters.weight = nn.Parameter(torch.tensor(parts[:, None], dtype=torch.float32))
        self.read = nn.Identity()

    def forward(self, film):
        pairs = self.filters(film).unflatten(1, (-1, 2))
        return self.read((pairs**2).sum(2))


@pytest.fixture(scope="module")
def network():
    eye = Eye(channels=1, pixels=32, degrees=4)
    return FilmNetwork(Energy(1.0, 1 / 8, 16), eye, frames=16, name="motion_energy")


def test_directions_that_were_built_in_come_back(network):
    responses, found = run_protocol(PROTOCOLS["drifting"], network, ["read"], progress=False)
    assert responses.sizes["time"] == 9
    assert (found["preferred_direction"].values[:3] + 10) % 360 == pytest.approx(np.add(DIRECTIONS, 10), abs=3)
    assert (found["direction_selectivity"].values[:3] > 0.9).all()
    assert found["direction_selectivity"].values[3] < 0.05
    medians = summarise_measures(PROTOCOLS["drifting"], found)
    assert medians["direction_selectivity"].item() > 0.9


def test_the_answer_is_the_networks_own(network):
    moving = sweep("drifting_grating", direction=[0, 120, 250], spatial_frequency=1, frame_rate=16)
    found = record_film(network, moving, layers=["read", "filters"], batch=2, progress=False)
    with torch.no_grad():
        whole = network(render(moving, network.screen))
    centre = whole[..., whole.shape[-2] // 2, whole.shape[-1] // 2].numpy()
    read = found.isel(unit=np.flatnonzero(found["layer"].values == "read"))
    np.testing.assert_allclose(read.transpose("stimulus", "unit", "time").values, centre, rtol=1e-5, atol=1e-4)
    assert not network.module.read._forward_hooks


def test_layers_that_stride_over_time_share_the_axis():
    module = nn.Sequential(nn.Conv3d(1, 1, 1, bias=False), nn.AvgPool3d((4, 1, 1)))
    network = FilmNetwork(module, Eye(channels=1, pixels=8, degrees=2), frames=8, name="pools")
    moving = sweep("drifting_grating", frame_rate=8)
    found = record_film(network, moving, layers=["0", "1"], progress=False)
    fine, coarse = (found.sel(unit=f"{layer}/0").values[0] for layer in "01")
    assert found["time"].values.tolist() == (np.arange(8) / 8).tolist()
    np.testing.assert_allclose(coarse, np.repeat(fine.reshape(2, 4).mean(1), 4), rtol=1e-5)


def test_what_does_not_fit_is_refused(network):
    moving = sweep("drifting_grating", frame_rate=16)
    with pytest.raises(ValueError, match="these stimuli don't move; motion_energy sees films of 16 frames"):
        record_film(network, sweep("grating"), layers=["read"])
    with pytest.raises(ValueError, match="these stimuli have 8 frames"):
        record_film(network, sweep("drifting_grating", frame_rate=8), layers=["read"])
    with pytest.raises(ValueError, match="no layers named reed; motion_energy has filters, read"):
        record_film(network, moving, layers=["reed"])
    flat = FilmNetwork(
        nn.Sequential(nn.Conv3d(1, 1, 1), nn.Flatten()), Eye(channels=1, pixels=8, degrees=2), frames=16, name="flat"
    )
    with pytest.raises(ValueError, match="no axis of time between channels and rows"):
        record_film(flat, moving, layers=["1"])
    assert not flat.module[1]._forward_hooks


def test_a_network_without_time_says_that_it_has_no_direction(network):
    with pytest.raises(ValueError, match=r"classical_v1 has no axis of time: .* no unit of it has a direction"):
        run_protocol(PROTOCOLS["drifting"], load("classical_v1"), ["simple"])
    with pytest.raises(ValueError, match="motion_energy sees films; ringach2002 shows still pictures"):
        run_protocol(PROTOCOLS["ringach2002"], network, ["read"])
    with pytest.raises(ValueError, match="name layers"):
        run_protocol(PROTOCOLS["drifting"], network)


@pytest.mark.slow
def test_a_published_architecture_is_recorded_from():
    network = load_film("r3d_18", weights="none")
    moving = sweep("drifting_grating", direction=[0, 180], temporal_frequency=2, frame_rate=16)
    found = record_film(network, moving, layers=["stem", "layer2"], batch=1, progress=False)
    assert found.sizes == {"stimulus": 2, "unit": 64 + 128, "time": 16}
    assert np.isfinite(found).all()
