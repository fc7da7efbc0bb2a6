"""STL-10: few labelled photographs, larger than CIFAR's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from cortexcnn.training.bundles import bundle
from cortexcnn.training.images import LabelledImages

__all__ = ["stl10"]

_CLASSES = ("airplane", "bird", "car", "cat", "deer", "dog", "horse", "monkey", "ship", "truck")
_SIZE = 96
_FILES = tuple(f"{part}_{kind}.bin" for part in ("train", "test") for kind in ("X", "y"))


def stl10(path: str | Path) -> tuple[LabelledImages, LabelledImages]:
    """The 5,000 training and 8,000 test images of STL-10 that have labels [1]_.

    Parameters
    ----------
    path : str or Path
        The folder or the ``.tar.gz`` of the "binary files" (``train_X.bin``, ``train_y.bin``, ``test_X.bin``,
        ``test_y.bin``). The 100,000 images of ``unlabeled_X.bin`` are never read: without classes there is nothing to
        train on.

    Returns
    -------
    training, test : LabelledImages
        Colour images of 96 × 96 pixels.

    Raises
    ------
    FileNotFoundError
        If one of the four files is missing: names it.
    ValueError
        If a file is damaged: names it.

    References
    ----------
    .. [1] Coates, Lee & Ng (2011), An analysis of single-layer networks in unsupervised feature learning, AISTATS.
    """
    path = Path(path)
    files = bundle(path, _FILES)
    missing = [name for name in _FILES if name not in files]
    if missing:
        raise FileNotFoundError(
            f"no {', '.join(missing)} in {path}: is this the folder or archive of STL-10's labelled images? "
            "Its unlabelled images have no classes to train on"
        )
    training, test = (
        LabelledImages(*_part(files, path, part), _CLASSES, f"{name} images of {path.name} (the labelled ones)")
        for part, name in (("train", "training"), ("test", "test"))
    )
    return training, test


def _part(files: Mapping[str, Callable[[], bytes]], path: Path, part: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels ``(n, 3, 96, 96)`` and labels ``(n)``, from 0, of the training or the test set."""
    data, labels = files[f"{part}_X.bin"](), np.frombuffer(files[f"{part}_y.bin"](), np.uint8)
    wanted = len(labels) * 3 * _SIZE * _SIZE
    if len(data) != wanted:
        raise ValueError(
            f"{path / f'{part}_X.bin'} has {len(data)} bytes; the {len(labels)} labels beside it want {wanted}: "
            "one of the two is damaged"
        )
    if len(labels) and not 1 <= labels.min() <= labels.max() <= len(_CLASSES):
        raise ValueError(
            f"{path / f'{part}_y.bin'} has labels from {labels.min()} to {labels.max()}; "
            f"STL-10's classes count from 1 to {len(_CLASSES)}"
        )
    # each plane was written column by column, as Matlab does
    pixels = np.frombuffer(data, np.uint8).reshape(-1, 3, _SIZE, _SIZE).swapaxes(2, 3).copy()
    return torch.from_numpy(pixels), torch.from_numpy(labels.astype(np.int64) - 1)
