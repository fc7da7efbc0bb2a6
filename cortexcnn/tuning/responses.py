"""From what was recorded to what a tuning curve is made of: rectified, averaged, above the blank.

A model unit is noiseless and may be negative; a neuron is a rectified average over repeats. What is done to make them
alike is done here, once, and is written in the attributes of every curve.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.choices import chosen

__all__ = ["BASELINES", "above_baseline", "baseline_of", "mean_over_repeats", "rectified", "with_angles"]

BASELINES = {
    "blank": "what the unit does without a stimulus is subtracted: the mean over the rows of contrast 0, else the "
    "unit's coordinate spontaneous, else nothing",
    "none": "nothing is subtracted",
}
"""What a response is measured from."""


def rectified(responses: xr.DataArray, *, rectify: bool = True) -> xr.DataArray:
    """Responses in float64, those below 0 as 0.

    Parameters
    ----------
    responses : DataArray
        Any.
    rectify : bool
        False leaves them as they are.

    Returns
    -------
    DataArray
        NaN stays NaN, and infinity is as good as missing.

    Examples
    --------
    >>> rectified(xr.DataArray([-1.0, 2.0], dims="unit")).values
    array([0., 2.])
    """
    table = responses.astype(float)
    finite = np.isfinite(table.values)
    table = table if finite.all() else table.where(finite)
    return table.clip(min=0.0) if rectify else table


def mean_over_repeats(responses: xr.DataArray) -> xr.DataArray:
    """The mean over ``repeat``, missing repeats (NaN) left out, where there is such a dimension.

    Examples
    --------
    >>> mean_over_repeats(xr.DataArray([[1.0, np.nan, 3.0]], dims=("unit", "repeat"))).values
    array([2.])
    """
    return responses.mean("repeat", skipna=True, keep_attrs=True) if "repeat" in responses.dims else responses


def baseline_of(responses: xr.DataArray, baseline: str = "blank") -> xr.DataArray:
    """What each unit does without a stimulus.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses, rectified or not.
    baseline : str
        A key of ``BASELINES``.

    Returns
    -------
    DataArray (unit)
        ``attrs["baseline"]`` says where it comes from: "blank rows", "spontaneous" or "none".

    Raises
    ------
    ValueError
        If there is no such baseline.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "contrast": ("stimulus", [0.0, 1.0])})
    >>> float(baseline_of(table)[0])
    1.0
    """
    check_responses(responses)
    chosen(BASELINES, baseline, "baseline")
    blank = is_blank(responses).values
    units = responses["unit"]
    if baseline == "blank" and blank.any():
        rows = responses.isel(stimulus=np.flatnonzero(blank))
        values, source = rows.mean([dim for dim in rows.dims if dim != "unit"]).values, "blank rows"
    elif baseline == "blank" and "spontaneous" in responses.coords and responses["spontaneous"].dims == ("unit",):
        values, source = responses["spontaneous"].values.astype(float), "spontaneous"
    else:
        values, source = np.zeros(units.size), "none"
    return xr.DataArray(values, dims="unit", coords={"unit": units.values}, attrs={"baseline": source})


def above_baseline(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.DataArray:
    """Mean responses to each stimulus that is no blank, above what the unit does without one.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses; blanks are the rows of contrast 0.
    baseline : str
        A key of ``BASELINES``.
    rectify : bool
        Whether negative responses count as 0, before anything is subtracted.

    Returns
    -------
    DataArray (stimulus, unit)
        With the coordinate ``baseline`` (unit), and attributes that say what was done.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "contrast": ("stimulus", [0.0, 1.0])})
    >>> above_baseline(table).values
    array([[2.]])
    """
    table = rectified(responses, rectify=rectify)
    floor = baseline_of(table, baseline)
    shown = mean_over_repeats(table.isel(stimulus=np.flatnonzero(~is_blank(table).values)))
    shown = shown.mean("time") if "time" in shown.dims else shown
    made = shown.transpose("stimulus", "unit") - floor.values
    told = {"baseline": floor.attrs["baseline"], "rectified": int(rectify)}
    return made.assign_coords(baseline=("unit", floor.values)).assign_attrs(responses.attrs | told)


def with_angles(responses: xr.DataArray, parameter: str) -> xr.DataArray:
    """Responses whose orientations lie within 0–180° and directions within 0–360°, one made of the other if need be.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, …)
        Responses with ``orientation``, ``direction`` or both along ``stimulus``.
    parameter : str
        "orientation" or "direction": what is needed. Anything else changes nothing but the range.

    Returns
    -------
    DataArray
        A grating that drifts in one direction lies across it: orientation = direction - 90°.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "direction": ("stimulus", [0.0, 270.0])})
    >>> with_angles(table, "orientation").orientation.values
    array([90., 0.])
    """
    angles = {}
    for name, period in (("orientation", 180.0), ("direction", 360.0)):
        if name in responses.coords and responses[name].dims == ("stimulus",):
            angles[name] = ("stimulus", np.round(responses[name].values.astype(float), 9) % period)
    if parameter == "orientation" and "orientation" not in angles and "direction" in angles:
        angles["orientation"] = ("stimulus", (angles["direction"][1] - 90) % 180)
    return responses.assign_coords(angles)
