from __future__ import annotations

import warnings

import numpy as np
import pytest
import rsatoolbox
import xarray as xr

from cortexcnn.similarity import COMPARISONS, compare, noise_ceiling

BY_PAIRS = [name for name, measure in COMPARISONS.items() if not measure.whole]
THEIRS = {
    "pearson": "corr",
    "spearman": "spearman",
    "kendall tau-a": "tau-a",
    "kendall tau-b": "tau-b",
    "rho-a": "rho-a",
    "cosine": "cosine",
    "whitened pearson": "corr_cov",
    "whitened cosine": "cosine_cov",
}


@pytest.mark.parametrize("method", BY_PAIRS)
def test_equals_rsatoolbox(make_rdms, method):
    rdms = make_rdms(5, 12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they warn that tau's ceiling is for averaged ranks
        expected = rsatoolbox.inference.boot_noise_ceiling(rsatoolbox.rdm.RDMs(rdms.values), method=THEIRS[method])
    result = noise_ceiling(rdms, method=method)
    assert [result.lower.item(), result.upper.item()] == pytest.approx(list(expected), abs=1e-12)


@pytest.mark.parametrize("method", ["pearson", "cosine"])
def test_no_rdm_beats_the_upper_bound(make_rdms, method):
    rdms = make_rdms(4, 8)
    upper = noise_ceiling(rdms, method=method).upper.item()
    rng = np.random.default_rng(0)
    for scale in (0.01, 0.1, 1.0):
        change = np.triu(scale * rng.random((50, 8, 8)), 1)
        models = (rdms / rdms.mean(("stimulus", "stimulus2"))).mean("subject") + xr.DataArray(
            change + change.swapaxes(1, 2), dims=("model", "stimulus", "stimulus2")
        )
        assert (compare(models, rdms, method=method).mean("subject") <= upper + 1e-12).all()


def test_other_dims_are_kept(make_rdms):
    both = xr.concat([make_rdms(4, 9), make_rdms(4, 9, seed=3)], "area").assign_coords(area=["EVC", "IT"])
    result = noise_ceiling(both)
    assert result.lower.dims == ("area",)
    assert result.sel(area="IT").upper.item() == noise_ceiling(both.sel(area="IT")).upper.item()
    renamed = noise_ceiling(both.rename(subject="session"), over="session")
    assert renamed.lower.values == pytest.approx(result.lower.values)


def test_plain_and_squared_are_the_means_that_they_say(make_rdms):
    rdms = make_rdms(4, 9)
    result = noise_ceiling(rdms, average="plain", squared=True)
    upper = compare(rdms, rdms.mean("subject"))
    lower = [compare(rdms[i], rdms.drop_isel(subject=i).mean("subject")).item() for i in range(4)]
    assert result.upper.item() == pytest.approx((upper**2).mean().item(), abs=1e-12)
    assert result.lower.item() == pytest.approx(np.mean(np.square(lower)), abs=1e-12)


def test_pairs_left_out_by_all_are_the_same_as_pairs_that_are_not_there(make_rdms):
    rdms = make_rdms(4, 9)
    left = rdms.copy()
    left[:, 8, :8] = left[:, :8, 8] = np.nan
    for method in BY_PAIRS:
        expected = noise_ceiling(rdms.isel(stimulus=slice(8), stimulus2=slice(8)), method=method)
        found = noise_ceiling(left, method=method)
        assert found.lower.item() == pytest.approx(expected.lower.item(), abs=1e-12)
        assert found.upper.item() == pytest.approx(expected.upper.item(), abs=1e-12)
    one = rdms.copy()
    one[1, 0, 3] = one[1, 3, 0] = np.nan
    assert np.isfinite(noise_ceiling(one).lower)


@pytest.mark.parametrize("method", BY_PAIRS)
def test_noise_has_no_ceiling_to_speak_of(method):
    rng = np.random.default_rng(0)
    values = np.triu(rng.gamma(9.0, 1.0, (15, 30, 30)), 1)
    labels = {"stimulus": range(30), "stimulus2": range(30)}
    rdms = xr.DataArray(values + values.swapaxes(1, 2), labels, ("subject", "stimulus", "stimulus2"))
    with pytest.warns(UserWarning, match="no ceiling to speak of: each of 15 RDMs .* by about 0.26"):
        result = noise_ceiling(rdms, method=method)
    if method == "pearson":  # what the warning says of noise
        assert result.upper.item() == pytest.approx(15**-0.5, abs=0.02)


def test_bad_input_is_refused(make_rdms):
    with pytest.raises(ValueError, match="there is 1: for one subject with repeats use split_half"):
        noise_ceiling(make_rdms(1))
    with pytest.raises(ValueError, match="no dimension subject in these rdms; there are layer"):
        noise_ceiling(make_rdms(3, dim="layer"))
    with pytest.raises(ValueError, match="no average named 'mean'; there are suited, plain"):
        noise_ceiling(make_rdms(), average="mean")
    rdms = make_rdms(3)
    rdms[1] = 1 - np.eye(10)
    with pytest.raises(ValueError, match="an RDM is constant"):
        noise_ceiling(rdms)
