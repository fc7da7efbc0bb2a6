"""Image folders: classes by name, squares of one size, and what is wrong in them by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cortexcnn.training import image_folder

COLOURS = {"blue": (0, 0, 255), "red": (255, 0, 0)}


def write(folder: Path, n: int = 5, size: tuple[int, int] = (20, 12)) -> Path:
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for i in range(n):
            Image.new("RGB", size, colour).save(folder / name / f"{i}.png")
    return folder


def test_every_image_becomes_a_square_of_its_class(tmp_path: Path):
    training, test = image_folder(write(tmp_path), size=16)
    assert (len(training), len(test), training.size, training.classes) == (8, 2, 16, ("blue", "red"))
    for images in (training, test):
        for pixels, label in zip(images.pixels, images.labels, strict=True):
            assert tuple(pixels[:, 5, 5].tolist()) == COLOURS[images.classes[label]]


def test_the_middle_square_is_kept(tmp_path: Path):
    stripes = np.zeros((10, 30), np.uint8)
    stripes[:, 10:20] = 255
    for name in "ab":
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.fromarray(stripes).save(tmp_path / name / f"{i}.png")
    training, _ = image_folder(tmp_path, size=10, channels=1)
    assert training.pixels.shape == (2, 1, 10, 10)
    assert bool((training.pixels == 255).all())


def test_training_and_test_folders_are_kept_apart(tmp_path: Path):
    write(tmp_path / "train", n=3)
    write(tmp_path / "val", n=2)
    training, test = image_folder(tmp_path, size=8)
    assert (len(training), len(test)) == (6, 4)
    assert test.source == f"test images of {tmp_path.name}"


def test_a_test_folder_may_lack_a_class_but_not_have_another(tmp_path: Path):
    write(tmp_path / "train")
    write(tmp_path / "test")
    for file in (tmp_path / "test" / "blue").iterdir():
        file.unlink()
    (tmp_path / "test" / "blue").rmdir()
    _, test = image_folder(tmp_path, size=8)
    assert test.labels.tolist() == [1] * 5
    assert test.classes == ("blue", "red")
    (tmp_path / "test" / "red").rename(tmp_path / "test" / "green")
    with pytest.raises(ValueError, match=r"test has the classes green, which .*train lacks"):
        image_folder(tmp_path, size=8)


def test_a_class_without_images_is_named(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "notes.txt").write_text("nothing to see")
    with pytest.raises(ValueError, match="class empty has no images"):
        image_folder(tmp_path)


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path):
    write(tmp_path)
    (tmp_path / "red" / "3.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"red/3.png can't be read"):
        image_folder(tmp_path)


def test_an_image_that_is_cut_short_is_named(tmp_path: Path):
    write(tmp_path)
    noise = np.random.default_rng(0).integers(256, size=(20, 20, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "red" / "3.png")
    (tmp_path / "red" / "3.png").write_bytes((tmp_path / "red" / "3.png").read_bytes()[:600])
    with pytest.raises(ValueError, match=r"red/3.png can't be read"):
        image_folder(tmp_path)


def test_a_folder_without_classes_is_refused(tmp_path: Path):
    Image.new("RGB", (4, 4)).save(tmp_path / "lonely.png")
    with pytest.raises(ValueError, match="no folders inside"):
        image_folder(tmp_path)


def test_nothing_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        image_folder(tmp_path / "nowhere")


def test_channels_are_one_or_three(tmp_path: Path):
    with pytest.raises(ValueError, match="2 channels"):
        image_folder(write(tmp_path), channels=2)
