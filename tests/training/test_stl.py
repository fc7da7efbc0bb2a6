"""STL-10's binary files: columns before rows, classes from 1, and images without labels."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from cortexcnn.training import stl10

LABELS = {"train": [1, 10, 4], "test": [2, 2]}


def images(part: str) -> np.ndarray:
    """An upright image each: the red plane grows from top to bottom, the green one from left to right."""
    pixels = np.random.default_rng(0).integers(256, size=(len(LABELS[part]), 3, 96, 96), dtype=np.uint8)
    pixels[:, 0] = np.arange(96, dtype=np.uint8)[:, None]
    pixels[:, 1] = np.arange(96, dtype=np.uint8)[None]
    return pixels


def write(folder: Path) -> Path:
    folder.mkdir()
    for part, labels in LABELS.items():
        in_columns = [np.asfortranarray(plane).tobytes(order="F") for image in images(part) for plane in image]
        (folder / f"{part}_X.bin").write_bytes(b"".join(in_columns))
        (folder / f"{part}_y.bin").write_bytes(bytes(labels))
    (folder / "unlabeled_X.bin").write_bytes(b"never read")
    return folder


@pytest.mark.parametrize("packed", [False, True])
def test_images_stand_upright(tmp_path: Path, packed: bool):
    path = write(tmp_path / "stl10_binary")
    if packed:
        with tarfile.open(tmp_path / "stl10_binary.tar.gz", "w:gz") as archive:
            archive.add(path, path.name)
        path = tmp_path / "stl10_binary.tar.gz"
    training, test = stl10(path)
    for found, part in ((training, "train"), (test, "test")):
        assert np.array_equal(found.pixels.numpy(), images(part))
        assert [found.classes[label] for label in found.labels] == [
            {1: "airplane", 2: "bird", 4: "cat", 10: "truck"}[label] for label in LABELS[part]
        ]
    assert training.source == f"training images of {path.name} (the labelled ones)"


def test_unlabelled_images_alone_are_refused_with_a_word(tmp_path: Path):
    folder = write(tmp_path / "stl10")
    for name in ("train_X.bin", "train_y.bin", "test_X.bin", "test_y.bin"):
        (folder / name).unlink()
    with pytest.raises(FileNotFoundError, match=r"no train_X.bin, train_y.bin, .* unlabelled images have no classes"):
        stl10(folder)


def test_a_file_that_is_cut_short_is_named(tmp_path: Path):
    folder = write(tmp_path / "stl10")
    (folder / "test_X.bin").write_bytes((folder / "test_X.bin").read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"test_X.bin has 55295 bytes; the 2 labels beside it want 55296"):
        stl10(folder)


def test_labels_count_from_one(tmp_path: Path):
    folder = write(tmp_path / "stl10")
    (folder / "train_y.bin").write_bytes(bytes([0, 1, 2]))
    with pytest.raises(ValueError, match=r"train_y.bin has labels from 0 to 2"):
        stl10(folder)
