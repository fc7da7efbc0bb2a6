"""Optimisers by name and the rise and fall of the learning rate."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from cortexcnn.training.optimise import OPTIMISERS, SCHEDULES, make_optimiser, rate_at, usual_rate


def test_an_unknown_optimiser_is_refused_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"no optimiser named 'adm'; there are sgd, .*rmsprop. Did you mean 'adam'\?"):
        make_optimiser("adm", [], rate=0.1, decay=0, momentum=0.9)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_optimiser_goes_downhill(name: str):
    weight = nn.Parameter(torch.tensor([1.0]))
    mover = make_optimiser(name, [weight], rate=0.02, decay=0, momentum=0.5)
    for _ in range(200):
        mover.zero_grad()
        (weight**2).sum().backward()
        mover.step()
    assert abs(weight.item()) < 0.1


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [
        ("sgd_classical", 1.0, 1.9),  # v ← μv + g: 1, then μ + 1
        ("sgd", 1.9, 2.71),  # Nesterov looks ahead: g + μv
        ("adam", 1.0, 1.0),  # a constant gradient gives steps of the rate
        ("adamw", 1.0, 1.0),
        ("rmsprop", 10.0, None),  # the first mean square is a hundredth of the gradient's
    ],
)
def test_the_first_steps_on_a_slope_of_one_are_those_of_the_formulas(name: str, first: float, second: float | None):
    weight = nn.Parameter(torch.tensor([0.0], dtype=torch.float64))
    mover = make_optimiser(name, [weight], rate=1e-3, decay=0, momentum=0.9)
    steps = []
    for _ in range(2):
        before = weight.item()
        weight.grad = torch.ones(1, dtype=torch.float64)
        mover.step()
        steps.append((before - weight.item()) / 1e-3)
    assert steps[0] == pytest.approx(first, rel=1e-5)
    if second:
        assert steps[1] == pytest.approx(second, rel=1e-5)


def test_only_adamw_decays_weights_by_themselves():
    moved = {}
    for name in ("adam", "adamw"):
        weight = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
        mover = make_optimiser(name, [weight], rate=0.1, decay=0.5, momentum=0.9)
        weight.grad = torch.zeros(1, dtype=torch.float64)
        mover.step()
        moved[name] = 2 - weight.item()
    assert moved["adamw"] == pytest.approx(0.1 * 0.5 * 2)
    assert moved["adam"] == pytest.approx(0.1)


@given(st.sampled_from(list(SCHEDULES)), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.9))
def test_the_rate_rises_to_its_peak_and_never_rises_again(name: str, first: float, second: float, warm_up: float):
    first, second = sorted((first, second))
    rates = [rate_at(moment, schedule=name, warm_up=warm_up) for moment in (first, second)]
    assert all(0 <= rate <= 1 for rate in rates)
    if second <= warm_up and second < 1:
        assert rates[0] <= rates[1] + 1e-12
    if first >= warm_up:
        assert rates[0] >= rates[1] - 1e-12
    assert rate_at(warm_up, schedule=name, warm_up=warm_up) == 1


def test_an_unknown_schedule_is_refused():
    with pytest.raises(ValueError, match=r"no schedule named 'cosin'; .* Did you mean 'cosine'"):
        rate_at(0.5, schedule="cosin")


def test_the_rate_that_most_begin_with():
    assert [usual_rate(name) for name in OPTIMISERS] == [0.1, 0.1, 0.001, 0.001, 0.001]
