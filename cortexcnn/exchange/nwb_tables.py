"""Tables of NWB files as columns, read by h5py alone: one value a row; lists, pictures and references are left out.

A ragged column has the values of all rows behind each other, and beside it ``…_index``, where each row ends.
"""

from __future__ import annotations

import h5py
import numpy as np

__all__ = ["columns_of", "ragged"]


def columns_of(table: h5py.Group) -> dict[str, np.ndarray]:
    """The columns of a table that have one number or text a row.

    Parameters
    ----------
    table : Group
        A ``DynamicTable``.

    Returns
    -------
    dict of str to ndarray (row)
        ``id`` last.

    Raises
    ------
    ValueError
        If it has no ids, or columns differ in length: names the first that does.
    """
    if not isinstance(table, h5py.Group) or "id" not in table:
        raise ValueError(f"{table.name} is no table: it has no column id")
    rows = len(table["id"])
    columns = {}
    for name in [*(name for name in table if name != "id"), "id"]:
        data = table[name]
        if not isinstance(data, h5py.Dataset) or data.ndim != 1 or name.endswith("_index") or f"{name}_index" in table:
            continue
        text = h5py.check_string_dtype(data.dtype)
        if text is None and data.dtype.kind not in "biuf":
            continue
        if len(data) != rows:
            raise ValueError(f"{table.name}: the column {name} has {len(data)} rows, and there are {rows}")
        columns[name] = data.asstr()[:].astype(str) if text else data[:]
    return columns


def ragged(table: h5py.Group, name: str) -> list[np.ndarray]:
    """The values of each row of a ragged column.

    Parameters
    ----------
    table : Group
        A ``DynamicTable``.
    name : str
        Its column.

    Returns
    -------
    list of ndarray

    Raises
    ------
    ValueError
        If it is no ragged column.
    """
    if name not in table or f"{name}_index" not in table:
        raise ValueError(f"{table.name} has no ragged column {name}: it needs both {name} and {name}_index")
    return np.split(table[name][:], table[f"{name}_index"][:][:-1].astype(int))
