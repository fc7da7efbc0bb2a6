"""The V1 cells of Ecker et al. 2010 under static and drifting gratings: real orientation tuning, trial by trial.

Sessions differ in contrasts, in angles and in how often a condition was shown; they are pooled to one table, with NaN
where a cell lacks a condition or a repeat. Repeats of cells of different sessions were never simultaneous.

What the file does not say: where its angles have their zero, and whether they turn clockwise. They are taken as they
stand. Compare with models under the mirrored angles (180 − angle) too, and report both.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.reference.files import find, read_matlab, refusal
from cortexcnn.reference.sources import SOURCES

__all__ = ["ANGLES", "CONTRASTS", "GRATINGS", "ecker2010"]

GRATINGS: dict[str, str] = {"static": "data_v1_binned_static.mat", "drifting": "data_v1_binned_moving.mat"}
"""The two experiments, each with the usual name of its file."""

CONTRASTS: dict[str, str] = {
    "highest": "the conditions of each session's highest contrast, so that a stimulus is an angle",
    "all": "every condition: a stimulus is an angle at a contrast, and most cells lack most of them",
}
"""Which contrasts to read."""

ANGLES: dict[str, str] = {
    "nominal": "multiples of 22.5°: one animal's are stored as 22, 67, … 314, 336",
    "stored": "as they stand in the file: the two animals then share every other angle only",
}
"""How to read the angles."""

_UNKNOWN = "as in the file, whose zero and sense of turning are not documented; mirroring matters, so try both"


@dataclass(frozen=True)
class _Session:
    """One recording: spikes (unit, condition, bin, repeat), with angles in degrees and contrasts 0–1."""

    subject: str
    date: str
    angles: np.ndarray
    contrasts: np.ndarray
    spikes: np.ndarray
    times: np.ndarray
    contamination: np.ndarray
    tetrode: np.ndarray


def ecker2010(
    path: str | Path,
    *,
    gratings: str | None = None,
    contrast: str = "highest",
    window: tuple[float, float] = (0.03, 0.53),
    time: bool = False,
    angles: str = "nominal",
) -> xr.DataArray:
    """Spikes of cells of awake macaque V1, recorded by tetrodes, under gratings [1]_, [2]_.

    Parameters
    ----------
    path : str or Path
        ``data_v1_binned_static.mat`` or ``data_v1_binned_moving.mat``, or the folder that holds them.
    gratings : str, optional
        One of ``GRATINGS``: which file of a folder (static by default), or what a file is expected to hold.
    contrast : str
        One of ``CONTRASTS``.
    window : tuple of float
        From when to when spikes are counted, in s after the grating appeared: the 10 ms bins whose centres lie inside.
    time : bool
        Keep the bins along ``time`` (s, their centres) in place of one count. Large: about 300 MB.
    angles : str
        One of ``ANGLES``.

    Returns
    -------
    DataArray (stimulus, unit, repeat[, time])
        Spike counts, NaN where a cell has no such condition or repeat.

        Along ``stimulus``: ``orientation``, or ``direction`` and ``orientation`` = direction − 90 (mod 180); with every
        contrast, ``contrast`` 0–1. Along ``unit``: ``area``, ``subject``, ``session``, ``tetrode``, ``contamination``
        (share of foreign spikes; below .05 is a well isolated cell), ``spontaneous`` (mean count in the 0.2 s before
        the grating, scaled to the window) and, with the highest contrast only, ``shown_contrast``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there or is another, or an option is unknown.

    References
    ----------
    .. [1] Ecker et al. (2010), Science 327, 584-587.
    .. [2] Berens et al. (2012), J. Neurosci. 32, 10618-10626.

    Examples
    --------
    >>> cells = ecker2010("data_v1_binned_static.mat")  # doctest: +SKIP
    >>> good = cells.sel(unit=cells.contamination < 0.05)  # doctest: +SKIP
    """
    for name, value, choices in (("contrast", contrast, CONTRASTS), ("angles", angles, ANGLES)):
        if value not in choices:
            raise ValueError(f"{name} is one of {', '.join(choices)}; got {value!r}")
    sessions, parameter = _read(path, gratings)
    sessions = [_chosen(session, highest=contrast == "highest", nominal=angles == "nominal") for session in sessions]
    inside = _inside(sessions[0].times, window)
    rows = sorted({row for session in sessions for row in _rows_of(session, contrast)})
    responses = xr.DataArray(
        _pooled(sessions, rows, contrast=contrast, inside=inside, time=time),
        dims=("stimulus", "unit", "repeat", "time") if time else ("stimulus", "unit", "repeat"),
        coords={**_stimuli(rows, parameter, contrast), **_units(sessions, contrast, bins=1 if time else inside.sum())},
        name="spikes",
        attrs={
            **SOURCES["ecker2010"].attrs(),
            "kind": "grating" if parameter == "orientation" else "drifting_grating",
            "orientation_convention": _UNKNOWN,
            "window_start": float(window[0]),
            "window_stop": float(window[1]),
        },
    )
    return responses.assign_coords(time=sessions[0].times[inside]) if time else responses


def _read(path: str | Path, gratings: str | None) -> tuple[list[_Session], str]:
    """Every session of a file, and whether its angle is an orientation or a direction."""
    source = SOURCES["ecker2010"]
    if gratings is not None and gratings not in GRATINGS:
        raise ValueError(f"gratings is one of {', '.join(GRATINGS)}; got {gratings!r}")
    path = find(path, name=GRATINGS[gratings or "static"], source=source)
    wanted = "one cell of data a session, with date, subject, conditions, contamination, tetrode, spikes and times"
    data = read_matlab(path, wanted=["data"], source=source)["data"]
    if data.dtype != object:
        raise refusal(path, f"its data is an array of {data.dtype}", wanted, source)
    try:
        records = [entry[0, 0] for entry in data.ravel()]
        parameter = "orientation" if "orientation" in records[0]["conditions"].dtype.names else "direction"
        sessions = [_session(record, parameter) for record in records]
    except (IndexError, TypeError, ValueError, KeyError) as error:
        raise refusal(path, f"its data is of another form ({error})", wanted, source) from error
    held = "static" if parameter == "orientation" else "drifting"
    if gratings not in (None, held):
        raise ValueError(
            f"{path} holds {held} gratings; {gratings} ones were asked for: they are in {GRATINGS[gratings]}"
        )
    return sessions, parameter


def _session(record: Any, parameter: str) -> _Session:
    """One session out of its MATLAB structure."""
    conditions = record["conditions"].ravel()
    contamination, times = record["contamination"].ravel(), record["times"].ravel()
    return _Session(
        subject=str(record["subject"].item()),
        date=str(record["date"].item()),
        angles=np.array([condition[parameter].item() for condition in conditions], dtype=float),
        contrasts=np.array([condition["contrast"].item() for condition in conditions], dtype=float) / 100,
        spikes=record["spikes"].reshape(contamination.size, conditions.size, times.size, -1),
        times=times / 1000,
        contamination=contamination.astype(float),
        tetrode=record["tetrode"].ravel().astype(int),
    )


def _chosen(session: _Session, *, highest: bool, nominal: bool) -> _Session:
    """The conditions of a session that are read, with the angles that they are given."""
    keep = session.contrasts == session.contrasts.max() if highest else np.ones(session.angles.size, dtype=bool)
    angles = np.round(session.angles / 22.5) * 22.5 if nominal else session.angles
    return _Session(
        **{
            **vars(session),
            "angles": angles[keep],
            "contrasts": session.contrasts[keep],
            "spikes": session.spikes[:, keep],
        }
    )


def _inside(times: np.ndarray, window: tuple[float, float]) -> np.ndarray:
    """Which bins have their centre in the window."""
    inside = (times > window[0]) & (times < window[1])
    if not inside.any():
        raise ValueError(
            f"no bin has its centre between {window[0]:g} and {window[1]:g} s; "
            f"there are bins from {times.min():g} to {times.max():g} s: the window is in seconds"
        )
    return inside


def _rows_of(session: _Session, contrast: str) -> list[tuple[float, float]]:
    """The stimulus of each condition: contrast, and angle; every contrast is one where only the highest is read."""
    shown = session.contrasts if contrast == "all" else np.zeros_like(session.contrasts)
    return list(zip(shown.tolist(), session.angles.tolist(), strict=True))


def _pooled(
    sessions: list[_Session], rows: list[tuple[float, float]], *, contrast: str, inside: np.ndarray, time: bool
) -> np.ndarray:
    """Counts of all sessions, (stimulus, unit, repeat[, time]), NaN where there is none."""
    units = sum(session.spikes.shape[0] for session in sessions)
    repeats = max(session.spikes.shape[-1] for session in sessions)
    shape = (len(rows), units, repeats, int(inside.sum()))
    pooled = np.full(shape if time else shape[:-1], np.nan, dtype=np.float32 if time else np.float64)
    first = 0
    for session in sessions:
        counts = session.spikes[:, :, inside].transpose(1, 0, 3, 2)
        here = [rows.index(row) for row in _rows_of(session, contrast)]
        last, shown = first + counts.shape[1], counts.shape[2]
        pooled[here, first:last, :shown] = counts if time else counts.sum(axis=-1)
        first = last
    return pooled


def _stimuli(rows: list[tuple[float, float]], parameter: str, contrast: str) -> dict[str, Any]:
    """Coordinates along stimulus."""
    shown, angle = np.array(rows).T
    coords: dict[str, Any] = {"stimulus": np.arange(len(rows)), parameter: ("stimulus", angle)}
    if parameter == "direction":
        coords["orientation"] = ("stimulus", (angle - 90) % 180)
    if contrast == "all":
        coords["contrast"] = ("stimulus", shown)
    return coords


def _units(sessions: list[_Session], contrast: str, *, bins: int) -> dict[str, Any]:
    """Coordinates along unit."""
    labels: dict[str, list[Any]] = {
        name: [] for name in ("unit", "subject", "session", "shown_contrast", "spontaneous")
    }
    for session in sessions:
        count = session.contamination.size
        before = session.spikes[:, :, session.times < 0]
        labels["unit"] += [f"{session.subject}/{session.date}/{number:02d}" for number in range(count)]
        labels["subject"] += [session.subject] * count
        labels["session"] += [f"{session.subject}/{session.date}"] * count
        labels["shown_contrast"] += [session.contrasts.max()] * count
        labels["spontaneous"] += (before.mean(axis=(1, 2, 3)) * bins).tolist()
    if contrast == "all":
        del labels["shown_contrast"]
    return {
        **{name: ("unit", np.array(values)) for name, values in labels.items()},
        "area": ("unit", np.full(len(labels["unit"]), "V1")),
        "contamination": ("unit", np.concatenate([session.contamination for session in sessions])),
        "tetrode": ("unit", np.concatenate([session.tetrode for session in sessions])),
    }
