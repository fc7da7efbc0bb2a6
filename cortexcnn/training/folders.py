"""Image folders as people keep them: one folder a class, the pictures inside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from cortexcnn.training.images import LabelledImages, split

__all__ = ["image_folder"]

_SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))
_MODES = {1: "L", 3: "RGB"}
_TRAINING = ("train", "training")
_TEST = ("test", "val", "validation")


def image_folder(
    path: str | Path, *, size: int = 64, channels: int = 3, test: float = 0.2, seed: int = 0
) -> tuple[LabelledImages, LabelledImages]:
    """Images in folders that are named after their classes.

    Each image is scaled until its shorter side fits, and its middle square is kept.

    Parameters
    ----------
    path : str or Path
        A folder with one folder a class; or one that holds ``train`` and ``test`` (or ``val``) with the classes
        inside.
    size : int
        Rows and columns of the images that are returned.
    channels : int
        3 for colour, 1 for grey.
    test, seed : float, int
        Share of each class that is kept for testing, and the seed of the draw, where the folder has no test
        images of its own (:func:`~cortexcnn.training.split`).

    Returns
    -------
    training, test : LabelledImages
        The classes in alphabetical order.

    Raises
    ------
    FileNotFoundError
        If there is no such folder.
    ValueError
        If there are no class folders, a class has no images, an image can't be read, or a test class is unknown:
        names it.
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"no folder {path}")
    if channels not in _MODES:
        raise ValueError(f"{channels} channels: an image has 3 (colour) or 1 (grey)")
    training, testing = _inside(path, _TRAINING), _inside(path, _TEST)
    if not (training and testing):
        return split(_read(path, _classes(path), size, channels, path.name), test=test, seed=seed)
    classes = _classes(training)
    unknown = sorted(set(_classes(testing)) - set(classes))
    if unknown:
        raise ValueError(f"{testing} has the classes {', '.join(unknown)}, which {training} lacks")
    return (
        _read(training, classes, size, channels, f"training images of {path.name}"),
        _read(testing, _classes(testing), size, channels, f"test images of {path.name}", among=classes),
    )


def _inside(path: Path, names: tuple[str, ...]) -> Path | None:
    """The first of these folders that is there."""
    return next((path / name for name in names if (path / name).is_dir()), None)


def _classes(path: Path) -> tuple[str, ...]:
    """Names of the class folders."""
    names = tuple(
        sorted(folder.name for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))
    )
    if not names:
        raise ValueError(f"{path} has no folders inside; an image folder has one a class, with the images in it")
    return names


def _read(
    path: Path,
    folders: tuple[str, ...],
    size: int,
    channels: int,
    source: str,
    *,
    among: tuple[str, ...] | None = None,
) -> LabelledImages:
    """All images of the class folders; their labels are positions in ``among``, by default in ``folders``."""
    classes = among or folders
    files = [(file, classes.index(name)) for name in folders for file in _images(path / name)]
    pixels = torch.empty((len(files), channels, size, size), dtype=torch.uint8)
    for i, (file, _) in enumerate(files):
        pixels[i] = _square(file, size, channels)
    return LabelledImages(pixels, torch.tensor([label for _, label in files]), classes, source)


def _images(folder: Path) -> list[Path]:
    """The image files of one class, those in folders further inside too."""
    files = sorted(
        file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES and not file.name.startswith(".")
    )
    if not files:
        raise ValueError(
            f"class {folder.name} has no images: {folder} holds none of {', '.join(sorted(_SUFFIXES))}; "
            "remove the folder or fill it"
        )
    return files


def _square(file: Path, size: int, channels: int) -> torch.Tensor:
    """One image, its middle square scaled to ``(channels, size, size)``."""
    try:
        with Image.open(file) as image:
            square = ImageOps.fit(image.convert(_MODES[channels]), (size, size), Image.Resampling.BILINEAR)
    except OSError as error:
        raise ValueError(f"{file} can't be read as an image: {error}; remove or replace it") from error
    return torch.from_numpy(np.array(square)).reshape(size, size, channels).permute(2, 0, 1)
