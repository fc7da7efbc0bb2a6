"""Averages of handmade cells are what they are made of, come nearer as 1/√n, and noise is called noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr

from cortexcnn import tuning
from cortexcnn.screen import Screen, Window

SCREEN = Screen(2, 16)


def gabor(phase: float, orientation: float = 30.0, frequency: float = 1.5, sigma: float = 0.3) -> np.ndarray:
    x, y = SCREEN.centres()
    turn = np.deg2rad(orientation)
    u = np.cos(turn) * y[:, None] - np.sin(turn) * x
    v = np.sin(turn) * y[:, None] + np.cos(turn) * x
    return np.exp(-(u**2 + v**2) / 2 / sigma**2) * np.cos(2 * np.pi * frequency * u + np.deg2rad(phase))


def table(*cells: np.ndarray) -> xr.DataArray:
    values = np.stack(cells, axis=1)
    coords = {"stimulus": np.arange(len(values)), "unit": [f"cell{i}" for i in range(values.shape[1])]}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


@pytest.fixture(scope="module")
def frames() -> np.ndarray:
    return np.random.default_rng(0).standard_normal((20_000, 16, 16))


def through(frames: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("nyx,yx->n", frames, weights)


def likeness(average: xr.DataArray, weights: np.ndarray) -> float:
    downward = average.isel(y=slice(None, None, -1)).transpose("y", "x")  # as pixels lie
    return float(np.corrcoef(downward.values.ravel(), weights.ravel())[0, 1])


def test_a_linear_cell_is_its_gabor_and_the_error_falls_as_one_over_root_n(frames):
    weights = gabor(40)
    drive = through(frames, weights)
    found = tuning.spike_triggered_average(frames, table(drive, np.maximum(drive, 0)), screen=SCREEN)
    assert found.valid.all()
    assert set(found.reason.values) == {""}
    assert all(likeness(found.average.isel(unit=i), weights) > 0.99 for i in (0, 1))
    # Σ r s / Σ|r| of gaussian noise: weights / (|weights| √(2/π))
    scale = np.sqrt(np.pi / 2) / np.linalg.norm(weights)
    upright = found.average.isel(unit=0, y=slice(None, None, -1)).values
    np.testing.assert_allclose(upright, weights * scale, atol=4 * float(found.error.max()))
    error = []
    for count in (200, 800, 3200):
        parts = [slice(start, start + count) for start in range(0, 16 * 200, count)] if count < 3200 else [slice(3200)]
        off = []
        for rows in parts:
            part = tuning.spike_triggered_average(frames[rows], table(drive[rows]), screen=SCREEN).average.isel(unit=0)
            off.append(((part.isel(y=slice(None, None, -1)).values - weights * scale) ** 2).mean())
        error.append(np.sqrt(np.mean(off)))
    slope = np.polyfit(np.log([200, 800, 3200]), np.log(error), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.1)


def test_an_energy_cell_has_no_average(frames):
    energy = through(frames, gabor(0)) ** 2 + through(frames, gabor(90)) ** 2
    found = tuning.spike_triggered_average(frames, table(energy), screen=SCREEN)
    assert found.reason.values.tolist() == ["average no different from chance"]
    assert float(found.p[0]) > 0.05


def test_false_alarms_are_as_rare_as_they_are_said_to_be():
    rng = np.random.default_rng(1)
    frames = rng.choice([-1.0, 1.0], (600, 8, 8))
    spikes = table(*rng.poisson(0.5, (200, 600)).astype(float))
    for options in ({}, {"shuffles": 99, "rng": 0}, {"shuffles": 99, "shuffle": "shifted", "rng": 0}):
        found = tuning.spike_triggered_average(frames, spikes, screen=Screen(1, 8), **options)
        assert 0 <= float((found.p <= 0.05).mean()) < 0.11  # 5 %, and three standard errors
        assert found.z.std() == pytest.approx(1, abs=0.02)


def test_spikes_are_averaged_once_each():
    rng = np.random.default_rng(2)
    frames, spikes = rng.random((50, 4, 4)), rng.poisson(1.0, 50)
    found = tuning.spike_triggered_average(frames, table(spikes), screen=Screen(1, 4))
    each = np.repeat(frames, spikes, axis=0).mean(0) - frames.mean(0)
    np.testing.assert_allclose(found.average.isel(unit=0).values, each[::-1], atol=1e-14)


@pytest.mark.parametrize("form", ["labelled", "tensor", "callable", "one channel"])
def test_frames_may_lie_anywhere(frames, form, monkeypatch):
    few = frames[:300].astype(np.float32)
    cells = table(through(few, gabor(0)), through(few, gabor(70)))
    wanted = tuning.spike_triggered_average(few, cells, screen=SCREEN)
    monkeypatch.setattr("cortexcnn.tuning.frames.CHUNK", 256 * 7)  # seven frames at a time
    monkeypatch.setattr("cortexcnn.tuning.reverse_correlation.BUDGET", 8 * 256)  # one unit at a time
    x, y = SCREEN.centres()
    order = np.random.default_rng(3).permutation(300)
    forms = {
        "labelled": xr.DataArray(
            few, dims=("stimulus", "y", "x"), coords={"stimulus": range(300), "y": y, "x": x}
        ).isel(stimulus=order),
        "tensor": torch.from_numpy(few),
        "callable": lambda rows: torch.from_numpy(few[rows]).requires_grad_(),
        "one channel": few[:, None],
    }
    found = tuning.spike_triggered_average(forms[form], cells, screen=None if form == "labelled" else SCREEN)
    np.testing.assert_allclose(found.z.values, wanted.z.values, rtol=1e-6, atol=1e-9)


def test_a_window_has_its_own_degrees():
    window = Window(0, 4, 8, 16)
    frames = np.random.default_rng(0).random((30, 4, 8))
    found = tuning.spike_triggered_average(frames, table(frames[:, 0, 0]), screen=SCREEN, window=window)
    best = found.z.isel(unit=0).stack(place=("y", "x")).idxmax().item()
    assert best == pytest.approx((float(SCREEN.y(0)), float(SCREEN.x(8))))


def test_reasons_and_missing_responses(frames):
    few = frames[:400].copy()
    few[:, 3, 3] = 0.25
    drive = through(few, gabor(0))
    gaps = np.where(np.arange(400) % 5 == 0, np.nan, drive)
    found = tuning.spike_triggered_average(few, table(gaps, 0 * drive, 0 * drive + 2, np.nan * drive), screen=SCREEN)
    assert found.reason.values.tolist() == [
        "samples missing (taken as the mean response)",
        "never answered",
        "constant (held away from the rectifier)",
        "samples missing",
    ]
    assert found.valid.values.tolist() == [True, False, False, False]
    assert np.isfinite(found.z.isel(unit=0)).all()
    assert np.isnan(found.z.isel(unit=slice(1, None))).all()
    assert found.z.isel(unit=0, y=-4, x=3) == 0


def test_what_is_refused(frames):
    few, cells = frames[:20], table(frames[:20, 0, 0])
    call = tuning.spike_triggered_average
    with pytest.raises(ValueError, match="frames without degrees: give screen="):
        call(few, cells)
    with pytest.raises(ValueError, match="19 frames for 20 stimuli"):
        call(few[1:], cells, screen=SCREEN)
    with pytest.raises(ValueError, match="frames of the shape"):
        call(few, cells, screen=Screen(2, 8))
    with pytest.raises(ValueError, match="3 channels"):
        call(np.zeros((20, 3, 16, 16)), cells, screen=SCREEN)
    with pytest.raises(ValueError, match="not finite"):
        call(few * np.nan, cells, screen=SCREEN)
    with pytest.raises(ValueError, match="Did you mean 'shifted'"):
        call(few, cells, screen=SCREEN, shuffle="shift")
    with pytest.raises(ValueError, match="a whole number, 0 or more"):
        call(few, cells, screen=SCREEN, shuffles=-1)
    labelled = xr.DataArray(few, dims=("stimulus", "y", "x"), coords={"stimulus": range(20)})
    with pytest.raises(ValueError, match="degrees along x and y"):
        call(labelled, cells)
    placed = labelled.assign_coords(y=range(16), x=range(16), stimulus=range(1, 21))
    with pytest.raises(ValueError, match="no frames for 1 of the 20 stimuli, such as 0"):
        call(placed, cells)
    with pytest.raises(ValueError, match="no stimuli"):
        call(few[:0], cells[:0], screen=SCREEN)
