"""Mean and first harmonic of a response, over the phases of a grating or over time: F0 and F1."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["check_phases", "first_harmonic", "over_time"]


def check_phases(phases: np.ndarray) -> np.ndarray:
    """Refuse phases over which no first harmonic can be taken.

    Parameters
    ----------
    phases : ndarray
        Degrees.

    Returns
    -------
    ndarray
        The same phases.

    Raises
    ------
    ValueError
        If there are fewer than 3, or they are not evenly spaced over 360 degrees.

    Examples
    --------
    >>> check_phases(np.array([0.0, 180.0]))
    Traceback (most recent call last):
        ...
    ValueError: F1 needs at least 3 phases evenly spaced over 360 degrees, e.g. 0, 45, …, 315; got 0, 180. The count
    matters: F1/F0 of a half-rectified linear cell is 1 to 2 with 3 phases, 1.41 to 2 with 4, 1.53 to 1.66 with 8
    """
    around = np.sort(phases % 360)
    gaps = np.diff(around, append=around[:1] + 360)
    if len(phases) < 3 or not np.allclose(gaps, 360 / len(phases), atol=1e-3):
        listed = ", ".join(f"{phase:g}" for phase in phases) or "none"
        raise ValueError(
            f"F1 needs at least 3 phases evenly spaced over 360 degrees, e.g. 0, 45, …, 315; got {listed}. The count "
            "matters: F1/F0 of a half-rectified linear cell is 1 to 2 with 3 phases, 1.41 to 2 with 4, 1.53 to 1.66 "
            "with 8"
        )
    return phases


def first_harmonic(values: np.ndarray, phases: np.ndarray, *, axis: int = 0) -> np.ndarray:
    """The complex first harmonic over evenly spaced phases, 2 Σ r e^{iφ} / n.

    Its length is F1, its angle the phase of the largest response.

    Parameters
    ----------
    values : ndarray
        Responses.
    phases : ndarray
        Degrees, along ``axis``.
    axis : int
        The axis of phases.

    Returns
    -------
    ndarray of complex
        Without that axis. NaN where a phase is missing.

    Examples
    --------
    >>> phases = np.arange(0, 360, 45.0)
    >>> wave = first_harmonic(3 + 2 * np.cos(np.deg2rad(phases - 90)), phases)
    >>> float(abs(wave)), float(np.angle(wave, deg=True))
    (2.00, 90.00)
    """
    check_phases(phases)
    turn = np.exp(1j * np.deg2rad(phases))
    return 2 / len(phases) * np.tensordot(turn, np.moveaxis(values, axis, 0), axes=1)


def over_time(responses: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Mean (F0) and complex amplitude at the temporal frequency (F1) of responses to drifting gratings.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, time)
        Responses to drifting gratings, with ``time`` in s, evenly spaced, and ``temporal_frequency`` (cycles/s) along
        ``stimulus``. F1 is taken over as many whole cycles as were recorded, the last ones.

    Returns
    -------
    mean, wave : DataArray (stimulus, unit)
        ``abs(wave)`` is F1; its angle is the phase of the response. NaN where nothing moves.

    Raises
    ------
    ValueError
        If there is no temporal frequency, time is uneven, or it is shorter than a cycle.

    Examples
    --------
    >>> time = np.arange(20) / 20
    >>> table = xr.DataArray([[1 + np.cos(2 * np.pi * 2 * time)]], dims=("stimulus", "unit", "time"), coords={
    ...     "stimulus": [0], "unit": ["cell"], "time": time, "temporal_frequency": ("stimulus", [2.0])})
    >>> mean, wave = over_time(table)
    >>> float(mean[0, 0]), float(abs(wave)[0, 0])
    (1.00, 1.00)
    """
    if "temporal_frequency" not in responses.coords:
        raise ValueError("F1 over time needs the stimulus parameter temporal_frequency (cycles/s) along stimulus")
    table = responses.transpose("stimulus", "unit", "time")
    time = table["time"].values.astype(float) if "time" in table.coords else np.empty(0)
    steps = np.diff(time)
    if len(time) < 3 or not np.allclose(steps, steps.mean(), rtol=1e-3):
        raise ValueError("F1 over time needs at least 3 evenly spaced samples along time, labelled in s")
    frequencies = np.where(np.isnan(table["temporal_frequency"].values), 0, table["temporal_frequency"].values)
    wave = np.full(table.shape[:2], np.nan, complex)
    mean = table.mean("time").values
    for frequency in np.unique(frequencies[frequencies != 0]):
        cycles = np.floor(len(time) * steps.mean() * abs(frequency) + 1e-6)
        if cycles < 1:
            raise ValueError(
                f"{len(time) * steps.mean():.3g} s hold less than one cycle of {frequency:g} cycles/s: record longer"
            )
        last = slice(len(time) - round(cycles / abs(frequency) / steps.mean()), None)
        angle = 2 * np.pi * abs(frequency) * time[last]
        fit = np.linalg.pinv(np.stack([np.ones_like(angle), np.cos(angle), np.sin(angle)], axis=1))
        rows = frequencies == frequency
        level, cosine, sine = np.moveaxis(table.values[rows][..., last] @ fit.T, -1, 0)
        wave[rows], mean[rows] = cosine + 1j * sine, level
    coords = {name: coord for name, coord in table.coords.items() if "time" not in coord.dims}
    parts = (
        xr.DataArray(part, dims=("stimulus", "unit"), coords=coords, attrs=responses.attrs) for part in (mean, wave)
    )
    return next(parts), next(parts)
