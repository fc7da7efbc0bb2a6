"""Where on the screen a unit answers: maps from small stimuli at the positions of a grid.

Gratings, bars or the light and dark spots of sparse noise: whatever was shown at each position, its responses are
found by their labels ``x`` and ``y``.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.choices import chosen
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.maps import along_unit, check_map
from cortexcnn.tuning.responses import above_baseline

__all__ = ["OVER", "polarity_maps", "position_map"]

OVER: dict[str, Callable[..., np.ndarray]] = {"maximum": np.fmax.reduceat, "mean": np.add.reduceat}
"""What is taken over the other parameters at one position, of rows that are sorted by position."""

POLARITIES = ("light", "dark")


@by_unit
def position_map(
    responses: xr.DataArray, *, over: str = "maximum", baseline: str = "blank", rectify: bool = True
) -> xr.DataArray:
    """Responses by position, above the blank.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to stimuli at every position of a grid: ``x`` and ``y`` (degrees) along ``stimulus``. Blanks are
        the rows of contrast 0.
    over : str
        A key of ``OVER``. "maximum" (default) over the other parameters, as Marques and others [1]_ mapped models;
        "mean" where the same was shown many times and single responses are noisy.
    baseline : str
        A key of ``BASELINES``.
    rectify : bool
        Whether negative responses count as 0.

    Returns
    -------
    DataArray (y, x, unit)
        Positions rising. Along ``unit`` what it had, and ``baseline`` (what was subtracted). NaN where a unit has no
        response at all at a position.

    Raises
    ------
    ValueError
        If there is no x or y, a position of the grid was not shown, or the grid is not even or smaller than 3 × 3.

    References
    ----------
    .. [1] Marques, Schrimpf & DiCarlo (2021), bioRxiv 2021.03.01.433495.

    Examples
    --------
    >>> y, x = (part.ravel() for part in np.mgrid[-1:2.0, -1:2.0])
    >>> responses = xr.DataArray((10.0 * (x == 1) * (y == 0))[:, None], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(9), "unit": ["cell"], "x": ("stimulus", x), "y": ("stimulus", y)})
    >>> position_map(responses).isel(unit=0).values
    array([[ 0.,  0.,  0.], [ 0.,  0., 10.], [ 0.,  0.,  0.]])
    """
    chosen(OVER, over, "way to reduce other parameters")
    check_responses(responses, parameters=("x", "y"))
    table = above_baseline(responses, baseline=baseline, rectify=rectify)
    y, x, cell = _grid(table)
    order = np.argsort(cell, kind="stable")
    _, starts, counts = np.unique(cell[order], return_index=True, return_counts=True)
    values = table.values[order]
    if over == "mean":
        known = ~np.isnan(values)
        values, counted = np.where(known, values, 0.0), np.add.reduceat(known.astype(float), starts, axis=0)
        reduced = np.divide(
            OVER[over](values, starts, axis=0), counted, out=np.full(counted.shape, np.nan), where=counted > 0
        )
    else:
        reduced = OVER[over](values, starts, axis=0)
    coords = {**along_unit(table), "y": y, "x": x}
    shape = (len(y), len(x), table.sizes["unit"])
    attrs = {name: table.attrs[name] for name in ("baseline", "rectified", "degrees") if name in table.attrs}
    attrs |= {"over": over, "shown": int(counts.min())}
    made = xr.DataArray(reduced.reshape(shape), dims=("y", "x", "unit"), coords=coords, attrs=attrs)
    return check_map(made).rename("response")


@by_unit
def polarity_maps(
    responses: xr.DataArray, *, over: str = "maximum", baseline: str = "blank", rectify: bool = True
) -> xr.DataArray:
    """A map of the responses to light stimuli and one of those to dark ones: on and off subregions.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        As ``position_map`` takes them, with ``polarity``, "light" or "dark", along ``stimulus``.
    over, baseline, rectify
        See ``position_map``.

    Returns
    -------
    DataArray (polarity, y, x, unit)

    Raises
    ------
    ValueError
        If there is no polarity, one of the two was not shown, or they were shown at different positions.

    Examples
    --------
    >>> y, x, light = (part.ravel() for part in np.mgrid[-1:2.0, -1:2.0, 0:2])
    >>> names = np.where(light == 1, "light", "dark")
    >>> responses = xr.DataArray((light * (x == 1.0) * 5.0)[:, None], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(18), "unit": ["on cell"], "x": ("stimulus", x), "y": ("stimulus", y),
    ...     "polarity": ("stimulus", names)})
    >>> polarity_maps(responses).max(["y", "x", "unit"]).values
    array([5., 0.])
    """
    check_responses(responses, parameters=("x", "y", "polarity"))
    blank = is_blank(responses).values
    names = responses["polarity"].values
    missing = [name for name in POLARITIES if not ((names == name) & ~blank).any()]
    if missing:
        raise ValueError(
            f"no stimulus is {' or '.join(missing)}; both polarities are needed, and there are "
            f"{', '.join(map(str, np.unique(names[~blank]))) or 'none'}"
        )
    maps = [
        position_map(
            responses.isel(stimulus=np.flatnonzero((names == name) | blank)),
            over=over,
            baseline=baseline,
            rectify=rectify,
        )
        for name in POLARITIES
    ]
    light, dark = maps
    if light.shape != dark.shape or not (np.allclose(light.x, dark.x) and np.allclose(light.y, dark.y)):
        raise ValueError("light and dark stimuli were shown at different positions: show both at every one")
    stacked = np.stack([light.values, dark.values])
    coords = {**{name: light[name] for name in light.coords}, "polarity": list(POLARITIES)}
    return xr.DataArray(stacked, dims=("polarity", "y", "x", "unit"), coords=coords, attrs=light.attrs, name="response")


def _grid(table: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The rows and columns of the grid, rising, and the cell in which each stimulus lies."""
    (y, row), (x, column) = (
        np.unique(np.round(table[name].values.astype(float), 9), return_inverse=True) for name in ("y", "x")
    )
    cell = row.ravel() * len(x) + column.ravel()
    shown = len(np.unique(cell))
    if shown < len(y) * len(x):
        raise ValueError(
            f"{shown} of the {len(y)} × {len(x)} positions were shown: a map needs every combination of x and y "
            "(sweep makes them); a stimulus without a position is no part of one"
        )
    return y, x, cell
