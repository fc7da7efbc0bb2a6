"""The plain builder: what is asked for is what is built, and its maps are as large as torch says."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.models.plain import plain_cnn


@settings(max_examples=25, deadline=None)
@given(
    stages=st.lists(
        st.tuples(st.integers(1, 6), st.sampled_from([1, 3, 5, 7]), st.integers(1, 3), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    channels=st.integers(1, 3),
    pixels=st.integers(4, 40),
)
def test_maps_are_as_large_as_the_formula_says_or_refused_where_torch_fails(stages, channels, pixels):
    filters, sizes, strides, pooled = (list(column) for column in zip(*stages, strict=True))
    sides, side = [], pixels
    for size, stride, halved in zip(sizes, strides, pooled, strict=True):
        side = (side - size + 2 * (size // 2)) // stride + 1
        side = side // 2 if halved else side
        sides.append(side)
    options = {"filter_sizes": sizes, "strides": strides, "pooled": pooled, "channels": channels, "pixels": pixels}
    if 0 in sides:
        with pytest.raises(ValueError, match=f"at pool{sides.index(0) + 1} a map of 1 × 1 would shrink below 1 pixel"):
            plain_cnn(filters, **options)
        return
    network = plain_cnn(filters, **options)
    table = wrap(network, network.eye, name="plain").layers().to_dataframe()
    last = [f"pool{k}" if halved else f"relu{k}" for k, halved in enumerate(pooled, start=1)]
    assert table.loc[last, "rows"].tolist() == sides
    assert table.loc[last, "channels"].tolist() == filters
    assert table.loc["conv1", "rf_pixels"] == sizes[0]
    assert table.loc["classify", "whole_image"]


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.sampled_from([1, 3, 5]), min_size=1, max_size=3), strides=st.data())
def test_receptive_fields_follow_the_textbook(sizes, strides):
    steps = strides.draw(st.lists(st.integers(1, 2), min_size=len(sizes), max_size=len(sizes)))
    assume(np.prod(steps) < 8)
    network = plain_cnn((2,) * len(sizes), filter_sizes=sizes, strides=steps, pooled=False, pixels=64)
    field = wrap(network, network.eye, name="plain").receptive_field(f"conv{len(sizes)}")
    extent, jump = 1, 1
    for size, step in zip(sizes, steps, strict=True):
        extent, jump = extent + (size - 1) * jump, jump * step
    assert (field.size[0], field.stride[0]) == (extent, jump)


def test_one_number_counts_for_all_stages_and_alone():
    assert plain_cnn((4, 4), filter_sizes=5, strides=2)[3 + 1].stride == (2, 2)
    single = plain_cnn(6, pooled=1)
    assert [name for name, _ in single.named_children()] == [
        "conv1", "norm1", "relu1", "pool1", "average", "flatten", "classify",
    ]  # fmt: skip


def test_dropout_activation_and_pooling_are_as_asked():
    network = plain_cnn((4, 4), dropout=0.3, activation="tanh", pooling="average", pooled=(True, False), classes=3)
    assert network.drop.p == 0.3
    assert isinstance(network.tanh2, nn.Tanh)
    assert isinstance(network.pool1, nn.AvgPool2d)
    assert network.classify.out_features == 3
    assert network.eye == Eye(channels=3, mean=0.5, std=0.25, pixels=32)


def test_other_sizes_of_image_pass_too():
    assert plain_cnn((4, 4), channels=1).eval()(torch.zeros(2, 1, 50, 41)).shape == (2, 10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"filters": ()}, r"filters=\(\): a network has one stage or more"),
        ({"filters": (8, 0)}, "filters=0: a whole number from 1 on"),
        ({"filters": (8, 8), "filter_sizes": (3,)}, r"1 filter_sizes \(3\) for 2 stages"),
        ({"filters": 8, "filter_sizes": 2}, "filter_sizes 2: .* odd number of pixels.* take 1 or 3"),
        ({"filters": 8, "strides": 0}, "strides=0: a whole number"),
        ({"filters": 8, "pooled": "no"}, "pooled='no': true or false"),
        ({"filters": (8, 8), "pooled": (2, 0)}, "pooled=2: true or false"),
        ({"filters": 8, "dropout": 1.0}, "dropout=1.0: a share from 0 to 1"),
        ({"filters": 8, "activation": "gelu"}, "no activation named 'gelu'"),
        ({"filters": 8, "pooling": "min"}, "no pooling named 'min'"),
        ({"filters": 8, "classes": 0}, "classes=0"),
        ({"filters": (8,) * 6}, "at pool6 a map of 1 × 1 would shrink below 1 pixel, for images of 32 pixels"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        plain_cnn(**options)
