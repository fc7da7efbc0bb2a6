"""Photographs as stimuli: a table of the files of a folder or an archive, each named and known by its content."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.stimuli.images import digest, is_grey, open_archive, read
from cortexcnn.stimuli.kinds import KINDS
from cortexcnn.stimuli.sweep import check_rows

__all__ = ["LABELS", "SUFFIXES", "photographs"]

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".gif")
"""Files that are taken for photographs."""


def photographs(
    source: str | Path,
    *,
    size: float = 8.0,
    x: float = 0.0,
    y: float = 0.0,
    contrast: float = 1.0,
    labels: str = "stem",
    blank: bool = False,
) -> xr.Dataset:
    """A table of photographs.

    Parameters
    ----------
    source : str or Path
        A folder, with all folders in it, or a .zip file.
    size : float
        Degrees that the longer side spans. A square photograph as large as the screen fills it.
    x, y : float
        Degrees of the photograph's centre from that of the screen.
    contrast : float
        Factor about the grey, 0 to 1.
    labels : str
        ``"stem"`` names each by its file name without ending; ``"path"`` by its path below the folder that holds
        them all, without ending.
    blank : bool
        Add a blank as the last row, labelled "blank".

    Returns
    -------
    Dataset (stimulus)
        kind "image", sorted by label: ``file`` (its path below the folder), ``content`` (a hash of the file, so that
        equal hashes of tables mean equal pictures), size, x, y, contrast. In ``attrs``: ``folder``, and ``channels``,
        1 where all files are greyscale, else 3 (a grey file then has three equal channels).

    Raises
    ------
    FileNotFoundError
        If there is no such folder or archive, or no photograph in it.
    ValueError
        If two photographs have one label, or a file is no readable image: names them.

    Examples
    --------
    >>> table = photographs("objects", size=6)  # doctest: +SKIP
    >>> table.stimulus.values  # doctest: +SKIP
    array(['apple', 'banana', ...
    """
    if labels not in LABELS:
        raise ValueError(f"labels are by {' or '.join(LABELS)}; got {labels!r}")
    folder = Path(source).expanduser()
    files = _files(folder)
    names = LABELS[labels](files)
    _check_labels(names, files, blank=blank)
    order = sorted(range(len(files)), key=lambda index: names[index])
    files, names = [files[index] for index in order], [names[index] for index in order]
    content, grey = zip(*((digest(data), is_grey(file, data)) for file, data in read(folder, files)), strict=True)
    numbers = {"size": size, "x": x, "y": y, "contrast": contrast}
    rows = {
        "file": np.array(files),
        "content": np.array(content),
        **{name: np.full(len(files), float(value)) for name, value in numbers.items()},
    }
    check_rows("image", {**rows, "folder": np.full(len(files), "")}, np.array(names))
    if blank:
        nothing: dict[str, Any] = {"file": "", "content": "", "size": np.nan, "x": np.nan, "y": np.nan, "contrast": 0.0}
        rows = {name: np.append(values, [nothing[name]]) for name, values in rows.items()}
        names.append("blank")
    table = xr.Dataset(
        {name: ("stimulus", values) for name, values in rows.items()},
        {"stimulus": names},
        {"kind": "image", "folder": str(folder.resolve()), "channels": 1 if all(grey) else 3},
    )
    for name, known in KINDS["image"].parameters.items():
        if known.units:
            table[name].attrs["units"] = known.units
    return table


def _files(folder: Path) -> list[str]:
    """Paths of the photographs below a folder or in an archive."""
    if folder.is_dir():
        found = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    elif folder.is_file():
        with open_archive(folder) as archive:
            found = [name for name in archive.namelist() if not name.endswith("/")]
    else:
        raise FileNotFoundError(f"no folder or .zip file {folder}")
    found = [
        name
        for name in found
        if name.lower().endswith(SUFFIXES)
        and not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    ]
    if not found:
        raise FileNotFoundError(f"no photographs in {folder}; they end in {', '.join(SUFFIXES)}")
    return found


def _check_labels(names: list[str], files: list[str], *, blank: bool) -> None:
    """Refuse labels that stand for two files."""
    seen: dict[str, str] = {"blank": "the blank"} if blank else {}
    for name, file in zip(names, files, strict=True):
        if name in seen:
            raise ValueError(
                f"{file} and {seen[name]} would both be called {name!r}; "
                'rename one, or name photographs by their paths: labels="path"'
            )
        seen[name] = file


def _stems(files: list[str]) -> list[str]:
    return [PurePosixPath(file).stem for file in files]


def _paths(files: list[str]) -> list[str]:
    """Paths below the folder that all files share, without their endings."""
    parents = [PurePosixPath(file).parts[:-1] for file in files]
    shared = 0
    while all(len(parts) > shared and parts[shared] == parents[0][shared] for parts in parents):
        shared += 1
    return [PurePosixPath(*PurePosixPath(file).parts[shared:]).with_suffix("").as_posix() for file in files]


LABELS = {"stem": _stems, "path": _paths}
"""How photographs are named."""
