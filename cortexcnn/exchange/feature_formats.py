"""A matrix of features in each of the five kinds of file that thingsvision writes; nothing that could run is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError

import h5py
import numpy as np
import scipy.io
import torch

__all__ = ["READERS", "WRITERS"]

_ENDING = re.compile(r"\.(eps|jpe?g|png|PNG|tiff?)$")
"""What thingsvision cuts off the names by which a MATLAB file holds features."""


def _read_hdf5(path: Path, _names: list[str]) -> np.ndarray:
    with h5py.File(path) as file:
        return np.concatenate([file[name][:] for name in sorted(file, key=lambda name: (len(name), name))])


def _write_hdf5(path: Path, features: np.ndarray, _names: list[str]) -> None:
    with h5py.File(path, "w") as file:
        file["features"] = features


def _read_mat(path: Path, names: list[str]) -> np.ndarray:
    """One matrix, or one variable an image."""
    held = {name: each for name, each in scipy.io.loadmat(path).items() if not name.startswith("__")}
    if list(held) == ["features"]:
        return held["features"]
    wanted = [key for name in names if (key := _ENDING.sub("", name)) in held]
    if len(wanted) != len(held):
        raise ValueError(f"its images are {', '.join(list(held)[:3])}, …, and not {', '.join(names[:3])}, …")
    features = np.stack([held[key] for key in wanted])
    return features[:, 0] if features.ndim == 3 and features.shape[1] == 1 else features


def _write_mat(path: Path, features: np.ndarray, names: list[str]) -> None:
    keys = [_ENDING.sub("", name) for name in names]
    lost = [key for key in keys if key.startswith("_")]
    if lost or len(set(keys)) < len(keys):
        raise ValueError(
            "a MATLAB file holds each image by its name without ending, of which none starts with _ and no two are "
            f"alike; {', '.join(lost[:3]) or 'some of these'} can't be there: choose another ending"
        )
    scipy.io.savemat(path, dict(zip(keys, features, strict=True)))


def _read_pt(path: Path, _names: list[str]) -> np.ndarray:
    try:
        features = torch.load(path, map_location="cpu", weights_only=True)
    except UnpicklingError:
        raise ValueError("there is more in it than tensors") from None  # PyTorch's own error says how to run it
    if not isinstance(features, torch.Tensor):
        raise TypeError(f"a tensor is wanted, and it holds a {type(features).__name__}")
    return features.numpy()


READERS: dict[str, Callable[[Path, list[str]], np.ndarray]] = {
    ".npy": lambda path, _: np.load(path, allow_pickle=False),
    ".hdf5": _read_hdf5,
    ".mat": _read_mat,
    ".pt": _read_pt,
    ".txt": lambda path, _: np.loadtxt(path, ndmin=2),
}
"""By the ending of a file: its features (image, …), given the names of images in their order."""

WRITERS: dict[str, Callable[[Path, np.ndarray, list[str]], None]] = {
    ".npy": lambda path, features, _: np.save(path, features, allow_pickle=False),
    ".hdf5": _write_hdf5,
    ".mat": _write_mat,
    ".pt": lambda path, features, _: torch.save(torch.from_numpy(np.ascontiguousarray(features)), path),
    ".txt": lambda path, features, _: np.savetxt(path, features.reshape(len(features), -1)),
}
"""By the ending of a file: how features (image, …) of named images are written."""
