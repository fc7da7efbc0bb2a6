"""CIFAR-10 and CIFAR-100 in each form in which people have them, read without executing anything that is in the file.

The "python version" is pickles, read by a reader that knows numpy arrays and nothing else; the "binary version" is
records of the labels and then the red, green and blue planes of one image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.bundles import bundle
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.pickles import unpickled

__all__ = ["cifar10", "cifar100"]

_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_PIXELS = 3 * 32 * 32

Files = Mapping[str, Callable[[], bytes]]


def cifar10(path: str | Path) -> tuple[LabelledImages, LabelledImages]:
    """The 50,000 training and 10,000 test images of CIFAR-10 [1]_.

    Parameters
    ----------
    path : str or Path
        The folder or the ``.tar.gz`` of the "python version" (``data_batch_1``, …) or of the "binary version"
        (``data_batch_1.bin``, …), or a ``.npz`` of JPEG images (:func:`~cortexcnn.training.jpeg_archive`).

    Returns
    -------
    training, test : LabelledImages
        Colour images of 32 × 32 pixels; the training images are those of the batches that are there.

    Raises
    ------
    FileNotFoundError
        If there is no training batch or no test batch.
    ValueError
        If a file is damaged, or a pickle asks for more than a numpy array: names the file.

    References
    ----------
    .. [1] Krizhevsky (2009), Learning multiple layers of features from tiny images.
    """
    path = Path(path)
    if path.suffix == ".npz":
        return jpeg_archive(path)
    files = bundle(path, _either(*_BATCHES, "test_batch"))
    training, test = (
        _batches(files, path, names, kinds=("labels",), kind="labels") for names in (_BATCHES, ("test_batch",))
    )
    return (
        LabelledImages(*training, _CLASSES, f"training images of {path.name}"),
        LabelledImages(*test, _CLASSES, f"test images of {path.name}"),
    )


def cifar100(path: str | Path, *, coarse: bool = False) -> tuple[LabelledImages, LabelledImages]:
    """The 50,000 training and 10,000 test images of CIFAR-100 [1]_.

    Parameters
    ----------
    path : str or Path
        The folder or the ``.tar.gz`` of the "python version" (``train``, ``test``, ``meta``) or of the "binary
        version" (``train.bin``, ``test.bin``, ``fine_label_names.txt``, …).
    coarse : bool
        Label by the 20 superclasses (fish, flowers, …) and not by the 100 classes.

    Returns
    -------
    training, test : LabelledImages
        Colour images of 32 × 32 pixels.

    Raises
    ------
    FileNotFoundError
        If the training images, the test images or the names of the classes are missing.
    ValueError
        If a file is damaged, or a pickle asks for more than a numpy array: names the file.

    References
    ----------
    .. [1] Krizhevsky (2009), Learning multiple layers of features from tiny images.
    """
    path, kind = Path(path), "coarse" if coarse else "fine"
    files = bundle(path, {*_either("train", "test"), "meta", f"{kind}_label_names.txt"})
    classes = _class_names(files, path, kind)
    kinds = ("coarse_labels", "fine_labels")
    training, test = (_batches(files, path, (name,), kinds=kinds, kind=f"{kind}_labels") for name in ("train", "test"))
    return (
        LabelledImages(*training, classes, f"training images of {path.name}"),
        LabelledImages(*test, classes, f"test images of {path.name}"),
    )


def _either(*names: str) -> set[str]:
    """Names of files in the one version and in the other."""
    return {name + suffix for name in names for suffix in ("", ".bin")}


def _batches(
    files: Files, path: Path, names: tuple[str, ...], *, kinds: tuple[str, ...], kind: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels ``(n, 3, 32, 32)`` and the labels of one of the kinds, of all the files that are there."""
    there = [name + suffix for name in names for suffix in ("", ".bin") if name + suffix in files]
    if not there:
        raise FileNotFoundError(f"no {names[0]} and no {names[0]}.bin in {path}: is this CIFAR's folder or archive?")
    read = [_batch(files[name], path / name, kinds, kind) for name in there]
    pixels, labels = (np.concatenate(parts) for parts in zip(*read, strict=True))
    return torch.from_numpy(pixels.reshape(-1, 3, 32, 32)), torch.from_numpy(labels.astype(np.int64))


def _batch(read: Callable[[], bytes], path: Path, kinds: tuple[str, ...], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels ``(n, 3072)`` and labels ``(n)`` of one file."""
    data = read()
    if path.suffix == ".bin":
        record = len(kinds) + _PIXELS
        if not data or len(data) % record:
            raise ValueError(f"{path} is damaged: {len(data)} bytes are no whole number of images of {record} bytes")
        records = np.frombuffer(data, np.uint8).reshape(-1, record)
        return records[:, len(kinds) :], records[:, kinds.index(kind)]
    try:
        return _pickled(data, kind)
    except Exception as error:
        raise ValueError(f"{path} is no batch of CIFAR that can be read safely: {error}") from error


def _pickled(data: bytes, kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of one pickled batch."""
    content = unpickled(data)
    pixels, labels = content["data"], np.asarray(content[kind])
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), _PIXELS):
        raise ValueError(f"its pixels are {pixels.dtype} {pixels.shape} with {len(labels)} labels")
    return pixels, labels


def _class_names(files: Files, path: Path, kind: str) -> tuple[str, ...]:
    """What the classes of CIFAR-100 are called, by its own account."""
    text = f"{kind}_label_names.txt"
    if text in files:
        return tuple(files[text]().decode().split())
    if "meta" not in files:
        raise FileNotFoundError(
            f"no meta and no {text} in {path}, which name the classes: take them from the published archive"
        )
    try:
        names = unpickled(files["meta"]())[f"{kind}_label_names"]
        return tuple(name.decode() if isinstance(name, bytes) else str(name) for name in names)
    except Exception as error:
        raise ValueError(f"{path / 'meta'} names no classes that can be read safely: {error}") from error
