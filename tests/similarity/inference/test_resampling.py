from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.similarity import COMPARISONS, Comparison, bootstrap, compare, interval, rdm
from cortexcnn.similarity.comparing import measures
from cortexcnn.similarity.comparing.pairs import Pairs
from cortexcnn.similarity.comparing.weighted import WEIGHTED
from cortexcnn.similarity.inference import crossed
from cortexcnn.similarity.inference.crossed import times as drawn_times
from cortexcnn.similarity.inference.units import RESAMPLED, resampled_rdms

BOTH = ("stimuli", "subjects")
BY_PAIRS = [name for name, measure in COMPARISONS.items() if not measure.whole]
THEIRS = {
    "pearson": "corr",
    "spearman": "spearman",
    "kendall tau-a": "tau-a",
    "kendall tau-b": "tau-b",
    "rho-a": "rho-a",
    "cosine": "cosine",
    "whitened pearson": "corr_cov",
    "whitened cosine": "cosine_cov",
}

NEAR = {method: 1e-6 if method in WEIGHTED else 1e-12 for method in BY_PAIRS}  # float32 products, summed in float64


def drawn_by_hand(first: xr.DataArray, second: xr.DataArray, times: np.ndarray, method: str) -> xr.DataArray:
    """Take the rows and columns of a draw, and leave out pairs of a stimulus with itself."""
    picked = np.repeat(np.arange(len(times)), times)
    labels = {"stimulus": np.arange(len(picked)), "stimulus2": np.arange(len(picked))}
    same = (picked[:, None] == picked[None]) & ~np.eye(len(picked), dtype=bool)
    tables = []
    for table in (first, second):
        values = (
            table.isel(stimulus=picked, stimulus2=picked).drop_vars(["stimulus", "stimulus2"]).assign_coords(labels)
        )
        tables.append(values.where(xr.DataArray(~same, dims=("stimulus", "stimulus2"))))
    return compare(*tables, method=method)


@pytest.mark.parametrize("method", BY_PAIRS)
@pytest.mark.parametrize("decimals", [None, 1])
def test_draws_of_stimuli_equal_a_plain_loop(make_rdms, method, decimals):
    first = make_rdms(3, 12, dim="layer", decimals=decimals)
    second = make_rdms(2, 12, seed=1, decimals=decimals)
    draws = bootstrap(first, second, method=method, draws=40, rng=5)
    assert draws.dims == ("draw", "layer", "subject")
    times = drawn_times(np.random.default_rng(5), 12, 40)
    loop = xr.concat([drawn_by_hand(first, second, row, method) for row in times], "draw")
    assert np.allclose(draws.values, loop.values, rtol=0, atol=NEAR[method])
    assert draws.mean().item() == pytest.approx(loop.mean().item(), abs=NEAR[method])
    assert draws.var().item() == pytest.approx(loop.var().item(), abs=NEAR[method])


@pytest.mark.parametrize("method", BY_PAIRS)
def test_draws_of_stimuli_equal_rsatoolbox(make_rdms, method):
    first, second = make_rdms(2, 12, dim="layer"), make_rdms(3, 12, seed=1)
    draws = bootstrap(first, second, method=method, draws=8, rng=2)
    for draw, row in enumerate(drawn_times(np.random.default_rng(2), 12, 8)):
        picked = np.repeat(np.arange(12), row)
        ours, theirs = (
            rsatoolbox.rdm.RDMs(table.values).subsample_pattern("index", picked) for table in (first, second)
        )
        expected = rsatoolbox.rdm.compare(ours, theirs, method=THEIRS[method])
        assert np.allclose(draws[draw].values, expected, rtol=0, atol=NEAR[method])


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(BY_PAIRS), ties=st.booleans())
def test_each_measure_resampled_is_itself_on_repeated_stimuli(seed, method, ties):
    rng = np.random.default_rng(seed)
    first, second = rng.random((2, 15)), rng.random((3, 15))
    if ties:
        first, second = np.round(first, 1), np.round(second, 1)
    times = np.concatenate([rng.integers(0, 4, (4, 6)), np.ones((1, 6), int)])
    pairs = Pairs.of(6)
    measure = COMPARISONS[method]
    plain = Comparison(measure.between, measure.suited, measure.bounds, measure.ignores)
    expected = plain.draw(first, second, pairs, times)
    found = measure.draw(first, second, pairs, times)
    there = [len(pairs.drawn(row)[0]) > 1 for row in times]
    assert np.allclose(found[there], expected[there], rtol=0, atol=1e-12, equal_nan=True)


def test_pairs_left_out_stay_out_of_the_draws(make_rdms):
    first, second = make_rdms(2, 10, dim="layer"), make_rdms(2, 10, seed=1)
    first[0, 0, 1] = first[0, 1, 0] = second[1, 4, 5] = second[1, 5, 4] = np.nan
    for method in BY_PAIRS:
        draws = bootstrap(first, second, method=method, draws=10, rng=3)
        for draw, row in enumerate(drawn_times(np.random.default_rng(3), 10, 10)):
            expected = drawn_by_hand(first, second, row, method)
            assert np.allclose(draws[draw].values, expected, rtol=0, atol=NEAR[method])


def test_draws_of_subjects_only_reweight_their_similarities(make_rdms):
    first, second = make_rdms(2, 9, dim="layer"), make_rdms(6, 9, seed=1)
    draws = bootstrap(first, second, over="subjects", method="spearman", draws=500, rng=1)
    assert draws.dims == ("draw", "layer")
    each = compare(first, second)
    times = drawn_times(np.random.default_rng(1), 6, 500)
    loop = [each.isel(subject=np.repeat(np.arange(6), row)).mean("subject").values for row in times]
    assert np.allclose(draws.values, loop, rtol=0, atol=1e-12)
    expected = each.var("subject", ddof=0) / 6  # the bootstrap's variance of a mean, in closed form
    assert np.allclose(draws.var("draw"), expected, rtol=0.25)
    swapped = bootstrap(second, first, over="subjects", draws=500, rng=1)
    assert np.allclose(swapped.values, draws.values)


def test_draws_of_both_vary_more_than_either(make_rdms):
    first, second = make_rdms(1, 14, dim="layer"), make_rdms(6, 14, noise=1.0, seed=1)
    deviation = {
        over: interval(bootstrap(first, second, over=over, draws=400, rng=0)).standard_error
        for over in ("subjects", BOTH)
    }
    mean = bootstrap(first, second, over="stimuli", draws=400, rng=0).mean("subject")
    assert (deviation[BOTH] > deviation["subjects"]).all()
    assert (deviation[BOTH] > mean.std("draw", ddof=1)).all()
    assert bootstrap(first, second, over=BOTH, draws=3, rng=0).dims == ("draw", "layer")


def test_size_of_blocks_changes_nothing(make_rdms, monkeypatch):
    first, second = make_rdms(3, 9, dim="layer"), make_rdms(2, 9, seed=1)
    whole = {method: bootstrap(first, second, method=method, draws=20, rng=0) for method in BY_PAIRS}
    monkeypatch.setattr(crossed, "_BLOCK", 36 * 3)
    monkeypatch.setattr(measures, "_BLOCK", 36 * 2)
    for method, expected in whole.items():
        found = bootstrap(first, second, method=method, draws=20, rng=0)
        assert np.allclose(found, expected, rtol=0, atol=1e-12)


def test_a_measure_of_ones_own_can_be_resampled(make_rdms, monkeypatch):
    plain = Comparison(COMPARISONS["pearson"].between, lambda v: v, (-1.0, 1.0), "a positive factor and an offset")
    monkeypatch.setitem(COMPARISONS, "mine", plain)
    first, second = make_rdms(2, 8, dim="layer"), make_rdms(2, 8, seed=1)
    ours = bootstrap(first, second, method="mine", draws=10, rng=0)
    assert np.allclose(ours, bootstrap(first, second, method="pearson", draws=10, rng=0), rtol=0, atol=NEAR["pearson"])


def test_seeds_repeat_draws(make_rdms):
    first, second = make_rdms(1, 8, dim="layer"), make_rdms(2, 8, seed=1)
    one = bootstrap(first, second, draws=5, rng=7)
    xr.testing.assert_identical(one, bootstrap(first, second, draws=5, rng=7))
    assert one.attrs["seed"] == 7
    other = bootstrap(first, second, draws=5, rng=np.random.default_rng(8))
    assert not np.allclose(one, other)
    assert "seed" not in other.attrs


def test_draws_of_too_few_stimuli_are_nan_and_left_out(make_rdms):
    first, second = make_rdms(1, 4, dim="layer"), make_rdms(1, 4, seed=1)
    draws = bootstrap(first, second, method="pearson", draws=300, rng=0)
    distinct = (drawn_times(np.random.default_rng(0), 4, 300) > 0).sum(axis=1)
    assert np.array_equal(draws.isnull().values.ravel(), distinct < 3)
    bounds = interval(draws)
    assert bounds.valid.item() == (distinct >= 3).sum()
    assert bounds.lower < bounds.upper
    with pytest.raises(ValueError, match="too few stimuli"):
        interval(draws.where(draws.draw < 20))


def test_interval_is_the_percentiles_of_the_draws():
    draws = xr.DataArray(np.random.default_rng(0).normal(size=(2000, 3)), dims=("draw", "layer"), attrs={"method": "x"})
    bounds = interval(draws, level=0.9)
    assert np.allclose(bounds.lower, np.quantile(draws, 0.05, axis=0))
    assert np.allclose(bounds.upper, np.quantile(draws, 0.95, axis=0))
    assert bounds.attrs == {"method": "x", "level": 0.9}
    with pytest.raises(ValueError, match="these have layer"):
        interval(draws[0])
    with pytest.raises(ValueError, match="level=95"):
        interval(draws, level=95)


def test_bad_input_is_refused(make_rdms):
    first, second = make_rdms(2, 8, dim="layer"), make_rdms(3, 8)
    with pytest.raises(ValueError, match=r"over=\[\]: name what is random"):
        bootstrap(first, second, over=[])
    with pytest.raises(ValueError, match="each once"):
        bootstrap(first, second, over=("stimuli", "stimuli"))
    with pytest.raises(ValueError, match="units are drawn from responses, and these are RDMs"):
        bootstrap(first, second, over="units")
    with pytest.raises(ValueError, match="the dimensions here are layer, session"):
        bootstrap(first, second.rename(subject="session"), over="subjects")
    with pytest.raises(ValueError, match="both have subjects"):
        bootstrap(second, second, over="subjects")
    with pytest.raises(ValueError, match="there is 1: draw over"):
        bootstrap(first, second[:1], over=BOTH)
    with pytest.raises(ValueError, match="draws=0"):
        bootstrap(first, second, draws=0)


def test_draws_of_units_are_the_rdms_of_the_drawn_units(make_population, make_rdms):
    responses, reference = make_population(10, 24), make_rdms(3, 10)
    for dissimilarity in RESAMPLED:
        found = bootstrap(responses, reference, over="units", dissimilarity=dissimilarity, by="layer", draws=6, rng=4)
        assert found.dims == ("draw", "layer", "subject")
        source = np.random.default_rng(4)
        for layer, size in (("z", 8), ("a", 16)):
            units = responses.isel(unit=np.flatnonzero(responses["layer"] == layer))
            for draw, row in enumerate(drawn_times(source, size, 6)):
                picked = units.isel(unit=np.repeat(np.arange(size), row)).assign_coords(unit=np.arange(size))
                expected = compare(rdm(picked, method=dissimilarity), reference)
                assert np.allclose(found.sel(layer=layer)[draw], expected, rtol=0, atol=1e-12)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(RESAMPLED)))
def test_a_draw_of_units_reweights_products_exactly(seed, method):
    rng = np.random.default_rng(seed)
    patterns, drawn = rng.normal(1, 1, (5, 12)), drawn_times(rng, 12, 3)
    labels = {"stimulus": range(5), "unit": range(12)}
    for found, row in zip(resampled_rdms(patterns, drawn, method=method), drawn, strict=True):
        table = xr.DataArray(patterns[:, np.repeat(np.arange(12), row)], labels, ("stimulus", "unit"))
        assert np.allclose(found, rdm(table, method=method).values[np.triu_indices(5, 1)], rtol=0, atol=1e-12)


def test_crossed_draws_of_stimuli_units_and_subjects_are_a_plain_loop(make_population, make_rdms):
    responses, reference = make_population(10, 20), make_rdms(3, 10)
    found = bootstrap(responses, reference, over=("stimuli", "units", "subjects"), method="pearson", draws=5, rng=1)
    source = np.random.default_rng(1)
    stimuli, units, subjects = (drawn_times(source, count, 5) for count in (10, 20, 3))
    for draw in range(5):
        picked = responses.isel(unit=np.repeat(np.arange(20), units[draw])).assign_coords(unit=np.arange(20))
        each = drawn_by_hand(rdm(picked), reference, stimuli[draw], "pearson")
        assert found[draw].item() == pytest.approx(np.average(each, weights=subjects[draw]), abs=NEAR["pearson"])


def test_seeds_of_a_network_are_drawn_as_subjects_are(make_rdms):
    seeds, reference = make_rdms(4, 9, dim="seed"), make_rdms(5, 9, seed=1)
    found = bootstrap(seeds, reference, over=("seeds", "subjects"), draws=6, rng=0)
    source, each = np.random.default_rng(0), compare(seeds, reference)
    ours, theirs = drawn_times(source, 4, 6), drawn_times(source, 5, 6)
    assert np.allclose(found, np.einsum("ds,dt,st->d", ours / 4, theirs / 5, each.values), rtol=0, atol=1e-12)
    named = bootstrap(seeds.rename(seed="session"), reference, over=("session", "subjects"), draws=6, rng=0)
    assert np.array_equal(named, found)


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), method=st.sampled_from(list(WEIGHTED)), scale=st.sampled_from([1e-9, 1.0, 1e9]))
def test_products_in_float32_are_near_those_in_float64_whatever_the_unit(seed, method, scale):
    rng = np.random.default_rng(seed)
    first, second = scale * (1 + 0.1 * rng.random((2, 45))), rng.random((3, 45))
    drawn = drawn_times(rng, 10, 5)
    drawn = drawn[(drawn > 0).sum(axis=1) > 4]
    expected = COMPARISONS[method].draw(first, second, Pairs.of(10), drawn)
    assert np.allclose(WEIGHTED[method](first, second, Pairs.of(10), drawn), expected, rtol=0, atol=1e-5)


def test_recorded_neurons_come_first_to_be_drawn(make_population, make_rdms):
    neurons = make_population(14, 25).drop_vars("layer")
    layers = make_rdms(3, 14, dim="layer")
    drawn = bootstrap(neurons, layers, over=("stimuli", "units"), draws=30, rng=0)
    assert drawn.dims == ("draw", "layer")
    assert compare(rdm(neurons), layers).values == pytest.approx(compare(layers, rdm(neurons)).values)
