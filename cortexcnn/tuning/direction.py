"""Whether a unit cares which way a grating drifts, and which way it prefers."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.circular import mean_vector, peak_and
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import fit_curves
from cortexcnn.tuning.validity import measured, validity

__all__ = ["DIRECTION_FORMS", "direction_selectivity", "direction_tuning", "preferred_direction"]

DIRECTION_FORMS = {
    "null": "1 - response to the opposite direction / response to the preferred one",
    "vector": "the length of the mean response vector over the sum of responses",
}
"""Definitions of direction selectivity."""

_WHY = {
    "preferred_direction": "nothing could be fitted",
    "preferred_direction_vector": "answers to all alike, or to opposite ones alike",
    "r_squared": "nothing could be fitted",
}
AIMLESS = 1e-6  # a mean vector shorter than this share of the total points where rounding errors point


def preferred_direction(curve: xr.DataArray, *, method: str = "fitted") -> xr.DataArray:
    """The direction that a unit prefers, 0 ≤ direction < 360.

    Parameters
    ----------
    curve : DataArray (direction, unit)
        Mean responses.
    method : str
        "fitted" (default): the higher peak of two von Mises curves half a turn apart. "vector": the angle of the mean
        response vector, which means little for a unit that answers to both directions alike. "peak": the direction of
        the largest response.

    Returns
    -------
    DataArray (unit)
        Degrees; NaN for a unit that answers to all directions alike.

    Raises
    ------
    ValueError
        If the method is unknown, or (but for the fit) a response is negative or the directions are unevenly spaced.

    Examples
    --------
    >>> angle = np.arange(0, 360, 22.5)
    >>> one_way = np.exp(3 * (np.cos(np.deg2rad(angle[:, None] - 200)) - 1))
    >>> curve = xr.DataArray(one_way, dims=("direction", "unit"), coords={"direction": angle, "unit": ["cell"]})
    >>> float(preferred_direction(curve)[0]), float(preferred_direction(curve, method="vector")[0])
    (200.00, 200.00)
    """
    chosen({"fitted": 0, "vector": 1, "peak": 2}, method, "method")
    if method == "fitted":
        preferred = fit_curves(curve, form="double von mises")["position"]
    elif method == "peak":
        preferred = peak_and(curve, "direction", 180)[0]
    else:
        vector, total = mean_vector(curve, "direction", turns=1)
        angle = xr.apply_ufunc(np.angle, vector, kwargs={"deg": True}) % 360
        preferred = angle.where(abs(vector) > AIMLESS * total) % 360
    return preferred.rename("preferred_direction").assign_attrs(units="degrees", period=360.0)


def direction_selectivity(curve: xr.DataArray, *, form: str = "null") -> xr.DataArray:
    """How much one direction is preferred to its opposite.

    Parameters
    ----------
    curve : DataArray (direction, unit)
        Mean responses at evenly spaced directions, not negative.
    form : str
        A key of ``DIRECTION_FORMS``: "null" (default), 1 - R_null / R_preferred, or "vector", abs(Σ R e^{iθ}) / Σ R.

    Returns
    -------
    DataArray (unit)
        0 to 1. NaN for a unit that never answers.

    Raises
    ------
    ValueError
        If a response is negative, or the directions are not evenly spaced over 360 degrees.

    Examples
    --------
    >>> curve = xr.DataArray([4.0, 0.0, 1.0, 0.0], dims="direction", coords={"direction": [0.0, 90.0, 180.0, 270.0]})
    >>> float(direction_selectivity(curve)), float(direction_selectivity(curve, form="vector"))
    (0.75, 0.60)
    """
    chosen(DIRECTION_FORMS, form, "form")
    if form == "vector":
        vector, total = mean_vector(curve, "direction", turns=1)
        return (abs(vector) / total).rename("direction_vector_length")
    _, preferred, null = peak_and(curve, "direction", 180)
    return (1 - null / preferred.where(preferred > 0)).rename("direction_selectivity")


@by_unit
def direction_tuning(
    responses: xr.DataArray, *, at: At = "best", component: str = "f0", baseline: str = "blank", rectify: bool = True
) -> xr.Dataset:
    """Every measure of direction tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to a sweep of direction.
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``. Responses below the blank count as 0 in all but the fit.

    Returns
    -------
    Dataset (unit)
        preferred_direction (fitted), preferred_direction_vector, direction_selectivity (1 - null / preferred),
        direction_vector_length, maximum, r_squared, valid, reason. Measures are NaN where valid is False, and where
        ``reason`` names them.

    Examples
    --------
    >>> angle = np.arange(0, 360, 22.5)
    >>> responses = xr.DataArray(np.exp(3 * (np.cos(np.deg2rad(angle[:, None] - [[200]])) - 1)),
    ...     dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(16), "unit": ["cell"], "direction": ("stimulus", angle)})
    >>> direction_tuning(responses).preferred_direction.values
    array([200.])
    """
    curve = tuning_curve(responses, "direction", at=at, component=component, baseline=baseline, rectify=rectify)
    above = curve.clip(min=0)
    fit = fit_curves(curve, form="double von mises")
    measures = {
        "preferred_direction": fit["position"].assign_attrs(units="degrees", period=360.0),
        "preferred_direction_vector": preferred_direction(above, method="vector"),
        "direction_selectivity": direction_selectivity(above),
        "direction_vector_length": direction_selectivity(above, form="vector"),
        "maximum": curve.max("direction"),
        "r_squared": fit["r_squared"],
    }
    return measured(measures, validity(curve), curve, why=_WHY)
