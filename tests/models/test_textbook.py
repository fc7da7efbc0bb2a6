"""The textbook's arithmetic against torch's own layers, and its curve filter against curves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch.nn import functional

from cortexcnn.models.textbook import curve_filter, output_size


@given(st.integers(1, 40), st.integers(1, 11), st.integers(0, 4), st.integers(1, 5))
def test_sizes_are_those_that_torch_makes(size: int, kernel: int, padding: int, stride: int):
    assume(size + 2 * padding >= kernel)
    made = functional.conv2d(
        torch.zeros(1, 1, size, size), torch.zeros(1, 1, kernel, kernel), padding=padding, stride=stride
    )
    assert output_size(size, kernel, padding=padding, stride=stride, exact=False) == made.shape[2]
    if (size + 2 * padding - kernel) % stride == 0:
        assert output_size(size, kernel, padding=padding, stride=stride) == made.shape[2]
    else:
        with pytest.raises(ValueError, match="does not fit"):
            output_size(size, kernel, padding=padding, stride=stride)


@given(st.integers(1, 30), st.integers(1, 9), st.integers(2, 5))
def test_the_remedies_are_remedies(size: int, kernel: int, stride: int):
    assume(size >= kernel)
    assume((size - kernel) % stride)
    with pytest.raises(ValueError, match="stride") as refused:
        output_size(size, kernel, stride=stride)
    strides, _, frames = str(refused.value).partition("; stride ")[2].partition(" would")
    for step in strides.replace(" or ", ", ").split(", "):
        assert output_size(size, kernel, stride=int(step))
    for frame in frames.removeprefix(", or padding ").split(" or ") if frames else ():
        assert output_size(size, kernel, stride=stride, padding=int(frame))


def test_a_window_larger_than_its_input_is_refused():
    with pytest.raises(ValueError, match=r"a window of 9 is larger than an input of 5 .* at most, or padding 2"):
        output_size(5, 9)
    assert output_size(5, 9, padding=2) == 1


@pytest.mark.parametrize("wrong", [{"stride": 0}, {"padding": -1}, {"size": 0}, {"kernel": 1.5}])
def test_numbers_that_make_no_sense_are_refused(wrong: dict):
    (name,) = wrong
    with pytest.raises(ValueError, match=f"{name}="):
        output_size(**({"size": 7, "kernel": 3} | wrong))


def circle(side: int = 61, radius: float = 3.5) -> torch.Tensor:
    y, x = np.mgrid[:side, :side] - side // 2
    drawn = np.exp(-0.5 * ((np.hypot(x, y) - radius) / 0.7) ** 2)
    return torch.from_numpy(drawn).float()[None, None]


def test_the_curve_is_identified_where_it_is_and_nowhere_else():
    answer = functional.conv2d(circle(), curve_filter(), padding=3)[0, 0]
    row, column = divmod(int(answer.argmax()), 61)
    # on a circle whose centre is (30, 30), the arc that the filter knows lies up and to the right
    assert row - 30 == pytest.approx(-3.5 / np.sqrt(2), abs=1)
    assert column - 30 == pytest.approx(3.5 / np.sqrt(2), abs=1)
    opposite = answer[30 + (30 - row), 30 - (column - 30)]
    assert opposite < answer.max() / 2
    assert answer[:15].abs().max() < 1e-3


def test_grey_gives_nothing_and_the_arc_itself_most():
    drawn = curve_filter()
    assert functional.conv2d(torch.full((1, 1, 20, 20), 0.5), drawn).abs().max() < 1e-5
    windows = torch.randn(5000, 49, generator=torch.Generator().manual_seed(0))
    windows = windows / windows.norm(dim=1, keepdim=True)
    assert (windows @ drawn.flatten()).max() < (drawn.flatten() @ drawn.flatten())


@pytest.mark.parametrize("wrong", [{"size": 6}, {"size": 3}, {"radius": 0}, {"width": -1}])
def test_a_curve_that_makes_no_sense_is_refused(wrong: dict):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}="):
        curve_filter(**wrong)
