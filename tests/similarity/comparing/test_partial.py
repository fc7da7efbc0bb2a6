"""Partial RSA and variance partitioning against closed forms, least squares and their laws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cortexcnn.similarity import compare, leave_out_pairs
from cortexcnn.similarity.comparing.pairs import vectors
from cortexcnn.similarity.comparing.partial import partial, partition_variance

PREPARED = {"pearson": lambda values: values, "spearman": lambda values: stats.rankdata(values, axis=1)}


def stack(count: int, dim: str, seed: int) -> xr.DataArray:
    values = np.triu(np.random.default_rng(seed).random((count, 9, 9)), 1)
    return xr.DataArray(
        values + values.swapaxes(1, 2), {"stimulus": range(9), "stimulus2": range(9)}, (dim, "stimulus", "stimulus2")
    )


def residual(values: np.ndarray, controls: np.ndarray) -> np.ndarray:
    design = np.column_stack([np.ones(controls.shape[1]), *controls])
    return values - (design @ np.linalg.lstsq(design, values.T, rcond=None)[0]).T


@pytest.mark.parametrize("method", ["pearson", "spearman"])
@pytest.mark.parametrize("semi", [False, True])
def test_it_is_the_correlation_of_residuals(make_rdms, method, semi):
    models, subjects, controls = make_rdms(2, dim="layer"), make_rdms(3, seed=1), make_rdms(2, dim="control", seed=2)
    x, y, z = (PREPARED[method](vectors(table)) for table in (models, subjects, controls))
    expected = np.corrcoef(residual(x, z), y if semi else residual(y, z))[:2, 2:]
    found = partial(models, subjects, given=controls, method=method, semi=semi)
    assert found.dims == ("layer", "subject")
    assert np.allclose(found, expected, rtol=0, atol=1e-10)


def test_one_control_is_the_closed_form(make_rdms):
    one, other, control = (make_rdms(1, seed=seed).isel(subject=0) for seed in range(3))
    r, a, b = (compare(*pair, method="pearson").item() for pair in ((one, other), (one, control), (other, control)))
    found = partial(one, other, given=control, method="pearson").item()
    assert found == pytest.approx((r - a * b) / np.sqrt((1 - a**2) * (1 - b**2)))


def test_pairs_that_any_leaves_out_do_not_count(make_rdms):
    models, subject, control = make_rdms(2, dim="layer"), make_rdms(1, seed=1)[0], make_rdms(1, seed=2)[0]
    movies = leave_out_pairs(control.assign_coords(movie=("stimulus", np.arange(10) // 2)), same="movie")
    wild = models.copy()
    for i in range(0, 10, 2):
        wild[:, i, i + 1] = wild[:, i + 1, i] = 99.0
    assert np.allclose(partial(models, subject, given=movies), partial(wild, subject, given=movies))


@settings(max_examples=20, deadline=None)
@given(count=st.integers(2, 4), seed=st.integers(0, 500), method=st.sampled_from(["pearson", "spearman"]))
def test_the_parts_add_up_to_the_whole(count, seed, method):
    models, subjects = stack(count, "layer", seed), stack(2, "subject", seed + 1)
    parts = partition_variance(models, subjects, method=method)
    assert parts.sizes == {"part": 2**count - 1, "subject": 2}
    x, y = (PREPARED[method](vectors(table)) for table in (models, subjects))
    left = residual(y, x)
    whole = 1 - left.var(axis=1) / y.var(axis=1)
    assert np.allclose(parts.sum("part"), whole)
    unique = partial(models[:1], subjects, given=models[1:].rename(layer="control"), method=method, semi=True)[0] ** 2
    assert np.allclose(parts.isel(part=0), unique, atol=1e-10)


def test_what_can_not_be_shared_out_is_refused(make_rdms):
    models, subject = make_rdms(2, dim="layer"), make_rdms(1, seed=1)[0]
    with pytest.raises(ValueError, match="between 2 to 4 models"):
        partition_variance(models[:1], subject)
    with pytest.raises(ValueError, match="nothing of an RDM of the rdms is left"):
        partial(models, subject, given=models[0].drop_vars("layer", errors="ignore"))
    with pytest.raises(ValueError, match="no comparison that controls can be taken out of named 'cosine'"):
        partial(models, subject, given=subject, method="cosine")
