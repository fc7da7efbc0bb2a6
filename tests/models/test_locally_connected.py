"""Layers without shared weights: equal to a convolution when all weights are, and never cropped."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.models.locally_connected import LocallyConnected2d, unshared
from cortexcnn.models.receptive_fields import trace
from cortexcnn.recording import record
from cortexcnn.stimuli import sweep


@settings(deadline=None, max_examples=40)
@given(
    inputs=st.integers(1, 3),
    outputs=st.integers(1, 4),
    kernel=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(3, 9), st.integers(3, 9)),
    stride=st.integers(1, 3),
    padding=st.integers(0, 2),
    bias=st.booleans(),
)
def test_with_shared_weights_it_is_the_convolution(*, inputs, outputs, kernel, size, stride, padding, bias):
    assume(all(side + 2 * padding >= edge for side, edge in zip(size, kernel, strict=True)))
    shared = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=bias)
    local = LocallyConnected2d(inputs, outputs, kernel, size=size, stride=stride, padding=padding, bias=bias)
    maps = torch.rand(2, inputs, *size)
    assert local(maps).shape == shared(maps).shape
    assert not torch.allclose(local(maps), shared(maps))
    local.share(shared)
    torch.testing.assert_close(local(maps), shared(maps), rtol=1e-5, atol=1e-5)


def test_each_position_has_its_own_filter():
    layer = LocallyConnected2d(2, 3, 3, size=5)
    maps = torch.rand(1, 2, 5, 5)
    found = layer(maps)
    for row, column in ((0, 0), (1, 2), (2, 1)):
        window = maps[0, :, row : row + 3, column : column + 3].permute(1, 2, 0).flatten()
        own = layer.weight[row * 3 + column].T @ window + layer.bias[row * 3 + column]
        torch.testing.assert_close(found[0, :, row, column], own)


def test_a_gradient_reaches_only_the_filter_of_its_position():
    layer = LocallyConnected2d(1, 2, 3, size=6, padding=1)
    layer(torch.rand(1, 1, 6, 6))[0, 0, 2, 3].backward()
    touched = layer.weight.grad.abs().sum((1, 2)) > 0
    assert torch.where(touched)[0].tolist() == [2 * 6 + 3]


def test_weights_are_drawn_as_those_of_a_convolution():
    torch.manual_seed(0)
    layer, shared = LocallyConnected2d(8, 16, 5, size=20), nn.Conv2d(8, 4000, 5)
    assert layer.weight.std().item() == pytest.approx(shared.weight.std().item(), rel=0.01)
    assert layer.weight.abs().max().item() == pytest.approx(shared.weight.abs().max().item(), rel=0.01)


def test_another_size_is_refused():
    with pytest.raises(ValueError, match=r"a map of 6 × 5: .* one of 5 × 5; make the layer for the other size"):
        LocallyConnected2d(1, 1, 3, size=5)(torch.zeros(1, 1, 6, 5))
    with pytest.raises(ValueError, match="a window of 7 is larger than an input of 5"):
        LocallyConnected2d(1, 1, 7, size=5)
    with pytest.raises(ValueError, match="one or more of each"):
        LocallyConnected2d(0, 1, 3, size=5)


def stack() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 5, stride=2),
        nn.ReLU(),
        nn.Conv2d(4, 6, (3, 1), padding=(1, 0)),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 5, 3),
    )


def test_an_unshared_network_answers_alike_with_the_same_weights_and_else_does_not():
    network, image = stack().eval(), torch.rand(3, 1, 30, 30)
    same, other = unshared(network, 30, channels=1, keep_weights=True), unshared(network, 30, channels=1)
    torch.testing.assert_close(same(image), network(image), rtol=1e-4, atol=1e-5)
    assert not torch.allclose(other(image), network(image), atol=1e-3)
    assert not same.training
    assert [type(layer).__name__ for layer in same][::2] == ["LocallyConnected2d"] * 3
    assert isinstance(network[0], nn.Conv2d)


def test_what_cannot_be_unshared_is_named():
    with pytest.raises(ValueError, match="0 has groups, dilation or a special padding"):
        unshared(nn.Sequential(nn.Conv2d(2, 2, 3, groups=2)), 8, channels=2)
    with pytest.raises(ValueError, match="0 has groups, dilation"):
        unshared(nn.Sequential(nn.Conv2d(2, 2, 3, padding="same")), 8, channels=2)
    convolution = nn.Conv2d(1, 1, 3)
    with pytest.raises(ValueError, match="looks at maps of 2 sizes"):
        unshared(nn.Sequential(convolution, convolution), 8, channels=1)


def test_receptive_fields_are_those_of_the_convolution_and_autograd_agrees(gradient_extent):
    network = stack().eval()
    local = unshared(network, 30, channels=1).double()
    image = 1 + torch.rand(1, 1, 30, 30, dtype=torch.float64)
    seen, shared = trace(local, image), trace(network, image.float())
    judge = copy.deepcopy(local)
    judge[1], judge[3] = nn.Identity(), nn.AvgPool2d(2)
    for layer in ("0", "2", "4"):
        field, other = seen[layer].field, shared[layer].field
        assert np.array_equal(field.lowest, other.lowest)
        assert np.array_equal(field.highest, other.highest)
        for row, column in ((0, 0), (field.rows // 2, field.columns // 2), (field.rows - 1, 0)):
            # a unit's window is the whole image, because no crop has as many filters; what it sees is not
            top, left = field.lowest[0][row], field.lowest[1][column]
            bottom, right = field.highest[0][row], field.highest[1][column]
            assert gradient_extent(judge, layer, image, row, column) == (top, bottom, left, right)
            assert field.whole_image


def test_a_unit_behind_it_is_recorded_from_the_whole_image():
    network = wrap(unshared(stack(), 30, channels=1), Eye(channels=1, pixels=30, degrees=4), name="local")
    table = network.layers()
    assert table["whole_image"].values[0]
    gratings = sweep("grating", orientation=[0, 45, 90], spatial_frequency=1, phase=[0, 90])
    centre = record(network, gratings, layers=["0", "4"], progress=False)
    every = record(network, gratings, layers=["0", "4"], units="all", progress=False)
    np.testing.assert_allclose(centre, every.sel(unit=centre["unit"]), rtol=1e-5, atol=1e-6)
