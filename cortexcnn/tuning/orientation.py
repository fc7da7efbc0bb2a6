"""How sharply a unit chooses the orientation of a grating or a bar, and which one it prefers.

Every measure is a function of a curve, and :func:`orientation_tuning` goes from responses to all of them.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.circular import mean_vector, peak_and
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import cuts, fit_curves
from cortexcnn.tuning.validity import measured, validity

__all__ = [
    "PREFERENCES",
    "circular_variance",
    "one_minus_circular_variance",
    "orientation_bandwidth",
    "orientation_tuning",
    "orthogonal_preferred_ratio",
    "osi_pref_orth",
    "preferred_orientation",
]

PREFERENCES = {
    "vector": "half the angle of the mean response vector on the doubled angle",
    "fitted": "the peak of the fitted curve",
    "peak": "the orientation of the largest response, of those that were shown",
}
"""Ways to say which orientation is preferred."""

_WHY = {
    "preferred_orientation": "answers to all alike, or to opposite ones alike",
    "preferred_orientation_fitted": "nothing could be fitted",
    "osi_pref_orth": "samples missing",
    "orthogonal_preferred_ratio": "samples missing",
    "orientation_bandwidth": "no fitted curve falls so far",
    "orientation_bandwidth_half_height": "no fitted curve falls so far",
    "r_squared": "nothing could be fitted",
}
AIMLESS = 1e-6  # a mean vector shorter than this share of the total points where rounding errors point


def preferred_orientation(curve: xr.DataArray, *, method: str = "vector", skipna: bool = False) -> xr.DataArray:
    """The orientation that a unit prefers, 0 ≤ orientation < 180 [1]_.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses at evenly spaced orientations, not negative (the fit alone takes negative ones).
    method : str
        A key of ``PREFERENCES``; "vector" by default.
    skipna : bool
        Whether missing samples are left out of the vector; otherwise they make NaN.

    Returns
    -------
    DataArray (unit)
        Degrees counter-clockwise from horizontal. NaN for a unit that never answers, or answers to all alike.

    Raises
    ------
    ValueError
        If a response is negative, or the orientations are not evenly spaced over 180 degrees.

    References
    ----------
    .. [1] Swindale (1998), Biol. Cybern. 78, 45-56.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> curve = xr.DataArray(1 + np.cos(2 * np.deg2rad(angle - 40)), dims="orientation", coords={"orientation": angle})
    >>> float(preferred_orientation(curve))
    40.0
    """
    chosen(PREFERENCES, method, "method")
    if method == "fitted":
        preferred = fit_curves(curve)["position"]
    elif method == "peak":
        preferred = peak_and(curve, "orientation", 90)[0]
    else:
        vector, total = mean_vector(curve, "orientation", turns=2, skipna=skipna)
        angle = xr.apply_ufunc(np.angle, vector, kwargs={"deg": True}) / 2 % 180
        preferred = angle.where(abs(vector) > AIMLESS * total) % 180
    return preferred.rename("preferred_orientation").assign_attrs(units="degrees", period=180.0)


def circular_variance(curve: xr.DataArray, *, skipna: bool = False) -> xr.DataArray:
    """One minus the length of the mean response vector on the doubled angle [1]_.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses at evenly spaced orientations, not negative.
    skipna : bool
        Whether missing samples are left out of both sums; otherwise they make NaN.

    Returns
    -------
    DataArray (unit)
        0 for a unit that answers to one orientation alone, 1 for one that answers to all alike,
        NaN for one that never answers.

    Raises
    ------
    ValueError
        If a response is negative, or the orientations are not evenly spaced over 180 degrees.

    References
    ----------
    .. [1] Ringach, Shapley & Hawken (2002), J. Neurosci. 22, 5639-5651.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> curve = xr.DataArray(1 + np.cos(2 * np.deg2rad(angle - 40)), dims="orientation", coords={"orientation": angle})
    >>> float(circular_variance(curve))
    0.50
    """
    vector, total = mean_vector(curve, "orientation", turns=2, skipna=skipna)
    return (1 - abs(vector) / total).clip(min=0).rename("circular_variance")


def one_minus_circular_variance(curve: xr.DataArray, *, skipna: bool = False) -> xr.DataArray:
    """The length of the mean response vector on the doubled angle: selectivity, 0 to 1.

    Some tools call this a global orientation selectivity index, and one documents it as the circular variance.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses at evenly spaced orientations, not negative.
    skipna : bool
        Whether missing samples are left out of both sums; otherwise they make NaN.

    Returns
    -------
    DataArray (unit)
        1 - circular variance.

    Examples
    --------
    >>> curve = xr.DataArray([3.0, 0.0, 0.0], dims="orientation", coords={"orientation": [0.0, 60.0, 120.0]})
    >>> float(one_minus_circular_variance(curve))
    1.0
    """
    return (1 - circular_variance(curve, skipna=skipna)).rename("one_minus_circular_variance")


def osi_pref_orth(curve: xr.DataArray) -> xr.DataArray:
    """Preferred minus orthogonal response over their sum [1]_.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses at evenly spaced orientations, not negative. Preferred is the largest response that was sampled;
        for an odd number of orientations the orthogonal one is interpolated.

    Returns
    -------
    DataArray (unit)
        0 for no selectivity, 1 for none left at the orthogonal. NaN for a unit that never answers.

    Raises
    ------
    ValueError
        If a response is negative, or the orientations are not evenly spaced over 180 degrees.

    References
    ----------
    .. [1] De Valois, Yund & Hepler (1982), Vision Res. 22, 531-544.

    Examples
    --------
    >>> curve = xr.DataArray([3.0, 2.0, 1.0, 2.0], dims="orientation", coords={"orientation": [0.0, 45.0, 90.0, 135.0]})
    >>> float(osi_pref_orth(curve))
    0.5
    """
    _, preferred, orthogonal = peak_and(curve, "orientation", 90)
    total = preferred + orthogonal
    return ((preferred - orthogonal) / total.where(total > 0)).rename("osi_pref_orth")


def orthogonal_preferred_ratio(curve: xr.DataArray) -> xr.DataArray:
    """Response to the orthogonal orientation over that to the preferred one [1]_.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses at evenly spaced orientations, not negative.

    Returns
    -------
    DataArray (unit)
        0 to 1. NaN for a unit that never answers.

    References
    ----------
    .. [1] Ringach, Shapley & Hawken (2002), J. Neurosci. 22, 5639-5651.

    Examples
    --------
    >>> curve = xr.DataArray([4.0, 2.0, 1.0, 2.0], dims="orientation", coords={"orientation": [0.0, 45.0, 90.0, 135.0]})
    >>> float(orthogonal_preferred_ratio(curve))
    0.25
    """
    _, preferred, orthogonal = peak_and(curve, "orientation", 90)
    return (orthogonal / preferred.where(preferred > 0)).rename("orthogonal_preferred_ratio")


def orientation_bandwidth(
    curve: xr.DataArray, *, height: float = 2**-0.5, form: str = "best", fit: xr.Dataset | None = None
) -> xr.DataArray:
    """Half the width of the fitted curve at a share of its peak [1]_ [2]_.

    Parameters
    ----------
    curve : DataArray (orientation, unit)
        Mean responses. Neither even spacing nor all samples are needed.
    height : float
        Share of the peak response: 1/√2 (default), or 0.5 for the half height.
    form : str
        What is fitted: "von mises" (a circular gaussian on the doubled angle), "gabor", or "best" (default), the better
        of the two. Of the exact tuning of a Gabor filter the first alone is up to 0.4° too wide, the second 0.06°.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit)
        Degrees. NaN where the curve never falls that far, because its base is too high.

    References
    ----------
    .. [1] Ringach, Shapley & Hawken (2002), J. Neurosci. 22, 5639-5651.
    .. [2] Schiller, Finlay & Volman (1976), J. Neurophysiol. 39, 1320-1333.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> curve = xr.DataArray(np.exp(20 * (abs(np.cos(np.deg2rad(angle[:, None] - 40))) - 1)),
    ...     dims=("orientation", "unit"), coords={"orientation": angle, "unit": ["cell"]})
    >>> float(orientation_bandwidth(curve, height=0.5)[0]), float(np.rad2deg(np.arccos(1 - np.log(2) / 20)))
    (15.13, 15.13)
    """
    low, high = cuts(fit_curves(curve, form=form) if fit is None else fit, height)
    return ((high - low) / 2).rename("orientation_bandwidth").assign_attrs(units="degrees", height=height)


@by_unit
def orientation_tuning(
    responses: xr.DataArray,
    *,
    at: At = "best",
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
    form: str = "best",
    skipna: bool = False,
) -> xr.Dataset:
    """Every measure of orientation tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to a sweep of orientation (or direction).
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``. Responses below the blank count as 0 in all but the fit.
    form : str
        What is fitted for the bandwidth.
    skipna : bool
        Whether units with missing orientations are measured on those that are there.

    Returns
    -------
    Dataset (unit)
        preferred_orientation (vector), preferred_orientation_fitted, circular_variance, one_minus_circular_variance,
        osi_pref_orth, orthogonal_preferred_ratio, orientation_bandwidth (at 1/√2), orientation_bandwidth_half_height,
        maximum (above the baseline), r_squared of the fit, valid, reason. Measures are NaN where valid is False, and
        where ``reason`` names them.
        The coordinates and attributes of the curve say how it was made.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> responses = xr.DataArray(1 + np.cos(2 * np.deg2rad(angle[:, None] - [[40, 100]])), dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(12), "unit": ["a", "b"], "orientation": ("stimulus", angle)})
    >>> orientation_tuning(responses).preferred_orientation.values
    array([ 40., 100.])
    """
    curve = tuning_curve(responses, "orientation", at=at, component=component, baseline=baseline, rectify=rectify)
    notes = validity(curve, skipna=skipna)
    above = curve.clip(min=0)
    fit = fit_curves(curve, form=form)
    measures = {
        "preferred_orientation": preferred_orientation(above, skipna=skipna),
        "preferred_orientation_fitted": fit["position"].assign_attrs(units="degrees", period=180.0),
        "circular_variance": circular_variance(above, skipna=skipna),
        "one_minus_circular_variance": one_minus_circular_variance(above, skipna=skipna),
        "osi_pref_orth": osi_pref_orth(above),
        "orthogonal_preferred_ratio": orthogonal_preferred_ratio(above),
        "orientation_bandwidth": orientation_bandwidth(curve, fit=fit),
        "orientation_bandwidth_half_height": orientation_bandwidth(curve, height=0.5, fit=fit),
        "maximum": curve.max("orientation"),
        "r_squared": fit["r_squared"],
    }
    return measured(measures, notes, curve, why=_WHY)
