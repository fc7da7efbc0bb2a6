"""Tables as NumPy's own files, with their labels in them: every array has a name, and nothing is pickled."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.exchange.plain import free, from_plain, to_plain

__all__ = ["read_npz", "write_npz"]

_COORD, _DIMS, _ATTR = "coord:", "dims:", "attr:"


def write_npz(table: xr.DataArray, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write responses or RDMs as an ``.npz`` archive.

    Parameters
    ----------
    table : DataArray
        Responses (stimulus, unit[, repeat][, time]) or RDMs (…, stimulus, stimulus2).
    path : str or Path
        Ends in ``.npz``. It is written beside, and takes its name when it is complete. It holds ``values``, ``dims``
        and ``name``; for each coordinate ``coord:NAME`` and ``dims:NAME``; for each attribute ``attr:NAME``.
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
        If a coordinate or an attribute could only be pickled (objects, dicts, None): names it.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> table = xr.DataArray([[1.0, 2.0]], dims=("stimulus", "unit"), coords={"stimulus": ["cat"], "unit": [0, 1]})
    >>> with TemporaryDirectory() as folder:
    ...     file = write_npz(table, f"{folder}/cat.npz")
    ...     read_npz(file).identical(table), np.load(file)["coord:stimulus"]
    (True, array(['cat'], dtype='<U3'))
    """
    path = free(path, ".npz", overwrite=overwrite)
    plain = to_plain(table)
    arrays = {"values": plain["values"], "dims": np.array(plain["dims"]), "name": np.array(plain["name"])}
    for name, coord in plain["coords"].items():
        arrays[_COORD + name], arrays[_DIMS + name] = coord["values"], np.array(coord["dims"], str)
    for name, value in plain["attrs"].items():
        arrays[_ATTR + name] = np.asarray(value)
        if arrays[_ATTR + name].dtype.kind not in "biufcmMU":
            raise ValueError(
                f"the attribute {name} is {value!r}, which a NumPy file holds only as a pickle; make it a number, text "
                "or a list of one of them"
            )
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as file:
        np.savez(file, **arrays)
    part.replace(path)
    return path


def read_npz(path: str | Path) -> xr.DataArray:
    """Responses or RDMs out of an archive that :func:`write_npz` has written.

    Arrays of other people's become tables by :func:`cortexcnn.exchange.from_array`, with the names of their dimensions.

    Parameters
    ----------
    path : str or Path
        An ``.npz`` file.

    Returns
    -------
    DataArray
        Attributes that were lists are arrays.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no such archive, holds pickled objects (they could be programs, and are never opened), or no table.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    arrays = _arrays(path)
    if not {"values", "dims"} <= arrays.keys():
        raise ValueError(
            f"{path} holds {', '.join(arrays) or 'nothing'}, which is no table written by write_npz; for arrays "
            "without labels say what their dimensions are, by from_array(numpy.load(…)[…], dims=(…))"
        )
    coords: dict[str, Any] = {
        key.removeprefix(_COORD): {"values": values, "dims": arrays.get(_DIMS + key.removeprefix(_COORD), ())}
        for key, values in arrays.items()
        if key.startswith(_COORD)
    }
    attrs = {key.removeprefix(_ATTR): _bare(value) for key, value in arrays.items() if key.startswith(_ATTR)}
    plain = {"values": arrays["values"], "dims": np.atleast_1d(arrays["dims"]), "coords": coords, "attrs": attrs}
    return from_plain(plain | {"name": str(arrays.get("name", ""))}, what=str(path))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, OSError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{path} is no .npz archive of plain arrays ({error}); pickled objects are never opened"
        ) from error


def _bare(value: np.ndarray) -> Any:
    return value if value.ndim else value.item()
