"""MNIST's files, plain and packed, in either spelling, and what can be wrong with them."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from cortexcnn.training import fashion_mnist, mnist

COUNTS = {"train": 30, "t10k": 20}


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes()


def arrays(part: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(len(part))
    return rng.integers(256, size=(COUNTS[part], 28, 28), dtype=np.uint8), np.arange(COUNTS[part], dtype=np.uint8) % 10


def write(folder: Path, *, parts=("train", "t10k"), packed: bool = False, mark: str = "-", before: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    for part in parts:
        for kind, axes, array in zip(("images", "labels"), (3, 1), arrays(part), strict=True):
            name = f"{before}{part}-{kind}{mark}idx{axes}-ubyte{'.gz' if packed else ''}"
            (folder / name).write_bytes(gzip.compress(idx(array)) if packed else idx(array))
    return folder


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", ["-", "."])
def test_all_spellings(tmp_path: Path, packed: bool, mark: str):
    training, test = mnist(write(tmp_path / "mnist", packed=packed, mark=mark))
    for images, part in ((training, "train"), (test, "t10k")):
        pixels, labels = arrays(part)
        assert np.array_equal(images.pixels.numpy(), pixels[:, None])
        assert images.labels.tolist() == labels.tolist()
    assert training.classes == tuple("0123456789")
    assert (training.source, test.source) == ("training images of mnist", "test images of mnist")


@pytest.mark.parametrize(("part", "told"), [("train", "training set alone"), ("t10k", "official test set alone")])
def test_one_set_alone_is_split_and_says_so(tmp_path: Path, part: str, told: str):
    training, test = mnist(write(tmp_path / "mnist", parts=(part,)), test=0.4, seed=1)
    assert len(training) + len(test) == COUNTS[part]
    assert np.bincount(test.labels.numpy()).tolist() == [1] * 10
    assert told in training.source
    assert told in test.source


def test_clothes_have_other_names(tmp_path: Path):
    assert fashion_mnist(write(tmp_path / "mnist"))[0].classes[9] == "ankle boot"


def test_a_file_stands_for_its_set(tmp_path: Path):
    write(tmp_path / "both", before="mnist_", parts=("t10k",))
    folder = write(tmp_path / "both", before="fashion_", parts=("train",))
    with pytest.raises(ValueError, match="several sets, which start with 'fashion_', 'mnist_'"):
        mnist(folder)
    training, test = mnist(folder / "mnist_t10k-labels-idx1-ubyte")
    assert len(training) + len(test) == COUNTS["t10k"]


def test_a_plain_file_goes_before_its_packed_twin(tmp_path: Path):
    folder = write(tmp_path / "mnist")
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"half a download")
    assert len(mnist(folder)[0]) == COUNTS["train"]


def test_the_official_test_images(shared_data: Path):
    training, test = mnist(shared_data / "images")
    assert (len(training) + len(test), training.size, training.channels) == (10_000, 28, 1)
    assert "official test set alone" in training.source
    counts = np.bincount(training.labels.numpy()) + np.bincount(test.labels.numpy())
    assert counts.tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_is_cut_short_is_named(tmp_path: Path, packed: bool):
    folder = write(tmp_path / "mnist", packed=packed)
    (file,) = folder.glob("t10k-images*")
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match=r"t10k-images.*(damaged: 20 × 28 × 28 bytes are announced|can't be unpacked)"):
        mnist(folder)


def test_packed_bytes_that_are_broken_are_named(tmp_path: Path):
    folder = write(tmp_path / "mnist", packed=True)
    content = bytearray((folder / "train-images-idx3-ubyte.gz").read_bytes())
    content[200:260] = bytes(60)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz can't be unpacked"):
        mnist(folder)


@pytest.mark.parametrize("content", [b"", b"\0\0\x08\x01", b"<html>not found</html>"])
def test_another_kind_of_file_is_named(tmp_path: Path, content: bytes):
    folder = write(tmp_path / "mnist")
    (folder / "train-images-idx3-ubyte").write_bytes(content)
    with pytest.raises(ValueError, match="train-images-idx3-ubyte is no idx file"):
        mnist(folder)


def test_images_and_labels_that_do_not_belong_together(tmp_path: Path):
    folder = write(tmp_path / "mnist")
    (folder / "train-labels-idx1-ubyte").write_bytes(idx(arrays("t10k")[1]))
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte has 30 images, .*train-labels-idx1-ubyte 20 labels"):
        mnist(folder)


def test_missing_labels_and_images_are_named(tmp_path: Path):
    folder = write(tmp_path / "mnist")
    (folder / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(FileNotFoundError, match="no train-labels-idx1-ubyte"):
        mnist(folder)
    for file in folder.iterdir():
        file.unlink()
    with pytest.raises(FileNotFoundError, match="no train-images-idx3-ubyte and no t10k-images-idx3-ubyte"):
        mnist(folder)
    with pytest.raises(FileNotFoundError, match="nothing at"):
        mnist(tmp_path / "nowhere")
