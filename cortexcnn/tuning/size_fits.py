"""Ratios of gaussians for the size tuning of all units at once.

``R(x) = k_c L_c / (1 + k_s L_s)``, ``L(x) = erf(x / w)²``: a centre that sums over a gaussian and a wider surround
that divides it [1]_. The centre's gain enters linearly; sought are the logarithms of w_c, of w_s / w_c, and of
k_s (w_c / w_s)², for a surround much wider than the stimuli is told by this alone.

.. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2530-2546.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
import xarray as xr
from scipy.special import erf

from cortexcnn.tuning.descent import solve
from cortexcnn.tuning.fits import parameter_of
from cortexcnn.tuning.projection import Columns, Problem, Projection

__all__ = ["fit_sizes", "fitted_sizes"]

RATIO = 1.02, 30.0
"""Of the surround's width over the centre's."""
GAIN = 1e-7, 100.0
"""Of the surround, over the square of that: beyond, centre and surround are one and the same but for their quotient."""
WIDTHS = 24
RATIOS = 1.15, 1.6, 2.4, 4.0, 8.0, 20.0
GAINS = 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0
"""Of the grid of starts."""


def fit_sizes(curve: xr.DataArray) -> xr.Dataset:
    """Fit ratios of gaussians to the size tuning of all units.

    Parameters
    ----------
    curve : DataArray (size, unit)
        Mean responses above the blank, at 5 diameters or more (degrees).

    Returns
    -------
    Dataset (unit)
        ``centre_gain`` (k_c), ``centre_size`` (w_c, degrees; from an eighth of the smallest diameter to four times the
        largest), ``surround_gain`` (k_s), ``surround_size`` (w_s, wider than w_c), ``residual``, ``r_squared``. NaN
        where samples are missing or all are alike. Without suppression the surround's numbers mean nothing.

    Raises
    ------
    ValueError
        If the curve is not over size, or has fewer than 5 diameters.

    Examples
    --------
    >>> size = np.geomspace(0.2, 8, 10)
    >>> curve = xr.DataArray((30 * erf(size / 0.8) ** 2 / (1 + 2 * erf(size / 3) ** 2))[:, None],
    ...     dims=("size", "unit"), coords={"size": size, "unit": ["cell"]})
    >>> fit = fit_sizes(curve)
    >>> float(fit.centre_size[0]), float(fit.surround_size[0])
    (0.80, 3.00)
    """
    if parameter_of(curve) != "size":
        raise ValueError(f"a curve over size is wanted; this one is over {parameter_of(curve)}")
    table = curve.transpose("size", "unit")
    x, y = table["size"].values.astype(float), table.values.astype(float)
    if len(x) < 5:
        raise ValueError(f"{len(x)} diameters: a ratio of gaussians has four numbers and wants 5 diameters or more")
    total = ((y - y.mean(0)) ** 2).sum(0)
    fine = np.isfinite(y).all(0) & (total > 0)
    gain, centre, ratio, surround, residual = found = np.full((5, y.shape[1]), np.nan)
    state, _ = solve(Projection(x, y[:, fine], None, _problem(x)))
    found[:, fine] = [state.linear[0], *np.exp(state.theta), state.residual]
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1 - residual / total
    numbers = {
        "centre_gain": gain,
        "centre_size": centre,
        "surround_gain": surround * ratio**2,
        "surround_size": centre * ratio,
        "residual": residual,
        "r_squared": explained,
    }
    coords = {name: coord for name, coord in table.coords.items() if coord.dims == ("unit",)}
    return xr.Dataset({name: ("unit", values) for name, values in numbers.items()}, coords)


def fitted_sizes(fit: xr.Dataset, at: np.ndarray) -> xr.DataArray:
    """The fitted curves, at any diameters.

    Parameters
    ----------
    fit : Dataset (unit)
        From :func:`fit_sizes`.
    at : ndarray
        Diameters in degrees.

    Returns
    -------
    DataArray (size, unit)

    Examples
    --------
    >>> numbers = {"centre_gain": 2.0, "centre_size": 1.0, "surround_gain": 1.0, "surround_size": 2.0}
    >>> fit = xr.Dataset({name: ("unit", [value]) for name, value in numbers.items()})
    >>> float(fitted_sizes(fit, np.array([100.0]))[0, 0])
    1.0
    """
    at = np.asarray(at, float)
    names = ("centre_gain", "centre_size", "surround_gain", "surround_size")
    gain, centre, surround, wide = (fit[name].values for name in names)
    values = gain * _sum(at, centre) / (1 + surround * _sum(at, wide))
    coords = {name: coord for name, coord in fit.coords.items() if coord.dims == ("unit",)}
    return xr.DataArray(values, dims=("size", "unit"), coords={**coords, "size": at})


def _sum(x: np.ndarray, width: np.ndarray) -> np.ndarray:
    """What a gaussian of a width sums over a disc of a diameter, (sample, unit)."""
    return erf(x[:, None] / width) ** 2


def _problem(x: np.ndarray) -> Problem:
    """Starts of three kinds: a wide surround, a very wide one, and a strong one hardly wider than the centre."""
    widths = np.geomspace(x.min() / 2, x.max() * 1.5, WIDTHS)
    grid = np.array(list(product(widths, RATIOS, GAINS))).T
    strong, wide = grid[2] > 0.5, grid[1] > 5
    kinds = [np.log(grid[:, kind]) for kind in (~strong & ~wide, ~strong & wide, strong)]
    box = np.log([[x.min() / 8, x.max() * 4], RATIO, GAIN])
    return Problem(_shape, 1, base=False, starts=kinds, box=box)


def _shape(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """The curve without its gain (sample, unit), and its slopes by the three logarithms."""
    centre, wide, gain = np.exp(-theta[0]), np.exp(-theta[0] - theta[1]), np.exp(theta[2] + 2 * theta[1])
    u, v = x[:, None] * centre, x[:, None] * wide
    near, far = _erf(u), _erf(v)
    divided = far * far
    divided *= gain
    share = 1 / (1 + divided)
    curve = near * near
    curve *= share
    less = curve * share
    steep = 4 / math.sqrt(math.pi)
    near *= _falling(u)
    near *= share
    near *= -steep
    far *= _falling(v)
    far *= less
    far *= steep * gain
    near += far
    divided *= less
    far -= 2 * divided
    return [curve], [[near], [far], [np.negative(divided, out=divided)]]


def _falling(u: np.ndarray) -> np.ndarray:
    """How fast erf(u) falls with the logarithm of its width, but for a factor: u exp(-u²)."""
    falling = u * u
    np.exp(np.negative(falling, out=falling), out=falling)
    return np.multiply(falling, u, out=falling)


def _erf(x: np.ndarray) -> np.ndarray:
    """The error function of torch, several times as fast as scipy's, in the precision of x."""
    return torch.special.erf(torch.from_numpy(np.ascontiguousarray(x))).numpy()
