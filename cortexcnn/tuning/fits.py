"""Fitted tuning curves as labelled tables: what the solver finds, and where the fitted curve falls to a height."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.forms import FORMS, Form, form_of
from cortexcnn.tuning.solver import Bounds, Fit, fit_batch

__all__ = ["cuts", "fit_curves", "fitted_curves", "parameter_of"]


def parameter_of(curve: xr.DataArray) -> str:
    """The stimulus parameter along which a curve runs: its one dimension beside ``unit``.

    Examples
    --------
    >>> parameter_of(xr.DataArray([[1.0]], dims=("orientation", "unit"), coords={"orientation": [0.0]}))
    'orientation'
    """
    if not isinstance(curve, xr.DataArray):
        raise TypeError(f"a curve is an xarray.DataArray (parameter, unit), as tuning_curve gives; got {type(curve)}")
    names = [str(dim) for dim in curve.dims if dim != "unit"]
    if len(names) != 1 or names[0] not in curve.coords or "unit" not in curve.dims:
        raise ValueError(
            "a curve has the dimensions unit and one labelled stimulus parameter, as tuning_curve gives; "
            f"this has {', '.join(map(str, curve.dims)) or 'none'}"
        )
    return names[0]


def fit_curves(
    curve: xr.DataArray,
    *,
    form: str = "best",
    base: bool | None = None,
    bounds: Bounds | None = None,
    weights: xr.DataArray | None = None,
) -> xr.Dataset:
    """Fit the tuning curves of all units at once.

    Parameters
    ----------
    curve : DataArray (parameter, unit)
        Responses along orientation, direction, spatial frequency or contrast. NaN marks a missing sample.
    form : str
        A key of ``FORMS`` for that parameter, or "best" (default): of all forms for the parameter, each with as many
        free numbers, the one with the smallest residual, unit by unit.
    base : bool, optional
        Whether a constant is fitted too. By default it is, except for spatial frequency and contrast above a baseline,
        where a response falls to nothing at both ends, or at none.
    bounds : pair of pairs, optional
        ((lowest, highest) position, (lowest, highest) width), in the form's own coordinate. By default widths that the
        sampling can tell. Not with "best", whose forms have different widths.
    weights : DataArray (parameter, unit), optional
        Weights of the squared residuals, e.g. one over the squared standard error.

    Returns
    -------
    Dataset (unit)
        position (in the parameter's units), width (the concentration κ; octaves for a log gaussian, relative to the
        peak for a gaussian; the exponent for contrast), amplitude, amplitude_opposite (direction), base, residual,
        r_squared, converged, at_bound (the width is only a bound), form. NaN where there are too few samples, or all
        are alike.

    Raises
    ------
    ValueError
        If no form describes the parameter, or the form is of another parameter.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> curve = xr.DataArray(1 + np.exp(2 * np.cos(2 * np.deg2rad(angle[:, None] - 40))),
    ...     dims=("orientation", "unit"), coords={"orientation": angle, "unit": ["cell"]})
    >>> fit = fit_curves(curve)
    >>> float(fit.position[0]), float(fit.width[0]), str(fit.form[0].values)
    (40.00, 2.00, 'von mises')
    """
    parameter = parameter_of(curve)
    names = _names(parameter, form)
    if bounds is not None and len(names) > 1:
        raise ValueError(f"bounds are in the coordinate of one form: name it, form={' or '.join(map(repr, names))}")
    if base is None:
        above = curve.attrs.get("baseline", "none") != "none" or curve.attrs.get("component") == "f1"
        base = not (parameter in ("spatial_frequency", "contrast") and above)
    table = curve.transpose(parameter, "unit")
    given = None if weights is None else weights.transpose(parameter, "unit").reindex_like(table).values
    coords = {name: coord for name, coord in table.coords.items() if coord.dims == ("unit",)}
    found = []
    for name in names:
        shape = form_of(name)
        x = shape.coordinate(table[parameter].values.astype(float))
        fit = fit_batch(x, table.values, name, base=base, bounds=bounds, weights=given)
        found.append(_labelled(fit, name, x, bounds))
    columns = found[0]
    for other in found[1:]:
        better = other["residual"] < columns["residual"]
        columns = {key: np.where(better, other[key], columns[key]) for key in columns}
    made = xr.Dataset(
        {key: ("unit", column) for key, column in columns.items()}, coords, {"parameter": parameter, "base": int(base)}
    )
    period = form_of(names[0]).period
    if np.isfinite(period):
        made["position"].attrs["period"] = period
    return made


def fitted_curves(fit: xr.Dataset, at: np.ndarray) -> xr.DataArray:
    """The fitted curves, at any values of the parameter.

    Parameters
    ----------
    fit : Dataset (unit)
        From ``fit_curves``.
    at : ndarray
        Values of the parameter.

    Returns
    -------
    DataArray (parameter, unit)

    Examples
    --------
    >>> fit = xr.Dataset({"position": ("unit", [40.0]), "width": ("unit", [2.0]), "amplitude": ("unit", [3.0]),
    ...     "base": ("unit", [1.0]), "form": ("unit", ["von mises"])}, attrs={"parameter": "orientation"})
    >>> fitted_curves(fit, np.array([40.0])).values
    array([[4.]])
    """
    at = np.asarray(at, float)
    values = np.full((len(at), fit.sizes["unit"]), np.nan)
    for shape, units in _by_form(fit):
        part = fit.isel(unit=units)
        position = shape.coordinate(part["position"].values)
        columns = shape.shape(shape.coordinate(at), np.stack([position, np.log(part["width"].values)]))[0]
        lobes = [part["amplitude"].values]
        if shape.columns == 2:
            lobes.append(part["amplitude_opposite"].values)
        values[:, units] = part["base"].values + sum(a * b for a, b in zip(lobes, columns, strict=True))
    coords = {name: coord for name, coord in fit.coords.items() if coord.dims == ("unit",)}
    return xr.DataArray(values, dims=(fit.attrs["parameter"], "unit"), coords={**coords, fit.attrs["parameter"]: at})


def cuts(fit: xr.Dataset, height: float) -> tuple[xr.DataArray, xr.DataArray]:
    """Where the fitted curve falls to a share of its peak, below and above the peak.

    Parameters
    ----------
    fit : Dataset (unit)
        From ``fit_curves``; of orientation or spatial frequency.
    height : float
        Share of the peak response, base included, between 0 and 1.

    Returns
    -------
    low, high : DataArray (unit)
        In the parameter's units; NaN where the curve never falls that far because its base is too high.

    Raises
    ------
    ValueError
        If the height is not between 0 and 1.

    Examples
    --------
    >>> fit = xr.Dataset({"position": ("unit", [1.0]), "width": ("unit", [1.0]), "amplitude": ("unit", [3.0]),
    ...     "base": ("unit", [0.0]), "form": ("unit", ["log gaussian"])}, attrs={"parameter": "spatial_frequency"})
    >>> low, high = cuts(fit, 0.5)
    >>> float(np.log2(high / low)[0])
    2.35
    """
    if not 0 < height < 1:
        raise ValueError(f"height {height}: a share of the peak lies between 0 and 1")
    low, high = np.full((2, fit.sizes["unit"]), np.nan)
    for shape, units in _by_form(fit):
        part = fit.isel(unit=units)
        base, amplitude = part["base"].values, part["amplitude"].values
        with np.errstate(invalid="ignore", divide="ignore"):
            level = (height * (base + amplitude) - base) / np.where(amplitude > 0, amplitude, np.nan)
            below, above = shape.reach(level, shape.coordinate(part["position"].values), part["width"].values)
        low[units], high[units] = shape.value(below), shape.value(above)
    coords = {name: coord for name, coord in fit.coords.items() if coord.dims == ("unit",)}
    return xr.DataArray(low, dims="unit", coords=coords), xr.DataArray(high, dims="unit", coords=coords)


def _names(parameter: str, form: str) -> list[str]:
    """The forms that are to be tried."""
    known = [name for name, shape in FORMS.items() if shape.parameter == parameter]
    if not known:
        described = ", ".join(dict.fromkeys(shape.parameter for shape in FORMS.values()))
        raise ValueError(f"no form describes a curve over {parameter}; there are forms for {described}")
    if form == "best":
        return known
    if form_of(form).parameter != parameter:
        raise ValueError(f"the form {form!r} describes {form_of(form).parameter}; for {parameter}: {', '.join(known)}")
    return [form]


def _labelled(fit: Fit, name: str, x: np.ndarray, bounds: Bounds | None) -> dict[str, np.ndarray]:
    """The columns of the table for one form."""
    shape = form_of(name)
    narrow, wide = (bounds or shape.limits(x))[1]
    sharpest = fit.width >= 0.999 * wide if shape.sharp else fit.width <= 1.001 * narrow
    opposite = {"amplitude_opposite": fit.amplitude[1]} if shape.columns == 2 else {}
    with np.errstate(invalid="ignore", divide="ignore"):
        explained = 1 - fit.residual / fit.total
    return {
        "position": shape.value(fit.position),
        "width": fit.width,
        "amplitude": fit.amplitude[0],
        **opposite,
        "base": fit.base,
        "residual": fit.residual,
        "r_squared": explained,
        "converged": fit.converged,
        "at_bound": sharpest,
        "form": np.full(fit.width.shape, name, dtype="U16"),
    }


def _by_form(fit: xr.Dataset) -> list[tuple[Form, np.ndarray]]:
    """Each form that occurs, and the positions of its units."""
    names = fit["form"].values
    return [(form_of(str(name)), np.flatnonzero(names == name)) for name in np.unique(names)]
