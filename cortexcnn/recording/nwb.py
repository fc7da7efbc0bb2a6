"""Spiking units as a file of Neurodata Without Borders, which tools for recorded neurons open as they open their own.

Written by pynwb, an extra: ``pip install 'cortexcnn[nwb]'``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import content_hash
from cortexcnn.recording.spikes import seed_of, spike_times
from cortexcnn.recording.trials import trial_table

__all__ = ["write_nwb"]

_SIMULATED = "Simulated: spikes drawn around the responses of units of a model; no animal was recorded."


def write_nwb(
    counts: xr.DataArray,
    path: str | Path,
    *,
    gap: float = 0.5,
    order: int | np.random.Generator | None = None,
    rng: int | np.random.Generator | None = 0,
    start: datetime | None = None,
    overwrite: bool = False,
) -> Path:
    """Write spikes, trials and the places of units as one NWB file [1]_.

    Parameters
    ----------
    counts : DataArray (stimulus, unit, repeat[, time])
        From :func:`spikes`.
    path : str or Path
        Ends in ``.nwb``.
    gap : float
        Seconds between trials.
    order : int or Generator, optional
        Shuffles the stimuli in each round of repeats (``rng`` of :func:`trial_table`).
    rng : int or Generator, optional
        Source of the spike times (see :func:`spike_times`).
    start : datetime, optional
        When the session began, with its time zone; now by default.
    overwrite : bool
        Replace a file.

    Returns
    -------
    Path
        The file: ``trials`` (start_time, stop_time, stimulus, repeat, all stimulus parameters), ``units``
        (spike_times, unit_name, electrodes), ``electrodes`` (one a unit; its location is the layer or the area, and
        all else that is known of the unit: channel, row, column, …); attributes of the counts in ``notes``, as JSON.

    Raises
    ------
    ImportError
        If pynwb is not installed.
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If these are no counts, the file is not to end in ``.nwb``, or the start has no time zone.

    References
    ----------
    .. [1] Rübel et al. (2022), eLife 11, e78362.
    """
    pynwb = _pynwb()
    path = Path(path).expanduser()
    if path.suffix != ".nwb":
        raise ValueError(f"an NWB file ends in .nwb; got {path.name}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; choose another file, or say overwrite=True")
    start = datetime.now(UTC) if start is None else start
    if start.tzinfo is None:
        raise ValueError(f"the start {start} has no time zone; give one, e.g. tzinfo=datetime.UTC")
    spike_times(counts.isel(stimulus=slice(1)), counts["unit"].values.tolist()[0])  # refuses what is no counts
    trials = trial_table(counts, form="events", gap=gap, rng=order)
    model = str(counts.attrs.get("model", "model"))
    file = pynwb.NWBFile(
        session_description=f"{_SIMULATED} Responses of {model}.",
        identifier=content_hash(counts),
        session_start_time=start,
        notes=json.dumps({name: _plain(value) for name, value in counts.attrs.items()}),
    )
    file.trials = _trials(pynwb, trials)
    _electrodes(file, counts, model)
    file.units = _units(
        pynwb, file, _spikes(counts, trials, seed_of(rng)), [str(unit) for unit in counts["unit"].values]
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def _pynwb() -> Any:
    try:
        import pynwb  # noqa: PLC0415 - an extra, and slow to load
    except ImportError as error:
        raise ImportError(
            "NWB files are written by pynwb, which is not here: pip install 'cortexcnn[nwb]'; "
            "write_trials needs nothing more"
        ) from error
    return pynwb


def _trials(pynwb: Any, trials: pd.DataFrame) -> Any:
    """The table of trials."""
    columns = {"start_time": trials["onset"], "stop_time": trials["onset"] + trials["duration"]}
    columns |= {str(name): trials[name] for name in trials if name not in {"trial", "onset", "duration"}}
    described = {"start_time": "onset of the stimulus, in seconds", "stop_time": "its end, in seconds"}
    table = [
        pynwb.core.VectorData(
            name=name,
            description=described.get(name, f"{name} of what was shown"),
            data=column.astype(str).tolist() if column.dtype.kind not in "biuf" else column.to_numpy(),
        )
        for name, column in columns.items()
    ]
    return pynwb.epoch.TimeIntervals(
        name="trials", description="Presentations of stimuli", columns=table, colnames=list(columns)
    )


def _electrodes(file: Any, counts: xr.DataArray, model: str) -> None:
    """One electrode a unit, one group a layer."""
    device = file.create_device(name=model, description="What was recorded from, through an electrode of its own kind")
    place = next((name for name in ("layer", "area") if name in counts.coords), None)
    units = counts.sizes["unit"]
    where = [str(label) for label in counts[place].values] if place else ["unknown"] * units
    groups = {
        label: file.create_electrode_group(
            name=label.replace("/", "_"), description=f"units of {label}", location=label, device=device
        )
        for label in dict.fromkeys(where)
    }
    known = {
        f"unit_{name}" if name in {"x", "y", "z"} else str(name): coord.values
        for name, coord in counts.coords.items()
        if coord.dims == ("unit",) and name not in {"unit", place, "location", "group"}
    }
    for name in known:
        file.add_electrode_column(name=name, description=f"{name.removeprefix('unit_')} of the unit")
    for unit in range(units):
        about = {name: _plain(values[unit]) for name, values in known.items()}
        file.add_electrode(group=groups[where[unit]], location=where[unit], **about)


def _units(pynwb: Any, file: Any, spikes: list[np.ndarray], names: list[str]) -> Any:
    """The table of units: spikes in seconds of the session. Whole columns: row by row it takes minutes."""
    core = pynwb.core
    times = core.VectorData(name="spike_times", description="in seconds of the session", data=np.concatenate(spikes))
    ends = np.cumsum([len(one) for one in spikes])
    rows = np.arange(len(names))
    places = core.DynamicTableRegion(name="electrodes", description="one a unit", data=rows, table=file.electrodes)
    label = "label of the unit: layer/channel/row/column of a model's"
    columns = [
        core.VectorIndex(name="spike_times_index", data=ends, target=times),
        times,
        core.VectorIndex(name="electrodes_index", data=rows + 1, target=places),
        places,
        core.VectorData(name="unit_name", description=label, data=names),
    ]
    return pynwb.misc.Units(name="units", columns=columns, colnames=["spike_times", "electrodes", "unit_name"])


def _spikes(counts: xr.DataArray, trials: pd.DataFrame, seed: int) -> list[np.ndarray]:
    """When each unit fired, in seconds of the session, rising."""
    onsets = trials.set_index(["stimulus", "repeat"])["onset"]
    found = []
    for unit in counts["unit"].values.tolist():
        times = spike_times(counts, unit, rng=seed)
        shown = onsets.reindex(pd.MultiIndex.from_frame(times[["stimulus", "repeat"]])).to_numpy()
        found.append(np.sort(shown + times["time"].to_numpy()))
    return found


def _plain(value: Any) -> Any:
    """A number or text without numpy."""
    value = value.tolist() if isinstance(value, (np.generic, np.ndarray)) else value
    return value if isinstance(value, (bool, int, float, str, list)) else str(value)
