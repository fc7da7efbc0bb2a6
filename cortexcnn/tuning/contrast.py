"""How a response grows with contrast, and where it saturates."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import fit_curves
from cortexcnn.tuning.validity import also, measured, validity

__all__ = ["contrast_tuning", "semi_saturation_contrast"]

FALLS = 0.05
"""Share of the peak by which a response falls at the highest contrast before it is said."""


def semi_saturation_contrast(curve: xr.DataArray, *, fit: xr.Dataset | None = None) -> xr.DataArray:
    """The contrast c50 of half the fitted maximum, R = R_max c^n / (c^n + c50^n) + b [1]_.

    Parameters
    ----------
    curve : DataArray (contrast, unit)
        Mean responses at contrasts above 0.
    fit : Dataset (unit), optional
        From ``fit_curves``, if the curve has been fitted already.

    Returns
    -------
    DataArray (unit)
        Michelson contrast, within the range that was shown: at its ends it is a bound.

    Raises
    ------
    ValueError
        If a contrast is not above 0.

    References
    ----------
    .. [1] Albrecht & Hamilton (1982), J. Neurophysiol. 48, 217-237.

    Examples
    --------
    >>> contrast = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
    >>> curve = xr.DataArray(30 * contrast[:, None] ** 2 / (contrast[:, None] ** 2 + 0.3**2),
    ...     dims=("contrast", "unit"), coords={"contrast": contrast, "unit": ["cell"]})
    >>> float(semi_saturation_contrast(curve)[0])
    0.30
    """
    fit = _fitted(curve) if fit is None else fit
    shown = curve["contrast"].values
    found = fit["position"].clip(float(shown.min()), float(shown.max()))
    return found.rename("semi_saturation_contrast")


@by_unit
def contrast_tuning(
    responses: xr.DataArray,
    *,
    at: At = "best",
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
) -> xr.Dataset:
    """Every measure of the contrast response, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to a sweep of contrast; 5 contrasts or more that reach from hardly visible to saturation.
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``. Above a baseline the fitted curve starts from 0.

    Returns
    -------
    Dataset (unit)
        semi_saturation_contrast, exponent, maximum (R_max, what the fitted curve rises to; beyond what was shown it is
        a guess), base, r_squared, valid, reason. Measures are NaN where valid is False; reasons name curves that do
        not saturate, are saturated throughout, or fall at high contrast, which the form can't follow.

    Raises
    ------
    ValueError
        If there are fewer than 4 contrasts above 0 (5 without a blank, when the base is fitted too).

    Examples
    --------
    >>> contrast = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
    >>> cells = 30 * contrast[:, None] ** 2 / (contrast[:, None] ** 2 + np.array([0.3, 4.0]) ** 2)
    >>> responses = xr.DataArray(cells, dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(5), "unit": ["a", "b"], "contrast": ("stimulus", contrast)})
    >>> table = contrast_tuning(responses)
    >>> float(table.semi_saturation_contrast[0]), float(table.exponent[0]), float(table.maximum[0])
    (0.30, 2.00, 30.0)
    >>> table.reason.values.tolist()
    ['', 'does not saturate (semi-saturation is a bound)']
    """
    curve = tuning_curve(responses, "contrast", at=at, component=component, baseline=baseline, rectify=rectify)
    fit = _fitted(curve)
    wanted = 4 + fit.attrs["base"]
    if curve.sizes["contrast"] < wanted:
        raise ValueError(
            f"{curve.sizes['contrast']} contrasts: the curve has {wanted - 1} numbers and wants {wanted} or more, from "
            "hardly visible to 1, e.g. contrast=np.geomspace(0.02, 1, 12)"
        )
    measures = {
        "semi_saturation_contrast": semi_saturation_contrast(curve, fit=fit),
        "exponent": fit["width"],
        "maximum": fit["amplitude"] + fit["base"],
        "base": fit["base"],
        "r_squared": fit["r_squared"],
    }
    notes = validity(curve)
    table = curve.transpose("contrast", "unit").sortby("contrast")
    shown, last = table["contrast"].values, table.values[-1]
    with np.errstate(invalid="ignore"):
        found = {
            "does not saturate (semi-saturation is a bound)": fit["position"].values >= shown[-1],
            "saturated throughout (semi-saturation is a bound)": fit["position"].values <= shown[0],
            "falls at high contrast (supersaturation)": last < (1 - FALLS) * table.max("contrast").values,
        }
    for name, holds in found.items():
        notes = also(notes, name, holds & notes["valid"].values)
    return measured(measures, notes, curve)


def _fitted(curve: xr.DataArray) -> xr.Dataset:
    if (curve["contrast"] <= 0).any():
        raise ValueError("a contrast response is fitted over contrasts above 0: a contrast of 0 is the blank")
    return fit_curves(curve, form="naka rushton")
