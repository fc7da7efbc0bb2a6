from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.similarity import rdm
from cortexcnn.similarity.folds import stimulus_folds


@given(st.integers(2, 60), st.data())
def test_folds_are_as_even_as_can_be_and_none_is_empty(stimuli, data):
    folds = data.draw(st.integers(2, stimuli))
    table = xr.DataArray(np.zeros(stimuli), dims="stimulus")
    fold = stimulus_folds(table, folds=folds, rng=data.draw(st.integers(0, 9)))
    counts = np.bincount(fold, minlength=folds)
    assert len(counts) == folds
    assert counts.min() >= 1
    assert np.ptp(counts) <= 1


def test_equal_labels_stay_in_one_fold_and_folds_stay_even(make_population):
    movie = np.repeat(list("abcdef"), [9, 2, 2, 2, 2, 1])
    responses = make_population(18).assign_coords(movie=("stimulus", movie))
    fold = stimulus_folds(responses, folds=2, same="movie")
    assert fold.groupby("movie").map(lambda one: one.max() - one.min()).sum() == 0
    assert np.bincount(fold).tolist() == [9, 9]


def test_folds_keep_labels_and_follow_the_seed(make_population):
    responses = make_population(30)
    fold = stimulus_folds(responses, rng=1)
    assert fold.name == "fold"
    assert fold.dims == ("stimulus",)
    assert fold["orientation"].equals(responses["orientation"])
    assert fold.equals(stimulus_folds(rdm(responses), rng=1))
    assert not fold.equals(stimulus_folds(responses, rng=2))


def test_impossible_folds_are_refused(make_population):
    responses = make_population(6).assign_coords(movie=("stimulus", list("aabbcc")))
    with pytest.raises(ValueError, match="folds=10: choose from 2 to the number of stimuli, which is 6"):
        stimulus_folds(responses)
    with pytest.raises(
        ValueError, match="folds=4: choose from 2 to the number of different labels of movie, which is 3"
    ):
        stimulus_folds(responses, folds=4, same="movie")
    with pytest.raises(ValueError, match="folds=1"):
        stimulus_folds(responses, folds=1)
    with pytest.raises(ValueError, match=r"no coordinate film along stimulus; there are .*movie"):
        stimulus_folds(responses, same="film")
    with pytest.raises(ValueError, match="this table has the dimensions unit"):
        stimulus_folds(responses.isel(stimulus=0))
