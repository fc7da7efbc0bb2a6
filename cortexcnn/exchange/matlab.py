"""MATLAB's files of every version: into plain Python, tables out of their variables, and both into them.

===================== ====================================================================================
in MATLAB             here
===================== ====================================================================================
numbers, logicals     an array in MATLAB's own shape, 2 dimensions at least; one alone is a Python number
text                  text; several rows are a list, without the spaces at their ends
struct                a dict
cells, struct array   a list if they stand in a row or a column, else lists of lists
what is empty         an empty array, "" or []
sparse                a ``scipy.sparse.csc_array``
===================== ====================================================================================

The same variable saved in another version reads the same.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from cortexcnn.choices import chosen, nearest
from cortexcnn.exchange.matlab_5 import names_5, read_5, write_5
from cortexcnn.exchange.matlab_73 import names_73, read_73, write_73
from cortexcnn.exchange.matlab_values import as_matlab
from cortexcnn.exchange.plain import free, from_array, from_plain

__all__ = ["read_matlab", "read_matlab_table", "write_matlab"]

_WRITERS = {"5": write_5, "7.3": write_73}


def read_matlab(path: str | Path, variables: Sequence[str] | None = None) -> dict[str, Any]:
    """Variables of a MATLAB file in plain Python: see above.

    Parameters
    ----------
    path : str or Path
        A ``.mat`` file of version 4 to 7.3.
    variables : sequence of str, optional
        Which to read. By default all.

    Returns
    -------
    dict
        By name.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no MATLAB file, lacks a variable (says which it has), or one holds what only MATLAB can read: an
        object, a table, a string array, a function.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = write_matlab({"areas": ["V1", "V2"], "cell": {"name": "a7", "depth": 1.5}}, f"{folder}/a.mat")
    ...     read_matlab(file, ["cell"])
    {'cell': {'name': 'a7', 'depth': 1.5}}
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    names, read = (names_73, read_73) if h5py.is_hdf5(path) else (names_5, read_5)
    there = names(path)
    wanted = there if variables is None else list(variables)
    missing = [name for name in wanted if name not in there]
    if missing:
        raise ValueError(
            f"{path} has no variable {', '.join(missing)}; it has {', '.join(there) or 'none'}."
            f"{nearest(missing[0], there)}"
        )
    return read(path, wanted)


def read_matlab_table(
    path: str | Path,
    variable: str,
    *,
    dims: Sequence[str] | None = None,
    coords: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """Responses or RDMs out of a variable of a MATLAB file.

    Parameters
    ----------
    path : str or Path
        A ``.mat`` file of version 4 to 7.3.
    variable : str
        Its name; with dots into structs, e.g. "session.rates".
    dims : sequence of str, optional
        What its dimensions are, in MATLAB's order, as in :func:`cortexcnn.exchange.from_array`: e.g. ``("subject",
        "stimulus", "stimulus2")`` or ``("subject", "pair")``. A vector has as many as it is named. Without them, the
        variable is a table that :func:`write_matlab` has written.
    coords : mapping, optional
        As in :func:`cortexcnn.exchange.from_array`; vectors may be rows or columns.

    Returns
    -------
    DataArray

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file or variable, or it is no such table.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     file = write_matlab({"session": {"rates": np.ones((3, 2))}}, f"{folder}/a.mat")
    ...     read_matlab_table(file, "session.rates", dims=("unit", "stimulus"), coords={"stimulus": ["a", "b"]}).shape
    (3, 2)
    """
    names, walked = variable.split("."), list[str]()
    value: Any = read_matlab(path, names[:1])
    for name in names:
        if not isinstance(value, dict) or name not in value:
            fields = f"it has {', '.join(value)}" if isinstance(value, dict) else "it is no struct"
            raise ValueError(f"no field {name} in {'.'.join(walked)} of {path}; {fields}")
        walked.append(name)
        value = value[name]
    if dims is None:
        if not isinstance(value, dict):
            raise ValueError(f"{variable} of {path} is no table written by write_matlab; say what its dims are")
        return _table(value, f"{variable} of {path}")
    if isinstance(value, (dict, str, list)):
        raise ValueError(f"{variable} of {path} is no array of numbers but a {type(value).__name__}")
    flat = {name: each if isinstance(each, tuple) else _vector(each) for name, each in (coords or {}).items()}
    return from_array(_shaped(value, len(dims)), dims=dims, coords=flat)


def write_matlab(
    content: Mapping[str, Any], path: str | Path, *, version: str = "7.3", overwrite: bool = False
) -> Path:
    """Write tables and plain Python as variables of a MATLAB file.

    Parameters
    ----------
    content : mapping
        By the name of the variable: tables of responses or RDMs, arrays, numbers, text, lists and dicts. A table
        becomes a struct of ``values``, ``dims``, ``coords`` (each with ``values`` and ``dims``), ``attrs`` and
        ``name``, which :func:`read_matlab_table` makes a table again; a list becomes cells, an array of text a matrix
        of characters, which MATLAB's ``cellstr`` makes cells.
    path : str or Path
        Ends in ``.mat``. It is written beside, and takes its name when it is complete.
    version : {"7.3", "5"}
        "5" is read by everything and holds less than 2 GiB a variable.
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
    TypeError, ValueError
        If something is not to be had in MATLAB (moments, None, float16), or has a name that it doesn't allow.
    """
    write = chosen(_WRITERS, version, "version")
    variables = as_matlab(dict(content), "the content")
    path = free(path, ".mat", overwrite=overwrite)
    part = path.with_name(f"{path.stem}.part.mat")
    write(part, variables)
    part.replace(path)
    return path


def _table(struct: dict[str, Any], what: str) -> xr.DataArray:
    """A table out of its struct, in which vectors have become columns and last dimensions of size 1 are gone."""
    parts = dict(struct)
    if {"values", "dims", "coords", "attrs"} <= struct.keys():
        parts["values"] = _shaped(struct["values"], len(struct["dims"]))
        sizes = dict(zip(struct["dims"], parts["values"].shape, strict=False))
        parts["coords"] = {name: _fitting(coord, sizes) for name, coord in struct["coords"].items()}
        columns = {name: each for name, each in struct["attrs"].items() if getattr(each, "shape", ())[1:] == (1,)}
        parts["attrs"] = {**struct["attrs"], **{name: each.reshape(-1) for name, each in columns.items()}}
    return from_plain(parts, what=what)


def _fitting(coord: dict[str, Any], sizes: dict[str, int]) -> dict[str, Any]:
    """A coordinate in the shape of its dimensions."""
    values, shape = np.asarray(coord["values"]), [sizes.get(dim, 0) for dim in coord["dims"]]
    return {"dims": coord["dims"], "values": values.reshape(shape) if values.size == np.prod(shape) else values}


def _shaped(values: Any, ndim: int) -> np.ndarray:
    """With as many dimensions as it is to have: MATLAB has two at least, and no last ones of size 1."""
    array = np.asarray(values)
    if ndim == 1 and array.size in array.shape:
        return array.reshape(-1)
    return array.reshape(array.shape + (1,) * (ndim - array.ndim))


def _vector(values: Any) -> np.ndarray:
    array = np.asarray(values)
    return array.reshape(-1) if array.ndim == 2 and 1 in array.shape else array
