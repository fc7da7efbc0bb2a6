"""Cells whose receptive fields are known: bars across them, spots all over them, noise."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import xarray as xr
from scipy.special import erf

from cortexcnn import tuning
from handmade_cells.experiment import Cells, Experiment, by_definition, every

STEP = 1 / 16  # of positions of bars, in periods of the cell's wave; thin bars are two steps wide, wide ones six
WIDTH = 0.4  # standard deviation of the field across bars, in periods
SHARES = {"diameter": 0.05, "diameter_at_30": 0.3}  # of the maximum, from which on a map is field
SUBREGION = 0.3  # the share of the maximum that makes a subregion
LOBE = 0.3  # degrees: standard deviation of each subregion
FRAMES, SEED = 2000, 0
_AT = np.arange(-6, 7) * 0.25
_PIXELS = (np.arange(16) - 7.5) * 0.2


def _bars(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A share of the rectified sum over the bar and one of the energy, each 1 for the best wide bar."""

    def summed(position: np.ndarray, width: np.ndarray) -> np.ndarray:
        """The integral of exp(−x²/2σ² + 2πix) over a bar: even part and odd part."""
        ends = [(position + sign * width / 2) / WIDTH / np.sqrt(2) for sign in (1, -1)]
        return erf(ends[0] - 1j * np.pi * WIDTH * np.sqrt(2)) - erf(ends[1] - 1j * np.pi * WIDTH * np.sqrt(2))

    drive = summed(shown.position - cells.position, shown.width) / summed(np.zeros(1), np.array([6 * STEP])).real
    sign = np.where(shown.polarity == "light", 1, -1)
    return cells.linear * np.maximum(sign * drive.real, 0) + (1 - cells.linear) * np.abs(drive) ** 2


def _edges(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """The same cells, the field across being odd, and an edge in the place of bars."""
    rise = erf((shown.position - cells.position) / WIDTH / np.sqrt(2) - 1j * np.pi * WIDTH * np.sqrt(2))
    drive = rise / erf(-1j * np.pi * WIDTH * np.sqrt(2))
    sign = np.where(shown.polarity == "light", 1, -1)
    return cells.linear * np.maximum(sign * drive.real, 0) + (1 - cells.linear) * np.abs(drive) ** 2


def _gaussian(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """The longer axis at the cell's angle."""
    x, y, angle = shown.x - cells.x, shown.y - cells.y, np.deg2rad(cells.angle)
    along, across = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    return np.exp(-((along / cells.major) ** 2 + (across / cells.minor) ** 2) / 2)


def _map(rates: xr.DataArray) -> xr.DataArray:
    """The mean at each position."""
    return tuning.position_map(rates, over="mean")


def _field(rates: xr.DataArray) -> xr.Dataset:
    """At both shares; what is called ``_at_30`` is that of what exceeds 30 % of the maximum."""
    fields = {name: tuning.receptive_field(_map(rates), share=share) for name, share in SHARES.items()}
    wide, narrow = fields.values()
    return wide.assign(diameter_at_30=narrow["diameter"], centre_x_at_30=narrow["centre_x"])


def _diameter(share: float, cells: Cells) -> float:
    """Of the circle that is as large as the ellipse within which a gaussian exceeds a share of its maximum."""
    return 2 * np.sqrt(2 * np.log(1 / share) * cells.major * cells.minor)


def _lobes(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """A round gaussian for light and one for dark."""
    middle = cells.x + np.where(shown.polarity == "light", 1, -1) * cells.apart / 2
    return np.exp(-((shown.x - middle) ** 2 + (shown.y - cells.y) ** 2) / 2 / LOBE**2)


_RADIUS = LOBE * np.sqrt(2 * np.log(1 / SUBREGION))


def _shared(cells: Cells) -> float:
    """Of two equal circles: the lens in which they overlap over one of them."""
    half = min(cells.apart / 2 / _RADIUS, 1.0)
    return float(2 / np.pi * (np.arccos(half) - half * np.sqrt(1 - half**2)))


@cache
def _frames() -> xr.DataArray:
    """Noise that is white to the last digit, each frame with its negative, so that errors are those of the spikes."""
    pixels = len(_PIXELS)
    drawn = np.random.default_rng(SEED).standard_normal((FRAMES // 2, pixels**2))
    white = np.linalg.qr(drawn)[0] * np.sqrt(FRAMES / 2)
    shown = np.concatenate([white, -white]).reshape(FRAMES, pixels, pixels)
    coords = {"stimulus": np.arange(FRAMES), "y": _PIXELS, "x": _PIXELS}
    return xr.DataArray(shown, coords, ("stimulus", "y", "x"))


def _simple(shown: SimpleNamespace, cells: Cells) -> np.ndarray:
    """Half-rectified sums over a Gabor, the largest 1."""
    y, x = (part.ravel()[:, None] for part in np.meshgrid(_PIXELS, _PIXELS, indexing="ij"))
    angle = np.deg2rad(cells.orientation)
    u = np.cos(angle) * (y - cells.y) - np.sin(angle) * (x - cells.x)
    v = np.sin(angle) * (y - cells.y) + np.cos(angle) * (x - cells.x)
    wave = np.cos(2 * np.pi * cells.frequency * u + np.deg2rad(cells.phase))
    gabor = np.exp(-((u / cells.sigma_u) ** 2 + (v / cells.sigma_v) ** 2) / 2) * wave
    drive = np.maximum(_frames().values.reshape(FRAMES, -1)[shown.frame.ravel()] @ gabor, 0)
    return drive / drive.max(0)


def _gabor(rates: xr.DataArray) -> xr.Dataset:
    """Fitted to the average of the frames, weighted by spikes; blanks are no frames."""
    found = tuning.spike_triggered_average(_frames(), rates.isel(stimulus=np.flatnonzero(rates["contrast"].values)))
    return tuning.fit_gabors(found["average"])


_SPOTS = Experiment(
    shown=every(y=_AT, x=_AT),
    shape=_gaussian,
    kinds={"round": {"major": 0.3, "minor": 0.3}, "long": {"major": 0.45, "minor": 0.25}},
    measure=_field,
    own={"x": (-0.3, 0.3), "y": (-0.3, 0.3), "angle": (0, 180)},
    truths={
        "centre_x": lambda cells: cells.x,
        "centre_x_at_30": lambda cells: cells.x,
        "best_x": lambda cells: cells.x,
        "diameter": lambda cells: _diameter(SHARES["diameter"], cells),
        "diameter_at_30": lambda cells: _diameter(SHARES["diameter_at_30"], cells),
        "maximum": lambda cells: cells.peak,
    },
    most=200,
)

FIELDS = {
    "line_weighting": Experiment(
        shown=every(width=[2 * STEP, 6 * STEP], polarity=["light", "dark"], position=np.arange(-20, 21) * STEP),
        shape=_bars,
        kinds={"simple": {"linear": 1.0}, "between": {"linear": 0.7}, "complex": {"linear": 0.0}},
        measure=tuning.line_weighting_tuning,
        own={"position": (-0.25, 0.25)},
        truths={
            "discreteness": by_definition,
            "summation": by_definition,
            "simple": by_definition,
            "on_off_balance": by_definition,
            "best_position": lambda cells: cells.position,
            "maximum": by_definition,
        },
    ),
    "edges": Experiment(
        shown=every(polarity=["light", "dark"], position=np.arange(-20, 21) * STEP),
        shape=_edges,
        kinds={"simple": {"linear": 1.0}, "between": {"linear": 0.7}, "complex": {"linear": 0.0}},
        measure=tuning.edge_tuning,
        own={"position": (-0.25, 0.25)},
        truths={
            "edge_polarity_index": by_definition,
            "edge_position": lambda cells: cells.position,
            "edge_extent": by_definition,
            "maximum": by_definition,
        },
    ),
    "receptive_field": _SPOTS,
    "gaussian_fit": replace(
        _SPOTS,
        measure=lambda rates: tuning.fit_gaussians(_map(rates)),
        truths={
            "centre_x": lambda cells: cells.x,
            "sigma_major": lambda cells: cells.major,
            "sigma_minor": lambda cells: cells.minor,
            "angle": lambda cells: cells.angle if cells.major > cells.minor else np.nan,
            "amplitude": lambda cells: cells.peak,
        },
    ),
    "subregions": Experiment(
        shown=every(polarity=["light", "dark"], y=_AT, x=_AT),
        shape=_lobes,
        kinds={"apart": {"apart": 0.8}, "one place": {"apart": 0.0}},
        measure=lambda rates: tuning.subregions(tuning.polarity_maps(rates, over="mean")),
        own={"x": (-0.3, 0.3), "y": (-0.3, 0.3)},
        truths={
            "overlap_index": lambda cells: (2 * _RADIUS - cells.apart) / (2 * _RADIUS + cells.apart),
            "shared_area": _shared,
            "on_off_balance": lambda _: 0.0,
            "light_centre_x": lambda cells: cells.x + cells.apart / 2,
            "light_area": lambda _: np.pi * _RADIUS**2,
        },
        most=200,
    ),
    "noise": Experiment(
        shown={"frame": np.arange(FRAMES)},
        shape=_simple,
        kinds={
            "few lobes": {"frequency": 1.0, "sigma_u": 0.35, "sigma_v": 0.35},
            "more lobes": {"frequency": 1.0, "sigma_u": 0.55, "sigma_v": 0.4},
        },
        measure=_gabor,
        own={"x": (-0.2, 0.2), "y": (-0.2, 0.2), "orientation": (20, 160), "phase": (0, 360)},
        truths={
            "n_x": lambda cells: cells.sigma_u * cells.frequency,
            "n_y": lambda cells: cells.sigma_v * cells.frequency,
            "sigma_u": lambda cells: cells.sigma_u,
            "sigma_v": lambda cells: cells.sigma_v,
            "spatial_frequency": lambda cells: cells.frequency,
            "orientation": lambda cells: cells.orientation,
            "phase": lambda cells: cells.phase,
            "centre_x": lambda cells: cells.x,
        },
        seconds=0.04,
        most=100,
    ),
}
