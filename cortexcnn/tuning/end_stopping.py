"""How long a bar a unit wants, and whether a longer one is less: hypercomplex cells, as they were called in 1965."""

from __future__ import annotations

import xarray as xr

from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import parameter_of
from cortexcnn.tuning.validity import measured, validity

__all__ = ["end_stopping", "length_tuning", "preferred_length"]

STOPPED = 0.1
"""A unit is end-stopped if the longest bar takes more than this share of the best response."""


def end_stopping(curve: xr.DataArray) -> xr.DataArray:
    """1 − R(longest bar) / R(best length) [1]_.

    Parameters
    ----------
    curve : DataArray (length, unit)
        Mean responses above the blank.

    Returns
    -------
    DataArray (unit)
        0 where longer is never less, 1 where the longest bar gives nothing. NaN where nothing exceeds 0.

    Raises
    ------
    ValueError
        If the curve is not over length.

    References
    ----------
    .. [1] Hubel & Wiesel (1965), J. Neurophysiol. 28, 229-289.

    Examples
    --------
    >>> curve = xr.DataArray([[2.0], [10.0], [4.0]], dims=("length", "unit"),
    ...     coords={"length": [0.5, 1.0, 4.0], "unit": ["cell"]})
    >>> float(end_stopping(curve)[0])
    0.6
    """
    table = _sorted(curve)
    peak = table.max("length", skipna=False)
    return (1 - table.isel(length=-1, drop=True) / peak.where(peak > 0)).rename("end_stopping")


def preferred_length(curve: xr.DataArray, *, share: float = 0.95) -> xr.DataArray:
    """The shortest bar that reaches 95 % of the best response.

    Parameters
    ----------
    curve : DataArray (length, unit)
        Mean responses above the blank.
    share : float
        Of the best.

    Returns
    -------
    DataArray (unit)
        Degrees, one of the lengths that were shown. NaN where nothing exceeds 0.

    Raises
    ------
    ValueError
        If the curve is not over length, or the share not between 0 and 1.

    Examples
    --------
    >>> curve = xr.DataArray([[2.0], [9.8], [10.0]], dims=("length", "unit"),
    ...     coords={"length": [0.5, 1.0, 4.0], "unit": ["cell"]})
    >>> float(preferred_length(curve)[0])
    1.0
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of {share}: of the best response, above 0 and at most 1")
    table = _sorted(curve)
    peak = table.max("length", skipna=False)
    first = (table >= share * peak).argmax("length")
    found = xr.DataArray(table["length"].values[first.values], dims="unit", coords=first.coords)
    return found.where(peak > 0).rename("preferred_length").assign_attrs(units="degrees")


@by_unit
def length_tuning(
    responses: xr.DataArray,
    *,
    at: At = "best",
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
) -> xr.Dataset:
    """Every measure of length tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to bars of several ``length``.
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``.

    Returns
    -------
    Dataset (unit)
        end_stopping, end_stopped (1 where that is above .1, else 0), preferred_length (degrees), maximum, valid,
        reason. Measures are NaN where valid is False.

    Raises
    ------
    ValueError
        If length does not vary.

    Examples
    --------
    >>> responses = xr.DataArray([[1.0], [8.0], [2.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(3), "unit": ["cell"], "length": ("stimulus", [0.5, 1.0, 2.0])})
    >>> table = length_tuning(responses)
    >>> float(table.end_stopping[0]), float(table.end_stopped[0]), float(table.preferred_length[0])
    (0.75, 1.0, 1.0)
    """
    curve = tuning_curve(responses, "length", at=at, component=component, baseline=baseline, rectify=rectify)
    if curve.sizes["length"] < 2:
        raise ValueError("one length alone: show bars of several lengths, from short to longer than the field")
    stopping = end_stopping(curve)
    measures = {
        "end_stopping": stopping,
        "end_stopped": (stopping > STOPPED).astype(float).where(stopping.notnull()),
        "preferred_length": preferred_length(curve),
        "maximum": curve.max("length"),
    }
    return measured(measures, validity(curve), curve)


def _sorted(curve: xr.DataArray) -> xr.DataArray:
    if parameter_of(curve) != "length":
        raise ValueError(f"a curve over length is wanted; this one is over {parameter_of(curve)}")
    return curve.transpose("length", "unit").sortby("length")
