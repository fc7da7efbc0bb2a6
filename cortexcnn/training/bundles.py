"""Data sets as they were published: some files of known names, in a folder or packed into one archive."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Collection
from pathlib import Path

__all__ = ["bundle", "names_inside"]


def bundle(path: Path, wanted: Collection[str]) -> dict[str, Callable[[], bytes]]:
    """How to read those of the files that are there.

    Parameters
    ----------
    path : Path
        A folder with the files inside, or a tar archive, compressed or not, with the files in it at any depth.
    wanted : collection of str
        Names without folders. An archive is read until all are found, and no other file of it is.

    Returns
    -------
    dict
        A function that returns the content, by name.

    Raises
    ------
    FileNotFoundError
        If there is nothing at that path.
    ValueError
        If it is neither a folder nor an archive that can be read.
    """
    if path.is_dir():
        return {file.name: file.read_bytes for file in path.iterdir() if file.name in wanted and file.is_file()}
    found: dict[str, Callable[[], bytes]] = {}
    with _archive(path) as archive:
        try:
            for member in archive:
                if member.isfile() and Path(member.name).name in wanted:
                    found[Path(member.name).name] = _content(archive, member)
                if len(found) == len(wanted):
                    break
        except (tarfile.TarError, EOFError, OSError) as error:
            raise _damaged(path, error) from error
    return found


def names_inside(path: Path, known: Collection[str]) -> set[str]:
    """Which of the known files a folder holds, or the first of them that an archive holds.

    Raises
    ------
    ValueError
        If the path is neither a folder nor an archive that can be read.
    """
    if path.is_dir():
        return {file.name for file in path.iterdir() if file.name in known and file.is_file()}
    with _archive(path) as archive:
        try:
            return {next((name for member in archive if (name := Path(member.name).name) in known), "")} - {""}
        except (tarfile.TarError, EOFError, OSError) as error:
            raise _damaged(path, error) from error


def _archive(path: Path) -> tarfile.TarFile:
    try:
        return tarfile.open(path)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> ValueError:
    return ValueError(f"{path} is no folder and no tar archive that can be read: {error}")


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], bytes]:
    """The content of one member, read now, while the archive is open."""
    file = archive.extractfile(member)
    content = file.read() if file else b""
    return lambda: content
