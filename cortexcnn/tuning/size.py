"""How a response sums over the size of a grating, and what the surround takes away again.

Three numbers can be read off any curve over diameter, as it was sampled or as it was fitted: how far summation goes,
how far the surround reaches, and how much it suppresses. The fitted curve is a ratio of gaussians (``size_fits``).
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import At, tuning_curve
from cortexcnn.tuning.fits import parameter_of
from cortexcnn.tuning.size_fits import fit_sizes, fitted_sizes
from cortexcnn.tuning.validity import measured, validity

__all__ = ["grating_summation_field", "size_tuning", "surround_diameter", "surround_suppression_index"]

SUPPRESSED = 0.1
"""A surround has a diameter where it suppresses by more than this share of the peak."""
_FINE = 400
"""Diameters at which a fitted curve is read."""
_WHY = {
    "grating_summation_field": "the fitted curve rises nowhere",
    "surround_suppression_index": "the fitted curve rises nowhere",
    "surround_diameter": "hardly suppressed by size",
    "surround_diameter_sampled": "hardly suppressed by size",
}


def grating_summation_field(curve: xr.DataArray, *, share: float = 0.95) -> xr.DataArray:
    """The smallest diameter that reaches 95 % of the peak [1]_.

    Parameters
    ----------
    curve : DataArray (size, unit)
        Mean responses above the blank.
    share : float
        Of the peak.

    Returns
    -------
    DataArray (unit)
        Degrees, one of the diameters of the curve; NaN where nothing exceeds 0.

    Raises
    ------
    ValueError
        If the curve is not over size, or the share not between 0 and 1.

    References
    ----------
    .. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2530-2546.

    Examples
    --------
    >>> curve = xr.DataArray([[2.0], [9.0], [10.0], [7.0]], dims=("size", "unit"),
    ...     coords={"size": [0.5, 1.0, 2.0, 4.0], "unit": ["cell"]})
    >>> float(grating_summation_field(curve)[0]), float(grating_summation_field(curve, share=0.9)[0])
    (2.0, 1.0)
    """
    if not 0 < share <= 1:
        raise ValueError(f"a share of {share}: of the peak, above 0 and at most 1")
    table, sizes, peak = _sorted(curve)
    first = (table.values >= share * peak).argmax(0)
    return _along(table, np.where(peak > 0, sizes[first], np.nan), "grating_summation_field").assign_attrs(
        units="degrees"
    )


def surround_diameter(curve: xr.DataArray, *, within: float = 0.05) -> xr.DataArray:
    """The first diameter past the peak where the response is within 5 % of the plateau [1]_, that of the largest size.

    Parameters
    ----------
    curve : DataArray (size, unit)
        Mean responses above the blank.
    within : float
        Share of the plateau.

    Returns
    -------
    DataArray (unit)
        Degrees, one of the diameters of the curve; NaN where the surround suppresses by a tenth of the peak or less.

    Raises
    ------
    ValueError
        If the curve is not over size.

    References
    ----------
    .. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2530-2546.

    Examples
    --------
    >>> curve = xr.DataArray([[2.0], [10.0], [6.1], [6.0]], dims=("size", "unit"),
    ...     coords={"size": [0.5, 1.0, 2.0, 4.0], "unit": ["cell"]})
    >>> float(surround_diameter(curve)[0])
    2.0
    """
    table, sizes, _ = _sorted(curve)
    values = table.values
    low = values <= values[-1] + within * np.abs(values[-1])
    past = np.arange(len(sizes))[:, None] > values.argmax(0)
    found = sizes[(low & past).argmax(0)]
    suppressed = surround_suppression_index(curve).values > SUPPRESSED
    return _along(table, np.where(suppressed, found, np.nan), "surround_diameter").assign_attrs(units="degrees")


def surround_suppression_index(curve: xr.DataArray) -> xr.DataArray:
    """(R_peak − R_largest) / R_peak: 0 where larger never gives less, above 1 where it silences the unit [1]_.

    Parameters
    ----------
    curve : DataArray (size, unit)
        Mean responses above the blank.

    Returns
    -------
    DataArray (unit)
        NaN where nothing exceeds 0.

    Raises
    ------
    ValueError
        If the curve is not over size.

    References
    ----------
    .. [1] Cavanaugh, Bair & Movshon (2002), J. Neurophysiol. 88, 2530-2546.

    Examples
    --------
    >>> curve = xr.DataArray([[2.0], [10.0], [4.0]], dims=("size", "unit"),
    ...     coords={"size": [0.5, 1.0, 4.0], "unit": ["cell"]})
    >>> float(surround_suppression_index(curve)[0])
    0.6
    """
    table, _, peak = _sorted(curve)
    with np.errstate(invalid="ignore", divide="ignore"):
        index = np.where(peak > 0, (peak - table.values[-1]) / peak, np.nan)
    return _along(table, index, "surround_suppression_index")


@by_unit
def size_tuning(
    responses: xr.DataArray,
    *,
    at: At = "best",
    component: str = "f0",
    baseline: str = "blank",
    rectify: bool = True,
) -> xr.Dataset:
    """Every measure of size tuning, for every unit, with its validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to gratings of 6 diameters or more.
    at, component, baseline, rectify
        How the curve is made: see ``tuning_curve``. "larger" is the usual component.

    Returns
    -------
    Dataset (unit)
        grating_summation_field, surround_diameter (degrees) and surround_suppression_index of the fitted ratio of
        gaussians; the same of the samples, with ``_sampled`` behind the name; centre_size and surround_size (w_c and
        w_s, degrees), surround_gain (k_s), maximum (the largest sample), r_squared; valid, reason. Measures are NaN
        where valid is False, the surround's diameter also where there is hardly any suppression, which ``reason`` says.

    Raises
    ------
    ValueError
        If there are fewer than 5 sizes.

    Examples
    --------
    >>> from scipy.special import erf
    >>> size = np.geomspace(0.2, 8, 10)
    >>> cell = 40 * erf(size / 0.8) ** 2 / (1 + 1.5 * erf(size / 2.4) ** 2)
    >>> responses = xr.DataArray(cell[:, None], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(10), "unit": ["cell"], "size": ("stimulus", size)})
    >>> table = size_tuning(responses)
    >>> float(table.centre_size[0]), float(table.surround_size[0]), float(table.surround_gain[0])
    (0.80, 2.40, 1.50)
    """
    curve = tuning_curve(responses, "size", at=at, component=component, baseline=baseline, rectify=rectify)
    fit = fit_sizes(curve)
    shown = curve["size"].values
    fine = fitted_sizes(fit, np.geomspace(shown.min(), shown.max(), _FINE))
    reads = (grating_summation_field, surround_diameter, surround_suppression_index)
    measures = {
        **{str(found.name): found for found in (read(fine) for read in reads)},
        **{f"{found.name}_sampled": found for found in (read(curve) for read in reads)},
        "centre_size": fit["centre_size"],
        "surround_size": fit["surround_size"],
        "surround_gain": fit["surround_gain"],
        "maximum": curve.max("size"),
        "r_squared": fit["r_squared"],
    }
    return measured(measures, validity(curve), curve, why=_WHY)


def _sorted(curve: xr.DataArray) -> tuple[xr.DataArray, np.ndarray, np.ndarray]:
    """The curve from the smallest size up, the sizes, and the peak of each unit."""
    if parameter_of(curve) != "size":
        raise ValueError(f"a curve over size is wanted; this one is over {parameter_of(curve)}")
    table = curve.transpose("size", "unit").sortby("size")
    return table, table["size"].values.astype(float), table.values.max(0)


def _along(table: xr.DataArray, values: np.ndarray, name: str) -> xr.DataArray:
    coords = {key: coord for key, coord in table.coords.items() if coord.dims == ("unit",)}
    missing = np.isnan(table.values).any(0)
    return xr.DataArray(np.where(missing, np.nan, values), dims="unit", coords=coords, name=name)
