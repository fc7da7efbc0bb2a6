from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

from cortexcnn.similarity import rdm


def counts(stimuli: int = 5, units: int = 7, repeats: int = 3, *, seed: int = 0) -> xr.DataArray:
    rng = np.random.default_rng(seed)
    rates = rng.gamma(2.0, 2.0, (stimuli, units, 1))
    labels = {"stimulus": range(stimuli), "unit": range(units)}
    return xr.DataArray(rng.poisson(rates, (stimuli, units, repeats)), labels, ("stimulus", "unit", "repeat"))


def divergence(first: np.ndarray, logs: np.ndarray, i: int, j: int) -> float:
    return float(((first[i] - first[j]) * (logs[i] - logs[j])).mean())


def test_equals_rsatoolbox():
    spikes = counts()
    data = Dataset(spikes.mean("repeat").values)
    assert np.allclose(rdm(spikes, method="poisson"), calc_rdm(data, method="poisson").get_matrices()[0], atol=1e-12)


def test_crossvalidated_it_is_the_mean_over_folds_of_which_rsatoolbox_keeps_the_last():
    spikes = counts()
    rates = (spikes.values.transpose(2, 0, 1) + 0.1) / 1.1
    each = np.zeros((3, 5, 5))
    for fold in range(3):
        rest = rates[np.arange(3) != fold].mean(axis=0)
        each[fold] = [[divergence(rest, np.log(rates[fold]), i, j) for j in range(5)] for i in range(5)]
    assert np.allclose(rdm(spikes, method="crossvalidated poisson"), each.mean(axis=0), rtol=0, atol=1e-12)
    names = {"stimulus": np.repeat(np.arange(5.0), 3), "run": np.tile(np.arange(3.0), 5)}
    data = Dataset(spikes.values.transpose(0, 2, 1).reshape(-1, 7).astype(float), obs_descriptors=names)
    theirs = calc_rdm(data, method="poisson_cv", descriptor="stimulus", cv_descriptor="run").get_matrices()[0]
    assert np.allclose(theirs, each[-1], rtol=0, atol=1e-12)


def test_noise_does_not_part_equal_populations_when_crossvalidated():
    rng = np.random.default_rng(2)
    equal = np.repeat(rng.gamma(2.0, 2.0, (1, 4000, 1)), 6, axis=0)
    labels = {"stimulus": range(6), "unit": range(4000)}
    spikes = xr.DataArray(rng.poisson(equal, (6, 4000, 4)), labels, ("stimulus", "unit", "repeat"))
    apart = ~np.eye(6, dtype=bool)
    crossed, plain = (rdm(spikes, method=name).values[apart] for name in ("crossvalidated poisson", "poisson"))
    assert plain.min() > 0.1
    assert abs(crossed.mean()) < 0.02


def test_negative_responses_are_no_counts():
    with pytest.raises(ValueError, match="7 units have negative responses"):
        rdm(counts() - 100, method="poisson")
