"""A person types a name or a path; the right reader answers."""

from __future__ import annotations

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cortexcnn.training import dead_leaves, digits, open_images, save_hdf5


def test_digits_by_name():
    training, test = open_images("digits", test=0.1, seed=3)
    assert len(training) + len(test) == 1797
    assert set(test.labels.tolist()) == set(range(10))
    assert (digits(test=0.1, seed=3)[1].pixels == test.pixels).all()


def test_digits_span_the_range():
    training, _ = digits()
    assert (int(training.pixels.min()), int(training.pixels.max())) == (0, 255)


def jpeg(file: Path):
    content = io.BytesIO()
    Image.new("RGB", (6, 6)).save(content, "JPEG")
    found = np.frombuffer(content.getvalue() * 2, np.uint8)
    offsets = [0, len(found) // 2, len(found)]
    np.savez(file, jpeg=found, offsets=offsets, labels=[0, 0], split=[0, 1], classes=["a"])


def ten(folder: Path):
    folder.mkdir()
    for name in ("data_batch_1", "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": np.zeros((10, 3072), np.uint8), "labels": list(range(10))}))


def hundred(folder: Path):
    folder.mkdir()
    (folder / "fine_label_names.txt").write_text("apple\nbear")
    for name in ("train.bin", "test.bin"):
        (folder / name).write_bytes(bytes(3074) + b"\0\1" + bytes(3072))


def packed(file: Path):
    hundred(folder := file.parent / "cifar-100-binary")
    with tarfile.open(file, "w:gz") as archive:
        archive.add(folder, folder.name)


def stl(folder: Path):
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"{part}_X.bin").write_bytes(bytes(10 * 3 * 96 * 96))
        (folder / f"{part}_y.bin").write_bytes(bytes(range(1, 11)))


def idx(folder: Path):
    folder.mkdir()
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(
            bytes([0, 0, 8, 3, 0, 0, 0, 10, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(10 * 28 * 28)
        )
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 10, *range(10)]))


def folders(folder: Path):
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        for i in range(3):
            Image.new("RGB", (6, 6)).save(folder / name / f"{i}.png")


def stored(file: Path):
    save_hdf5(*digits(), file)


FORMS = {
    "few.npz": (jpeg, 6, 1),
    "cifar-10-batches-py": (ten, 32, 10),
    "cifar-100-binary": (hundred, 32, 2),
    "cifar-100-binary.tar.gz": (packed, 32, 2),
    "stl10_binary": (stl, 96, 10),
    "MNIST": (idx, 28, 10),
    "FashionMNIST": (idx, 28, 10),
    "photographs": (folders, 64, 2),
    "digits.h5": (stored, 8, 10),
}


@pytest.mark.parametrize("name", FORMS)
def test_each_form_finds_its_reader_and_comes_at_any_size(tmp_path: Path, name: str):
    make, size, classes = FORMS[name]
    make(tmp_path / name)
    training, test = open_images(str(tmp_path / name))
    assert (training.size, len(training.classes)) == (size, classes)
    for part, again in zip((training, test), open_images(tmp_path / name, size=10), strict=True):
        assert again.pixels.shape == (*part.pixels.shape[:2], 10, 10)
        assert again.labels.tolist() == part.labels.tolist()


def test_clothes_are_known_by_their_folder(tmp_path: Path):
    idx(tmp_path / "fashion")
    idx(tmp_path / "digits")
    assert open_images(tmp_path / "fashion")[0].classes[9] == "ankle boot"
    assert open_images(tmp_path / "digits" / "train-images-idx3-ubyte")[0].classes[9] == "9"


def test_a_folder_takes_channels(tmp_path: Path):
    folders(tmp_path / "folder")
    assert open_images(tmp_path / "folder", size=10, channels=1)[0].pixels.shape == (4, 1, 10, 10)


def test_bad_images_of_a_folder_are_left_out_by_wish(tmp_path: Path):
    folders(tmp_path / "folder")
    (tmp_path / "folder" / "b" / "0.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"0\.png can't be read"):
        open_images(tmp_path / "folder")
    with pytest.warns(UserWarning, match=r"left out 1 of 6 images: .*b.0\.png"):
        training, test = open_images(tmp_path / "folder", skip_bad=True)
    assert len(training) + len(test) == 5


def test_a_class_without_training_images_is_named(tmp_path: Path):
    training, test = digits()
    save_hdf5(training[training.labels != 7], test, tmp_path / "few.h5")
    with pytest.raises(ValueError, match=r"class 7 has no training images in .*few\.h5"):
        open_images(tmp_path / "few.h5")


def test_dead_leaves_by_name(monkeypatch):
    monkeypatch.setattr("cortexcnn.training.sources._LEAVES", 20)
    training, test = open_images("dead_leaves", channels=1, seed=3)
    assert (len(training) + len(test), training.channels, training.size) == (20, 1, 32)
    assert torch.equal(dead_leaves(20, channels=1, rng=3)[0].pixels, training.pixels)


def test_a_file_of_no_known_form_is_refused_even_beside_a_set(tmp_path: Path):
    idx(tmp_path / "MNIST")
    (tmp_path / "MNIST" / "notes.txt").write_text("nothing here")
    with pytest.raises(ValueError, match=r"notes\.txt is none of the sets .* MNIST"):
        open_images(tmp_path / "MNIST" / "notes.txt")


def test_nothing_there():
    with pytest.raises(FileNotFoundError, match="nothing at nowhere"):
        open_images("nowhere")
