"""Gaussians and Gabors fitted to the maps of all units: where a field lies, how large it is, how many lobes it has."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.map_forms import GABOR, GAUSSIAN, MapForm
from cortexcnn.tuning.map_solver import Grid, solve
from cortexcnn.tuning.maps import along_unit, check_map, map_validity
from cortexcnn.tuning.validity import also, measured

__all__ = ["BOUND", "FIT_CAUTIONS", "fit_gabors", "fit_gaussians", "fitted_maps"]

BOUND = "a fitted number lies at its bound"
FIT_CAUTIONS = {
    "fit explains too little (see r_squared)": "the field has another form, or the map is mostly noise",
    "fitted field leaves the map": "two standard deviations of the fit reach beyond what was mapped",
    BOUND: "finer or larger than the map can tell",
    "frequency untold (see spatial_frequency_error)": "its error is above a quarter: width or phase stand in for it",
    "round (its angle means little)": "the two widths differ by less than 5 %",
}
"""What to bear in mind about a fit."""

PERIODS = {"angle": 180.0, "orientation": 180.0, "phase": 360.0}
"""Degrees after which a fitted number is the same again."""

REACH = 2.0
"""Standard deviations of a field."""

UNTOLD = 0.25
"""Of a frequency: the standard error from which on it is not told."""


def fit_gaussians(table: xr.DataArray, *, base: bool = False, least: float = 0.5) -> xr.Dataset:
    """Fit a gaussian of any width, length and angle to the map of each unit.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        From ``position_map``, or any other map; of either sign.
    base : bool
        Whether a constant is fitted too.
    least : float
        The r_squared below which a fit is said to explain too little.

    Returns
    -------
    Dataset (unit)
        centre_x, centre_y, sigma_major, sigma_minor (degrees), angle (of the longer axis, counter-clockwise from
        horizontal, 0 ≤ angle < 180), amplitude (negative for a dark field), base, residual (sum of squares), r_squared
        (of the sum of squares about the mean with a base, about 0 without). valid, reason.

    Raises
    ------
    ValueError
        If it is no map, or one of fewer positions than numbers are fitted.

    Examples
    --------
    >>> at = np.linspace(-1, 1, 21)
    >>> field = 5 * np.exp(-(((at - 0.2) / 0.2) ** 2 + ((at[:, None] + 0.1) / 0.4) ** 2) / 2)
    >>> table = xr.DataArray(field[..., None], dims=("y", "x", "unit"), coords={"y": at, "x": at, "unit": ["cell"]})
    >>> fit = fit_gaussians(table).isel(unit=0)
    >>> float(fit.centre_x), float(fit.sigma_major), float(fit.angle), float(fit.r_squared)
    (0.20, 0.40, 90.00, 1.00)
    """
    table, notes, theta, linear, residual, _ = _fitted(table, GAUSSIAN, base)
    x, y, angle = theta[:3]
    wide, long = np.exp(theta[3:5])
    numbers = {
        "centre_x": x,
        "centre_y": y,
        "sigma_major": np.maximum(wide, long),
        "sigma_minor": np.minimum(wide, long),
        "angle": np.rad2deg(np.where(long >= wide, angle, angle + np.pi / 2)) % 180,
        "amplitude": linear[0],
        **({"base": linear[1]} if base else {}),
    }
    with np.errstate(invalid="ignore"):
        notes = also(notes, "round (its angle means little)", numbers["sigma_major"] < 1.05 * numbers["sigma_minor"])
    return _table(numbers, notes, table, theta=theta, residual=residual, base=base, least=least, form=GAUSSIAN)


def fit_gabors(table: xr.DataArray, *, base: bool = False, least: float = 0.5) -> xr.Dataset:
    """Fit a Gabor to the map of each unit, and count its lobes as Ringach did [1]_.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        From ``spike_triggered_average``, an axis of ``spike_triggered_covariance``, or any other map.
    base : bool
        Whether a constant is fitted too.
    least : float
        The r_squared below which a fit is said to explain too little.

    Returns
    -------
    Dataset (unit)
        centre_x, centre_y, sigma_u, sigma_v (degrees, across and along the stripes), orientation (of the stripes,
        degrees), spatial_frequency (cycles/degree), phase (degrees, at the centre: 0 is a light stripe in the middle,
        90 an edge), amplitude (above 0), n_x = sigma_u · frequency and n_y = sigma_v · frequency, base, residual (sum
        of squares), r_squared (of the sum of squares about the mean with a base, about 0 without). valid, reason.
        spatial_frequency_error is its standard error if what is left is independent noise: below n_x of about .2
        stripes hardly show, frequency, width and phase stand in for each other, and it is large.

    Raises
    ------
    ValueError
        If it is no map, or one of fewer positions than numbers are fitted.

    References
    ----------
    .. [1] Ringach (2002), J. Neurophysiol. 88, 455-463.

    Examples
    --------
    >>> at = np.linspace(-1, 1, 31)
    >>> u = at[:, None] + 0 * at  # horizontal stripes
    >>> field = np.exp(-(u**2 + at**2) / 2 / 0.3**2) * np.cos(2 * np.pi * 1.5 * u + np.pi / 3)
    >>> table = xr.DataArray(field[..., None], dims=("y", "x", "unit"), coords={"y": at, "x": at, "unit": ["cell"]})
    >>> fit = fit_gabors(table).isel(unit=0)
    >>> float(fit.spatial_frequency), float(fit.phase), float(fit.n_x), round(float(fit.orientation)) % 180
    (1.50, 60.0, 0.45, 0)
    """
    table, notes, theta, linear, residual, error = _fitted(table, GABOR, base)
    x, y, angle = theta[:3]
    wide, long, frequency = np.exp(theta[3:6])
    phase = np.rad2deg(np.arctan2(linear[1], linear[0]))
    turned = np.round(np.rad2deg(angle), 9) % 360  # a hair below 180 is 0
    flipped = turned >= 180  # the same stripes, counted from the other side
    numbers = {
        "centre_x": x,
        "centre_y": y,
        "sigma_u": wide,
        "sigma_v": long,
        "orientation": turned % 180,
        "spatial_frequency": frequency,
        "spatial_frequency_error": frequency * error[5],
        "phase": np.where(flipped, -phase, phase) % 360,
        "amplitude": np.hypot(linear[0], linear[1]),
        "n_x": wide * frequency,
        "n_y": long * frequency,
        **({"base": linear[2]} if base else {}),
    }
    with np.errstate(invalid="ignore"):
        notes = also(notes, "frequency untold (see spatial_frequency_error)", error[5] > UNTOLD)
    return _table(numbers, notes, table, theta=theta, residual=residual, base=base, least=least, form=GABOR)


def fitted_maps(fit: xr.Dataset, x: np.ndarray, y: np.ndarray) -> xr.DataArray:
    """The fitted fields, at any positions.

    Parameters
    ----------
    fit : Dataset (unit)
        From ``fit_gaussians`` or ``fit_gabors``.
    x, y : ndarray
        Degrees.

    Returns
    -------
    DataArray (y, x, unit)
        NaN for units that are not valid.

    Raises
    ------
    ValueError
        If it is neither.

    Examples
    --------
    >>> numbers = {"centre_x": 0.0, "centre_y": 0.0, "sigma_major": 2.0, "sigma_minor": 1.0, "angle": 0.0}
    >>> numbers["amplitude"] = 3.0
    >>> fit = xr.Dataset({name: ("unit", [value]) for name, value in numbers.items()})
    >>> fitted_maps(fit, np.array([0.0, 2.0]), np.array([0.0])).values.ravel() / 3
    array([1.  , 0.61])
    """
    gabor = "spatial_frequency" in fit
    if not gabor and "sigma_major" not in fit:
        raise ValueError(
            f"a fit of fit_gabors or fit_gaussians is wanted; this has {', '.join(map(str, fit.data_vars))}"
        )
    names = ["centre_x", "centre_y", "angle", "sigma_minor", "sigma_major"]
    if gabor:
        names = ["centre_x", "centre_y", "orientation", "sigma_u", "sigma_v", "spatial_frequency"]
    theta = np.stack([fit[name].values.astype(float) for name in names], axis=1)
    theta[:, 2] = np.deg2rad(theta[:, 2])
    theta[:, 3:] = np.log(theta[:, 3:])
    amplitude = fit["amplitude"].values[:, None]
    phase = np.deg2rad(fit["phase"].values)[:, None] if gabor else np.zeros_like(amplitude)
    form = GABOR if gabor else GAUSSIAN
    x, y = np.asarray(x, float), np.asarray(y, float)
    columns, _ = form.shape(theta, *(part.ravel() for part in np.meshgrid(x, y)))
    made = amplitude * (np.cos(phase) * columns[:, 0] + (np.sin(phase) * columns[:, 1] if gabor else 0))
    made = made + (fit["base"].values[:, None] if "base" in fit else 0)
    coords = {**along_unit(fit), "y": y, "x": x}
    return xr.DataArray(made.T.reshape(len(y), len(x), -1), dims=("y", "x", "unit"), coords=coords)


def _fitted(
    table: xr.DataArray, form: MapForm, base: bool
) -> tuple[xr.DataArray, xr.Dataset, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The map, its validity, and parameters, coefficients, residual and errors (…, unit), NaN where it is not valid."""
    table = check_map(table)
    count, wanted = table.sizes["y"] * table.sizes["x"], len(form.names) + form.columns + base
    if count <= wanted:
        raise ValueError(f"a map of {count} positions; {wanted} numbers are fitted: map more positions")
    notes = map_validity(table, either_sign=True)
    maps = table.transpose("unit", "y", "x").values
    with np.errstate(invalid="ignore"):
        flat = notes["valid"].values & (np.ptp(maps, axis=(1, 2)) <= 1e-9 * np.abs(maps).max((1, 2)))
    notes = also(notes.assign(valid=notes["valid"] & ~flat), "constant (held away from the rectifier)", flat)
    good = np.flatnonzero(notes["valid"].values)
    theta, linear = np.full((len(form.names), len(maps)), np.nan), np.full((form.columns + base, len(maps)), np.nan)
    residual, error = np.full(len(maps), np.nan), np.full(theta.shape, np.nan)
    if good.size:
        grid = Grid(table["y"].values.astype(float), table["x"].values.astype(float))
        found, coefficients, left, spread = solve(maps[good], grid, form, base=base)
        theta[:, good], linear[:, good], residual[good], error[:, good] = found.T, coefficients.T, left, spread.T
    return table, notes, theta, linear, residual, error


def _table(
    numbers: dict[str, np.ndarray],
    notes: xr.Dataset,
    table: xr.DataArray,
    *,
    theta: np.ndarray,
    residual: np.ndarray,
    base: bool,
    least: float,
    form: MapForm,
) -> xr.Dataset:
    """The table of a fit, with what there is to say of it."""
    values, good = table.values, notes["valid"].values
    grid = Grid(table["y"].values.astype(float), table["x"].values.astype(float))
    about = values.mean((0, 1)) if base else 0.0
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1 - residual / ((values - about) ** 2).sum((0, 1))
        notes = also(notes, "fit explains too little (see r_squared)", good & (explained < least))
        notes = also(notes, "fitted field leaves the map", good & _leaves(theta, grid))
        low, high = (bound[:, None] for bound in grid.box(form))
        notes = also(notes, BOUND, good & ((theta <= low) | (theta >= high)).any(0))
    numbers = numbers | {"residual": residual, "r_squared": explained}
    circles = {name: {"units": "degrees", "period": period} for name, period in PERIODS.items()}
    measures = {name: xr.DataArray(column, dims="unit", attrs=circles.get(name)) for name, column in numbers.items()}
    return measured(measures, notes, table)


def _leaves(theta: np.ndarray, grid: Grid) -> np.ndarray:
    """Where the ellipse of two standard deviations reaches beyond the map."""
    x, y, angle = theta[:3]
    wide, long = np.exp(theta[3:5])
    half_x = REACH * np.hypot(wide * np.sin(angle), long * np.cos(angle))
    half_y = REACH * np.hypot(wide * np.cos(angle), long * np.sin(angle))
    step_y, step_x = (step / 2 for step in grid.step)
    beside = (x - half_x < grid.x[0] - step_x) | (x + half_x > grid.x[-1] + step_x)
    return beside | (y - half_y < grid.y[0] - step_y) | (y + half_y > grid.y[-1] + step_y)
