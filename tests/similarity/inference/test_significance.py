"""Tests of models: against closed forms, against rsatoolbox's t, and with the rate of errors that they promise."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from rsatoolbox.util.inference_util import bootstrap_pair_tests, t_test_0, t_test_nc, t_tests, zero_tests
from scipy import stats

from cortexcnn.similarity import evaluate
from cortexcnn.similarity.inference.factors import corrected_variance
from cortexcnn.similarity.inference.significance import CORRECTIONS, significance


def geometry(rng, count, stimuli, shared=None, share=1.5):
    """RDMs of points, part of whose coordinates are shared."""
    points = rng.normal(size=(count, stimuli, 6))
    if shared is not None:
        points += share * shared
    return ((points[:, :, None] - points[:, None]) ** 2).mean(axis=-1)


def table(values, dim):
    labels = {"stimulus": range(values.shape[-1]), "stimulus2": range(values.shape[-1]), dim: range(len(values))}
    return xr.DataArray(values, labels, (dim, "stimulus", "stimulus2"))


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(25, 6))
    subjects = table(geometry(rng, 8, 25, shared), "subject")
    models = np.concatenate([geometry(rng, 1, 25, shared, 3.0), geometry(rng, 2, 25)])
    return evaluate(table(models, "model"), subjects, method="pearson", draws=400, rng=1)


def test_it_is_t_on_the_corrected_variance_of_the_difference(evaluation):
    found = significance(evaluation, correction="none")
    error = np.sqrt(evaluation.variance)
    assert np.allclose(found.t, evaluation.similarity / error)
    assert np.allclose(found.p, stats.t.sf(found.t, 7))
    assert np.allclose(found.p, found.p_corrected)
    pairs = significance(evaluation, against="each other", correction="none")
    difference = evaluation.drawn.isel(model=0) - evaluation.drawn.isel(model=2)
    expected = float(evaluation.similarity[0] - evaluation.similarity[2])
    expected /= float(np.sqrt(corrected_variance(difference, evaluation.levels)))
    assert pairs.t.values[0, 2] == pytest.approx(expected)
    assert np.allclose(pairs.t, -pairs.t.transpose().values, equal_nan=True)
    assert np.isnan(np.diagonal(pairs.p)).all()
    below = significance(evaluation, against="ceiling")
    assert np.allclose(below.difference, evaluation.similarity - evaluation.ceiling.sel(bound="lower"))


def test_the_right_model_is_found_and_the_others_are_not(evaluation):
    found = significance(evaluation, correction="holm")
    assert found.p_corrected[0] < 0.01
    assert (found.p_corrected[1:] > 0.05).all()
    pairs = significance(evaluation, against="each other")
    assert (pairs.p_corrected.values[0, 1:] < 0.05).all()
    assert pairs.p_corrected.values[1, 2] > 0.05
    assert np.allclose(pairs.p_corrected, pairs.p_corrected.values.T, equal_nan=True)


def test_corrections_count_each_pair_once():
    p = np.array([0.01, 0.04, 0.03])
    assert CORRECTIONS["bonferroni"](p) == pytest.approx([0.03, 0.12, 0.09])
    assert CORRECTIONS["holm"](p) == pytest.approx([0.03, 0.06, 0.06])
    assert CORRECTIONS["fdr"](p) == pytest.approx([0.03, 0.04, 0.04])


def test_the_sentence_says_what_was_done(evaluation):
    told = significance(evaluation, against="each other", correction="holm").attrs["methods"]
    for part in ("pearson", "7 degrees of freedom", "400 bootstrap draws of 25 stimuli and 8 subjects", "Holm"):
        assert part in told


def test_unrelated_models_are_called_significant_as_rarely_as_promised():
    rng = np.random.default_rng(3)
    found = 0
    for _ in range(60):
        shared = rng.normal(size=(20, 6))
        subjects, models = table(geometry(rng, 6, 20, shared), "subject"), table(geometry(rng, 1, 20), "model")
        result = evaluate(models, subjects, method="pearson", draws=100, rng=rng)
        found += bool(significance(result).p.item() < 0.05)
    assert found <= stats.binom.ppf(0.999, 60, 0.05)


def test_what_can_not_be_tested_is_refused(evaluation):
    with pytest.raises(ValueError, match="no thing to test against named 'chance'"):
        significance(evaluation, against="chance")
    with pytest.raises(ValueError, match="no correction named 'tukey'"):
        significance(evaluation, correction="tukey")
    with pytest.raises(ValueError, match="has no noise ceiling"):
        significance(evaluation.drop_vars(["ceiling", "ceiling_drawn"]), against="ceiling")
    with pytest.raises(ValueError, match="one dimension of models is wanted; this evaluation has none"):
        significance(evaluation.isel(model=0))


def test_the_bootstrap_test_is_the_share_of_draws_on_the_wrong_side(evaluation):
    drawn = evaluation.drawn.sel(resampled="stimuli × subjects").transpose("draw", "model").values
    zero = significance(evaluation, test="bootstrap", correction="none")
    assert "t" not in zero
    np.testing.assert_allclose(zero.p * 401, (drawn <= 0).sum(axis=0) + 1)
    pairs = significance(evaluation, test="bootstrap", against="each other", correction="none")
    theirs = bootstrap_pair_tests(drawn)
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(pairs.p.values[off], theirs[off], atol=3 / 400)
    np.testing.assert_allclose(zero.p, zero_tests(drawn, "bootstrap"), atol=2 / 400)
    below = significance(evaluation, test="bootstrap", against="ceiling", correction="none")
    lower = evaluation.ceiling_drawn.sel(resampled="stimuli × subjects", bound="lower").values[:, None]
    np.testing.assert_allclose(below.p * 401, (drawn >= lower).sum(axis=0) + 1)
    assert "400 bootstrap draws of 25 stimuli and 8 subjects asked" in zero.attrs["methods"]


def test_t_is_that_of_rsatoolbox_on_the_same_variances(evaluation):
    zero, pairs = (
        significance(evaluation, correction="none"),
        significance(evaluation, against="each other", correction="none"),
    )
    values = evaluation.similarity.values[None, :, None]
    np.testing.assert_allclose(zero.p, t_test_0(values, zero.standard_error.values**2, dof=7), atol=1e-8)
    off = np.triu(np.ones((3, 3), bool), 1)
    theirs = t_tests(values, pairs.standard_error.values[off] ** 2, dof=7)
    np.testing.assert_allclose(pairs.p.values[off], theirs[off], atol=1e-8)
    below = significance(evaluation, against="ceiling", correction="none")
    ceiling = float(evaluation.ceiling.sel(bound="lower"))
    theirs = t_test_nc(values, below.standard_error.values**2, ceiling, dof=7)
    np.testing.assert_allclose(2 * below.p, theirs, atol=1e-8, err_msg="theirs is two-sided")
