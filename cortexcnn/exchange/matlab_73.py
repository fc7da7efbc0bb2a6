"""MATLAB's files of version 7.3, which are HDF5 with habits of their own: into plain Python, and back.

Axes stand in reverse, text as numbers, cells and arrays of structs as references into the group ``#refs#``, and of what
is empty only the size; the attribute ``MATLAB_class`` says what it is. The first 512 bytes are MATLAB's own header.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import scipy.sparse

from cortexcnn.exchange.matlab_values import arranged, number_or_array, text

__all__ = ["names_73", "read_73", "write_73"]

_CLASSES = {"double": "float64", "single": "float32", "logical": "bool", "char": "uint16"} | {
    name: name for name in ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
}
_NAMES = {dtype: name for name, dtype in _CLASSES.items() if name != "char"} | {
    "complex128": "double",
    "complex64": "single",
}
_REFERENCES = "#refs#"
_HEADER = b"MATLAB 7.3 MAT-file, Platform: cortexcnn, HDF5 schema 1.00 .".ljust(116) + bytes(8) + b"\x00\x02IM"


def names_73(path: Path) -> list[str]:
    """The names of the variables of a file.

    Raises
    ------
    ValueError
        If it is damaged.
    """
    with _opened(path) as file:
        return [str(name) for name in file if not str(name).startswith("#")]


def read_73(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """Some variables in plain Python.

    Parameters
    ----------
    path : Path
        A file of version 7.3, or of HDF5 that was written by another program.
    names : sequence of str
        Which of its variables.

    Returns
    -------
    dict

    Raises
    ------
    ValueError
        If it is damaged, or holds something that only MATLAB can read.
    """
    with _opened(path) as file:
        try:
            return {name: _plain(file[name], name) for name in names}
        except (OSError, KeyError, RuntimeError) as error:
            raise ValueError(f"{path} can't be read: it is damaged ({error})") from error


def write_73(path: Path, content: dict[str, Any]) -> None:
    """Write variables in the forms of :func:`cortexcnn.exchange.matlab_values.as_matlab`."""
    with h5py.File(path, "w", userblock_size=512) as file:
        numbers = count()
        for name, value in content.items():
            _put(file, name, value, numbers)
    with path.open("r+b") as head:
        head.write(_HEADER)


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path)
    except OSError as error:
        raise ValueError(f"{path} can't be read: it is damaged ({error})") from error


def _class(node: h5py.Dataset | h5py.Group) -> str:
    told = node.attrs.get("MATLAB_class", b"")
    return told.decode() if isinstance(told, bytes) else str(told)


def _plain(node: h5py.Dataset | h5py.Group, where: str) -> Any:
    kind = _class(node)
    if "MATLAB_object_decode" in node.attrs or kind not in {"", "struct", "cell", "canonical empty", *_CLASSES}:
        raise ValueError(
            f"{where} is an object, a table, a string array or a function, which only MATLAB can read; there, make "
            "it a struct, an array or a cellstr, or name the variables that you need"
        )
    if isinstance(node, h5py.Group):
        return _sparse(node) if "MATLAB_sparse" in node.attrs else _struct(node, where)
    if node.attrs.get("MATLAB_empty", 0):
        shape = tuple(int(size) for size in node[()].ravel())
        return {"cell": [], "struct": [], "char": ""}.get(kind, np.zeros(shape, _CLASSES.get(kind, "float64")))
    if h5py.check_string_dtype(node.dtype) is not None:  # of another program
        return np.asarray(node.asstr()[()]).T.tolist()
    values = node[()].T
    if values.dtype == h5py.ref_dtype:
        return arranged(_followed(node.file, values, where))
    if kind == "char":
        rows = np.ascontiguousarray(values.astype("<u2")).reshape(-1, values.shape[-1])
        return text([row.tobytes().decode("utf-16-le", "replace") for row in rows])
    if values.dtype.names == ("real", "imag"):
        values = values["real"] + values.dtype["real"].type(1) * 1j * values["imag"]
    return number_or_array(values.astype(bool) if kind == "logical" else values)


def _struct(group: h5py.Group, where: str) -> Any:
    """One struct, or an array of them, whose every field is an array of references."""
    told = group.attrs.get("MATLAB_fields", ())
    fields = [b"".join(name.tolist()).decode() for name in told] or [str(name) for name in group]
    inside = [group[name] for name in fields]
    if not all(isinstance(one, h5py.Dataset) and one.dtype == h5py.ref_dtype and not _class(one) for one in inside):
        return {name: _plain(one, f"{where}.{name}") for name, one in zip(fields, inside, strict=True)}
    if not inside:
        return {}
    columns = [_followed(one.file, one[()].T, f"{where}.{name}") for name, one in zip(fields, inside, strict=True)]
    structs = np.empty(columns[0].shape, object)
    for place in np.ndindex(structs.shape):
        structs[place] = {name: column[place] for name, column in zip(fields, columns, strict=True)}
    return arranged(structs)


def _followed(file: h5py.File, references: np.ndarray, where: str) -> np.ndarray:
    """What an array of references points at."""
    found = np.empty(references.shape, object)
    for place, reference in np.ndenumerate(references):
        found[place] = _plain(file[reference], where)
    return found


def _sparse(group: h5py.Group) -> scipy.sparse.csc_array:
    starts = group["jc"][()]
    shape = (int(group.attrs["MATLAB_sparse"]), len(starts) - 1)
    if "data" not in group:  # nothing but zeros
        return scipy.sparse.csc_array(shape)
    values = group["data"][()].astype(_CLASSES[_class(group)], copy=False)
    return scipy.sparse.csc_array((values, group["ir"][()], starts), shape)


def _put(parent: h5py.Group, name: str, value: Any, numbers: Iterator[int]) -> h5py.Dataset | h5py.Group:
    """Write one value under a name; what references point at is numbered."""
    if isinstance(value, dict):
        return _put_struct(parent, name, value, numbers)
    if isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le", "surrogatepass"), "<u2").reshape(1, -1)
        return _put_array(parent, name, codes, "char", decode=2)
    if value.dtype.kind == "U":
        width = value.dtype.itemsize // 4
        codes = np.frombuffer(
            "".join(row.ljust(width) for row in value.tolist()).encode("utf-16-le", "surrogatepass"), "<u2"
        )
        return _put_array(parent, name, codes.reshape(len(value), width), "char", decode=2)
    if value.dtype.kind == "O":
        cells = np.empty(value.shape, h5py.ref_dtype)
        for place, each in np.ndenumerate(value):
            references = parent.file.require_group(_REFERENCES)
            cells[place] = _put(references, f"r{next(numbers)}", each, numbers).ref
        return _put_array(parent, name, cells, "cell")
    kind = _NAMES[value.dtype.name]
    if kind == "logical":
        return _put_array(parent, name, value.astype(np.uint8), kind, decode=1)
    if value.dtype.kind == "c":
        half = value.real.dtype
        value = value.view([("real", half), ("imag", half)]) if value.size else value.real
    return _put_array(parent, name, value, kind)


def _put_struct(parent: h5py.Group, name: str, fields: dict[str, Any], numbers: Iterator[int]) -> h5py.Group:
    group = parent.create_group(name)
    group.attrs["MATLAB_class"] = np.bytes_(b"struct")
    if fields:
        letters = np.empty(len(fields), object)
        letters[:] = [np.frombuffer(field.encode(), "S1") for field in fields]
        group.attrs.create("MATLAB_fields", letters, dtype=h5py.vlen_dtype(np.dtype("S1")))
    for field, value in fields.items():
        _put(group, field, value, numbers)
    return group


def _put_array(
    parent: h5py.Group, name: str, values: np.ndarray, kind: str, *, decode: int | None = None
) -> h5py.Dataset:
    """An array with its axes in reverse, or the size of one that is empty."""
    data = values.T if values.size else np.array(values.shape, np.uint64)
    node = parent.create_dataset(name, data=data)
    node.attrs["MATLAB_class"] = np.bytes_(kind.encode())
    if decode is not None:
        node.attrs["MATLAB_int_decode"] = np.int32(decode)
    if not values.size:
        node.attrs["MATLAB_empty"] = np.uint8(1)
    return node
