"""Noise like that of spikes: its statistics, and that the same seed gives it again."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.models import Eye, wrap
from cortexcnn.models.v1_noise import PoissonLike


@settings(max_examples=20, deadline=None)
@given(fano=st.floats(0.1, 5), mean=st.floats(0.01, 50), seed=st.integers(0, 2**40))
def test_the_variance_is_the_fano_factor_times_the_mean(fano, mean, seed):
    count = 40_000
    answers = PoissonLike(fano, seed=seed)(torch.full((count,), mean, dtype=torch.float64))
    # five standard errors of a normal sample
    assert answers.mean().item() == pytest.approx(mean, abs=5 * (fano * mean / count) ** 0.5)
    assert answers.var().item() == pytest.approx(fano * mean, rel=5 * (2 / count) ** 0.5)


def test_what_does_not_answer_is_silent_and_units_are_independent():
    mean = torch.ones(20_000, 2)
    mean[:, 1] = 4
    answers = PoissonLike()(torch.cat((torch.zeros(20_000, 1), mean), dim=1))
    assert (answers[:, 0] == 0).all()
    assert torch.corrcoef(answers[:, 1:].T)[0, 1].abs() < 0.04
    assert answers[:, 2].var().item() == pytest.approx(4, rel=0.05)


def test_the_seed_alone_decides():
    mean = torch.rand(2, 3, 4, 4)
    first, again, other = PoissonLike(seed=3), PoissonLike(seed=3), PoissonLike(seed=4)
    before = torch.get_rng_state()
    one = [first(mean) for _ in range(3)]
    torch.manual_seed(99)
    two = [again(mean) for _ in range(3)]
    torch.set_rng_state(before)
    first(mean)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(a, b) for a, b in zip(one, two, strict=True))
    assert not torch.equal(one[0], one[1])
    assert not torch.equal(one[0], other(mean))


def test_a_state_dict_goes_on_where_it_was():
    mean = torch.rand(5)
    whole, resumed = PoissonLike(), PoissonLike()
    whole(mean)
    resumed.load_state_dict(whole.state_dict())
    assert torch.equal(whole(mean), resumed(mean))


def test_evaluation_is_without_noise_unless_asked_for():
    mean = torch.rand(5)
    assert PoissonLike().eval()(mean) is mean
    assert PoissonLike(0.0)(mean) is mean
    noisy = PoissonLike(always=True).eval()
    before = {name: tensor.clone() for name, tensor in noisy.state_dict().items()}
    first, second = noisy(mean), noisy(mean)
    assert not torch.equal(first, second)
    assert noisy.state_dict() == before  # looking leaves no trace in the weights
    assert torch.equal(PoissonLike(always=True).eval()(mean), first)


def test_gradients_pass_even_at_zero():
    mean = torch.zeros(4, requires_grad=True)
    PoissonLike()(mean).sum().backward()
    assert (mean.grad == 1).all()


def test_noise_is_followed_as_the_whole_image():
    # what a window shows would have other noise than the whole image
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.ReLU(), PoissonLike(always=True))
    table = wrap(module, Eye(channels=1, pixels=8), name="noisy").layers()
    assert table.whole_image.values.tolist() == [False, False, True]


@pytest.mark.parametrize("options", [{"fano": -1}, {"fano": float("nan")}, {"seed": -1}])
def test_what_makes_no_sense_is_refused(options):
    with pytest.raises(ValueError, match="both are 0 or more"):
        PoissonLike(**options)
