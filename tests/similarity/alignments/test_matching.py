"""Matching: exact, as the whole linear program finds it; right for unequal numbers of units."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from cortexcnn.similarity.alignments.matching import one_to_one, semi_matching, soft_matching


def sides(seed: int, units: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Units of length 1, so that their products are correlations."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(30, 4))
    found = [shared @ rng.normal(size=(4, count)) + rng.normal(size=(30, count)) for count in units]
    found = [values - values.mean(axis=0) for values in found]
    return tuple(values / np.linalg.norm(values, axis=0) for values in found)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), p=st.integers(1, 25), q=st.integers(1, 25))
def test_soft_matching_equals_the_whole_linear_program(seed, p, q):
    ours, theirs = sides(seed, (p, q))
    found, gains = soft_matching(ours, theirs), ours.T @ theirs
    sums = np.vstack([np.kron(np.eye(p), np.ones(q)), np.kron(np.ones(p), np.eye(q))])
    wanted = linprog(-gains.ravel(), A_eq=sums, b_eq=np.repeat([1 / p, 1 / q], [p, q]))
    assert found(ours, theirs) == pytest.approx(-wanted.fun, abs=1e-9)
    for side, count in ((found.ours, p), (found.theirs, q)):
        assert np.bincount(side, found.weights, count) == pytest.approx(np.full(count, 1 / count))


def test_candidates_are_added_until_no_pair_would_pay():
    """All of ours prefer the same few of theirs, so that the first candidates can't be all that is needed."""
    ours, theirs = sides(1, (60, 90))
    ours = ours + 3 * theirs[:, :1]
    ours /= np.linalg.norm(ours, axis=0)
    correlation = ours.T @ theirs
    copies = np.repeat(np.repeat(correlation, 3, axis=0), 2, axis=1)  # 180 shares on both sides: pairs again
    wanted = copies[linear_sum_assignment(copies, maximize=True)].mean()
    assert soft_matching(ours, theirs)(ours, theirs) == pytest.approx(wanted, abs=1e-9)


def test_only_soft_matching_counts_the_units_that_have_no_like():
    ours, other = sides(2, (8, 8))
    doubled, more = np.repeat(ours, 2, axis=1), np.concatenate([ours, other], axis=1)
    assert soft_matching(ours, doubled)(ours, doubled) == pytest.approx(1)
    assert one_to_one(ours, more)(ours, more) == pytest.approx(1)
    assert semi_matching(ours, more)(ours, more) == pytest.approx(1)
    assert soft_matching(ours, more)(ours, more) < 0.9


def test_a_matching_is_scored_on_other_stimuli_and_silent_units_score_0():
    ours, theirs = sides(3, (6, 6))
    found = one_to_one(ours[:20], theirs[:20])
    rest = [values[20:] - values[20:].mean(axis=0) for values in (ours, theirs)]
    each = [np.corrcoef(rest[0][:, i], rest[1][:, j])[0, 1] for i, j in zip(found.ours, found.theirs, strict=True)]
    assert found(*rest) == pytest.approx(np.mean(each))
    rest[0][:, found.ours[0]] = 0
    assert found(*rest) == pytest.approx(sum(each[1:]) / 6)
