"""The published battery's measures: beside a loop over units in scipy, Brain-Score's own code, and known traps."""

from __future__ import annotations

import os
import subprocess
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import UnivariateSpline

from cortexcnn import tuning

BRAINSCORE = os.environ.get("CORTEXCNN_BRAINSCORE", "")
"""The interpreter of an environment that has brainscore-vision, which needs an xarray older than ours."""
MEASURES = {
    "orientation": tuning.marques2020_orientation,
    "spatial_frequency": tuning.marques2020_spatial_frequency,
    "size": tuning.marques2020_size,
}
ANGLES, PHASES = np.arange(0, 180, 15.0), np.arange(0, 360, 45.0)
FREQUENCIES = 2.0 ** np.linspace(-1.375, 3.875, 22)
SIZES = 2.0 ** np.linspace(-2.25, 3.25, 12)


def table(sizes: list[tuple[float, float]], angles: np.ndarray, cells: int, rng: np.random.Generator) -> xr.DataArray:
    """Rates of cells of every sharpness, size and linearity to gratings, and to a blank, in a shuffled order."""
    rows = [(size, f, angle, phase) for (size, f), angle, phase in product(sizes, angles, PHASES)]
    size, f, angle, phase = (np.array(column)[:, None] for column in zip(*rows, strict=True))
    best, sharp = rng.uniform(0, 180, cells), rng.exponential(3, cells)
    peak, octaves = 2.0 ** rng.uniform(-1, 3.5, cells), rng.uniform(0.4, 2, cells)
    centre, suppressed = rng.uniform(0.3, 3, cells), rng.uniform(0, 1.5, cells) * (rng.random(cells) > 0.3)
    drive = np.exp(sharp * (np.cos(2 * np.deg2rad(angle - best)) - 1) - 0.5 * (np.log2(f / peak) / octaves) ** 2)
    drive = drive * np.tanh(size / centre) / (1 + suppressed * np.tanh(size / centre / 3) ** 4)
    wave = 1 + rng.uniform(0, 2, cells) * np.cos(np.deg2rad(phase - rng.uniform(0, 360, cells)))
    noise = rng.uniform(0, 4, cells) * rng.random((len(rows), cells))
    values = np.maximum(rng.uniform(1, 60, cells) * drive * wave + noise, 0)
    values = np.concatenate([values, rng.uniform(0, 3, (1, cells))])
    columns = np.concatenate([np.hstack([size, f, angle, phase]), [[np.nan] * 4]]).T
    names = ("size", "spatial_frequency", "orientation", "phase")
    coords = {name: ("stimulus", column) for name, column in zip(names, columns, strict=True)}
    coords["contrast"] = ("stimulus", np.append(np.ones(len(rows)), 0))
    shown = xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)
    return shown.isel(stimulus=rng.permutation(shown.sizes["stimulus"]))


def sets(cells: int = 60, seed: int = 0) -> dict[str, xr.DataArray]:
    rng = np.random.default_rng(seed)
    four = FREQUENCIES[4:17:4]
    return {
        "orientation": table([(n / f, f) for n in (2, 3, 4) for f in four], ANGLES, cells, rng),
        "spatial_frequency": table([(d, f) for d in (1.5, 4.5) for f in FREQUENCIES], ANGLES[::2], cells, rng),
        "size": table([(d, f) for d in SIZES for f in four], ANGLES[::2], cells, rng),
    }


def textures(cells: int, seed: int) -> xr.DataArray:
    """Rates to 15 samples of 15 families of textures and noise, and to a blank."""
    rng = np.random.default_rng(seed)
    version, family, sample = zip(*product(("noise", "texture"), range(15), range(15)), strict=True)
    of_family = rng.gamma(1, 10, (2, 15, 1, cells)) * rng.uniform(0, 1, cells)
    values = rng.gamma(2, of_family + rng.uniform(0, 3, cells), (2, 15, 15, cells)).reshape(450, cells) / 2
    values = np.concatenate([values, rng.uniform(0, 10, (1, cells))])
    columns = {"version": [*version, ""], "family": [*family, -1], "sample": [*sample, -1], "contrast": [1] * 450 + [0]}
    coords = {name: ("stimulus", np.array(column)) for name, column in columns.items()}
    coords |= {"stimulus": np.arange(451), "unit": np.arange(cells)}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


def of_textures(shown: xr.DataArray) -> xr.Dataset:
    """As published: what lies below the blank counts, and so does who answers more than 5 spikes/s above it."""
    found = tuning.texture_tuning(shown, rectify=False)
    return found.assign(kept=np.maximum(found.maximum_to_texture, found.maximum_to_noise) > 5)


@pytest.fixture(scope="module")
def rates() -> dict[str, xr.DataArray]:
    return sets()


def one_by_one(curve: np.ndarray, wide: float, height: float) -> tuple[float, float]:
    """Width and peak of one orientation curve (clockwise from vertical), as the paper's pipeline has them."""
    weights = np.array([0, wide, 1, wide, 0])
    smooth = np.convolve(weights / weights.sum(), np.tile(curve, 3), mode="same")
    spline = UnivariateSpline(np.concatenate([ANGLES - 180, ANGLES, ANGLES + 180]), smooth, s=0)
    full = np.arange(-180, 360)
    found = spline(full)
    peak = int(found[180:360].argmax())
    low = full[found <= height * found[peak + 180]]
    if not (low < peak).any() or not (low > peak).any():
        return np.nan, peak
    width = low[low > peak][0] - low[low < peak][-1]
    return (width if width <= 180 else np.nan), peak


def test_orientation_is_that_of_a_loop_over_units(rates: dict[str, xr.DataArray]):
    shown = rates["orientation"]
    found = tuning.marques2020_orientation(shown)
    gratings = shown.where(shown.contrast == 1, drop=True)
    pairs = zip(gratings["size"].values, gratings.spatial_frequency.values, strict=True)
    keys = [(round(size * f), round(f, 6)) for size, f in pairs]
    for unit in np.flatnonzero(found.valid.values):
        curves = {}
        for key, angle, value in zip(keys, gratings.orientation.values, gratings.values[:, unit], strict=True):
            curves.setdefault(key, {}).setdefault((90 - angle) % 180, []).append(value)
        means = {key: [np.mean(curve[angle]) for angle in ANGLES] for key, curve in curves.items()}
        curve = np.array(max(means.values(), key=max))
        vector = abs(curve @ np.exp(2j * np.deg2rad(ANGLES))) / curve.sum()
        here = found.isel(unit=unit)
        assert float(here.circular_variance) == pytest.approx(1 - vector, abs=1e-9)
        assert float(here.maximum) == pytest.approx(curve.max())
        width, _ = one_by_one(curve, 0.4, 0.707)
        assert float(here.orientation_bandwidth) == pytest.approx(width / 2, nan_ok=True)
        _, peak = one_by_one(curve, 0.2, 0.5)
        assert float(here.preferred_orientation) == pytest.approx(peak - 180 if peak >= 157.5 else peak)


def test_smoothing_widens_narrow_curves_as_is_known():
    """The trap: true half widths of 10, 20, 30 and 40° come back as about 14, 23, 33 and 43°."""
    found = []
    for half in (10, 20, 30, 40):
        kappa = np.log(1 / 0.707) / (1 - np.cos(2 * np.deg2rad(half)))
        angle, phase = (part.ravel() for part in np.meshgrid(ANGLES, PHASES))
        cell = 30 * np.exp(kappa * (np.cos(2 * np.deg2rad(angle - 60)) - 1))
        columns = {"orientation": angle, "phase": phase, "contrast": np.ones(96)}
        coords = {name: ("stimulus", np.append(column, 0)) for name, column in columns.items()}
        shown = xr.DataArray(np.append(cell, 0)[:, None], dims=("stimulus", "unit"), coords=coords)
        found.append(float(tuning.marques2020_orientation(shown).orientation_bandwidth[0]))
    assert found == pytest.approx([14, 23, 33, 43], abs=1)


def test_a_gaussian_of_octaves_peaks_where_it_should():
    f, angle, phase = (part.ravel() for part in np.meshgrid(FREQUENCIES, ANGLES[::2], PHASES))
    cell = 40 * np.exp(-0.5 * (np.log2(f / 2.5) / 0.8) ** 2) * (angle == 60)
    columns = {"spatial_frequency": f, "orientation": angle, "phase": phase, "contrast": np.ones(len(f))}
    coords = {name: ("stimulus", np.append(column, 0)) for name, column in columns.items()}
    shown = xr.DataArray(np.append(cell, 0)[:, None], dims=("stimulus", "unit"), coords=coords)
    found = tuning.marques2020_spatial_frequency(shown)
    assert float(found.peak_spatial_frequency[0]) == pytest.approx(2.5, rel=0.03)
    expected = 100 * 2 ** (-2 * 0.8 * np.sqrt(2 * np.log(1 / 0.707)))
    assert float(found.spatial_frequency_bandwidth_ratio[0]) == pytest.approx(expected, rel=0.1)
    assert float(found.spatial_frequency_selective[0]) == 1


def test_a_suppressed_unit_has_a_summation_field_and_a_surround():
    response = np.array([1, 5, 10, 20, 19.5, 15, 12, 10.2, 10, 10, 10, 10.0])
    size, phase = (part.ravel() for part in np.meshgrid(SIZES, PHASES))
    cell = 2 * np.repeat(response[None], len(PHASES), axis=0).ravel()
    columns = {"size": size, "phase": phase, "contrast": np.ones(96), "orientation": np.zeros(96)}
    columns["spatial_frequency"] = np.ones(96)
    coords = {name: ("stimulus", np.append(column, 0)) for name, column in columns.items()}
    shown = xr.DataArray(np.append(cell, 0)[:, None], dims=("stimulus", "unit"), coords=coords)
    found = tuning.marques2020_size(shown).isel(unit=0)
    assert float(found.surround_suppression_index) == pytest.approx(0.5)
    assert float(found.grating_summation_field) == pytest.approx(SIZES[3])
    assert float(found.surround_diameter) == pytest.approx(SIZES[7])


@pytest.mark.parametrize("name", MEASURES)
def test_the_order_of_stimuli_and_units_is_nothing(rates: dict[str, xr.DataArray], name: str):
    shown, rng = rates[name].assign_coords(unit=range(60)), np.random.default_rng(1)
    rows, units = rng.permutation(shown.sizes["stimulus"]), rng.permutation(60)
    found = MEASURES[name](shown)
    xr.testing.assert_allclose(MEASURES[name](shown[rows, units]), found.isel(unit=units))


@pytest.mark.parametrize("name", MEASURES)
def test_weak_units_do_not_count_and_say_so(rates: dict[str, xr.DataArray], name: str):
    found = MEASURES[name](rates[name] * 0.01)
    assert not found.valid.any()
    assert set(found.reason.values) == {"no response exceeds the blank's by 5 spikes/s"}


def test_what_is_wrong_is_refused(rates: dict[str, xr.DataArray]):
    shown = rates["orientation"]
    with pytest.raises(ValueError, match="rectify responses"):
        tuning.marques2020_orientation(shown - 5)
    with pytest.raises(ValueError, match="and a blank"):
        tuning.marques2020_orientation(shown[shown.contrast.values == 1])
    with pytest.raises(ValueError, match="show each combination once"):
        tuning.marques2020_orientation(shown[np.flatnonzero(shown.contrast.values == 1)[0] != np.arange(1153)])
    with pytest.raises(ValueError, match="coordinate orientation"):
        tuning.marques2020_size(shown.drop_vars("orientation"))


@pytest.mark.peers
@pytest.mark.skipif(not BRAINSCORE, reason="CORTEXCNN_BRAINSCORE names no interpreter that has brainscore-vision")
@pytest.mark.parametrize("seed", range(3))
def test_brain_scores_own_functions_agree(tmp_path: Path, seed: int):
    shown = sets(cells=200, seed=seed)
    for name, part in shown.items():
        gratings = part[part.contrast.values == 1]
        order = (gratings["size"] * gratings.spatial_frequency).round(6) if name == "orientation" else gratings["size"]
        turned = (90 - gratings.orientation) % 180
        rows = np.lexsort((gratings.phase, turned, gratings.spatial_frequency.round(6), order))
        columns = {key: gratings[key].values[rows] for key in ("spatial_frequency", "phase")}
        columns |= {"radius": gratings["size"].values[rows] / 2, "orientation": turned.values[rows]}
        columns |= dict(
            zip(("contrast", "position_x", "position_y"), [[1], [0.5], [0.5]] * np.ones(len(rows)), strict=True)
        )
        blank = part.values[part.contrast.values == 0]
        np.savez(tmp_path / f"{name}.npz", rates=gratings.values[rows], blank=blank, **columns)
    pieces = shown["texture"] = textures(cells=200, seed=seed)
    columns = {"type": pieces.version.values[:-1], **{name: pieces[name].values[:-1] for name in ("family", "sample")}}
    np.savez(tmp_path / "texture.npz", rates=pieces.values[:-1], blank=pieces.values[-1:], **columns)
    ask = Path(__file__).with_name("ask_brainscore.py")
    uncached = os.environ | {"RESULTCACHING_DISABLE": "1"}
    subprocess.run([BRAINSCORE, "-W", "ignore", str(ask), str(tmp_path)], check=True, env=uncached)
    compared = 0
    for file in sorted(tmp_path.glob("answer_*.npz")):
        answer = np.load(file)
        found = (MEASURES | {"texture": of_textures})[str(answer["set"])](shown[str(answer["set"])])
        kept = found[str(answer["kept"])].values
        for ours, theirs in zip(answer["ours"].tolist(), answer["values"].T, strict=True):
            np.testing.assert_allclose(found[ours].values[kept], theirs, rtol=1e-6, atol=1e-6)
            compared += 1
    assert compared == 27
