"""Images in HDF5 files: what is written comes back, stays in the file while it can, and is never changed there."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.training import LabelledImages, Standardise, evaluate, hdf5_images, save_hdf5, train
from cortexcnn.training.augment import crop_and_flip
from cortexcnn.training.hdf5 import new_hdf5


def drawn(n: int = 12, channels: int = 3, size: int = 8, name: str = "drawings") -> LabelledImages:
    pixels = torch.randint(256, (n, channels, size, size), dtype=torch.uint8)
    return LabelledImages(pixels, torch.arange(n) % 3, ("bar", "edge", "Ω"), name)


def same(found: LabelledImages, expected: LabelledImages) -> bool:
    return (
        torch.equal(found.pixels, expected.pixels)
        and torch.equal(found.labels, expected.labels)
        and (found.classes, found.source) == (expected.classes, expected.source)
    )


def in_file(images: LabelledImages) -> bool:
    """Whether the pixels lie in a mapped file."""
    start = images.pixels.data_ptr()
    lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines() if ".h5" in line]
    return any(int(begin, 16) <= start < int(end, 16) for begin, end in (line[0].split("-") for line in lines))


needs_maps = pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="looks at Linux's table of mappings")


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 20), st.integers(1, 600), st.sampled_from([1, 3]))
def test_what_is_saved_comes_back(tmp_path_factory, n: int, m: int, channels: int):
    training, test = drawn(n, channels), drawn(m, channels, name="others")
    path = save_hdf5(training, test, tmp_path_factory.mktemp("saved") / "images.h5")
    again = hdf5_images(path)
    assert same(again[0], training)
    assert same(again[1], test)


@needs_maps
def test_saved_images_stay_in_the_file(tmp_path: Path):
    training, test = hdf5_images(save_hdf5(drawn(), drawn(5), tmp_path / "images.h5"))
    assert in_file(training)
    assert in_file(test)
    assert training.pixels.is_contiguous()
    again = save_hdf5(training, test, tmp_path / "images.h5")  # over the file that they are read from
    assert same(hdf5_images(again)[0], training)


@needs_maps
def test_a_file_that_starts_with_something_else_is_mapped_at_the_right_place(tmp_path: Path):
    training, test = drawn(), drawn(5)
    plain = save_hdf5(training, test, tmp_path / "plain.h5")
    with h5py.File(plain) as old, h5py.File(tmp_path / "block.h5", "w", userblock_size=4096) as new:
        for name in old:
            old.copy(name, new)
    found, _ = hdf5_images(tmp_path / "block.h5")
    assert in_file(found)
    assert torch.equal(found.pixels, training.pixels)


def test_a_change_of_the_pixels_never_reaches_the_file(tmp_path: Path):
    path = save_hdf5(drawn(), drawn(5), tmp_path / "images.h5")
    before = path.read_bytes()
    path.chmod(0o444)
    images, _ = hdf5_images(path)
    images.pixels.zero_()
    assert int(images.pixels.sum()) == 0
    assert path.read_bytes() == before
    assert int(hdf5_images(path)[0].pixels.sum()) > 0


@needs_maps
def test_a_set_larger_than_memory_is_opened_and_drawn_from(tmp_path: Path):
    size, memory = 512, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    n = 2 * memory // (3 * size * size)
    try:
        with new_hdf5(tmp_path / "large.h5", (n, 3, size, size)) as file:  # a file of holes, which fill no disk
            file["images"][n - 1] = 7
            file["labels"] = np.zeros(n, np.int64)
            file["split"] = np.repeat(np.array([0, 1], np.uint8), [n - 2, 2])
    except OSError:
        pytest.skip("this file system has no room for a file of holes")
    training, test = hdf5_images(tmp_path / "large.h5")
    assert training.pixels.nbytes > memory
    assert int(test.pixels[1].min()) == 7
    drawn = crop_and_flip(training.pixels, torch.tensor([0, n - 3]), shift=9, flip=True, rng=torch.Generator())
    assert int(drawn.sum()) == 0


def write(path: Path, **datasets: object) -> Path:
    with h5py.File(path, "w") as file:
        for name, data in datasets.items():
            if isinstance(data, dict):
                file.create_dataset(name, **data)
            elif data is not None:
                file[name] = data
    return path


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("packed", [{}, {"chunks": True}, {"chunks": True, "compression": "gzip"}])
@pytest.mark.parametrize("last", [False, True])
def test_other_layouts_give_the_same_images(tmp_path: Path, channels: int, packed: dict, last: bool):
    images = drawn(700, channels, size=5)
    array = images.pixels.numpy()
    path = write(
        tmp_path / "a.h5",
        images={"data": array.transpose(0, 2, 3, 1) if last else array, **packed},
        labels=images.labels.numpy().astype(np.uint8),
        split=np.repeat([0, 1, 2], [400, 200, 100]),
    )
    training, test = hdf5_images(path)
    assert torch.equal(training.pixels, images.pixels[:400])
    assert torch.equal(test.pixels, images.pixels[400:600])
    assert torch.equal(test.labels, images.labels[400:600])
    assert training.classes == ("0", "1", "2")
    assert training.source == "training images of a.h5"


def test_grey_images_need_no_axis_of_channels(tmp_path: Path):
    images = drawn(10, 1)
    path = write(tmp_path / "a.h5", images=images.pixels.numpy()[:, 0], labels=images.labels.numpy(), split=[0, 1] * 5)
    training, test = hdf5_images(path)  # the parts are mixed
    assert torch.equal(training.pixels, images.pixels[::2])
    assert torch.equal(test.pixels, images.pixels[1::2])


def test_without_a_split_some_of_each_class_are_kept(tmp_path: Path):
    images = drawn(30)
    names = {"data": np.array([b"bar", b"edge", "Ω".encode()])}
    path = write(tmp_path / "a.h5", images=images.pixels.numpy(), labels=images.labels.numpy(), classes=names)
    training, test = hdf5_images(path, test=0.3, seed=2)
    assert np.bincount(test.labels.numpy()).tolist() == [3, 3, 3]
    assert len(training) == 21
    assert test.classes == images.classes


def test_a_network_learns_from_a_file_what_it_learns_from_memory(tmp_path: Path):
    images = drawn(40)
    mapped, test = hdf5_images(save_hdf5(images, drawn(9), tmp_path / "images.h5"))
    found = []
    for each in (images, mapped):
        torch.manual_seed(0)
        network = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(192, 3))
        history = train(network, each, epochs=2, batch=16, progress=False)
        found.append((history.train_loss.values, evaluate(network, test, eye=Standardise(each.mean, each.std))))
    assert np.array_equal(found[0][0], found[1][0])
    assert found[0][1] == found[1][1]


GOOD = {"images": np.zeros((4, 3, 8, 8), np.uint8), "labels": [0, 1, 0, 1]}


@pytest.mark.parametrize(
    ("datasets", "told"),
    [
        ({"labels": None}, "has no dataset labels; it has images"),
        ({"images": None, "labels": None}, "has no dataset images and no labels; it has nothing"),
        ({"images": np.zeros((4, 3, 8, 8))}, "images are float64; store bytes"),
        ({"images": np.zeros((4, 5, 8, 8), np.uint8)}, r"images are \(4, 5, 8, 8\)"),
        ({"images": np.zeros((4, 8), np.uint8)}, r"images are \(4, 8\)"),
        ({"labels": [0.0, 1.0, 0.0, 1.0]}, "labels are float64"),
        ({"labels": [0, 1]}, r"labels are int64 \(2,\) for images \(4, 3, 8, 8\)"),
        ({"labels": [0, 1, 2, 1], "classes": ["a", "b"], "split": [0, 0, 0, 1]}, "labels run from 0 to 2"),
        ({"classes": [1, 2]}, "classes are int64"),
        ({"split": [0, 1, 3, 1]}, "split is int64"),
        ({"split": [0, 1]}, r"split is int64 \(2,\) for 4 images"),
        ({"split": [0, 0, 0, 0]}, "no images in test images of a.h5"),
        ({"images": np.zeros((0, 3, 8, 8), np.uint8), "labels": np.zeros(0, int), "split": np.zeros(0, int)}, "no im"),
    ],
)
def test_what_makes_no_set_is_refused(tmp_path: Path, datasets: dict, told: str):
    with pytest.raises(ValueError, match=told):
        hdf5_images(write(tmp_path / "a.h5", **{**GOOD, **datasets}))


def test_another_kind_of_file_is_named(tmp_path: Path):
    (tmp_path / "a.h5").write_bytes(b"no HDF5")
    with pytest.raises(ValueError, match=r"a.h5 can't be read as HDF5"):
        hdf5_images(tmp_path / "a.h5")
    path = save_hdf5(drawn(), drawn(), tmp_path / "b.h5")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"b.h5 can't be read as HDF5"):
        hdf5_images(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        hdf5_images(tmp_path / "nowhere.h5")


def test_one_file_holds_one_kind(tmp_path: Path):
    with pytest.raises(ValueError, match=r"training images \(3, 8, 8\) .* test images \(1, 8, 8\)"):
        save_hdf5(drawn(), drawn(channels=1), tmp_path / "a.h5")
    assert not (tmp_path / "a.h5").exists()


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path: Path, monkeypatch):
    path = save_hdf5(drawn(), drawn(), tmp_path / "a.h5")
    before = path.read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Dataset, "__setitem__", full)
    with pytest.raises(OSError, match=r"a.h5 can't be written .*No space left"):
        save_hdf5(drawn(20), drawn(), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
