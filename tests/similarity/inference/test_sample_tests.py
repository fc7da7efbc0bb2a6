"""Tests of numbers: against scipy, against counting by hand, and with the errors that they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cortexcnn.similarity.inference.sample_tests import one_sample, two_samples


def numbers(count, columns=3, seed=0, mean=0.3):
    return np.random.default_rng(seed).normal(size=(count, columns)) + mean


@pytest.mark.parametrize("side", ["greater", "less", "two-sided"])
def test_t_and_ranks_are_those_of_scipy(side):
    values = numbers(9)
    expected = stats.ttest_1samp(values, 0, alternative=side)
    found = one_sample(values, side, "t")
    assert (found.statistic, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    for column in range(3):
        expected = stats.wilcoxon(values[:, column], alternative=side)
        assert one_sample(values, side, "rank").p[column] == pytest.approx(expected.pvalue)


def test_between_groups_they_are_those_of_scipy():
    first, second = numbers(6), numbers(8, seed=1, mean=1.0)
    expected = stats.ttest_ind(first, second, equal_var=False)
    found = two_samples(first, second, "t")
    assert (found.statistic, found.p) == (pytest.approx(expected.statistic), pytest.approx(expected.pvalue))
    expected = [stats.mannwhitneyu(*pair).pvalue for pair in zip(first.T, second.T, strict=True)]
    assert two_samples(first, second, "rank").p == pytest.approx(expected)


@given(seed=st.integers(0, 100), count=st.integers(2, 8))
def test_all_exchanges_of_signs_are_counted(seed, count):
    values = numbers(count, 1, seed)
    found = one_sample(values, "greater", "permutation")
    expected = stats.permutation_test(
        (values[:, 0],), np.sum, permutation_type="samples", alternative="greater", n_resamples=np.inf
    )
    assert found.p[0] == pytest.approx(expected.pvalue)
    assert found.exchanges == f"{2**count} (all)"
    assert found.p[0] >= found.least


@given(seed=st.integers(0, 50), first=st.integers(2, 4), second=st.integers(2, 5))
def test_all_exchanges_of_labels_are_counted(seed, first, second):
    one, other = numbers(first, 1, seed), numbers(second, 1, seed + 1)
    found = two_samples(one, other, "permutation")
    expected = stats.permutation_test(
        (one[:, 0], other[:, 0]),
        lambda x, y: abs(stats.ttest_ind(x, y, equal_var=False).statistic),
        alternative="greater",
        n_resamples=np.inf,
    )
    assert found.p[0] == pytest.approx(expected.pvalue)
    assert found.statistic[0] == pytest.approx(stats.ttest_ind(one, other, equal_var=False).statistic[0])


def test_random_exchanges_come_near_to_all_of_them_and_never_give_zero():
    values = numbers(12)
    every, some = (one_sample(values, "two-sided", "permutation", permutations=n, rng=0) for n in (4096, 4000))
    assert every.exchanges.endswith("(all)")
    assert some.exchanges == "4000 random"
    np.testing.assert_allclose(some.p, every.p, atol=0.03)
    assert one_sample(values + 10, "greater", "permutation", permutations=99, rng=0).p == pytest.approx([0.01] * 3)
    first, second = numbers(12), numbers(12, seed=1)
    some = two_samples(first, second, "permutation", permutations=3000, rng=0)
    np.testing.assert_allclose(some.p, two_samples(first, second, "t").p, atol=0.03)


def test_the_largest_of_many_statistics_has_a_distribution_of_its_own():
    values = numbers(8, 20)
    found = one_sample(values, "greater", "permutation")
    assert (found.largest >= found.p).all()
    assert one_sample(values[:, :1], "greater", "permutation").largest == pytest.approx(found.p[:1])
    same = one_sample(np.tile(values[:, :1], 20), "greater", "permutation")
    assert same.largest == pytest.approx(same.p), "tests that are one test need no correction"


def test_the_largest_is_wrong_in_no_more_experiments_than_promised():
    rng = np.random.default_rng(0)
    wrong = [one_sample(rng.normal(size=(7, 10)), "greater", "permutation").largest.min() <= 0.05 for _ in range(400)]
    assert stats.binom.ppf(0.001, 400, 0.04) <= np.sum(wrong) <= stats.binom.ppf(0.999, 400, 0.05)


@pytest.mark.parametrize("test", ["t", "rank", "permutation"])
def test_what_never_differs_is_no_finding(test):
    values = np.column_stack([np.zeros(7), numbers(7, 1, mean=5)[:, 0]])
    found = one_sample(values, "two-sided", test)
    assert (found.statistic[0], found.p[0]) == (0, 1)
    assert found.p[1] < 0.05


def test_the_smallest_p_is_told():
    values = np.arange(1.0, 6)[:, None]
    for test in ("rank", "permutation"):
        found = one_sample(values, "greater", test)
        assert found.p[0] == pytest.approx(found.least) == pytest.approx(1 / 32)
        found = two_samples(values[:2], values[2:], test)
        assert found.p[0] >= found.least == pytest.approx(0.2)
    assert one_sample(values, "greater", "t").least == 0
