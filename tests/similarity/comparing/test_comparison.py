from __future__ import annotations

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cortexcnn.similarity import COMPARISONS, Comparison, compare

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


def as_rsatoolbox(rdms: xr.DataArray) -> rsatoolbox.rdm.RDMs:
    return rsatoolbox.rdm.RDMs(rdms.values)


@pytest.mark.parametrize("method", BY_PAIRS)
@pytest.mark.parametrize("decimals", [None, 1, 0])
def test_equals_rsatoolbox(make_rdms, method, decimals):
    first, second = make_rdms(3, 14, dim="layer", decimals=decimals), make_rdms(4, 14, seed=1, decimals=decimals)
    expected = rsatoolbox.rdm.compare(as_rsatoolbox(first), as_rsatoolbox(second), method=THEIRS[method])
    result = compare(first, second, method=method)
    assert result.dims == ("layer", "subject")
    assert np.allclose(result.values, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("method", BY_PAIRS)
def test_equals_rsatoolbox_where_pairs_are_left_out(make_rdms, method):
    first, second = make_rdms(3, 14, dim="layer"), make_rdms(4, 14, seed=1)
    for rdms in (first, second):
        for i, j in [(0, 1), (0, 2), (5, 11)]:
            rdms[:, i, j] = rdms[:, j, i] = np.nan
    expected = rsatoolbox.rdm.compare(as_rsatoolbox(first), as_rsatoolbox(second), method=THEIRS[method])
    assert np.allclose(compare(first, second, method=method), expected, rtol=0, atol=1e-10)


def test_equals_scipy(make_rdms):
    first, second = make_rdms(1, 9, decimals=1), make_rdms(1, 9, seed=1, decimals=1)
    x, y = (rdms.values[0][np.triu_indices(9, 1)] for rdms in (first, second))
    assert compare(first, second, method="pearson").item() == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)
    assert compare(first, second).item() == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)


def test_rho_a_is_spearmans_mean_over_random_breaking_of_ties(make_rdms):
    first, second = make_rdms(1, 7, decimals=0), make_rdms(1, 7, seed=1, decimals=0)
    x, y = (rdms.values[0][np.triu_indices(7, 1)] for rdms in (first, second))
    rng = np.random.default_rng(0)
    broken = [
        stats.spearmanr(x + 1e-6 * rng.random(len(x)), y + 1e-6 * rng.random(len(y))).statistic for _ in range(1500)
    ]
    assert compare(first, second, method="rho-a").item() == pytest.approx(
        np.mean(broken), abs=5 * np.std(broken) / np.sqrt(1500)
    )


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 1000), method=st.sampled_from(BY_PAIRS))
def test_laws(seed, method):
    rng = np.random.default_rng(seed)
    values = rng.random((2, 8, 8)) + 0.1
    values = np.triu(values, 1) + np.swapaxes(np.triu(values, 1), 1, 2)
    labels = {"stimulus": range(8), "stimulus2": range(8)}
    one, other = (xr.DataArray(v, labels, ("stimulus", "stimulus2")) for v in values)
    found = compare(one, other, method=method).item()
    assert compare(one, one, method=method).item() == pytest.approx(1, abs=1e-12)
    assert compare(other, one, method=method).item() == pytest.approx(found, abs=1e-12)
    assert COMPARISONS[method].bounds[0] <= found <= COMPARISONS[method].bounds[1]
    order = rng.permutation(8)
    assert compare(one, other[order, order], method=method).item() == pytest.approx(found, abs=1e-12)
    assert compare(one[order, order], other, method=method).item() == pytest.approx(found, abs=1e-12)
    away = 1 - xr.DataArray(np.eye(8), labels, ("stimulus", "stimulus2"))
    changed = {"a positive factor": 3 * other, "a positive factor and an offset": 3 * other + 2 * away}
    unchanged = changed.get(COMPARISONS[method].ignores, np.exp(other) * away)
    assert compare(one, unchanged, method=method).item() == pytest.approx(found, abs=1e-12)


def test_leading_dims_make_an_outer_product_with_their_labels(make_rdms):
    first = make_rdms(3, 6).assign_coords(subject=["x", "y", "z"], sex=("subject", ["f", "m", "f"]), area="IT")
    second = make_rdms(2, 6, seed=1).assign_coords(subject=["v", "w"], sex=("subject", ["m", "m"]))
    result = compare(first, second)
    assert result.dims == ("subject", "subject2")
    assert result["subject2"].values.tolist() == ["v", "w"]
    assert result["sex"].dims == ("subject",)
    assert result["sex2"].values.tolist() == ["m", "m"]
    assert "stimulus" not in result.coords
    assert result.sel(subject="y", subject2="w").item() == compare(first[1], second[1]).item()
    stacked = xr.concat([first, 2 * first], "area")
    assert compare(stacked, second).sizes == {"area": 2, "subject": 3, "subject2": 2}
    assert compare(first[0], second[0]).dims == ()
    with pytest.raises(ValueError, match="get a 2 behind the name, which is taken"):
        compare(first.expand_dims("subject2"), second)
    with pytest.raises(ValueError, match="draw is the dimension of bootstrap draws"):
        compare(first.rename(subject="draw"), second)


def test_different_stimuli_are_refused_by_name(make_rdms):
    with pytest.raises(ValueError, match=r"1 only in the rdms \(s5\)"):
        compare(make_rdms(1, 6), make_rdms(1, 5))


def test_what_is_undefined_is_refused(make_rdms):
    first, second = make_rdms(2, 6, dim="layer"), make_rdms(3, 6)
    second[1] = 0.7 * (1 - np.eye(6))
    for method in ("pearson", "spearman"):
        with pytest.raises(ValueError, match=f"{method} is not defined for 2 of 6 .* number 1 of the reference"):
            compare(first, second, method=method)
    assert (compare(first, second, method="kendall tau-a")[:, 1] == 0).all()
    assert (compare(first, second, method="rho-a")[:, 1] == 0).all()
    with pytest.raises(ValueError, match="number 0 of the rdms"):
        compare(xr.zeros_like(first[0]), second, method="cosine")


def test_few_stimuli_and_unknown_measures_are_refused(make_rdms):
    with pytest.raises(ValueError, match="at least 4 stimuli; there are 3, whose 3 pairs"):
        compare(make_rdms(1, 3), make_rdms(1, 3))
    with pytest.raises(ValueError, match=r"no comparison named 'kendall'.*Did you mean 'kendall tau-b'"):
        compare(make_rdms(), make_rdms(), method="kendall")


def test_a_measure_of_ones_own_is_one_more_entry(make_rdms, monkeypatch):
    first, second = make_rdms(2, 6, dim="layer"), make_rdms(3, 6, seed=1)
    near = Comparison(
        lambda x, y, _: -np.abs(x[:, None] - y[None]).mean(axis=-1),
        lambda v: v,
        (-np.inf, 0.0),
        "nothing",
        centred=False,
    )
    monkeypatch.setitem(COMPARISONS, "city block", near)
    assert (compare(first, second, method="city block") < 0).all()


@pytest.mark.parametrize("method", ["whitened pearson", "whitened cosine"])
def test_noise_that_patterns_share_is_allowed_for_as_in_rsatoolbox(make_rdms, method):
    first, second = make_rdms(2, 7, dim="layer"), make_rdms(3, 7, seed=1)
    half = np.random.default_rng(0).normal(size=(7, 12))
    noise = half @ half.T / 12
    expected = rsatoolbox.rdm.compare(as_rsatoolbox(first), as_rsatoolbox(second), method=THEIRS[method], sigma_k=noise)
    labels = {"stimulus": first.stimulus.values, "stimulus2": first.stimulus.values}
    given = xr.DataArray(noise, labels, ("stimulus", "stimulus2"))[::-1, ::-1]
    np.testing.assert_allclose(compare(first, second, method=method, pattern_noise=given), expected, atol=1e-8)
    plain = compare(first, second, method=method)
    white = given.copy(data=3 * np.eye(7)[::-1, ::-1])
    equal = xr.DataArray(np.full(7, 3.0), {"stimulus": first.stimulus.values}, ("stimulus",))
    for noise in (white, equal):
        np.testing.assert_allclose(compare(first, second, method=method, pattern_noise=noise), plain, atol=1e-10)


def test_pattern_noise_is_checked(make_rdms):
    rdms = make_rdms(2, 6)
    noise = xr.DataArray(np.eye(6), rdms[0].coords, ("stimulus", "stimulus2"))
    with pytest.raises(ValueError, match="for whitened measures, not for pearson"):
        compare(rdms, rdms, method="pearson", pattern_noise=noise)
    with pytest.raises(ValueError, match="with the labels of the rdms"):
        compare(rdms, rdms, method="whitened cosine", pattern_noise=noise[:5, :5])
    with pytest.raises(ValueError, match="not positive definite"):
        compare(rdms, rdms, method="whitened cosine", pattern_noise=-noise)
    rdms[:, 0, 1] = rdms[:, 1, 0] = np.nan
    with pytest.raises(ValueError, match="pairs are left out"):
        compare(rdms, rdms, method="whitened cosine", pattern_noise=noise)
