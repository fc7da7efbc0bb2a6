"""What MATLAB holds in plain Python, whichever version of its files it is from, and plain Python in MATLAB's forms."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.exchange.plain import to_plain

__all__ = ["arranged", "as_matlab", "number_or_array", "text"]

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,62}")
_DTYPES = {np.dtype(code).name for code in "?bhilqBHILQfdFD"}
_EXACT = 2**53
"""The whole numbers up to here are doubles."""


def arranged(values: np.ndarray) -> list:
    """Cells or structs of an array as a list, if they stand in a row or a column, else as lists of lists.

    Parameters
    ----------
    values : ndarray of object
        Whatever has been read.

    Returns
    -------
    list

    Examples
    --------
    >>> arranged(np.array([[1], [2]], object)), arranged(np.array([[1, 2], [3, 4]], object))
    ([1, 2], [[1, 2], [3, 4]])
    """
    if not values.size:
        return []
    return list(values.ravel()) if values.ndim == 2 and 1 in values.shape else values.tolist()


def number_or_array(values: np.ndarray) -> Any:
    """Numbers in the shape that they have in MATLAB; a single one by itself.

    Examples
    --------
    >>> number_or_array(np.array([[2.5]])), number_or_array(np.array([[1, 2]]))
    (2.5, array([[1, 2]]))
    """
    return values.item() if values.shape in {(), (1, 1)} else values


def text(rows: list[str]) -> str | list[str]:
    """A row of characters as text; several as a list, without the spaces that make them equally long.

    Examples
    --------
    >>> text(["one row "]), text(["two ", "rows"]), text([])
    ('one row ', ['two', 'rows'], '')
    """
    if len(rows) < 2:
        return "".join(rows)
    return [row.rstrip(" ") for row in rows]


def as_matlab(value: Any, where: str) -> Any:
    """A value in the forms that writers know: struct (dict), text (str), rows of text, cells and numbers (ndarray).

    Parameters
    ----------
    value : table, mapping, list, ndarray, str or number
        A table of responses or RDMs becomes a struct of its parts; a mapping a struct; a list cells; an array of text
        rows of characters if it comes back from them, else cells, of which thousands take seconds; a whole number a
        double, if it is one exactly. Arrays of one dimension become a column.
    where : str
        Its name, for errors.

    Returns
    -------
    dict, str, or ndarray
        An ndarray has 2 dimensions at least, one if it is of text; of objects if it holds cells.

    Raises
    ------
    TypeError
        If MATLAB's files hold no such thing: names it.
    ValueError
        If a field has a name that MATLAB does not allow, or a whole number is too large.
    """
    if isinstance(value, xr.DataArray):
        value = to_plain(value)
    if isinstance(value, Mapping):
        return {_name(key, where): as_matlab(each, f"{where}.{key}") for key, each in value.items()}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (list, tuple)):
        cells = np.empty((len(value), 1), object)
        for number, each in enumerate(value):
            cells[number, 0] = as_matlab(each, f"{where}{{{number + 1}}}")
        return cells
    array = np.asarray(_whole(value, where) if type(value) is int else value)
    if array.dtype.kind == "U" and _are_rows(array):
        return array
    if array.dtype.kind in "UTO" and (array.ndim or isinstance(array.item(), str)):
        cells = np.empty(array.shape, object)
        for place, each in np.ndenumerate(array):
            cells[place] = as_matlab(each, f"{where}{{{place}}}")
        return _at_least_2d(cells) if array.ndim else cells.item()
    if array.dtype.name not in _DTYPES:
        given = array.dtype if isinstance(value, (np.ndarray, np.generic)) else type(value).__qualname__
        raise TypeError(f"{where} is {given}, which MATLAB's files don't hold; make it numbers, text, a list or a dict")
    return _at_least_2d(array.astype(array.dtype.newbyteorder("="), copy=False))


def _are_rows(array: np.ndarray) -> bool:
    """Whether text comes back from a matrix of characters, whose rows are filled up with spaces."""
    if array.ndim != 1 or len(array) < 2 or not np.strings.str_len(array).any():
        return False
    letters = np.ascontiguousarray(array).view(np.uint32)
    return not np.strings.endswith(array, " ").any() and letters.max() < 2**16  # of 16 bits each


def _at_least_2d(array: np.ndarray) -> np.ndarray:
    """As MATLAB has it: a vector is a column."""
    return array.reshape(-1, 1) if array.ndim < 2 else array


def _name(key: object, where: str) -> str:
    if not _NAME.fullmatch(str(key)):
        raise ValueError(
            f"{key!r} in {where} is no name that MATLAB allows: a letter, then letters, digits and underscores, 63 at "
            "most; rename it"
        )
    return str(key)


def _whole(value: int, where: str) -> float | np.integer:
    if abs(value) <= _EXACT:
        return float(value)
    if -(2**63) <= value < 2**63:
        return np.int64(value)
    raise ValueError(f"{where} is {value}, and MATLAB's whole numbers have 64 bits at most")
