"""Image folders as people keep them: one folder a class, the pictures inside."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import torch

from cortexcnn.arrays import content_hash
from cortexcnn.training.decode import MODES, squares
from cortexcnn.training.hdf5 import hdf5_images, label_hdf5, new_hdf5
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.listing import Listed, listed

__all__ = ["image_folder"]

_NAMED = 10
"""How many files that can't be read are named."""


def image_folder(
    path: str | Path,
    *,
    size: int = 64,
    channels: int = 3,
    test: float = 0.2,
    seed: int = 0,
    skip_bad: bool = False,
    store: str | Path | None = None,
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
    skip_bad : bool
        Leave out images that can't be read: a warning and ``source`` say how many, and name them.
    store : str or Path, optional
        An HDF5 file (:func:`~cortexcnn.training.hdf5_images`) where the decoded images are kept, so that they are
        decoded once, and stay out of memory until they are looked at. It is written where there is none.

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
        names it. If ``store`` holds other images than these.
    OSError
        If ``store`` can't be written.
    """
    path = Path(path)
    if not path.is_dir():
        raise FileNotFoundError(f"no folder {path}")
    if channels not in MODES:
        raise ValueError(f"{channels} channels: an image has 3 (colour) or 1 (grey)")
    if size < 1:
        raise ValueError(f"a size of {size}: an image has 1 pixel a side or more")
    found = listed(path, test=test, seed=seed)
    shape = (sum(len(part.files) for part in found.parts), channels, size, size)
    if store is not None:
        return _stored(Path(store), found, shape, skip_bad=skip_bad)
    pixels = np.empty(shape, np.uint8)
    labels, sources = _fill(pixels, found, skip_bad=skip_bad)
    (n, m), decoded = map(len, labels), torch.from_numpy(pixels)
    return (
        LabelledImages(decoded[:n], labels[0], found.classes, sources[0]),
        LabelledImages(decoded[n : n + m], labels[1], found.classes, sources[1]),
    )


def _fill(pixels: np.ndarray | h5py.Dataset, found: Listed, *, skip_bad: bool) -> tuple[list[torch.Tensor], list[str]]:
    """Decode the training and then the test images into ``pixels``, without gaps.

    Returns
    -------
    list of Tensor, list of str
        Labels and source of the training images that could be read, and of the test images.
    """
    place, reasons, labels, sources = 0, [], [], []
    for part in found.parts:
        bad = []
        for i, image in enumerate(squares(part.files, size=pixels.shape[2], channels=pixels.shape[1])):
            if not isinstance(image, ValueError):
                pixels[place] = image
                place += 1
            elif skip_bad:
                bad.append(i)
                reasons.append(str(image))
            else:
                raise ValueError(f"{image}; remove or replace it, or skip such images (skip_bad=True)") from image
        labels.append(torch.from_numpy(np.delete(part.labels.numpy(), bad)))
        names = [str(part.files[i].relative_to(found.path)) for i in bad]
        told = f" without {len(bad)} that can't be read: {_some(names)}" if bad else ""
        sources.append(f"{part.name} images of {found.path.name}{told}")
    for label in sorted(set(range(len(found.classes))) - set(labels[0].tolist())):
        raise ValueError(f"class {found.classes[label]} has no training image that can be read: remove or fill it")
    if reasons:
        warnings.warn(f"left out {len(reasons)} of {len(pixels)} images: {_some(reasons, '; ')}", stacklevel=3)
    return labels, sources


def _some(names: Sequence[str], between: str = ", ") -> str:
    """The first of the names, and how many more there are."""
    more = [f"and {len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return between.join([*names[:_NAMED], *more])


def _stored(
    store: Path, found: Listed, shape: tuple[int, ...], *, skip_bad: bool
) -> tuple[LabelledImages, LabelledImages]:
    """The images by way of an HDF5 file that is written first, where it is not there."""
    files = [[(str(file.relative_to(found.path)), file.stat().st_size) for file in part.files] for part in found.parts]
    made_from = content_hash(found.classes, files)
    if not store.exists():
        with new_hdf5(store, shape) as file:
            labels, sources = _fill(file["images"], found, skip_bad=skip_bad)
            label_hdf5(file, labels, found.classes, sources)
            file["images"].attrs["made_from"] = made_from
    training, testing = hdf5_images(store)
    with h5py.File(store) as file:
        if file["images"].attrs.get("made_from") != made_from:
            raise ValueError(
                f"{store} was not made from the files that are now in {found.path}, or divided otherwise into training "
                "and test images: remove it, or name another file"
            )
    if training.pixels.shape[1:] != shape[1:]:
        raise ValueError(
            f"{store} holds images {tuple(training.pixels.shape[1:])}, not {shape[1:]}: remove it, or name another file"
        )
    left_out = shape[0] - len(training) - len(testing)
    if left_out and not skip_bad:
        raise ValueError(
            f"{store} was made without {left_out} images that can't be read ({training.source}; {testing.source}): "
            "replace them and remove it, or accept it (skip_bad=True)"
        )
    return training, testing
