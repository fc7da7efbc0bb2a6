"""Tables as bare arrays and names, which any file format can hold, and the way back through the checks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from cortexcnn.arrays import check_rdm, check_responses
from cortexcnn.exchange.rows import column

__all__ = ["check_table", "free", "from_array", "from_plain", "to_plain"]


def from_array(
    values: ArrayLike,
    *,
    dims: Sequence[str],
    coords: Mapping[str, Any] | None = None,
    attrs: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    """A table of responses or RDMs out of a bare array whose dimensions you name.

    Parameters
    ----------
    values : array-like
        Numbers.
    dims : sequence of str
        A name for each dimension, in order: ``stimulus``, ``unit``, ``repeat`` and ``time`` of responses; ``stimulus``
        and ``stimulus2`` of RDMs, or in place of both ``pair``, the pairs above the diagonal row by row, as scipy's
        and MATLAB's ``pdist`` and ``squareform`` have them. RDMs can have others as well.
    coords : mapping, optional
        Labels by the name of their dimension, or ``(dimension, values)`` by any name. Stimuli and units are
        numbered if they have none; ``stimulus2`` has the labels of ``stimulus``.
    attrs : mapping, optional
        What else is to be known.

    Returns
    -------
    DataArray

    Raises
    ------
    ValueError
        If the dimensions or labels don't fit the array, or the table is refused by :func:`check_responses` or
        :func:`check_rdm`.

    Examples
    --------
    >>> from_array([[1, 2, 4]], dims=("subject", "pair"), coords={"stimulus": ["a", "b", "c"]}).sel(stimulus="b").values
    array([[1, 0, 4]])
    """
    array, names = np.asarray(values), list(dims)
    if array.ndim != len(names):
        raise ValueError(
            f"this array has {array.ndim} dimensions of {_sizes(array)}, and {len(names)} names: {', '.join(names)}"
        )
    if "pair" in names:
        array, names = _squares(array, names)
    sizes = dict(zip(names, array.shape, strict=True))
    labels: dict[str, Any] = {dim: np.arange(sizes[dim]) for dim in ("stimulus", "unit") if dim in sizes}
    for name, each in (coords or {}).items():
        dim, along = each if isinstance(each, tuple) else (name, each)
        labels[name] = (dim, column(along))
        if dim not in sizes or len(labels[name][1]) != sizes[dim]:
            given = ", ".join(f"{name} {size}" for name, size in sizes.items())
            raise ValueError(f"{len(labels[name][1])} values of {name} along {dim} don't fit dimensions of {given}")
    if "stimulus2" in sizes:
        first = labels["stimulus"]
        labels.setdefault("stimulus2", first[1] if isinstance(first, tuple) else first)
    return check_table(xr.DataArray(array, labels, names, attrs=attrs))


def check_table(table: xr.DataArray) -> xr.DataArray:
    """Refuse what is neither a table of responses nor RDMs.

    Parameters
    ----------
    table : DataArray
        RDMs if it has the dimension ``stimulus2``, else responses.

    Returns
    -------
    DataArray
        The same table.
    """
    rdm = isinstance(table, xr.DataArray) and "stimulus2" in table.dims
    return check_rdm(table) if rdm else check_responses(table)


def to_plain(table: xr.DataArray) -> dict[str, Any]:
    """A table as a dict of arrays and names.

    Parameters
    ----------
    table : DataArray
        Responses or RDMs.

    Returns
    -------
    dict
        ``values``, ``dims`` (list of str), ``coords`` (by name, each with its ``values`` and ``dims``), ``attrs``
        and ``name`` (empty if it has none). Text is an array of text, never of objects.

    Raises
    ------
    ValueError
        If a coordinate holds objects that are neither numbers, moments nor text: names it.
    """
    check_table(table)
    coords = {}
    for name, coord in table.coords.items():
        values = column(coord.values)
        if values.dtype.kind == "O":
            raise ValueError(f"the coordinate {name} holds objects, which files can't; make it numbers or text")
        coords[str(name)] = {"dims": [str(dim) for dim in coord.dims], "values": values}
    return {
        "values": table.values,
        "dims": [str(dim) for dim in table.dims],
        "coords": coords,
        "attrs": {str(name): value for name, value in table.attrs.items()},
        "name": "" if table.name is None else str(table.name),
    }


def from_plain(plain: Mapping[str, Any], *, what: str) -> xr.DataArray:
    """The table that :func:`to_plain` has taken apart.

    Parameters
    ----------
    plain : mapping
        As it returns.
    what : str
        Where it comes from, for the error.

    Returns
    -------
    DataArray

    Raises
    ------
    ValueError
        If parts are missing or don't fit, or it is no table.
    """
    missing = [part for part in ("values", "dims", "coords", "attrs") if part not in plain]
    if missing:
        raise ValueError(f"{what} is no table written by cortexcnn: it has no {', '.join(missing)}")
    coords = {name: (tuple(coord["dims"]), coord["values"]) for name, coord in plain["coords"].items()}
    try:
        table = xr.DataArray(plain["values"], coords, tuple(plain["dims"]), plain.get("name") or None, plain["attrs"])
        return check_table(table)
    except (ValueError, TypeError) as error:
        raise ValueError(f"{what} holds no table: {error}") from error


def free(path: str | Path, suffix: str, *, overwrite: bool) -> Path:
    """A path that may be written to, its folder made.

    Parameters
    ----------
    path : str or Path
        A file.
    suffix : str
        How it has to end.
    overwrite : bool
        Whether it may be there already.

    Returns
    -------
    Path

    Raises
    ------
    FileExistsError, ValueError
        If it is there and was not to be overwritten, or ends otherwise.
    """
    path = Path(path).expanduser()
    if path.suffix != suffix:
        raise ValueError(f"this file ends in {suffix}; got {path.name}")
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already; choose another file, or say overwrite=True")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _sizes(array: np.ndarray) -> str:
    return " × ".join(map(str, array.shape)) or "no size"


def _squares(array: np.ndarray, names: list[str]) -> tuple[np.ndarray, list[str]]:
    """Pairs as matrices, the stimuli last."""
    vectors = np.moveaxis(array, names.index("pair"), -1)
    count = round((1 + np.sqrt(1 + 8 * vectors.shape[-1])) / 2)
    if count * (count - 1) // 2 != vectors.shape[-1]:
        raise ValueError(f"{vectors.shape[-1]} pairs are not those of any number of stimuli; is the diagonal in it?")
    row, other = np.triu_indices(count, 1)
    matrices = np.zeros((*vectors.shape[:-1], count, count), vectors.dtype)
    matrices[..., row, other] = matrices[..., other, row] = vectors
    return matrices, [*(name for name in names if name != "pair"), "stimulus", "stimulus2"]
