"""Tests of tuning against scipy's, unit by unit."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats
import xarray as xr

from cortexcnn.tuning import tuned

ANGLES = np.arange(0, 180, 22.5)


@pytest.fixture
def neurons():
    rng = np.random.default_rng(0)
    depth = np.array([0, 0.3, 1, 3])
    rates = 5 + depth * np.cos(2 * np.deg2rad(ANGLES[:, None]))
    counts = rng.poisson(rates[..., None], (8, 4, 15)).astype(float)
    counts[:, 1, 10:] = np.nan
    counts[2, 3] = np.nan
    coords = {"stimulus": range(8), "unit": list("abcd"), "orientation": ("stimulus", ANGLES)}
    return xr.DataArray(counts, dims=("stimulus", "unit", "repeat"), coords=coords)


@pytest.mark.parametrize(("test", "reference"), [("anova", scipy.stats.f_oneway), ("kruskal", scipy.stats.kruskal)])
def test_p_values_are_those_of_scipy(neurons, test, reference):
    for unit in "abcd":
        groups = [row[~np.isnan(row)] for row in neurons.sel(unit=unit).values]
        expected = reference(*[group for group in groups if group.size]).pvalue
        assert float(tuned(neurons, test=test).sel(unit=unit)) == pytest.approx(expected, rel=1e-9)


def test_the_permutation_agrees_with_the_analysis_of_variance(neurons):
    full = neurons.fillna(5.0)
    np.testing.assert_allclose(tuned(full, test="permutation", rng=0), tuned(full), atol=0.03)


def test_blanks_are_no_orientation(neurons):
    blank = neurons.isel(stimulus=[0]).assign_coords(stimulus=[99], orientation=("stimulus", [np.nan])) + 100
    shown = xr.concat([neurons, blank], "stimulus").assign_coords(contrast=("stimulus", [1.0] * 8 + [0.0]))
    np.testing.assert_allclose(tuned(shown), tuned(neurons))


def test_constant_and_empty_units_have_no_p(neurons):
    silent = neurons.copy()
    silent[:, 0], silent[:, 1] = 0.0, np.nan
    for test in ("anova", "kruskal", "permutation"):
        assert np.isnan(tuned(silent, test=test, rng=0).values).tolist() == [True, True, False, False]


def test_what_can_not_be_tested_is_refused(neurons):
    with pytest.raises(ValueError, match="needs the dimension repeat"):
        tuned(neurons.mean("repeat"))
    with pytest.raises(ValueError, match=r"one repeat of each stimulus: .* by 2 repeats or more"):
        tuned(neurons.isel(repeat=[0]))
    with pytest.raises(ValueError, match="there are anova, kruskal, permutation"):
        tuned(neurons, test="t")
    with pytest.raises(ValueError, match="no stimulus parameter direction"):
        tuned(neurons, "direction")
