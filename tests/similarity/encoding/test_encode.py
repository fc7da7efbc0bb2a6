from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cortexcnn import reference
from cortexcnn.similarity.encoding import ENCODERS, encode
from cortexcnn.similarity.folds import stimulus_folds
from cortexcnn.similarity.rdms import products

FEW = {"folds": 5, "components": 5, "candidates": 2, "by": "layer"}
METHODS = pytest.mark.parametrize("method", list(ENCODERS))


@METHODS
def test_a_linear_population_is_predicted(make_pair, method):
    layer, cells = make_pair(noise=0.0)
    found = encode(layer, cells, method=method, **FEW | {"components": 12})
    assert (found.explained_variance > 0.95).all()
    assert (found.correlation > 0.98).all()


@METHODS
def test_nothing_predicts_noise(make_pair, method):
    layer, cells = make_pair(stimuli=100, neurons=30)
    noise = cells.copy(data=np.random.default_rng(7).normal(size=cells.shape))
    found = encode(layer, noise, method=method, **FEW)
    assert found.explained_variance.mean() <= 0
    assert found.correlation.mean() < 0.03


def test_choosing_penalties_makes_r_negative_on_noise_and_one_penalty_does_not():
    """Small predictions are the wrong ones, see docs/encoding.md; R² isn't above 0 either way."""
    rng = np.random.default_rng(1)
    layer, noise = (xr.DataArray(rng.normal(size=(60, n)), dims=("stimulus", "unit")) for n in (90, 400))
    layer, noise = (table.assign_coords(stimulus=range(60), unit=range(table.shape[1])) for table in (layer, noise))
    chosen, fixed = (encode(layer, noise, penalties=penalties) for penalties in (None, [90.0]))
    assert chosen.correlation.mean() < -0.08
    assert abs(fixed.correlation.mean()) < 0.03
    assert max(chosen.explained_variance.mean(), fixed.explained_variance.mean()) < 0


@METHODS
def test_a_poisoned_stimulus_changes_no_prediction_of_its_own_fold_but_its_own(make_pair, method):
    layer, cells = make_pair()
    fold = stimulus_folds(layer, folds=5)
    options = FEW | {"method": method, "folds": fold, "keep_predictions": True}
    bad_layer, bad_cells = layer.copy(), cells.copy()
    bad_layer[7] += 1000 * np.random.default_rng(0).normal(size=layer.shape[1])
    bad_cells[7] += 1000
    before, after = (encode(*pair, **options).prediction for pair in ((layer, cells), (bad_layer, bad_cells)))
    others = np.flatnonzero((fold == fold[7]) & (fold.stimulus != "s7"))
    assert np.allclose(after.isel(stimulus=others), before.isel(stimulus=others), rtol=0, atol=1e-6)
    elsewhere = np.flatnonzero(fold != fold[7])
    assert not np.allclose(after.isel(stimulus=elsewhere), before.isel(stimulus=elsewhere), atol=0.1)


@METHODS
def test_turning_and_scaling_the_features_changes_nothing(make_pair, method):
    layer, cells = make_pair()
    options = {"method": method, "keep_predictions": True, **FEW}
    turned = layer.copy()
    for label in ("z", "a"):
        units = np.flatnonzero(layer.layer == label)
        turned[:, units] = layer.values[:, units] @ stats.ortho_group.rvs(len(units), random_state=0) * 3
    assert np.allclose(encode(turned, cells, **options).prediction, encode(layer, cells, **options).prediction)


def test_penalties_are_in_the_square_of_the_features(make_pair):
    layer, cells = make_pair()
    plain = encode(layer, cells, penalties=[0.1, 1, 10], keep_predictions=True)
    scaled = encode(10 * layer, cells, penalties=[10, 100, 1000], keep_predictions=True)
    assert np.allclose(scaled.prediction, plain.prediction)
    assert np.allclose(scaled.penalty, 100 * plain.penalty)


@METHODS
def test_the_order_of_stimuli_and_units_and_the_chunks_change_nothing(make_pair, method, monkeypatch):
    layer, cells = make_pair()
    options = FEW | {"method": method, "folds": stimulus_folds(layer, folds=5)}
    plain = encode(layer, cells, **options)
    rng = np.random.default_rng(0)
    order = {"stimulus": rng.permutation(60), "unit": rng.permutation(90)}
    monkeypatch.setattr(products, "_CHUNK_BYTES", 60 * 8 * 7)
    shuffled = encode(layer.isel(order), cells.isel(unit=[2, 0, 3, 1]), **options)
    for score in ("explained_variance", "correlation"):
        xr.testing.assert_allclose(shuffled[score].sel(plain[score].coords), plain[score])


def test_each_layer_is_encoded_as_if_it_were_alone(make_pair):
    layer, cells = make_pair()
    both = encode(layer, cells, by="layer", method="pls", components=5)
    assert both["layer"].values.tolist() == ["z", "a"]
    alone = encode(layer.isel(unit=layer.layer == "a"), cells, method="pls", components=5)
    assert np.allclose(both.explained_variance.sel(layer="a"), alone.explained_variance)
    assert "penalty" not in alone


def test_neurons_predict_units_by_the_same_verb(make_pair):
    layer, cells = make_pair(neurons=8, repeats=4)
    found = encode(cells, layer)
    assert found.sizes["unit"] == layer.sizes["unit"]
    assert found["layer"].equals(layer["layer"])
    assert found.explained_variance.median() > 0.8
    assert (found.reason == "no repeats: reliability not known").all()


def test_a_movie_is_held_out_whole(make_pair):
    layer, cells = make_pair()
    kept = encode(layer, cells.drop_vars("movie"), same="movie", keep_predictions=True)
    fold = stimulus_folds(layer, same="movie")
    given = encode(layer, cells, folds=fold, same="movie", keep_predictions=True)
    assert np.array_equal(kept.prediction, given.prediction)
    assert kept.attrs == {"method": "ridge", "folds": 10, "same": "movie"}


def test_missing_repeats_are_averaged_over(make_pair):
    layer, cells = make_pair(repeats=4)
    cells[3, 1, 2] = np.nan
    found = encode(layer, cells)
    assert np.allclose(found.explained_variance, encode(layer, cells.mean("repeat")).explained_variance)


def test_bad_input_is_refused_by_name(make_pair):
    layer, cells = make_pair()
    missing = cells.copy()
    missing[3, 1] = np.nan
    with pytest.raises(ValueError, match=r"units \['cell1'\], stimuli \['s3'\]; leave either out"):
        encode(layer, missing)
    with pytest.raises(ValueError, match="1 responses of 1 units are missing or not finite"):
        encode(layer.where((layer.stimulus != "s3") | (layer.unit != 2)), cells)
    with pytest.raises(ValueError, match=r"1 only in the responses \(s0\)"):
        encode(layer, cells[1:])
    with pytest.raises(ValueError, match=r"no encoder named 'rigde'.*Did you mean 'ridge'"):
        encode(layer, cells, method="rigde")
    with pytest.raises(ValueError, match=r"penalties=.*positive numbers are wanted"):
        encode(layer, cells, penalties=[0, 1])
    with pytest.raises(ValueError, match=r"components=50 .*choose at most 45, from 54 training stimuli and 45 units"):
        encode(layer, cells, method="pls", components=50, by="layer")
    with pytest.raises(ValueError, match="components=0"):
        encode(layer, cells, method="pls", components=0)
    with pytest.raises(ValueError, match="both tables have layer"):
        encode(layer, layer, by="layer")
    with pytest.raises(ValueError, match="the reference have a time axis"):
        encode(layer, cells.expand_dims(time=[0, 1]))
    with pytest.raises(ValueError, match="the reference have no units"):
        encode(layer, cells[:, :0])
    with pytest.raises(ValueError, match="at least 2 folds are wanted"):
        encode(layer, cells, folds=xr.zeros_like(layer["stimulus"], dtype=int))


def test_cells_of_one_session_predict_each_other_on_other_movies(shared_data):
    """Hénaff's V1: half of a population tells of the other half, less well than that half's repeats do."""
    v1 = reference.henaff2021(shared_data / "neural/henaff2021_v1")
    v1 = v1.isel(unit=np.flatnonzero(v1.session == v1.session[0]))
    found = encode(v1[:, ::2], v1[:, 1::2], same="movie", splits=1)
    known = found.isel(unit=np.flatnonzero(found.normalised.notnull()))
    assert known.normalised_correlation.median() > 0.2
    assert known.normalised.median() < 1
