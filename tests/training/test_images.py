"""Labelled images: their doors, their moments, and how they are divided."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cortexcnn.training import LabelledImages, split


def drawn(n: int = 20, channels: int = 3, size: int = 8, classes: int = 4) -> LabelledImages:
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, channels, size, size), generator=rng, dtype=torch.uint8)
    return LabelledImages(pixels, torch.arange(n) % classes, tuple("abcdefgh"[:classes]), "drawings")


def test_mean_and_deviation_are_those_of_all_pixels():
    images = drawn()
    flat = images.pixels.numpy().astype(float).transpose(1, 0, 2, 3).reshape(3, -1) / 255
    np.testing.assert_allclose(images.mean, flat.mean(1), rtol=1e-12)
    np.testing.assert_allclose(images.std, flat.std(1), rtol=1e-9)


def test_pixels_that_are_no_bytes_are_refused():
    with pytest.raises(TypeError, match="uint8"):
        LabelledImages(torch.zeros(2, 1, 4, 4), torch.zeros(2, dtype=torch.int64), ("a",))


def test_labels_that_are_no_whole_numbers_are_refused():
    with pytest.raises(TypeError, match="int64"):
        LabelledImages(torch.zeros(2, 1, 4, 4, dtype=torch.uint8), torch.zeros(2), ("a",))


@pytest.mark.parametrize(("labels", "said"), [([0, 1, 2], "0 to 2"), ([-1, 0, 1], "-1 to 1")])
def test_a_label_without_a_class_is_refused(labels: list[int], said: str):
    with pytest.raises(ValueError, match=said):
        LabelledImages(torch.zeros(3, 1, 4, 4, dtype=torch.uint8), torch.tensor(labels), ("a", "b"))


def test_shapes_that_do_not_agree_are_refused():
    with pytest.raises(ValueError, match=r"\(3, 1, 4, 4\) and \(2,\)"):
        LabelledImages(torch.zeros(3, 1, 4, 4, dtype=torch.uint8), torch.tensor([0, 0]), ("a",))


def test_no_images_are_refused():
    with pytest.raises(ValueError, match="no images in drawings"):
        drawn()[:0]


@settings(deadline=None, max_examples=20)
@given(n=st.integers(8, 60), share=st.floats(0.05, 0.95), seed=st.integers(0, 1000))
def test_a_split_keeps_every_image_once_and_some_of_each_class_on_both_sides(n: int, share: float, seed: int):
    numbered = LabelledImages(
        torch.arange(n, dtype=torch.uint8)[:, None, None, None].expand(n, 1, 2, 2), torch.arange(n) % 4, tuple("abcd")
    )
    training, test = split(numbered, test=share, seed=seed)
    seen = torch.cat([training.pixels[:, 0, 0, 0], test.pixels[:, 0, 0, 0]]).sort().values
    assert torch.equal(seen, torch.arange(n, dtype=torch.uint8))
    assert set(training.labels.tolist()) == set(test.labels.tolist()) == {0, 1, 2, 3}
    for label in range(4):
        members = int((numbered.labels == label).sum())
        assert abs(int((test.labels == label).sum()) - share * members) <= 1


def test_a_split_depends_on_its_seed_alone():
    images = drawn(40)
    torch.manual_seed(1)
    first = split(images, seed=5)[1].pixels
    torch.manual_seed(2)
    assert torch.equal(first, split(images, seed=5)[1].pixels)
    assert not torch.equal(first, split(images, seed=6)[1].pixels)


def test_a_class_with_one_image_cannot_be_split():
    images = drawn(5)
    with pytest.raises(ValueError, match="class b has 1 images"):
        split(images)


@pytest.mark.parametrize("share", [0, 1, -0.5, float("nan")])
def test_a_share_that_is_none_is_refused(share: float):
    with pytest.raises(ValueError, match="test share"):
        split(drawn(), test=share)


def test_the_same_size_is_the_same_images():
    images = drawn()
    assert images.resized(8) is images


@pytest.mark.parametrize("shape", [(8, 8), (8, 12), (13, 8)])
@pytest.mark.parametrize("size", [3, 16])
def test_resizing_is_pillows(shape: tuple[int, int], size: int):
    rng = np.random.default_rng(0)
    pixels = torch.from_numpy(rng.integers(256, size=(3, 1, *shape), dtype=np.uint8))
    resized = LabelledImages(pixels, torch.arange(3), tuple("abc"), "noise").resized(size)
    assert resized.source == f"noise, resized from {shape[0]} pixels"
    (rows, columns), side = shape, min(shape)
    top, left = (rows - side) // 2, (columns - side) // 2
    for new, old in zip(resized.pixels, pixels, strict=True):
        square = Image.fromarray(old[0].numpy()).crop((left, top, left + side, top + side))
        expected = np.asarray(square.resize((size, size), Image.Resampling.BILINEAR)).astype(int)
        assert np.abs(new[0].numpy() - expected).max() <= 1  # Pillow rounds twice


def test_an_impossible_size_is_refused():
    with pytest.raises(ValueError, match="a size of 0: an image has 1 pixel"):
        drawn().resized(0)
