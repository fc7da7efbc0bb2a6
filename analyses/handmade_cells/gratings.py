"""Cells that are tuned to what a grating has: orientation, direction, spatial frequency, phase, contrast."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import xarray as xr
from scipy.special import ive

from cortexcnn import tuning
from handmade_cells.experiment import Cells, Experiment, Truth

SHARPNESS = 3.0  # of direction cells: the concentration of each of their two bumps
HALF = np.sqrt(2 * np.log(2))  # standard deviations from the peak of a gaussian to its half


def _orientation(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    return np.exp(cells.k * (np.cos(2 * np.deg2rad(shown.orientation - cells.orientation)) - 1))


def _half_width(height: float) -> Truth:
    """Of a von Mises curve on the doubled angle; NaN if it never falls that far."""

    def truth(cells: Cells) -> float:
        cosine = 1 + np.log(height) / cells.k if cells.k > 0 else -np.inf
        return float(np.rad2deg(np.arccos(cosine)) / 2) if cosine >= -1 else np.nan

    return truth


def _direction(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """Two bumps half a turn apart."""
    turned = np.deg2rad(shown.direction - cells.direction)
    bumps = [np.exp(SHARPNESS * (sign * np.cos(turned) - 1)) for sign in (1, -1)]
    return (bumps[0] + cells.weaker * bumps[1]) / (1 + cells.weaker * np.exp(-2 * SHARPNESS))


def _null(cells: Cells) -> float:
    """Response to the null direction over that to the preferred one."""
    return (cells.weaker + np.exp(-2 * SHARPNESS)) / (1 + cells.weaker * np.exp(-2 * SHARPNESS))


def _spatial_frequency(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A gaussian over the logarithm of frequency, or over frequency itself, as a Gabor has it."""
    return np.exp(-0.5 * ((cells.scale(shown.spatial_frequency) - cells.scale(2**cells.octave)) / cells.sigma) ** 2)


def _cut(sign: int, deviations: float, cells: Cells) -> np.ndarray:
    """The frequency that lies some standard deviations below or above the peak."""
    place = cells.scale(2**cells.octave) + sign * deviations * cells.sigma
    return 2**place if cells.scale is np.log2 else place


def _phase(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A rectified wave on a pedestal."""
    wave = cells.mean + cells.wave * np.cos(np.deg2rad(shown.phase - cells.phase))
    return np.maximum(wave, 0) / (cells.mean + cells.wave)


def _harmonic(read: Callable[[xr.DataArray], xr.DataArray]) -> Callable[[Cells], float]:
    """Over very many phases, of a cell with a peak of 1."""

    def truth(cells: Cells) -> float:
        phase = np.arange(0, 360, 0.1)
        one = Cells(mean=cells.mean, wave=cells.wave, phase=0.0)
        curve = xr.DataArray(_phase(SimpleNamespace(phase=phase), one), dims="phase", coords={"phase": phase})
        return float(read(curve))

    return truth


def _contrast(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    return shown.contrast**cells.n / (shown.contrast**cells.n + cells.c50**cells.n)


GRATINGS = {
    "orientation": Experiment(
        shown={"orientation": np.arange(0, 180, 15.0)},
        shape=_orientation,
        kinds={"untuned": {"k": 0.0}, "broad": {"k": 0.5}, "typical": {"k": 1.5}, "narrow": {"k": 6.0}},
        measure=tuning.orientation_tuning,
        own={"orientation": (0, 180)},
        truths={
            "circular_variance": lambda cells: 1 - ive(1, cells.k) / ive(0, cells.k),
            "osi_pref_orth": lambda cells: np.tanh(cells.k),
            "orthogonal_preferred_ratio": lambda cells: np.exp(-2 * cells.k),
            "orientation_bandwidth": _half_width(2**-0.5),
            "orientation_bandwidth_half_height": _half_width(0.5),
            "preferred_orientation": lambda cells: cells.orientation if cells.k else np.nan,
            "preferred_orientation_fitted": lambda cells: cells.orientation if cells.k else np.nan,
            "maximum": lambda cells: cells.peak,
        },
    ),
    "direction": Experiment(
        shown={"direction": np.arange(0, 360, 22.5)},
        shape=_direction,
        kinds={"both ways": {"weaker": 1.0}, "rather one": {"weaker": 0.5}, "one way": {"weaker": 0.0}},
        measure=tuning.direction_tuning,
        own={"direction": (0, 360)},
        truths={
            "direction_selectivity": lambda cells: 1 - _null(cells),
            "direction_vector_length": lambda cells: (
                (1 - cells.weaker) / (1 + cells.weaker) * ive(1, SHARPNESS) / ive(0, SHARPNESS)
            ),
            "preferred_direction": lambda cells: cells.direction if cells.weaker < 1 else np.nan,
            "preferred_direction_vector": lambda cells: cells.direction if cells.weaker < 1 else np.nan,
        },
    ),
    "spatial_frequency": Experiment(
        shown={"spatial_frequency": 2.0 ** np.arange(-2, 4.1, 0.5)},
        shape=_spatial_frequency,
        kinds={
            "narrow": {"scale": np.log2, "sigma": 0.4},
            "typical": {"scale": np.log2, "sigma": 0.65},
            "broad": {"scale": np.log2, "sigma": 1.0},
            "gabor": {"scale": np.positive, "sigma": 0.6},
        },
        measure=tuning.spatial_frequency_tuning,
        own={"octave": (0.5, 1.5)},
        truths={
            "peak_spatial_frequency": lambda cells: 2.0**cells.octave,
            "spatial_frequency_bandwidth": lambda cells: np.log2(_cut(1, HALF, cells) / _cut(-1, HALF, cells)),
            "spatial_frequency_low": lambda cells: _cut(-1, HALF, cells),
            "spatial_frequency_high": lambda cells: _cut(1, HALF, cells),
            "schiller_ratio": lambda cells: (
                100 * _cut(-1, np.sqrt(np.log(2)), cells) / _cut(1, np.sqrt(np.log(2)), cells)
            ),
        },
    ),
    "phase": Experiment(
        shown={"phase": np.arange(0, 360, 45.0)},
        shape=_phase,
        kinds={
            "complex": {"mean": 1.0, "wave": 0.0},
            "between": {"mean": 1.0, "wave": 0.8},
            "simple": {"mean": 0.0, "wave": 1.0},
        },
        measure=tuning.phase_tuning,
        own={"phase": (0, 360)},
        truths={
            "modulation_ratio": _harmonic(tuning.modulation_ratio),
            "f0": lambda cells: cells.peak * _harmonic(tuning.f0)(cells),
            "f1": lambda cells: cells.peak * _harmonic(tuning.f1)(cells),
            "preferred_phase": lambda cells: cells.phase if cells.wave else np.nan,
        },
    ),
    "contrast": Experiment(
        shown={"contrast": np.geomspace(0.02, 1, 9)},
        shape=_contrast,
        kinds={
            "sensitive": {"c50": 0.1, "n": 2.0},
            "typical": {"c50": 0.3, "n": 2.0},
            "steep": {"c50": 0.3, "n": 4.0},
        },
        measure=tuning.contrast_tuning,
        truths={
            "semi_saturation_contrast": lambda cells: cells.c50,
            "exponent": lambda cells: cells.n,
            "maximum": lambda cells: cells.peak,
        },
    ),
}
