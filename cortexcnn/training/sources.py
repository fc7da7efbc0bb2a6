"""Where training images come from, by the name or path that a person types."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from cortexcnn.training.archives import jpeg_archive
from cortexcnn.training.cifar import cifar10
from cortexcnn.training.folders import image_folder
from cortexcnn.training.images import LabelledImages, split

__all__ = ["digits", "open_images"]


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
    data: str | Path, *, size: int | None = None, channels: int = 3, test: float = 0.2, seed: int = 0
) -> tuple[LabelledImages, LabelledImages]:
    """Training and test images from whatever a person has: the reader is chosen by what is there.

    Parameters
    ----------
    data : str or Path
        ``digits``; a ``.npz`` of JPEG images; the folder or tar archive of CIFAR-10; or an image folder.
    size, channels : int, optional
        Rows and columns (64 by default) and channels of the images from an image folder; the other sets have their own.
    test, seed : float, int
        Share that is kept for testing, and the seed of the draw, where the set has no test images of its own.

    Returns
    -------
    training, test : LabelledImages
        What :func:`train` and :func:`evaluate` take.

    Raises
    ------
    FileNotFoundError
        If there is nothing at that path.
    ValueError
        If it holds nothing that can be read, or a size is asked of a set that has its own.

    Examples
    --------
    >>> training, test = open_images("digits")
    >>> training.source
    "training images of scikit-learn's digits"
    """
    path = Path(data)
    if str(data) == "digits":
        found = digits(test=test, seed=seed)
    elif not path.exists():
        raise FileNotFoundError(f"nothing at {path}: give digits, a .npz of JPEG images, CIFAR-10, or an image folder")
    elif path.is_file():
        found = jpeg_archive(path) if path.suffix == ".npz" else cifar10(path)
    elif any(path.glob("data_batch_*")):
        found = cifar10(path)
    else:
        return image_folder(path, size=size or 64, channels=channels, test=test, seed=seed)
    if size not in (None, found[0].size):
        raise ValueError(f"the images of {data} have {found[0].size} pixels a side; only an image folder takes a size")
    return found
