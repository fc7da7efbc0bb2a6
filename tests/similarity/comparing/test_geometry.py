"""Whole geometries: against rsatoolbox, closed forms, and what each measure should ignore."""

from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import eigvalsh, sqrtm

from cortexcnn.similarity import across_subjects, compare, evaluate, permutation_null
from cortexcnn.similarity.comparing.measures import COMPARISONS

WHOLE = [name for name, measure in COMPARISONS.items() if measure.whole]


def squared(count: int = 2, stimuli: int = 8, seed: int = 0, features: int = 12, dim: str = "layer") -> xr.DataArray:
    points = np.random.default_rng(seed).normal(size=(count, stimuli, features))
    return of_points(points, dim)


def of_points(points: np.ndarray, dim: str = "layer") -> xr.DataArray:
    values = ((points[:, :, None] - points[:, None]) ** 2).sum(axis=-1)
    labels = {"stimulus": range(points.shape[1]), "stimulus2": range(points.shape[1])}
    return xr.DataArray(values, labels, (dim, "stimulus", "stimulus2"))


def theirs(first, second, method):
    return rsatoolbox.rdm.compare(rsatoolbox.rdm.RDMs(first.values), rsatoolbox.rdm.RDMs(second.values), method)


def test_bures_is_that_of_rsatoolbox():
    first, second = squared(3, features=5), squared(4, seed=1, features=5)
    np.testing.assert_allclose(compare(first, second, method="bures"), theirs(first, second, "bures"), atol=1e-7)
    distance = compare(first, second, method="negative bures distance")
    np.testing.assert_allclose(distance**2, theirs(first, second, "bures_metric"), atol=1e-6)


def test_bures_is_its_closed_form():
    a, b = (np.random.default_rng(seed).normal(size=(7, 10)) for seed in (0, 1))
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    ours, yours = a @ a.T, b @ b.T
    root = np.real(sqrtm(ours + 1e-13 * np.eye(7)))
    expected = np.real(np.trace(sqrtm(root @ yours @ root + 1e-13 * np.eye(7)))) / np.sqrt(
        np.trace(ours) * np.trace(yours)
    )
    found = compare(of_points(a[None]), of_points(b[None]), method="bures").item()
    assert found == pytest.approx(expected, abs=1e-5)
    nuclear = np.linalg.svd(a.T @ b, compute_uv=False).sum() / np.sqrt(np.trace(ours) * np.trace(yours))
    assert found == pytest.approx(nuclear, abs=1e-7), "the best alignment of the patterns"


def test_the_riemannian_distance_is_never_farther_than_that_of_rsatoolbox():
    first, second = squared(2), squared(3, seed=1)
    ours = compare(first, second, method="negative riemannian distance").values
    their = theirs(first, second, "neg_riem_dist")  # a simplex search that stops a little before the optimum
    assert (ours >= their - 1e-9).all()
    np.testing.assert_allclose(ours, their, rtol=1e-3)


def test_the_riemannian_distance_is_that_of_the_best_noise_and_scale():
    first, second = squared(1), squared(1, seed=1)
    contrast = np.eye(8)[1:] - np.eye(8)[0]
    ours, data = (contrast @ (-one.values[0] / 2) @ contrast.T for one in (first, second))
    found = -compare(first, second, method="negative riemannian distance").item()
    least = min(
        np.sqrt((np.log(eigvalsh(np.exp(a) * ours + np.exp(b) * contrast @ contrast.T, data)) ** 2).sum())
        for a in np.linspace(-3, 1, 81)
        for b in np.linspace(-3, 4, 141)
    )
    assert found <= least + 1e-9
    assert found == pytest.approx(least, rel=1e-2)


@given(seed=st.integers(0, 100))
def test_equal_geometries_are_nearest_and_what_is_ignored_changes_nothing(seed):
    rdm, other = squared(1, seed=seed), squared(1, seed=seed + 1)
    assert compare(rdm, rdm, method="bures").item() == pytest.approx(1, abs=1e-6)
    assert compare(rdm, rdm, method="negative bures distance").item() == pytest.approx(0, abs=1e-5)
    assert compare(rdm, rdm, method="negative riemannian distance").item() == pytest.approx(0, abs=1e-3)
    for method in ("bures", "negative riemannian distance"):
        plain = compare(rdm, other, method=method).item()
        assert compare(3 * rdm, other, method=method).item() == pytest.approx(plain, abs=1e-4)
        assert plain < compare(rdm, rdm, method=method).item()
    noisy = rdm + 2.0 * (1 - np.eye(8))  # independent noise on every pattern
    assert compare(noisy, rdm + 4.0 * (1 - np.eye(8)), method="negative riemannian distance").item() > -0.01


@given(seed=st.integers(0, 50))
def test_bures_distance_is_a_distance(seed):
    rdms = squared(3, seed=seed)
    apart = -compare(rdms, rdms, method="negative bures distance").values
    assert apart[0, 2] <= apart[0, 1] + apart[1, 2] + 1e-6
    np.testing.assert_allclose(apart, apart.T, atol=1e-5)


@pytest.mark.parametrize("method", WHOLE)
def test_subjects_can_be_drawn_and_stimuli_exchanged_but_not_drawn(method):
    models, subjects = squared(2, dim="model"), squared(5, seed=1, dim="subject")
    result = evaluate(models, subjects, over="subjects", method=method, draws=20, rng=0)
    assert (result.lower < result.similarity).all()
    assert np.isfinite(permutation_null(models, subjects, method=method, permutations=5, rng=0)).all()
    assert across_subjects(models, subjects, method=method, test="t", against="each other").p.notnull().sum() == 2
    with pytest.raises(ValueError, match="stimuli can't be drawn"):
        evaluate(models, subjects, over="stimuli", method=method, draws=20, rng=0)


@pytest.mark.parametrize("method", WHOLE)
def test_every_pair_is_needed(method):
    rdms = squared()
    rdms[:, 0, 1] = rdms[:, 1, 0] = np.nan
    with pytest.raises(ValueError, match="27 of 28 pairs"):
        compare(rdms, rdms, method=method)


def test_a_reference_without_variance_in_some_direction_has_no_riemannian_distance():
    flat = squared(1, features=2)
    with pytest.raises(ValueError, match="number 0 of the reference"):
        compare(squared(1), flat, method="negative riemannian distance")
    assert np.isfinite(compare(flat, squared(1), method="negative riemannian distance"))
