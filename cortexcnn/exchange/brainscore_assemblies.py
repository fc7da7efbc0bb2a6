"""Responses as assemblies of Brain-Score [1]_, and back; without Brain-Score itself.

An assembly is presentation × neuroid (× time_bin). Brain-Score stacks all that is known of a dimension into one index,
which no file can hold, so that its files and these functions have flat coordinates; its classes stack them again.

=================== ============================== =======================================================
here                Brain-Score                    of
=================== ============================== =======================================================
stimulus, repeat    stimulus_id, repetition        presentation
unit, area, subject neuroid_id, region, animal     neuroid
row, column         channel_x, channel_y           neuroid: so its extractor of still images numbers maps, row
                                                   first; its extractor of films means columns by channel_x
time (centre, s)    time_bin_start, _end (ms)      time_bin
orientation, phase, orientation, phase, position_x gratings that were presented, in Brain-Score's convention:
x, y, size          position_y, radius             0 vertical, clockwise; y down; radius is half the size
=================== ============================== =======================================================

Everything else keeps its name.

References
----------
.. [1] Schrimpf et al. (2018), bioRxiv 407007.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.exchange.brainscore_terms import (
    bins_of,
    moments_of,
    our_gratings,
    our_names,
    their_gratings,
    their_names,
)
from cortexcnn.exchange.rows import gather, spread

__all__ = ["from_brainscore_assembly", "to_brainscore_assembly"]

_DIMS = ("presentation", "neuroid", "time_bin")
_NUMBER = {"presentation": "presentation_num", "neuroid": "neuroid_num"}
"""What keeps Brain-Score from losing the name of a label that stands alone: it numbers the labels."""


def to_brainscore_assembly(responses: xr.DataArray, *, convention: str = "brainscore") -> xr.DataArray:
    """An assembly of responses, which Brain-Score's ``NeuroidAssembly(…)`` takes as it is.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        A repeat that no unit has is left out, where the stimulus has another. ``time`` are centres of bins that
        follow each other, unless coordinates ``time_start`` and ``time_end`` say otherwise (s).
    convention : str
        Of the parameters of gratings: "brainscore" (default) converts them by
        :func:`cortexcnn.stimuli.to_brainscore`, "cortexcnn" leaves any stimuli as they are. The attribute
        ``convention`` says which.

    Returns
    -------
    DataArray (presentation, neuroid[, time_bin])
        With flat coordinates.

    Raises
    ------
    ValueError
        If angles are of other stimuli than still gratings, bins of time are unknown, or a coordinate has no place
        there: names it.

    Examples
    --------
    >>> responses = xr.DataArray([[1.0], [2.0]], dims=("stimulus", "unit"), attrs={"kind": "grating"},
    ...     coords={"stimulus": ["a", "b"], "unit": ["cell"], "orientation": ("stimulus", [0.0, 45.0])})
    >>> assembly = to_brainscore_assembly(responses)
    >>> assembly.dims, assembly["stimulus_id"].values.tolist(), assembly["orientation"].values.tolist()
    (('presentation', 'neuroid'), ['a', 'b'], [90.0, 45.0])
    """
    responses = their_gratings(check_responses(responses), convention)
    rows = [dim for dim in ("stimulus", "repeat") if dim in responses.dims]
    rest = [dim for dim in ("unit", "time") if dim in responses.dims]
    values = responses.transpose(*rows, *rest).values
    shown = _shown(values, len(rows))
    presented = {name: each[shown] for name, each in spread(responses, rows).items()}
    columns = {"presentation": their_names(presented), "neuroid": their_names(spread(responses, ["unit"]))}
    for dim, number in _NUMBER.items():
        if len(columns[dim]) == 1:
            columns[dim][number] = np.arange(len(next(iter(columns[dim].values()))))
    if "time" in rest:
        columns["time_bin"] = bins_of(responses)
    coords = {name: (dim, each) for dim, known in columns.items() for name, each in known.items()}
    taken = sorted(set(_DIMS) & set(coords))
    if taken:
        raise ValueError(f"{', '.join(taken)} is a dimension there, and here a coordinate; rename it by .rename")
    values = values.reshape(-1, *values.shape[len(rows) :])[shown]
    assembly = xr.DataArray(values, coords, list(columns), responses.name, responses.attrs)
    return assembly.assign_coords({name: each for name, each in responses.coords.items() if not each.dims})


def from_brainscore_assembly(
    assembly: xr.DataArray,
    *,
    convention: str | None = None,
    stimulus: str = "stimulus_id",
    repeat: str = "repetition",
    unit: str = "neuroid_id",
) -> xr.DataArray:
    """Responses out of an assembly, of Brain-Score's classes or flat.

    Parameters
    ----------
    assembly : DataArray (presentation, neuroid[, time_bin])
        Its dimensions in any order, its presentations too.
    convention : str, optional
        Of orientations and phases of gratings: "brainscore" or "cortexcnn". By default what the attribute
        ``convention`` says; where nothing does, angles are refused.
    stimulus, repeat, unit : str
        Coordinates that name them; old assemblies have ``image_id``. Without such a coordinate of repeats the
        presentations of a stimulus are numbered as they come, if any has several.

    Returns
    -------
    DataArray (stimulus, unit[, repeat][, time])
        NaN where a stimulus lacks a repeat. ``time`` are the centres of bins; ``time_start`` and ``time_end`` stand
        beside it if the bins don't simply follow each other (s).

    Raises
    ------
    TypeError
        If it is no DataArray.
    ValueError
        If dimensions or labels are missing, two presentations are the same stimulus and repeat, or it isn't said
        what angles mean.
    """
    columns = _columns(assembly)
    presented = our_names(
        _labelled(columns["presentation"], "presentation", stimulus), {stimulus: "stimulus", repeat: "repeat"}
    )
    recorded = our_names(_labelled(columns["neuroid"], "neuroid", unit), {unit: "unit"})
    nth = pd.Series(presented["stimulus"]).groupby(presented["stimulus"]).cumcount().to_numpy()
    if "repeat" not in presented and nth.any():
        presented["repeat"] = nth
    rows = [dim for dim in ("stimulus", "repeat") if dim in presented]
    values, coords = gather(assembly.transpose(*columns).values, presented, rows)
    coords |= {name: ("unit", each) for name, each in recorded.items()}
    if "time_bin" in columns:
        coords |= {name: ("time", each) for name, each in moments_of(columns["time_bin"]).items()}
    coords |= {str(name): each.item() for name, each in assembly.coords.items() if not each.dims}
    attrs = dict(assembly.attrs)
    noted = attrs.pop("convention", None)
    table = xr.DataArray(values, coords, (*rows, "unit", "time")[: values.ndim], assembly.name, attrs)
    return check_responses(our_gratings(table.transpose("stimulus", "unit", ...), convention or noted))


def _shown(values: np.ndarray, rows: int) -> np.ndarray:
    """Which presentations (stimulus × repeat) took place; of a stimulus without any, all count."""
    took = ~np.isnan(values).all(axis=tuple(range(rows, values.ndim))).reshape(len(values), -1)
    return (took | ~took.any(axis=1, keepdims=True)).ravel()


def _columns(assembly: xr.DataArray) -> dict[str, dict[str, np.ndarray]]:
    """All that is known of each dimension."""
    if not isinstance(assembly, xr.DataArray):
        raise TypeError(f"an assembly is an xarray.DataArray; got {type(assembly).__qualname__}")
    if set(assembly.dims) not in (set(_DIMS[:2]), set(_DIMS)):
        raise ValueError(
            f"an assembly has the dimensions presentation and neuroid, and may have time_bin; this one has "
            f"{', '.join(map(str, assembly.dims))}"
        )
    flat = xr.DataArray(assembly).reset_index([dim for dim in assembly.dims if dim in assembly.indexes])
    several = [str(name) for name, each in flat.coords.items() if each.ndim > 1]
    if several:
        raise ValueError(
            f"the coordinates {', '.join(several)} are of several dimensions; leave them out by .drop_vars"
        )
    dims = _DIMS[: assembly.ndim]
    return {dim: {str(name): each.values for name, each in flat.coords.items() if each.dims == (dim,)} for dim in dims}


def _labelled(columns: dict[str, np.ndarray], dim: str, label: str) -> dict[str, np.ndarray]:
    """The columns of a dimension, its label first, without numbers that only stood beside it."""
    if label not in columns:
        raise ValueError(f"{dim} has no {label}; it has {', '.join(columns) or 'no coordinates'}")
    others = {name: each for name, each in columns.items() if name != label}
    return {label: columns[label]} | (others if list(others) != [_NUMBER[dim]] else {})
