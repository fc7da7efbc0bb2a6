"""Spatial frequency: the closed forms of Gabor filters, cuts inside and outside the range."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn.tuning import (
    low_pass,
    peak_spatial_frequency,
    schiller_ratio,
    spatial_frequency_bandwidth,
    spatial_frequency_cuts,
    spatial_frequency_tuning,
)

HALF_OCTAVES = 2.0 ** np.arange(-2, 3.01, 0.5)


@pytest.mark.parametrize("cycles", [0.3, 0.4, 0.56, 0.9])
@pytest.mark.parametrize(("energy", "half"), [(False, 0.1874), (True, 0.1325)])
@pytest.mark.parametrize("frequencies", [HALF_OCTAVES, 2.0 ** np.arange(-2, 3), np.array([0.5, 1, 2, 4])])
def test_a_gabor_filter(curve, cycles, energy, half, frequencies):
    """Gaussian around f0 with deviation 1 / (2π σ), over √2 for the energy; half height at f0 ± half / σ."""
    best = np.array([0.9, 1.0, 1.2, 1.6, 2.1])
    sigma = cycles / best
    deviation = 1 / (2 * np.pi * sigma * (np.sqrt(2) if energy else 1))
    lobe = np.exp(-0.5 * ((frequencies[:, None] - best) / deviation) ** 2)
    made = curve("spatial_frequency", frequencies, lobe).assign_attrs(baseline="blank rows")
    well_sampled = np.array([(column > 0.05).sum() > 2 for column in lobe.T])
    found = peak_spatial_frequency(made)
    np.testing.assert_allclose(found[well_sampled], best[well_sampled], rtol=0.005)
    low, high = spatial_frequency_cuts(made)
    inside = well_sampled & ~np.isnan((low + high).values)
    np.testing.assert_allclose(low[inside], (best - half / sigma)[inside], rtol=0.02)
    np.testing.assert_allclose(high[inside], (best + half / sigma)[inside], rtol=0.02)
    outside = (best + half / sigma > frequencies.max() * 1.01) & well_sampled
    assert np.isnan(high[outside]).all()


def test_a_log_gaussian_has_its_bandwidth_in_octaves(curve):
    best, width = np.array([0.8, 1.5, 2.0]), 0.6
    lobe = np.exp(-0.5 * (np.log2(HALF_OCTAVES[:, None] / best) / width) ** 2)
    made = curve("spatial_frequency", HALF_OCTAVES, lobe)
    np.testing.assert_allclose(spatial_frequency_bandwidth(made), 2 * width * np.sqrt(2 * np.log(2)), rtol=1e-3)
    np.testing.assert_allclose(schiller_ratio(made), 100 * 2 ** (-2 * width * np.sqrt(np.log(2))), rtol=1e-3)
    np.testing.assert_allclose(peak_spatial_frequency(made), best, rtol=1e-3)
    assert not low_pass(made).any()


def test_low_pass_units_have_no_bandwidth(curve):
    made = curve("spatial_frequency", HALF_OCTAVES, np.exp(-0.5 * (HALF_OCTAVES / 2) ** 2))
    assert low_pass(made).values.tolist() == [True]
    assert np.isnan(spatial_frequency_bandwidth(made)[0])
    assert np.isnan(schiller_ratio(made)[0])


def test_an_optimum_at_the_edge_is_flagged_and_kept_within_the_range(table):
    def cells(spatial_frequency, **_):
        return np.exp(-0.5 * (np.log2(spatial_frequency / np.array([0.05, 1.0, 40])) / 0.8) ** 2)

    found = spatial_frequency_tuning(table(cells, units=3, blank=0.0, spatial_frequency=HALF_OCTAVES))
    edge = "optimum at the edge of the range (a bound)"
    assert [reason.split("; ")[0] for reason in found.reason.values] == [edge, "", edge]
    assert all("no spatial_frequency_bandwidth, " in reason for reason in found.reason.values[[0, 2]])
    assert found.peak_spatial_frequency.values == pytest.approx([0.25, 1, 8], rel=0.1)
    assert found.low_pass.values.tolist() == [True, False, False]
    assert np.isnan(found.spatial_frequency_bandwidth.values).tolist() == [True, False, True]


def test_a_base_that_is_no_blank_is_fitted(curve):
    lobe = 5 + np.exp(-0.5 * (np.log2(HALF_OCTAVES) / 0.6) ** 2)
    made = curve("spatial_frequency", HALF_OCTAVES, lobe)
    assert float(peak_spatial_frequency(made)[0]) == pytest.approx(1, rel=1e-3)
    assert np.isnan(spatial_frequency_bandwidth(made)[0])
