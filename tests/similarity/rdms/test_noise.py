"""Noise covariances against rsatoolbox and against the truth; lengths in units of noise, by either way of computing."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from rsatoolbox.data import Dataset
from rsatoolbox.data import noise as theirs
from rsatoolbox.rdm import calc_rdm

from cortexcnn.similarity import rdm
from cortexcnn.similarity.rdms.noise import NOISES, noise_covariance

NAMES = {"ledoit-wolf": "shrinkage_eye", "diagonal shrinkage": "shrinkage_diag", "diagonal": "diag", "full": "full"}


def noisy(stimuli: int, units: int, repeats: int, *, seed: int = 0) -> xr.DataArray:
    """Units of different noise, part of which they share."""
    rng = np.random.default_rng(seed)
    shape = (stimuli, units, repeats)
    values = rng.normal(size=shape) * rng.uniform(0.5, 2, units)[:, None] + rng.normal(size=(stimuli, 1, repeats))
    values += 2 * rng.normal(size=(stimuli, units, 1))
    labels = {"stimulus": range(stimuli), "unit": range(units)}
    return xr.DataArray(values, labels, ("stimulus", "unit", "repeat"))


def as_dataset(responses: xr.DataArray) -> Dataset:
    values = responses.transpose("stimulus", "repeat", "unit").values
    stimuli, repeats, units = values.shape
    kept = ~np.isnan(values).any(axis=2).ravel()
    names = {
        "stimulus": np.repeat([f"{i:03d}" for i in range(stimuli)], repeats)[kept],
        "run": np.tile(np.arange(float(repeats)), stimuli)[kept],
    }
    return Dataset(values.reshape(-1, units)[kept], obs_descriptors=names)


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 60, 3)])
@pytest.mark.parametrize("method", list(NOISES))
def test_equals_rsatoolbox(shape, method):
    responses = noisy(*shape)
    responses[0, :, -1] = np.nan  # unbalanced
    expected = theirs.cov_from_unbalanced(as_dataset(responses), "stimulus", method=NAMES[method])
    found = noise_covariance(responses, method=method)
    assert np.allclose(found, expected, rtol=0, atol=1e-12)
    assert found.attrs["degrees_of_freedom"] == shape[0] * (shape[2] - 1) - 1
    residuals = xr.DataArray(responses.values[:, :, 0], dims=("sample", "unit"), coords={"unit": range(shape[1])})
    expected = theirs.cov_from_residuals(residuals.values, method=NAMES[method])
    assert np.allclose(noise_covariance(residuals, method=method), expected, rtol=0, atol=1e-12)


def test_of_repeats_the_variance_is_right_where_rsatoolbox_divides_by_too_much():
    """cov_from_measurements takes (stimuli − 1) × repeats degrees of freedom, but each stimulus' mean is taken off."""
    responses = noisy(200, 3, 2)
    truth = ((responses.values[:, :, 0] - responses.values[:, :, 1]) ** 2).mean(axis=0) / 2
    assert np.allclose(np.diag(noise_covariance(responses, method="diagonal")), truth)
    too_small = theirs.cov_from_measurements(as_dataset(responses), "stimulus", method="diag")
    assert np.allclose(np.diag(too_small), truth / 2, rtol=0.01)


def test_units_that_miss_different_repeats_keep_their_variance():
    responses = noisy(4000, 3, 4)
    missing = responses.where(np.random.default_rng(1).random(responses.shape) > 0.3)
    whole, part = (np.diag(noise_covariance(table, method="full")) for table in (responses, missing))
    assert np.allclose(whole, part, rtol=0.06)


@pytest.mark.parametrize("shape", [(6, 5, 4), (6, 60, 3)])
@pytest.mark.parametrize("noise", ["diagonal", "ledoit-wolf", "diagonal shrinkage"])
def test_lengths_in_units_of_noise_equal_rsatoolbox(shape, noise):
    responses = noisy(*shape)
    precision = np.linalg.inv(noise_covariance(responses, method=noise).values)
    means = Dataset(responses.mean("repeat").values)
    expected = calc_rdm(means, method="mahalanobis", noise=precision).get_matrices()[0]
    assert np.allclose(rdm(responses, method="mahalanobis", noise=noise), expected, rtol=1e-8)
    assert np.allclose(rdm(responses, method="euclidean", noise=noise) ** 2, expected, rtol=1e-8)
    options = {"descriptor": "stimulus", "cv_descriptor": "run", "noise": precision}
    expected = calc_rdm(as_dataset(responses), method="crossnobis", **options)
    found = rdm(responses, method="crossnobis", noise=noise)
    assert np.allclose(found, expected.get_matrices()[0], rtol=0, atol=1e-8 * float(np.abs(found).max()))


@settings(max_examples=20, deadline=None)
@given(
    shape=st.tuples(st.integers(3, 6), st.integers(2, 5)),
    noise=st.sampled_from(["ledoit-wolf", "diagonal shrinkage"]),
    crossed=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_many_units_by_observations_equal_the_covariance_itself(shape, noise, crossed, seed):
    responses = noisy(shape[0], 40, shape[1], seed=seed)
    if shape[1] > 2 and not crossed:
        responses[0, :, 0] = np.nan
    given_covariance = noise_covariance(responses, method=noise)
    method = "crossnobis" if crossed else "mahalanobis"
    direct = rdm(responses, method=method, noise=given_covariance)
    assert np.allclose(rdm(responses, method=method, noise=noise), direct, rtol=0, atol=1e-8 * float(abs(direct).max()))


def test_a_given_covariance_is_matched_by_label():
    responses = noisy(5, 6, 4)
    covariance = noise_covariance(responses)
    turned = covariance.isel(unit=[3, 1, 0, 2, 5, 4]).isel(unit2=[5, 0, 1, 2, 4, 3])
    expected = rdm(responses, method="mahalanobis", noise=covariance)
    assert np.allclose(rdm(responses, method="mahalanobis", noise=turned), expected)
    some = responses.isel(unit=[1, 4])
    direct = rdm(some, method="mahalanobis", noise=covariance.isel(unit=[1, 4], unit2=[1, 4]))
    assert np.allclose(rdm(some, method="mahalanobis", noise=covariance), direct)


def test_whitening_makes_the_unit_of_length_nothing():
    responses = noisy(6, 4, 5)
    gains = xr.DataArray([0.1, 3.0, 20.0, 1.0], dims="unit")
    for noise in ("full", "diagonal", "diagonal shrinkage"):
        ours, theirs_ = (rdm(table, method="mahalanobis", noise=noise) for table in (responses, responses * gains))
        assert np.allclose(ours, theirs_, rtol=1e-8)


def test_float32_stays_near_float64():
    responses = noisy(8, 500, 3) + 50.0
    exact = rdm(responses, method="crossnobis", noise="ledoit-wolf")
    rough = rdm(responses.astype(np.float32), method="crossnobis", noise="ledoit-wolf")
    assert np.allclose(exact, rough, rtol=0, atol=1e-3 * float(abs(exact).max()))


def test_what_makes_no_noise_is_refused():
    responses = noisy(4, 30, 3)
    with pytest.raises(ValueError, match=r"full noise covariance of 30 units .* 8 degrees of freedom"):
        rdm(responses, method="mahalanobis", noise="full")
    with pytest.raises(ValueError, match="is no length"):
        rdm(responses, method="correlation", noise="ledoit-wolf")
    with pytest.raises(ValueError, match="choose one of them"):
        rdm(responses, method="mahalanobis", zscore=True)
    with pytest.raises(ValueError, match="no noise covariance named 'ledoit'"):
        noise_covariance(responses, method="ledoit")
    with pytest.raises(ValueError, match="30 units have no stimulus with 2 repeats"):
        noise_covariance(responses.isel(repeat=[0]))
    with pytest.raises(ValueError, match=r"residuals \(sample, unit\) are wanted"):
        noise_covariance(responses.isel(unit=0))
    with pytest.raises(ValueError, match="labels of all 30 units"):
        rdm(responses, method="mahalanobis", noise=noise_covariance(responses.isel(unit=[0, 1])))
    singular = noise_covariance(responses).copy(data=np.ones((30, 30)))
    with pytest.raises(ValueError, match="not positive definite"):
        rdm(responses, method="mahalanobis", noise=singular)
    still = responses.copy()
    still[:, 3] = 1.0
    for many in (still, still.isel(unit=range(10))):
        with pytest.raises(ValueError, match="1 units do not vary between repeats"):
            rdm(many, method="mahalanobis", noise="diagonal shrinkage")
    ragged = responses.copy()
    ragged[0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="units miss different repeats"):
        rdm(ragged, method="mahalanobis")
