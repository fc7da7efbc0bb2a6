"""The handmade V2: angle cells prefer their own angle, correlation cells tell textures from noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cortexcnn.models import load
from cortexcnn.models.classical_v2 import classical_v2
from cortexcnn.recording import record
from cortexcnn.stimuli import sweep


@pytest.fixture(scope="module")
def network():
    return load("classical_v2", degrees=6, pixels=128)


def test_each_angle_cell_prefers_its_own_angle(network):
    angles = sweep("angle", direction=range(0, 360, 45), opening=[45, 90, 135, 180], length=2, width=0.2)
    responses = record(network, angles, layers=["angles"], progress=False)
    cells = network.module.cells("angles")
    assert cells.unit.values.tolist() == responses.unit.values.tolist()
    best = responses.argmax("stimulus")
    opening, direction = responses.opening.values[best], responses.direction.values[best]
    assert (opening == cells.opening.values).all()
    turned = np.where(opening == 180, (direction - cells.direction.values) % 180, direction - cells.direction.values)
    assert (turned == 0).all()


def test_an_angle_cell_wants_both_arms(network):
    angles = sweep("angle", direction=range(0, 360, 45), opening=[0, 90], length=2, width=0.2)
    responses = record(network, angles, layers=["angles"], progress=False)
    cells = network.module.cells("angles")
    right = (cells.opening == 90).values
    both = responses.isel(unit=right).where(responses.opening == 90, drop=True).max("stimulus")
    one = responses.isel(unit=right).where(responses.opening == 0, drop=True).max("stimulus")
    assert (one < 0.6 * both).all()


def test_correlations_are_those_of_the_amplitudes(network):
    module = network.module
    image = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(0)) * 0.2
    energy = module.v1.complex(module.v1.simple(module.v1.linear(image)))
    found = module.correlations(energy)[0].numpy()
    cells = module.cells("correlations")
    assert found.shape[0] == cells.sizes["unit"]
    amplitude = energy[0].sqrt().numpy().astype(float)
    window = module.correlations.window[0, 0].numpy().astype(float)
    reach = (module.correlations.side - len(window)) // 2
    side = len(window)
    frequencies, orientations = (module.v1.gabors[name].values for name in ("spatial_frequency", "orientation"))
    steps = module.eye.screen.pixels_per_degree / module.v1.linear.stride[0]
    for k in (0, 11, 40, len(found) - 1):
        cell = cells.isel(unit=k)
        first = np.flatnonzero(
            (frequencies == float(cell.spatial_frequency)) & (orientations == float(cell.orientation))
        )
        second = np.flatnonzero(
            (frequencies == float(cell.spatial_frequency2)) & (orientations == float(cell.orientation2))
        )
        right, up = (int(np.round(float(cell[name]) * steps / 2)) for name in ("x", "y"))
        ours, theirs = (
            amplitude[
                which[0],
                reach - sign * up : reach - sign * up + side,
                reach + sign * right : reach + sign * right + side,
            ]
            for which, sign in ((first, -1), (second, 1))
        )
        weighted = np.cov(ours.ravel(), theirs.ravel(), aweights=window.ravel(), ddof=0)
        expected = weighted[0, 1] / np.sqrt(weighted[0, 0] * weighted[1, 1])
        assert found[k, 0, 0] == pytest.approx(expected, abs=0.01)


def test_correlation_cells_tell_a_texture_from_noise_of_its_spectrum(network):
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(12):
        picture = np.zeros((128, 128))
        for _ in range(40):  # crosses: both orientations at the same places
            row, column = rng.integers(0, 128, 2)
            picture[row, np.arange(column - 6, column + 7) % 128] += 0.3
            picture[np.arange(row - 6, row + 7) % 128, column] += 0.3
        pictures.append(picture - picture.mean())
    spectrum = np.abs(np.fft.fft2(pictures))
    noise = np.fft.ifft2(spectrum * np.exp(1j * np.angle(np.fft.fft2(rng.normal(size=(12, 128, 128)))))).real
    cells = network.module.cells("correlations")
    same = (cells.spatial_frequency == cells.spatial_frequency2).values
    crossed = same & (np.abs(cells.orientation - cells.orientation2) == 90).values & (cells.orientation == 0).values
    with torch.no_grad():
        texture, control = (
            network.module(torch.from_numpy(np.stack(images)).float()[:, None])[1][:, crossed].numpy()
            for images in (pictures, noise)
        )
    finest = -1
    assert texture[:, finest].mean() > 0.3
    assert abs(control[:, finest].mean()) < 0.1


def test_grey_gives_nothing_and_correlations_are_bounded(network):
    with torch.no_grad():
        angles, correlations = network.module(torch.zeros(1, 1, 128, 128))
        assert not angles.any()
        assert not correlations.any()
        _, correlations = network.module(torch.randn(4, 1, 128, 128))
    assert correlations.abs().max() <= 1


def test_there_are_two_layers_of_cells():
    with pytest.raises(ValueError, match="no layer named 'simple'"):
        classical_v2(degrees=4, pixels=128).cells("simple")


def test_a_map_too_coarse_for_its_angles_is_refused():
    with pytest.raises(ValueError, match="a smaller stride"):
        classical_v2(degrees=4, pixels=128, spatial_frequencies=[2, 8])
