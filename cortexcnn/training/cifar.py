"""CIFAR-10 in each form in which people have it, read without executing anything that is in the file.

The official files are pickles, and a pickle can run any program when it is read. The reader here knows only what
CIFAR's pickles need, a numpy array, and refuses the rest by name.
"""

from __future__ import annotations

import _codecs
import io
import pickle
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.images import LabelledImages

__all__ = ["cifar10"]

_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_BATCHES = tuple(f"data_batch_{number}" for number in range(1, 6))
_RECORD = 1 + 3 * 32 * 32
"""Bytes of an image in the binary form: its label, then the red, green and blue planes."""


def _dtype(name: Any, align: int = 0, copy: int = 0) -> np.dtype:
    """A data type; Python 2 pickled its flags as numbers, which numpy warns about."""
    return np.dtype(name, align=bool(align), copy=bool(copy))


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _codecs.encode,
    **{(f"numpy.{core}.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0] for core in ("core", "_core")},
    **{(f"numpy.{core}.numeric", "_frombuffer"): np.empty(0).__reduce_ex__(5)[0] for core in ("core", "_core")},
}
"""All that a pickle of CIFAR may name: the parts of a numpy array."""


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
    files = _files(path)
    training = [_batch(files[name], path / name) for name in _named(files, _BATCHES)]
    test = [_batch(files[name], path / name) for name in _named(files, ("test_batch",))]
    for name, batches in (("data_batch_1", training), ("test_batch", test)):
        if not batches:
            raise FileNotFoundError(
                f"no {name} and no {name}.bin in {path}: is this the folder or archive of CIFAR-10?"
            )
    return _joined(training, f"training images of {path.name}"), _joined(test, f"test images of {path.name}")


def _files(path: Path) -> dict[str, Callable[[], bytes]]:
    """How to read each file of the folder or of the archive, by its name without folders."""
    if path.is_dir():
        return {file.name: file.read_bytes for file in path.iterdir() if file.is_file()}
    try:
        with tarfile.open(path) as archive:
            wanted = [member for member in archive if member.isfile() and "_batch" in member.name]
            return {Path(member.name).name: _constant(archive, member) for member in wanted}
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, FileNotFoundError):
            raise
        raise ValueError(f"{path} is no folder and no tar archive that can be read: {error}") from error


def _constant(archive: tarfile.TarFile, member: tarfile.TarInfo) -> Callable[[], bytes]:
    """The content of one member, read now, while the archive is open."""
    file = archive.extractfile(member)
    content = file.read() if file else b""
    return lambda: content


def _named(files: dict[str, Callable[[], bytes]], names: tuple[str, ...]) -> list[str]:
    """Those of the names that are there, plain or with ``.bin``."""
    return [name + suffix for name in names for suffix in ("", ".bin") if name + suffix in files]


def _batch(read: Callable[[], bytes], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Pixels ``(n, 3072)`` and labels ``(n)`` of one file."""
    data = read()
    if path.suffix == ".bin":
        if not data or len(data) % _RECORD:
            raise ValueError(f"{path} is damaged: {len(data)} bytes are no whole number of images of {_RECORD} bytes")
        records = np.frombuffer(data, np.uint8).reshape(-1, _RECORD)
        return records[:, 1:], records[:, 0]
    try:
        return _unpickled(data)
    except Exception as error:
        raise ValueError(f"{path} is no batch of CIFAR-10 that can be read safely: {error}") from error


def _unpickled(data: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Pixels and labels of one pickled batch, written by either generation of Python."""
    content = _Reader(io.BytesIO(data), encoding="bytes").load()
    content = {key.decode() if isinstance(key, bytes) else key: value for key, value in content.items()}
    pixels, labels = content["data"], np.asarray(content["labels"])
    if pixels.dtype != np.uint8 or pixels.shape != (len(labels), _RECORD - 1):
        raise ValueError(f"its pixels are {pixels.dtype} {pixels.shape} with {len(labels)} labels")
    return pixels, labels


class _Reader(pickle.Unpickler):
    """An unpickler that knows numpy arrays and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """Look up what the pickle names, if it may name it."""
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which no batch of images needs") from None


def _joined(batches: list[tuple[np.ndarray, np.ndarray]], source: str) -> LabelledImages:
    pixels = np.concatenate([pixels for pixels, _ in batches]).reshape(-1, 3, 32, 32)
    labels = np.concatenate([labels for _, labels in batches]).astype(np.int64)
    return LabelledImages(torch.from_numpy(pixels), torch.from_numpy(labels), _CLASSES, source)
