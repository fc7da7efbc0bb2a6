"""Textures as stimuli, family by sample, each beside noise of its own spectrum (Freeman, Ziemba et al. 2013).

Families are photographs of one texture each, samples are pieces of them. The paper synthesised its textures; these are
photographed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr

from cortexcnn.stimuli.images import decoded, read
from cortexcnn.stimuli.kinds import KINDS
from cortexcnn.stimuli.photographs import photographs
from cortexcnn.stimuli.pieces import VERSIONS
from cortexcnn.stimuli.sweep import check_rows

__all__ = ["textures"]

_OF_PIECES = ("family", "sample", "version", "file", "content", "left", "top", "seed")


def textures(
    source: str | Path,
    *,
    samples: int = 15,
    side: int | None = None,
    size: float = 4.0,
    x: float = 0.0,
    y: float = 0.0,
    contrast: float = 1.0,
    labels: str = "stem",
    seed: int = 0,
    blank: bool = True,
) -> xr.Dataset:
    """A table of textures and their noise, from photographs of textures.

    Parameters
    ----------
    source : str or Path
        A folder or a .zip file of photographs; each is a family.
    samples : int
        Square pieces of each, spread evenly over it; where there are many, they overlap.
    side : int, optional
        Of a piece, in pixels of the file; half of the shorter side of the smallest photograph by default.
    size : float
        Degrees that a piece spans, under a raised cosine.
    x, y : float
        Degrees of the centre from that of the screen.
    contrast : float
        Of the more extreme of a piece and its noise, 0 to 1: both have the same variance, and none leaves 0 to 1.
    labels : str
        How photographs are named: see :func:`photographs`.
    seed : int
        Of the random phases; each piece has its own.
    blank : bool
        Add a blank as the last row.

    Returns
    -------
    Dataset (stimulus)
        kind "texture": ``family`` (the photograph's name), ``sample`` (0, 1, …), ``version`` ("texture" or "noise"),
        and what it takes to draw them. Grey, whatever the colours of the photographs.

    Raises
    ------
    FileNotFoundError
        If there are no photographs.
    ValueError
        If a number makes no sense, or a photograph is smaller than a piece.

    Examples
    --------
    >>> table = textures("pebbles_and_bark", samples=15)  # doctest: +SKIP
    >>> table.sizes["stimulus"]  # doctest: +SKIP
    61
    """
    if samples < 1:
        raise ValueError(f"samples={samples}: one piece of each photograph at least")
    found = photographs(source, labels=labels)
    folder, files = str(found.attrs["folder"]), found["file"].values.tolist()
    shapes = [decoded(file, data, channels=1).shape[1:] for file, data in read(Path(folder), files)]
    smallest = min(min(shape) for shape in shapes)
    side = smallest // 2 if side is None else side
    if not 2 <= side <= smallest:
        raise ValueError(f"pieces of {side} pixels: the smallest photograph has {smallest}, and a piece 2 or more")
    rows = [
        (family, sample, version, file, content, float(left), float(top), float(seed + number * samples + sample))
        for number, (family, file, content, shape) in enumerate(
            zip(found["stimulus"].values.tolist(), files, found["content"].values.tolist(), shapes, strict=True)
        )
        for sample, (left, top) in enumerate(_corners(family, shape, side, samples))
        for version in VERSIONS
    ]
    names = [f"{family}/{sample}/{version}" for family, sample, version, *_ in rows]
    if blank:
        rows.append(("", -1, "", "", "", np.nan, np.nan, np.nan))
        names.append("blank")
    columns = {name: np.array(column) for name, column in zip(_OF_PIECES, zip(*rows, strict=True), strict=True)}
    there = columns["version"] != ""
    for name, number in {"side": side, "size": size, "x": x, "y": y}.items():
        columns[name] = np.where(there, float(number), np.nan)
    columns["contrast"] = np.where(there, contrast, 0.0)
    shown = {name: column for name, column in columns.items() if name in KINDS["texture"].parameters}
    check_rows("texture", {**shown, "folder": np.full(len(names), folder)}, np.array(names))
    return xr.Dataset(
        {name: ("stimulus", column) for name, column in columns.items()},
        {"stimulus": names},
        {"kind": "texture", "folder": folder},
    )


def _corners(family: str, shape: tuple[int, ...], side: int, samples: int) -> list[tuple[int, int]]:
    """Left and top of as many pieces, on a grid of about equal steps."""
    down, right = (length - side for length in shape)
    rows = min(max(1, round((samples * (down + 1) / (right + 1)) ** 0.5)), samples)
    columns = -(-samples // rows)
    grid = [(int(left), int(top)) for top in _spread(down, rows) for left in _spread(right, columns)]
    found = [grid[k] for k in np.linspace(0, len(grid) - 1, samples).round().astype(int)]
    if len(set(found)) < samples:
        raise ValueError(
            f"{family} has {len(set(found))} different pieces of {side} pixels to its {shape[1]} × {shape[0]}, and not "
            f"{samples}: ask for fewer samples or a smaller side"
        )
    return found


def _spread(free: int, count: int) -> np.ndarray:
    return np.linspace(0, free, count) if count > 1 else np.array([free / 2])
