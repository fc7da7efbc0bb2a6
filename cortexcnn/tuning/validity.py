"""When a measure means nothing, and why: a flag and its reason for every unit, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np
import xarray as xr

from cortexcnn.tuning.fits import parameter_of

__all__ = ["CAUTIONS", "FAULTS", "UNDEFINED", "also", "extended", "leaves_screen", "measured", "validity"]

FAULTS = {
    "samples missing": "a value of the parameter was not shown to it, or it was not recorded",
    "never answered": "no response at all",
    "constant (held away from the rectifier)": "the same response to everything that was shown",
    "never above the blank": "no response exceeds that to the blank",
    "no response without the mask": "it does not answer to the test grating alone",
    "no response without the surround": "it does not answer to the centre alone",
}
"""Why a unit is not valid: its measures are NaN."""

CAUTIONS = {
    "below the blank in part (counted as 0)": "some response lies more than 5 % of the peak below the blank",
    "optimum at the edge of the range (a bound)": "the largest response is to the first or last value that was shown",
    "does not saturate (semi-saturation is a bound)": "half of the maximum lies above the highest contrast",
    "saturated throughout (semi-saturation is a bound)": "half of the maximum lies below the lowest contrast",
    "falls at high contrast (supersaturation)": "the highest contrast gives more than 5 % less than the peak",
    "receptive field leaves the screen": "part of what it could see was never stimulated",
    "stimulus larger than the screen (cut at its edge)": "sizes beyond the screen differ in name alone",
}
"""What to bear in mind about a unit that is valid."""

UNDEFINED = {
    "answers to all alike, or to opposite ones alike": "the mean vector is rounding, and points anywhere",
    "nothing could be fitted": "too few values were shown, or responses hardly differ",
    "no fitted curve falls so far": "its base lies above that share of the peak, or nothing could be fitted",
    "no fitted curve falls so far within the range": "the cut lies beyond what was shown, or the curve has none",
    "the fitted curve rises nowhere": "most of the curve lies below the blank",
    "does not modulate": "the first harmonic is rounding: all phases are answered alike",
    "mean not above the blank": "no F0 to divide by: a linear unit away from its rectifier, or one that is held down",
    "hardly suppressed by size": "the largest grating gives at least nine tenths of the peak",
    "hardly suppressed across": "an orthogonal annulus takes less than 5 % of the response",
    "nothing left under either surround": "both annuli silence it, so that neither silences it more",
    "no bars of an odd number of widths": "wide bars are predicted from thin ones of which a whole, odd number fits in",
    "wide bars change nothing, or were not all shown": "there is nothing to predict",
    "no response to texture, or too few samples": "sparseness is of several, not all of them 0",
    "no response to noise, or too few samples": "sparseness is of several, not all of them 0",
    "no family gives anything": "texture and noise add up to nothing in each",
    "responses to texture do not vary, or too few samples": "shares of variance take two families of two samples",
    "no angle shares one half-line with the best": "none was shown to it, or none of them answers",
    "no half-line was shown alone": "there is nothing to compare with",
    "no straight line was shown": "there is nothing to compare with",
    "no F0 above 5 spikes/s": "no mean response exceeds the blank's so far, F1 alone does",
    "no F0 above 5 spikes/s whose cuts lie within the range": "no mean response does, or it never falls so far",
}
"""Why a measure of a valid unit is NaN: its ``reason`` has "no MEASURES (why)"."""

NOTHING: Mapping[str, str] = MappingProxyType({})
BELOW = 0.05  # of the peak: how far below the blank goes without saying
ROUNDING = 1e-6  # of the response: what rises above the blank by less is the rounding of float32
EDGED = ("spatial_frequency", "temporal_frequency", "size", "length")
"""What has a range whose edge an optimum may lie at."""


def validity(curve: xr.DataArray, *, tolerance: float | None = 1e-3, skipna: bool = False) -> xr.Dataset:
    """Say of each unit whether measures of its curve mean anything, and why not.

    Parameters
    ----------
    curve : DataArray (parameter, unit)
        From ``tuning_curve``: the coordinate ``baseline`` gives the response back as it was. Receptive fields are
        looked at where units have ``rf_x``, ``rf_y`` and ``rf_size``, and the attribute ``degrees`` gives the screen.
    tolerance : float, optional
        A unit is constant if its responses differ by no more than this share of the largest; None looks away.
    skipna : bool
        True makes missing samples a caution, as long as 3 are left.

    Returns
    -------
    Dataset (unit)
        valid : bool. reason : text, the names of all that holds of ``FAULTS`` and ``CAUTIONS``, joined by "; ", empty
        where there is nothing to say.

    Examples
    --------
    >>> curve = xr.DataArray([[0.0, 1.0], [0.0, 3.0]], dims=("orientation", "unit"),
    ...     coords={"orientation": [0.0, 90.0], "unit": ["dead", "alive"]})
    >>> validity(curve).valid.values
    array([False, True])
    >>> validity(curve).reason.values.tolist()
    ['never answered', '']
    """
    parameter = parameter_of(curve)
    table = curve.transpose(parameter, "unit").sortby(parameter)
    values = table.values
    floor = table["baseline"].values if "baseline" in table.coords else np.zeros(values.shape[1])
    raw = values + floor
    with np.errstate(invalid="ignore"):
        top, bottom = np.fmax.reduce(values, axis=0), np.fmin.reduce(values, axis=0)
        most = np.fmax.reduce(np.abs(raw), axis=0)
        # A response below 0 is none, unless it was left as it is.
        dead = ~((np.fmax.reduce(raw, axis=0) if table.attrs.get("rectified", 1) else most) > 0)
        constant = ~dead & (top - bottom <= (-1 if tolerance is None else tolerance * most))
        below = ~dead & ~constant & ~(top > ROUNDING * most)
        fine = ~(dead | constant | below)
        negative = fine & (bottom < -BELOW * top)
    missing = np.isnan(values).any(axis=0)
    too_few = (~np.isnan(values)).sum(axis=0) < 3 if skipna else missing
    found = {
        "samples missing": missing,
        "never answered": dead & ~np.isnan(values).all(axis=0),
        "constant (held away from the rectifier)": constant,
        "never above the blank": below,
        "below the blank in part (counted as 0)": negative,
        "optimum at the edge of the range (a bound)": fine & _at_edge(table, parameter),
        "receptive field leaves the screen": leaves_screen(table),
        "stimulus larger than the screen (cut at its edge)": _cut(table),
    }
    faults = [too_few, *(holds for name, holds in found.items() if name in FAULTS and name != "samples missing")]
    faulty = np.logical_or.reduce(faults)
    coords = {"unit": table["unit"]} if "unit" in table.coords else {}
    notes = xr.Dataset({"valid": ("unit", ~faulty), "reason": ("unit", np.full(faulty.shape, ""))}, coords)
    for name, holds in found.items():
        notes = also(notes, name, holds)
    return notes


def also(notes: xr.Dataset, name: str, holds: np.ndarray) -> xr.Dataset:
    """Add a reason to those that units have.

    Parameters
    ----------
    notes : Dataset (unit)
        From ``validity``.
    name : str
        A key of ``FAULTS`` or ``CAUTIONS``.
    holds : ndarray (unit) of bool
        For which units; one that has it already is not told twice.

    Returns
    -------
    Dataset (unit)

    Examples
    --------
    >>> notes = xr.Dataset({"valid": ("unit", [True, True]), "reason": ("unit", ["one", ""])})
    >>> also(notes, "two", np.array([True, True])).reason.values.tolist()
    ['one; two', 'two']
    """

    def more(before: str) -> str:
        told = before.split("; ") if before else []
        return before if name in told else "; ".join([*told, name])

    return notes.assign(reason=("unit", _changed(notes["reason"].values, np.flatnonzero(holds), more)))


def _changed(reasons: np.ndarray, units: np.ndarray, change: Callable[[str], str]) -> np.ndarray:
    """Reasons with those of some units changed: each text once in memory, however many units have it."""
    reasons = reasons.astype(object)
    known: dict[str, str] = {}
    for unit in units.tolist():
        before = reasons[unit]
        if before not in known:
            known[before] = change(before)
        reasons[unit] = known[before]
    return reasons


def measured(
    measures: Mapping[str, xr.DataArray], notes: xr.Dataset, curve: xr.DataArray, *, why: Mapping[str, str] = NOTHING
) -> xr.Dataset:
    """A table of measures with their validity beside them, NaN where they mean nothing and never without a reason.

    Parameters
    ----------
    measures : mapping of str to DataArray (unit)
        By name.
    notes : Dataset (unit)
        From ``validity``.
    curve : DataArray (parameter, unit)
        What was measured: its attributes, and its coordinates along ``unit``, go with the table.
    why : mapping of str to str
        See :func:`extended`.

    Returns
    -------
    Dataset (unit)

    Examples
    --------
    >>> curve = xr.DataArray([[0.0, 1.0], [0.0, 3.0]], dims=("orientation", "unit"),
    ...     coords={"orientation": [0.0, 90.0], "unit": ["dead", "alive"]})
    >>> measured({"maximum": curve.max("orientation")}, validity(curve), curve).maximum.values
    array([nan,  3.])
    """
    told = {name: ("unit", notes[name].values) for name in ("valid", "reason")}
    along = {name: coord for name, coord in curve.coords.items() if coord.dims == ("unit",)}
    return extended(xr.Dataset(told, along, curve.attrs), measures, why=why)[[*measures, "valid", "reason"]]


def extended(
    table: xr.Dataset, measures: Mapping[str, xr.DataArray], *, why: Mapping[str, str] = NOTHING
) -> xr.Dataset:
    """A table with more measures, or others in their place: NaN for units that are not valid, with a reason for others.

    Parameters
    ----------
    table : Dataset (unit)
        With valid and reason.
    measures : mapping of str to DataArray (unit)
        By name.
    why : mapping of str to str
        By the name of a measure, why it is NaN where it is NaN for a valid unit: a key of ``UNDEFINED``, or a reason
        that such units have been given already. Measures that share one are named together. It stays with the measure
        as its attribute ``undefined``.

    Returns
    -------
    Dataset (unit)

    Examples
    --------
    >>> table = xr.Dataset({"valid": ("unit", [True, False]), "reason": ("unit", ["", "never answered"])})
    >>> ratio = {"modulation_ratio": xr.DataArray([np.nan, 1.0], dims="unit")}
    >>> found = extended(table, ratio, why={"modulation_ratio": "mean not above the blank"})
    >>> found.reason.values.tolist()
    ['no modulation_ratio (mean not above the blank)', 'never answered']
    >>> found.modulation_ratio.values
    array([nan, nan])
    """
    valid = table["valid"].values
    columns, lacking = {}, dict[str, dict[str, np.ndarray]]()
    for name, measure in measures.items():
        values = np.where(valid, measure.values, np.nan)
        told = {"undefined": why[name]} if name in why else {}
        columns[name] = ("unit", values, measure.attrs | told)
        lacking.setdefault(why.get(name, "not a number"), {})[name] = valid & np.isnan(values)
    for reason, lacks in lacking.items():
        table = _without(table, reason, lacks)
    return table.assign(columns)


def _without(table: xr.Dataset, why: str, lacks: dict[str, np.ndarray]) -> xr.Dataset:
    """Name the measures that each unit lacks for one reason."""
    names, holes = np.array(list(lacks)), np.stack(list(lacks.values()), axis=1)
    reasons = table["reason"].values
    for pattern in np.unique(holes[holes.any(1)], axis=0):
        units = np.flatnonzero((holes == pattern).all(1))
        reasons = _changed(reasons, units, partial(_named, names=names[pattern].tolist(), why=why))
    return table.assign(reason=("unit", reasons))


def _named(reason: str, names: list[str], why: str) -> str:
    """A unit's reason with measures that it lacks, beside those that it lacks for the same reason."""
    parts = reason.split("; ") if reason else []
    start, end = "no ", f" ({why})"
    before = next((part for part in parts if part.startswith(start) and part.endswith(end)), None)
    if why in parts:
        return reason
    if before is None:
        return "; ".join([*parts, f"{start}{', '.join(names)}{end}"])
    both = dict.fromkeys([*before.removeprefix(start).removesuffix(end).split(", "), *names])
    parts[parts.index(before)] = f"{start}{', '.join(both)}{end}"
    return "; ".join(parts)


def _at_edge(table: xr.DataArray, parameter: str) -> np.ndarray:
    """Where the optimum, along the curve or of a parameter that was settled, is the first or last value shown."""
    edge = np.zeros(table.sizes["unit"], bool)
    if parameter in {*EDGED, "position"}:
        peak = np.where(np.isnan(table.values), -np.inf, table.values).argmax(axis=0)
        edge |= (peak == 0) | (peak == table.sizes[parameter] - 1)
    for name in EDGED:
        if f"at_{name}" in table.coords and f"lowest_{name}" in table.attrs:
            settled = table[f"at_{name}"].values
            edge |= (settled <= table.attrs[f"lowest_{name}"]) | (settled >= table.attrs[f"highest_{name}"])
    return edge


def leaves_screen(table: xr.DataArray) -> np.ndarray:
    """Where a receptive field reaches beyond the screen.

    Parameters
    ----------
    table : DataArray (unit, …)
        With ``rf_x``, ``rf_y`` and ``rf_size`` along ``unit`` and the attribute ``degrees``; otherwise nobody knows.

    Returns
    -------
    ndarray (unit) of bool

    Examples
    --------
    >>> where = {"rf_x": ("unit", [0.0, 3.5]), "rf_y": ("unit", [0.0, 0.0]), "rf_size": ("unit", [2.0, 2.0])}
    >>> leaves_screen(xr.DataArray([1.0, 1.0], where, "unit", attrs={"degrees": 8.0}))
    array([False,  True])
    """
    needed = ("rf_x", "rf_y", "rf_size")
    if "degrees" not in table.attrs or any(
        name not in table.coords or table[name].dims != ("unit",) for name in needed
    ):
        return np.zeros(table.sizes["unit"], bool)
    x, y, size = (table[name].values.astype(float) for name in needed)
    furthest = np.maximum(np.abs(x), np.abs(y)) + size / 2
    return furthest > table.attrs["degrees"] / 2 * (1 + 1e-6)


def _cut(table: xr.DataArray) -> np.ndarray:
    """Where what was shown is larger than the screen: to all units, or as a unit's own."""
    limit = table.attrs.get("degrees", np.inf) * (1 + 1e-6)
    cut = np.full(table.sizes["unit"], table.attrs.get("largest", 0) > limit)
    for name in ("own_size", "own_length", "own_outer_size"):
        if name in table.coords:
            cut |= table[name].values > limit
    return cut
