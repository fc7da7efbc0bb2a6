"""Tables of stimuli: every combination of the parameters that are to be swept, and what a table leaves unsaid."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_stimuli
from cortexcnn.stimuli.canvas import Rows
from cortexcnn.stimuli.kinds import KINDS, Kind, Parameter, find_kind, unknown

__all__ = ["check_rows", "rows_of", "sweep", "times"]

_OF_FILES = {"image": "photographs(folder)", "texture": "textures(folder)"}
"""Kinds that are no sweep, and what makes their tables."""


def sweep(kind: str, *, blank: bool = False, **parameters: Any) -> xr.Dataset:
    """A table of stimuli with every combination of the parameters.

    Parameters
    ----------
    kind : str
        One of ``KINDS``: grating, drifting_grating, gabor, plaid, surround, bar, swept_bar, edge … (Photographs come
        by :func:`photographs`.)
    blank : bool
        Add a blank as the last row: contrast 0, NaN (or empty text) for the parameters that were swept.
    **parameters : number, text, or a sequence of these
        What each parameter goes through; the last one named goes through its values first. Parameters that are not
        named have the default of ``KINDS[kind].parameters``. What moves can be given a direction or an orientation
        (the direction is then orientation + 90), and has one ``duration`` (s) and ``frame_rate`` (Hz) a table.

    Returns
    -------
    Dataset (stimulus)
        One variable a parameter, its units in ``attrs``; the labels count from 0.

    Raises
    ------
    ValueError
        If the kind or a parameter is unknown, or a value is not allowed, repeated, or has no effect.

    Examples
    --------
    >>> table = sweep("grating", orientation=range(0, 180, 45), phase=[0, 90], blank=True)
    >>> table.sizes["stimulus"]
    9
    >>> table.orientation.values
    array([  0.,   0.,  45.,  45.,  90.,  90., 135., 135.,  nan])
    >>> sweep("grating", orientaton=90)
    Traceback (most recent call last):
        ...
    ValueError: no parameter of a grating orientaton (did you mean orientation?); there are orientation, ...
    """
    entry = find_kind(kind)
    if kind in _OF_FILES:
        raise ValueError(f"photographs are no sweep of parameters; make their table by {_OF_FILES[kind]}")
    attrs = {
        name: _constant(name, known, parameters.pop(name, known.default)) for name, known in entry.attributes.items()
    }
    given = _by_direction(entry, parameters)
    strange = given.keys() - entry.parameters.keys()
    if strange:
        raise ValueError(unknown(f"parameter of a {kind}", sorted(strange), [*entry.parameters, *entry.attributes]))
    swept = {name: _values(name, entry.parameters[name], value) for name, value in given.items()}
    grids = np.meshgrid(*swept.values(), indexing="ij")
    rows = {name: grid.ravel() for name, grid in zip(swept, grids, strict=True)}
    count = len(next(iter(rows.values()))) if rows else 1
    rows = _completed(entry, rows, count)
    _check_size(rows, given)
    if blank:
        varied = {name for name in rows if len(swept.get(_source(entry, name, swept), ())) > 1}
        rows = {name: _with_blank(name, values, varied) for name, values in rows.items()}
    rows.update(_derived(entry, rows))
    return _table(kind, rows, attrs)


def times(stimuli: xr.Dataset) -> np.ndarray | None:
    """When each frame of moving stimuli begins.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        Any stimuli.

    Returns
    -------
    ndarray (time) or None
        Seconds from the first frame; None for what does not move.

    Raises
    ------
    ValueError
        If duration × frame_rate is no whole number of frames.

    Examples
    --------
    >>> times(sweep("drifting_grating", duration=0.5, frame_rate=8))
    array([0.   , 0.125, 0.25 , 0.375])
    >>> times(sweep("grating")) is None
    True
    """
    entry = find_kind(check_stimuli(stimuli).attrs["kind"])
    if not entry.moving:
        return None
    duration, rate = (
        float(stimuli.attrs.get(name, entry.attributes[name].default)) for name in ("duration", "frame_rate")
    )
    frames = round(duration * rate)
    if frames < 1 or abs(frames - duration * rate) > 1e-6:
        raise ValueError(
            f"a duration of {duration:g} s at {rate:g} frames/s is {duration * rate:g} frames: "
            "choose a whole number of frames"
        )
    return np.arange(frames) / rate


def rows_of(stimuli: xr.Dataset) -> tuple[Kind, Rows]:
    """The kind and all parameters of a table, with defaults for what it leaves unsaid.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        A table; it may have more variables than its kind has parameters.

    Returns
    -------
    kind : Kind
        How to draw them.
    rows : dict of ndarray
        Every parameter and attribute, one value a row.
    """
    entry = find_kind(check_stimuli(stimuli).attrs["kind"])
    count = stimuli.sizes["stimulus"]
    there = {
        name: stimuli[name].values.astype(str if known.is_text else np.float64)
        for name, known in entry.parameters.items()
        if name in stimuli.variables
    }
    rows = _completed(entry, there, count)
    if "direction" in entry.parameters:
        if "orientation" in stimuli:
            rows["direction"] = _direction(stimuli, rows["direction"])
    else:
        rows.update({name: _agreeing(stimuli, name, values) for name, values in _derived(entry, rows).items()})
    for name, known in entry.attributes.items():
        rows[name] = np.full(count, stimuli.attrs.get(name, known.default))
    return entry, rows


def check_rows(kind: str, rows: Rows, labels: np.ndarray) -> None:
    """Refuse values that a kind's parameters cannot take, by name and row. Blanks may have anything.

    Parameters
    ----------
    kind : str
        Name of the kind.
    rows : Rows
        All its parameters.
    labels : ndarray
        What the rows are called.

    Raises
    ------
    ValueError
        If a value is NaN, of the wrong size, or no choice.
    """
    shown = rows["contrast"] != 0
    for name, known in (KINDS[kind].parameters | KINDS[kind].attributes).items():
        wrong = shown & ~known.allows(rows[name])
        if wrong.any():
            raise ValueError(
                f"{name} {_example(rows[name], wrong, labels)}: {name} of a {kind} is {known}{_remedy(name)}"
            )
    for rule in KINDS[kind].rules:
        wrong = shown & ~rule.holds(rows)
        if wrong.any():
            values = [f"{name} {rows[name][wrong][0]}" for name in rule.names[:-1]]
            last = f"{rule.names[-1]} {_example(rows[rule.names[-1]], wrong, labels)}"
            raise ValueError(f"{' and '.join([*values, last])}: {rule.meaning}")


def _completed(entry: Kind, given: Rows, count: int) -> Rows:
    """All parameters: those given, and for others the value of what they follow, or the default."""
    rows = {name: np.full(count, known.default) for name, known in entry.parameters.items()} | given
    return {name: rows[_source(entry, name, given)] for name in entry.parameters}


def _source(entry: Kind, name: str, given: Container[str]) -> str:
    """The parameter whose values one has: its own, or those of the one that it follows if it is not given."""
    return name if name in given else entry.parameters[name].follows or name


def _derived(entry: Kind, rows: Rows) -> Rows:
    """What follows from the parameters."""
    return {name: derive(rows) for name, derive in entry.derived.items()}


def _agreeing(stimuli: xr.Dataset, name: str, derived: np.ndarray) -> np.ndarray:
    """What follows from the parameters of a table made by hand; refused if the table says otherwise."""
    if name not in stimuli.variables:
        return derived
    stated = stimuli[name].values.astype(np.float64)
    wrong = np.abs(stated - derived) > 1e-6
    if wrong.any():
        raise ValueError(
            f"{name} {_example(stated, wrong, stimuli['stimulus'].values)} is not {derived[wrong][0]:g}, which follows "
            f"from the other parameters: leave {name} out of the table, and give those"
        )
    return np.where(np.isnan(derived), stated, derived)


def _table(kind: str, rows: Rows, attrs: dict[str, float]) -> xr.Dataset:
    """The labelled table of checked rows."""
    entry = KINDS[kind]
    labels = np.arange(len(rows["contrast"]))
    check_rows(kind, {**rows, **{name: np.full(len(labels), value) for name, value in attrs.items()}}, labels)
    table = xr.Dataset({name: ("stimulus", values) for name, values in rows.items()}, {"stimulus": labels})
    for name in rows:
        angle = name.endswith("orientation")
        units = "degrees" if angle else entry.parameters[name].units if name in entry.parameters else ""
        if units:
            table[name].attrs["units"] = units
    table.attrs = {"kind": kind, **attrs}
    times(table)
    return table


def _by_direction(entry: Kind, parameters: dict[str, Any]) -> dict[str, Any]:
    """What moves may be given by its orientation; it is kept by its direction."""
    if "direction" not in entry.parameters or "orientation" not in parameters:
        return parameters
    if "direction" in parameters:
        raise ValueError("give a direction or an orientation, not both: orientation is (direction − 90) mod 180")
    orientations = _values("orientation", KINDS["bar"].parameters["orientation"], parameters["orientation"])
    return {
        "direction" if name == "orientation" else name: orientations + 90 if name == "orientation" else value
        for name, value in parameters.items()
    }


def _direction(stimuli: xr.Dataset, direction: np.ndarray) -> np.ndarray:
    """The direction of a table made by hand, from its orientation where it says no more; refused if they disagree."""
    orientation = stimuli["orientation"].values.astype(np.float64)
    if "direction" not in stimuli:
        return orientation + 90
    apart = (direction - 90 - orientation + 90) % 180 - 90
    wrong = (np.abs(apart) > 1e-6) & (stimuli["contrast"].values != 0 if "contrast" in stimuli else True)
    if wrong.any():
        raise ValueError(
            f"orientation {_example(orientation, wrong, stimuli['stimulus'].values)} is not (direction − 90) mod 180: "
            "leave one of the two out of the table"
        )
    return direction


def _values(name: str, known: Parameter, given: Any) -> np.ndarray:
    """The values of one parameter as a checked array."""
    values = np.atleast_1d(np.asarray(given if isinstance(given, (str, np.ndarray)) else _listed(given)))
    wanted = "text" if known.is_text else "numbers"
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{name} is a value or a list of values; got the shape {values.shape}")
    if (values.dtype.kind not in "US") if known.is_text else (values.dtype.kind not in "fiu"):
        raise ValueError(f"{name} is {known}; got {given!r}, which is no {wanted}")
    values = values if known.is_text else values.astype(np.float64)
    allowed = known.allows(values)
    if not allowed.all():
        wrong = ", ".join(str(value) for value in values[~allowed][:5])
        raise ValueError(f"{name} {wrong}: {name} is {known}{_remedy(name)}")
    repeated = [value for value in dict.fromkeys(values.tolist()) if np.sum(values == value) > 1]
    if repeated:
        raise ValueError(f"{name} goes through {', '.join(str(value) for value in repeated)} more than once")
    return values


def _listed(given: Any) -> Any:
    """A list of what can be gone through once, for example a range or a generator."""
    return list(given) if hasattr(given, "__iter__") else given


def _constant(name: str, known: Parameter, given: Any) -> float:
    values = _values(name, known, given)
    if len(values) > 1:
        raise ValueError(f"{name} is one number for the whole table, which has one time axis; got {given!r}")
    return float(values[0])


def _check_size(rows: Rows, given: dict[str, Any]) -> None:
    """A diameter that nothing shows is a mistake."""
    if "size" in given and "aperture" in rows and np.all(rows["aperture"] == "none"):
        raise ValueError('size has no effect without an aperture; name one, for example aperture="disc"')


def _with_blank(name: str, values: np.ndarray, varied: set[str]) -> np.ndarray:
    """The values with one more row for a blank."""
    if name.endswith("contrast"):
        return np.append(values, 0.0)
    if name not in varied:
        return np.append(values, values[0])
    return np.append(values, np.nan if values.dtype.kind == "f" else "")


def _example(values: np.ndarray, wrong: np.ndarray, labels: np.ndarray) -> str:
    """The first wrong value with its row's name, and how many more there are."""
    first, *more = np.flatnonzero(wrong)
    others = f" (and of {len(more)} more)" if more else ""
    return f"{values[first]} of stimulus {labels[first]}{others}"


def _remedy(name: str) -> str:
    """How to put right what is most often given wrong."""
    return {
        "orientation": "; turned by 180 a grating is the same with phase 180 − phase",
        "contrast": "; more would leave the luminances 0 to 1",
    }.get(name.rpartition("_")[2], "")
