from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cortexcnn.similarity.comparing import ranks
from cortexcnn.similarity.comparing.ranks import Draw, agreement, centred_ranks, joint_ties, rank, sort

few_values = st.lists(st.integers(0, 6), min_size=2, max_size=40)


@settings(deadline=None, max_examples=50)
@given(values=few_values)
def test_ranks_are_scipys(values):
    values = np.array(values, float)
    assert np.array_equal(rank(values[None])[0], stats.rankdata(values))


@settings(deadline=None, max_examples=50)
@given(values=few_values, data=st.data())
def test_centred_ranks_are_those_of_repeated_values(values, data):
    values = np.array(values, float)
    weights = np.array(data.draw(st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values))))
    [[found]] = list(centred_ranks([sort(values)], weights[None]))
    repeated = stats.rankdata(np.repeat(values, weights))
    assert np.array_equal(np.repeat(found, weights), repeated - (len(repeated) + 1) / 2)


def plain_tau_a(x: np.ndarray, y: np.ndarray) -> float:
    signs = np.sign(np.subtract.outer(x, x)) * np.sign(np.subtract.outer(y, y))
    return signs.sum() / (len(x) * (len(x) - 1))


@settings(deadline=None, max_examples=60)
@given(pairs=st.lists(st.tuples(st.integers(-3, 9), st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=40))
@pytest.mark.parametrize("compiled", [True, False])
def test_agreement_is_a_count_over_all_pairs(compiled, pairs):
    x, y, weights = np.array(pairs).T
    first, second = sort(x.astype(float)), sort(y.astype(float))
    joint = joint_ties(first, second)
    kept = ranks._discordant
    try:
        ranks._discordant = kept if compiled else None
        assert agreement(Draw(first), second, joint=joint) == pytest.approx(plain_tau_a(x, y), abs=1e-12)
        drawn = agreement(Draw(first, weights), second, joint=joint)
    finally:
        ranks._discordant = kept
    if weights.sum() < 2:
        assert np.isnan(drawn)
    else:
        assert drawn == pytest.approx(plain_tau_a(np.repeat(x, weights), np.repeat(y, weights)), abs=1e-12)


def test_the_compiled_count_is_there():
    """Without it tau-a is several times slower, so a scipy that has moved it should be noticed."""
    assert ranks._discordant is not None
