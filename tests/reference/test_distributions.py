"""The score of a distribution: its ceilings are the published ones, and it behaves as a similarity does."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.reference import distribution_similarity, histogram_like, published

CEILINGS = {
    "circular_variance": 0.959,
    "orientation_bandwidth": 0.964,
    "orthogonal_preferred_ratio": 0.962,
    "orientation_selective": 0.994,
    "circular_variance_over_orientation_bandwidth": 0.968,
    "orthogonal_preferred_ratio_minus_circular_variance": 0.967,
    "modulation_ratio": 0.959,
    "maximum": 0.968,
    "preferred_orientation": 0.962,
    "peak_spatial_frequency": 0.967,
    "spatial_frequency_bandwidth_ratio": 0.933,
    "spatial_frequency_selective": 0.963,
    "grating_summation_field": 0.956,
    "surround_diameter": 0.955,
    "surround_suppression_index": 0.958,
}
"""As Marques, Schrimpf & DiCarlo (2021) have them, from 1,000 draws."""


@pytest.mark.parametrize("name", CEILINGS)
def test_ceilings_are_those_that_were_published(name: str):
    neurons = published(name)
    found = distribution_similarity(neurons, neurons, rng=0)
    assert float(found.ceiling) == pytest.approx(CEILINGS[name], abs=2e-3)
    assert float(found.ceiled) == pytest.approx(1, abs=5e-3)


def test_all_in_the_furthest_bin_is_nothing():
    neurons = published("surround_suppression_index")  # most of them low
    highest = histogram_like(xr.DataArray(np.full(50, 1.95), dims="unit"), neurons)
    found = distribution_similarity(highest, neurons, rng=0)
    assert [float(found[name]) for name in ("score", "lower", "upper")] == pytest.approx([0] * 3, abs=1e-12)


def test_without_chance_it_is_the_distance_of_kolmogorov_and_smirnov():
    neurons = published("circular_variance")
    values = xr.DataArray(np.random.default_rng(0).beta(2, 2, 4000), dims="unit")
    units = histogram_like(values, neurons)
    ours, theirs = (table.values.cumsum() / table.values.sum() for table in (units, neurons))
    expected = 1 - np.abs(ours - theirs).max() / max(1 - theirs[0], theirs[-2])
    many = neurons * 1000  # draws of so many leave hardly any chance
    assert float(distribution_similarity(units, many, draws=20, rng=0).score) == pytest.approx(expected, abs=0.01)


def test_what_is_no_number_is_drawn_and_counts_for_nothing():
    neurons = published("circular_variance")
    values = np.append(np.random.default_rng(0).random(500), np.full(500, np.nan))
    half, none = (histogram_like(xr.DataArray(part, dims="unit"), neurons) for part in (values, values[500:]))
    whole = histogram_like(xr.DataArray(values[:500], dims="unit"), neurons)
    scores = [distribution_similarity(units, neurons, rng=0) for units in (half, whole)]
    assert float(scores[0].score) == pytest.approx(float(scores[1].score), abs=0.02)
    assert (scores[0].upper - scores[0].lower) > (scores[1].upper - scores[1].lower)
    empty = distribution_similarity(none, neurons, rng=0)
    assert (float(empty.score), float(empty.ceiled)) == (0, 0)


@given(st.lists(st.integers(0, 40), min_size=13, max_size=13).filter(any))
def test_it_lies_between_0_and_1_within_its_interval(counts: list[int]):
    neurons = published("circular_variance")
    found = distribution_similarity(neurons.copy(data=np.array(counts)), neurons, draws=50, rng=0)
    assert 0 <= float(found.lower) <= float(found.score) <= float(found.upper) <= 1


def test_other_bins_are_refused():
    with pytest.raises(ValueError, match="same bins"):
        distribution_similarity(published("circular_variance"), published("modulation_ratio"))
    with pytest.raises(ValueError, match="0 draws"):
        distribution_similarity(published("maximum"), published("maximum"), draws=0)
