"""How large a receptive field is and where it lies, read off its map; on and off; effective against theoretical."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.maps import along_unit, check_map, map_validity, spacing
from cortexcnn.tuning.validity import also, measured

__all__ = ["effective_field", "receptive_field", "subregions"]

FINER = 33
"""Sides that are tried within the coarse step in which a square comes to hold enough."""
EDGE = "receptive field touches the edge of the map (its extent is a bound)"
_ONE = "one subregion only (no overlap)"


def receptive_field(table: xr.DataArray, *, share: float = 0.05, either_sign: bool = False) -> xr.Dataset:
    """Centre and extent of what exceeds 5 % of the maximum of a map.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        From ``position_map``, or any other map.
    share : float
        Of the maximum. For a noisy map take more: at .05 noise counts as field.
    either_sign : bool
        True takes absolute values: for maps whose negative values are field too, as in reverse correlation.

    Returns
    -------
    Dataset (unit)
        centre_x, centre_y (degrees): the centroid, weighted by the response. area (degrees²) of all positions that
        exceed, wherever they are, and diameter (degrees) of the circle of that area: what the stimulus itself measures
        is part of it. maximum, best_x, best_y. valid, reason. NaN where valid is False.

    Raises
    ------
    ValueError
        If it is no map, or the share does not lie between 0 and 1.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 41)
    >>> values = np.exp(-((x - 0.5) ** 2 + x[:, None] ** 2) / 2 / 0.3**2)
    >>> table = xr.DataArray(values[..., None], dims=("y", "x", "unit"), coords={"y": x, "x": x, "unit": ["cell"]})
    >>> found = receptive_field(table)
    >>> float(found.centre_x[0]), float(found.diameter[0])  # 2 · 0.3 √(2 ln 20) = 1.47, in steps of the map
    (0.50, 1.50)
    """
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} of the maximum: between 0 and 1, .05 by default")
    table = check_map(table)
    notes = map_validity(table, either_sign=either_sign)
    values = np.abs(table.values) if either_sign else table.values
    values = np.where(notes["valid"].values, values, 0.0)
    top = values.max((0, 1))
    field = (values >= share * top) & (values > 0)
    weight = np.where(field, values, 0.0)
    y, x = (table[name].values.astype(float) for name in ("y", "x"))
    best_y, best_x = np.unravel_index(values.reshape(-1, values.shape[2]).argmax(0), values.shape[:2])
    area = field.sum((0, 1)) * np.prod(spacing(table))
    centre_y, centre_x = _centroid(weight, y, x)
    numbers = {
        "centre_x": centre_x,
        "centre_y": centre_y,
        "area": area,
        "diameter": 2 * np.sqrt(area / np.pi),
        "maximum": top,
        "best_x": x[best_x],
        "best_y": y[best_y],
    }
    notes = also(notes, EDGE, _border(field) & notes["valid"].values)
    measures = {name: xr.DataArray(column, dims="unit") for name, column in numbers.items()}
    return measured(measures, notes, table).assign_attrs(share=share)


def subregions(maps: xr.DataArray, *, share: float = 0.3) -> xr.Dataset:
    """How far on and off subregions lie apart: simple cells keep them separate, complex cells have them in one place.

    Parameters
    ----------
    maps : DataArray (polarity, y, x, unit)
        From ``polarity_maps``.
    share : float
        Of the larger of the two maxima: what exceeds it is a subregion.

    Returns
    -------
    Dataset (unit)
        overlap_index: (r_on + r_off − d) / (r_on + r_off + d), r the radii of the circles of the subregions' areas and
        d the distance of their centroids, after Schiller and others [1]_: 1 for one place, 0 for two that touch, less
        for two that lie apart. shared_area: the share of the smaller subregion that lies in the other. on_off_balance:
        (on − off) / (on + off) of the maxima. light_… and dark_… centre_x, centre_y (degrees) and area (degrees²).
        valid, reason: a unit with one subregion has a balance and that one's numbers, and no overlap.

    Raises
    ------
    ValueError
        If it is not a pair of maps, or the share does not lie between 0 and 1.

    References
    ----------
    .. [1] Schiller, Finlay & Volman (1976), J. Neurophysiol. 39, 1288-1319.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 41)
    >>> lobes = [np.exp(-((x - at) ** 2 + x[:, None] ** 2) / 2 / 0.3**2)[..., None] for at in (-0.6, 0.6)]
    >>> maps = xr.DataArray(np.stack(lobes), dims=("polarity", "y", "x", "unit"),
    ...     coords={"polarity": ["light", "dark"], "y": x, "x": x, "unit": ["simple cell"]})
    >>> found = subregions(maps)
    >>> bool(found.overlap_index[0] < 0), float(found.light_centre_x[0])
    (True, -0.60)
    """
    if not isinstance(maps, xr.DataArray) or "polarity" not in maps.coords or maps.sizes.get("polarity") != 2:
        raise ValueError('subregions are read off a pair of maps, polarity "light" and "dark": see polarity_maps')
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} of the maximum: between 0 and 1, .3 by default")
    pair = [check_map(maps.sel(polarity=name, drop=True)) for name in ("light", "dark")]
    notes = map_validity(xr.where(pair[0] > pair[1], pair[0], pair[1], keep_attrs=True).assign_coords(pair[0].coords))
    whole = np.logical_and.reduce([np.isfinite(one.values).all((0, 1)) for one in pair])
    notes = also(notes, "samples missing", ~whole)
    good = notes["valid"].values & whole
    values = [np.where(good, one.values, 0.0) for one in pair]
    top = np.maximum(values[0].max((0, 1)), values[1].max((0, 1)))
    fields = [(one >= share * top) & (one > 0) for one in values]
    y, x = (pair[0][name].values.astype(float) for name in ("y", "x"))
    area = [field.sum((0, 1)) * np.prod(spacing(pair[0])) for field in fields]
    centre = [_centroid(np.where(field, one, 0.0), y, x) for field, one in zip(fields, values, strict=True)]
    both = (area[0] > 0) & (area[1] > 0)
    apart = np.hypot(centre[0][0] - centre[1][0], centre[0][1] - centre[1][1])
    radii = np.sqrt(area[0] / np.pi) + np.sqrt(area[1] / np.pi)
    peaks = [np.maximum(one.max((0, 1)), 0) for one in values]
    with np.errstate(invalid="ignore", divide="ignore"):
        smaller = np.minimum(fields[0].sum((0, 1)), fields[1].sum((0, 1)))
        numbers = {
            "overlap_index": np.where(both, (radii - apart) / (radii + apart), np.nan),
            "shared_area": np.where(both, (fields[0] & fields[1]).sum((0, 1)) / smaller, np.nan),
            "on_off_balance": (peaks[0] - peaks[1]) / (peaks[0] + peaks[1]),
        }
    for name, size, (at_y, at_x) in zip(("light", "dark"), area, centre, strict=True):
        numbers |= {f"{name}_centre_x": at_x, f"{name}_centre_y": at_y, f"{name}_area": size}
    notes = notes.assign(valid=("unit", good))
    notes = also(notes, _ONE, good & ~both)
    notes = also(notes, EDGE, good & np.logical_or(*map(_border, fields)))
    measures = {name: xr.DataArray(column, dims="unit") for name, column in numbers.items()}
    return measured(measures, notes, pair[0], why=dict.fromkeys(measures, _ONE)).assign_attrs(share=share)


def effective_field(
    table: xr.DataArray,
    rf_size: float | np.ndarray | xr.DataArray | None = None,
    *,
    share: float = 0.95,
    noise: xr.DataArray | None = None,
) -> xr.Dataset:
    """How much of the field that a unit could have it makes use of: effective against theoretical [1]_.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        A map whose square is energy: a weighted average of frames, a gradient, responses.
    rf_size : float or ndarray or DataArray (unit), optional
        Side of the exact theoretical field in degrees; the coordinate ``rf_size`` of the map by default.
    share : float
        Of the energy.
    noise : DataArray (y, x, unit), optional
        Standard error of the map. Its square, the energy that noise alone would have, is taken off: without it a
        noisy map fills whatever was shown.

    Returns
    -------
    Dataset (unit)
        effective_size (degrees): side of the smallest square, about the centroid of the energy, that holds that share
        of it; between positions by interpolation. effective_share: over ``rf_size``. A square, because the
        theoretical field is one: of a field that is even throughout the share is √.95. valid, reason.

    Raises
    ------
    ValueError
        If it is no map, or there is no positive rf_size.

    References
    ----------
    .. [1] Luo, Li, Urtasun & Zemel (2016), Advances in Neural Information Processing Systems 29.

    Examples
    --------
    >>> x = np.linspace(-2, 2, 81)
    >>> values = np.exp(-(x**2 + x[:, None] ** 2) / 2 / 0.4**2)
    >>> table = xr.DataArray(values[..., None], dims=("y", "x", "unit"), coords={"y": x, "x": x, "unit": ["cell"]})
    >>> float(effective_field(table, 4.0).effective_share[0])  # erf(h / 0.4)² = .95 at half the side h
    0.32
    """
    if not 0 < share < 1:
        raise ValueError(f"a share of {share} of the energy: between 0 and 1, .95 by default")
    table = check_map(table)
    size = _theoretical(table, rf_size)
    notes = map_validity(table, either_sign=True)
    energy = np.where(notes["valid"].values, table.values, 0.0) ** 2
    if noise is not None:
        error = check_map(noise)
        if error.shape != table.shape:
            raise ValueError(f"a map of {table.shape} and its noise of {error.shape}: they have one shape")
        energy = energy - np.where(notes["valid"].values, error.values, 0.0) ** 2
    drowned = notes["valid"].values & ~(energy.sum((0, 1)) > 0)
    notes = also(notes.assign(valid=notes["valid"] & ~drowned), "no energy above the noise", drowned)
    y, x = (table[name].values.astype(float) for name in ("y", "x"))
    side = _side(energy, y, x, share)
    numbers = {"effective_size": side, "effective_share": side / size}
    beyond = notes["valid"].values & (size > max(np.ptp(y), np.ptp(x)) + max(spacing(table)) * 1.001)
    notes = also(notes, "theoretical field is larger than the map (the share is a bound)", beyond)
    measures = {name: xr.DataArray(column, dims="unit") for name, column in numbers.items()}
    return measured(measures, notes, table).assign_attrs(share=share)


def _theoretical(table: xr.DataArray, rf_size: float | np.ndarray | xr.DataArray | None) -> np.ndarray:
    if rf_size is None and "rf_size" not in along_unit(table):
        raise ValueError("no rf_size: give the side of the theoretical field in degrees, or a map with that coordinate")
    given = np.asarray(table["rf_size"] if rf_size is None else rf_size, float)
    if given.shape not in {(), (table.sizes["unit"],)} or not (given > 0).all():
        raise ValueError(f"rf_size {given}: a positive number of degrees, one for all units or one for each")
    return np.broadcast_to(given, (table.sizes["unit"],))


def _side(energy: np.ndarray, y: np.ndarray, x: np.ndarray, share: float) -> np.ndarray:
    """Side of the square about the centroid that holds a share of the energy, each position a little square itself."""
    core = np.where(
        energy >= 0.05 * energy.max((0, 1)), np.maximum(energy, 0), 0.0
    )  # noise would draw it to the middle
    centre = _centroid(core, y, x)
    reach = np.linspace(0, np.hypot(np.ptp(y), np.ptp(x)) + y[1] - y[0], 4 * max(len(y), len(x)))
    side = np.full(energy.shape[2], np.nan)
    for unit in np.flatnonzero(energy.sum((0, 1)) > 0):
        ends, held = reach, np.zeros(0)
        for _ in range(2):  # coarse, then fine: within a position the energy grows as the square of the side
            rows, columns = (_covered(at, middle[unit], ends) for at, middle in zip((y, x), centre, strict=True))
            held = np.einsum("ri,ij,rj->r", rows, energy[..., unit], columns) / energy[..., unit].sum()
            first = max(1, int((held >= share).argmax()))
            within, ends = ends, np.linspace(ends[first - 1], ends[first], FINER)
        before, after = held[first - 1], held[first]
        part = (share - before) / (after - before)
        side[unit] = 2 * (within[first - 1] + part * (within[first] - within[first - 1]))
    return side


def _covered(at: np.ndarray, middle: float, reach: np.ndarray) -> np.ndarray:
    """How much of the pixel around each position lies within each distance of the middle."""
    step = at[1] - at[0]
    low = np.maximum(at - step / 2, (middle - reach)[:, None])
    high = np.minimum(at + step / 2, (middle + reach)[:, None])
    return np.clip(high - low, 0, None) / step


def _centroid(weight: np.ndarray, y: np.ndarray, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Vertical and horizontal centroid (unit); NaN where there is no weight."""
    total = weight.sum((0, 1))
    divisor = np.where(total > 0, total, np.nan)
    return np.einsum("yxu,y->u", weight, y) / divisor, np.einsum("yxu,x->u", weight, x) / divisor


def _border(field: np.ndarray) -> np.ndarray:
    """Where a field holds a position of the border."""
    return np.asarray(field[[0, -1]].any((0, 1)) | field[:, [0, -1]].any((0, 1)))
