"""Ratios of gaussians for the size tuning of all units at once.

``R(x) = k_c L_c / (1 + k_s L_s)``, ``L(x) = erf(x / w)²``: a centre that sums over a gaussian and a wider surround
that divides it [1]_. Gains and widths are sought as logarithms by damped Gauss-Newton steps from the best points of a
grid; the centre's gain enters linearly.

.. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2530-2546.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import xarray as xr
from scipy.special import erf

from cortexcnn.tuning.fits import parameter_of

__all__ = ["fit_sizes", "fitted_sizes"]

CHUNK = 4096
ITERATIONS = 200
STARTS = 4
TOLERANCE = 1e-8  # a unit rests when a step has gained less than this share of its residual
RATIO = 1.02, 30.0
"""Of the surround's width over the centre's."""
GAIN = 1e-4, 1e4
"""Of the surround."""


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
    found = np.full((5, y.shape[1]), np.nan)
    columns = np.flatnonzero(fine)
    for start in range(0, len(columns), CHUNK):
        some = columns[start : start + CHUNK]
        found[:, some] = _solved(x, y[:, some])
    gain, centre, ratio, surround, residual = found
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1 - residual / total
    numbers = {
        "centre_gain": gain,
        "centre_size": centre,
        "surround_gain": surround,
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


def _shape(x: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The curve without its gain (sample, unit), and its slopes by the logarithms of w_c, w_s / w_c and k_s."""
    centre, ratio, surround = np.exp(theta)
    u, v = x[:, None] / centre, x[:, None] / (centre * ratio)
    near, far = erf(u), erf(v)
    fall = -4 / np.sqrt(np.pi)  # of erf² by the logarithm of its width
    by_near, by_far = fall * near * u * np.exp(-(u**2)), fall * far * v * np.exp(-(v**2))
    divisor = 1 + surround * far**2
    curve = near**2 / divisor
    by_ratio = -curve * surround * by_far / divisor
    return curve, np.stack([by_near / divisor + by_ratio, by_ratio, -curve * surround * far**2 / divisor])


def _gain(curve: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The centre's gain that suits best, not negative."""
    return np.maximum((curve * y).sum(0), 0) / ((curve**2).sum(0) + 1e-300)


def _solved(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rows gain, w_c, w_s / w_c, k_s, residual."""
    box = np.log([[x.min() / 8, x.max() * 4], RATIO, GAIN])
    widths = np.geomspace(x.min() / 2, x.max(), 9)
    grid = np.log(np.array(list(product((1.3, 2.5, 6.0), (0.02, 0.5, 3.0, 20.0), widths))).T)[[2, 0, 1]]
    shapes = _shape(x, grid)[0]
    shapes /= np.sqrt((shapes**2).sum(0)) + 1e-300
    # the best width for each kind of surround, and of these the best
    explained = np.maximum(shapes.T @ y, 0).reshape(-1, len(widths), y.shape[1])
    candidates = explained.argmax(1) + len(widths) * np.arange(len(explained))[:, None]
    order = np.argsort(-explained.max(1), axis=0)[:STARTS]
    best = None
    for start in np.take_along_axis(candidates, order, axis=0):
        found = _descended(x, y, grid[:, start].copy(), box)
        best = found if best is None else np.where(found[-1] < best[-1], found, best)
    assert best is not None
    return best


def _descended(x: np.ndarray, y: np.ndarray, theta: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Damped steps from one start for each unit."""
    damping, active = np.full(y.shape[1], 1e-2), np.arange(y.shape[1])
    curve, slopes = _shape(x, theta)
    residual = ((y - _gain(curve, y) * curve) ** 2).sum(0)
    for _ in range(ITERATIONS):
        here, shown = theta[:, active], y[:, active]
        curve, slopes = _shape(x, here)
        gain = _gain(curve, shown)
        # the gain follows the other three (variable projection, Kaufman's form): what of the slopes it can't explain
        norm = (curve**2).sum(0) + 1e-300
        jacobian = gain * (slopes - curve * ((slopes * curve).sum(1) / norm)[:, None])
        miss = shown - gain * curve
        normal = np.einsum("asu,bsu->uab", jacobian, jacobian)
        downhill = np.einsum("asu,su->ua", jacobian, miss)
        held = ((here <= box[:, :1]) & (downhill.T < 0)) | ((here >= box[:, 1:]) & (downhill.T > 0))
        downhill[held.T] = 0
        diagonal = np.einsum("uaa->ua", normal)
        normal += (
            np.eye(3) * (diagonal * damping[active, None] + 1e-12 * diagonal.max(1, keepdims=True) + 1e-300)[:, None]
        )
        step = np.linalg.solve(normal, downhill[..., None])[..., 0].T
        there = np.clip(here + np.clip(step, -1.5, 1.5), box[:, :1], box[:, 1:])
        new = _shape(x, there)[0]
        left = ((shown - _gain(new, shown) * new) ** 2).sum(0)
        better = left < residual[active]
        gained = np.where(better, residual[active] - left, 0)
        moved = active[better]
        theta[:, moved], residual[moved] = there[:, better], left[better]
        rests = better & (gained <= TOLERANCE * residual[active]) | (~better & (damping[active] > 1e8))
        damping[active] = np.where(better, np.maximum(damping[active] * 0.2, 1e-12), damping[active] * 5)
        active = active[~rests]
        if not active.size:
            break
    return np.stack([_gain(_shape(x, theta)[0], y), *np.exp(theta), residual])
