"""Which spatial frequency a unit prefers, and how narrow a band it passes.

A peak at the edge of what was shown is a bound, not a value; a cut that lies outside it is NaN, and said to be.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import cuts, fit_curves, fitted_curves, parameter_of
from cortexcnn.tuning.validity import also, measured, validity

__all__ = [
    "low_pass",
    "peak_spatial_frequency",
    "schiller_ratio",
    "spatial_frequency_bandwidth",
    "spatial_frequency_cuts",
    "spatial_frequency_tuning",
]

_BEYOND = "no fitted curve falls so far within the range"
_WHY = {
    "peak_spatial_frequency": "nothing could be fitted",
    "spatial_frequency_bandwidth": _BEYOND,
    "schiller_ratio": _BEYOND,
    "spatial_frequency_low": _BEYOND,
    "spatial_frequency_high": _BEYOND,
    "r_squared": "nothing could be fitted",
}


def peak_spatial_frequency(curve: xr.DataArray, *, form: str = "best", fit: xr.Dataset | None = None) -> xr.DataArray:
    """The spatial frequency at the peak of the fitted curve [1]_.

    Parameters
    ----------
    curve : DataArray (spatial_frequency, unit)
        Mean responses.
    form : str
        "log gaussian", "gaussian" or "best" (default), the better of the two for each unit. Gabor filters are gaussian
        in frequency: a log gaussian puts their peaks 13 to 1 % too low, for 0.4 to 0.9 cycles a standard deviation.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit)
        Cycles/degree, within the range that was shown.

    References
    ----------
    .. [1] De Valois, Albrecht & Thorell (1982), Vision Res. 22, 545-559.

    Examples
    --------
    >>> frequency = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    >>> curve = xr.DataArray(np.exp(-0.5 * (np.log2(frequency[:, None] / 1.5) / 0.8) ** 2),
    ...     dims=("spatial_frequency", "unit"), coords={"spatial_frequency": frequency, "unit": ["cell"]})
    >>> float(peak_spatial_frequency(curve)[0])
    1.50
    """
    fit = fit_curves(curve, form=form) if fit is None else fit
    lowest, highest = _range(curve)
    peak = fit["position"].clip(lowest, highest)
    return peak.rename("peak_spatial_frequency").assign_attrs(units="cycles/degree")


def spatial_frequency_cuts(
    curve: xr.DataArray, *, height: float = 0.5, form: str = "best", fit: xr.Dataset | None = None
) -> tuple[xr.DataArray, xr.DataArray]:
    """The frequencies below and above the peak at which the fitted curve falls to a share of it.

    Parameters
    ----------
    curve : DataArray (spatial_frequency, unit)
        Mean responses.
    height : float
        Share of the peak response.
    form : str
        What is fitted.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    low, high : DataArray (unit)
        Cycles/degree; NaN where the curve does not fall that far within the range that was shown.

    Examples
    --------
    >>> frequency = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    >>> curve = xr.DataArray(np.exp(-0.5 * (np.log2(frequency[:, None] / 2) / 0.8) ** 2),
    ...     dims=("spatial_frequency", "unit"), coords={"spatial_frequency": frequency, "unit": ["cell"]})
    >>> low, high = spatial_frequency_cuts(curve)
    >>> float(low[0] * high[0])
    4.00
    """
    fit = fit_curves(curve, form=form) if fit is None else fit
    lowest, highest = _range(curve)
    low, high = cuts(fit, height)
    beyond = (fit["position"] < lowest) | (fit["position"] > highest)
    return low.where((low >= lowest) & ~beyond), high.where((high <= highest) & ~beyond)


def spatial_frequency_bandwidth(
    curve: xr.DataArray, *, height: float = 0.5, form: str = "best", fit: xr.Dataset | None = None
) -> xr.DataArray:
    """Octaves between the cuts at half height [1]_.

    Parameters
    ----------
    curve : DataArray (spatial_frequency, unit)
        Mean responses.
    height : float
        Share of the peak response; 0.5 by default.
    form : str
        What is fitted.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit)
        NaN where a cut lies outside the range that was shown (for the low one, see ``low_pass``).

    References
    ----------
    .. [1] De Valois, Albrecht & Thorell (1982), Vision Res. 22, 545-559.

    Examples
    --------
    >>> frequency = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    >>> curve = xr.DataArray(np.exp(-0.5 * (np.log2(frequency[:, None] / 1.5) / 0.8) ** 2),
    ...     dims=("spatial_frequency", "unit"), coords={"spatial_frequency": frequency, "unit": ["cell"]})
    >>> float(spatial_frequency_bandwidth(curve)[0]), float(2 * 0.8 * np.sqrt(2 * np.log(2)))
    (1.88, 1.88)
    """
    low, high = spatial_frequency_cuts(curve, height=height, form=form, fit=fit)
    octaves = xr.apply_ufunc(np.log2, high / low)
    return octaves.rename("spatial_frequency_bandwidth").assign_attrs(units="octaves", height=height)


def schiller_ratio(curve: xr.DataArray, *, form: str = "best", fit: xr.Dataset | None = None) -> xr.DataArray:
    """100 · low cut / high cut at 1/√2 of the peak [1]_: 100 for a band of no width, 0 for one without end.

    Parameters
    ----------
    curve : DataArray (spatial_frequency, unit)
        Mean responses.
    form : str
        What is fitted.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit)
        NaN where a cut lies outside the range that was shown.

    References
    ----------
    .. [1] Schiller, Finlay & Volman (1976), J. Neurophysiol. 39, 1334-1351.

    Examples
    --------
    >>> frequency = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    >>> curve = xr.DataArray(np.exp(-0.5 * (np.log2(frequency[:, None] / 1.5) / 0.8) ** 2),
    ...     dims=("spatial_frequency", "unit"), coords={"spatial_frequency": frequency, "unit": ["cell"]})
    >>> float(schiller_ratio(curve)[0])
    39.7
    """
    low, high = spatial_frequency_cuts(curve, height=2**-0.5, form=form, fit=fit)
    return (100 * low / high).rename("schiller_ratio")


def low_pass(
    curve: xr.DataArray, *, height: float = 0.5, form: str = "best", fit: xr.Dataset | None = None
) -> xr.DataArray:
    """Whether the fitted curve stays above a share of its peak down to the lowest frequency that was shown.

    Parameters
    ----------
    curve : DataArray (spatial_frequency, unit)
        Mean responses.
    height : float
        Share of the peak response; 0.5 by default.
    form : str
        What is fitted.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit) of bool
        False too where nothing could be fitted.

    Examples
    --------
    >>> frequency = np.array([0.5, 1.0, 2.0, 4.0, 8.0])
    >>> curve = xr.DataArray(np.exp(-0.5 * (frequency[:, None] / 2) ** 2),
    ...     dims=("spatial_frequency", "unit"), coords={"spatial_frequency": frequency, "unit": ["cell"]})
    >>> bool(low_pass(curve)[0])
    True
    """
    fit = fit_curves(curve, form=form) if fit is None else fit
    lowest, highest = _range(curve)
    low, _ = cuts(fit, height)
    ends = fitted_curves(fit, np.array([lowest, highest])).values
    position = fit["position"].values
    above = np.where(position > highest, ends[0] > height * ends[1], ~(low.values >= lowest))
    return xr.DataArray(above & ~np.isnan(position), dims="unit", coords=low.coords, name="low_pass")


@by_unit
def spatial_frequency_tuning(
    responses: xr.DataArray,
    *,
    at: At = "best",
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
    form: str = "best",
) -> xr.Dataset:
    """Every measure of spatial-frequency tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to a sweep of spatial frequency.
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``. "larger" is the usual component: F1 of simple cells, F0 of complex.
    form : str
        What is fitted.

    Returns
    -------
    Dataset (unit)
        peak_spatial_frequency, spatial_frequency_bandwidth (octaves at half height), schiller_ratio,
        spatial_frequency_low and spatial_frequency_high (the cuts at half height), low_pass, maximum, r_squared,
        valid, reason. Measures are NaN where valid is False, and where ``reason`` names them.

    Examples
    --------
    >>> frequency = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
    >>> responses = xr.DataArray(np.exp(-0.5 * (np.log2(frequency[:, None] / [[1.5, 30]]) / 0.8) ** 2),
    ...     dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(6), "unit": ["a", "b"], "spatial_frequency": ("stimulus", frequency)})
    >>> table = spatial_frequency_tuning(responses)
    >>> float(table.peak_spatial_frequency[0])
    1.50
    >>> [reason.split("; ")[0] for reason in table.reason.values.tolist()]
    ['', 'optimum at the edge of the range (a bound)']
    """
    curve = tuning_curve(responses, "spatial_frequency", at=at, component=component, baseline=baseline, rectify=rectify)
    fit = fit_curves(curve, form=form)
    low, high = spatial_frequency_cuts(curve, fit=fit)
    notes = validity(curve)
    lowest, highest = _range(curve)
    with np.errstate(invalid="ignore"):
        bound = (fit["position"].values <= lowest) | (fit["position"].values >= highest)
    notes = also(notes, "optimum at the edge of the range (a bound)", bound & notes["valid"].values)
    measures = {
        "peak_spatial_frequency": peak_spatial_frequency(curve, fit=fit),
        "spatial_frequency_bandwidth": spatial_frequency_bandwidth(curve, fit=fit),
        "schiller_ratio": schiller_ratio(curve, fit=fit),
        "spatial_frequency_low": low.assign_attrs(units="cycles/degree"),
        "spatial_frequency_high": high.assign_attrs(units="cycles/degree"),
        "maximum": curve.max("spatial_frequency"),
        "r_squared": fit["r_squared"],
    }
    table = measured(measures, notes, curve, why=_WHY)
    return table.assign(low_pass=low_pass(curve, fit=fit) & notes["valid"])


def _range(curve: xr.DataArray) -> tuple[float, float]:
    """The lowest and highest frequency that was shown."""
    parameter_of(curve)
    values = curve["spatial_frequency"].values
    return float(values.min()), float(values.max())
