"""Every unit with stimuli of its own, as an experimenter shows each neuron what it prefers.

Neurons are recorded one after another, so each is tested at its own best orientation, frequency and place. Units of a
layer answer all at once, to everything: here each unit's table is made, equal rows of different units are shown once,
and of all answers each unit keeps those to its own stimuli.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from tqdm import tqdm

from cortexcnn.arrays import check_stimuli, content_hash, groups, is_blank
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.record import record
from cortexcnn.stimuli import KINDS
from cortexcnn.stimuli.kinds import unknown

__all__ = ["check_own", "own_stimuli", "record_own"]

_LARGEST = 2**25
"""Responses that are held at once before each unit's own are picked."""


def record_own(
    network: Recordable,
    stimuli: xr.Dataset,
    own: xr.Dataset,
    *,
    window: bool = True,
    batch: int | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """Record the responses of each unit to stimuli of its own.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``.
    stimuli : Dataset (stimulus)
        What all units are shown; its blanks stay as they are.
    own : Dataset (unit)
        The units, with layer, channel, row and column along ``unit``, and what is each unit's own: variables
        ``(unit)`` or ``(unit, stimulus)`` that are named as parameters of the stimuli, and take their place.
    window, batch, progress
        As of :func:`cortexcnn.record`.

    Returns
    -------
    DataArray (stimulus, unit)
        Along ``stimulus`` the parameters that all units share, and those that are ``(unit, stimulus)`` as the shared
        table has them: in the unit's own frame. Along ``unit`` what ``own`` has there, and ``own_…``, each unit's own
        value of a parameter that does not vary.

    Raises
    ------
    ValueError
        If a variable of ``own`` is no parameter of these stimuli, or has other dimensions.

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> from cortexcnn.stimuli import sweep
    >>> cells = load("classical_v1", degrees=4, pixels=64)
    >>> units = record(cells, sweep("grating"), layers=["simple"], progress=False).isel(unit=[0, 40])
    >>> own = units["unit"].coords.to_dataset().assign(orientation=("unit", [0.0, 90.0]))
    >>> found = record_own(cells, sweep("grating", contrast=[0.1, 1.0]), own, progress=False)
    >>> found.shape, found.own_orientation.values.tolist()
    ((2, 2), [0.0, 90.0])
    """
    check_own(stimuli, own)
    answers = []
    with tqdm(total=own.sizes["unit"], desc="each unit's own", disable=not progress, leave=False) as bar:
        for layer, _ in groups(own["layer"], "layer"):
            index = np.flatnonzero(own["layer"].values == layer)
            step = max(1, int((_LARGEST / stimuli.sizes["stimulus"]) ** 0.5))
            for start in range(0, len(index), step):
                some = own.isel(unit=index[start : start + step])
                rows, which = own_stimuli(stimuli, some)
                everything = record(network, rows, units=some, window=window, batch=batch, progress=False)
                answers.append(_picked(everything, some, which))
                bar.update(some.sizes["unit"])
    together = xr.concat(answers, "unit").sel(unit=own["unit"].values)
    return _labelled(together, stimuli, own)


def own_stimuli(stimuli: xr.Dataset, own: xr.Dataset) -> tuple[xr.Dataset, np.ndarray]:
    """The stimuli of all units, equal ones once, and which of them is each unit's.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        What all units are shown.
    own : Dataset (unit)
        What is each unit's own: see :func:`record_own`.

    Returns
    -------
    rows : Dataset (stimulus)
        Every row that some unit is shown.
    which : ndarray of int (stimulus, unit)
        For each row of the shared table and each unit, the number of its row.

    Examples
    --------
    >>> from cortexcnn.stimuli import sweep
    >>> own = xr.Dataset({"orientation": ("unit", [0.0, 90.0, 0.0])}, {"unit": ["a", "b", "c"]})
    >>> rows, which = own_stimuli(sweep("grating", contrast=[0.1, 1.0], blank=True), own)
    >>> rows.sizes["stimulus"], which.tolist()
    (5, [[0, 3, 0], [1, 4, 1], [2, 2, 2]])
    """
    known = KINDS[stimuli.attrs["kind"]].parameters
    count, units = stimuli.sizes["stimulus"], own.sizes["unit"]
    blank = np.tile(is_blank(stimuli).values, units)
    columns = {}
    for name in [name for name in known if name in stimuli or name in own]:
        column = np.tile(stimuli[name].values, units)
        if name in own:
            mine = own[name].values if "stimulus" not in own[name].dims else own[name].transpose("unit", ...).values
            column = np.where(blank, column, np.broadcast_to(mine.reshape(units, -1), (units, count)).ravel())
        columns[str(name)] = column
    table = pd.DataFrame(columns)
    which = table.groupby(list(columns), sort=False, dropna=False).ngroup().to_numpy()
    _, first = np.unique(which, return_index=True)
    rows = xr.Dataset(
        {name: ("stimulus", column[first]) for name, column in columns.items()},
        {"stimulus": np.arange(len(first))},
        stimuli.attrs,
    )
    return rows, which.reshape(units, count).T


def check_own(stimuli: xr.Dataset, own: xr.Dataset) -> xr.Dataset:
    """Refuse what can't be a unit's own.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        What all units are shown.
    own : Dataset (unit)
        What is each unit's own.

    Returns
    -------
    Dataset
        ``own``.

    Raises
    ------
    ValueError
        If it has no units, or a variable of it is no parameter of these stimuli, or has other dimensions.
    """
    kind = check_stimuli(stimuli).attrs["kind"]
    known = KINDS[kind].parameters
    if "unit" not in own.indexes or not own.sizes["unit"]:
        raise ValueError("own is a table of units with labels along unit, as responses and measures have them")
    strange = [str(name) for name in own.data_vars if name not in known]
    if strange:
        raise ValueError(unknown(f"parameter of a {kind}", strange, known))
    for name, column in own.data_vars.items():
        if column.dims != ("unit",) and set(column.dims) != {"unit", "stimulus"}:
            raise ValueError(f"{name} is each unit's own, (unit) or (unit, stimulus); it has {column.dims}")
    return own


def _picked(everything: xr.DataArray, some: xr.Dataset, which: np.ndarray) -> xr.DataArray:
    """Of all responses of some units those to each unit's own stimuli, along rows of the shared table."""
    table = everything.transpose("stimulus", "unit", ...)
    picked = xr.DataArray(
        table.values[which, np.arange(which.shape[1])],
        dims=("row", *table.dims[1:]),
        coords={name: coord for name, coord in table.coords.items() if "stimulus" not in coord.dims},
        attrs=table.attrs,
    )
    return picked.assign_coords(unit=some["unit"].values)


def _labelled(together: xr.DataArray, stimuli: xr.Dataset, own: xr.Dataset) -> xr.DataArray:
    """With what all units share along stimulus, and with what is a unit's own along unit."""
    mine = [name for name in own.data_vars if own[name].dims == ("unit",)]
    follow = [name for name in KINDS[stimuli.attrs["kind"]].derived if name in stimuli and name != "contrast"]
    shared = stimuli.drop_vars([*(name for name in mine if name != "contrast"), *(follow if mine else ())])
    coords = {str(name): ("stimulus", shared[name].values) for name in shared.variables}
    coords |= {f"own_{name}": ("unit", own[name].values) for name in mine}
    coords |= {str(name): ("unit", coord.values) for name, coord in own.coords.items() if coord.dims == ("unit",)}
    attrs = {**together.attrs, "electrode": "own", "stimuli_hash": content_hash(stimuli, own)}
    return together.rename(row="stimulus").assign_coords(coords).assign_attrs(attrs)
