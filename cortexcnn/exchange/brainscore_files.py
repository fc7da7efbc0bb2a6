"""Assemblies as the netCDF files that Brain-Score opens and writes, with flat coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.exchange.brainscore_assemblies import from_brainscore_assembly, to_brainscore_assembly
from cortexcnn.exchange.plain import free
from cortexcnn.exchange.rows import column

__all__ = ["read_brainscore_assembly", "write_brainscore_assembly"]

_UNNAMED = "data"
"""What Brain-Score calls the array."""


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
        If :func:`to_brainscore_assembly` does, or an attribute or a coordinate is no number, moment or text: names it.
        Attributes that are True are 1 there.
    """
    assembly = to_brainscore_assembly(responses, convention=convention)
    objects = [str(name) for name, each in assembly.coords.items() if column(each.values).dtype.kind == "O"]
    if objects:
        raise ValueError(f"the coordinate {objects[0]} holds objects, which files can't; make it numbers or text")
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


def _plain(value: Any, name: str) -> Any:
    """An attribute that a file can hold."""
    value = int(value) if isinstance(value, (bool, np.bool_)) else value
    if not isinstance(value, (str, int, float, np.number, np.ndarray, list, tuple)):
        raise ValueError(f"the attribute {name} is {value!r}, which a file can't hold; make it a number or text")
    return value
