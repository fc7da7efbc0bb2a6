"""Patterns that miss different units are compared over those that both have: against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.similarity import rdm
from cortexcnn.similarity.rdms import products as products_module

LOOPS = {
    "correlation": lambda x, y: 1 - np.corrcoef(x, y)[0, 1],
    "cosine": lambda x, y: 1 - x @ y / np.linalg.norm(x) / np.linalg.norm(y),
    "squared euclidean": lambda x, y: ((x - y) ** 2).mean(),
    "euclidean": lambda x, y: np.sqrt(((x - y) ** 2).mean()),
}


def holes(shape: tuple[int, ...], share: float, seed: int) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random(shape) < share, np.nan, rng.normal(3.0, 1.0, shape))
    dims = ("stimulus", "unit", "repeat")[: len(shape)]
    return xr.DataArray(values, {"stimulus": range(shape[0]), "unit": range(shape[1])}, dims)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), method=st.sampled_from(list(LOOPS)), width=st.integers(3, 40))
def test_each_pair_over_the_units_that_both_have(seed, method, width):
    responses = holes((6, 40), 0.3, seed)
    kept = products_module._CHUNK_BYTES
    try:
        products_module._CHUNK_BYTES = width * 6 * 8
        found = rdm(responses, method=method, missing="pairwise")
    finally:
        products_module._CHUNK_BYTES = kept
    values = responses.values
    for i in range(6):
        for j in range(i):
            both = ~np.isnan(values[i]) & ~np.isnan(values[j])
            assert found.values[i, j] == pytest.approx(LOOPS[method](values[i, both], values[j, both]), abs=1e-9)


@pytest.mark.parametrize("method", [*LOOPS, "crossnobis"])
def test_with_nothing_missing_it_is_the_plain_rdm(make_population, method):
    responses = make_population(repeats=3)
    assert np.allclose(rdm(responses, method=method, missing="pairwise"), rdm(responses, method=method), atol=1e-9)


def test_crossnobis_over_the_units_and_folds_that_both_have():
    responses = holes((4, 12, 3), 0.3, 5)
    values = responses.values
    found = rdm(responses, method="crossnobis", missing="pairwise")
    for i in range(4):
        for j in range(i):
            difference = values[i] - values[j]
            terms = [difference[:, k] * difference[:, m] for k in range(3) for m in range(3) if k != m]
            assert found.values[i, j] == pytest.approx(np.nanmean(terms))


def test_pairs_that_share_nothing_are_left_out_and_lonely_stimuli_named():
    responses = holes((4, 6), 0.0, 1)
    responses[0, :3] = np.nan
    responses[1, 3:] = np.nan
    found = rdm(responses, method="euclidean", missing="pairwise")
    assert np.isnan(found.values[0, 1])
    assert np.isfinite(found.values[0, 2:]).all()
    responses[3] = np.nan
    with pytest.raises(ValueError, match=r"1 stimuli share too few units with any other.*: 3"):
        rdm(responses, method="euclidean", missing="pairwise")


def test_otherwise_missing_responses_are_refused():
    with pytest.raises(ValueError, match="missing or not finite"):
        rdm(holes((4, 6), 0.3, 1))
