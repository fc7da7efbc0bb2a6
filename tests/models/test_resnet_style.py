"""Residual networks of any depth: those that torchvision has are torchvision's to the last output."""

from __future__ import annotations

import pytest
import torch
import torchvision

from cortexcnn.models import Eye, wrap
from cortexcnn.models.cifar_resnet import CifarResNet, resnet20
from cortexcnn.models.resnet_style import PUBLISHED, resnet_style

DEPTHS = sorted(PUBLISHED)


def shapes(network):
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}


@pytest.mark.parametrize("depth", DEPTHS)
def test_weights_have_torchvisions_names_and_shapes(depth):
    with torch.device("meta"):
        ours, theirs = resnet_style(depth), torchvision.models.get_model(f"resnet{depth}")
    assert shapes(ours) == shapes(theirs)


@pytest.mark.parametrize("depth", DEPTHS)
def test_outputs_are_torchvisions(depth):
    theirs = torchvision.models.get_model(f"resnet{depth}").eval()
    for name, tensor in theirs.state_dict().items():
        if "running" in name:  # as training leaves them
            tensor.uniform_(0.5, 1.5)
    with torch.device("meta"):
        ours = resnet_style(depth).eval()
    ours.load_state_dict(theirs.state_dict(), assign=True)
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(ours(image), theirs(image))


@pytest.mark.parametrize("depth", [18, 50])
def test_random_weights_are_as_large_as_torchvisions(depth):
    ours, theirs = (made.state_dict() for made in (resnet_style(depth), torchvision.models.get_model(f"resnet{depth}")))
    for name, tensor in theirs.items():
        if tensor.numel() > 1000:
            assert ours[name].std() == pytest.approx(tensor.std().item(), rel=0.1), name
            assert ours[name].mean() == pytest.approx(tensor.mean().item(), abs=0.1 * tensor.std().item() + 1e-9), name


def test_twenty_layers_are_cifars():
    ours, theirs = resnet_style(20, classes=10), resnet20()
    assert isinstance(ours, CifarResNet)
    assert shapes(ours) == shapes(theirs)
    ours.load_state_dict(theirs.state_dict())
    image = torch.randn(2, 3, 32, 32)
    assert torch.equal(ours.eval()(image), theirs.eval()(image))
    assert ours.eye == theirs.eye


@pytest.mark.parametrize(("depth", "million"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_cifars_networks_have_the_parameters_of_their_paper(depth, million):
    with torch.device("meta"):
        network = resnet_style(depth, classes=10)
    assert sum(weight.numel() for weight in network.parameters()) / 1e6 == pytest.approx(million, abs=0.04)


@pytest.mark.parametrize(
    ("options", "convolutions"),
    [
        ({"depth": 4, "stages": (1,)}, 3),
        ({"depth": 10, "stages": (1, 1, 1, 1)}, 9),
        ({"depth": 8}, 7),
        ({"depth": 14}, 13),
        ({"depth": 53, "stages": (3, 4, 7, 3)}, 52),
        ({"depth": 152}, 151),
    ],
)
def test_layers_on_the_longest_path_are_counted_as_the_field_does(options, convolutions):
    with torch.device("meta"):
        network = resnet_style(**options, width=2)
    found = [name for name, part in network.named_modules() if isinstance(part, torch.nn.Conv2d)]
    assert sum("downsample" not in name for name in found) == convolutions


@pytest.mark.parametrize("options", [{"depth": 8}, {"depth": 10, "stages": (1, 1, 1, 1), "pixels": 64}])
def test_every_stage_has_its_window(options):
    network = resnet_style(**options, width=4, classes=3, channels=1)
    table = wrap(network, network.eye, name="small").layers().to_dataframe()
    assert not table.loc[["conv1", "layer1", "layer2"], "whole_image"].any()
    assert (table.calls == 1).all()  # an electrode goes into every rectification
    last = "linear" if options["depth"] == 8 else "fc"
    assert table.loc[last, "output_shape"] == "3"
    assert network.eye.pixels == options.get("pixels", 32)


def test_eyes_are_those_of_the_photographs_or_grey():
    with torch.device("meta"):
        assert resnet_style(18).eye == Eye(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), pixels=224)
        assert resnet_style(18, channels=1, pixels=96).eye == Eye(channels=1, mean=0.5, std=0.25, pixels=96)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 19}, r"no residual network of 19 layers is published; nearest are 18 and 20\. Or say"),
        ({"depth": 2}, "nearest are 8 and 14"),
        ({"depth": 1001}, "nearest are 998 and 1004"),
        ({"depth": 0}, "depth=0: a whole number"),
        ({"depth": 12, "stages": (2, 2, 2, 2)}, r"stages \(2, 2, 2, 2\) of 2 layers a block make 18 layers .*not 12"),
        ({"depth": 50, "stages": (6, 6, 6, 6)}, "of 3 layers a block make 74 layers"),
        ({"depth": 6, "stages": (2, 0)}, "stages=0: a whole number"),
        ({"depth": 18, "stages": ()}, r"stages \(\) of 2 layers"),
        ({"width": 0}, "width=0"),
        ({"classes": 0}, "classes=0"),
        ({"pixels": 0}, "pixels=0"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        resnet_style(**options)
