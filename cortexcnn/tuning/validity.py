"""When a measure means nothing, and why: a flag and its reason for every unit, in words."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.fits import parameter_of

__all__ = ["CAUTIONS", "FAULTS", "also", "measured", "validity"]

FAULTS = {
    "samples missing": "a value of the parameter was not shown to it, or it was not recorded",
    "never answered": "no response at all",
    "constant (held away from the rectifier)": "the same response to everything that was shown",
    "never above the blank": "no response exceeds that to the blank",
    "no response without the mask": "it does not answer to the test grating alone",
    "no response without the surround": "it does not answer to the centre alone",
}
"""Why a unit is not valid: its measures are NaN."""

CAUTIONS = {
    "below the blank in part (counted as 0)": "some response lies more than 5 % of the peak below the blank",
    "optimum at the edge of the range (a bound)": "the largest response is to the first or last value that was shown",
    "mean no different from the blank": "a linear unit away from its rectifier: it has no modulation ratio",
    "does not saturate (semi-saturation is a bound)": "half of the maximum lies above the highest contrast",
    "saturated throughout (semi-saturation is a bound)": "half of the maximum lies below the lowest contrast",
    "falls at high contrast (supersaturation)": "the highest contrast gives more than 5 % less than the peak",
    "hardly suppressed by size (no surround diameter)": "the largest grating gives at least nine tenths of the peak",
    "hardly suppressed across (no ratio)": "an orthogonal annulus takes less than 5 % of the response",
    "receptive field leaves the screen": "part of what it could see was never stimulated",
}
"""What to bear in mind about a unit that is valid."""

BELOW = 0.05  # of the peak: how far below the blank goes without saying


def validity(curve: xr.DataArray, *, tolerance: float | None = 1e-3, skipna: bool = False) -> xr.Dataset:
    """Say of each unit whether measures of its curve mean anything, and why not.

    Parameters
    ----------
    curve : DataArray (parameter, unit)
        From ``tuning_curve``: the coordinate ``baseline`` gives the response back as it was. Receptive fields are
        looked at where units have ``rf_x``, ``rf_y`` and ``rf_size``, and the attribute ``degrees`` gives the screen.
    tolerance : float, optional
        A unit is constant if its responses differ by no more than this share of the largest; None looks away.
    skipna : bool
        True makes missing samples a caution, as long as 3 are left.

    Returns
    -------
    Dataset (unit)
        valid : bool. reason : text, the names of all that holds of ``FAULTS`` and ``CAUTIONS``, joined by "; ", empty
        where there is nothing to say.

    Examples
    --------
    >>> curve = xr.DataArray([[0.0, 1.0], [0.0, 3.0]], dims=("orientation", "unit"),
    ...     coords={"orientation": [0.0, 90.0], "unit": ["dead", "alive"]})
    >>> validity(curve).valid.values
    array([False, True])
    >>> validity(curve).reason.values.tolist()
    ['never answered', '']
    """
    parameter = parameter_of(curve)
    table = curve.transpose(parameter, "unit").sortby(parameter)
    values = table.values
    floor = table["baseline"].values if "baseline" in table.coords else np.zeros(values.shape[1])
    raw = values + floor
    with np.errstate(invalid="ignore"):
        top, bottom = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
        most = np.fmax.reduce(np.abs(raw), axis=0)
        dead = ~(np.fmax.reduce(raw, axis=0) > 0)
        constant = ~dead & (top - bottom <= (-1 if tolerance is None else tolerance * most))
        below = ~dead & ~constant & ~(top > 0)
        fine = ~(dead | constant | below)
        negative = fine & (bottom < -BELOW * top)
    missing = np.isnan(values).any(axis=0)
    too_few = (~np.isnan(values)).sum(axis=0) < 3 if skipna else missing
    found = {
        "samples missing": missing,
        "never answered": dead & ~np.isnan(values).all(axis=0),
        "constant (held away from the rectifier)": constant,
        "never above the blank": below,
        "below the blank in part (counted as 0)": negative,
        "optimum at the edge of the range (a bound)": fine & _at_edge(table, parameter),
        "receptive field leaves the screen": _leaves(table),
    }
    faults = [too_few, *(holds for name, holds in found.items() if name in FAULTS and name != "samples missing")]
    faulty = np.logical_or.reduce(faults)
    coords = {"unit": table["unit"]} if "unit" in table.coords else {}
    notes = xr.Dataset({"valid": ("unit", ~faulty), "reason": ("unit", np.full(faulty.shape, ""))}, coords)
    for name, holds in found.items():
        notes = also(notes, name, holds)
    return notes


def also(notes: xr.Dataset, name: str, holds: np.ndarray) -> xr.Dataset:
    """Add a reason to those that units have.

    Parameters
    ----------
    notes : Dataset (unit)
        From ``validity``.
    name : str
        A key of ``FAULTS`` or ``CAUTIONS``.
    holds : ndarray (unit) of bool
        For which units.

    Returns
    -------
    Dataset (unit)

    Examples
    --------
    >>> notes = xr.Dataset({"valid": ("unit", [True, True]), "reason": ("unit", ["one", ""])})
    >>> also(notes, "two", np.array([True, True])).reason.values.tolist()
    ['one; two', 'two']
    """
    reason = notes["reason"].values.astype(object)
    reason[holds] = np.where(reason[holds] == "", name, reason[holds] + "; " + name)
    return notes.assign(reason=("unit", reason.astype(str)))


def measured(measures: dict[str, xr.DataArray], notes: xr.Dataset, curve: xr.DataArray) -> xr.Dataset:
    """A table of measures with their validity beside them, NaN where they mean nothing.

    Parameters
    ----------
    measures : dict of DataArray (unit)
        By name.
    notes : Dataset (unit)
        From ``validity``.
    curve : DataArray (parameter, unit)
        What was measured: its attributes, and its coordinates along ``unit``, go with the table.

    Returns
    -------
    Dataset (unit)

    Examples
    --------
    >>> curve = xr.DataArray([[0.0, 1.0], [0.0, 3.0]], dims=("orientation", "unit"),
    ...     coords={"orientation": [0.0, 90.0], "unit": ["dead", "alive"]})
    >>> measured({"maximum": curve.max("orientation")}, validity(curve), curve).maximum.values
    array([nan,  3.])
    """
    valid = notes["valid"].values
    columns = {
        name: ("unit", np.where(valid, measure.values, np.nan), measure.attrs) for name, measure in measures.items()
    }
    told = {name: ("unit", notes[name].values) for name in ("valid", "reason")}
    along = {name: coord for name, coord in curve.coords.items() if coord.dims == ("unit",)}
    return xr.Dataset(columns | told, along, curve.attrs)


def _at_edge(table: xr.DataArray, parameter: str) -> np.ndarray:
    """Where the optimum, along the curve or of a parameter that was settled, is the first or last value shown."""
    edge = np.zeros(table.sizes["unit"], bool)
    if parameter in {"spatial_frequency", "temporal_frequency", "size"}:
        peak = np.where(np.isnan(table.values), -np.inf, table.values).argmax(axis=0)
        edge |= (peak == 0) | (peak == table.sizes[parameter] - 1)
    for name in ("spatial_frequency", "temporal_frequency", "size"):
        if f"at_{name}" in table.coords and f"lowest_{name}" in table.attrs:
            settled = table[f"at_{name}"].values
            edge |= (settled <= table.attrs[f"lowest_{name}"]) | (settled >= table.attrs[f"highest_{name}"])
    return edge


def _leaves(table: xr.DataArray) -> np.ndarray:
    """Where a receptive field reaches beyond the screen."""
    needed = ("rf_x", "rf_y", "rf_size")
    if "degrees" not in table.attrs or any(
        name not in table.coords or table[name].dims != ("unit",) for name in needed
    ):
        return np.zeros(table.sizes["unit"], bool)
    x, y, size = (table[name].values.astype(float) for name in needed)
    furthest = np.maximum(np.abs(x), np.abs(y)) + size / 2
    return furthest > table.attrs["degrees"] / 2 * (1 + 1e-6)
