"""Cells that are tuned to more than a grating: angles, arcs, textures, pictures."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import xarray as xr
from scipy.special import ndtri

from cortexcnn import tuning
from handmade_cells.experiment import Cells, Experiment, by_definition, every
from handmade_cells.gratings import HALF

FIRST, SECOND = 60.0, 150.0  # degrees: the half-lines that cells of angles like
PLACES = 66  # angles: 12 directions of 5 openings each, and 6 straight lines
_DIRECTIONS = np.arange(0, 360, 30.0)
_FAMILIES = _SAMPLES = 8
_PICTURES = 100


def _angle(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A sum of what each half-line gives, and something for having both."""
    end = np.where(shown.opening > 0, (shown.direction + shown.opening) % 360, np.nan)
    has_first, has_second = ((shown.direction == side) | (end == side) for side in (FIRST, SECOND))
    return (cells.first * has_first + cells.second * has_second + cells.both * has_first * has_second) / _best(cells)


def _best(cells: Cells) -> float:
    return cells.first + cells.second + cells.both


def _one_side(cells: Cells) -> float:
    """The best of what has one of the half-lines alone, over the best angle."""
    return max(cells.first, cells.second) / _best(cells)


def _peak_area(cells: Cells) -> float:
    """The best angle, and the ten others with a half-line that alone gives half of it."""
    sides = sum(side >= _best(cells) / 2 for side in (cells.first, cells.second))
    return (1 + 10 * sides) / PLACES


def _arc(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    turned = np.deg2rad(shown.direction - cells.direction)
    apart = (shown.curvature - cells.curvature) / cells.sigma
    return np.exp(cells.k * (np.cos(turned) - 1) - apart**2 / 2)


def _levels(spread: float, count: int) -> np.ndarray:
    """Log-normal levels at even steps of probability, the highest 1."""
    levels = np.exp(spread * ndtri((np.arange(count) + 0.5) / count))
    return levels / levels.max()


def _texture(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A level for the family times one for the sample, and less of both for noise."""
    level = _levels(cells.families, _FAMILIES)[shown.family] * _levels(cells.samples, _SAMPLES)[shown.sample]
    return level * np.where(shown.version == "texture", 1, _noise(cells))


def _noise(cells: Cells) -> float:
    """Response to noise over that to its texture."""
    return (1 - cells.modulation) / (1 + cells.modulation)


def _sparse(levels: np.ndarray) -> float:
    return float((1 - levels.mean() ** 2 / (levels**2).mean()) / (1 - 1 / levels.size))


def _fall(cells: Cells) -> float:
    """From each picture to the next, in order of preference."""
    return np.exp(-cells.rate / _PICTURES)


def _geometric(cells: Cells) -> float:
    """Sparseness of a geometric series."""
    q, n = _fall(cells), _PICTURES
    mean, square = (1 - q**n) / (1 - q) / n, (1 - q ** (2 * n)) / (1 - q**2) / n
    return (1 - mean**2 / square) / (1 - 1 / n)


def _pictures(rates: xr.DataArray) -> xr.Dataset:
    """Above the blank, rectified."""
    curve = tuning.tuning_curve(rates, "picture")
    return tuning.sparseness(curve.clip(min=0), over="picture").to_dataset()


PATTERNS = {
    "angle": Experiment(
        shown=every(direction=_DIRECTIONS, opening=np.arange(0, 181, 30.0)),
        shape=_angle,
        kinds={
            "both alike": {"first": 1.0, "second": 1.0, "both": 1.0},
            "one more": {"first": 3.0, "second": 1.0, "both": 1.0},
            "one mainly": {"first": 3.0, "second": 0.0, "both": 1.0},
        },
        measure=tuning.angle_tuning,
        truths={
            "best_angle": lambda _: SECOND - FIRST,
            "best_direction": lambda _: (FIRST + SECOND) / 2,
            "peak_area": _peak_area,
            "bilateral_asymmetry": lambda cells: abs(cells.first - cells.second) / (cells.first + cells.second),
            "half_line_ratio": _one_side,
            "straight_ratio": _one_side,
            "maximum": lambda cells: cells.peak,
        },
    ),
    "curvature": Experiment(
        shown=every(direction=_DIRECTIONS, curvature=np.arange(5) * 0.4),
        shape=_arc,
        kinds={"broad": {"k": 1.0, "sigma": 0.6}, "narrow": {"k": 4.0, "sigma": 0.35}},
        measure=tuning.curvature_tuning,
        own={"direction": (0, 360), "curvature": (0.5, 1.1)},
        truths={
            "preferred_direction": lambda cells: cells.direction,
            "preferred_curvature": lambda cells: cells.curvature,
            "direction_bandwidth": lambda cells: np.rad2deg(np.arccos(1 - np.log(2) / cells.k)),
            "curvature_bandwidth": lambda cells: 2 * HALF * cells.sigma,
            "amplitude": lambda cells: cells.peak,
            "base": lambda _: 0.0,
            "straight_ratio": lambda cells: np.exp(-((cells.curvature / cells.sigma) ** 2) / 2),
            "maximum": lambda cells: cells.peak,
        },
        most=200,
    ),
    "texture": Experiment(
        shown=every(version=["texture", "noise"], family=range(_FAMILIES), sample=range(_SAMPLES)),
        shape=_texture,
        kinds={
            "by spectrum": {"modulation": 0.0, "families": 0.3, "samples": 0.6},
            "by texture": {"modulation": 0.2, "families": 0.6, "samples": 0.3},
        },
        measure=tuning.texture_tuning,
        truths={
            "texture_modulation_index": lambda cells: cells.modulation,
            "absolute_texture_modulation_index": lambda cells: cells.modulation,
            "texture_selectivity": lambda cells: _sparse(_levels(cells.families, _FAMILIES)),
            "texture_sparseness": lambda cells: _sparse(
                np.outer(_levels(cells.families, _FAMILIES), _levels(cells.samples, _SAMPLES))
            ),
            "texture_variance_ratio": by_definition,
            "maximum_to_texture": lambda cells: cells.peak,
            "maximum_to_noise": lambda cells: cells.peak * _noise(cells),
        },
        seconds=0.1,
    ),
    "pictures": Experiment(
        shown={"picture": np.arange(_PICTURES, dtype=float)},
        shape=lambda shown, cells: _fall(cells) ** shown.picture,
        kinds={"dense": {"rate": 0.5}, "between": {"rate": 4.0}, "sparse": {"rate": 40.0}},
        measure=_pictures,
        truths={"sparseness": _geometric},
    ),
}
