"""Sparseness: its ends, its scale, a known distribution, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.tuning import sparseness


def table(values):
    return xr.DataArray(values, dims=("stimulus", "unit"))


def test_one_alone_is_one_and_all_alike_is_nothing():
    values = np.zeros((20, 3))
    values[4, 0] = 7
    values[:, 1] = 3
    found = sparseness(table(values))
    assert found.values[:2] == pytest.approx([1, 0])
    assert np.isnan(found.values[2])


def test_a_share_that_answers_alike_has_a_closed_form():
    values = np.zeros((100, 1))
    values[:30] = 5
    # (Σr/n)² / (Σr²/n) = the share that answers
    assert sparseness(table(values)).item() == pytest.approx((1 - 0.3) / (1 - 1 / 100))


def test_exponential_rates_are_half_sparse():
    rates = np.random.default_rng(0).exponential(9, (200_000, 1))
    assert sparseness(table(rates)).item() == pytest.approx(0.5, abs=0.01)


@given(st.lists(st.floats(0, 100), min_size=2, max_size=30), st.floats(0.01, 1000))
def test_scale_and_order_change_nothing(rates, scale):
    values = np.array(rates)[:, None]
    one = sparseness(table(values)).item()
    np.testing.assert_allclose(sparseness(table(scale * values[::-1])).item(), one, atol=1e-6)
    assert np.isnan(one) or 0 <= one <= 1


def test_of_a_population_and_with_what_is_missing():
    values = np.array([[1.0, 1.0, 1.0], [3.0, 0.0, np.nan]])
    assert sparseness(table(values), over="unit").values == pytest.approx([0, 1])


def test_negative_rates_and_unknown_dimensions_are_refused():
    with pytest.raises(ValueError, match=r"a response is -2, .*rectify"):
        sparseness(table([[-2.0], [1.0]]))
    with pytest.raises(ValueError, match=r"no dimension 'units'.* Did you mean 'unit'"):
        sparseness(table([[1.0]]), over="units")


def test_repeats_are_averaged_first():
    trials = xr.DataArray([[[9.0, 0.0]], [[0.0, 9.0]]], dims=("stimulus", "unit", "repeat"))
    assert sparseness(trials).values == pytest.approx([0])  # each trial by itself is as sparse as can be
    assert sparseness(trials, over="repeat").values.ravel() == pytest.approx([1, 1])
