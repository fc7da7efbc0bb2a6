"""Held-out alignment: what is found on the training stimuli is scored on the others, by label."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.linalg import orthogonal_procrustes
from sklearn.cross_decomposition import CCA

from cortexcnn.similarity.alignments.alignment import ALIGNMENTS, alignment
from cortexcnn.similarity.folds import stimulus_folds

METHODS = list(ALIGNMENTS)
FITTED = [name for name, measure in ALIGNMENTS.items() if measure.fits]


def table(values: np.ndarray) -> xr.DataArray:
    labels = {
        "stimulus": [f"s{i}" for i in range(len(values))],
        "unit": np.arange(values.shape[1]),
        "movie": ("stimulus", np.arange(len(values)) // 5),
    }
    return xr.DataArray(values, labels, ("stimulus", "unit"))


def pair(seed: int, units: tuple[int, int] = (5, 7), stimuli: int = 60) -> tuple[xr.DataArray, xr.DataArray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(stimuli, 3))
    return tuple(table(shared @ rng.normal(size=(3, count)) + rng.normal(size=(stimuli, count))) for count in units)


def cut(side: xr.DataArray, rows: np.ndarray) -> np.ndarray:
    return side.values[rows] - side.values[rows].mean(axis=0)


@pytest.mark.parametrize("method", METHODS)
def test_labels_decide_and_no_order(method):
    ours, theirs = pair(0)
    found = alignment(ours, theirs, method=method, folds=3, same="movie")
    folds = stimulus_folds(ours, folds=3, same="movie")
    shuffled = theirs.isel(stimulus=np.random.default_rng(0).permutation(60))
    again = alignment(ours, shuffled, method=method, folds=folds[::-1])
    np.testing.assert_allclose(found, again)
    assert found.dims == ("fold",)
    against = alignment(ours, -theirs, method=method, folds=folds)
    for scores in (found, against):
        assert (scores >= scores.attrs["lowest"]).all()
        assert (scores <= scores.attrs["highest"]).all()
    assert not np.allclose(found, alignment(ours, theirs, method=method, folds=3))


@pytest.mark.parametrize("method", METHODS)
def test_equal_sides_are_equal_on_held_out_stimuli(method):
    ours, _ = pair(1)
    best = 1.0 if ALIGNMENTS[method].higher else 0.0
    np.testing.assert_allclose(alignment(ours, ours, method=method, folds=3), best, atol=1e-6)


@pytest.mark.parametrize("method", FITTED)
def test_unrelated_responses_score_nothing_where_nothing_was_fitted(method):
    rng = np.random.default_rng(2)
    ours, theirs = (table(rng.normal(size=(400, 20))) for _ in range(2))
    measure = ALIGNMENTS[method]
    nothing = {"procrustes": np.sqrt(2), "soft matching distance": np.sqrt(2), "angular": np.pi / 2}.get(method, 0.0)
    fitted = alignment(ours, theirs, method=method).item()
    held_out = alignment(ours, theirs, method=method, folds=5).mean().item()
    assert held_out == pytest.approx(nothing, abs=0.04)
    assert (fitted - nothing) * (1 if measure.higher else -1) > 0.05


def test_held_out_cca_equals_scikit_learn():
    ours, theirs = pair(3)
    folds = stimulus_folds(ours, folds=3)
    train, test = np.flatnonzero(folds != 1), np.flatnonzero(folds == 1)
    peer = CCA(n_components=5, scale=False, tol=1e-12, max_iter=10_000).fit(ours.values[train], theirs.values[train])
    first, second = peer.transform(ours.values[test], theirs.values[test])
    expected = np.mean([np.corrcoef(first[:, k], second[:, k])[0, 1] for k in range(5)])
    found = alignment(ours, theirs, method="cca", folds=folds).sel(fold=1).item()
    assert found == pytest.approx(expected, abs=1e-6)


def test_held_out_rotation_equals_scipy():
    ours, theirs = pair(4, units=(6, 6))
    folds = stimulus_folds(ours, folds=3)
    train, test = np.flatnonzero(folds != 2), np.flatnonzero(folds == 2)
    rotation, _ = orthogonal_procrustes(cut(ours, train), cut(theirs, train))
    first, second = (cut(side, test) / np.linalg.norm(cut(side, test)) for side in (ours, theirs))
    found = alignment(ours, theirs, method="procrustes", folds=folds).sel(fold=2).item()
    assert found == pytest.approx(np.linalg.norm(first @ rotation - second))


@pytest.mark.parametrize("method", [name for name in METHODS if name not in FITTED])
def test_what_fits_nothing_takes_the_stimuli_of_the_fold_alone(method):
    ours, theirs = pair(5)
    folds = stimulus_folds(ours, folds=3)
    some = np.flatnonzero(folds == 0)
    found = alignment(ours, theirs, method=method, folds=folds).sel(fold=0).item()
    assert found == pytest.approx(alignment(ours[some], theirs[some], method=method).item())


def test_scores_reach_their_bounds_where_what_was_found_is_turned_around():
    """Held-out bounds are those that can be reached: the sign of one side is changed in one fold."""
    ours, _ = pair(8)
    folds = stimulus_folds(ours, folds=3)
    turned = ours.where(folds != 0, -ours)
    for method in FITTED:
        found = alignment(ours, turned, method=method, folds=folds).sel(fold=0)
        worst = found.attrs["lowest" if found.attrs["higher_is_nearer"] else "highest"]
        assert found.item() == pytest.approx(worst, abs=1e-5)


def test_layers_and_folds_stand_side_by_side():
    ours, theirs = pair(6)
    ours = ours.assign_coords(layer=("unit", ["b", "b", "a", "a", "a"]))
    found = alignment(ours, theirs, method="one-to-one", by="layer", folds=4)
    assert found.dims == ("layer", "fold")
    assert found["layer"].values.tolist() == ["b", "a"]
    alone = alignment(ours.isel(unit=slice(2)), theirs, method="one-to-one", folds=4)
    np.testing.assert_allclose(found.sel(layer="b"), alone)


def test_folds_that_can_not_be_scored_are_refused():
    ours, theirs = pair(7)
    with pytest.raises(ValueError, match=r"at least 4 held-out stimuli in each; .* or fewer"):
        alignment(ours, theirs, folds=20)
    with pytest.raises(ValueError, match="at least 2 folds are wanted, with at least 4"):
        alignment(ours, theirs, folds=xr.zeros_like(stimulus_folds(ours)))
    with pytest.raises(ValueError, match="folds are numbered along stimulus"):
        alignment(ours, theirs, folds=ours)
    with pytest.raises(ValueError, match="the stimuli don't match"):
        alignment(ours, theirs, folds=stimulus_folds(ours[:50]))
    still = ours.where(stimulus_folds(ours, folds=3) != 1, 0.5)
    with pytest.raises(ValueError, match="no unit of the responses, fold 1 varies over the stimuli"):
        alignment(still, theirs, folds=3)
