"""What is in an image folder, before any image is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from cortexcnn.training.images import kept_for_testing

__all__ = ["Listed", "Part", "listed"]

_SUFFIXES = frozenset((".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"))
_TRAINING = ("train", "training")
_TEST = ("test", "val", "validation")


@dataclass(frozen=True)
class Part:
    """Files of the training or the test images, and their labels."""

    name: str
    files: Sequence[Path]
    labels: torch.Tensor


@dataclass(frozen=True)
class Listed:
    """All that is known of a folder before an image is opened."""

    path: Path
    classes: tuple[str, ...]
    parts: tuple[Part, Part]


def listed(path: Path, *, test: float, seed: int) -> Listed:
    """What is in a folder, divided into training and test images.

    Raises
    ------
    ValueError
        If there are no class folders, a class has no images, or a test class is unknown: names it.
    """
    training, testing = _inside(path, _TRAINING), _inside(path, _TEST)
    if training and testing:
        classes = _classes(training)
        unknown = sorted(set(_classes(testing)) - set(classes))
        if unknown:
            raise ValueError(f"{testing} has the classes {', '.join(unknown)}, which {training} lacks")
        parts = [_files(training, classes, classes), _files(testing, _classes(testing), classes)]
    else:
        classes = _classes(path)
        files, labels = _files(path, classes, classes)
        kept = kept_for_testing(labels, classes, test=test, seed=seed)
        parts = [([files[i] for i in which.nonzero()[:, 0].tolist()], labels[which]) for which in (~kept, kept)]
    return Listed(path, classes, (Part("training", *parts[0]), Part("test", *parts[1])))


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


def _files(path: Path, folders: tuple[str, ...], classes: tuple[str, ...]) -> tuple[list[Path], torch.Tensor]:
    """All image files of the class folders; their labels are positions in ``classes``."""
    files = [(file, classes.index(name)) for name in folders for file in _images(path / name)]
    return [file for file, _ in files], torch.tensor([label for _, label in files])


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
