"""MATLAB's files up to version 7, by scipy: what they hold in plain Python, and the way back."""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import scipy.io
import scipy.sparse
from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque, MatReadError

from cortexcnn.exchange.matlab_values import arranged, number_or_array, text

__all__ = ["names_5", "read_5", "write_5"]

_LARGEST = 2**31
"""Bytes of an array: more than version 5 can count."""


def names_5(path: Path) -> list[str]:
    """The names of the variables of a file.

    Raises
    ------
    ValueError
        If it is no MATLAB file.
    """
    try:
        return [name for name, _, _ in scipy.io.whosmat(path)]
    except (ValueError, TypeError, OSError, KeyError, zlib.error, MatReadError, NotImplementedError) as error:
        raise ValueError(f"{path} is no MATLAB file, or a damaged one ({error})") from error


def read_5(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Some variables in plain Python.

    Parameters
    ----------
    path : Path
        A file of version 4 to 7.
    names : sequence of str
        Which of its variables.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If it can't be read, or holds something that only MATLAB can read.

    Notes
    -----
    Whole doubles are stored as small integers. Asked for the types of MATLAB, scipy makes them doubles again and
    drops the imaginary parts of what is complex, which then are read as they are stored.
    """
    try:
        with warnings.catch_warnings(record=True) as lost:
            warnings.simplefilter("always", np.exceptions.ComplexWarning)
            content = scipy.io.loadmat(path, variable_names=list(names), mat_dtype=True)
        stored = scipy.io.loadmat(path, variable_names=list(names)) if lost else content
    except (ValueError, TypeError, OSError, KeyError, zlib.error, MatReadError) as error:
        raise ValueError(f"{path} can't be read: it is damaged ({error})") from error
    return {name: _plain(content.get(name, _ONLY_MATLAB), stored.get(name), name) for name in names}


def write_5(path: Path, content: dict[str, Any]) -> None:
    """Write variables in the forms of :func:`cortexcnn.exchange.matlab_values.as_matlab`, compressed.

    Raises
    ------
    ValueError
        If an array is too large for version 5.
    """
    _refuse_large(content, "the content")
    scipy.io.savemat(path, content, long_field_names=True, do_compression=True)


_ONLY_MATLAB = MatlabOpaque(np.empty((), object))


def _plain(value: Any, stored: Any, where: str) -> Any:
    """A value of MATLAB's type, and as it is stored."""
    if isinstance(value, (MatlabOpaque, MatlabFunction, MatlabObject)):
        raise ValueError(
            f"{where} is an object, a table, a string array or a function, which only MATLAB can read; there, make "
            "it a struct, an array or a cellstr, or name the variables that you need"
        )
    if not isinstance(value, np.ndarray):
        return scipy.sparse.csc_array(value)
    if value.dtype.names is not None:
        structs = np.empty(value.shape, object)
        for place in np.ndindex(value.shape):
            fields = value.dtype.names
            structs[place] = {
                name: _plain(value[place][name], stored[place][name], f"{where}.{name}") for name in fields
            }
        return structs.item() if structs.size == 1 else arranged(structs)
    if value.dtype.kind == "O":
        if value.size and value.flat[0] is None:  # a struct without fields
            return {}
        cells = np.empty(value.shape, object)
        for place, each in np.ndenumerate(value):
            cells[place] = _plain(each, stored[place], where)
        return arranged(cells)
    if value.dtype.kind == "U":
        return text(value.ravel().tolist())
    whole = stored.astype(np.result_type(value.dtype, np.complex64)) if stored.dtype.kind == "c" else value
    return number_or_array(whole.astype(whole.dtype.newbyteorder("="), copy=False))


def _refuse_large(value: Any, where: str) -> None:
    if isinstance(value, dict):
        for name, each in value.items():
            _refuse_large(each, f"{where}.{name}")
    elif isinstance(value, np.ndarray) and value.dtype.kind == "O":
        for each in value.flat:
            _refuse_large(each, where)
    elif isinstance(value, np.ndarray) and value.nbytes >= _LARGEST:
        raise ValueError(f'{where} has {value.nbytes / 2**30:.1f} GiB, and version 5 holds less than 2: version="7.3"')
