"""Counts have the mean and the Fano factor that were asked for, and the same seed gives the same counts."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from cortexcnn.recording import rates as module
from cortexcnn.recording import spike_times, spikes
from cortexcnn.tuning import interval, orientation_tuning


def steady(rates, *, units=1, time=None):
    """The same rates (stimulus) in every unit, in spikes/s."""
    values = np.repeat(np.asarray(rates, float)[:, None], units, axis=1)
    coords = {"stimulus": np.arange(len(values)), "unit": np.arange(units)}
    table = xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)
    return table if time is None else table * xr.DataArray(np.ones(len(time)), {"time": time}, "time")


def test_poisson_counts_have_the_poisson_distribution():
    counts = spikes(steady([8.0]), scale="none", duration=0.5, repeats=20000).values.ravel()
    bins = np.arange(10)
    observed = np.append(np.bincount(counts, minlength=10)[:10], (counts > 9).sum())
    wanted = np.append(scipy.stats.poisson.pmf(bins, 4), scipy.stats.poisson.sf(9, 4)) * counts.size
    assert scipy.stats.chisquare(observed, wanted).pvalue > 0.01


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("fano", [1.5, 4.0])
def test_overdispersed_counts_are_negative_binomial(fano, shared):
    counts = spikes(steady([0.0, 3.0, 30.0]), scale="none", repeats=20000, fano=fano, shared=shared).values[:, 0]
    assert (counts[0] == 0).all()
    for mean, drawn in ((3.0, counts[1]), (30.0, counts[2])):
        assert abs(drawn.mean() - mean) < 4 * np.sqrt(fano * mean / drawn.size)
        p = 1 / fano
        law = scipy.stats.nbinom(mean / (fano - 1), p)
        edges = np.unique(law.ppf(np.linspace(0.05, 0.95, 12)))
        observed = np.histogram(drawn, np.concatenate([[-1], edges, [np.inf]]) + 0.5)[0]
        wanted = np.diff(np.concatenate([[0], law.cdf(edges), [1]])) * drawn.size
        assert scipy.stats.chisquare(observed, wanted).pvalue > 0.001


def test_shared_noise_makes_units_correlate_and_nothing_else_does():
    pair = {
        shared: np.corrcoef(spikes(steady([50.0], units=2), scale="none", repeats=5000, fano=5, shared=shared)[0])[0, 1]
        for shared in (0.0, 0.5, 1.0)
    }
    assert abs(pair[0.0]) < 4 / np.sqrt(5000)
    assert pair[1.0] == pytest.approx(0.8, abs=0.04)  # all but the Poisson part: (fano - 1) / fano
    assert pair[0.5] == pytest.approx(0.4, abs=0.05)


def test_bins_of_time_sum_to_the_fano_factor_of_the_presentation():
    time = np.arange(5) / 10
    counts = spikes(steady([40.0], time=time), scale="none", repeats=20000, fano=3)
    assert counts.attrs["duration"] == pytest.approx(0.5)
    total = counts.sum("time").values.ravel()
    assert total.mean() == pytest.approx(20, rel=0.02)
    assert total.var() / total.mean() == pytest.approx(3, rel=0.05)


def test_more_repeats_shrink_the_spread_as_the_root():
    spread = [
        spikes(steady([10.0], units=4000), scale="none", repeats=repeats).mean("repeat").std().item()
        for repeats in (4, 16, 64)
    ]
    np.testing.assert_allclose(spread, np.sqrt(10 / np.array([4, 16, 64])), rtol=0.05)


def test_rates_are_counts_over_seconds():
    both = [spikes(steady([10.0, 3.0]), scale="none", duration=0.25, quantity=name) for name in ("counts", "rates")]
    np.testing.assert_allclose(both[1], both[0] / 0.25)
    assert [one.dtype for one in both] == [np.int32, np.float32]
    assert [one.attrs["units"] for one in both] == ["spikes", "spikes/s"]


def test_the_same_seed_gives_the_same_counts_however_they_are_drawn(monkeypatch):
    responses = steady(np.linspace(0, 40, 6), units=5)
    whole = spikes(responses, scale="none", fano=2, shared=0.2, rng=7)
    part = spikes(responses[[4, 1]], scale="none", fano=2, shared=0.2, rng=7)
    np.testing.assert_array_equal(part, whole[[4, 1]])
    monkeypatch.setattr(module, "_BLOCK", 11)
    xr.testing.assert_identical(spikes(responses.T, scale="none", fano=2, shared=0.2, rng=7), whole)
    assert (spikes(responses, scale="none", rng=8) != spikes(responses, scale="none", rng=7)).any()
    drawn = [spikes(responses, scale="none", rng=np.random.default_rng(3)) for _ in range(2)]
    xr.testing.assert_identical(*drawn)
    xr.testing.assert_identical(spikes(responses, scale="none", rng=int(drawn[0].attrs["seed"])), drawn[0])


def test_attributes_say_what_was_done_and_go_into_a_file(tmp_path):
    responses = steady([1.0, 5.0]).assign_coords(contrast=("stimulus", [0.0, 1.0])).assign_attrs(model="cortexnet")
    counts = spikes(responses, fano=2, shared=0.1, repeats=3)
    wanted = {
        "model": "cortexnet",
        "fano": 2,
        "shared": 0.1,
        "repeats": 3,
        "duration": 1,
        "seed": "0",
        "scale": "layer",
    }
    assert wanted.items() <= counts.attrs.items()
    counts.to_netcdf(tmp_path / "spikes.nc", engine="h5netcdf")
    with xr.open_dataarray(tmp_path / "spikes.nc", engine="h5netcdf") as again:
        xr.testing.assert_identical(again.load(), counts)


def test_spiking_units_are_measured_as_neurons_with_intervals():
    angles = np.arange(0, 180, 22.5)
    rates = 2 + 30 * np.exp(2 * (np.cos(2 * np.deg2rad(angles - 60)) - 1))
    counts = spikes(steady(rates).assign_coords(orientation=("stimulus", angles)), scale="none")
    bounds = interval(orientation_tuning, counts, draws=15, rng=0).preferred_orientation
    assert float(bounds[0, 0]) < 60 < float(bounds[1, 0])


def test_memory_is_that_of_the_counts_and_little_more():
    responses = steady(np.linspace(0, 40, 200), units=2000)
    tracemalloc.start()
    counts = spikes(responses, scale="none", repeats=20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.6 * counts.nbytes


def test_spike_times_are_as_many_as_counts_and_evenly_spread():
    counts = spikes(steady([20.0, 60.0], units=2), scale="none", duration=0.5, repeats=200)
    times = spike_times(counts, 1)
    found = times.groupby(["stimulus", "repeat"]).size().unstack(fill_value=0)
    np.testing.assert_array_equal(found.reindex(columns=range(200), fill_value=0), counts[:, 1])
    assert scipy.stats.kstest(times.time / 0.5, "uniform").pvalue > 0.01
    assert times.groupby(["stimulus", "repeat"]).time.is_monotonic_increasing.all()
    assert not times.time.iloc[:50].isin(spike_times(counts, 0).time).any()


def test_spike_times_follow_time():
    shape = xr.DataArray([0.0, 1.0, 0.0, 3.0], {"time": np.arange(4) / 8}, "time")
    counts = spikes(steady([100.0]) * shape, scale="none", repeats=30)
    times = spike_times(counts, 0).time
    bins = np.histogram(times, np.arange(5) / 8)[0]
    np.testing.assert_array_equal(bins, counts.sum(["stimulus", "unit", "repeat"]))
    assert bins[0] == bins[2] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fano": 0.5}, "more regular than a Poisson process.*firing_rates"),
        ({"fano": np.nan}, "more regular"),
        ({"shared": 0.2}, "shared=0.2 at fano=1.*fano above 1"),
        ({"fano": 2, "shared": 1.2}, "from 0 to 1"),
        ({"repeats": 0}, "0 repeats"),
        ({"duration": 0}, "duration=0"),
        ({"quantity": "spikes"}, "counts, rates"),
    ],
)
def test_numbers_that_make_no_counts_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        spikes(steady([1.0]), scale="none", **options)


def test_responses_that_make_no_counts_are_refused():
    with pytest.raises(ValueError, match="are these responses spikes/s"):
        spikes(steady([1e9]), scale="none")
    with pytest.raises(ValueError, match="NaN"):
        spikes(steady([np.nan]), scale="none")
    with pytest.raises(ValueError, match="no negative rates"):
        spikes(steady([-1.0]), scale="none", rectify=False)
    with pytest.raises(ValueError, match="no blank"):
        spikes(steady([1.0]))
    with pytest.raises(ValueError, match="not evenly spaced"):
        spikes(steady([1.0], time=[0.0, 0.1, 0.5]), scale="none")
    with pytest.raises(ValueError, match="single point of time"):
        spikes(steady([1.0], time=[0.0]), scale="none")
    with pytest.raises(ValueError, match="whole counts with repeats"):
        spike_times(spikes(steady([1.0]), scale="none", quantity="rates"), 0)
    with pytest.raises(ValueError, match="no unit 5; there are 0"):
        spike_times(spikes(steady([1.0]), scale="none"), 5)
