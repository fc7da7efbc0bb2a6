from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.arrays import check_rdm
from cortexcnn.similarity import compare, leave_out_pairs


def test_pairs_with_equal_labels_are_left_out(make_rdms):
    rdms = make_rdms(2, 6).assign_coords(movie=("stimulus", ["a", "a", "b", "b", "c", "d"]))
    left = check_rdm(leave_out_pairs(rdms, same="movie"))
    assert int(left.isnull().sum()) == 2 * 4
    assert left.isel(stimulus=2, stimulus2=3).isnull().all()
    rows, columns = np.triu_indices(6, 1)
    keep = rdms["movie"].values[rows] != rdms["movie"].values[columns]
    expected = np.corrcoef(rdms.values[:, rows[keep], columns[keep]])[0, 1]
    one, other = left.isel(subject=0), left.isel(subject=1)
    assert compare(one, other, method="pearson").item() == pytest.approx(expected, abs=1e-12)
    assert compare(one, rdms.isel(subject=1), method="pearson").item() == pytest.approx(expected, abs=1e-12)


def test_leaving_out_is_refused_where_it_means_nothing(make_rdms):
    rdms = make_rdms(2, 6).assign_coords(movie=("stimulus", ["a"] * 6))
    with pytest.raises(ValueError, match="no coordinate film along stimulus; there are movie"):
        leave_out_pairs(rdms, same="film")
    with pytest.raises(ValueError, match=r"the same movie \(a\)"):
        leave_out_pairs(rdms, same="movie")


def test_each_rdm_may_leave_out_its_own_pairs(make_rdms):
    first, second = make_rdms(3, 8, dim="layer", seed=1), make_rdms(2, 8, seed=2)
    for table, (k, i, j) in ((first, (1, 0, 4)), (first, (1, 2, 3)), (second, (0, 5, 6))):
        table[k, i, j] = table[k, j, i] = np.nan
    for method in ("pearson", "spearman", "kendall tau-a", "rho-a", "cosine"):
        result = compare(first, second, method=method)
        for k in range(3):
            for l in range(2):
                both = first[k].where(second[l].notnull().values), second[l].where(first[k].notnull().values)
                assert result[k, l].item() == pytest.approx(compare(*both, method=method).item(), abs=1e-12)


def test_too_few_pairs_are_refused(make_rdms):
    rdms = make_rdms(1, 4).assign_coords(movie=("stimulus", ["a", "a", "a", "b"]))
    rdms[0, 0, 3] = rdms[0, 3, 0] = np.nan
    with pytest.raises(ValueError, match="2 pairs of stimuli are in both RDMs and not left out"):
        compare(leave_out_pairs(rdms, same="movie"), make_rdms(1, 4))
