from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.similarity.encoding import encode, median_score, unit_reliability


def cells(reliability: np.ndarray, stimuli: int = 2000, repeats: int = 10, seed: int = 0) -> xr.DataArray:
    """Cells whose mean over repeats has this much signal in its variance."""
    rng = np.random.default_rng(seed)
    noise = np.sqrt(repeats * (1 / reliability - 1))
    values = rng.normal(size=(stimuli, len(noise), 1)) + noise[:, None] * rng.normal(
        size=(stimuli, len(noise), repeats)
    )
    return xr.DataArray(values, {"stimulus": range(stimuli), "unit": range(len(noise))}, ("stimulus", "unit", "repeat"))


def test_reliability_is_the_share_of_signal_that_was_built_in():
    true = np.array([0.2, 0.5, 0.9])
    assert np.allclose(unit_reliability(cells(true)), true, atol=0.05)


def test_reliability_leaves_out_what_a_half_misses_and_says_nothing_without_repeats():
    responses = cells(np.array([0.8]), stimuli=200)
    missing = responses.copy()
    missing[0, 0, 1:] = np.nan
    assert np.allclose(unit_reliability(missing), unit_reliability(responses[1:]))
    assert np.isnan(unit_reliability(responses.mean("repeat"))).all()


def test_normalised_scores_are_those_against_the_noiseless_response(make_pair):
    """The derivation, by simulation: R² by the reliability, r by its root."""
    layer, clean = make_pair(stimuli=600, features=20, noise=1.5, neurons=6)
    rng = np.random.default_rng(5)
    repeats = xr.DataArray(
        clean.values[..., None] + 3 * rng.normal(size=(*clean.shape, 8)), clean.coords, ("stimulus", "unit", "repeat")
    )
    found = encode(layer, repeats, keep_predictions=True)
    predicted = found.prediction
    ideal = 1 - ((clean - predicted) ** 2).sum("stimulus") / ((clean - clean.mean("stimulus")) ** 2).sum("stimulus")
    assert np.allclose(found.normalised, ideal, atol=0.08)
    assert np.allclose(found.normalised_correlation, xr.corr(predicted, clean, "stimulus"), atol=0.05)
    assert (found.normalised > found.explained_variance).all()


def test_what_is_not_divided_says_why(make_pair):
    layer, _ = make_pair(stimuli=60, features=8)
    _, good = make_pair(stimuli=60, features=8, repeats=6, neurons=1, noise=0.1)
    rng = np.random.default_rng(0)
    noise, flat = good + 50 * rng.normal(size=(60, 1, 6)), xr.zeros_like(good)
    table = xr.concat([good, noise, flat], "unit").assign_coords(unit=["good", "noise", "flat"])
    found = encode(layer, table, least_reliability=0.6)
    assert found.reason.sel(unit="noise") == "reliability below 0.6: not divided by it"
    assert found.reason.sel(unit="flat") == "answers all stimuli alike"
    assert np.isnan(found.normalised.sel(unit=["noise", "flat"])).all()
    assert np.isfinite(found.explained_variance.sel(unit="noise"))
    assert np.isnan(found.correlation.sel(unit="flat"))
    assert found.normalised.sel(unit="good") > 0.9
    alone = encode(layer, good.mean("repeat"))
    assert alone.reason.values.tolist() == ["no repeats: reliability not known"]


def test_a_score_above_1_is_explained(make_pair):
    """Few stimuli and repeats: of many perfectly predictable cells, some look less reliable than they are."""
    layer, cells = make_pair(stimuli=60, features=6, repeats=2, neurons=40, noise=2.0)
    found = encode(layer, cells)
    above = found.normalised > 1
    assert above.any()
    assert (found.reason[above] == "above 1: reliability is itself an estimate, here too low by chance").all()


def test_the_median_has_an_interval_that_narrows_with_neurons():
    rng = np.random.default_rng(0)
    width = []
    for count in (50, 800):
        values = rng.normal(0.4, 0.2, size=(2, count))
        values[0, 0] = np.nan
        scores = xr.Dataset({"normalised": (("layer", "unit"), values)}, {"layer": ["z", "a"]})
        found = median_score(scores)
        assert found["layer"].values.tolist() == ["z", "a"]
        assert found.units == count - 1
        assert np.allclose(found.normalised, np.median(values[:, 1:], axis=1))
        assert ((found.lower < found.normalised) & (found.normalised < found.upper)).all()
        width.append((found.upper - found.lower).mean().item())
    assert width[1] < 0.5 * width[0]


def test_explained_variance_is_made_of_the_sums_of_its_folds(make_pair):
    layer, cells = make_pair(repeats=4)
    found = encode(layer, cells, by="layer", folds=5)
    ratio = found.squared_error.sum("fold") / found.squared_deviation.sum("fold")
    assert found.sizes["fold"] == 5
    assert np.allclose(1 - ratio, found.explained_variance)


def table(neurons: np.ndarray, folds: np.ndarray) -> xr.Dataset:
    """R² that differs between neurons and between folds, as far as it is told."""
    error = 1 - np.add.outer(folds, neurons)
    sums = {"squared_error": (("fold", "unit"), error), "squared_deviation": (("fold", "unit"), np.ones_like(error))}
    explained = 1 - error.mean(axis=0)
    scores = {"explained_variance": ("unit", explained), "normalised": ("unit", explained / 0.5)}
    return xr.Dataset(sums | scores | {"reliability": ("unit", np.full(len(neurons), 0.5))})


def test_each_draw_varies_by_what_is_drawn():
    neurons, folds = np.linspace(0, 0.4, 41), np.linspace(-0.2, 0.2, 10)
    width = {
        (over if isinstance(over, str) else "both"): (found.upper - found.lower).item()
        for over in ("units", "folds", ["units", "folds"])
        for found in [median_score(table(neurons, folds), over=over)]
    }
    assert max(width["units"], width["folds"]) < width["both"] < width["units"] + width["folds"]
    exact = median_score(table(neurons, folds), score="explained_variance", over="folds", draws=4000)
    assert np.isclose(exact.upper - exact.lower, 2 * 1.96 * folds.std() / np.sqrt(10), rtol=0.05)
    alike = median_score(table(neurons, np.zeros(10)), over="folds")
    assert np.isclose(alike.lower, alike.upper)
    assert np.isclose(alike.lower, alike.normalised)


def test_draws_that_cannot_be_made_are_refused():
    scores = table(np.linspace(0, 0.4, 5), np.zeros(3))
    with pytest.raises(ValueError, match=r'over=\[\]: choose "units", "folds" or'):
        median_score(scores, over=[])
    with pytest.raises(ValueError, match="over='stimuli'"):
        median_score(scores, over="stimuli")
    with pytest.raises(ValueError, match="not for correlation of"):
        median_score(scores.assign(correlation=scores.normalised), score="correlation", over="folds")
    with pytest.raises(ValueError, match="not for normalised of normalised"):
        median_score(scores[["normalised"]], over="folds")


def test_medians_of_nothing_are_refused():
    scores = xr.Dataset({"normalised": ("unit", [0.2, np.nan]), "reason": ("unit", ["", "no repeats"])})
    with pytest.raises(ValueError, match="at least 2 neurons with a normalised; 1 of 2 have one"):
        median_score(scores)
    with pytest.raises(ValueError, match="no score named 'reason'; there are normalised"):
        median_score(scores, score="reason")
