"""Tests over subjects find what was put in, agree with rsatoolbox, and say when there are too few subjects."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from rsatoolbox.util.inference_util import ranksum_pair_test, ranksum_value_test
from scipy import stats

from cortexcnn.similarity import compare
from cortexcnn.similarity.inference.across_subjects import across_subjects
from cortexcnn.similarity.inference.ceiling import noise_ceiling


def table(values, dim, **coords):
    labels = {"stimulus": range(values.shape[-1]), "stimulus2": range(values.shape[-1])}
    return xr.DataArray(values, labels | {name: (dim, c) for name, c in coords.items()}, (dim, "stimulus", "stimulus2"))


def apart(points):
    return ((points[..., :, None, :] - points[..., None, :, :]) ** 2).mean(axis=-1)


@pytest.fixture(scope="module")
def design():
    """The first model is what subjects share, the second a part of it, the third has nothing to do with them."""
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(15, 6))
    subjects = table(apart(shared + 1.0 * rng.normal(size=(9, 15, 6))), "subject")
    models = apart(np.stack([shared, shared + rng.normal(size=(15, 6)), rng.normal(size=(15, 6))]))
    return table(models, "model", model=["right", "partly", "wrong"]), subjects


@pytest.mark.parametrize("test", ["t", "rank", "permutation"])
def test_the_right_model_is_above_zero_and_above_the_others(design, test):
    found = across_subjects(*design, test=test)
    assert found.p_corrected.sel(model="right") < 0.01
    np.testing.assert_allclose(found.difference, compare(*design).mean("subject"))
    pairs = across_subjects(*design, test=test, against="each other")
    assert pairs.p_corrected.sel(model="right", model2="wrong") < 0.02
    np.testing.assert_allclose(pairs.p, pairs.p.values.T)
    np.testing.assert_allclose(pairs.difference, -pairs.difference.values.T)
    assert np.isnan(np.diagonal(pairs.p)).all()


def test_below_the_ceiling_is_below_what_the_others_predict(design):
    found = across_subjects(*design, against="ceiling", test="t", correction="none")
    ceiling = noise_ceiling(design[1])
    np.testing.assert_allclose(found.difference, compare(*design).mean("subject") - ceiling.lower)
    assert found.p.sel(model="right") > 0.05
    assert found.p.sel(model="wrong") < 0.01


def test_ranks_are_those_of_rsatoolbox(design):
    each = compare(*design, method="pearson").transpose("model", "subject").values[None]
    pairs = across_subjects(*design, against="each other", method="pearson", correction="none")
    off = ~np.eye(3, dtype=bool)
    np.testing.assert_allclose(pairs.p.values[off], ranksum_pair_test(each)[off], atol=1e-12)
    zero = across_subjects(*design, method="pearson", correction="none")
    theirs = ranksum_value_test(each)  # two-sided; ours asks whether they are above zero
    above = zero.difference.values > 0
    np.testing.assert_allclose(zero.p.values[above], theirs[above] / 2, atol=1e-12)


def test_groups_that_differ_are_told_apart(design):
    models, subjects = design
    rng = np.random.default_rng(1)
    patients = table(apart(rng.normal(size=(8, 15, 6))), "subject", group=["patient"] * 8)
    both = xr.concat([subjects.assign_coords(group=("subject", ["control"] * 9)), patients], "subject")
    for test in ("t", "rank", "permutation"):
        found = across_subjects(models, both, groups="group", test=test, correction="holm", rng=0)
        assert found.p_corrected.sel(model="right") < 0.01
        assert found.p_corrected.sel(model="wrong") > 0.05
    expected = compare(models, both).groupby("group").mean("subject")
    np.testing.assert_allclose(found.difference, expected.sel(group="control") - expected.sel(group="patient"))
    assert "9 subjects of control and 8 subjects of patient" in found.attrs["methods"]
    assert "10000 random exchanges of group labels" in found.attrs["methods"]


def test_the_largest_statistic_corrects_permutations_alone(design):
    found = across_subjects(*design, test="permutation", correction="max")
    assert (found.p_corrected >= found.p).all()
    with pytest.raises(ValueError, match="corrects a permutation test alone"):
        across_subjects(*design, test="rank", correction="max")


def test_too_few_subjects_are_told(design):
    models, subjects = design
    with pytest.warns(
        UserWarning, match=r"with 4 subjects no p of 3 rank tests, corrected by fdr, can be below 0\.062"
    ):
        across_subjects(models, subjects[:4])
    with pytest.warns(UserWarning, match=r"corrected by holm, can be below 0\.094"):
        across_subjects(models, subjects[:5], correction="holm")
    assert across_subjects(models, subjects[:3], test="t").p.notnull().all()


def test_models_that_are_the_same_do_not_differ(design):
    models, subjects = design
    twice = xr.concat([models[:1], models[:1].assign_coords(model=["again"])], "model")
    for test in ("t", "rank", "permutation"):
        found = across_subjects(twice, subjects, test=test, against="each other")
        assert found.p.values[0, 1] == 1


def test_unrelated_models_are_found_as_rarely_as_promised():
    rng = np.random.default_rng(2)
    ps = []
    for _ in range(150):
        subjects = table(apart(rng.normal(size=(8, 8, 4))), "subject")
        model = table(apart(rng.normal(size=(1, 8, 4))), "model")
        ps.append(across_subjects(model, subjects, test="permutation", method="pearson").p.item())
    assert stats.binom.ppf(0.001, 150, 0.05) <= np.sum(np.array(ps) <= 0.05) <= stats.binom.ppf(0.999, 150, 0.05)


def test_what_can_not_be_tested_is_refused(design):
    models, subjects = design
    with pytest.raises(ValueError, match="one subject can't be tested over subjects"):
        across_subjects(models, subjects[:1])
    with pytest.raises(ValueError, match="rdms have one dimension of models, these none"):
        across_subjects(models[0], subjects)
    with pytest.raises(ValueError, match="this one none"):
        across_subjects(models, subjects[0])
    with pytest.raises(ValueError, match="no coordinate 'group' along subject"):
        across_subjects(models, subjects, groups="group")
    grouped = subjects.assign_coords(group=("subject", list("aaaabbbbb")))
    with pytest.raises(ValueError, match="not by how these stand against ceiling: leave against= out"):
        across_subjects(models, grouped, groups="group", against="ceiling")
    lone = subjects.assign_coords(group=("subject", ["a"] * 8 + ["b"]))
    with pytest.raises(ValueError, match=r"group has a \(8\), b \(1\)"):
        across_subjects(models, lone, groups="group")
    with pytest.raises(ValueError, match="no test over subjects named 'sign'"):
        across_subjects(models, subjects, test="sign")
