"""Sums around the circle, for orientation and direction: the mean vector, and the response across from the peak."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["PERIODS", "mean_vector", "peak_and", "refuse_negative"]

PERIODS = {"orientation": 180.0, "direction": 360.0}
"""Degrees after which a parameter repeats."""

UNEVEN = 1.0  # degrees: some laboratories write 22.5 as 22


def refuse_negative(curve: xr.DataArray) -> xr.DataArray:
    """The same curve in float64, or an error if a response is negative.

    Raises
    ------
    ValueError
        If a response is negative: says how to clip it.

    Examples
    --------
    >>> refuse_negative(xr.DataArray([-1.0], dims="orientation"))
    Traceback (most recent call last):
        ...
    ValueError: a response is negative (the lowest is -1): this measure is of responses of 0 or more; clip them by
    curve.clip(min=0), and say so
    """
    table = curve.astype(float, copy=False)
    lowest = float(np.nanmin(table.values, initial=0.0))
    if lowest < 0:
        raise ValueError(
            f"a response is negative (the lowest is {lowest:.3g}): this measure is of responses of 0 or more; "
            "clip them by curve.clip(min=0), and say so"
        )
    return table


def _even(curve: xr.DataArray, parameter: str) -> xr.DataArray:
    """The curve in rising order of the angle, refused if the angles are not evenly spaced around."""
    if parameter not in curve.dims or parameter not in curve.coords:
        have = ", ".join(map(str, curve.dims)) or "none"
        raise ValueError(f"this measure is of a curve over {parameter}; this one has the dimensions {have}")
    period = PERIODS[parameter]
    table = curve.assign_coords({parameter: curve[parameter].astype(float) % period})
    table = table if table.indexes[parameter].is_monotonic_increasing else table.sortby(parameter)
    angles = table[parameter].values
    gaps = np.diff(angles, append=angles[:1] + period)
    if len(angles) < 3 or not np.allclose(gaps, period / len(angles), atol=UNEVEN):
        listed = ", ".join(f"{angle:g}" for angle in angles)
        raise ValueError(
            f"{parameter} {listed}: this measure needs at least 3, evenly spaced over {period:g} degrees; where some "
            f"were not shown, put NaN there by curve.reindex({parameter}=…) and choose skipna=True"
        )
    return table


def mean_vector(
    curve: xr.DataArray, parameter: str, *, turns: int, skipna: bool = False
) -> tuple[xr.DataArray, xr.DataArray]:
    """Σ R e^{i turns θ} and Σ R over evenly spaced angles.

    Parameters
    ----------
    curve : DataArray (parameter, …)
        Responses of 0 or more.
    parameter : str
        "orientation" or "direction".
    turns : int
        2 where opposite angles are the same, 1 where they are not.
    skipna : bool
        Whether missing samples count as nothing; otherwise they make NaN.

    Returns
    -------
    vector, total : DataArray (…)
        The vector is complex.

    Raises
    ------
    ValueError
        If a response is negative, or the angles are not evenly spaced.

    Examples
    --------
    >>> curve = xr.DataArray([2.0, 0.0, 0.0, 0.0], dims="orientation", coords={"orientation": [0.0, 45.0, 90.0, 135.0]})
    >>> vector, total = mean_vector(curve, "orientation", turns=2)
    >>> float(abs(vector)), float(total)
    (2.0, 2.0)
    """
    table = refuse_negative(_even(curve, parameter))
    table = table.fillna(0) if skipna else table
    angle = turns * np.deg2rad(table[parameter])
    total = table.sum(parameter, skipna=False)
    vector = xr.dot(table, np.cos(angle), dim=parameter) + 1j * xr.dot(table, np.sin(angle), dim=parameter)
    return vector, total.where(total > 0)


def peak_and(curve: xr.DataArray, parameter: str, apart: float) -> tuple[xr.DataArray, xr.DataArray, xr.DataArray]:
    """The angle of the largest response, that response, and the mean response ``apart`` degrees to both sides of it.

    Parameters
    ----------
    curve : DataArray (parameter, unit)
        Responses of 0 or more. Of equal peaks the first in rising order counts.
    parameter : str
        "orientation" or "direction".
    apart : float
        90 for the orthogonal orientation, 180 for the opposite direction. Where no sample lies there, the two nearest
        are interpolated.

    Returns
    -------
    angle, peak, other : DataArray (unit)
        NaN where a sample is missing.

    Examples
    --------
    >>> curve = xr.DataArray([1.0, 0.0, 4.0, 0.0], dims="orientation", coords={"orientation": [0.0, 45.0, 90.0, 135.0]})
    >>> [float(part) for part in peak_and(curve, "orientation", 90)]
    [90.0, 4.0, 1.0]
    """
    table = refuse_negative(_even(curve, parameter))
    known = table.notnull().all(parameter)
    samples = table.sizes[parameter]
    index = table.fillna(-np.inf).argmax(parameter)
    steps = apart / PERIODS[parameter] * samples
    share = steps - np.floor(steps)
    ahead = [table.isel({parameter: (index + int(np.floor(steps)) + i) % samples}).drop_vars(parameter) for i in (0, 1)]
    peak = table.isel({parameter: index})
    other = ahead[0] * (1 - share) + ahead[1] * share
    angle = peak[parameter].drop_vars(parameter)
    return angle.where(known), peak.drop_vars(parameter).where(known), other.where(known)
