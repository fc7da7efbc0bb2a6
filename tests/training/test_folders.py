"""Image folders: classes by name, squares of one size, and what is wrong in them by name."""

from __future__ import annotations

import io
import tracemalloc
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

from cortexcnn.training import folders, image_folder

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


def test_a_size_is_positive(tmp_path: Path):
    with pytest.raises(ValueError, match="a size of 0"):
        image_folder(write(tmp_path), size=0)


def damage(folder: Path) -> dict[str, str]:
    """Three images of which nothing, or not all, is left: why each can't be read."""
    noise = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(256, size=(90, 90, 3), dtype=np.uint8)).save(noise, "JPEG")
    (folder / "red" / "short.jpg").write_bytes(noise.getvalue()[:2000])
    (folder / "red" / "empty.gif").write_bytes(b"")
    (folder / "blue" / "text.png").write_text("this is a list of things to do")
    return {"red/short.jpg": "truncated", "red/empty.gif": "cannot identify", "blue/text.png": "cannot identify"}


@pytest.mark.parametrize("name", ["red/short.jpg", "red/empty.gif", "blue/text.png"])
def test_each_kind_of_damage_is_named_with_its_remedy(tmp_path: Path, name: str):
    reason = damage(write(tmp_path))[name]
    for other in {"red/short.jpg", "red/empty.gif", "blue/text.png"} - {name}:
        (tmp_path / other).unlink()
    with pytest.raises(ValueError, match=rf"{name} can't be read .*{reason}.*skip_bad=True"):
        image_folder(tmp_path)


def test_bad_images_are_skipped_counted_and_named(tmp_path: Path):
    names = damage(write(tmp_path))
    with pytest.warns(UserWarning, match=r"left out 3 of 13 images") as told:
        training, test = image_folder(tmp_path, size=8, skip_bad=True)
    assert len(training) + len(test) == 10
    assert all(name in str(told[0].message) for name in names)
    named = training.source + test.source
    assert all(name in named for name in names)
    assert "that can't be read" in named
    for images in (training, test):
        for pixels, label in zip(images.pixels, images.labels, strict=True):
            assert tuple(pixels[:, 5, 5].tolist()) == COLOURS[images.classes[label]]


def test_of_many_bad_images_some_are_named(tmp_path: Path):
    write(tmp_path, n=3)
    for i in range(30):
        (tmp_path / "red" / f"bad{i:02}.png").write_bytes(b"")
    with pytest.warns(UserWarning, match=r"left out 30 of 36 images: .*and 20 more$"):
        image_folder(tmp_path, size=8, skip_bad=True)


def test_a_class_of_bad_images_alone_is_refused(tmp_path: Path):
    write(tmp_path)
    for file in (tmp_path / "red").iterdir():
        file.write_bytes(b"")
    with pytest.raises(ValueError, match="class red has no training image that can be read"):
        image_folder(tmp_path, skip_bad=True)


def numbered(folder: Path, n: int = 200) -> Path:
    """Images that are all different."""
    rng = np.random.default_rng(0)
    for name in "abc":
        (folder / name).mkdir(parents=True)
        for i in range(n):
            Image.fromarray(rng.integers(256, size=(9, 9, 3), dtype=np.uint8)).save(folder / name / f"{i}.bmp")
    return folder


@pytest.mark.parametrize("parts", [("",), ("train", "val")])
def test_a_store_holds_what_memory_would(tmp_path: Path, parts: tuple[str, ...], monkeypatch):
    for part in parts:
        numbered(tmp_path / "photographs" / part)
    path, store = tmp_path / "photographs", tmp_path / "images.h5"
    expected = image_folder(path, size=9, test=0.3, seed=5)
    for again in range(2):
        if again:
            monkeypatch.setattr(folders, "squares", None)  # nothing is decoded a second time
        found = image_folder(path, size=9, test=0.3, seed=5, store=store)
        for one, other in zip(found, expected, strict=True):
            assert torch.equal(one.pixels, other.pixels)
            assert torch.equal(one.labels, other.labels)
            assert (one.classes, one.source) == (other.classes, other.source)


def test_memory_does_not_grow_with_a_folder_that_is_stored(tmp_path: Path):
    path = numbered(tmp_path / "photographs", n=300)
    tracemalloc.start()
    try:
        image_folder(path, size=64, store=tmp_path / "images.h5")
        stored = tracemalloc.get_traced_memory()[1]
        tracemalloc.reset_peak()
        image_folder(path, size=64)
        in_memory = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert in_memory > 900 * 3 * 64 * 64
    assert stored < in_memory / 2


def test_a_store_of_other_images_is_refused(tmp_path: Path):
    path, store = write(tmp_path / "photographs"), tmp_path / "images.h5"
    image_folder(path, size=8, store=store)
    with pytest.raises(ValueError, match=r"images.h5 holds images \(3, 8, 8\), not \(3, 9, 9\)"):
        image_folder(path, size=9, store=store)
    with pytest.raises(ValueError, match=r"images.h5 was not made from .* divided otherwise"):
        image_folder(path, size=8, seed=1, store=store)
    (path / "red" / "0.png").rename(path / "red" / "9.png")
    with pytest.raises(ValueError, match=r"images.h5 was not made from"):
        image_folder(path, size=8, store=store)
    with h5py.File(store, "w") as file:
        file["other"] = 1
    with pytest.raises(ValueError, match=r"images.h5 has no dataset images"):
        image_folder(path, size=8, store=store)


def test_a_store_remembers_what_was_left_out(tmp_path: Path):
    path, store = write(tmp_path / "photographs"), tmp_path / "images.h5"
    damage(path)
    with pytest.raises(ValueError, match="can't be read"):
        image_folder(path, size=8, store=store)
    assert not store.exists()
    with pytest.warns(UserWarning, match="left out 3 of 13"):
        first = image_folder(path, size=8, store=store, skip_bad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        again = image_folder(path, size=8, store=store, skip_bad=True)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one.pixels, other.pixels)
        assert one.source == other.source
    assert "that can't be read" in again[0].source + again[1].source
    with pytest.raises(ValueError, match=r"images.h5 was made without 3 images .*skip_bad=True"):
        image_folder(path, size=8, store=store)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path):
    with pytest.raises(OSError, match=r"nowhere.*can't be written"):
        image_folder(write(tmp_path / "photographs"), size=8, store=tmp_path / "nowhere" / "images.h5")
