"""Through training: seeds are a random effect, and networks are probed as they were at each moment."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cortexcnn import load
from cortexcnn.protocols import across_seeds, grating_battery, grating_tuning, summarise, target, through_training
from cortexcnn.recording import record


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=8), st.floats(0.5, 0.99))
def test_the_interval_is_that_of_the_t_test(values: list[float], level: float):
    found = across_seeds(xr.DataArray([values], dims=("epoch", "seed")), level=level).isel(epoch=0)
    if np.ptp(values) > 1e-6:
        expected = stats.ttest_1samp(values, 0).confidence_interval(level)
        assert (float(found.lower), float(found.upper)) == pytest.approx(tuple(expected), rel=1e-6, abs=1e-9)
    assert float(found.deviation) == pytest.approx(np.std(values, ddof=1), abs=1e-9)


def test_seeds_without_a_value_are_left_out():
    found = across_seeds(xr.DataArray([[1, 2, np.nan], [1, np.nan, np.nan]], dims=("layer", "seed")))
    assert found["mean"].values[0] == 1.5
    assert found.seeds.values.tolist() == [2, 1]
    assert np.isnan(found.lower.values[1])


def test_the_interval_covers_the_mean_of_all_seeds():
    rng = np.random.default_rng(0)
    drawn = xr.DataArray(rng.normal(3, 2, (4000, 4)), dims=("experiment", "seed"))
    found = across_seeds(drawn)
    assert ((found.lower < 3) & (found.upper > 3)).mean() == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("values", [xr.DataArray([1.0], dims="seed"), xr.DataArray([1.0, 2.0], dims="epoch")])
def test_one_seed_is_no_random_effect(values: xr.DataArray):
    with pytest.raises(ValueError, match="dimension seed with two or more"):
        across_seeds(values)


def test_each_moment_is_probed_as_a_network_by_itself():
    networks = {0.0: load("cortexnet", weights="none"), 16.0: load("cortexnet")}
    found = through_training(
        networks, layers=["conv1"], target=target("classical_v1", networks[0].screen), progress=False
    )
    table = found.set_index(["epoch", "layer", "measure"])["value"]
    for epoch, network in networks.items():
        responses = record(network, grating_battery(network.screen), layers=["conv1"], progress=False)
        alone = summarise(grating_tuning(responses))
        assert table[epoch, "conv1", "circular_variance"] == float(alone.circular_variance[0])
    similar = [name for name in table.index.levels[2] if name.startswith("similarity")]
    assert similar
    assert all(-1 <= table[epoch, "conv1", name] <= 1 for epoch in networks for name in similar)


def test_no_moment_is_refused():
    with pytest.raises(ValueError, match="train with snapshots"):
        through_training({}, layers=["conv1"])
