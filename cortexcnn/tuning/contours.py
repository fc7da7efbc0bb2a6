"""Which angle and which curve a unit likes: angles of two half-lines, and arcs by direction and curvature."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.map_fits import BOUND
from cortexcnn.tuning.map_solver import Problem, follow
from cortexcnn.tuning.responses import above_baseline
from cortexcnn.tuning.validity import also, measured, validity

__all__ = ["angle_tuning", "curvature_tuning"]

CONCENTRATIONS, WIDTHS = (0.7, 3.0, 12.0), (0.15, 0.5)  # of the starts; widths as shares of the range of curvatures
_WHY = {
    "bilateral_asymmetry": "no angle shares one half-line with the best",
    "half_line_ratio": "no half-line was shown alone",
    "straight_ratio": "no straight line was shown",
    "direction_bandwidth": "no fitted curve falls so far",
}
LEAST = 0.5  # the r_squared below which a fit is said to explain too little


@by_unit
def angle_tuning(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.Dataset:
    """Which angle each unit likes best, and whether both of its half-lines matter.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to angles: ``direction`` (of the first half-line) and ``opening`` (0 to 180 degrees, from it to the
        second) along ``stimulus``, each pair once. The set of Ito & Komatsu [1]_ has 12 directions; openings of 30 to
        180 degrees, and 0, which is a half-line alone.
    baseline, rectify
        What responses are measured from, and whether negative ones count as 0: see ``tuning_curve``.

    Returns
    -------
    Dataset (unit)
        best_angle, the opening (degrees) that gives the largest response, and best_direction, to which it opens (its
        bisector; of a straight line one of two). peak_area, the share of angles that give at least half of that.
        bilateral_asymmetry, abs(B₁ − B₂) / (B₁ + B₂), where B is the mean response to the other angles that have one of
        the best angle's half-lines: 0 where both matter alike, 1 where one does alone (an index of our own for what the
        paper describes). half_line_ratio, the largest response to a half-line alone / that to the best angle, and
        straight_ratio, the same for straight lines; NaN where none was shown. maximum. valid, reason: measures are NaN
        where a unit is not valid.

    Raises
    ------
    ValueError
        If direction or opening is missing, fewer than two angles were shown, or one of them more than once.

    References
    ----------
    .. [1] Ito & Komatsu (2004), J. Neurosci. 24, 3313-3324.

    Examples
    --------
    >>> direction, opening = (part.ravel() for part in np.meshgrid(range(0, 360, 90), [0.0, 90.0, 180.0]))
    >>> values = np.where((direction == 90) & (opening == 90), 9.0, 3.0)[:, None]
    >>> responses = xr.DataArray(values, dims=("stimulus", "unit"), coords={"stimulus": range(12), "unit": ["cell"],
    ...     "direction": ("stimulus", direction), "opening": ("stimulus", opening)})
    >>> found = angle_tuning(responses).isel(unit=0)
    >>> float(found.best_angle), float(found.best_direction), round(float(found.straight_ratio), 2)
    (90.0, 135.0, 0.33)
    """
    curve = _shown(responses, ("direction", "opening"), baseline=baseline, rectify=rectify)
    direction, opening = curve["direction"].values % 360, curve["opening"].values
    angles = np.flatnonzero(opening > 0)
    if len(angles) < 2:
        raise ValueError(f"{len(angles)} angle of an opening above 0: show two or more")
    values = np.where(np.isnan(curve.values), -np.inf, curve.values)[angles]
    best = values.argmax(0)
    peak = values.max(0)
    first, second = (part[angles] for part in (direction, (direction + opening) % 360))
    share = np.where(values >= peak / 2, _once(first, second)[:, None], 0).sum(0) / _once(first, second).sum()
    beside = _apart(np.maximum(values, 0), first, second, best)
    with np.errstate(invalid="ignore", divide="ignore"):
        asymmetry = np.abs(beside[0] - beside[1]) / beside.sum(0)
        ratios = [_largest(curve.clip(min=0), opening == part) / peak for part in (0, 180)]
    numbers = {
        "best_angle": opening[angles][best],
        "best_direction": (direction + opening / 2)[angles][best] % 360,
        "peak_area": share,
        "bilateral_asymmetry": asymmetry,
        "half_line_ratio": ratios[0],
        "straight_ratio": ratios[1],
        "maximum": peak,
    }
    return _table(numbers, validity(curve.isel(stimulus=angles), tolerance=None), curve)


@by_unit
def curvature_tuning(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.Dataset:
    """Fit direction and curvature of arcs at once: a circular gaussian times a gaussian, and a constant.

    Pasupathy & Connor [1]_ fitted gaussians over the curvature and the angular position of the parts of closed shapes;
    here an arc by itself has a curvature, and a direction to which it bulges.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to arcs: ``direction`` (degrees) and ``curvature`` (1/degrees) along ``stimulus``, each pair once.
    baseline, rectify
        What responses are measured from, and whether negative ones count as 0: see ``tuning_curve``.

    Returns
    -------
    Dataset (unit)
        preferred_direction (degrees) and preferred_curvature (1/degrees, within the range that was shown);
        direction_bandwidth, half of the width at half height (degrees; NaN where the curve never falls that far), and
        curvature_bandwidth, the full width at half height (1/degrees); amplitude, base, r_squared. straight_ratio, the
        largest response to a straight line / the largest to any arc; NaN where none was shown. maximum. valid, reason:
        measures are NaN where a unit is not valid.

    Raises
    ------
    ValueError
        If direction or curvature is missing or does not vary, seven arcs or fewer were shown, or one more than once.

    References
    ----------
    .. [1] Pasupathy & Connor (2001), J. Neurophysiol. 86, 2505-2519.

    Examples
    --------
    >>> direction, curvature = (part.ravel() for part in np.meshgrid(range(0, 360, 45), [0.0, 0.5, 1.0, 1.5]))
    >>> bump = np.exp(2 * (np.cos(np.deg2rad(direction - 120)) - 1) - (curvature - 0.8) ** 2 / 2 / 0.4**2)
    >>> responses = xr.DataArray(1 + 5 * bump[:, None], dims=("stimulus", "unit"), coords={"stimulus": range(32),
    ...     "unit": ["cell"], "direction": ("stimulus", direction), "curvature": ("stimulus", curvature)})
    >>> found = curvature_tuning(responses).isel(unit=0)
    >>> float(found.preferred_direction), float(found.preferred_curvature), float(found.amplitude)
    (120.0, 0.80, 5.00)
    """
    curve = _shown(responses, ("direction", "curvature"), baseline=baseline, rectify=rectify)
    direction, curvature = np.deg2rad(curve["direction"].values), curve["curvature"].values
    low, high = curvature.min(), curvature.max()
    if len(curvature) <= len(_Bump.names) + 2 or low == high or np.ptp(direction) == 0:
        raise ValueError(
            f"{len(curvature)} arcs of {len(np.unique(direction))} directions and {len(np.unique(curvature))} "
            "curvatures: show more than seven, of several each"
        )
    notes = validity(curve)
    good = np.flatnonzero(notes["valid"].values)
    box = _box(direction, curvature)
    theta, amplitude, base, residual = (np.full((*size, len(notes["unit"])), np.nan) for size in ((4,), (), (), ()))
    if good.size:
        data = curve.values[:, good].T
        problem = Problem(data, _Bump(), direction, curvature, box, base=True)
        found, linear, residual[good], _ = follow(problem, _starts(problem))
        theta[:, good], (amplitude[good], base[good]) = found.T, linear.T
    explained = 1 - residual / ((curve - curve.mean("stimulus")) ** 2).sum("stimulus").values
    concentration, width = np.exp(theta[2:])
    with np.errstate(invalid="ignore", divide="ignore"):
        falls = 1 - np.log(2) / concentration
        numbers = {
            "preferred_direction": np.rad2deg(theta[0]) % 360,
            "preferred_curvature": theta[1],
            "direction_bandwidth": np.rad2deg(np.arccos(np.where(falls >= -1, falls, np.nan))),
            "curvature_bandwidth": 2 * np.sqrt(2 * np.log(2)) * width,
            "amplitude": amplitude,
            "base": base,
            "r_squared": explained,
            "straight_ratio": _largest(curve.clip(min=0), curvature == 0) / curve.max("stimulus").values,
            "maximum": curve.max("stimulus").values,
        }
        at_bound = ((theta <= box[0][:, None]) | (theta >= box[1][:, None])).any(0)
        notes = also(notes, "fit explains too little (see r_squared)", explained < LEAST)
    return _table(numbers, also(notes, BOUND, at_bound), curve)


class _Bump:
    """exp(κ (cos(d − d₀) − 1) − (c − c₀)² / 2σ²): d₀ in radians, c₀, and the logarithms of κ and σ."""

    names = ("direction", "curvature", "concentration", "width")
    columns = 1

    def shape(self, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The shape (row, 1, place), and angle, exponent and distance."""
        direction, curvature, concentration, width = theta.T[:, :, None]
        turned, apart = x - direction, (y - curvature) * np.exp(-width)
        depth = np.exp(concentration) * (np.cos(turned) - 1)
        return np.exp(depth - apart**2 / 2)[:, None], np.stack([turned, depth, apart])

    def slopes(self, theta: np.ndarray, columns: np.ndarray, inside: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """Derivatives (row, parameter, place)."""
        turned, depth, apart = inside
        concentration, width = np.exp(theta.T[2:, :, None])
        by = [concentration * np.sin(turned), apart / width, depth, apart**2]
        return np.stack(by, axis=1) * (linear[:, :1] * columns[:, 0])[:, None]


def _box(direction: np.ndarray, curvature: np.ndarray) -> np.ndarray:
    """Lowest and highest parameters: no peak narrower at half height than neighbours are apart, as nobody would see."""
    turn, step = (np.diff(np.unique(part)).min() for part in (direction % (2 * np.pi), curvature))
    sharpest = np.log(2) / (1 - np.cos(min(turn / 2, np.pi)))
    low, high = curvature.min(), curvature.max()
    widths = np.log([step / (2 * np.sqrt(2 * np.log(2))), 5 * (high - low)])
    return np.array([[-np.inf, low, np.log(0.05), widths[0]], [np.inf, high, np.log(sharpest), widths[1]]])


def _starts(problem: Problem) -> np.ndarray:
    """The places of the data that explain most (start, row, parameter), one for each pair of widths."""
    places = np.unique(np.column_stack([problem.x, problem.y]), axis=0)
    data = problem.data - problem.data.mean(1, keepdims=True)
    starts = []
    for concentration in CONCENTRATIONS:
        for width in WIDTHS:
            broad = np.log([concentration, width * np.ptp(problem.y)])
            theta = np.column_stack([places, np.tile(broad, (len(places), 1))])
            shape = problem.form.shape(theta, problem.x, problem.y)[0][:, 0]
            shape = shape - shape.mean(1, keepdims=True)
            starts.append(theta[(shape / np.linalg.norm(shape, axis=1, keepdims=True) @ data.T).argmax(0)])
    return np.stack(starts)


def _shown(responses: xr.DataArray, names: tuple[str, str], *, baseline: str, rectify: bool) -> xr.DataArray:
    """Responses (stimulus, unit) above the baseline, each pair of parameters once."""
    check_responses(responses, parameters=names)
    curve = above_baseline(responses, baseline=baseline, rectify=rectify)
    pairs = pd.MultiIndex.from_arrays([curve[name].values for name in names])
    if pairs.has_duplicates:
        told = " and ".join(
            f"{name} {value:g}" for name, value in zip(names, pairs[pairs.duplicated()][0], strict=True)
        )
        raise ValueError(
            f"{told} were shown more than once: choose one length, width, polarity or contrast by label first"
        )
    return curve


def _once(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """1, or a half for an angle that was shown from both sides, as a straight line can be."""
    same = (first[:, None] == second) & (second[:, None] == first)
    return 1 / (1 + same.sum(1))


def _apart(values: np.ndarray, first: np.ndarray, second: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Each unit's mean response to the angles that share one half-line of its best one, for both of them (2, unit)."""
    has = [(first[:, None] == side[best]) | (second[:, None] == side[best]) for side in (first, second)]
    alone = np.stack([has[0] & ~has[1], has[1] & ~has[0]])
    count = alone.sum(1)
    return np.where(alone, values, 0).sum(1) / np.where(count > 0, count, np.nan)


def _largest(curve: xr.DataArray, which: np.ndarray) -> np.ndarray:
    """The largest response of each unit to some stimuli; NaN where there are none."""
    return curve.values[which].max(0) if which.any() else np.full(curve.sizes["unit"], np.nan)


def _table(numbers: dict[str, np.ndarray], notes: xr.Dataset, curve: xr.DataArray) -> xr.Dataset:
    measures = {name: xr.DataArray(column, dims="unit") for name, column in numbers.items()}
    for name in ("best_direction", "preferred_direction"):
        if name in measures:
            measures[name].attrs = {"units": "degrees", "period": 360.0}
    return measured(measures, notes, curve, why=_WHY)
