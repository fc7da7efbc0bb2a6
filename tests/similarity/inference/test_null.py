from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cortexcnn.similarity import compare, leave_out_pairs
from cortexcnn.similarity.inference.null import permutation_null


@pytest.mark.parametrize("method", ["pearson", "spearman", "cosine", "kendall tau-a", "rho-a"])
def test_each_permutation_is_a_comparison_with_the_stimuli_in_another_order(make_rdms, method):
    first, second = make_rdms(2, 9, dim="layer"), make_rdms(3, 9, seed=1)
    found = permutation_null(first, second, method=method, permutations=5, rng=3)
    source = np.random.default_rng(3)
    for permutation in range(5):
        order = source.permutation(9)
        moved = second.copy(data=second.values[:, order][:, :, order])
        expected = compare(first, moved, method=method)
        assert np.allclose(found[permutation].values, expected.values, rtol=0, atol=1e-12)
    assert found.dims == ("permutation", "layer", "subject")


def test_pairs_left_out_move_with_their_stimuli(make_rdms):
    first, second = make_rdms(2, 8, dim="layer"), make_rdms(1, 8, seed=1).isel(subject=0, drop=True)
    second = leave_out_pairs(second.assign_coords(movie=("stimulus", [0, 0, 1, 1, 2, 2, 3, 3])), same="movie")
    found = permutation_null(first, second, method="pearson", permutations=6, rng=0)
    source = np.random.default_rng(0)
    for permutation in range(6):
        order = source.permutation(8)
        moved = second.copy(data=second.values[order][:, order])
        assert np.allclose(found[permutation], compare(first, moved, method="pearson"), rtol=0, atol=1e-12)


def test_of_unrelated_rdms_p_is_uniform():
    rng = np.random.default_rng(5)
    labels = {"stimulus": range(8), "stimulus2": range(8)}
    p = []
    for _ in range(150):
        points = rng.normal(size=(2, 8, 3))
        values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
        one, other = (xr.DataArray(v, labels, ("stimulus", "stimulus2")) for v in values)
        null = permutation_null(one, other, permutations=79, rng=rng)
        p.append((1 + int((null >= float(compare(one, other))).sum())) / 80)
    assert stats.kstest(p, "uniform").pvalue > 0.01


def test_too_few_stimuli_or_orders_are_refused(make_rdms):
    with pytest.raises(ValueError, match="at least 4 stimuli; there are 3"):
        permutation_null(make_rdms(1, 3), make_rdms(1, 3))
    with pytest.raises(ValueError, match="permutations=0"):
        permutation_null(make_rdms(1, 6), make_rdms(1, 6), permutations=0)
