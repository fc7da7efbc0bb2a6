from __future__ import annotations

import importlib

import numpy as np
import pytest
import rsatoolbox
from scipy import stats

from cortexcnn.similarity import compare
from cortexcnn.similarity.comparing.transforms import TRANSFORMS, geo_topological, transform

PAIRS = np.triu_indices(10, 1)


def above(rdms: rsatoolbox.rdm.RDMs) -> rsatoolbox.rdm.RDMs:
    # theirs compares rescaled values with the quantiles again: right only where both quantiles are above 1
    return rsatoolbox.rdm.RDMs(rdms.get_vectors() + 10)


def test_equals_rsatoolbox(make_rdms):
    theirs = importlib.import_module("rsatoolbox.rdm.transform")  # the package hides it behind a function
    for rdm in make_rdms(3, decimals=1) - 1 + np.eye(10):
        for method, peer in {
            "rank": theirs.rank_transform,
            "positive part": theirs.positive_transform,
            "geo-topological": lambda rdms: theirs.geotopological_transform(above(rdms), 0.1, 0.9),
        }.items():
            expected = peer(rsatoolbox.rdm.RDMs(rdm.values[None].copy())).get_vectors()[
                0
            ]  # theirs write into the input
            ours = transform(rdm, method=method).values[PAIRS]
            assert np.allclose(ours, expected, rtol=0, atol=1e-12)


def test_square_roots_are_those_of_positive_numbers_and_else_refused(make_rdms):
    rdms = make_rdms(2)
    assert np.allclose(transform(rdms, method="square root") ** 2, rdms)
    with pytest.raises(ValueError, match=r'90 of 90 dissimilarities are negative.* take the "positive part" first'):
        transform(-rdms, method="square root")


@pytest.mark.parametrize("method", list(TRANSFORMS))
def test_pairs_left_out_stay_left_out_and_change_nothing(make_rdms, method):
    rdms = make_rdms(2)
    left = rdms.copy()
    left[:, 9, :9] = left[:, :9, 9] = np.nan
    found = transform(left, method=method)
    assert found.dims == rdms.dims
    assert found.subject.equals(rdms.subject)
    assert np.isnan(found[:, 9, :9]).all()
    assert (np.diagonal(found, axis1=1, axis2=2) == 0).all()
    expected = transform(rdms.isel(stimulus=slice(9), stimulus2=slice(9)), method=method)
    assert np.allclose(found[:, :9, :9], expected)


def test_pearson_of_ranks_is_spearman(make_rdms):
    first, second = make_rdms(2, dim="layer"), make_rdms(3, seed=1)
    ranks = [transform(rdms, method="rank") for rdms in (first, second)]
    assert np.allclose(compare(*ranks, method="pearson"), compare(first, second))
    assert transform(first, method="rank").values[0][PAIRS].tolist() == stats.rankdata(first[0].values[PAIRS]).tolist()


def test_dimensions_keep_their_order(make_rdms):
    rdms = make_rdms(3)
    turned = rdms.transpose("stimulus", "subject", "stimulus2")
    expected = transform(rdms, method="rank")
    assert transform(turned, method="rank").dims == turned.dims
    assert transform(turned, method="rank").transpose(*rdms.dims).equals(expected)


def test_bad_input_is_refused(make_rdms):
    with pytest.raises(ValueError, match=r"no transform named 'ranks'; there are rank, .*Did you mean 'rank'"):
        transform(make_rdms(), method="ranks")
    with pytest.raises(ValueError, match="quantiles, from 0 to 1, and low is below high"):
        geo_topological(np.ones((1, 3)), low=0.9, high=0.1)
    constant = make_rdms()
    constant[1] = 1 - np.eye(10)
    with pytest.raises(ValueError, match="RDM number 1 is 1 at both quantiles"):
        transform(constant, method="geo-topological")
