"""Files of photographs: read from a folder or an archive, decoded to luminance, and placed on the screen.

The values of a file are taken as luminance as they stand (0–255 as 0–1), as networks are trained on them: no gamma is
undone.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
import xxhash
from PIL import Image, ImageOps

from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, split

__all__ = [
    "check_content",
    "decoded",
    "digest",
    "draw_images",
    "extent_of_images",
    "is_grey",
    "open_archive",
    "placed",
    "read",
]

_GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B")


def draw_images(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw photographs, resampled by a triangle as wide as a pixel of the coarser of screen and photograph.

    A photograph that fills the screen comes out as Pillow's and torchvision's antialiased bilinear resizing makes it.
    Files are read one after the other; there is no other way.

    Parameters
    ----------
    rows : Rows
        folder, file, content, size, x, y, contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, channel, y, x)
        Filled with luminance.
    """
    for folder, some, part in split(rows, "folder", out):
        for index, (file, data) in enumerate(read(Path(str(folder)), some["file"].tolist())):
            check_content(str(folder), file, data, str(some["content"][index]))
            pixels = decoded(file, data, channels=part.shape[1])
            row = {name: float(some[name][index]) for name in ("size", "x", "y", "contrast")}
            part[index] = placed(pixels, row, canvas)


def extent_of_images(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that photographs reach over at most, in degrees."""
    return rows["size"] / 2, rows["size"] / 2


def check_content(folder: str, file: str, data: bytes, content: str) -> None:
    """Refuse a file that is not what it was when its table was made."""
    if content not in ("", digest(data)):
        raise ValueError(
            f"{file} in {folder} is not what it was when the table was made: "
            f"{digest(data)} in place of {content}; make the table anew"
        )


def placed(pixels: np.ndarray, row: dict[str, float], canvas: Canvas) -> torch.Tensor:
    """One photograph (channel, y, x) on the canvas, by its size, x, y and contrast: (channel, y, x)."""
    _, height, width = pixels.shape
    scale = row["size"] / max(height, width)  # degrees of a pixel of the file
    size = canvas.pixel / scale  # pixels of the file in a pixel of the screen
    columns = (canvas.x - row["x"]) / scale + width / 2
    lines = (row["y"] - canvas.y) / scale + height / 2
    across, covered_x = _resampling(columns, size, width)
    down, covered_y = _resampling(lines, size, height)
    deviation = canvas.put(pixels - GREY)
    resized = canvas.put(down) @ deviation @ canvas.put(across).T
    return GREY + row["contrast"] * resized * canvas.put(covered_y[:, None] * covered_x)


def _resampling(centres: np.ndarray, size: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the file's pixels in those of the screen, along one axis.

    Parameters
    ----------
    centres : ndarray (pixel)
        Centres of the screen's pixels, in the file's pixels from its edge.
    size : float
        Side of a screen's pixel, in the file's.
    count : int
        Pixels of the file.

    Returns
    -------
    weights : ndarray (pixel, file's pixel)
        Each row sums to one, or is zero beyond the photograph.
    covered : ndarray (pixel)
        Share of each pixel that the photograph covers.
    """
    reach = max(size, 1.0)
    weights = np.maximum(0, 1 - np.abs(np.arange(count) + 0.5 - centres[:, None]) / reach)
    total = weights.sum(axis=1, keepdims=True)
    weights /= np.where(total > 0, total, 1)
    low, high = np.clip(centres - size / 2, 0, count), np.clip(centres + size / 2, 0, count)
    return weights, np.round((high - low) / size, 9)


def read(folder: Path, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    """The bytes of each file."""
    if folder.is_dir():
        for file in files:
            yield file, (folder / file).read_bytes()
    elif not folder.is_file():
        raise FileNotFoundError(f"the photographs of this table lay in {folder}, which is no longer there")
    else:
        with open_archive(folder) as archive:
            for file in files:
                try:
                    data = archive.read(file)
                except KeyError as error:
                    raise FileNotFoundError(f"{file} is no longer in {folder}") from error
                except zipfile.BadZipFile as error:
                    raise ValueError(
                        f"{file} in {folder} is damaged: {error}; put a sound archive in its place"
                    ) from error
                yield file, data


def open_archive(path: Path) -> zipfile.ZipFile:
    """An archive, to be used in a with statement; refuses what is none."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path} is neither a folder nor a .zip file: {error}") from error


def digest(data: bytes) -> str:
    """A short name for the content of a file."""
    return xxhash.xxh3_64_hexdigest(data)


def is_grey(file: str, data: bytes) -> bool:
    """Whether a file has one channel by its mode; refuses one that cannot be read to its end."""
    return _open(file, data).mode in _GREY_MODES


def _open(file: str, data: bytes) -> Image.Image:
    """A whole image, turned as its camera says."""
    try:
        image = Image.open(io.BytesIO(data))
        image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ValueError(f"{file} is no readable image: {error}; mend it or take it out of the folder") from error
    if image.mode == "F":
        raise ValueError(f"{file} holds floating-point values of no stated range; save it with 8 or 16 bits")
    return ImageOps.exif_transpose(image)


def decoded(file: str, data: bytes, *, channels: int) -> np.ndarray:
    """Luminance 0–1 (channel, y, x); what is transparent shows the grey behind it."""
    image = _open(file, data)
    if image.mode.startswith("I"):
        values = np.asarray(image, dtype=np.float64)[None]
        return np.broadcast_to(np.clip(values / 65535, 0, 1), (channels, *values.shape[1:]))
    opacity = None
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        opacity = np.asarray(image.getchannel("A"), dtype=np.float64) / 255
    values = np.asarray(image.convert("L" if channels == 1 else "RGB"), dtype=np.float64) / 255
    values = np.moveaxis(np.atleast_3d(values), -1, 0)
    return values if opacity is None else GREY + opacity * (values - GREY)
