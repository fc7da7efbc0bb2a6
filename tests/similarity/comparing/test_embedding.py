"""Maps of dissimilarities: exact where they can be, as good as an independent implementation where they can't."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import MDS

from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.embedding import angles_between, embed, shepard
from cortexcnn.similarity.comparing.scaling import best_turn, monotone, stress


def labelled(values: np.ndarray) -> xr.DataArray:
    labels = [f"s{i}" for i in range(values.shape[-1])]
    dims = ("layer", "stimulus", "stimulus2")[-values.ndim :]
    return xr.DataArray(values, {"stimulus": labels, "stimulus2": labels}, dims)


def plane(count: int = 8, seed: int = 0, dimensions: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dimensions))


def apart(points: xr.DataArray) -> np.ndarray:
    return pdist(points.values)


@given(seed=st.integers(0, 50), dimensions=st.integers(1, 3))
def test_points_of_a_space_are_found_again_but_for_turn_and_place(seed, dimensions):
    there = plane(8, seed, dimensions)
    points = embed(labelled(squareform(pdist(there))), dimensions=dimensions)
    np.testing.assert_allclose(apart(points), pdist(there), atol=1e-3)
    assert points.stress.item() < 1e-3
    np.testing.assert_allclose(points.mean("stimulus"), 0, atol=1e-9)


def test_a_first_map_lies_along_its_principal_axes():
    points = embed(labelled(squareform(pdist(plane(12) * [1, 5]))))
    inner = points.values.T @ points.values
    assert abs(inner[0, 1]) < 1e-9 * inner[0, 0]
    assert inner[0, 0] > inner[1, 1]


@pytest.mark.parametrize("metric", [True, False])
def test_stress_is_as_low_as_that_of_scikit_learn(make_rdms, metric):
    rdms = make_rdms(1, 12)
    wanted = squareform(rdms.values[0], checks=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that change from version to version
        peer = MDS(
            2, metric=metric, n_init=4, max_iter=300, eps=1e-6, dissimilarity="precomputed", random_state=0,
            normalized_stress="auto",
        ).fit_transform(rdms.values[0])  # fmt: skip
    theirs = pdist(peer)
    least = stress(wanted if metric else monotone(wanted, theirs), theirs)
    points = embed(rdms[0], metric=metric, starts=8)
    assert points.stress.item() <= least * 1.02
    ours = apart(points)
    assert stress(wanted if metric else monotone(wanted, ours), ours) == pytest.approx(points.stress.item(), abs=1e-6)


@given(power=st.sampled_from([0.5, 2.0, 3.0]))
def test_a_map_of_the_order_ignores_what_keeps_the_order(power):
    distances = squareform(pdist(plane(9)))
    bent = embed(labelled(distances**power), metric=False)
    assert bent.stress.item() < 0.02
    assert np.corrcoef(apart(bent), pdist(plane(9)))[0, 1] > 0.99
    assert embed(labelled(distances**power)).stress.item() > 0.05


def test_only_a_map_of_the_order_takes_negative_dissimilarities():
    values = squareform(pdist(plane(9)) - 1.0)
    assert embed(labelled(values), metric=False).stress.item() < 0.02
    with pytest.raises(ValueError, match=r"dissimilarities are negative.*positive part"):
        embed(labelled(values))


def test_pairs_that_are_left_out_have_no_weight():
    there = plane(10)
    values = squareform(pdist(there))
    wrong = np.random.default_rng(1).random(values.shape) < 0.2
    wrong = np.triu(wrong, 1) | np.triu(wrong, 1).T
    points = embed(labelled(np.where(wrong, np.nan, values)), starts=16)
    assert np.isnan(np.where(wrong, np.nan, values)).any()
    np.testing.assert_allclose(apart(points), pdist(there), atol=1e-2)


def test_stimuli_that_nothing_ties_to_the_others_are_named():
    values = squareform(pdist(plane(8)))
    values[:2, 2:] = values[2:, :2] = np.nan
    with pytest.raises(ValueError, match=r"ties s0, s1 to the other stimuli"):
        embed(labelled(values))


def test_maps_that_follow_are_turned_onto_the_one_before_and_not_stretched():
    there = plane(9)
    turn = np.array([[0.0, 1.0], [1.0, 0.0]])
    distances = np.stack([squareform(pdist(one)) for one in (there, 2 * there @ turn)])
    points = embed(labelled(distances))
    np.testing.assert_allclose(points[1], 2 * points[0], atol=0.05)
    assert points.dims == ("layer", "stimulus", "dimension")
    assert points.stress.dims == ("layer",)


@given(seed=st.integers(0, 20))
def test_a_turn_keeps_distances_and_finds_what_was_turned(seed):
    points = plane(6, seed, 3)
    points = points - points.mean(axis=0)
    turn, _ = np.linalg.qr(plane(3, seed + 1, 3))
    np.testing.assert_allclose(best_turn(points @ turn, points), points, atol=1e-10)


def test_the_diagram_is_a_line_for_a_perfect_map_and_rises_for_any(make_rdms):
    there = labelled(squareform(pdist(plane(7))))
    exact = shepard(there, embed(there))
    np.testing.assert_allclose(exact.distance, exact.dissimilarity, atol=1e-3)
    rdm = make_rdms(1, 10, decimals=1)[0]
    rdm = rdm.where((rdm.stimulus != "s0") | (rdm.stimulus2 != "s1"))
    rdm = rdm.where((rdm.stimulus != "s1") | (rdm.stimulus2 != "s0"))
    points = embed(rdm, metric=False)
    told = shepard(rdm, points[::-1])
    assert told.sizes["pair"] == 44
    assert (np.diff(told.dissimilarity) >= 0).all()
    assert (np.diff(told.fitted) >= 0).all()
    assert stress(told.fitted.values, told.distance.values) == pytest.approx(told.attrs["stress"], abs=1e-6)


def test_a_diagram_is_of_one_map(make_rdms):
    rdms = make_rdms(2, 8)
    with pytest.raises(ValueError, match="one map"):
        shepard(rdms, embed(rdms))


def test_angles_between_rdms_are_those_of_their_similarities(make_rdms):
    rdms = make_rdms(4, 9, dim="layer").assign_coords(layer=list("abcd"), network=("layer", list("xxyy")))
    angles = angles_between(rdms, method="cosine")
    expected = np.degrees(np.arccos(np.clip(compare(rdms, rdms, method="cosine").values, -1, 1)))
    np.fill_diagonal(expected, 0)
    np.testing.assert_allclose(angles, expected, atol=1e-6)
    assert angles.network.values.tolist() == list("xxyy")
    for i, j, k in np.ndindex(4, 4, 4):
        assert angles[i, k] <= angles[i, j] + angles[j, k] + 1e-6


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda rdm: rdm[:3, :3], "3 stimuli always fit in 2 dimensions"),
        (lambda rdm: rdm * 0, "all dissimilarities are 0"),
        (lambda rdm: rdm.where(rdm == 0, np.inf), "infinite"),
    ],
)
def test_what_can_not_be_mapped_is_refused(make_rdms, change, match):
    with pytest.raises(ValueError, match=match):
        embed(change(make_rdms(1, 8)[0]))


def test_angles_need_a_measure_that_is_one_for_equals_and_one_labelled_dimension(make_rdms):
    with pytest.raises(ValueError, match="one labelled dimension"):
        angles_between(make_rdms(3, 8).drop_vars("subject", errors="ignore"))
    with pytest.raises(ValueError, match="at least 1"):
        embed(make_rdms(1, 8)[0], starts=0)
