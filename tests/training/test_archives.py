"""JPEG images in one file: what was put in comes out, and what is broken is named."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cortexcnn.training import jpeg_archive


def jpeg(colour: tuple[int, int, int], size: int = 8) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(file, "JPEG", quality=95)
    return file.getvalue()


def write(path: Path, images: list[bytes], **changes: object) -> Path:
    content = {
        "jpeg": np.frombuffer(b"".join(images), np.uint8),
        "offsets": np.cumsum([0, *map(len, images)]),
        "labels": np.arange(len(images), dtype=np.uint8) % 2,
        "split": np.array([0] * (len(images) - 1) + [1], np.uint8),
        "classes": np.array(["red", "blue"]),
    } | changes
    np.savez(path, **{key: value for key, value in content.items() if value is not None})
    return path


def test_images_labels_and_split_come_back(tmp_path: Path):
    colours = [(250, 0, 0), (0, 0, 250), (200, 0, 0), (0, 0, 200)]
    training, test = jpeg_archive(write(tmp_path / "few.npz", [jpeg(colour) for colour in colours]))
    assert (len(training), len(test), training.classes) == (3, 1, ("red", "blue"))
    assert training.labels.tolist() == [0, 1, 0]
    assert training.source == "training images of few.npz"
    everything = torch.cat([training.pixels, test.pixels])
    assert everything.shape == (4, 3, 8, 8)
    expected = torch.tensor(colours)[:, :, None, None].expand(4, 3, 8, 8)
    assert int((everything.int() - expected).abs().max()) <= 4


def test_an_image_that_cannot_be_read_is_named(tmp_path: Path):
    path = write(tmp_path / "bad.npz", [jpeg((1, 2, 3)), b"no image at all", jpeg((1, 2, 3))])
    with pytest.raises(ValueError, match=r"image 1 of .*bad.npz can't be read"):
        jpeg_archive(path)


def test_an_image_that_is_cut_short_is_named(tmp_path: Path):
    path = write(tmp_path / "bad.npz", [jpeg((1, 2, 3)), jpeg((1, 2, 3))[:-200]])
    with pytest.raises(ValueError, match=r"image 1 of .*bad.npz can't be read"):
        jpeg_archive(path)


def test_an_image_of_another_size_is_named(tmp_path: Path):
    with pytest.raises(ValueError, match=r"image 1 of .* is 9 × 9 pixels, those before it are 8 × 8"):
        jpeg_archive(write(tmp_path / "odd.npz", [jpeg((1, 2, 3)), jpeg((1, 2, 3), 9)]))


def test_missing_keys_are_named(tmp_path: Path):
    path = write(tmp_path / "few.npz", [jpeg((1, 2, 3))] * 2, split=None, classes=None)
    with pytest.raises(ValueError, match="has no split, classes"):
        jpeg_archive(path)


def test_arrays_that_do_not_agree_are_refused(tmp_path: Path):
    with pytest.raises(ValueError, match="3 offsets, 5 labels and 2 splits"):
        jpeg_archive(write(tmp_path / "few.npz", [jpeg((1, 2, 3))] * 2, labels=np.zeros(5, np.uint8)))


@pytest.mark.slow
def test_the_whole_of_cifar10_as_jpeg(shared_data: Path):
    training, test = jpeg_archive(shared_data / "images" / "cifar10_jpeg.npz")
    assert (training.pixels.shape, test.pixels.shape) == ((50000, 3, 32, 32), (10000, 3, 32, 32))
    assert training.labels.bincount().tolist() == [5000] * 10
    assert test.labels.bincount().tolist() == [1000] * 10
    # the published statistics of CIFAR-10's training images
    np.testing.assert_allclose(training.mean, (0.4914, 0.4822, 0.4465), atol=5e-4)
    np.testing.assert_allclose(training.std, (0.2470, 0.2435, 0.2616), atol=2.5e-3)


def test_classes_may_be_called_names(tmp_path: Path):
    path = write(tmp_path / "few.npz", [jpeg((1, 2, 3))] * 3, classes=None, names=np.array(["a", "b"]))
    assert jpeg_archive(path)[0].classes == ("a", "b")


def test_a_file_that_is_no_archive_or_half_of_one_is_named(tmp_path: Path):
    path = write(tmp_path / "few.npz", [jpeg((1, 2, 3))] * 3)
    content = path.read_bytes()
    for damaged in (b"", b"text", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"few.npz is no .npz file"):
            jpeg_archive(path)
    path.write_bytes(content.replace(b"\xff\xd8", b"\xff\xff"))
    with pytest.raises(ValueError, match=r"few.npz is damaged"):
        jpeg_archive(path)
    with pytest.raises(FileNotFoundError, match="nowhere"):
        jpeg_archive(tmp_path / "nowhere.npz")


@pytest.mark.slow
def test_fifty_classes_of_photographs(shared_data: Path):
    found = jpeg_archive(shared_data / "images" / "tiny_imagenet_50class_jpeg.npz")
    for images, n in zip(found, (250, 50), strict=True):
        assert (images.channels, images.size, images.classes[0]) == (3, 64, "goldfish, Carassius auratus")
        assert np.bincount(images.labels.numpy()).tolist() == [n] * 50
        assert all(0.3 < mean < 0.6 for mean in images.mean)
