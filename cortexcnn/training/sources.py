"""Where training images come from, by the name or path that a person types."""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.bundles import names_inside
from cortexcnn.training.cifar import cifar10, cifar100
from cortexcnn.training.folders import image_folder
from cortexcnn.training.hdf5 import hdf5_images
from cortexcnn.training.idx import fashion_mnist, idx_files, mnist
from cortexcnn.training.images import LabelledImages, split
from cortexcnn.training.leaves import dead_leaves
from cortexcnn.training.stl import stl10

__all__ = ["digits", "open_images"]

_KNOWN = (
    "digits, dead_leaves, a folder with a folder for each class, CIFAR-10, CIFAR-100, STL-10, MNIST or Fashion-MNIST "
    "as published, a .npz of JPEG images, or a .h5 of images and labels"
)
"""What :func:`open_images` takes, in words."""

_LEAVES = 10_000
"""Images of dead leaves that are drawn for who says no more."""
_SIGNS = {
    **dict.fromkeys(("data_batch_1", "data_batch_1.bin", "test_batch", "test_batch.bin"), cifar10),
    **dict.fromkeys(("meta", "train", "train.bin", "fine_label_names.txt"), cifar100),
    **dict.fromkeys(("train_X.bin", "test_X.bin"), stl10),
}
"""Files by which a published set is known."""


def digits(*, test: float = 0.2, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """The 1,797 handwritten digits of 8 × 8 pixels that come with scikit-learn [1]_.

    Parameters
    ----------
    test, seed : float, int
        Share of each class that is kept for testing, and the seed of the draw.

    Returns
    -------
    training, test : LabelledImages
        Grey images. Train on them with ``flip=False``: a mirrored digit is another sign.

    References
    ----------
    .. [1] Alpaydin & Kaynak (1998), Optical recognition of handwritten digits, UCI Machine Learning Repository.

    Examples
    --------
    >>> training, test = digits()
    >>> len(training), len(test), training.channels, training.size
    (1438, 359, 1, 8)
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 (takes a second, and only digits need it)

    found = load_digits()
    pixels = torch.from_numpy(np.round(found.images * (255 / 16)).astype(np.uint8))[:, None]
    labels = torch.from_numpy(found.target.astype(np.int64))
    return split(
        LabelledImages(pixels, labels, tuple(str(name) for name in found.target_names), "scikit-learn's digits"),
        test=test,
        seed=seed,
    )


def open_images(
    data: str | Path,
    *,
    size: int | None = None,
    channels: int = 3,
    test: float = 0.2,
    seed: int = 0,
    skip_bad: bool = False,
) -> tuple[LabelledImages, LabelledImages]:
    """Training and test images from whatever a person has: the reader is chosen by what is there.

    Parameters
    ----------
    data : str or Path
        ``digits``; ``dead_leaves`` (10,000 of them); a ``.npz`` of JPEG images; a ``.h5`` of images and labels; the
        folder or tar archive of CIFAR-10, CIFAR-100 or STL-10; the folder of MNIST, or one of its files, which is
        read as Fashion-MNIST where the path says ``fashion``; or an image folder.
    size : int, optional
        Rows and columns of the images. An image folder is read at 64 by default and leaves are drawn at 32; the other
        sets have a size of their own, and are resized to any other (:meth:`LabelledImages.resized`).
    channels : int
        Channels of images from an image folder and of leaves; the other sets have their own.
    test, seed : float, int
        Share that is kept for testing, and the seed of the draw, where the set has no test images of its own.
    skip_bad : bool
        Leave out images of an image folder that can't be read, with a warning that names them.

    Returns
    -------
    training, test : LabelledImages
        What :func:`train` and :func:`evaluate` take.

    Raises
    ------
    FileNotFoundError
        If there is nothing at that path.
    ValueError
        If it holds nothing that can be read, or no training image of some class: names it.

    Examples
    --------
    >>> training, test = open_images("digits", size=16)
    >>> training.source, training.size
    ("training images of scikit-learn's digits, resized from 8 pixels", 16)
    """
    path = Path(data)
    if str(data) == "digits":
        found = digits(test=test, seed=seed)
    elif str(data) == "dead_leaves":
        return dead_leaves(_LEAVES, size=size or 32, channels=channels, test=test, rng=seed)
    elif not path.exists():
        raise FileNotFoundError(f"nothing at {path}: give {_KNOWN}")
    elif (published := _published(path)) is not None:
        found = published(path)
    elif path.suffix in (".h5", ".hdf5"):
        found = hdf5_images(path, test=test, seed=seed)
    elif idx_files(path):
        found = (fashion_mnist if "fashion" in str(path).lower() else mnist)(path, test=test, seed=seed)
    elif path.is_dir():
        return image_folder(path, size=size or 64, channels=channels, test=test, seed=seed, skip_bad=skip_bad)
    else:
        raise ValueError(f"{path} is none of the sets that are known: give {_KNOWN}")
    training, testing = found
    for label in sorted(set(range(len(training.classes))) - set(training.labels.unique().tolist())):
        raise ValueError(f"class {training.classes[label]} has no training images in {data}: add some, or leave it out")
    return (training, testing) if size is None else (training.resized(size), testing.resized(size))


def _published(path: Path) -> Callable[[Path], tuple[LabelledImages, LabelledImages]] | None:
    """The reader of a set that is known by its files, or none."""
    if path.suffix == ".npz":
        return jpeg_archive
    if path.is_file() and not tarfile.is_tarfile(path):
        return None
    return next((_SIGNS[name] for name in sorted(names_inside(path, _SIGNS))), None)
