"""What a second grating takes away from the response to the first: a mask on top of it, or an annulus around it.

A mask that excites nothing by itself and yet weakens the response shows that the unit is no sum of its inputs. Filters
and rectifiers have no such suppression; divisive normalisation has.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import tuning_curve
from cortexcnn.tuning.fits import parameter_of
from cortexcnn.tuning.validity import also, measured, validity

__all__ = ["cross_orientation_suppression", "cross_orientation_tuning", "surround_orientation_tuning"]

_FOLLOW = ("mask_phase", "surround_phase", "mask_orientation", "surround_orientation")
"""Over the phases of the second grating is averaged; its orientation follows from the angle."""
_ALONE = -1.0
_LITTLE = 0.05
"""An orthogonal annulus that takes less than this share of the response can't be divided by."""
_WHY = {
    "iso_orientation_surround_ratio": "hardly suppressed across",
    "iso_cross_index": "nothing left under either surround",
}


def cross_orientation_suppression(curve: xr.DataArray) -> xr.DataArray:
    """1 − R(with the mask) / R(without it), for each contrast of the mask [1]_ [2]_.

    Parameters
    ----------
    curve : DataArray (mask_contrast, unit)
        Responses above the blank to one test grating, under masks whose contrasts include 0.

    Returns
    -------
    DataArray (mask_contrast, unit)
        0 where the mask changes nothing, 1 where it silences the unit, negative where it helps. NaN for a unit that
        does not answer to the test alone.

    Raises
    ------
    ValueError
        If the curve is not over mask_contrast, or none of them is 0.

    References
    ----------
    .. [1] Morrone, Burr & Maffei (1982), Proc. R. Soc. Lond. B 216, 335-354.
    .. [2] Bonds (1989), Vis. Neurosci. 2, 41-55.

    Examples
    --------
    >>> curve = xr.DataArray([[10.0], [4.0]], dims=("mask_contrast", "unit"),
    ...     coords={"mask_contrast": [0.0, 0.5], "unit": ["cell"]})
    >>> cross_orientation_suppression(curve).values.ravel()
    array([0. , 0.6])
    """
    if parameter_of(curve) != "mask_contrast":
        raise ValueError(f"a curve over mask_contrast is wanted; this one is over {parameter_of(curve)}")
    masks = curve["mask_contrast"].values
    if not (masks == 0).any():
        raise ValueError(
            f"the contrasts of the mask are {', '.join(f'{mask:g}' for mask in masks)}: the test alone, at "
            "mask_contrast 0, is what the others are compared with"
        )
    alone = curve.isel(mask_contrast=int(np.flatnonzero(masks == 0)[0]), drop=True)
    return (1 - curve / alone.where(alone > 0)).rename("cross_orientation_suppression")


@by_unit
def cross_orientation_tuning(
    responses: xr.DataArray,
    *,
    angle: float = 90.0,
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
) -> xr.Dataset:
    """How much an orthogonal mask suppresses each unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to plaids: ``mask_contrast``, with 0 among them, and ``mask_angle`` along ``stimulus``. Other
        parameters of the test are taken at the unit's best; over the phase of the mask is averaged.
    angle : float
        Of the mask from the test, degrees.
    component, baseline, rectify
        How the curve is made: see ``tuning_curve``. "larger" is the usual component: F1 of a simple cell over the
        phase of the test, to which a mask adds nothing by itself, and F0 of a complex one.

    Returns
    -------
    Dataset (unit)
        cross_orientation_suppression (by the mask of the highest contrast, its contrast in the attributes),
        strongest_suppression (by any), maximum (response to the test alone), valid, reason. NaN where valid is False.

    Raises
    ------
    ValueError
        If there is no mask_contrast or mask_angle, no mask at that angle, or no test alone.

    Examples
    --------
    >>> mask = np.array([0.0, 0.25, 0.5])
    >>> cell = 30 * 0.5**2 / (0.3**2 + 0.5**2 + mask**2)
    >>> responses = xr.DataArray(cell[:, None], dims=("stimulus", "unit"), coords={"stimulus": range(3),
    ...     "unit": ["cell"], "mask_contrast": ("stimulus", mask), "mask_angle": ("stimulus", [90.0] * 3)})
    >>> float(cross_orientation_tuning(responses).cross_orientation_suppression[0])  # .25 / (.09 + .25 + .25)
    0.424
    """
    check_responses(responses, parameters=("mask_contrast", "mask_angle"))
    table = responses.drop_vars([name for name in _FOLLOW if name in responses.coords])
    curve = tuning_curve(
        table, "mask_contrast", at={"mask_angle": angle}, component=component, baseline=baseline, rectify=rectify
    ).sortby("mask_contrast")
    suppression = cross_orientation_suppression(curve)
    highest = float(curve["mask_contrast"][-1])
    alone = curve.isel(mask_contrast=0, drop=True)
    measures = {
        "cross_orientation_suppression": suppression.isel(mask_contrast=-1, drop=True).assign_attrs(
            mask_contrast=highest
        ),
        "strongest_suppression": suppression.max("mask_contrast"),
        "maximum": alone,
    }
    return measured(measures, _answering(curve, alone, "no response without the mask"), curve)


@by_unit
def surround_orientation_tuning(
    responses: xr.DataArray, *, component: str = "f0", baseline: str = "blank", rectify: bool = True
) -> xr.Dataset:
    """Whether an annulus of the centre's orientation suppresses more than one across it, with validity [1]_.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to centres with surrounds: ``surround_angle``, with 0 and 90, and ``surround_contrast``, with 0 and
        others of which the highest counts, along ``stimulus``.
    component, baseline, rectify
        How the curve is made: see ``tuning_curve``. "larger" is the usual component.

    Returns
    -------
    Dataset (unit)
        iso_surround_suppression and cross_surround_suppression, 1 − R(with the annulus) / R(centre alone);
        iso_orientation_surround_ratio, the first over the second, NaN where the second is below .05; iso_cross_index,
        (R_cross − R_iso) / (R_cross + R_iso), NaN where both are nothing; weakest_surround (degrees
        from the centre's orientation: the annulus that suppresses least); maximum (the centre alone); valid, reason.

    Raises
    ------
    ValueError
        If a coordinate is missing, or an annulus at 0 or 90 degrees or of contrast 0.

    References
    ----------
    .. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2547-2556.

    Examples
    --------
    >>> responses = xr.DataArray([[10.0], [10.0], [4.0], [8.0]], dims=("stimulus", "unit"), coords={
    ...     "stimulus": range(4), "unit": ["cell"], "surround_angle": ("stimulus", [0.0, 90.0, 0.0, 90.0]),
    ...     "surround_contrast": ("stimulus", [0.0, 0.0, 1.0, 1.0])})
    >>> found = surround_orientation_tuning(responses)
    >>> float(found.iso_surround_suppression[0]), float(found.iso_orientation_surround_ratio[0])
    (0.6, 3.0)
    """
    check_responses(responses, parameters=("surround_angle", "surround_contrast"))
    table = responses.drop_vars([name for name in _FOLLOW if name in responses.coords])
    contrasts = table["surround_contrast"].values
    highest = float(np.nanmax(contrasts))
    if not (contrasts == 0).any() or highest == 0:
        raise ValueError(
            f"the contrasts of the surround are {', '.join(f'{one:g}' for one in np.unique(contrasts))}: the centre "
            "alone, surround_contrast 0, and one above 0 are compared"
        )
    # The centre alone takes part as one more surround, so that all are of one component and at one best combination.
    table = table.isel(stimulus=np.flatnonzero(is_blank(table).values | np.isin(contrasts, (0, highest))))
    named = np.where(table["surround_contrast"] == 0, _ALONE, table["surround_angle"])
    named = np.where(is_blank(table).values, np.nan, named)
    table = table.drop_vars("surround_contrast").assign_coords(surround_angle=("stimulus", named))
    whole = tuning_curve(table, "surround_angle", component=component, baseline=baseline, rectify=rectify)
    alone, curve = whole.sel(surround_angle=_ALONE, drop=True), whole.drop_sel(surround_angle=_ALONE)
    iso, cross = (_at_angle(curve, angle) for angle in (0.0, 90.0))
    base = alone.where(alone > 0)
    by_iso, by_cross = 1 - iso / base, 1 - cross / base
    total = iso.clip(min=0) + cross.clip(min=0)
    little = by_cross < _LITTLE
    measures = {
        "iso_surround_suppression": by_iso,
        "cross_surround_suppression": by_cross,
        "iso_orientation_surround_ratio": (by_iso / by_cross).where(~little),
        "iso_cross_index": (cross.clip(min=0) - iso.clip(min=0)) / total.where(total > 0),
        "weakest_surround": curve.fillna(-np.inf)
        .idxmax("surround_angle")
        .astype(float)
        .assign_attrs(units="degrees", period=180.0),
        "maximum": alone,
    }
    return measured(measures, _answering(whole, alone, "no response without the surround"), curve, why=_WHY)


def _at_angle(curve: xr.DataArray, angle: float) -> xr.DataArray:
    there = curve["surround_angle"].values
    if not np.isclose(there, angle).any():
        raise ValueError(
            f"no surround at {angle:g}° from the centre's orientation; there are "
            f"{', '.join(f'{one:g}' for one in there)}"
        )
    return curve.isel(surround_angle=int(np.abs(there - angle).argmin()), drop=True)


def _answering(curve: xr.DataArray, alone: xr.DataArray, otherwise: str) -> xr.Dataset:
    """Validity of units that answer to the first grating alone; what changes nothing for them is no fault."""
    notes = validity(curve, tolerance=None)
    silent = ~(alone.values > 0) & notes["valid"].values
    return also(notes, otherwise, silent).assign(valid=("unit", notes["valid"].values & ~silent))
