"""Networks in the style of VGG: the published ones are torchvision's, and any other depth follows the same rule."""

from __future__ import annotations

import pytest
import torch
import torchvision
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.models import wrap
from cortexcnn.models.vgg_style import vgg_stages, vgg_style

PUBLISHED = [(11, False), (13, False), (16, False), (19, False), (16, True)]


def both(depth, normalised):
    name = f"vgg{depth}" + ("_bn" if normalised else "")
    with torch.device("meta"):
        return vgg_style(depth, normalised=normalised).eval(), torchvision.models.get_model(name).eval()


@pytest.mark.parametrize(("depth", "normalised"), PUBLISHED)
def test_weights_have_torchvisions_shapes_in_its_order(depth, normalised):
    ours, theirs = ([tuple(t.shape) for t in network.state_dict().values()] for network in both(depth, normalised))
    assert ours == theirs


@pytest.mark.parametrize(("depth", "normalised"), PUBLISHED)
def test_outputs_are_torchvisions(depth, normalised):
    ours, theirs = both(depth, normalised)
    theirs.to_empty(device="cpu")
    for tensor in theirs.state_dict().values():
        tensor.fill_(1) if tensor.ndim == 0 else tensor.uniform_(0.5, 1.5) if tensor.ndim == 1 else tensor.normal_()
        if tensor.ndim > 1:
            tensor.div_(tensor[0].numel() ** 0.5)
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)), assign=True)
    image = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        assert torch.equal(ours(image), theirs(image))


@given(st.integers(1, 300))
def test_stages_hold_every_convolution_and_grow_from_the_end(convolutions):
    stages = vgg_stages(convolutions)
    assert sum(stages) == convolutions
    assert len(stages) == min(convolutions, 5)
    if convolutions >= 7:
        assert stages[-1] - stages[2] in (0, 1)
        assert list(stages) == sorted(stages)


@pytest.mark.parametrize("depth", [2, 4, 8, 20, 152])
def test_any_depth_is_built_and_has_as_many_layers(depth):
    with torch.device("meta"):
        network = vgg_style(depth, width=2, head=(), grid=1, classes=4)
    weighted = [part for part in network if isinstance(part, torch.nn.Conv2d | torch.nn.Linear)]
    assert len(weighted) == depth


def test_receptive_fields_of_a_small_one():
    network = vgg_style(8, width=4, filter_sizes=(5, 3, 3), head=(16, 16, 16, 16), grid=2, classes=3, pixels=24)
    table = wrap(network, network.eye, name="small").layers().to_dataframe()
    assert table.loc[["conv1_1", "pool1", "conv2_1", "pool3"], "rf_pixels"].tolist() == [5, 6, 10, 24]
    assert table.loc[["connect4", "connect7", "classify"], "output_shape"].tolist() == ["16", "16", "3"]
    assert table.loc["average", "output_shape"] == "16×2×2"


def test_random_weights_are_as_large_as_torchvisions():
    ours = vgg_style(10, head=(32,), grid=1)
    theirs = torchvision.models.vgg11().features.state_dict()
    mine = [tensor for name, tensor in ours.state_dict().items() if name.startswith("conv")]
    for one, other in zip(mine, theirs.values(), strict=True):
        if one.ndim > 1:
            assert one.std().item() == pytest.approx(other.std().item(), rel=0.1)
    assert ours.connect6.weight.std().item() == pytest.approx(0.01, rel=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": 3}, "depth=3: the 3 fully connected layers and one convolution make 4 at least"),
        ({"depth": 1, "head": ()}, "depth=1"),
        ({"depth": 11, "pixels": 31}, "at pool5 a map of 1 × 1 would shrink below 1 pixel, for images of 31 pixels"),
        ({"depth": 11, "filter_sizes": 4}, "filter_sizes 4"),
        ({"depth": 11, "filter_sizes": (3, 3)}, r"2 filter_sizes \(3, 3\) for 5 stages"),
        ({"depth": 6, "head": (0, 8)}, "head=0"),
        ({"normalised": "no"}, "normalised='no': true or false"),
        ({"width": 0}, "width=0"),
        ({"grid": 0}, "grid=0"),
        ({"depth": 4.5}, "depth=4.5"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vgg_style(**options)
