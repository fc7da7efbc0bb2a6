"""A network behind its Eye: the table of layers, names, hashes."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, Network, load, wrap


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.relu = nn.Conv2d(1, 2, 3, padding=1), nn.ReLU(inplace=True)
        self.conv2, self.unused = nn.Conv2d(2, 2, 3, padding=1), nn.Linear(1, 1)

    def forward(self, image):
        maps = self.relu(self.conv1(image))
        return self.relu(self.conv2(maps) + maps)


@pytest.fixture
def network() -> Network:
    block = nn.Sequential(OrderedDict(block=Residual(), pool=nn.MaxPool2d(2), flat=nn.Flatten(), out=nn.Linear(128, 3)))
    return wrap(block, Eye(channels=1, pixels=16, degrees=4), name="mine")


def test_table_of_layers(network):
    table = network.layers()
    assert table["layer"].values.tolist() == [
        "block.conv1",
        "block.conv2",
        "block.relu",
        "block",
        "pool",
        "flat",
        "out",
    ]
    row = table.sel(layer="pool")
    assert row["output_shape"].item() == "2×8×8"
    assert (row["channels"].item(), row["rows"].item(), row["columns"].item()) == (2, 8, 8)
    assert (row["rf_pixels"].item(), row["rf_stride_pixels"].item()) == (6, 2)
    assert (row["rf_degrees"].item(), row["rf_stride_degrees"].item()) == (1.5, 0.5)
    assert table["calls"].sel(layer="block.relu").item() == 2
    assert table["parameters"].sel(layer="block").item() == 20 + 38 + 2
    assert table["whole_image"].values.tolist() == [False] * 5 + [True] * 2
    assert table["whole_image_reason"].sel(layer="flat").item() == "units without a map"
    assert not table["random"].any()
    assert table.attrs == {"model": "mine", "weights": "as given", "degrees": 4.0, "pixels": 16}


def test_centre_of_the_central_unit_in_degrees(network):
    row = network.layers().sel(layer="pool")
    window = network.receptive_field("pool").window(4, 4)
    x, y = network.screen.centres(window)
    assert row["rf_x"].item() == pytest.approx(x.mean())
    assert row["rf_y"].item() == pytest.approx(y.mean())
    assert row["rf_x"].item() > 0 > row["rf_y"].item()  # the unit right of and below the middle of an even map


def test_answers_as_the_module_does(network):
    luminance = torch.rand(3, 1, 16, 16)
    assert torch.equal(network(luminance.double()), network.module(luminance))
    assert not network.module.training


class Flat(nn.Module):
    """A network that takes views of its maps, as many of an older style do."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.out = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3), nn.Linear(4 * 12 * 12, 2)

    def forward(self, image):
        maps = self.conv2(self.conv1(image))
        return self.out(maps.view(len(maps), -1))


@pytest.mark.parametrize(("module", "last"), [(Flat(), False), (nn.Sequential(*Flat().children())[:2], True)])
def test_channels_lie_last_in_whole_images_where_the_module_allows_it(module, last):
    network = wrap(module, Eye(channels=3, pixels=16), name="mine")
    network.layers()
    seen = []
    handle = module.get_submodule("conv1" if isinstance(module, Flat) else "0").register_forward_pre_hook(
        lambda _module, inputs: seen.append(inputs[0].is_contiguous(memory_format=torch.channels_last))
    )
    luminance = torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(network(luminance), module(network.eye(luminance)))
    handle.remove()
    assert seen[0] == last
    if last:
        network(luminance[..., :9])  # a crop, where turning the weights would cost more than it brings
        assert not seen[-1]


def test_names_of_graph_nodes(network):
    assert network.resolve("block_conv1") == "block.conv1"
    assert network.resolve("block.relu_1") == "block.relu"
    assert network.module_of("block.relu_1") is network.module.block.relu
    with pytest.raises(ValueError, match=r"call 0 of block.relu, which runs 2 times"):
        network.resolve("block.relu_0")
    with pytest.raises(ValueError, match=r"block itself and block.conv1, block.conv2, block.relu can"):
        network.resolve("block.add")


@pytest.mark.parametrize(
    ("layer", "message"),
    [
        ("block.conv3", "block itself and block.conv1"),
        ("pol", "no layer named 'pol'; mine has pool"),
        ("zzz", "mine has block.conv1, block.conv2"),
        ("block.unused", "never runs in mine"),
        ("", "the module itself"),
    ],
)
def test_unknown_layers_are_refused_with_the_nearest(network, layer, message):
    with pytest.raises(ValueError, match=message):
        network.receptive_field(layer)


def test_an_eye_of_the_wrong_size_is_named(network):
    with pytest.raises(ValueError, match=r"can't take what its eye makes, 1 × 1 × 20 × 20: .*; state the right Eye"):
        wrap(network.module, network.eye.changed(pixels=20), name="mine").layers()


def test_modules_without_layers_are_refused():
    with pytest.raises(ValueError, match=r"wrap it in nn.Sequential"):
        wrap(nn.Conv2d(1, 1, 3), Eye(channels=1, pixels=8), name="bare").layers()


def test_only_modules_and_eyes_are_taken(network):
    with pytest.raises(TypeError, match=r"wraps a torch.nn.Module; got function"):
        wrap(lambda image: image, network.eye, name="mine")
    with pytest.raises(TypeError, match="needs an Eye; got int"):
        wrap(network.module, 224, name="mine")


def test_hashes_follow_weights_architecture_and_eye(network):
    before = network.hashes()
    assert before == wrap(network.module, network.eye, name="another name").hashes()
    assert wrap(network.module, network.eye.changed(degrees=2), name="mine").hashes()["eye_hash"] != before["eye_hash"]
    network.module.pool = nn.AvgPool2d(2)  # no weights, but another network
    changed = network.hashes()["weights_hash"]
    with torch.no_grad():
        network.module.out.bias += 1
    assert len({before["weights_hash"], changed, network.hashes()["weights_hash"]}) == 3


@pytest.mark.parametrize(
    ("random", "first"),
    [
        ((), None), (("block.conv2.weight",), "block.conv2"), (("block.unused.weight",), "block"),
        (("token",), "block.conv1"), (("out.bias", "gone.weight"), "out"),
    ],
)  # fmt: skip
def test_layers_after_random_weights_are_marked(network, random, first):
    table = Network(network.module, network.eye, name="mine", random=random).layers()
    names = table["layer"].values.tolist()
    expected = [first is not None and k >= names.index(first) for k in range(len(names))]
    assert table["random"].values.tolist() == expected


def test_half_precision_has_a_hash_and_layers(network):
    wrapped = wrap(network.module.to(torch.bfloat16), network.eye, name="mine")
    assert wrapped.dtype == torch.bfloat16
    assert len(wrapped.hashes()["weights_hash"]) == 16
    assert wrapped.layers().sizes["layer"] == 7


def test_anisotropic_fields_report_the_larger_side():
    module = nn.Sequential(nn.Conv2d(1, 1, (1, 7)))
    row = wrap(module, Eye(channels=1, pixels=16), name="mine").layers().isel(layer=0)
    assert (row["rf_height"].item(), row["rf_width"].item(), row["rf_pixels"].item()) == (1, 7, 7)


def test_pixels_that_a_filter_drops_are_counted():
    module = nn.Sequential(nn.Conv2d(1, 1, (5, 4), stride=(4, 2)))
    row = wrap(module, Eye(channels=1, pixels=16), name="mine").layers().isel(layer=0)
    assert (row["unseen_rows"].item(), row["unseen_columns"].item()) == (3, 0)


def test_repr_states_the_degrees(network):
    assert "spanning 4 degrees" in repr(network)


def test_table_of_a_real_graph():
    table = load("resnet18", weights="none").layers()
    assert table["rf_pixels"].sel(layer="layer1.1").item() == 43
    assert table["rf_pixels"].sel(layer="layer4.1").item() == 435
    assert table["random"].all()
    order = table["layer"].values.tolist()
    assert order.index("layer1.0") < order.index("layer1.1.conv1") < order.index("layer1")
    assert np.isfinite(table["rf_x"]).all()
