from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.similarity.rdms.tiles import Moments, Tiles, showings


@settings(max_examples=60, deadline=None)
@given(
    shape=st.tuples(st.integers(2, 13), st.integers(2, 30)),
    room=st.integers(2, 14),
    batch=st.integers(1, 14),
    kind=st.tuples(st.sampled_from([None, "unit", "pattern"]), st.booleans()),
    seed=st.integers(0, 1000),
)
def test_tiles_make_the_whole_product(shape, room, batch, kind, seed):
    (stimuli, units), (centre, scored) = shape, kind
    patterns = np.random.default_rng(seed).normal(3, 1, (stimuli, units))
    moments = None
    if scored:
        patterns[:, 0] = 2.0
        moments = Moments(units)
        for start in range(0, stimuli, batch):
            moments.take(patterns[start : start + batch])
        assert np.allclose(moments.mean, patterns.mean(axis=0))
        assert np.allclose(moments.deviation, patterns.std(axis=0))
    tiles = Tiles(stimuli, units, centre=centre, moments=moments, dtype=np.float64)
    for start, stop in showings(stimuli, units, memory=room * units * 8, itemsize=8):
        tiles.hold(start, stop)
        for first in range(start, stimuli, batch):
            tiles.take(first, patterns[first : first + batch])
    expected = patterns
    if scored:
        expected = (patterns - patterns.mean(axis=0))[:, 1:] / patterns.std(axis=0)[1:]
    if centre == "pattern":
        expected = expected - expected.mean(axis=1, keepdims=True)
    found = tiles.products()
    assert found.units == expected.shape[1]
    if centre == "unit" and not scored:  # the shift is free: lengths of differences are what counts
        square = np.diagonal(found.inner)
        lengths = square[:, None] + square - 2 * found.inner
        assert np.allclose(lengths, ((expected[:, None] - expected) ** 2).sum(axis=-1))
    else:
        assert np.allclose(found.inner, expected @ expected.T)


@pytest.mark.parametrize(("stimuli", "room", "shown"), [(10, 10, 10), (10, 99, 10), (10, 6, 15), (9, 4, 18)])
def test_the_rest_is_shown_once_for_each_tile(stimuli, room, shown):
    rounds = list(showings(stimuli, 7, memory=room * 28))
    assert rounds[0][0] == 0
    assert rounds[-1][1] == stimuli
    assert all(one[1] == other[0] for one, other in pairwise(rounds))
    assert max(stop - start for start, stop in rounds) <= room
    assert sum(stimuli - start for start, _ in rounds) == shown


def test_memory_for_no_pattern_is_refused():
    with pytest.raises(MemoryError, match="fewer layers at a time"):
        list(showings(10, 1000, memory=7999))
