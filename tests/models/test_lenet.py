"""LeNet: the maps and counts of its paper."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from cortexcnn.models import wrap
from cortexcnn.models.lenet import lenet
from cortexcnn.training import digits, evaluate, train


def test_maps_and_receptive_fields_are_those_of_the_paper():
    network = lenet()
    table = wrap(network, network.eye, name="LeNet").layers().to_dataframe()
    shown = table.loc[["conv1", "pool1", "conv2", "pool2", "conv3", "connect4", "classify"]]
    assert shown["output_shape"].tolist() == ["6×28×28", "6×14×14", "16×10×10", "16×5×5", "120×1×1", "84", "10"]
    # the layers of LeNet-5 that are as they were then: C1 156, C5 48,120, F6 10,164 weights
    assert shown.loc[["conv1", "conv3", "connect4"], "parameters"].tolist() == [156, 48120, 10164]
    assert shown["rf_pixels"].tolist() == [5, 6, 14, 16, 32, 32, 32]


def test_digits_of_28_pixels_are_framed_to_32():
    small, large = lenet(pixels=28).eval(), lenet().eval()
    large.load_state_dict(small.state_dict())
    image = torch.rand(3, 1, 28, 28)
    assert torch.allclose(small(image), large(torch.nn.functional.pad(image, (2, 2, 2, 2))), atol=1e-6)
    assert small.eye.pixels == 28


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid"])
@pytest.mark.parametrize("pooling", ["max", "average", "l2"])
def test_every_activation_and_pooling(activation, pooling):
    network = lenet(5, 3, activation=activation, pooling=pooling)
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 5)
    assert f"{activation}3" in dict(network.named_children())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pixels": 64}, "pixels=64: LeNet takes images of 32 pixels, or of an even number below.*resize"),
        ({"pixels": 27}, "pixels=27"),
        ({"pixels": 0}, "pixels=0: a whole number"),
        ({"classes": 0}, "classes=0"),
        ({"channels": 1.5}, "channels=1.5"),
        ({"activation": "step"}, "no activation named 'step'"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        lenet(**options)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"pooling": "l2"}, {"pooling": "max"}])
def test_it_learns_the_digits(options):
    training, test = (enlarged(images) for images in digits())
    network = lenet(activation="relu", **options)
    train(network, training, epochs=10, rate=0.03, flip=False, progress=False)
    assert evaluate(network, test)["accuracy"] > 0.97


def enlarged(images):
    """8 × 8 pixels, each four times along both axes."""
    return replace(images, pixels=images.pixels.repeat_interleave(4, dim=2).repeat_interleave(4, dim=3))
