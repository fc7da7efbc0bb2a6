"""Doors to other people's files: a wrong path or a wrong file is refused with what was wanted and where to get it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import h5py
import scipy.io

from cortexcnn.reference.sources import Source

__all__ = ["find", "read_matlab", "refusal"]


def find(path: str | Path, *, name: str, source: Source) -> Path:
    """The file that is meant by a path: itself, or in a folder the file of its usual name.

    Parameters
    ----------
    path : str or Path
        A file, or the folder in which it lies.
    name : str
        Its usual name.
    source : Source
        Whose data it is, for the error.

    Returns
    -------
    Path

    Raises
    ------
    FileNotFoundError
        If there is nothing there: says what was wanted and where it can be had.

    Examples
    --------
    >>> from cortexcnn.reference.sources import SOURCES
    >>> find("nowhere", name="ringach_2002_db.mat", source=SOURCES["ringach2002"])
    Traceback (most recent call last):
        ...
    FileNotFoundError: nowhere is neither a file nor a folder; wanted ringach_2002_db.mat or the folder that holds it...
    """
    path = Path(path).expanduser()
    if path.is_file():
        return path
    if (path / name).is_file():
        return path / name
    there = f"there is no {name} in {path}" if path.is_dir() else f"{path} is neither a file nor a folder"
    raise FileNotFoundError(
        f"{there}; wanted {name} or the folder that holds it. The data: {source.citation}. To be had: {source.where}"
    )


def refusal(path: Path, found: str, wanted: str, source: Source) -> ValueError:
    """The error for a file that is there but is not the one."""
    return ValueError(
        f"{path} is not the file that this reader reads: {found}; wanted {wanted}. "
        f"The data: {source.citation}. To be had: {source.where}"
    )


def read_matlab(path: Path, *, wanted: Iterable[str], source: Source) -> dict[str, Any]:
    """The named variables of a MATLAB file of any version.

    Parameters
    ----------
    path : Path
        A ``.mat`` file: versions 4 to 7.2 by scipy, 7.3 (which is HDF5) by h5py. The latter gives plain numeric
        arrays only, with its dimensions in the reverse of MATLAB's order.
    wanted : iterable of str
        Names of variables.
    source : Source
        Whose data it is, for the error.

    Returns
    -------
    dict
        One array a name.

    Raises
    ------
    ValueError
        If it is no MATLAB file, or lacks a variable: says which it has.
    """
    wanted = list(wanted)
    try:
        content, there = _matlab(path, wanted)
    except (ValueError, TypeError, OSError, zlib.error, scipy.io.matlab.MatReadError) as error:
        found = "it is no MATLAB file, or a damaged one"
        raise refusal(path, found, f"one with {', '.join(wanted)}", source) from error
    missing = [name for name in wanted if name not in content]
    if missing:
        raise refusal(path, f"it holds {', '.join(there) or 'nothing'}", f"one with {', '.join(missing)}", source)
    return {name: content[name] for name in wanted}


def _matlab(path: Path, wanted: list[str]) -> tuple[dict[str, Any], list[str]]:
    """What is there of the wanted variables, and the names of all."""
    try:
        return scipy.io.loadmat(path, variable_names=wanted), [name for name, _, _ in scipy.io.whosmat(path)]
    except NotImplementedError:  # version 7.3
        with h5py.File(path) as file:
            content = {name: file[name][()] for name in wanted if isinstance(file.get(name), h5py.Dataset)}
            return content, [str(name) for name in file if not str(name).startswith("#")]
