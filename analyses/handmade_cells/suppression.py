"""Cells from which something more takes responses away: a larger grating, a longer bar, a mask, an annulus."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import xarray as xr
from scipy.special import erf

from cortexcnn import tuning
from handmade_cells.experiment import Cells, Experiment, Truth, every

CENTRE, SURROUND = 0.6, 1.8  # degrees: of the gaussians that sum and that suppress
TEST = 0.5  # contrast of a grating under a mask
_SIZES = np.geomspace(0.2, 8, 12)
_FINE = np.geomspace(0.2, 8, 4000)
_GAINS = {"not suppressed": 0.0, "suppressed": 1.0, "much suppressed": 4.0}


def _summed(size: np.ndarray, gain: float) -> np.ndarray:
    """A ratio of gaussians, 1 at its peak."""

    def ratio(size: np.ndarray) -> np.ndarray:
        return erf(size / CENTRE) ** 2 / (1 + gain * erf(size / SURROUND) ** 2)

    return ratio(size) / ratio(_FINE).max()


def _read(read: Callable[[xr.DataArray], xr.DataArray], along: str) -> Callable[[Cells], float]:
    """What a definition gives on the curve that the cells have, however it is sampled."""

    def truth(cells: Cells) -> float:
        curve = xr.DataArray(_summed(_FINE, cells.gain)[:, None], dims=(along, "unit"), coords={along: _FINE})
        return float(read(curve)[0])

    return truth


def _sized(read: Callable[[xr.DataArray], xr.DataArray]) -> dict[str, Truth]:
    """Of the fitted curve and of the samples."""
    name, truth = read.__name__, _read(read, "size")
    return {name: truth, f"{name}_sampled": truth}


def _masked(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """Divisive normalisation by the test and, with a weight, by the mask; 1 for the test alone."""
    alone = cells.c50**cells.n + TEST**cells.n
    return alone / (alone + cells.weight * shown.mask_contrast**cells.n)


def _suppressed_by_mask(cells: Cells) -> float:
    """By the mask of the test's own contrast, the highest and the strongest."""
    mask = cells.weight * TEST**cells.n
    return mask / (cells.c50**cells.n + TEST**cells.n + mask)


def _surrounded(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """Suppression between that of an annulus of the centre's orientation and that of one across it."""
    alike = (1 + np.cos(2 * np.deg2rad(shown.surround_angle))) / 2
    return 1 - shown.surround_contrast * (cells.cross + (cells.iso - cells.cross) * alike)


SUPPRESSION = {
    "size": Experiment(
        shown={"size": _SIZES},
        shape=lambda shown, cells: _summed(shown.size, cells.gain),
        kinds={name: {"gain": gain} for name, gain in _GAINS.items()},
        measure=tuning.size_tuning,
        truths={
            **_sized(tuning.grating_summation_field),
            **_sized(tuning.surround_diameter),
            **_sized(tuning.surround_suppression_index),
            "centre_size": lambda _: CENTRE,
            "surround_size": lambda cells: SURROUND if cells.gain else np.nan,
            "surround_gain": lambda cells: cells.gain,
            "maximum": lambda cells: cells.peak,
        },
    ),
    "length": Experiment(
        shown={"length": _SIZES},
        shape=lambda shown, cells: _summed(shown.length, cells.gain),
        kinds={name: {"gain": gain} for name, gain in _GAINS.items()},
        measure=tuning.length_tuning,
        truths={
            "end_stopping": _read(tuning.end_stopping, "length"),
            "end_stopped": lambda cells: float(cells.gain > 0),
            "preferred_length": _read(tuning.preferred_length, "length"),
        },
    ),
    "mask": Experiment(
        shown=every(mask_contrast=[0.0, 0.0625, 0.125, 0.25, TEST], mask_angle=[90.0]),
        shape=_masked,
        kinds={
            "not suppressed": {"c50": 0.3, "n": 2.0, "weight": 0.0},
            "normalised": {"c50": 0.3, "n": 2.0, "weight": 1.0},
            "much suppressed": {"c50": 0.3, "n": 2.0, "weight": 4.0},
        },
        measure=tuning.cross_orientation_tuning,
        truths={
            "cross_orientation_suppression": _suppressed_by_mask,
            "strongest_suppression": _suppressed_by_mask,
            "maximum": lambda cells: cells.peak,
        },
    ),
    "surround": Experiment(
        shown=every(surround_angle=[0.0, 45.0, 90.0, 135.0], surround_contrast=[0.0, 1.0]),
        shape=_surrounded,
        kinds={
            "not suppressed": {"iso": 0.0, "cross": 0.0},
            "by its like": {"iso": 0.6, "cross": 0.2},
            "by any": {"iso": 0.6, "cross": 0.6},
        },
        measure=tuning.surround_orientation_tuning,
        truths={
            "iso_surround_suppression": lambda cells: cells.iso,
            "cross_surround_suppression": lambda cells: cells.cross,
            "iso_orientation_surround_ratio": lambda cells: cells.iso / cells.cross if cells.cross else np.nan,
            "iso_cross_index": lambda cells: (cells.iso - cells.cross) / (2 - cells.iso - cells.cross),
            "weakest_surround": lambda cells: 90.0 if cells.iso > cells.cross else np.nan,
        },
    ),
}
