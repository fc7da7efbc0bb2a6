"""Data sets as one file of JPEG images: 60,000 small photographs in 55 MB."""

from __future__ import annotations

import io
import zipfile
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from cortexcnn.training.images import LabelledImages

__all__ = ["jpeg_archive"]

_KEYS = ("jpeg", "offsets", "labels", "split", "classes")


def jpeg_archive(path: str | Path) -> tuple[LabelledImages, LabelledImages]:
    """Images kept as JPEG bytes in one ``.npz`` file.

    Parameters
    ----------
    path : str or Path
        A file with ``jpeg`` (the bytes of all images in a row), ``offsets`` (n + 1 positions: image i is
        ``jpeg[offsets[i]:offsets[i + 1]]``), ``labels`` (n), ``split`` (n; 0 training, 1 test) and ``classes`` (or
        ``names``).

    Returns
    -------
    training, test : LabelledImages
        Colour images.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no ``.npz`` file or is damaged, a key is missing (names it), arrays do not agree, an image can't be
        read (names its position) or the images differ in size.
    """
    path = Path(path)
    jpeg, offsets, labels, split, classes = _arrays(path)
    if not len(offsets) - 1 == len(labels) == len(split):
        raise ValueError(
            f"{path}: {len(offsets)} offsets, {len(labels)} labels and {len(split)} splits; "
            "n images have n + 1 offsets, n labels and n splits"
        )
    pixels = _decoded(jpeg.tobytes(), offsets.tolist(), path)
    parts = []
    for number, name in enumerate(("training", "test")):
        which = torch.from_numpy(split == number)
        parts.append(
            LabelledImages(
                pixels[which],
                torch.from_numpy(labels.astype(np.int64))[which],
                tuple(classes.tolist()),
                f"{name} images of {path.name}",
            )
        )
    return parts[0], parts[1]


def _arrays(path: Path) -> list[np.ndarray]:
    """The five arrays of an archive."""
    if path.exists() and not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is no .npz file, or it is cut short")
    try:
        with np.load(path, allow_pickle=False) as archive:
            keys = [*_KEYS[:-1], "names" if "names" in archive and "classes" not in archive else "classes"]
            missing = [key for key in keys if key not in archive]
            found = [archive[key] for key in keys if key not in missing]
    except (EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"{path} is damaged: {error}") from error
    if missing:
        raise ValueError(f"{path} has no {', '.join(missing)}; an archive of JPEG images has {', '.join(_KEYS)}")
    return found


def _decoded(jpeg: bytes, offsets: list[int], path: Path) -> torch.Tensor:
    """All images as bytes ``(n, 3, rows, columns)``."""
    pixels = None
    for i, (start, end) in enumerate(pairwise(offsets)):
        try:
            with Image.open(io.BytesIO(jpeg[start:end])) as image:
                array = np.asarray(image.convert("RGB"))
        except OSError as error:
            raise ValueError(f"image {i} of {path} can't be read: {error}") from error
        if pixels is None:
            pixels = np.empty((len(offsets) - 1, 3, *array.shape[:2]), np.uint8)
        if array.shape[:2] != pixels.shape[2:]:
            raise ValueError(
                f"image {i} of {path} is {array.shape[1]} × {array.shape[0]} pixels, "
                f"those before it are {pixels.shape[3]} × {pixels.shape[2]}"
            )
        pixels[i] = array.transpose(2, 0, 1)
    if pixels is None:
        raise ValueError(f"{path} holds no images")
    return torch.from_numpy(pixels)
