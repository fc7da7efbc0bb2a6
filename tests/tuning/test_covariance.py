"""An energy cell has two axes that span its quadrature pair, noise has none, and the test is as strict as it says."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn import tuning
from cortexcnn.screen import Screen

SCREEN = Screen(2, 12)


def gabor(phase: float, orientation: float = 30.0) -> np.ndarray:
    x, y = SCREEN.centres()
    turn = np.deg2rad(orientation)
    u = np.cos(turn) * y[:, None] - np.sin(turn) * x
    v = np.sin(turn) * y[:, None] + np.cos(turn) * x
    made = np.exp(-(u**2 + v**2) / 2 / 0.35**2) * np.cos(2 * np.pi * 1.5 * u + np.deg2rad(phase))
    return made / np.linalg.norm(made)


def table(*cells: np.ndarray) -> xr.DataArray:
    values = np.stack(cells, axis=1)
    coords = {"stimulus": np.arange(len(values)), "unit": [f"cell{i}" for i in range(values.shape[1])]}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return 0.2 * np.random.default_rng(0).standard_normal((6000, 12, 12))


def drive(frames: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("nyx,yx->n", frames, weights)


def test_an_energy_cell_has_exactly_two_axes_that_span_its_pair(frames):
    pair = np.stack([gabor(0), gabor(90)])
    energy = sum(drive(frames, one) ** 2 for one in pair)
    found = tuning.spike_triggered_covariance(frames, table(energy), screen=SCREEN, shuffles=60, rng=0).isel(unit=0)
    assert int(found.excitatory_axes) == 2
    assert int(found.suppressive_axes) == 0
    assert found.reason == ""
    assert not found.average_taken_out
    # E[r s sᵀ] / E[r] of r = (g·s)² + (h·s)² and gaussian s is σ² (1 + ggᵀ + hhᵀ)
    np.testing.assert_allclose(found.eigenvalue[:2], 0.2**2, rtol=0.15)
    spanned = found.excitatory.isel(axis=[0, 1], y=slice(None, None, -1)).values.reshape(2, -1)
    shared = np.linalg.svd(np.linalg.qr(pair.reshape(2, -1).T)[0].T @ spanned.T, compute_uv=False)
    assert (shared > 0.93).all()
    assert found.attrs["shuffles"] == 60


def test_axes_come_nearer_with_more_frames(frames):
    pair = np.linalg.qr(np.stack([gabor(0), gabor(90)]).reshape(2, -1).T)[0]
    energy = ((frames.reshape(len(frames), -1) @ pair) ** 2).sum(1)
    off = []
    for count in (1500, 6000):
        found = tuning.spike_triggered_covariance(
            frames[:count], table(energy[:count]), screen=SCREEN, shuffles=39, axes=2, rng=0
        )
        axes = found.excitatory.isel(unit=0, y=slice(None, None, -1)).values.reshape(2, -1)
        off.append(1 - np.linalg.svd(axes @ pair, compute_uv=False).min() ** 2)
    assert off[1] < off[0] / 2.5


def test_suppression_is_found_and_the_average_is_taken_out(frames):
    # excited by one Gabor, silenced by either sign of another: r = exp(drive) / (1 + 3 energy)
    excited, silenced = drive(frames, gabor(0)) / 0.2, drive(frames, gabor(0, 120)) / 0.2
    rate = np.exp(0.5 * excited) / (1 + 3 * silenced**2)
    found = tuning.spike_triggered_covariance(frames, table(rate), screen=SCREEN, shuffles=60, axes=2, rng=0).isel(
        unit=0
    )
    assert bool(found.average_taken_out)
    assert np.isnan(found.eigenvalue.values).sum() == 1
    assert int(found.suppressive_axes) == 1
    assert int(found.excitatory_axes) == 0
    axis = found.suppressive.isel(axis=0, y=slice(None, None, -1)).values
    assert abs((axis * gabor(0, 120)).sum()) > 0.9
    whole = tuning.spike_triggered_covariance(
        frames, table(np.maximum(excited, 0) ** 2), screen=SCREEN, shuffles=60, axes=2, without_average=False, rng=0
    ).isel(unit=0)
    assert int(whole.excitatory_axes) == 1
    assert abs((whole.excitatory.isel(axis=0, y=slice(None, None, -1)).values * gabor(0)).sum()) > 0.9


@pytest.mark.parametrize("shuffle", ["permuted", "shifted"])
def test_noise_has_no_axes(shuffle):
    rng = np.random.default_rng(3)
    frames = rng.standard_normal((400, 5, 5))
    spikes = table(*rng.poisson(0.7, (60, 400)).astype(float))
    found = tuning.spike_triggered_covariance(
        frames, spikes, screen=Screen(1, 5), shuffles=59, shuffle=shuffle, axes=2, rng=1
    )
    wrong = ((found.excitatory_axes + found.suppressive_axes) > 0).values
    assert wrong.mean() < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 60)
    assert (found.reason.values[~wrong] == "no axis different from chance").all()


def test_it_is_the_covariance_of_the_frames_at_spikes():
    rng = np.random.default_rng(4)
    frames, spikes = rng.standard_normal((300, 4, 4)), rng.poisson(1.0, 300)
    flat = frames.reshape(300, -1)
    off = flat - flat.mean(0)
    wanted = np.einsum("n,ni,nj->ij", spikes / spikes.sum(), off, off) - off.T @ off / 300
    found = tuning.spike_triggered_covariance(
        frames, table(spikes), screen=Screen(1, 4), shuffles=39, without_average=False, rng=0
    )
    np.testing.assert_allclose(found.eigenvalue.isel(unit=0), np.linalg.eigvalsh(wanted)[::-1], atol=1e-12)


def test_memory_bounds_change_nothing(frames, monkeypatch):
    few = frames[:500]
    cells = table(drive(few, gabor(0)) ** 2, drive(few, gabor(50)) ** 2)
    options = {"screen": SCREEN, "shuffles": 39, "axes": 1, "rng": 5}
    whole = tuning.spike_triggered_covariance(few, cells, **options)
    monkeypatch.setattr("cortexcnn.tuning.covariance.BUDGET", 8 * 144**2 * 2)
    monkeypatch.setattr("cortexcnn.tuning.frames.CHUNK", 144 * 77)
    parts = tuning.spike_triggered_covariance(few, cells, **options)
    xr.testing.assert_allclose(parts, whole, rtol=1e-8)


def test_reasons_and_refusals(frames):
    few = frames[:3000]
    energy = drive(few, gabor(0)) ** 2
    found = tuning.spike_triggered_covariance(
        few, table(energy, 0 * energy, 0 * energy + 1), screen=SCREEN, shuffles=39, axes=1, rng=0
    )
    assert found.reason.values.tolist() == [
        "every tested axis is significant (there may be more)",
        "never answered",
        "constant (held away from the rectifier)",
    ]
    assert np.isnan(found.excitatory_p.values).tolist() == [[False, True, True]]
    call, cells = tuning.spike_triggered_covariance, table(energy)
    with pytest.raises(ValueError, match=r"20 shuffles can't show p of 0.025, half of alpha: take 39 or more"):
        call(few, cells, screen=SCREEN, shuffles=20)
    with pytest.raises(ValueError, match="alpha 2"):
        call(few, cells, screen=SCREEN, alpha=2)
    with pytest.raises(ValueError, match="at most 71 axes here"):
        call(few, cells, screen=SCREEN, axes=72)
    with pytest.raises(ValueError, match="at most 2500 positions"):
        call(np.zeros((3000, 51, 51)), cells, screen=Screen(1, 51))
