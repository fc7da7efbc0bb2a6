"""Responses out of files of Neurodata Without Borders [1]_: spikes of sorted units, counted after each trial's start.

Needs no pynwb. :func:`cortexcnn.recording.write_nwb` writes such files.

References
----------
.. [1] Rübel et al. (2022), eLife 11, e78362.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.choices import chosen
from cortexcnn.exchange.nwb_tables import columns_of, ragged
from cortexcnn.exchange.rows import gather

__all__ = ["QUANTITIES", "read_nwb"]

QUANTITIES = {"counts": "spikes", "rates": "spikes/s"}
"""What a response is, and the attribute ``units`` of it."""

_ELECTRODES = "general/extracellular_ephys/electrodes"
_TIMES = ("start_time", "stop_time", "id")
_LABELS = ("stimulus", "unit", "repeat", "time")


def read_nwb(
    path: str | Path,
    *,
    stimulus: str = "stimulus",
    repeat: str | None = None,
    unit: str | None = None,
    window: tuple[float, float] | None = None,
    quantity: str = "counts",
    trials: str = "trials",
    location: str = "area",
) -> xr.DataArray:
    """Spikes of each unit in each trial, by stimulus and repeat.

    Parameters
    ----------
    path : str or Path
        An NWB 2 file (HDF5) with sorted units and a table of intervals.
    stimulus : str
        The column of trials that names the stimulus.
    repeat : str, optional
        The column that tells repeats apart; by default "repeat", if there is one, else the trials of a stimulus are
        numbered as they come, if any has several.
    unit : str, optional
        The column that names units; by default "unit_name", if there is one, else "id".
    window : (float, float), optional
        Seconds after the start of a trial, from and up to; by default from its start to its stop.
    quantity : str
        A key of ``QUANTITIES``: "counts" (default) or "rates".
    trials : str
        Which table of intervals.
    location : str
        What the places of electrodes are called here: "layer" of what :func:`write_nwb` wrote of a network.

    Returns
    -------
    DataArray (stimulus, unit[, repeat])
        Columns of trials along what they describe, as they are in the file: what its orientations mean it doesn't
        say. Along ``unit`` the columns of units, and those of electrodes on which all electrodes of a unit agree
        (``electrode_x`` and so on are places in the brain); ``subject``. Times of trials, waveforms and all else that
        is no single value stay behind. NaN where a stimulus lacks a repeat, or a unit was not observed. The
        attribute ``duration`` says how many seconds were counted, if they are the same in all trials.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no NWB file, has no spikes or no such table or column, the window is empty, or two trials are the
        same stimulus and repeat.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder, h5py.File(f"{folder}/a.nwb", "w") as file:
    ...     trials, units = file.create_group("intervals/trials"), file.create_group("units")
    ...     trials["id"], trials["start_time"], trials["stimulus"] = [0, 1], [0.0, 2.0], ["cat", "dog"]
    ...     units["id"], units["spike_times"], units["spike_times_index"] = [7], [0.1, 2.3, 2.4], [3]
    ...     file.flush()
    ...     read_nwb(f"{folder}/a.nwb", window=(0, 0.5)).sel(stimulus="dog", unit=7).item()
    2
    """
    chosen(QUANTITIES, quantity, "quantity")
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        file = h5py.File(path)
    except OSError as error:
        raise ValueError(f"{path} is no NWB file of HDF5 ({error})") from error
    with file:
        shown, cells = columns_of(_intervals(file, trials)), _cells(file, unit, location)
        if not (len(shown["id"]) and len(cells["unit"])):
            raise ValueError(f"{path} has {len(cells['unit'])} units and {len(shown['id'])} trials, so no responses")
        starts, stops = _windows(shown, window)
        values = _counted(file, starts, stops)
        attrs = _attributes(file)
    seconds = stops - starts
    if quantity == "rates":
        values = values / seconds[:, None]
    if np.allclose(seconds, seconds[0]):
        attrs["duration"] = round(float(seconds[0]), 9)
    rows = _rows(shown, stimulus, repeat, {*_LABELS, *cells})
    dims = [dim for dim in ("stimulus", "repeat") if dim in rows]
    values, coords = gather(values, rows, dims)
    coords |= {name: ("unit", each) for name, each in cells.items()}
    attrs["units"] = QUANTITIES[quantity]
    table = xr.DataArray(values, coords, (*dims, "unit"), "spikes", attrs)
    return check_responses(table.transpose("stimulus", "unit", ...))


def _intervals(file: h5py.File, name: str) -> h5py.Group:
    """A table of trials, of a file that has spikes too."""
    if "units/spike_times" not in file:
        raise ValueError(f"{file.filename} has no spikes of sorted units: no units/spike_times")
    if f"intervals/{name}" not in file:
        others = ", ".join(file.get("intervals", {})) or "none"
        raise ValueError(f"{file.filename} has no table of intervals named {name!r}; there are {others}")
    return file[f"intervals/{name}"]


def _windows(shown: dict[str, np.ndarray], window: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    """When counting begins and ends in each trial, in seconds of the session."""
    missing = [name for name in ("start_time", "stop_time")[: 2 if window is None else 1] if name not in shown]
    if missing:
        raise ValueError(f"trials have no {' and no '.join(missing)}; there are {', '.join(shown)}")
    starts = shown["start_time"]
    starts, stops = (starts, shown["stop_time"]) if window is None else (starts + window[0], starts + window[1])
    empty = np.flatnonzero(~(stops > starts))
    if empty.size:
        raise ValueError(
            f"{empty.size} trials have no time to count in, the first of them trial {shown['id'][empty[0]]} from "
            f"{starts[empty[0]]:g} to {stops[empty[0]]:g} s; give a window=(from, to) in seconds after their start"
        )
    return starts, stops


def _counted(file: h5py.File, starts: np.ndarray, stops: np.ndarray) -> np.ndarray:
    """Spikes (trial, unit); NaN where a unit was not observed all the time."""
    units = file["units"]
    spikes = [np.sort(times) for times in ragged(units, "spike_times")]
    counts = np.stack([np.searchsorted(times, stops) - np.searchsorted(times, starts) for times in spikes], axis=1)
    if "obs_intervals" not in units:
        return counts
    observed = [
        ((starts[:, None] >= each[:, 0]) & (stops[:, None] <= each[:, 1])).any(axis=1)
        for each in ragged(units, "obs_intervals")
    ]
    return np.where(np.stack(observed, axis=1), counts, np.nan)


def _cells(file: h5py.File, unit: str | None, location: str) -> dict[str, np.ndarray]:
    """What is known of units, their labels first."""
    units = columns_of(file["units"])
    unit = unit or ("unit_name" if "unit_name" in units else "id")
    if unit not in units:
        raise ValueError(f"units have no column {unit}; there are {', '.join(units)}")
    known = {name: each for name, each in units.items() if name not in {unit, "id"}}
    places = _places(file, location)
    known |= {f"electrode_{name}" if name in known else name: each for name, each in places.items()}
    cells = {"unit": units[unit]} | {f"unit_{name}" if name in _LABELS else name: each for name, each in known.items()}
    if "general/subject/subject_id" in file:
        subject = file["general/subject/subject_id"].asstr()[()]
        cells["subject"] = np.full(len(cells["unit"]), subject)
    return cells


def _places(file: h5py.File, location: str) -> dict[str, np.ndarray]:
    """Columns of electrodes on which all electrodes of each unit agree."""
    if "electrodes" not in file["units"] or _ELECTRODES not in file:
        return {}
    at = ragged(file["units"], "electrodes")
    if any(len(each) == 0 for each in at):
        return {}
    first, each = np.array([rows[0] for rows in at]), np.concatenate(at)
    again = np.repeat(first, [len(rows) for rows in at])
    known = columns_of(file[_ELECTRODES])
    known.pop("id")
    names = {name: f"electrode_{name}" for name in "xyz"} | {f"unit_{name}": name for name in "xyz"}
    names["location"] = location
    return {
        names.get(name, name): values[first]
        for name, values in known.items()
        if pd.Series(values[each]).equals(pd.Series(values[again]))
    }


def _rows(shown: dict[str, np.ndarray], stimulus: str, repeat: str | None, taken: set[str]) -> dict[str, np.ndarray]:
    """Labels of stimuli and repeats, and the other columns of trials, by names that aren't taken."""
    for name in (stimulus, repeat):
        if name is not None and name not in shown:
            raise ValueError(f"trials have no column {name}; there are {', '.join(shown)}")
    repeat = "repeat" if repeat is None and "repeat" in shown else repeat
    labels = shown[stimulus]
    rows = {"stimulus": labels}
    for name, each in shown.items():
        if name not in {stimulus, repeat, *_TIMES}:
            rows[f"stimulus_{name}" if name in taken else name] = each
    nth = pd.Series(labels).groupby(labels).cumcount().to_numpy()
    if repeat is not None or nth.any():
        rows["repeat"] = nth if repeat is None else shown[repeat]
    return rows


def _attributes(file: h5py.File) -> dict[str, Any]:
    """What our own files say in their notes, but for how long spikes were counted."""
    try:
        said = json.loads(file["general/notes"].asstr()[()]) if "general/notes" in file else {}
    except ValueError:
        return {}
    return {name: value for name, value in said.items() if name != "duration"} if isinstance(said, dict) else {}
