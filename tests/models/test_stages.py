"""Activations and pooling by name, and the checks that builders share."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.models.describe import kind
from cortexcnn.models.stages import ACTIVATIONS, POOLINGS, activation, each, odd, pooling, shrunk, truth, whole


def test_each_pooling_is_what_it_is_called():
    maps = torch.tensor([[[[3.0, -4.0], [0.0, 0.0]]]])
    assert {name: pooling(name)(maps).item() for name in POOLINGS} == {"max": 3, "average": -0.25, "l2": 5}


@pytest.mark.parametrize("name", POOLINGS)
def test_windows_of_zeros_have_a_gradient(name):
    maps = torch.zeros(1, 1, 2, 2, requires_grad=True)
    pooling(name)(maps).sum().backward()
    assert maps.grad.isfinite().all()


@pytest.mark.parametrize("name", POOLINGS)
def test_windows_of_every_pooling_are_known(name):
    network = wrap(nn.Sequential(nn.Conv2d(1, 2, 3), pooling(name, 2)), Eye(channels=1, pixels=16), name="x")
    field = network.receptive_field("1")
    assert (field.size, field.stride, field.whole_image) == ((4, 4), (2, 2), False)
    assert (field.channels, field.rows) == (2, 7)
    assert kind(network.module[1]) == "pool"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_is_known_as_one(name):
    assert kind(activation(name)) == "activation"


def test_unknown_names_are_refused_with_the_nearest():
    with pytest.raises(ValueError, match=r"no activation named 'relo'; there are relu, tanh, sigmoid. Did you mean 'r"):
        activation("relo")
    with pytest.raises(ValueError, match=r"no pooling named 'L2'; there are max, average, l2"):
        pooling("L2")


def test_values_for_each_stage():
    assert each("strides", (1, 2), 2) == (1, 2)
    with pytest.raises(ValueError, match=r"3 strides \(1, 2, 1\) for 2 stages: give one for each"):
        each("strides", (1, 2, 1), 2)


@pytest.mark.parametrize("value", [0, -1, 2.5, "3", None])
def test_what_is_no_count_is_refused(value):
    with pytest.raises(ValueError, match=r"classes=.*: a whole number from 1 on"):
        whole(classes=value)


@pytest.mark.parametrize("value", [2, -1, "yes", None, 0.5])
def test_what_is_neither_true_nor_false_is_refused(value):
    truth(pooled=True, normalised=0)
    with pytest.raises(ValueError, match=r"pooled=.*: true or false"):
        truth(pooled=value)


def test_even_filters_are_refused():
    odd("filter_sizes", (1, 3, 11))
    with pytest.raises(ValueError, match=r"filter_sizes 4: .*take 3 or 5"):
        odd("filter_sizes", (3, 4))


def test_maps_that_vanish_are_refused_at_their_layer():
    assert shrunk(9, "pool1", 9) == 4
    with pytest.raises(ValueError, match=r"at pool3 a map of 1 × 1 would shrink below 1 pixel, for images of 6 pixels"):
        shrunk(1, "pool3", 6)
