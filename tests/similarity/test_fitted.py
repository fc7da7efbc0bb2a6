from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import nnls

from cortexcnn.similarity import fitted
from cortexcnn.similarity.factors import corrected_variance
from cortexcnn.similarity.fitted import evaluate_fitted
from cortexcnn.similarity.pairs import Pairs, vectors


def points(rng: np.random.Generator, count: int, stimuli: int, dim: str) -> xr.DataArray:
    where = rng.normal(size=(count, stimuli, 3))
    labels = {"stimulus": range(stimuli), "stimulus2": range(stimuli)}
    values = np.square(where[:, :, None] - where[:, None]).sum(axis=-1)
    return xr.DataArray(values, labels, (dim, "stimulus", "stimulus2"))


def brains(layers: xr.DataArray, weights: list[float], subjects: int, noise: float, rng: np.random.Generator):
    stimuli = layers.sizes["stimulus"]
    errors = np.triu(noise * rng.normal(size=(subjects, stimuli, stimuli)), 1)
    errors = xr.DataArray(errors + errors.swapaxes(1, 2), dims=("subject", "stimulus", "stimulus2"))
    return (xr.dot(layers, xr.DataArray(weights, dims="layer"), dim="layer") + errors).transpose("subject", ...)


@pytest.mark.parametrize("centred", [True, False])
@pytest.mark.parametrize("subject_folds", [1, 2])
def test_a_draw_is_a_plain_crossvalidation_of_its_copies(centred, subject_folds):
    rng = np.random.default_rng(0)
    layers = points(rng, 3, 14, "layer")
    first, second = vectors(layers), vectors(brains(layers, [1.0, 0.0, 0.5], 5, 4.0, rng))
    stimuli, subjects = rng.multinomial(14, np.full(14, 1 / 14), 4), rng.multinomial(5, np.full(5, 0.2), 4)
    sums = fitted._Sums.of(first, second, Pairs.of(14), centred=centred)
    options = {"folds": 2, "subject_folds": subject_folds, "splits": 1}
    found = fitted._crossvalidated(sums, stimuli, subjects, **options, source=np.random.default_rng(9))[:, 0]
    source, row, column = np.random.default_rng(9), *np.triu_indices(14, 1)
    which, whose = fitted._folds(stimuli, 2, source), fitted._folds(subjects, subject_folds, source)

    def units(rdms: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Rows weighted by the root of how often each pair is there, so that inner products are weighted ones."""
        rdms = rdms - np.average(rdms, axis=1, weights=weights)[:, None] if centred else rdms
        return rdms * np.sqrt(weights)

    for draw in range(4):
        scores = []
        for fold in range(2):
            for group in range(subject_folds):
                train, test = (stimuli[draw] * (which[draw] == f) for f in (1 - fold, fold))
                held = subjects[draw] * (whose[draw] == group)
                kept = subjects[draw] - held if subject_folds > 1 else held
                x, y = (units(v, train[row] * train[column]) for v in (first, second))
                beta = nnls(x.T, kept @ (y / np.linalg.norm(y, axis=1, keepdims=True)))[0]
                x, y = (units(v, test[row] * test[column]) for v in (first, second))
                guess = beta @ x
                similarity = y @ guess / np.linalg.norm(guess) / np.linalg.norm(y, axis=1)
                scores.append(np.average(similarity, weights=held))
        assert found[draw] == pytest.approx(np.mean(scores), abs=1e-4)


def test_folds_share_out_stimuli_not_copies_and_evenly():
    drawn = np.random.default_rng(0).multinomial(20, np.full(20, 0.05), 50)
    which = fitted._folds(drawn, 3, np.random.default_rng(1))
    assert which.shape == drawn.shape  # one fold for a stimulus, however many copies it has
    sizes = np.stack([((which == fold) & (drawn > 0)).sum(axis=1) for fold in range(3)])
    assert (sizes.max(axis=0) - sizes.min(axis=0) <= 1).all()


def test_weights_that_were_put_in_come_out_and_noise_predicts_nothing():
    rng = np.random.default_rng(2)
    layers = points(rng, 3, 40, "layer")
    result = evaluate_fitted(layers, brains(layers, [1.0, 0.0, 2.0], 6, 2.0, rng), draws=40, rng=0)
    size = np.sqrt((vectors(layers) - vectors(layers).mean(axis=1, keepdims=True)).var(axis=1))
    weights = result.weights.values / size
    assert weights / weights[0] == pytest.approx([1, 0, 2], abs=0.15)
    assert 0.8 < result.lower < result.similarity < result.upper < 1
    none = [
        evaluate_fitted(points(rng, 8, 24, "layer"), points(rng, 6, 24, "subject"), draws=3, folds=3, rng=i)
        for i in range(10)
    ]
    assert np.mean([each.similarity for each in none]) == pytest.approx(0, abs=0.06)


def test_the_variance_of_the_folds_is_taken_off():
    """The corrected variance with 2 splits is that with many, which have little of it."""
    rng = np.random.default_rng(3)
    layers = points(rng, 4, 24, "layer")
    reference = brains(layers, [1.0, 0.5, 0.0, 0.0], 5, 6.0, rng)
    few, many = (
        evaluate_fitted(layers, reference, over="stimuli", folds=3, splits=splits, draws=500, rng=0)
        for splits in (2, 12)
    )
    plain = corrected_variance(few.drawn.mean("split"), few.levels).item()
    assert few.variance.item() == pytest.approx(many.variance.item(), rel=0.2)
    assert plain > 1.15 * few.variance.item()


def test_bad_input_is_refused(make_rdms):
    layers, reference = make_rdms(2, 24, dim="layer"), make_rdms(4, 24)
    with pytest.raises(ValueError, match="these have unit and subject"):
        evaluate_fitted(layers.rename(layer="unit"), reference)
    with pytest.raises(ValueError, match="splits=1"):
        evaluate_fitted(layers, reference, splits=1)
    with pytest.raises(ValueError, match="too few for 5 and 1 folds"):
        evaluate_fitted(layers, reference, folds=5)
    with pytest.raises(ValueError, match="over='units' asks for something else"):
        evaluate_fitted(layers, reference, over="units")
    with pytest.raises(ValueError, match="no comparison that weights can be fitted to named 'spearman'"):
        evaluate_fitted(layers, reference, method="spearman")
