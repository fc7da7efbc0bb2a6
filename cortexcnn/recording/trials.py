"""Responses as the list of trials that a neurophysiologist's own analysis reads: a row a presentation, with its onset.

A recording is a table by label; an experiment is a sequence. The sequence that is made here shows every stimulus once
before any is shown again, as is done in a laboratory, in the order of the table or shuffled.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses, stimuli_of
from cortexcnn.choices import chosen

__all__ = ["TRIAL_FORMS", "trial_table", "write_trials"]

TRIAL_FORMS = {
    "wide": "a column a unit",
    "long": "a row a trial and unit, with the columns unit and response",
    "events": "no responses: what was shown, and when",
}
"""How responses stand in a table of trials."""

_OWN = ("trial", "onset", "duration", "stimulus", "repeat", "unit", "response")
_PHOTOGRAPH, _STIM_FILE = "file", "stim_file"


def trial_table(
    responses: xr.DataArray,
    *,
    form: str = "wide",
    duration: float | None = None,
    gap: float = 0.5,
    rng: int | np.random.Generator | None = None,
) -> pd.DataFrame:
    """A row a trial: when, for how long, what was shown, what was answered.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Spikes of :func:`spikes`, or any responses. Over time, counts are summed and all else is averaged. A trial that
        no unit has (NaN, a missing repeat) is left out.
    form : str
        A key of ``TRIAL_FORMS``: "wide" (default), "long" or "events".
    duration : float, optional
        Seconds of a trial; by default what ``attrs["duration"]`` says, as it does of spikes.
    gap : float
        Seconds between the end of one and the onset of the next.
    rng : int or Generator, optional
        Shuffles the stimuli in each round of repeats; by default they are in the order of the table.

    Returns
    -------
    DataFrame
        ``trial``, ``onset`` and ``duration`` (seconds), ``stimulus``, ``repeat``, the stimulus parameters, and
        responses as the form says. A parameter of one of these names has ``stimulus_`` before it.

    Raises
    ------
    ValueError
        If there is no such form, nothing tells the duration, or two columns have one name.

    Examples
    --------
    >>> table = xr.DataArray([[[1, 2]], [[5, 4]]], dims=("stimulus", "unit", "repeat"), attrs={"duration": 0.5},
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "orientation": ("stimulus", [0.0, 90.0])})
    >>> trial_table(table).drop(columns="duration")
       trial  onset  stimulus  repeat  orientation  cell
    0      0    0.0         0       0          0.0     1
    1      1    1.0         1       0         90.0     5
    2      2    2.0         0       1          0.0     2
    3      3    3.0         1       1         90.0     4
    """
    check_responses(responses)
    chosen(TRIAL_FORMS, form, "form")
    table = _over_time(responses)
    table = (table if "repeat" in table.dims else table.expand_dims("repeat")).transpose("repeat", "stimulus", "unit")
    seconds = _seconds(responses, duration, gap)
    order = _order(table, rng)
    answers = table.values.reshape(-1, table.sizes["unit"])[order]
    shown = _shown(table, order)
    there = ~np.isnan(answers).all(axis=1)
    shown, answers = shown[there].reset_index(drop=True), answers[there]
    shown.insert(0, "trial", np.arange(len(shown)))
    shown.insert(1, "onset", np.arange(len(shown)) * (seconds + gap))
    shown.insert(2, "duration", seconds)
    return _FORMS[form](shown, answers, table["unit"].values)


def write_trials(
    responses: xr.DataArray,
    path: str | Path,
    *,
    duration: float | None = None,
    gap: float = 0.5,
    rng: int | np.random.Generator | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the table of trials: all of it as CSV, or what was shown as ``events.tsv`` in the form of BIDS [1]_.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        As in :func:`trial_table`.
    path : str or Path
        Ends in ``.csv`` (the wide table) or ``.tsv`` (``onset``, ``duration``, ``trial_type``, which is the label of
        the stimulus, ``stim_file`` where stimuli are files, and the rest of the form "events"; what is missing is n/a).
    duration, gap, rng
        As in :func:`trial_table`.
    overwrite : bool
        Replace a file.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If the file would be of another kind, or there is no such table.

    References
    ----------
    .. [1] Gorgolewski et al. (2016), Sci. Data 3, 160044.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> table = xr.DataArray([[1], [5]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": ["flat", "upright"], "unit": ["cell"], "orientation": ("stimulus", [0.0, 90.0])})
    >>> print(write_trials(table, f"{mkdtemp()}/events.tsv", duration=0.5).read_text().expandtabs(10))
    onset     duration  trial_type trial     stimulus  repeat    orientation
    0.0       0.5       flat      0         flat      0         0.0
    1.0       0.5       upright   1         upright   0         90.0
    """
    path = Path(path).expanduser()
    if path.suffix not in {".csv", ".tsv"}:
        raise ValueError(f"trials are written as .csv (with responses) or .tsv (BIDS events); got {path.name}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; choose another file, or say overwrite=True")
    form = "wide" if path.suffix == ".csv" else "events"
    table = trial_table(responses, form=form, duration=duration, gap=gap, rng=rng)
    path.parent.mkdir(parents=True, exist_ok=True)
    if form == "wide":
        table.to_csv(path, index=False)
    else:
        _as_events(table).to_csv(path, sep="\t", index=False, na_rep="n/a")
    return path


def _over_time(responses: xr.DataArray) -> xr.DataArray:
    if "time" not in responses.dims:
        return responses
    counted = responses.dtype.kind in "iu" or responses.attrs.get("units") == "spikes"
    return responses.sum("time", skipna=False) if counted else responses.mean("time", skipna=False)


def _seconds(responses: xr.DataArray, duration: float | None, gap: float) -> float:
    duration = responses.attrs.get("duration") if duration is None else duration
    if duration is None:
        raise ValueError("nothing tells how long a trial is: give duration in seconds")
    if not (0 < float(duration) < np.inf and 0 <= gap < np.inf):
        raise ValueError(f"a duration of {duration} s and a gap of {gap} s: durations are above 0, gaps not below")
    return float(duration)


def _order(table: xr.DataArray, rng: int | np.random.Generator | None) -> np.ndarray:
    """Positions in (repeat × stimulus) in the order of the experiment."""
    rounds = np.arange(table.sizes["repeat"] * table.sizes["stimulus"]).reshape(table.sizes["repeat"], -1)
    return (rounds if rng is None else np.random.default_rng(rng).permuted(rounds, axis=1)).ravel()


def _shown(table: xr.DataArray, order: np.ndarray) -> pd.DataFrame:
    """Stimulus, repeat and parameters of each trial."""
    repeat, stimulus = np.divmod(order, table.sizes["stimulus"])
    labels = table["repeat"].values if "repeat" in table.coords else np.arange(table.sizes["repeat"])
    columns = {"stimulus": table["stimulus"].values[stimulus], "repeat": labels[repeat]}
    for name, column in stimuli_of(table).data_vars.items():
        columns[f"stimulus_{name}" if name in _OWN else str(name)] = column.values[stimulus]
    return pd.DataFrame(columns)


def _wide(shown: pd.DataFrame, answers: np.ndarray, units: np.ndarray) -> pd.DataFrame:
    names = [str(unit) for unit in units.tolist()]
    clash = set(names) & set(shown.columns)
    if clash:
        raise ValueError(
            f"units are called {', '.join(sorted(clash))}, as columns are: rename them, or take form='long'"
        )
    return pd.concat([shown, pd.DataFrame(answers, columns=names)], axis=1)


def _long(shown: pd.DataFrame, answers: np.ndarray, units: np.ndarray) -> pd.DataFrame:
    table = shown.loc[shown.index.repeat(len(units))].reset_index(drop=True)
    table["unit"], table["response"] = np.tile(units, len(shown)), answers.ravel()
    return table[table["response"].notna()].reset_index(drop=True)


def _events(shown: pd.DataFrame, _answers: np.ndarray, _units: np.ndarray) -> pd.DataFrame:
    return shown


_FORMS = {"wide": _wide, "long": _long, "events": _events}


def _as_events(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of BIDS first."""
    first = pd.DataFrame(
        {"onset": table["onset"], "duration": table["duration"], "trial_type": table["stimulus"].astype(str)}
    )
    files = next((name for name in (_STIM_FILE, _PHOTOGRAPH) if name in table), None)
    if files is not None:
        first[_STIM_FILE] = table[files].replace("", np.nan)
    rest = [name for name in table if name not in {"onset", "duration", files}]
    return pd.concat([first, table[rest]], axis=1)
