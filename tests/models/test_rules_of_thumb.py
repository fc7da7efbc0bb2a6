"""The two rules, on networks that keep and that break them."""

from __future__ import annotations

import pytest
from torch import nn

from cortexcnn.models import Eye, load, rules_of_thumb, wrap


def plain(*stages: tuple[int, int], pool: int | None = None, pixels: int = 32):
    """Convolutions of these sizes and strides, padded so that they fit."""
    layers = [nn.Conv2d(1, 1, size, stride, padding=size // 2) for size, stride in stages]
    if pool:
        layers.append(nn.MaxPool2d(2, pool))
    return wrap(nn.Sequential(*layers), Eye(channels=1, pixels=pixels), name="plain")


def test_a_network_that_keeps_both():
    found = rules_of_thumb(plain((7, 2), (5, 2), (3, 1)))
    assert (found.sizes_fall, found.covers, found.strides_overlap) == (1, 1, 1)
    assert found["size"].values.tolist() == [7, 5, 3]
    assert found["overlap"].values.tolist() == pytest.approx([5 / 7, 3 / 5, 2 / 3])
    assert found["rf_share"].values.tolist() == pytest.approx([7 / 32, 15 / 32, 23 / 32])


def test_filters_that_grow_are_named():
    found = rules_of_thumb(plain((3, 1), (1, 1), (5, 2), (5, 1)))
    assert not found.sizes_fall
    assert "fall with depth: broken by 2\n" in found.report


def test_a_stack_that_sees_little_is_told_how_little():
    network = plain((3, 1), (3, 1))
    found = rules_of_thumb(network)
    assert not found.covers
    assert "broken (16 % of its side at 1)" in found.report
    assert rules_of_thumb(network, significant=0.15).covers


@pytest.mark.parametrize(("stage", "kept"), [((3, 3), 0), ((1, 2), 0), ((4, 5), 0), ((3, 2), 1), ((1, 1), 1)])
def test_strides_that_leave_no_overlap(stage: tuple[int, int], kept: int):
    found = rules_of_thumb(plain((5, 1), stage))
    assert found.strides_overlap == kept
    assert ("overlap: broken by 1" in found.report) == (not kept)


def test_pools_without_overlap_are_told_and_break_nothing():
    apart, over = rules_of_thumb(plain((5, 1), pool=2)), rules_of_thumb(plain((5, 1), pool=1))
    assert apart.strides_overlap == over.strides_overlap == 1
    assert "no overlap of pools at 1" in apart.report
    assert "pools" not in over.report


def test_the_shortcuts_of_a_resnet_jump_over_positions():
    found = rules_of_thumb(load("resnet18", weights="none"))
    assert (found.sizes_fall, found.covers, found.strides_overlap) == (1, 1, 0)
    assert "layer2.0.downsample.0, layer3.0.downsample.0, layer4.0.downsample.0" in found.report


def test_what_makes_no_sense_is_refused():
    with pytest.raises(ValueError, match="a significant part of 0"):
        rules_of_thumb(plain((3, 1)), significant=0)
    line = wrap(nn.Sequential(nn.Flatten(), nn.Linear(64, 2)), Eye(channels=1, pixels=8), name="line")
    with pytest.raises(ValueError, match="line has no convolution"):
        rules_of_thumb(line)
