"""A plain network from a few numbers: as deep and as wide as was said, halved and doubled on the way."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from cortexcnn.models import rules_of_thumb, tapered_cnn, wrap


@settings(deadline=None, max_examples=25)
@given(st.integers(1, 7), st.integers(1, 9), st.sampled_from([3, 5, 7]), st.sampled_from([1, 2]))
def test_it_is_what_the_numbers_say(depth: int, width: int, first: int, stride: int):
    network = tapered_cnn(depth, width=width, first_size=first, first_stride=stride, classes=4).eval()
    assert network(torch.zeros(2, 3, 32, 32)).shape == (2, 4)
    filters = [part for part in network if isinstance(part, nn.Conv2d)]
    pools = [part for part in network if isinstance(part, nn.MaxPool2d)]
    assert len(filters) == depth
    assert filters[0].out_channels == width
    assert filters[0].kernel_size == (first, first)
    assert filters[0].stride == (stride, stride)
    assert len(pools) == max(depth // 2, 1)
    if depth > 1:
        assert filters[-1].out_channels == width * 2 ** len(pools)
        assert filters[-1].kernel_size == (3, 3)


def test_sizes_that_grow_with_depth_break_the_rule_of_thumb():
    kept, broken = (
        rules_of_thumb(wrap(module, module.eye, name="tapered"))
        for module in (tapered_cnn(4), tapered_cnn(4, first_size=3, later_size=5))
    )
    assert (kept.sizes_fall, broken.sizes_fall) == (1, 0)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"depth": 0}, "depth=0"),
        ({"width": 0}, "width=0"),
        ({"first_size": 4}, "odd number"),
        ({"dropout": 1}, "dropout=1"),
        ({"depth": 9, "pixels": 8}, "would shrink below 1 pixel"),
    ],
)
def test_numbers_that_make_no_network_are_refused(wrong: dict, said: str):
    with pytest.raises(ValueError, match=said):
        tapered_cnn(**wrong)
