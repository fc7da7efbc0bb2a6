"""Tables as rows, one a presentation: the form that most other tools hold, with a column for each label and parameter.

A column belongs to one dimension: a parameter to stimuli, a layer to units. Which one is seen from the values, for a
parameter is the same in all rows of a stimulus; where several dimensions would do (a column that never changes), it is
that of the nearest column of labels to its left, as :func:`spread` puts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

__all__ = ["column", "gather", "joined", "spread", "whole"]

_RISING = ("repeat", "time")
"""Dimensions whose labels have an order of their own, if they are numbers."""


def spread(table: xr.DataArray, dims: Sequence[str]) -> dict[str, np.ndarray]:
    """Labels and coordinates of some dimensions, one value a row; the last dimension counts fastest.

    Parameters
    ----------
    table : DataArray
        With these dimensions; one without labels is numbered.
    dims : sequence of str
        What the rows run through.

    Returns
    -------
    dict of str to ndarray (row)
        The labels of each dimension and behind them its coordinates, then coordinates of several of these dimensions.
        Text is there as objects, so that many rows may share it.

    Raises
    ------
    ValueError
        If a dimension is empty, or a coordinate is of one of these dimensions and of another one too, or would be taken
        for repeats or times: names it.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((2, 2)), {"stimulus": ["a", "b"], "size": ("stimulus", [1, 2])},
    ...     ("stimulus", "repeat"))
    >>> {name: values.tolist() for name, values in spread(table, ["stimulus", "repeat"]).items()}
    {'stimulus': ['a', 'a', 'b', 'b'], 'size': [1, 1, 2, 2], 'repeat': [0, 1, 0, 1]}
    """
    _refuse_crossing(table, dims)
    sizes = [table.sizes[dim] for dim in dims]
    if 0 in sizes:
        raise ValueError(f"a table without any {dims[sizes.index(0)]} has no rows or columns to hold the rest of it")
    number = dict(zip(dims, np.indices(sizes).reshape(len(dims), int(np.prod(sizes))), strict=True))
    inside = {name: coord for name, coord in table.coords.items() if coord.ndim and set(coord.dims) <= set(dims)}
    columns: dict[str, np.ndarray] = {}
    for dim in dims:
        own = {dim: table[dim]} | {name: coord for name, coord in inside.items() if coord.dims == (dim,)}
        columns |= {str(name): _shareable(coord.values)[number[dim]] for name, coord in own.items()}
    for name, coord in inside.items():
        if coord.ndim > 1:
            columns[str(name)] = _shareable(coord.values)[tuple(number[str(dim)] for dim in coord.dims)]
    return columns


def gather(
    values: np.ndarray, columns: Mapping[str, Iterable[Any]], dims: Sequence[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Rows put back into dimensions, by their labels.

    Parameters
    ----------
    values : ndarray (row, …)
        What was measured.
    columns : mapping of str to values (row)
        The labels of all ``dims``, and what else is known of the rows.
    dims : sequence of str
        Which columns are labels. They come in the order in which they first appear, but repeat and time rise.

    Returns
    -------
    values : ndarray (dims, …)
        NaN where there is no row.
    coords : dict
        Labels, and the other columns along the dimension that they belong to: along all ``dims`` if they change within
        each of them.

    Raises
    ------
    ValueError
        If a label is missing, or two rows have the same: names them.

    Examples
    --------
    >>> gather(np.array([1, 2, 3]), {"stimulus": ["a", "b", "b"], "size": [1, 2, 2], "repeat": [0, 0, 1]},
    ...     ["stimulus", "repeat"])[0]
    array([[ 1., nan],
           [ 2.,  3.]])
    """
    coded = {name: _coded(each) for name, each in columns.items()}
    coded |= {dim: _as_labels(*coded[dim], dim) for dim in dims}
    shape = tuple(len(coded[dim][1]) for dim in dims)
    place = np.ravel_multi_index(tuple(coded[dim][0] for dim in dims), shape)
    _refuse_twice(place, coded, dims)
    first = {dim: np.unique(coded[dim][0], return_index=True)[1] for dim in dims}
    coords: dict[str, Any] = {dim: coded[dim][1] for dim in dims}
    left = dims[0]
    for name, (number, distinct) in coded.items():
        if name in dims:
            left = name
            continue
        at = (dim for dim in (left, *dims) if np.array_equal(number[first[dim]][coded[dim][0]], number))
        owner = next(at, None)
        if owner is None:
            coords[name] = (tuple(dims), _filled(distinct[number], place, shape))
        else:
            coords[name] = (owner, distinct[number[first[owner]]])
    return _filled(values, place, shape), coords


def joined(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Columns or coordinates of several dimensions together, unless two have one name.

    Raises
    ------
    ValueError
        If two have one name: names it.
    """
    together: dict[str, Any] = {}
    for part in parts:
        if both := together.keys() & part.keys():
            raise ValueError(f"{', '.join(sorted(both))} would be there twice; rename one of them")
        together |= part
    return together


def whole(table: xr.DataArray) -> dict[str, Any]:
    """What is said of a whole table: its attributes, and coordinates without a dimension."""
    alone = {str(name): coord.item() for name, coord in table.coords.items() if not coord.dims}
    return {**{str(name): value for name, value in table.attrs.items()}, **alone}


def column(values: Iterable[Any]) -> np.ndarray:
    """Values as an array of numbers or of text; of objects only where they are neither.

    Examples
    --------
    >>> column(["a", "bc"]), column([1, 2.5]), column([1, "a"])
    (array(['a', 'bc'], dtype='<U2'), array([1. , 2.5]), array([1, 'a'], dtype=object))
    """
    array = values if isinstance(values, np.ndarray) else pd.Series(list(values)).to_numpy()
    if array.dtype.kind in "OT" and array.size and all(isinstance(value, str) for value in array.flat):
        return array.astype(str)
    return array


def _refuse_crossing(table: xr.DataArray, dims: Sequence[str]) -> None:
    """Refuse coordinates that no row can hold, or that rows would be told apart by."""
    posing = [name for name in _RISING if name in table.coords and table.coords[name].ndim and name not in table.dims]
    if posing:
        raise ValueError(f"the coordinate {posing[0]} is no dimension of this table; call it otherwise by .rename")
    crossing = [
        str(name) for name, coord in table.coords.items() if set(coord.dims) & set(dims) and set(coord.dims) - set(dims)
    ]
    if crossing:
        raise ValueError(
            f"the coordinates {', '.join(crossing)} run along {' and '.join(dims)} and along another dimension, which "
            f"rows can't hold; leave them out by .drop_vars({crossing})"
        )


def _shareable(values: np.ndarray) -> np.ndarray:
    return values.astype(object) if values.dtype.kind in "UT" else values


def _coded(values: Iterable[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Which of its distinct values each row has, and these in the order in which they first appear."""
    some = values if isinstance(values, (np.ndarray, pd.Series, pd.Index)) else column(values)
    number, distinct = pd.factorize(some, use_na_sentinel=False)
    return number, column(np.asarray(distinct))


def _as_labels(number: np.ndarray, labels: np.ndarray, dim: str) -> tuple[np.ndarray, np.ndarray]:
    """The same, of a dimension: no label is missing, and those with an order of their own rise."""
    missing = np.flatnonzero(pd.isna(labels)[number])
    if missing.size:
        raise ValueError(f"{missing.size} rows have no label of {dim}, the first of them row {missing[0]}")
    if dim in _RISING and labels.dtype.kind in "iuf":
        order = np.argsort(labels)
        return np.argsort(order)[number], labels[order]
    return number, labels


def _refuse_twice(place: np.ndarray, coded: Mapping[str, tuple[np.ndarray, np.ndarray]], dims: Sequence[str]) -> None:
    """Refuse two rows for one place."""
    twice = np.flatnonzero(pd.Series(place).duplicated())
    if twice.size:
        where = ", ".join(f"{dim} {coded[dim][1][coded[dim][0][twice[0]]]}" for dim in dims)
        raise ValueError(
            f"{twice.size} rows have labels that an earlier row has, the first of them {where}; name what tells them "
            "apart as the repeat, or average them"
        )


def _filled(values: np.ndarray, place: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Rows at their places, and where there is none NaN (for text, nothing; for a moment, NaT)."""
    size, rest = int(np.prod(shape)), values.shape[1:]
    if len(place) == size:
        result = np.empty((size, *rest), values.dtype)
    elif values.dtype.kind == "U":
        result = np.full((size, *rest), "", values.dtype)
    elif values.dtype.kind in "mMO":
        result = np.full((size, *rest), None, values.dtype)
    else:
        result = np.full((size, *rest), np.nan, np.result_type(values.dtype, np.float16))
    result[place] = values
    return result.reshape(*shape, *rest)
