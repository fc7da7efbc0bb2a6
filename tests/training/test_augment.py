"""Moved and mirrored images: every one is a crop of its mirror-padded self."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from cortexcnn.training.augment import crop_and_flip


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
