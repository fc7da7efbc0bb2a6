"""MNIST and Fashion-MNIST: small grey images in four files of the same form."""

from __future__ import annotations

import gzip
import math
import re
import zlib
from pathlib import Path

import numpy as np
import torch

from cortexcnn.training.images import LabelledImages, split

__all__ = ["fashion_mnist", "idx_files", "mnist"]

_DIGITS = tuple("0123456789")
_CLOTHES = (
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
_NAME = re.compile(r"(?P<set>.*)(?P<part>train|t10k)-(?P<kind>images|labels)[-.]idx[13]-ubyte(\.gz)?")
_BYTES = 8
"""What an idx file says of its numbers when they are unsigned bytes."""


def mnist(path: str | Path, *, test: float = 0.2, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """The 60,000 training and 10,000 test images of MNIST's handwritten digits [1]_.

    Parameters
    ----------
    path : str or Path
        The folder of ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte`` and the same with ``t10k`` (a dot in
        place of the dash before ``idx`` will do, and so will ``.gz`` at the end), or one of these files.
    test, seed : float, int
        Where only one of the two sets is there: the share of it that is kept for testing, and the seed of the draw.

    Returns
    -------
    training, test : LabelledImages
        Grey images of 28 × 28 pixels, white on black. Train on them with ``flip=False``: a mirrored digit is another
        sign. ``source`` says so where one set was split.

    Raises
    ------
    FileNotFoundError
        If there are no images, or no labels to them.
    ValueError
        If a file is damaged or doesn't suit its neighbour, or the folder holds several such sets: names the files.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio & Haffner (1998), Proc. IEEE 86, 2278-2324.
    """
    return _images(Path(path), _DIGITS, test, seed)


def fashion_mnist(path: str | Path, *, test: float = 0.2, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """The 60,000 training and 10,000 test images of Fashion-MNIST [1]_, articles of clothing in MNIST's form.

    Parameters
    ----------
    path, test, seed
        As of :func:`mnist`.

    Returns
    -------
    training, test : LabelledImages
        Grey images of 28 × 28 pixels, light on black.

    Raises
    ------
    FileNotFoundError, ValueError
        As :func:`mnist`.

    References
    ----------
    .. [1] Xiao, Rasul & Vollgraf (2017), Fashion-MNIST: a novel image dataset, arXiv:1708.07747.
    """
    return _images(Path(path), _CLOTHES, test, seed)


def idx_files(path: Path) -> dict[tuple[str, str], Path]:
    """The files of one set in a folder, or beside one file of it, by part (train, t10k) and kind (images, labels).

    None where there are no such files.

    Raises
    ------
    ValueError
        If the folder holds files of several sets.
    """
    folder, own = (path, None) if path.is_dir() else (path.parent, _NAME.fullmatch(path.name))
    if own is None and folder != path:
        return {}
    found: dict[tuple[str, str], Path] = {}
    sets: set[str] = set()
    for file in sorted(folder.iterdir(), reverse=True):  # plain files come after packed ones, and replace them
        match = _NAME.fullmatch(file.name)
        if match and (own is None or match["set"] == own["set"]):
            sets.add(match["set"])
            found[match["part"], match["kind"]] = file
    if len(sets) > 1:
        raise ValueError(
            f"{folder} holds files of several sets, which start with {', '.join(map(repr, sorted(sets)))}: "
            "name one of the files"
        )
    return found


def _images(path: Path, classes: tuple[str, ...], test: float, seed: int) -> tuple[LabelledImages, LabelledImages]:
    if not path.exists():
        raise FileNotFoundError(f"nothing at {path}")
    files, name = idx_files(path), path.name
    parts = {part: _part(files, path, part) for part in ("train", "t10k") if (part, "images") in files}
    if not parts:
        raise FileNotFoundError(
            f"no train-images-idx3-ubyte and no t10k-images-idx3-ubyte in {path}, plain or .gz: is this MNIST's folder?"
        )
    if len(parts) == 2:
        return (
            LabelledImages(*parts["train"], classes, f"training images of {name}"),
            LabelledImages(*parts["t10k"], classes, f"test images of {name}"),
        )
    ((part, found),) = parts.items()
    what = "training set" if part == "train" else "official test set"
    return split(LabelledImages(*found, classes, f"{name} (its {what} alone, split)"), test=test, seed=seed)


def _part(files: dict[tuple[str, str], Path], path: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels ``(n, 1, rows, columns)`` and labels ``(n)`` of one of the sets."""
    if (part, "labels") not in files:
        raise FileNotFoundError(f"no {part}-labels-idx1-ubyte in {path}: the images beside it need their labels")
    images, labels = files[part, "images"], files[part, "labels"]
    pixels, numbers = _read(images, axes=3), _read(labels, axes=1)
    if len(pixels) != len(numbers):
        raise ValueError(
            f"{images} has {len(pixels)} images, {labels} {len(numbers)} labels: they don't belong together"
        )
    return torch.from_numpy(pixels[:, None]), torch.from_numpy(numbers.astype(np.int64))


def _read(path: Path, axes: int) -> np.ndarray:
    """The numbers of one idx file: four bytes of what they are, the length of each axis, the bytes."""
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"{path} can't be unpacked: {error}; fetch it anew") from error
    start = 4 + 4 * axes
    if len(data) < start or tuple(data[:4]) != (0, 0, _BYTES, axes):
        raise ValueError(f"{path} is no idx file of bytes with {axes} axes: it starts with {data[:4].hex(' ')}")
    shape = np.frombuffer(data, ">i4", axes, 4).tolist()
    if len(data) - start != math.prod(shape):
        raise ValueError(
            f"{path} is damaged: {' × '.join(map(str, shape))} bytes are announced, {len(data) - start} are there"
        )
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape).copy()
