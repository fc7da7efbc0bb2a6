"""Moved and mirrored images: every one is a crop of its mirror-padded self."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from cortexcnn.training.augment import _gathered, crop_and_flip


def crops(image: torch.Tensor, shift: int) -> list[torch.Tensor]:
    """All that a random shift may give, by torch's own reflection padding."""
    padded = functional.pad(image[None].float(), (shift,) * 4, mode="reflect")[0].to(image.dtype)
    size = image.shape[-1]
    places = range(2 * shift + 1)
    return [padded[:, row : row + size, column : column + size] for row in places for column in places]


def test_each_image_is_one_of_the_crops_of_its_reflection_padded_self():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (5, 3, 8, 8), generator=rng, dtype=torch.uint8)
    which = torch.tensor([4, 0, 0, 2, 3, 1] * 20)
    seen = [set() for _ in range(5)]
    for image, source in zip(crop_and_flip(pixels, which, shift=2, flip=False, rng=rng), which.tolist(), strict=True):
        found = [place for place, crop in enumerate(crops(pixels[source], 2)) if torch.equal(crop, image)]
        assert len(found) == 1
        seen[source].update(found)
    assert min(len(places) for places in seen) > 8


def test_about_half_are_mirrored_and_all_channels_alike():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (1, 3, 6, 6), generator=rng, dtype=torch.uint8)
    turned = crop_and_flip(pixels, torch.zeros(400, dtype=torch.int64), shift=0, flip=True, rng=rng)
    mirrored = (turned == pixels.flip(3)).flatten(1).all(1)
    plain = (turned == pixels).flatten(1).all(1)
    assert bool((mirrored ^ plain).all())
    assert 150 < int(mirrored.sum()) < 250


def test_neither_shift_nor_mirror_leaves_the_images_as_they_are():
    pixels = torch.arange(2 * 16).reshape(2, 1, 4, 4)
    which = torch.tensor([1, 0])
    assert torch.equal(crop_and_flip(pixels, which, shift=0, flip=False, rng=torch.Generator()), pixels[which])


@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_images_need_not_be_square(shape: tuple[int, int]):
    pixels = torch.zeros(1, 1, *shape)
    moved = crop_and_flip(pixels, torch.tensor([0, 0]), shift=3, flip=True, rng=torch.Generator())
    assert moved.shape == (2, 1, *shape)


def by_position(pixels: torch.Tensor, which: torch.Tensor, shift: int, flip: bool, rng: torch.Generator):
    """One pixel at a time, as it was first written: runs that were begun then must go on as they were."""

    def positions(size: int) -> list[list[int]]:
        found = torch.arange(size) + torch.randint(-shift, shift + 1, (len(which), 1), generator=rng)
        return [[abs(p) if abs(p) < size else 2 * (size - 1) - abs(p) for p in line] for line in found.tolist()]

    rows, columns = positions(pixels.shape[2]), positions(pixels.shape[3])
    if flip:
        turned = torch.randint(2, (len(which), 1), generator=rng).flatten().tolist()
        columns = [line[::-1] if turn else line for line, turn in zip(columns, turned, strict=True)]
    return torch.stack(
        [pixels[i][:, row][:, :, column] for i, row, column in zip(which.tolist(), rows, columns, strict=True)]
    )


@given(st.tuples(*[st.integers(1, 9)] * 2), st.integers(1, 3), st.integers(0, 8), st.booleans(), st.integers(0, 2**32))
def test_a_seed_means_the_same_images_for_ever(size: tuple[int, int], channels: int, shift: int, flip: bool, seed: int):
    rng = torch.Generator().manual_seed(seed)
    pixels = torch.randint(256, (3, channels, *size), generator=rng, dtype=torch.uint8)
    which, shift = torch.randint(3, (5,), generator=rng), min(shift, min(size) - 1)
    expected = by_position(pixels, which, shift, flip, torch.Generator().manual_seed(seed))
    found = crop_and_flip(pixels, which, shift=shift, flip=flip, rng=torch.Generator().manual_seed(seed))
    assert torch.equal(found, expected)


def test_processor_and_accelerator_make_the_same_images():
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (4, 3, 8, 6), generator=rng, dtype=torch.uint8)
    which = torch.randint(4, (50,), generator=rng)
    found = crop_and_flip(pixels, which, shift=5, flip=True, rng=torch.Generator().manual_seed(1))
    rng = torch.Generator().manual_seed(1)
    down, right = (torch.randint(-5, 6, (50, 1), generator=rng) for _ in range(2))
    assert torch.equal(_gathered(pixels, which, down, right, torch.randint(2, (50, 1), generator=rng)), found)
