"""Responses as assemblies of Brain-Score [1]_, in memory and as its netCDF files, and back; without Brain-Score itself.

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

from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
from cortexcnn.exchange.plain import free
from cortexcnn.exchange.rows import gather, spread

__all__ = [
    "from_brainscore_assembly",
    "read_brainscore_assembly",
    "to_brainscore_assembly",
    "write_brainscore_assembly",
]

_DIMS = ("presentation", "neuroid", "time_bin")
_UNNAMED = "data"
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
    shown = _shown(values, rows)
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
    presented = _labelled(columns["presentation"], "presentation", stimulus, "stimulus_id")
    recorded = _labelled(columns["neuroid"], "neuroid", unit, "neuroid_id")
    if repeat in presented:
        presented = {"repetition" if name == repeat else name: each for name, each in presented.items()}
    elif (nth := _nth(presented["stimulus_id"])).any():
        presented["repetition"] = nth
    presented, recorded = our_names(presented), our_names(recorded)
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


def write_brainscore_assembly(
    responses: xr.DataArray, path: str | Path, *, convention: str = "brainscore", overwrite: bool = False
) -> Path:
    """Write responses as a netCDF file of an assembly.

    ``NeuroidAssembly.from_files(path)`` of Brain-Score opens it.

    Parameters
    ----------
    responses, convention
        As of :func:`to_brainscore_assembly`.
    path : str or Path
        Ends in ``.nc``. It is written beside, and takes its name when it is complete.
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
        If :func:`to_brainscore_assembly` does, or an attribute can't be written: names it.
    """
    assembly = to_brainscore_assembly(responses, convention=convention)
    path = free(path, ".nc", overwrite=overwrite)
    assembly.attrs = {str(name): _plain(value, str(name)) for name, value in assembly.attrs.items()}
    part = path.with_name(f"{path.name}.part")
    assembly.rename(assembly.name or _UNNAMED).to_netcdf(part, engine="h5netcdf")
    part.replace(path)
    return path


def read_brainscore_assembly(path: str | Path, **options: Any) -> xr.DataArray:
    """Responses out of a netCDF file of an assembly.

    Parameters
    ----------
    path : str or Path
        As Brain-Score's ``write_netcdf`` or :func:`write_brainscore_assembly` has written it.
    **options
        As of :func:`from_brainscore_assembly`.

    Returns
    -------
    DataArray (stimulus, unit[, repeat][, time])

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such file, or :func:`from_brainscore_assembly` refuses it.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        held = xr.load_dataset(path, engine="h5netcdf", decode_timedelta=False)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(f"{path} is no netCDF-4 file ({error})") from error
    if len(held.data_vars) != 1:
        raise ValueError(f"an assembly is one array; {path} holds {', '.join(map(str, held.data_vars)) or 'none'}")
    assembly = next(iter(held.data_vars.values()))
    if assembly.name == _UNNAMED:
        assembly = assembly.rename(None)
    return from_brainscore_assembly(assembly.assign_attrs(held.attrs | assembly.attrs), **options)


def _shown(values: np.ndarray, rows: Sequence[str]) -> np.ndarray:
    """Which presentations (stimulus × repeat) took place; of a stimulus without any, all count."""
    took = ~np.isnan(values).all(axis=tuple(range(len(rows), values.ndim)))
    return (took | ~took.any(axis=-1, keepdims=True)).ravel() if len(rows) > 1 else np.ones(took.size, bool)


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


def _labelled(columns: dict[str, np.ndarray], dim: str, label: str, name: str) -> dict[str, np.ndarray]:
    """The columns of a dimension, its label first and by this name, without numbers that only stood beside it."""
    if label not in columns:
        raise ValueError(f"{dim} has no {label}; it has {', '.join(columns) or 'no coordinates'}")
    others = {known: each for known, each in columns.items() if known != label}
    if list(others) == [_NUMBER[dim]]:
        others = {}
    return {name: columns[label], **others}


def _nth(labels: np.ndarray) -> np.ndarray:
    """How often each label has been there before."""
    return pd.Series(labels).groupby(labels).cumcount().to_numpy()


def _plain(value: Any, name: str) -> Any:
    """An attribute that a file can hold."""
    value = int(value) if isinstance(value, (bool, np.bool_)) else value
    if not isinstance(value, (str, int, float, np.number, np.ndarray, list, tuple)):
        raise ValueError(f"the attribute {name} is {value!r}, which a file can't hold; make it a number or text")
    return value
