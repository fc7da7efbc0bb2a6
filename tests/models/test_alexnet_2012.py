"""AlexNet of 2012 against its paper, torchvision's against it, and the page that explains both."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn.models import Network, load
from cortexcnn.models.alexnet_2012 import alexnet_2012
from cortexcnn.models.caffenet import caffenet

PAGE = Path(__file__).parent.parent.parent / "docs" / "alexnet.md"


@pytest.fixture(scope="module")
def network() -> Network:
    return load("alexnet_2012", weights="none")


@pytest.fixture(scope="module")
def theirs() -> Network:
    return load("alexnet", weights="none")


def table(heading: str) -> list[list[str]]:
    """Rows of the first table under a heading of the page, without its head."""
    text = PAGE.read_text(encoding="utf-8").split(f"## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def filters(node) -> str:
    """What the page says of a layer's filters or windows."""
    if not node["kernel"]:
        return "–"
    said = f"{node['filters']} of {node['kernel']}" if node["filters"] else node["kernel"]
    said += f", step {node['stride']}"
    said += f", frame {node['padding']}" if node["padding"] != "0" else ""
    return said + (f", {node['groups']} groups" if node["groups"] > 1 else "")


def described(network: Network) -> list[list[str]]:
    """The table of the page, from the network itself."""
    graph = network.graph()
    columns = ("output_shape", "filters", "kernel", "stride", "padding", "groups", "parameters", "rf_pixels")
    nodes = graph[[*columns, "rf_stride_pixels", "whole_image"]].to_dataframe()
    return [
        [
            str(name),
            node["output_shape"].replace("×", " × "),
            filters(node),
            f"{node['parameters']:,}" if node["parameters"] else "–",
            "whole image" if node["whole_image"] else str(node["rf_pixels"]),
            "–" if node["whole_image"] else str(node["rf_stride_pixels"]),
        ]
        for name, node in nodes.iterrows()
    ]


def first(network: Network, kind: type[nn.Module]) -> list[nn.Module]:
    return [module for module in network.module.modules() if isinstance(module, kind)]


def differences(one: Network, other: Network) -> list[list[str]]:
    """Where two networks differ, as the page says it."""

    def facts(network: Network) -> dict[str, str]:
        convolutions = first(network, nn.Conv2d)
        order = [module for module in network.module.modules() if isinstance(module, nn.Dropout | nn.Linear)]
        return {
            "image": f"{network.eye.pixels} pixels",
            "frame of the first convolution": str(convolutions[0].padding[0]),
            "filters": ", ".join(str(module.out_channels) for module in convolutions),
            "groups": ", ".join(str(module.groups) for module in convolutions),
            "response normalisations": str(len(first(network, nn.LocalResponseNorm))),
            "dropout, of a fully connected layer": "before" if isinstance(order[0], nn.Dropout) else "after",
            "parameters": f"{sum(weight.numel() for weight in network.module.parameters()):,}",
            "biases of convolutions at first": ", ".join(f"{module.bias.abs().mean():.0f}" for module in convolutions),
            "colours": "0 to 255, mean taken off" if network.eye.range[1] == 255 else "mean 0, deviation 1",
        }

    return [[what, value, facts(other)[what]] for what, value in facts(one).items()]


def test_the_table_of_the_page_is_the_networks(network):
    assert table("Layer by layer") == described(network)


def test_the_page_says_where_torchvisions_differs(network, theirs):
    assert table("Where torchvision's differs") == differences(network, theirs)
    assert all(one != other for _, one, other in table("Where torchvision's differs"))


def test_numbers_in_the_text_of_the_page_are_the_networks(network):
    text = PAGE.read_text(encoding="utf-8")
    parts = dict(network.module.named_children())
    convolutions, connected = (
        sum(weight.numel() for module in parts.values() if isinstance(module, kind) for weight in module.parameters())
        for kind in (nn.Conv2d, nn.Linear)
    )
    assert f"{convolutions / 1e6:.1f} million parameters" in text
    assert f"{connected / 1e6:.1f} million: **{convolutions + connected:,}** in all" in text
    units = [290400, 186624, 64896, 64896, 43264, 4096, 4096, 1000]
    assert " + ".join(f"{count:,}" for count in units) + f" = **{sum(units):,}**" in text
    assert "622,312" in text
    assert 55 * 48 * 96 + sum(units[1:]) == 622312


def test_receptive_fields_are_those_of_torchvisions(network, theirs):
    assert (network.layers().unseen_rows == 0).all()
    ours, other = (
        [each.rf_pixels.item() for _, each in n.layers().groupby("layer", squeeze=False) if each.type == "Conv2d"]
        for n in (network, theirs)
    )
    assert sorted(ours) == sorted(other) == [11, 51, 99, 131, 163]


def test_responses_are_normalised_as_the_paper_has_it(network):
    maps = torch.rand(2, 12, 3, 3, dtype=torch.float64) * 50
    found = network.module.norm1(maps).numpy()
    given = maps.numpy()
    for i in range(12):
        around = given[:, max(0, i - 2) : min(11, i + 2) + 1]
        wanted = given[:, i] / (2 + 1e-4 * (around**2).sum(axis=1)) ** 0.75
        assert found[:, i] == pytest.approx(wanted, rel=1e-6)


def test_the_two_halves_meet_in_the_third_convolution_alone(network):
    module = network.module
    for name, met in (("conv2", False), ("conv3", True), ("conv4", False), ("conv5", False)):
        convolution = module.get_submodule(name)
        maps = torch.zeros(1, convolution.in_channels, 5, 5, requires_grad=True)
        half = convolution.out_channels // 2
        convolution(maps)[:, :half].sum().backward()
        seen = maps.grad.abs().sum(dim=(0, 2, 3)) > 0
        assert seen[: len(seen) // 2].all()
        assert seen[len(seen) // 2 :].any().item() is met


def test_it_starts_as_published(network):
    for name, parameter in network.module.named_parameters():
        layer, kind = name.split(".")
        if kind == "bias":
            ones = layer in ("conv2", "conv4", "conv5", "connect6", "connect7")
            assert (parameter == (1 if ones else 0)).all(), name
        else:
            assert parameter.std().item() == pytest.approx(0.01, rel=0.02), name
            assert abs(parameter.mean().item()) < 5 * 0.01 / parameter.numel() ** 0.5, name


def test_normalisation_stands_before_pooling_and_after_it_in_caffenet(network):
    ours = [name for name, _ in network.module.named_children()]
    caffe = [name for name, _ in caffenet().named_children()]
    assert ours[:8] == ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2"]
    assert caffe[:4] == ["conv1", "relu1", "pool1", "norm1"]


def test_grey_images_and_other_classes():
    module = alexnet_2012(7, 1)
    assert module.conv1.in_channels == 1
    assert module.classify.out_features == 7
    assert module.eye.channels == 1
    with pytest.raises(ValueError, match="classes=0"):
        alexnet_2012(0)


def test_another_size_of_image_is_refused(network):
    with pytest.raises(ValueError, match="alexnet_2012 can't take what its eye makes, 1 × 3 × 224 × 224"):
        load("alexnet_2012", weights="none", pixels=224).layers()


def test_the_eye_gives_colours_around_their_mean(network):
    white = network.eye(torch.ones(1, 3, 1, 1))[0, :, 0, 0].numpy()
    assert white == pytest.approx(255 * (1 - np.array([0.485, 0.456, 0.406])), abs=0.01)


@pytest.mark.slow
def test_caffenets_filters_fit(shared_data):
    file = shared_data / "weights" / "caffenet_imagenet_PARTIAL_conv1_conv2.pth"
    with pytest.warns(UserWarning, match="partial weights"):
        loaded = load("alexnet_2012", weights=file, partial=True)
    caffe = load("cortexcnn.models.caffenet:caffenet", weights=file)
    assert torch.equal(loaded.module.conv1.weight, caffe.module.conv1.weight)
    assert not loaded.layers().random.sel(layer="pool2")
