"""Settings that make no sense are refused before the first step."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cortexcnn.training import LabelledImages, train

IMAGES = LabelledImages(torch.zeros(4, 1, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 0, 1]), ("a", "b"))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"epochs": 0}, "epochs=0"),
        ({"batch": 0}, "batch=0"),
        ({"batch": 1.5}, "batch=1.5"),
        ({"seed": -1}, "seed=-1"),
        ({"rate": 0}, "rate=0"),
        ({"rate": float("nan")}, "rate=nan"),
        ({"decay": -1}, "decay=-1"),
        ({"smoothing": 1}, "smoothing=1"),
        ({"momentum": 1}, "momentum=1: momentum lies between 0 and 1"),
        ({"warm_up": -0.1}, "warm_up=-0.1"),
        ({"clip": -1}, "clip=-1: the largest norm of a gradient"),
        ({"patience": -1}, "patience=-1"),
        ({"schedule": "cosinus"}, "Did you mean 'cosine'"),
        ({"precision": "bf16"}, "there are float32, bfloat16, float16"),
        ({"shift": -1}, "shift=-1"),
        ({"shift": 8}, "shift=8"),
        ({"optimiser": "sdg"}, "Did you mean 'sgd'"),
        ({"resume": True}, "give out"),
    ],
)
def test_a_setting_that_makes_no_sense_is_named(settings: dict, said: str):
    with pytest.raises(ValueError, match=said):
        train(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), IMAGES, **settings)


def test_validation_images_of_other_classes_are_refused():
    other = LabelledImages(IMAGES.pixels, IMAGES.labels, ("a", "c"))
    with pytest.raises(ValueError, match=r"the classes a, c, the training images a, b"):
        train(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), IMAGES, validation=other)
