from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from rsatoolbox.inference import sets_k_fold
from rsatoolbox.inference.noise_ceiling import cv_noise_ceiling
from scipy.optimize import nnls

from cortexcnn.similarity import significance
from cortexcnn.similarity.comparing.pairs import Pairs, vectors
from cortexcnn.similarity.inference import fitted
from cortexcnn.similarity.inference.factors import corrected_variance
from cortexcnn.similarity.inference.fitted import evaluate_fitted


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
    found = fitted._crossvalidated(sums, stimuli, subjects, **options, source=np.random.default_rng(9))[
        :, 0
    ]  # (draw, score)
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
                y = y / np.linalg.norm(y, axis=1, keepdims=True)
                rest = subjects[draw] * (1 - np.eye(5)) if subject_folds == 1 else np.tile(kept, (5, 1))
                means = np.stack([rest @ y, np.tile(subjects[draw] @ y, (5, 1))])
                with np.errstate(invalid="ignore"):  # of subjects that are alone and not held
                    bounds = (means * y).sum(axis=-1) / np.linalg.norm(means, axis=-1)
                scores.append([np.average(one[held > 0], weights=held[held > 0]) for one in (similarity, *bounds)])
        assert found[draw] == pytest.approx(np.mean(scores, axis=0), abs=1e-4)


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


@pytest.mark.parametrize("subject_folds", [1, 3])
def test_the_truth_reaches_the_ceiling_and_can_be_tested_against_it(subject_folds):
    rng = np.random.default_rng(5)
    layers = points(rng, 3, 40, "layer")
    subjects = brains(layers, [1.0, 0.5, 0.0], 6, 3.0, rng)
    right = evaluate_fitted(layers, subjects, subject_folds=subject_folds, draws=60, rng=0)
    lower, upper = right.ceiling.values
    assert lower < right.similarity < upper
    assert right.ceiling_from.sel(bound="lower") < lower < right.ceiling_to.sel(bound="lower")
    wrong = evaluate_fitted(layers[1:], subjects, subject_folds=subject_folds, draws=60, rng=0)
    both = xr.concat(
        [one.drop_vars("weights") for one in (right, wrong)],
        xr.Variable("model", ["right", "wrong"]),
        data_vars=["similarity", "drawn"],
        coords="minimal",
        compat="override",
    )
    found = significance(both, against="ceiling")
    assert found.p.sel(model="right") > 0.05
    assert found.p.sel(model="wrong") < 0.05
    one = evaluate_fitted(layers, subjects[:1], over="stimuli", draws=20, rng=0)
    assert "ceiling" not in one


def test_ceilings_are_near_those_of_rsatoolbox():
    rng = np.random.default_rng(6)
    layers = points(rng, 2, 40, "layer")
    subjects = brains(layers, [1.0, 0.5], 6, 6.0, rng)
    theirs = np.mean(
        [
            cv_noise_ceiling(data, ceiling, test, method="corr")
            for data in [rsatoolbox.rdm.RDMs(subjects.values)]
            for _ in range(10)
            for _, test, ceiling in [sets_k_fold(data, k_pattern=4, k_rdm=3)]
        ],
        axis=0,
    )
    ours = evaluate_fitted(layers, subjects, folds=4, subject_folds=3, draws=2, rng=0).ceiling
    assert ours.values == pytest.approx(theirs, abs=0.03)  # folds are random


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
