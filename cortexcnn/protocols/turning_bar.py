"""A bar turned in steps and swept across the field, as in 1959 (Hubel & Wiesel, J. Physiol. 148, 574-591, figure 3)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["spike_times", "swept_bars"]


def swept_bars(
    screen: Screen, *, steps: int = 8, length: float | None = None, width: float | None = None, polarity: str = "light"
) -> xr.Dataset:
    """A bar at each of several orientations, swept to and fro across the middle of the screen in a second, and a blank.

    Parameters
    ----------
    screen : Screen
        Where it will be drawn; the bar crosses all of it.
    steps : int
        Orientations, evenly spaced over 180 degrees: 8 in 1959.
    length, width : float, optional
        Degrees of visual angle: half and a sixteenth of the screen by default.
    polarity : str
        "light" or "dark" against the grey.

    Returns
    -------
    Dataset (stimulus)
        Stimuli of kind "swept_bar": both directions of motion of each orientation, the blank last.

    Examples
    --------
    >>> bars = swept_bars(Screen(8, 224))
    >>> bars.sizes["stimulus"], bars.attrs["kind"]
    (17, 'swept_bar')
    """
    turned = np.arange(steps) * 180 / steps
    return sweep(
        "swept_bar",
        direction=np.concatenate([turned + 90, (turned + 270) % 360]),
        length=length or screen.degrees / 2,
        width=width or screen.degrees / 16,
        polarity=polarity,
        speed=screen.degrees,
        duration=1.0,
        frame_rate=64.0,
        blank=True,
    )


def spike_times(responses: xr.DataArray, *, spikes: int = 9) -> dict[float, np.ndarray]:
    """Turn the response of one unit to swept bars into rows of spikes, one row for each orientation.

    A unit of a network gives a number for each frame, not spikes. The response above the blank is taken as a rate, and
    a spike is set wherever its integral passes a whole number and a half, as an integrator without noise or leak would
    fire. One scale holds for all rows.

    Parameters
    ----------
    responses : DataArray (stimulus, time)
        Responses of one unit, ``orientation`` and ``direction`` along ``stimulus``.
    spikes : int
        Spikes in the fullest row; 9 in 1959.

    Returns
    -------
    dict of float to ndarray
        For each orientation, the times in s: the first sweep, then the one back.

    Raises
    ------
    ValueError
        If there is more than one unit.

    Examples
    --------
    >>> responses = xr.DataArray([[0.0, 4, 4, 0], [0, 1, 0, 0]], dims=("stimulus", "time"), coords={
    ...     "stimulus": [0, 1], "time": [0.0, 0.25, 0.5, 0.75], "orientation": ("stimulus", [0.0, 90.0]),
    ...     "direction": ("stimulus", [90.0, 180.0])})
    >>> {angle: len(times) for angle, times in spike_times(responses, spikes=8).items()}
    {0.0: 8, 90.0: 1}
    """
    if "unit" in responses.dims:
        if responses.sizes["unit"] != 1:
            raise ValueError(
                f"spikes of one unit at a time; these are {responses.sizes['unit']}: select one by .sel(…)"
            )
        responses = responses.squeeze("unit")
    check_responses(responses.expand_dims(unit=["one"]), parameters=("orientation", "direction"))
    blank = is_blank(responses).values
    floor = float(responses.isel(stimulus=blank).mean()) if blank.any() else 0.0
    above = (responses.isel(stimulus=~blank).transpose("stimulus", "time") - max(floor, 0.0)).clip(min=0)
    times = above["time"].values
    frame = float(np.diff(times).mean())
    rows = {}
    for angle in np.unique(above["orientation"].values):
        there = above.isel(stimulus=np.flatnonzero(above["orientation"].values == angle)).sortby("direction")
        rows[float(angle)] = there.values.ravel()
    most = max(row.sum() for row in rows.values())
    if most <= 0:
        return {angle: np.array([]) for angle in rows}
    fired = {}
    for angle, row in rows.items():
        drive = np.concatenate([[0.0], np.cumsum(row)]) * spikes / most
        ends = np.arange(len(drive)) * frame
        marks = np.arange(0.5, drive[-1] + 1e-9)
        fired[angle] = np.interp(marks, drive, ends)
    return fired
