"""Light and dark bars at every position across a unit's orientation: its line-weighting function, and what it sums.

Hubel & Wiesel called a cell simple if it has separate on and off regions that sum and oppose each other, so that its
answer to any bar follows from the map; and complex if it has not. Both halves of that are numbers here.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import tuning_curve
from cortexcnn.tuning.validity import also, measured, validity

__all__ = ["discreteness", "line_weighting", "line_weighting_tuning", "summation"]

SEPARATE, LINEAR = 0.5, 0.5
"""A unit is called simple if its discreteness and its summation both exceed these."""
_POLARITIES = ("light", "dark")


@by_unit
def line_weighting(
    responses: xr.DataArray, *, width: float | None = None, baseline: str = "blank", rectify: bool = True
) -> xr.DataArray:
    """Responses to light and to dark bars by position.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Responses to bars with ``position`` (along orientation + 90, in any unit) and ``polarity`` along ``stimulus``,
        and ``width`` where bars of several were shown.
    width : float, optional
        Of which bars; the narrowest by default.
    baseline, rectify
        See ``tuning_curve``.

    Returns
    -------
    DataArray (polarity, position, unit)
        Above the blank; positions rising.

    Raises
    ------
    ValueError
        If there is no position or polarity, or one of the two polarities was not shown at all positions.

    Examples
    --------
    >>> position, light = (part.ravel() for part in np.mgrid[-1:2.0, 0:2])
    >>> responses = xr.DataArray((5.0 * light * (position == 0))[:, None], dims=("stimulus", "unit"), coords={
    ...     "stimulus": range(6), "unit": ["on cell"], "position": ("stimulus", position),
    ...     "polarity": ("stimulus", np.where(light == 1, "light", "dark"))})
    >>> line_weighting(responses).isel(unit=0).values
    array([[0., 5., 0.], [0., 0., 0.]])
    """
    check_responses(responses, parameters=("position", "polarity"))
    at: dict[str, float | str] = {}
    if "width" in responses.coords and responses["width"].dims == ("stimulus",):
        at["width"] = float(responses["width"].min()) if width is None else width
    curves = [
        tuning_curve(responses, "position", at={**at, "polarity": name}, baseline=baseline, rectify=rectify)
        for name in _POLARITIES
    ]
    light, dark = (curve.sortby("position") for curve in curves)
    if light.shape != dark.shape or not np.allclose(light["position"], dark["position"]):
        raise ValueError("light and dark bars were shown at different positions: show both at every one")
    drop = [name for name in light.coords if str(name).startswith("at_")]
    both = xr.concat([light.drop_vars(drop), dark.drop_vars(drop, errors="ignore")], "polarity")
    return both.assign_coords(polarity=list(_POLARITIES)).assign_attrs(light.attrs).rename("response")


def discreteness(profiles: xr.DataArray) -> xr.DataArray:
    """Σ abs(light − dark) / Σ (light + dark) over positions [1]_: whether on and off regions lie apart.

    Parameters
    ----------
    profiles : DataArray (polarity, position, unit)
        From :func:`line_weighting`. What lies below the blank counts as 0.

    Returns
    -------
    DataArray (unit)
        1 where no position answers to both light and dark, 0 where each answers to both alike. NaN where nothing does.

    References
    ----------
    .. [1] Dean & Tolhurst (1983), J. Physiol. 344, 305-325.

    Examples
    --------
    >>> profiles = xr.DataArray([[[4.0, 4.0], [0.0, 4.0]], [[0.0, 4.0], [4.0, 4.0]]],
    ...     dims=("polarity", "position", "unit"), coords={"polarity": ["light", "dark"]})
    >>> discreteness(profiles).values
    array([1., 0.])
    """
    light, dark = (profiles.sel(polarity=name, drop=True).clip(min=0) for name in _POLARITIES)
    total = (light + dark).sum("position")
    return (abs(light - dark).sum("position") / total.where(total > 0)).rename("discreteness")


def summation(narrow: xr.DataArray, wide: xr.DataArray, *, times: int) -> xr.DataArray:
    """How well the responses to wide bars follow from those to narrow ones, if light and dark add and cancel.

    A bar three times as wide as another is three of them side by side. Of a linear unit, rectified at the blank, the
    response to it is the rectified sum of light minus dark responses at the three places.

    Parameters
    ----------
    narrow, wide : DataArray (polarity, position, unit)
        From :func:`line_weighting`, at the same positions.
    times : int
        How many narrow bars make a wide one: odd. Positions are a whole fraction of the narrow width apart, which the
        attribute ``step`` of ``narrow`` says in narrow widths (.5 by default).

    Returns
    -------
    DataArray (unit)
        The correlation over positions and polarities of what was predicted and what was measured: 1 for a linear
        unit, 0 for one that answers to light and dark alike, of which nothing is predicted. NaN where the responses
        to wide bars are constant, or one is missing.

    Raises
    ------
    ValueError
        If the positions differ, or are too few for the wide bar.

    Examples
    --------
    >>> at = np.arange(-4, 4.1, 0.5)
    >>> weight = lambda x: np.exp(-(x**2)) - np.exp(-((x - 2) ** 2))
    >>> def shown(drive):
    ...     return xr.DataArray(np.maximum([drive, -drive], 0)[..., None], dims=("polarity", "position", "unit"),
    ...         coords={"polarity": ["light", "dark"], "position": at})
    >>> wide = shown(weight(at - 1) + weight(at) + weight(at + 1))
    >>> float(summation(shown(weight(at)), wide, times=3)[0])
    1.0
    """
    if narrow.shape != wide.shape or times < 3 or times % 2 == 0:
        raise ValueError(
            f"narrow bars {dict(narrow.sizes)} and wide ones {dict(wide.sizes)}, {times} times as wide: the same "
            "positions and units, and an odd number of times"
        )
    shift = round(1 / float(narrow.attrs.get("step", 0.5)))
    reach = shift * (times // 2)
    drive = _drive(narrow)
    count = drive.shape[0] - 2 * reach
    if count < 3:
        raise ValueError(f"{drive.shape[0]} positions: {2 * reach + 3} are needed for bars {times} times as wide")
    predicted = sum(drive[start : start + count] for start in range(0, 2 * reach + 1, shift))
    both = np.concatenate([np.maximum(predicted, 0), np.maximum(-predicted, 0)])
    seen = wide.transpose("polarity", "position", "unit").sel(polarity=list(_POLARITIES)).values
    found = np.concatenate(list(np.maximum(seen[:, reach : reach + count], 0)))
    both, found = both - both.mean(0), found - found.mean(0)
    size = np.sqrt((both**2).sum(0) * (found**2).sum(0))
    value = np.divide((both * found).sum(0), size, out=np.zeros_like(size), where=size > 1e-12 * (found**2).sum(0))
    value[~((found**2).sum(0) > 0)] = np.nan
    along = {name: coord for name, coord in narrow.coords.items() if coord.dims == ("unit",)}
    return xr.DataArray(value, dims="unit", coords=along, name="summation")


@by_unit
def line_weighting_tuning(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.Dataset:
    """Simple or complex as in 1962, for every unit, with validity.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Responses to light and dark bars at every ``position``; with bars of two ``width``s of which one is an odd
        number of times the other, summation is measured too.
    baseline, rectify
        See ``tuning_curve``. Without rectification a linear unit has light and dark profiles of opposite sign.

    Returns
    -------
    Dataset (unit)
        discreteness; summation (NaN with bars of one width); simple (1 where both exceed .5, else 0); on_off_balance,
        (light − dark) / (light + dark) of the maxima; best_position; maximum; valid, reason. NaN where valid is False.

    Raises
    ------
    ValueError
        If position or polarity are missing.

    References
    ----------
    .. [1] Hubel & Wiesel (1962), J. Physiol. 160, 106-154.

    Examples
    --------
    >>> position, light = (part.ravel() for part in np.mgrid[-1:2.0, 0:2])
    >>> responses = xr.DataArray((5.0 * light * (position == 0))[:, None], dims=("stimulus", "unit"), coords={
    ...     "stimulus": range(6), "unit": ["on cell"], "position": ("stimulus", position),
    ...     "polarity": ("stimulus", np.where(light == 1, "light", "dark"))})
    >>> found = line_weighting_tuning(responses)
    >>> float(found.discreteness[0]), float(found.on_off_balance[0]), float(found.best_position[0])
    (1.0, 1.0, 0.0)
    """
    narrow = line_weighting(responses, baseline=baseline, rectify=rectify)
    apart = discreteness(narrow)
    times, adds = _summation(responses, narrow, baseline=baseline, rectify=rectify)
    either = narrow.max("polarity", skipna=False)
    light, dark = (narrow.sel(polarity=name, drop=True).max("position").clip(min=0) for name in _POLARITIES)
    simple = ((apart > SEPARATE) & ((adds > LINEAR) | (times == 0))).astype(float)
    total = light + dark
    measures = {
        "discreteness": apart,
        "summation": adds,
        "simple": simple.where(apart.notnull() & (adds.notnull() | (times == 0))),
        "on_off_balance": (light - dark) / total.where(total > 0),
        "best_position": either.fillna(-np.inf).idxmax("position").astype(float),
        "maximum": either.max("position"),
    }
    table = either.assign_attrs(narrow.attrs)
    notes = validity(table)
    alone = xr.where(light > dark, dark, light) < 1e-6 * either.max("position")
    notes = also(notes, "one subregion only (no overlap)", alone.values & notes["valid"].values)
    unsummed = "wide bars change nothing, or were not all shown" if times else "no bars of an odd number of widths"
    return measured(measures, notes, table, why={"summation": unsummed, "simple": unsummed})


def _summation(
    responses: xr.DataArray, narrow: xr.DataArray, *, baseline: str, rectify: bool
) -> tuple[int, xr.DataArray]:
    """How many of the narrowest bars make one of the next wider ones, and their summation: 0 and NaN if none do."""
    widths = np.unique(responses["width"].dropna("stimulus").round(9)) if "width" in responses.coords else np.zeros(1)
    times = widths[1] / widths[0] if len(widths) > 1 else 0.0
    if abs(times - round(times)) > 1e-3 or round(times) % 2 == 0:
        return 0, narrow.isel(position=0, polarity=0, drop=True) * np.nan
    wide = line_weighting(responses, width=float(widths[1]), baseline=baseline, rectify=rectify)
    return round(times), summation(narrow, wide, times=round(times))


def _drive(profiles: xr.DataArray) -> np.ndarray:
    """Light minus dark (position, unit)."""
    light, dark = (profiles.sel(polarity=name, drop=True).transpose("position", "unit").values for name in _POLARITIES)
    return np.maximum(light, 0) - np.maximum(dark, 0)
