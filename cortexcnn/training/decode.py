"""Image files to squares of bytes, several at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

__all__ = ["MODES", "squares"]

MODES = {1: "L", 3: "RGB"}
"""What Pillow calls an image of one channel, and of three."""

_AHEAD = 128
"""Files that are decoded before the first of them is handed over."""
_SPARE = 2
"""How many times larger than it is wanted a large JPEG is decoded: it can be at a half, a quarter or an eighth."""


def squares(files: Sequence[Path], *, size: int, channels: int) -> Iterator[np.ndarray | ValueError]:
    """The middle squares of image files, in their order.

    Pillow decodes without holding Python's lock, so each processor takes a file of its own.

    Parameters
    ----------
    files : sequence of Path
        Image files of any format that Pillow reads.
    size, channels : int
        Rows and columns, and 1 for grey or 3 for colour.

    Yields
    ------
    ndarray (channels, size, size) of uint8, or ValueError
        The image, or the error that names the file and says why it can't be read.
    """
    with (
        tqdm(total=len(files), unit="image", delay=5, leave=False, disable=None) as bar,
        ThreadPoolExecutor(os.cpu_count()) as pool,
    ):
        for start in range(0, len(files), _AHEAD):
            for found in pool.map(partial(_square, size=size, channels=channels), files[start : start + _AHEAD]):
                yield found
                bar.update()


def _square(file: Path, *, size: int, channels: int) -> np.ndarray | ValueError:
    try:
        with Image.open(file) as image:
            image.draft(None, (_SPARE * size, _SPARE * size))
            square = ImageOps.fit(image.convert(MODES[channels]), (size, size), Image.Resampling.BILINEAR)
    except Exception as error:  # noqa: BLE001 (damaged files make Pillow raise errors of many kinds)
        return ValueError(f"{file} can't be read as an image: {error}")
    return np.asarray(square).reshape(size, size, channels).transpose(2, 0, 1)
