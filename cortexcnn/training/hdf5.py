"""Labelled images in one HDF5 file, which may be larger than memory."""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import h5py
import numpy as np
import torch

from cortexcnn.training.files import whole
from cortexcnn.training.images import BLOCK, LabelledImages, split

__all__ = ["hdf5_images", "label_hdf5", "new_hdf5", "save_hdf5"]

_PARTS = ("training", "test")
"""What 0 and 1 mean in ``split``."""
_NEITHER = len(_PARTS)
_NO_CLAIM = getattr(mmap, "MAP_NORESERVE", 0x4000)
"""Linux's flag for a mapping without a claim on memory; Python names it from 3.13 on."""


def hdf5_images(path: str | Path, *, test: float = 0.2, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """Labelled images from an HDF5 file.

    What is stored as the network wants it stays in the file until it is looked at, so a set may be larger than memory:
    ``images`` (image, channel, row, column) in one piece and not compressed, and ``split`` in an order that keeps the
    images of either part together. :func:`save_hdf5` writes such files. Anything else is read into memory.

    Parameters
    ----------
    path : str or Path
        A file with ``images``, bytes (image, channel, row, column), (image, row, column, channel) or, if they are
        grey, (image, row, column); ``labels`` (image), whole numbers from 0; perhaps ``classes``, their names; and
        perhaps ``split`` (image): 0 training, 1 test, 2 neither.
    test, seed : float, int
        Where there is no ``split``: the share that is kept for testing, and the seed of the draw
        (:func:`~cortexcnn.training.split`).

    Returns
    -------
    training, test : LabelledImages
        Changing the pixels of one that stays in the file changes this process's copy alone, never the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no HDF5 file, is damaged, lacks ``images`` or ``labels``, or these are not as above: says how they are.

    Examples
    --------
    >>> import tempfile
    >>> from cortexcnn.training import digits
    >>> training, test = digits()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     again, _ = hdf5_images(save_hdf5(training, test, Path(folder) / "digits.h5"))
    ...     torch.equal(again.pixels, training.pixels), again.source
    (True, "training images of scikit-learn's digits")
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"no file {path}")
    try:
        with h5py.File(path) as file:
            return _read(file, path, test, seed)
    except (OSError, KeyError, RuntimeError) as error:
        raise ValueError(f"{path} can't be read as HDF5: {error}") from error


def save_hdf5(training: LabelledImages, test: LabelledImages, path: str | Path) -> Path:
    """Write images as an HDF5 file from which they are drawn without being read into memory.

    Parameters
    ----------
    training, test : LabelledImages
        Images of one size, with the same classes.
    path : str or Path
        The file; one that is there is replaced.

    Returns
    -------
    Path
        The file; :func:`hdf5_images` reads it.

    Raises
    ------
    ValueError
        If the two differ in size, channels or classes.
    OSError
        If it can't be written; what was there before stays.
    """
    path = Path(path)
    if training.pixels.shape[1:] != test.pixels.shape[1:] or training.classes != test.classes:
        raise ValueError(
            f"training images {tuple(training.pixels.shape[1:])} of {len(training.classes)} classes and test images "
            f"{tuple(test.pixels.shape[1:])} of {len(test.classes)} classes: one file holds one kind"
        )
    parts = (training, test)
    with new_hdf5(path, (len(training) + len(test), *training.pixels.shape[1:])) as file:
        start = 0
        for block in (block for part in parts for block in part.pixels.split(BLOCK)):
            file["images"][start : start + len(block)] = block.cpu().numpy()
            start += len(block)
        label_hdf5(file, [part.labels for part in parts], training.classes, [part.source for part in parts])
    return path


@contextmanager
def new_hdf5(path: Path, shape: tuple[int, ...]) -> Iterator[h5py.File]:
    """A file with room for ``images`` of that shape, which is at its place once it is complete."""
    with whole(path) as part, h5py.File(part, "w") as file:
        # one piece, all of it set aside at once, so that it can be mapped; nothing is written twice
        layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        layout.set_layout(h5py.h5d.CONTIGUOUS)
        layout.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        layout.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        h5py.h5d.create(file.id, b"images", h5py.h5t.NATIVE_UINT8, h5py.h5s.create_simple(shape), layout)
        yield file


def label_hdf5(file: h5py.File, labels: Sequence[torch.Tensor], classes: Sequence[str], sources: Sequence[str]) -> None:
    """Write labels, classes and sources of the training images, which come first, and of the test images."""
    n = [len(part) for part in labels]
    rest = len(file["images"]) - sum(n)
    file["labels"] = np.concatenate([*(part.cpu().numpy() for part in labels), np.zeros(rest, np.int64)])
    file["split"] = np.repeat(np.arange(_NEITHER + 1, dtype=np.uint8), [*n, rest])
    file["classes"] = np.array(classes, dtype=h5py.string_dtype())
    file["split"].attrs["meaning"] = "0 training, 1 test, 2 neither"
    for name, source in zip(_PARTS, sources, strict=True):
        file["images"].attrs[f"{name}_source"] = source


def _read(file: h5py.File, path: Path, test: float, seed: int) -> tuple[LabelledImages, LabelledImages]:
    images, labels = _checked(file, path)
    pixels = _mapped(images) if _in_one_piece(images) else _in_memory(images, path)
    classes = _classes(file, labels, path)
    if "split" not in file:
        return split(LabelledImages(pixels, labels, classes, path.name), test=test, seed=seed)
    numbers = file["split"][:]
    if numbers.shape != labels.shape or not np.isin(numbers, range(_NEITHER + 1)).all():
        raise ValueError(
            f"{path}: split is {numbers.dtype} {numbers.shape} for {len(labels)} images; "
            "it is 0 (training), 1 (test) or 2 (neither) for each"
        )
    parts = []
    for number, name in enumerate(_PARTS):
        which = _together(np.flatnonzero(numbers == number))
        source = images.attrs.get(f"{name}_source", f"{name} images of {path.name}")
        parts.append(LabelledImages(pixels[which], labels[which], classes, str(source)))
    return parts[0], parts[1]


def _checked(file: h5py.File, path: Path) -> tuple[h5py.Dataset, torch.Tensor]:
    """The images, still in the file, and their labels."""
    missing = [name for name in ("images", "labels") if not isinstance(file.get(name), h5py.Dataset)]
    if missing:
        raise ValueError(
            f"{path} has no dataset {' and no '.join(missing)}; it has {', '.join(file) or 'nothing'}: "
            "name the images images, and the labels labels"
        )
    images, labels = file["images"], file["labels"]
    if images.dtype != np.uint8:
        raise ValueError(f"{path}: images are {images.dtype}; store bytes, 0 to 255 (uint8)")
    if labels.dtype.kind not in "iu" or labels.shape != images.shape[:1]:
        raise ValueError(
            f"{path}: labels are {labels.dtype} {labels.shape} for images {images.shape}; one whole number for each"
        )
    return images, torch.from_numpy(labels[:].astype(np.int64))


def _classes(file: h5py.File, labels: torch.Tensor, path: Path) -> tuple[str, ...]:
    """The names of the classes, or else their numbers."""
    if "classes" not in file:
        return tuple(str(number) for number in range(int(labels.max()) + 1 if len(labels) else 0))
    names = file["classes"]
    if names.ndim != 1 or h5py.check_string_dtype(names.dtype) is None:
        raise ValueError(f"{path}: classes are {names.dtype} {names.shape}; a list of names")
    return tuple(names.asstr("utf-8")[:].tolist())


def _in_one_piece(images: h5py.Dataset) -> bool:
    """Whether the bytes lie in the file as they are wanted."""
    layout = images.id.get_create_plist().get_layout()
    return layout == h5py.h5d.CONTIGUOUS and images.id.get_offset() is not None and _channel_axis(images.shape) == 1


def _channel_axis(shape: tuple[int, ...]) -> int | None:
    """Where the channels are: 1 or 3, and None where there is no telling."""
    if len(shape) != 4:
        return None
    return next((axis for axis in (1, 3) if shape[axis] in (1, 3)), None)


def _mapped(images: h5py.Dataset) -> torch.Tensor:
    """The images where they lie: pages are read when they are looked at, and given back when memory is short.

    The mapping may be written to, as torch asks, but what is written stays in this process. It is taken without a
    claim on memory for such writes, which a system would refuse to a set that is larger than its memory.
    """
    offset, length = images.id.get_offset(), images.id.get_storage_size()
    with Path(images.file.filename).open("rb") as file:
        if sys.platform == "linux":
            flags = mmap.MAP_PRIVATE | _NO_CLAIM
            mapping = mmap.mmap(file.fileno(), offset + length, flags, mmap.PROT_READ | mmap.PROT_WRITE)
        else:
            mapping = mmap.mmap(file.fileno(), offset + length, access=mmap.ACCESS_COPY)
    return torch.from_numpy(np.frombuffer(mapping, np.uint8, length, offset).reshape(images.shape))


def _in_memory(images: h5py.Dataset, path: Path) -> torch.Tensor:
    """All images as ``(n, channel, row, column)``, a block at a time."""
    axis = 1 if images.ndim == 3 else _channel_axis(images.shape)
    if axis is None:
        raise ValueError(
            f"{path}: images are {images.shape}; (image, channel, row, column) or (image, row, column, channel) "
            "with 1 or 3 channels, or grey ones (image, row, column)"
        )
    pixels = None
    for start in range(0, len(images), BLOCK):
        block = images[start : start + BLOCK]
        block = block[:, None] if images.ndim == 3 else np.moveaxis(block, axis, 1)
        if pixels is None:
            pixels = np.empty((len(images), *block.shape[1:]), np.uint8)
        pixels[start : start + BLOCK] = block
    return torch.from_numpy(np.empty((0, 1, 1, 1), np.uint8) if pixels is None else pixels)


def _together(positions: np.ndarray) -> slice | torch.Tensor:
    """The positions as a slice, which copies nothing, where there are no others between them."""
    if len(positions) and positions[-1] - positions[0] == len(positions) - 1:
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return torch.from_numpy(positions)
