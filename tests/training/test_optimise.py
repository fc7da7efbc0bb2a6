"""Optimisers by name and the rise and fall of the learning rate."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cortexcnn.training.optimise import OPTIMISERS, make_optimiser, one_cycle


def test_an_unknown_optimiser_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no optimiser named 'adam'; there are sgd, adamw. Did you mean 'adamw'\?"):
        make_optimiser("adam", [], rate=0.1, decay=0)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_downhill(name: str):
    weight = nn.Parameter(torch.tensor([1.0]))
    mover = make_optimiser(name, [weight], rate=0.05, decay=0)
    for _ in range(100):
        mover.zero_grad()
        (weight**2).sum().backward()
        mover.step()
    assert abs(weight.item()) < 0.1


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_rate_rises_to_its_peak_and_then_falls(first: float, second: float):
    first, second = sorted((first, second))
    assert 0 <= one_cycle(first) <= 1
    if second <= 0.15:
        assert one_cycle(first) <= one_cycle(second)
    if first >= 0.15:
        assert one_cycle(first) >= one_cycle(second)
    assert one_cycle(0.15) == 1
