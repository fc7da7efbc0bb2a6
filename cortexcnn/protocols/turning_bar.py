"""A bar turned in steps and swept across the field, as in 1959 (Hubel & Wiesel, J. Physiol. 148, 574-591, figure 3)."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["above_blank", "spike_times", "swept_bars"]


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
        # No step over a pixel: a small field would miss the edge of the bar, more at some orientations than at others.
        frame_rate=float(max(64, screen.pixels)),
        blank=True,
    )


def above_blank(responses: xr.DataArray) -> xr.DataArray:
    """What the bar adds to each unit's response to the blank, moment by moment; what it takes away counts as 0.

    A bar excites a unit for some frames and may hold it down for others: a mean over the sweep would cancel the two,
    where an experimenter counts spikes.

    Parameters
    ----------
    responses : DataArray (stimulus, time, unit)
        Responses to :func:`swept_bars`.

    Returns
    -------
    DataArray (stimulus, time, unit)
        Without the blank; not negative. Measure its tuning with ``baseline="none"``.

    Raises
    ------
    ValueError
        If there is no blank.

    Examples
    --------
    >>> responses = xr.DataArray([[[1.0], [5.0], [0.0]], [[2.0], [2.0], [2.0]]], dims=("stimulus", "time", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "contrast": ("stimulus", [1.0, 0.0])})
    >>> above_blank(responses).squeeze().values
    array([0., 3., 0.])
    """
    blank = is_blank(check_responses(responses)).values
    if not blank.any():
        raise ValueError("no blank among these stimuli; swept_bars has one, sweep(…, blank=True) adds one")
    floor = responses.isel(stimulus=blank).mean(["stimulus", "time"]).clip(min=0)
    return (responses.isel(stimulus=~blank) - floor).clip(min=0).assign_attrs(responses.attrs)


def spike_times(responses: xr.DataArray, *, spikes: int = 9) -> dict[float, np.ndarray]:
    """Turn the response of one unit to swept bars into rows of spikes, one row for each orientation.

    A unit of a network gives a number for each frame, not spikes. The response is taken as a rate, and a spike is set
    wherever its integral passes a whole number and a half, as an integrator without noise or leak would fire. One scale
    holds for all rows.

    Parameters
    ----------
    responses : DataArray (stimulus, time)
        From :func:`above_blank`, one unit; ``orientation`` and ``direction`` along ``stimulus``.
    spikes : int
        Spikes in the fullest row; 9 in 1959.

    Returns
    -------
    dict of float to ndarray
        For each orientation, the times in s: the first sweep, then the one back.

    Raises
    ------
    ValueError
        If a response is negative.

    Examples
    --------
    >>> responses = xr.DataArray([[0.0, 4, 4, 0], [0, 1, 0, 0]], dims=("stimulus", "time"), coords={
    ...     "stimulus": [0, 1], "time": [0.0, 0.25, 0.5, 0.75], "orientation": ("stimulus", [0.0, 90.0]),
    ...     "direction": ("stimulus", [90.0, 180.0])})
    >>> {angle: len(times) for angle, times in spike_times(responses, spikes=8).items()}
    {0.0: 8, 90.0: 1}
    """
    table = responses.transpose("stimulus", "time").sortby("direction")
    if float(table.min()) < 0:
        raise ValueError("a rate is not negative: take above_blank(responses) first")
    frame = float(np.diff(table["time"].values).mean())
    angles = table["orientation"].values
    rows = {float(angle): table.values[angles == angle].ravel() for angle in np.unique(angles)}
    most = max(row.sum() for row in rows.values()) or 1.0
    fired = {}
    for angle, row in rows.items():
        drive = np.concatenate([[0.0], np.cumsum(row)]) * spikes / most
        fired[angle] = np.interp(np.arange(0.5, drive[-1] + 1e-9), drive, np.arange(len(drive)) * frame)
    return fired
