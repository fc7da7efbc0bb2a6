"""Simple or complex: how much a response follows the phase of a grating."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import is_blank
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.curves import tuning_curve
from cortexcnn.tuning.harmonics import first_harmonic, over_time
from cortexcnn.tuning.responses import baseline_of, mean_over_repeats, rectified
from cortexcnn.tuning.validity import measured, validity

__all__ = ["f0", "f1", "modulation_ratio", "phase_tuning", "preferred_phase"]

_WHY = {"modulation_ratio": "mean not above the blank", "preferred_phase": "does not modulate"}
LOST = 1e-3, 1e-2  # a mean above the blank that is no more than these shares of the blank or of F1 says nothing


def f0(curve: xr.DataArray) -> xr.DataArray:
    """The mean response over phase.

    Parameters
    ----------
    curve : DataArray (phase, unit)
        Responses, above the blank where the curve was made so.

    Returns
    -------
    DataArray (unit)

    Examples
    --------
    >>> float(f0(xr.DataArray([0.0, 3.0, 0.0], dims="phase", coords={"phase": [0.0, 120.0, 240.0]})))
    1.0
    """
    return curve.mean("phase", skipna=False).rename("f0")


def f1(curve: xr.DataArray) -> xr.DataArray:
    """The amplitude of the response at the stimulus frequency, 2 abs(Σ R e^{iφ}) / n.

    Parameters
    ----------
    curve : DataArray (phase, unit)
        Responses at 3 or more phases, evenly spaced over 360 degrees.

    Returns
    -------
    DataArray (unit)

    Raises
    ------
    ValueError
        If the phases are too few or not evenly spaced.

    Examples
    --------
    >>> phase = np.arange(0, 360, 45.0)
    >>> float(f1(xr.DataArray(3 + 2 * np.cos(np.deg2rad(phase)), dims="phase", coords={"phase": phase})))
    2.0
    """
    return abs(_wave(curve)).rename("f1")


def preferred_phase(curve: xr.DataArray) -> xr.DataArray:
    """The phase of the first harmonic: where the response is largest, 0 ≤ phase < 360.

    Parameters
    ----------
    curve : DataArray (phase, unit)
        Responses at 3 or more phases, evenly spaced over 360 degrees.

    Returns
    -------
    DataArray (unit)
        Degrees; NaN for a unit that does not modulate.

    Raises
    ------
    ValueError
        If the phases are too few or not evenly spaced.

    Examples
    --------
    >>> phase = np.arange(0, 360, 45.0)
    >>> curve = xr.DataArray(3 + 2 * np.cos(np.deg2rad(phase - 100)), dims="phase", coords={"phase": phase})
    >>> float(preferred_phase(curve))
    100.0
    """
    return _angle(_wave(curve), abs(curve).max("phase"))


def modulation_ratio(curve: xr.DataArray) -> xr.DataArray:
    """F1 / F0: above 1 in simple cells, below 1 in complex ones [1]_.

    Of a half-rectified linear cell it is π/2 for many phases, and between 1.53 and 1.66 for 8, depending on where the
    phases fall: always report the count.

    Parameters
    ----------
    curve : DataArray (phase, unit)
        Responses above the blank at 3 or more phases, evenly spaced over 360 degrees.

    Returns
    -------
    DataArray (unit)
        NaN where F0 is not above 0.

    Raises
    ------
    ValueError
        If the phases are too few or not evenly spaced.

    References
    ----------
    .. [1] Skottun et al. (1991), Vision Res. 31, 1079-1086.

    Examples
    --------
    >>> phase = np.arange(0, 360, 1.0)
    >>> half = np.maximum(np.cos(np.deg2rad(phase)), 0)
    >>> float(modulation_ratio(xr.DataArray(half, dims="phase", coords={"phase": phase})))
    1.571
    """
    mean = f0(curve)
    return (f1(curve) / mean.where(mean > 0)).rename("modulation_ratio")


@by_unit
def phase_tuning(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.Dataset:
    """How each unit modulates at its best grating: the one with the largest F0; without rectification, F0 or F1.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to gratings at several phases; or, with ``time``, to drifting gratings, where F0 and F1 are taken over
        time at the temporal frequency.
    baseline, rectify
        See ``tuning_curve``. F0 is above the baseline. A linear unit that is not rectified has no F0 to choose a
        grating by, so the larger of F0 and F1 chooses it then.

    Returns
    -------
    Dataset (unit)
        f0, f1, modulation_ratio, preferred_phase (degrees), valid, reason. ``attrs["phases"]`` is how many phases (or
        samples of time) they rest on. Measures are NaN where valid is False, and where ``reason`` names them.

    Raises
    ------
    ValueError
        If there are fewer than 3 phases, or they are not evenly spaced.

    Examples
    --------
    >>> phase = np.arange(0, 360, 45.0)
    >>> responses = xr.DataArray(3 + 2 * np.cos(np.deg2rad(phase[:, None] - 100)), dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(8), "unit": ["cell"], "phase": ("stimulus", phase)})
    >>> float(phase_tuning(responses).modulation_ratio[0])
    0.667
    """
    if "time" in responses.dims:
        return _moving(responses, baseline=baseline, rectify=rectify)
    chooser = "f0" if rectify else "larger"
    curve = tuning_curve(responses, "phase", component=chooser, baseline=baseline, rectify=rectify)
    measures = {"f0": f0(curve), "f1": f1(curve), "modulation_ratio": modulation_ratio(curve)}
    measures["preferred_phase"] = preferred_phase(curve)
    return _settled(measures, curve)


def _moving(responses: xr.DataArray, *, baseline: str, rectify: bool) -> xr.Dataset:
    """The same over time, for each unit at the best drifting grating."""
    table = rectified(responses, rectify=rectify)
    floor = baseline_of(table, baseline)
    shown = mean_over_repeats(table.isel(stimulus=np.flatnonzero(~is_blank(table).values)))
    mean, wave = over_time(shown)
    mean, amplitude = mean - floor, abs(wave)
    strength = mean if rectify else xr.where(amplitude > mean, amplitude, mean)
    best = strength.where(amplitude.notnull()).fillna(-np.inf).argmax("stimulus")
    mean, wave, amplitude = (one.isel(stimulus=best) for one in (mean, wave, amplitude))
    measures = {
        "f0": mean,
        "f1": amplitude,
        "modulation_ratio": amplitude / mean.where(mean > 0),
        "preferred_phase": _angle(wave, abs(mean) + amplitude),
    }
    level = {"baseline": ("unit", floor.values)}
    curve = (shown.isel(stimulus=best) - floor).assign_coords(level).assign_attrs(phases=shown.sizes["time"])
    curve = curve.assign_attrs(baseline=floor.attrs["baseline"], rectified=int(rectify), at="best")
    return _settled(measures, curve)


def _settled(measures: dict[str, xr.DataArray], curve: xr.DataArray) -> xr.Dataset:
    """The table of measures. A unit that answers to every phase alike is complex, not faulty."""
    mean, wave = measures["f0"].values, measures["f1"].values
    with np.errstate(invalid="ignore"):
        lost = mean <= np.fmax(LOST[0] * np.abs(curve["baseline"].values), LOST[1] * wave)
    measures["modulation_ratio"] = measures["modulation_ratio"].where(~xr.DataArray(lost, dims="unit"))
    return measured(measures, validity(curve, tolerance=None), curve, why=_WHY)


def _wave(curve: xr.DataArray) -> xr.DataArray:
    """The complex first harmonic over phase."""
    table = curve.transpose("phase", ...)
    wave = first_harmonic(table.values.astype(float), table["phase"].values.astype(float))
    coords = {name: coord for name, coord in table.coords.items() if "phase" not in coord.dims}
    return xr.DataArray(wave, dims=table.dims[1:], coords=coords)


def _angle(wave: xr.DataArray, scale: xr.DataArray) -> xr.DataArray:
    """The angle of a harmonic in degrees, where it is more than rounding noise."""
    angle = xr.apply_ufunc(np.angle, wave, kwargs={"deg": True}) % 360
    angle = angle.where(abs(wave) > 1e-6 * scale) % 360
    return angle.rename("preferred_phase").assign_attrs(units="degrees", period=360.0)
