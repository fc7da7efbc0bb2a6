"""Drawing textures and their noise: pieces of photographs, and the same spectra with other phases.

A piece of a photograph of one texture has all that makes it one. Its twin of noise has the same amplitude at every
orientation and spatial frequency, and random phases: what is lost is how the waves belong together. Cells that
take only amplitudes answer to both alike.

A spectrum takes the opposite borders of a piece for neighbours; where they differ it has a cross of edges that nobody
sees. So of each piece the smooth part that joins its borders is taken off first [1]_: it is hardly more than nothing
but at the borders, where the aperture ends.

.. [1] Moisan (2011), Periodic plus smooth image decomposition, J. Math. Imaging Vis. 39, 161-179.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import scipy.fft
import torch

from cortexcnn.stimuli.canvas import GREY, Canvas, Rows
from cortexcnn.stimuli.gratings import once, raised_cosine
from cortexcnn.stimuli.images import check_content, decoded, placed, read

__all__ = ["VERSIONS", "draw_texture", "extent_of_texture"]

VERSIONS = ("texture", "noise")
"""A piece of a photograph, and its spectrum with random phases."""


def draw_texture(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw textures and their noise.

    Parameters
    ----------
    rows : Rows
        folder, file, content, left, top, side (pixels of the file), version, seed, size, x, y, contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    part, pictures = out[:, 0], {}
    for i in range(len(part)):
        row = {name: values[i] for name, values in rows.items()}
        source = str(row["folder"]), str(row["file"]), str(row["content"])
        if source not in pictures:
            pictures[source] = _grey(*source)
        left, top, side, seed = (int(row[name]) for name in ("left", "top", "side", "seed"))
        pair = _pair(_cut(pictures[source], left, top, side), seed)
        numbers = {name: float(row[name]) for name in ("size", "x", "y", "contrast")}
        part[i] = placed(GREY + pair[VERSIONS.index(str(row["version"]))][None], numbers, canvas)[0]
    part.sub_(GREY).mul_(once(raised_cosine, rows, ("size", "x", "y"), canvas)).add_(GREY)


def extent_of_texture(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height of textures, in degrees."""
    return rows["size"] / 2, rows["size"] / 2


def _grey(folder: str, file: str, content: str) -> np.ndarray:
    """A photograph's luminance (y, x)."""
    ((name, data),) = read(Path(folder), [file])
    check_content(folder, name, data, content)
    return decoded(name, data, channels=1)[0]


def _periodic(piece: np.ndarray) -> np.ndarray:
    """A piece without its mean and without the smooth part that jumps at its borders."""
    side = len(piece)
    jumps = np.zeros_like(piece)
    for part, border in ((jumps, piece), (jumps.T, piece.T)):
        step = border[-1] - border[0]
        part[0] += step
        part[-1] -= step
    turn = 2 * np.cos(2 * np.pi * np.arange(side) / side)
    curvature = turn[:, None] + turn[: side // 2 + 1] - 4
    curvature[0, 0] = 1
    smooth = scipy.fft.irfft2(scipy.fft.rfft2(jumps) / curvature, (side, side))
    rest = piece - smooth
    return rest - rest.mean()


def _cut(picture: np.ndarray, left: int, top: int, side: int) -> np.ndarray:
    """A square piece."""
    piece = picture[top : top + side, left : left + side]
    if piece.shape != (side, side):
        height, width = picture.shape
        raise ValueError(
            f"a piece of {side} × {side} pixels, {left} from the left and {top} from the top, reaches beyond a "
            f"photograph of {width} × {height}: make the table by textures(folder)"
        )
    return piece


def _pair(piece: np.ndarray, seed: int) -> np.ndarray:
    """A piece and its noise (2, side, side) about 0, the more extreme of them reaching half."""
    piece = _periodic(piece)
    phases = np.angle(scipy.fft.rfft2(np.random.default_rng(seed).standard_normal(piece.shape)))
    noise = scipy.fft.irfft2(np.abs(scipy.fft.rfft2(piece)) * np.exp(1j * phases), piece.shape)
    both = np.stack([piece, noise])
    largest = np.abs(both).max()
    return both / (2 * largest) if largest else both
