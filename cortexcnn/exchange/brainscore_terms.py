"""What Brain-Score calls things, how it turns gratings and counts time: coordinates of either side as the other's.

Both ways are each other's inverse. Gratings are converted by :func:`cortexcnn.stimuli.to_brainscore`, which undoes
itself: what is counter-clockwise from horizontal here is clockwise from vertical there, and the other way round.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr

from cortexcnn.arrays import stimuli_of
from cortexcnn.choices import chosen
from cortexcnn.stimuli import to_brainscore

__all__ = ["CONVENTIONS", "bins_of", "moments_of", "our_gratings", "our_names", "their_gratings", "their_names"]

CONVENTIONS = dict.fromkeys(("brainscore", "cortexcnn"))
"""Whose gratings the coordinates describe."""

_NAMES = {
    "stimulus": "stimulus_id",
    "repeat": "repetition",
    "unit": "neuroid_id",
    "area": "region",
    "subject": "animal",
    "row": "channel_x",
    "column": "channel_y",
}
_GRATING = {"orientation": "orientation", "phase": "phase", "x": "position_x", "y": "position_y", "size": "radius"}
_BIN = ("time_bin_start", "time_bin_end")


def their_names(columns: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Columns of one dimension by Brain-Score's names.

    Examples
    --------
    >>> their_names({"unit": ["cell"], "area": ["V1"], "depth": [1]})
    {'neuroid_id': ['cell'], 'region': ['V1'], 'depth': [1]}
    """
    return _renamed(columns, _NAMES)


def our_names(columns: Mapping[str, np.ndarray], labels: Mapping[str, str]) -> dict[str, np.ndarray]:
    """Columns of one dimension by our names.

    Parameters
    ----------
    columns : mapping of str to ndarray
        By Brain-Score's names.
    labels : mapping of str to str
        Which of them are labels of what here. What usually is that label keeps its own name.

    Examples
    --------
    >>> our_names({"stimulus_id": ["a"], "repetition": [0]}, {"stimulus_id": "stimulus"})
    {'stimulus': ['a'], 'repeat': [0]}
    >>> our_names({"stimulus_id": ["a"], "image_id": ["b"]}, {"image_id": "stimulus"})
    {'stimulus_id': ['a'], 'stimulus': ['b']}
    """
    usual = {theirs: ours for ours, theirs in _NAMES.items() if ours not in labels.values()}
    return _renamed(columns, usual | dict(labels))


def their_gratings(responses: xr.DataArray, convention: str) -> xr.DataArray:
    """Responses to gratings with Brain-Score's coordinates, and the attribute ``convention``; others as they are.

    Parameters
    ----------
    responses : DataArray (stimulus, …)
        With the parameters of stimuli as coordinates.
    convention : str
        "brainscore", or "cortexcnn" for coordinates as they are.

    Returns
    -------
    DataArray (stimulus, …)

    Raises
    ------
    ValueError
        If there are angles, and the stimuli are no still gratings.
    """
    chosen(CONVENTIONS, convention, "convention")
    if not _has_angles(responses):
        return responses
    kind = responses.attrs.get("kind", "unknown")
    if convention == "brainscore" and kind != "grating":
        raise ValueError(
            f"Brain-Score has angles of still gratings alone, and these stimuli are of the kind {kind}; "
            'keep their parameters as they are by convention="cortexcnn", or name the kind in attrs["kind"]'
        )
    if convention == "brainscore":
        known = [name for name in _GRATING if name in responses.coords]
        theirs = to_brainscore(stimuli_of(responses))
        turned = {_GRATING[name]: ("stimulus", theirs[_GRATING[name]].to_numpy()) for name in known}
        responses = responses.drop_vars(known).assign_coords(turned)
    return responses.assign_attrs(convention=convention)


def our_gratings(responses: xr.DataArray, convention: str | None) -> xr.DataArray:
    """Responses with our coordinates in place of Brain-Score's of gratings.

    Parameters
    ----------
    responses : DataArray (stimulus, …)
        With an orientation or a phase, or neither.
    convention : str, optional
        Whose angles they are; None is refused if there are any.

    Returns
    -------
    DataArray (stimulus, …)
        With the kind "grating" if they were Brain-Score's.

    Raises
    ------
    ValueError
        If there are angles, and it isn't said whose, or they are no gratings'.
    """
    if convention is not None:
        chosen(CONVENTIONS, convention, "convention")
    if not _has_angles(responses) or convention == "cortexcnn":
        return responses
    if convention is None:
        raise ValueError(
            "these presentations have an orientation or a phase, and nothing says what they mean: give convention="
            '"brainscore" (0 vertical, clockwise) or "cortexcnn" (0 horizontal, counter-clockwise)'
        )
    theirs = {name: responses[name].values for name in _GRATING.values() if name in responses.coords}
    known = [name for name in ("orientation", "phase", "contrast") if name in responses.coords]
    shown = xr.Dataset({name: responses[name].variable for name in known}, attrs={"kind": "grating"})
    turned = to_brainscore(shown.assign_coords(stimulus=responses["stimulus"].values))
    theirs |= {name: turned[name].to_numpy() for name in theirs if name in known}
    scale = {"y": -1, "size": 2}
    ours = {name: ("stimulus", scale.get(name, 1) * theirs[its]) for name, its in _GRATING.items() if its in theirs}
    return responses.drop_vars(theirs).assign_coords(ours).assign_attrs(kind="grating")


def bins_of(responses: xr.DataArray) -> dict[str, np.ndarray]:
    """Bins of time in milliseconds, to the nanosecond, and what else is known of them.

    Parameters
    ----------
    responses : DataArray (time, …)
        Labelled by the centres of bins in seconds, evenly spaced, or with coordinates ``time_start`` and ``time_end``.

    Returns
    -------
    dict of str to ndarray (time)

    Raises
    ------
    ValueError
        If bins are not known.

    Examples
    --------
    >>> bins_of(xr.DataArray([1, 2], {"time": [0.05, 0.15]}, ("time",)))
    {'time_bin_start': array([  0., 100.]), 'time_bin_end': array([100., 200.])}
    """
    along = {str(name): coord.values for name, coord in responses.coords.items() if coord.dims == ("time",)}
    centre, start, end = (along.pop(name, None) for name in ("time", "time_start", "time_end"))
    if start is None or end is None:
        step = np.diff(centre) if centre is not None else np.empty(0)
        if not len(step) or not (step[0] > 0 and np.allclose(step, step[0], rtol=1e-6)):
            raise ValueError(
                "Brain-Score wants bins of time, and evenly spaced centres of two or more are not here; "
                'say when they begin and end (s) by .assign_coords(time_start=("time", …), time_end=("time", …))'
            )
        start, end = centre - step.mean() / 2, centre + step.mean() / 2
    return {name: np.round(1000 * edge, 6) for name, edge in zip(_BIN, (start, end), strict=True)} | along


def moments_of(bins: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Centres of bins in seconds, and if they don't simply follow each other, when they begin and end.

    Parameters
    ----------
    bins : mapping of str to ndarray (time)
        Columns of ``time_bin``.

    Returns
    -------
    dict of str to ndarray (time)

    Raises
    ------
    ValueError
        If a bin has no start or end, or there are two of the same centre.

    Examples
    --------
    >>> moments_of({"time_bin_start": np.array([0, 100]), "time_bin_end": np.array([100, 200])})
    {'time': array([0.05, 0.15])}
    """
    missing = [name for name in _BIN if name not in bins]
    if missing:
        raise ValueError(f"time_bin has no {' and no '.join(missing)}; it has {', '.join(bins) or 'no coordinates'}")
    start, end = (np.asarray(bins[name], float) for name in _BIN)
    times = {"time": np.round((start + end) / 2, 6) / 1000}
    if len(np.unique(times["time"])) < len(start):
        raise ValueError("two bins of time have the same centre; read them one by one, by .isel(time_bin=[…])")
    width = end - start
    if len(start) < 2 or not (np.allclose(width, width[0]) and np.allclose(start[1:], end[:-1])):
        times |= {"time_start": start / 1000, "time_end": end / 1000}
    return times | {name: each for name, each in bins.items() if name not in _BIN}


def _renamed(columns: Mapping[str, np.ndarray], names: Mapping[str, str]) -> dict[str, np.ndarray]:
    clash = [name for name in columns if names.get(name, name) != name and names[name] in columns]
    if clash:
        raise ValueError(f"{clash[0]} would become {names[clash[0]]}, which is there already; rename one by .rename")
    return {names.get(name, name): each for name, each in columns.items()}


def _has_angles(responses: xr.DataArray) -> bool:
    return any(name in responses.coords and responses[name].dims == ("stimulus",) for name in ("orientation", "phase"))
