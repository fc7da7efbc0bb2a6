"""The measures of the V1 battery of 2021 exactly as they were published, to compare with published scores [1]_.

Traps belong to it: curves are smoothed before a spline is laid through them, which widens a true half width of 10° to
14°, and peaks and cuts are read off a grid. For measures without bias take the other rooms of ``tuning``. Orientations
are turned into that paper's: clockwise from vertical.

All units are measured at once; one by one, the splines alone take a hundred times as long.

.. [1] Marques, Schrimpf & DiCarlo (2021), Multi-scale hierarchical neural network models that bridge from single
   neurons in the primate primary visual cortex to object recognition behavior, bioRxiv 2021.03.01.433495.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.interpolate import make_interp_spline

from cortexcnn.arrays import is_blank
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.responses import mean_over_repeats
from cortexcnn.tuning.validity import also, extended, leaves_screen

__all__ = ["ABOVE_BLANK", "marques2020_orientation", "marques2020_size", "marques2020_spatial_frequency"]

ABOVE_BLANK = 5.0
"""A unit counts where its largest response exceeds the blank's by more than so many spikes/s."""

_HEIGHT = 0.707
_WIDE, _NARROW = (np.array([0, share, 1, share, 0]) / (1 + 2 * share) for share in (0.4, 0.2))
"""What curves are smoothed with."""
_EDGE = 157.5
"""Preferred orientations go from here less 180 degrees up to here."""
_WHY = {
    "orientation_bandwidth": "no fitted curve falls so far",
    "circular_variance_over_orientation_bandwidth": "no fitted curve falls so far",
    "spatial_frequency_bandwidth_ratio": "no F0 above 5 spikes/s whose cuts lie within the range",
    "spatial_frequency_selective": "no F0 above 5 spikes/s",
    "grating_summation_field": "hardly suppressed by size",
    "surround_diameter": "hardly suppressed by size",
    "surround_diameter_over_grating_summation_field": "hardly suppressed by size",
}


@by_unit
def marques2020_orientation(rates: xr.DataArray) -> xr.Dataset:
    """Orientation measures at the grating of the largest mean response (Ringach 2002; De Valois, Yund & Hepler 1982).

    Parameters
    ----------
    rates : DataArray (stimulus, unit[, repeat])
        Rates in spikes/s, not negative, to gratings of every combination of ``orientation`` (evenly spaced over 180
        degrees), ``phase``, ``spatial_frequency`` and size in cycles (``size`` times ``spatial_frequency``), and to a
        blank.

    Returns
    -------
    Dataset (unit)
        ``circular_variance``, ``orientation_bandwidth`` (degrees, half width at .707), ``orthogonal_preferred_ratio``,
        ``orientation_selective`` (whether the bandwidth is finite), ``circular_variance_over_orientation_bandwidth``,
        ``orthogonal_preferred_ratio_minus_circular_variance``, ``modulation_ratio``, ``maximum`` (spikes/s) and
        ``preferred_orientation`` (degrees clockwise from vertical, −22.5 to 157.5); ``valid`` where the maximum
        exceeds the blank's rate by more than 5 spikes/s, NaN where it does not, and ``reason``.

    Raises
    ------
    ValueError
        If combinations are missing, there is no blank, or a rate is negative or NaN.

    Examples
    --------
    >>> angle, phase = (part.ravel() for part in np.meshgrid(np.arange(0, 180, 15.0), np.arange(0, 360, 45.0)))
    >>> cell = 20 * (1 + np.cos(2 * np.deg2rad(angle - 30)))
    >>> rates = xr.DataArray(np.append(cell, 0)[:, None], dims=("stimulus", "unit"), coords={
    ...     "orientation": ("stimulus", np.append(angle, 0)), "phase": ("stimulus", np.append(phase, 0)),
    ...     "contrast": ("stimulus", np.append(np.ones(96), 0))})
    >>> found = marques2020_orientation(rates)
    >>> float(found.circular_variance[0]), float(found.preferred_orientation[0])
    (0.5, 60.0)
    """
    grid, (_, _, angle, _), blank = _grid(rates, _cycles(rates), "spatial_frequency", _turned(rates), "phase")
    mean, wave = _components(grid)
    flat = mean.reshape(len(mean), -1, len(angle))
    units, best = np.arange(len(mean)), mean.reshape(len(mean), -1).argmax(1)
    curve = flat[units, best // len(angle)]
    peak, preferred = curve.max(1), curve.argmax(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        vector = np.abs(curve @ np.exp(2j * np.deg2rad(angle))) / np.abs(curve).sum(1)
        width = _orientation_spline(curve, angle, _WIDE, _HEIGHT)[0] / 2
        measures = {
            "circular_variance": 1 - vector,
            "orientation_bandwidth": width,
            "orthogonal_preferred_ratio": curve[units, (preferred + len(angle) // 2) % len(angle)] / peak,
            "orientation_selective": np.isfinite(width).astype(float),
            "circular_variance_over_orientation_bandwidth": (1 - vector) / width,
            "modulation_ratio": wave.reshape(len(mean), -1)[units, best] / peak,
            "maximum": peak,
        }
    measures["orthogonal_preferred_ratio_minus_circular_variance"] = (
        measures["orthogonal_preferred_ratio"] - measures["circular_variance"]
    )
    place = _orientation_spline(curve, angle, _NARROW, 0.5)[1].astype(float)
    measures["preferred_orientation"] = np.where(place >= _EDGE, place - 180, place)
    return _table(measures, rates, peak > blank + ABOVE_BLANK)


@by_unit
def marques2020_spatial_frequency(rates: xr.DataArray) -> xr.Dataset:
    """Spatial-frequency measures at the best grating (De Valois, Albrecht & Thorell 1982; Schiller 1976).

    Parameters
    ----------
    rates : DataArray (stimulus, unit)
        As of :func:`marques2020_orientation`, with ``size`` in degrees among what is combined.

    Returns
    -------
    Dataset (unit)
        ``peak_spatial_frequency`` (cycles/degree, of the better of F0 above the blank and F1),
        ``spatial_frequency_bandwidth_ratio`` (100 times the lower over the upper cut at .707, of F0) and
        ``spatial_frequency_selective`` (whether it is finite); ``valid`` for the first and ``valid_f0`` for the other
        two, and ``reason``.

    Raises
    ------
    ValueError
        As :func:`marques2020_orientation`.
    """
    grid, (_, frequency, _, _), blank = _grid(rates, "size", "spatial_frequency", _turned(rates), "phase")
    mean, _ = _components(grid)
    curve, peak = _best_curve(_both(grid, blank), axis=2)
    steady, highest = _best_curve(mean[..., None], axis=2)
    ratio = _frequency_spline(steady, frequency)[0]
    measures = {
        "peak_spatial_frequency": _frequency_spline(curve, frequency)[1],
        "spatial_frequency_bandwidth_ratio": ratio,
        "spatial_frequency_selective": np.isfinite(ratio).astype(float),
    }
    by_mean = highest > blank + ABOVE_BLANK
    for name in ("spatial_frequency_bandwidth_ratio", "spatial_frequency_selective"):
        measures[name] = np.where(by_mean, measures[name], np.nan)
    bounds = np.isin(measures["peak_spatial_frequency"], frequency[[0, -1]])
    found = _table(measures, rates, peak > ABOVE_BLANK, bounds=bounds)
    return found.assign(valid_f0=("unit", by_mean & found["valid"].values))


@by_unit
def marques2020_size(rates: xr.DataArray) -> xr.Dataset:
    """Size measures at the best grating, of the better of F0 above the blank and F1 (Cavanaugh, Bair & Movshon 2002).

    Parameters
    ----------
    rates : DataArray (stimulus, unit)
        As of :func:`marques2020_spatial_frequency`.

    Returns
    -------
    Dataset (unit)
        ``surround_suppression_index``; and, of units with one above .1, ``grating_summation_field`` and
        ``surround_diameter`` (degrees) and ``surround_diameter_over_grating_summation_field``; ``valid``, ``reason``.

    Raises
    ------
    ValueError
        As :func:`marques2020_orientation`.
    """
    grid, (size, _, _, _), blank = _grid(rates, "size", "spatial_frequency", _turned(rates), "phase")
    curve, peak = _best_curve(_both(grid, blank), axis=1)
    plateau, preferred = curve[:, -1], curve.argmax(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        suppression = (peak - plateau) / peak
        summation = size[(curve >= 0.95 * peak[:, None]).argmax(1)]
        low = curve <= (plateau + 0.05 * np.abs(plateau))[:, None]
        surround = size[(low & (np.arange(len(size)) > preferred[:, None])).argmax(1)]
        suppressed = (peak > 0) & (suppression > 0.1)
        measures = {
            "surround_suppression_index": suppression,
            "grating_summation_field": np.where(suppressed, summation, np.nan),
            "surround_diameter": np.where(suppressed, surround, np.nan),
            "surround_diameter_over_grating_summation_field": np.where(suppressed, surround / summation, np.nan),
        }
    return _table(measures, rates, peak > ABOVE_BLANK, bounds=np.isin(preferred, (0, len(size) - 1)))


def _cycles(rates: xr.DataArray) -> np.ndarray:
    """Cycles of each grating that its aperture shows."""
    if "size" not in rates.coords:
        return np.zeros(rates.sizes["stimulus"])
    return rates["size"].values * rates["spatial_frequency"].values


def _turned(rates: xr.DataArray) -> np.ndarray:
    """Orientations in degrees clockwise from vertical."""
    if "orientation" not in rates.coords:
        raise ValueError("rates need the coordinate orientation along stimulus")
    return (90 - rates["orientation"].values) % 180


def _grid(rates: xr.DataArray, *columns: str | np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...], np.ndarray]:
    """Rates ``(unit, *values of each column)``, these values, and the rate of each unit at the blank."""
    table = mean_over_repeats(rates).transpose("stimulus", "unit")
    values = table.values.astype(float)
    if not (values >= 0).all():
        raise ValueError("rates are 0 or more and never NaN: rectify responses and scale them to spikes/s before")
    blank = is_blank(table).values
    if not blank.any() or blank.all():
        raise ValueError("rates need gratings and a blank (contrast 0): sweep(..., blank=True)")
    keys, codes = [], []
    for column in columns:
        if isinstance(column, str):
            given = table[column].values if column in table.coords else np.zeros(len(values))
        else:
            given = column
        key, code = np.unique(np.round(given[~blank].astype(float), 6), return_inverse=True)
        keys.append(key)
        codes.append(code.ravel())
    shape = tuple(map(len, keys))
    cell = np.ravel_multi_index(codes, shape)
    if len(cell) != np.prod(shape) or len(np.unique(cell)) != len(cell):
        raise ValueError(
            f"{len(cell)} gratings for {' × '.join(map(str, shape))} combinations of size, spatial frequency, "
            "orientation and phase: show each combination once"
        )
    sorted_ = values[~blank][np.argsort(cell)]
    return sorted_.T.reshape(-1, *shape), tuple(keys), values[blank].mean(0)


def _components(grid: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and first harmonic over phase, the last axis."""
    return grid.mean(-1), 2 * np.abs(np.fft.fft(grid)[..., 1]) / grid.shape[-1]


def _both(grid: np.ndarray, blank: np.ndarray) -> np.ndarray:
    """Mean above the blank and first harmonic, side by side along a last axis."""
    mean, wave = _components(grid)
    return np.stack([mean - blank[:, None, None, None], wave], axis=-1)


def _best_curve(responses: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """The curve of each unit along one axis through its largest response, and that response."""
    shape = responses.shape[1:]
    flat = responses.reshape(len(responses), -1)
    best = flat.argmax(1)
    place = list(np.unravel_index(best, shape))
    units = np.arange(len(responses))
    place[axis - 1] = np.arange(shape[axis - 1])[:, None]
    return responses[(units, *place)].T, flat[units, best]


def _orientation_spline(
    curve: np.ndarray, angle: np.ndarray, weights: np.ndarray, height: float
) -> tuple[np.ndarray, np.ndarray]:
    """Full width at a height of the smoothed spline through three rounds of each curve, and its peak in degrees."""
    around = np.concatenate([angle - 180, angle, angle + 180])
    full = np.arange(-180, 360)
    smooth = make_interp_spline(around, _smoothed(np.tile(curve, 3), weights, edge="constant"), axis=1)(full)
    place = smooth[:, 180:360].argmax(1)
    peak = smooth[np.arange(len(smooth)), place + 180]
    low, high = _cuts(smooth <= height * peak[:, None], place + 180)
    width = np.where((low < 0) | (high < 0), np.nan, full[high] - full[low])
    return np.where(width > 180, np.nan, width), place


def _frequency_spline(curve: np.ndarray, frequency: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """100 times the lower over the upper cut of the smoothed spline through each curve, and its peak."""
    octaves = np.log2(frequency)
    full = np.linspace(octaves[0], octaves[-1], 100)
    smooth = make_interp_spline(octaves, _smoothed(curve, _NARROW, edge="edge"), axis=1)(full)
    place = smooth.argmax(1)
    low, high = _cuts(smooth <= _HEIGHT * smooth[np.arange(len(smooth)), place][:, None], place)
    ratio = np.where((low < 0) | (high < 0), np.nan, 100 * 2.0 ** (full[low] - full[high]))
    return ratio, 2.0 ** full[place]


def _smoothed(curve: np.ndarray, weights: np.ndarray, edge: str) -> np.ndarray:
    """Each row as a moving, weighted mean; beyond its ends are zeros ("constant") or the values there ("edge")."""
    n = curve.shape[1]
    framed = np.pad(curve, ((0, 0), (2, 2)), mode=edge)  # type: ignore[call-overload]
    return sum(weight * framed[:, k : k + n] for k, weight in enumerate(weights) if weight)


def _cuts(low: np.ndarray, place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the nearest low samples before and after each row's place; −1 where there is none."""
    at = np.arange(low.shape[1])
    before, after = low & (at < place[:, None]), low & (at > place[:, None])
    last = low.shape[1] - 1 - before[:, ::-1].argmax(1)
    return np.where(before.any(1), last, -1), np.where(after.any(1), after.argmax(1), -1)


def _table(
    measures: dict[str, np.ndarray], rates: xr.DataArray, valid: np.ndarray, *, bounds: np.ndarray | None = None
) -> xr.Dataset:
    """Measures with the units' coordinates, of the units that count, and reasons; ``bounds``: whose optimum is one."""
    coords = {name: coord for name, coord in rates.coords.items() if coord.dims == ("unit",)}
    weak = f"no response exceeds the blank's by {ABOVE_BLANK:g} spikes/s"
    told = {"valid": ("unit", valid), "reason": ("unit", np.where(valid, "", weak))}
    columns = {name: xr.DataArray(column, dims="unit") for name, column in measures.items()}
    if "preferred_orientation" in columns:
        columns["preferred_orientation"].attrs = {"units": "degrees", "period": 180.0}
    notes = xr.Dataset(told, coords, {"compat": "marques2020"})
    notes = also(notes, "optimum at the edge of the range (a bound)", valid & (False if bounds is None else bounds))
    notes = also(notes, "receptive field leaves the screen", valid & leaves_screen(rates))
    made = extended(notes, columns, why=_WHY)
    return made[[*columns, "valid", "reason"]]
