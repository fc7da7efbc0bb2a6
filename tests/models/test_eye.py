"""The Eye: luminance to network input, and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.functional import normalize

from cortexcnn.models import Eye

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_agrees_with_torchvision_normalise():
    image = torch.rand(2, 3, 17, 5)
    torch.testing.assert_close(Eye(mean=MEAN, std=STD)(image), normalize(image, MEAN, STD))


def test_grey_becomes_every_channel():
    image = torch.rand(2, 1, 4, 4)
    eye = Eye(mean=MEAN, std=STD)
    torch.testing.assert_close(eye(image), eye(image.expand(-1, 3, -1, -1)))


def test_colour_becomes_grey_by_the_mean():
    image = torch.rand(2, 3, 4, 4)
    torch.testing.assert_close(Eye(channels=1)(image), image.mean(dim=1, keepdim=True))


def test_range_comes_before_the_normalisation():
    eye = Eye(channels=1, range=(0, 255), mean=100, std=10)
    torch.testing.assert_close(eye(torch.full((1, 1, 1, 1), 0.5)), torch.full((1, 1, 1, 1), 2.75))


def test_a_crop_is_the_crop_of_the_whole():
    image, eye = torch.rand(1, 1, 8, 8), Eye(mean=MEAN, std=STD)
    assert torch.equal(eye(image)[..., 2:5, 1:7], eye(image[..., 2:5, 1:7]))


def test_equal_eyes_hash_alike_and_others_do_not():
    eye = Eye(mean=0.5)
    assert eye == Eye(mean=(0.5, 0.5, 0.5))
    assert eye.hash() == Eye(mean=(0.5, 0.5, 0.5)).hash()
    assert len({eye.hash(), eye.changed(degrees=4).hash(), eye.changed(pixels=32).hash()}) == 3
    assert eye.changed(degrees=None) == eye


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 0}, "positive whole number"),
        ({"mean": (0.5, 0.5)}, "3 channels with 2 numbers in mean"),
        ({"std": 0.0}, "divided by"),
        ({"range": (1, 1)}, "different numbers"),
        ({"degrees": -1}, "positive"),
        ({"pixels": 0.5}, "whole number"),
    ],
)
def test_senseless_eyes_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        Eye(**options)


@pytest.mark.parametrize(("shape", "message"), [((2, 2, 4, 4), "2 channels"), ((2, 5, 1, 4, 4), "frame by frame")])
def test_luminance_that_does_not_fit_is_refused(shape, message):
    with pytest.raises(ValueError, match=message):
        Eye()(torch.zeros(shape))
