"""A map is a ``DataArray (y, x, unit)`` over even positions in degrees: what is asked of it, whoever made it."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.validity import also, leaves_screen

__all__ = ["MAP_CAUTIONS", "MAP_FAULTS", "along_unit", "check_map", "map_validity", "spacing"]

MAP_FAULTS = {
    "samples missing": "a position was not shown to it, or it was not recorded",
    "never answered": "no response at all",
    "never above the blank": "no response exceeds that to the blank",
    "no energy above the noise": "the map holds no more than its standard error",
}
"""Why a unit's map is not valid: its measures are NaN."""

MAP_CAUTIONS = {
    "receptive field touches the edge of the map (its extent is a bound)": "what lies beyond was not mapped",
    "one subregion only (no overlap)": "it answers to light or to dark alone, above the share that makes a subregion",
    "theoretical field is larger than the map (the share is a bound)": "part of what it could see was not mapped",
}
"""What to bear in mind about a unit whose map is valid."""


def check_map(table: xr.DataArray) -> xr.DataArray:
    """A map with its positions rising, or an error that says what is wrong with it.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        Anything over positions: responses, a weighted average of frames, weights.

    Returns
    -------
    DataArray (y, x, unit)
        float64.

    Raises
    ------
    TypeError
        If it is no DataArray.
    ValueError
        If its dimensions are others, or its positions fewer than 3 or not evenly spaced.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((1, 3, 3)), dims=("unit", "y", "x"),
    ...     coords={"y": [1.0, 0.0, -1.0], "x": [0.0, 1.0, 2.0]})
    >>> check_map(table).y.values
    array([-1.,  0.,  1.])
    """
    if not isinstance(table, xr.DataArray):
        raise TypeError(f"a map is a DataArray (y, x, unit); got {type(table).__name__}")
    if set(table.dims) != {"y", "x", "unit"}:
        remedy = "; give a single map its unit by .expand_dims('unit')" if set(table.dims) == {"y", "x"} else ""
        raise ValueError(
            f"a map has the dimensions y, x and unit; this one has {', '.join(map(str, table.dims))}{remedy}"
        )
    for name in ("y", "x"):
        if name not in table.coords:
            raise ValueError(
                f"a map has its positions in degrees along {name}; this one has none: .assign_coords({name}=…)"
            )
    table = table.transpose("y", "x", "unit").sortby(["y", "x"]).astype(float)
    for name in ("y", "x"):
        _check_even(table[name].values.astype(float), name)
    return table


def _check_even(at: np.ndarray, name: str) -> None:
    steps = np.diff(at)
    if len(at) < 3 or not np.isfinite(at).all():
        raise ValueError(f"{len(at)} positions along {name}: a map needs 3 or more, all of them numbers")
    if not (steps.min() > 0 and np.allclose(steps, steps.mean(), rtol=1e-3)):
        raise ValueError(
            f"the positions along {name} are {steps.min():g} to {steps.max():g} degrees apart: a map is evenly spaced"
        )


def spacing(table: xr.DataArray) -> tuple[float, float]:
    """Degrees between neighbours along y and x of a map from ``check_map``."""
    y, x = (table[name].values.astype(float) for name in ("y", "x"))
    return float(np.ptp(y)) / (len(y) - 1), float(np.ptp(x)) / (len(x) - 1)


def along_unit(table: xr.DataArray | xr.Dataset) -> dict[str, xr.DataArray]:
    """The coordinates along ``unit``."""
    return {str(name): coord for name, coord in table.coords.items() if coord.dims == ("unit",)}


def map_validity(table: xr.DataArray, *, either_sign: bool = False) -> xr.Dataset:
    """Say of each unit whether its map means anything, and why not.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        From ``check_map``. The coordinate ``baseline``, where there is one, gives raw responses back; where units
        look, and the attribute ``degrees``, say whose fields leave the screen.
    either_sign : bool
        Whether values below 0 mean as much as those above.

    Returns
    -------
    Dataset (unit)
        valid, reason, as ``validity`` gives them.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((3, 3, 1)), dims=("y", "x", "unit"), coords={"y": range(3), "x": range(3)})
    >>> map_validity(table).reason.values.tolist()
    ['never answered']
    """
    values = table.values
    missing = ~np.isfinite(values).all((0, 1))
    floor = table["baseline"].values if "baseline" in table.coords else 0.0
    silent = ~missing & (values + floor == 0).all((0, 1))
    answers = (np.abs(values) > 0) if either_sign else (values > 0)
    below = ~missing & ~silent & ~answers.any((0, 1))
    valid = ~(missing | silent | below)
    coords = {"unit": table["unit"]} if "unit" in table.coords else {}
    notes = xr.Dataset({"valid": ("unit", valid), "reason": ("unit", np.full(valid.shape, ""))}, coords)
    found = {
        "samples missing": missing,
        "never answered": silent,
        "never above the blank": below,
        "receptive field leaves the screen": leaves_screen(table),
    }
    for name, holds in found.items():
        notes = also(notes, name, holds)
    return notes
