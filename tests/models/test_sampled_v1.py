"""A sampled V1: its cells follow the published counts where they fit the screen."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import chisquare

from cortexcnn.models.sampled_v1 import sampled_gabors, sampled_v1


def test_the_same_seed_gives_the_same_cells_and_another_others():
    first, again, other = (sampled_v1(12, rng=rng, pixels=112).gabors for rng in (3, 3, 4))
    xr.testing.assert_identical(first, again)
    assert not first.equals(other)


def test_every_cell_fits_the_screen():
    gabors = sampled_v1(60, rng=1, degrees=4, pixels=112).gabors
    assert (gabors.spatial_frequency <= 7).all()
    assert (8 * np.maximum(gabors.n_x, gabors.n_y) / gabors.spatial_frequency <= 2).all()
    assert (np.minimum(gabors.n_x, gabors.n_y) > 0.3).all()


@pytest.mark.slow
def test_shapes_follow_ringach_where_all_fit():
    # every shape of every frequency from .35 cycles/degree on fits half of 64 degrees
    gabors = sampled_v1(500, rng=0, degrees=64, pixels=256, stride=64).gabors
    edges = np.logspace(-1, 0.2, 6)[2:]
    counts, _, _ = np.histogram2d(gabors.n_x, gabors.n_y, [edges, edges])
    shares = np.array([[19, 17, 3], [1, 7, 4], [0, 0, 0]])
    there = shares > 0
    assert counts[~there].sum() == 0
    assert chisquare(counts[there], shares[there] / shares.sum() * counts.sum()).pvalue > 1e-3


# De Valois, Albrecht & Thorell 1982, foveal and parafoveal cells together, from .5 to 16 cycles/degree
PEAKS = {
    "simple": [8, 14, 20, 43, 40, 44, 31, 16, 5, 2],
    "complex": [2, 1, 11, 14, 22, 23, 32, 15, 10, 3],
}


@pytest.mark.parametrize("cells", PEAKS)
def test_orientations_and_frequencies_follow_de_valois(cells):
    # on so large and fine a screen every one of these fits
    gabors = sampled_gabors(2000, rng=2, degrees=32, pixels=2048, cells=cells)
    edges = [0.5, 0.7, 1, 1.4, 2, 2.8, 4, 5.6, 8, 11.2, 16]
    counts, _ = np.histogram(gabors.spatial_frequency, edges)
    wanted = np.array(PEAKS[cells])
    assert chisquare(counts, wanted / wanted.sum() * counts.sum()).pvalue > 1e-3
    orientations, _ = np.histogram((gabors.orientation + 22.5) % 180, np.arange(0, 181, 45))
    assert chisquare(orientations, np.array([110, 83, 100, 92]) / 385 * 2000).pvalue > 1e-3
    assert gabors.orientation.min() >= 0


def test_fields_are_no_larger_than_asked_for():
    for largest in (1.0, 2.0):
        gabors = sampled_gabors(100, degrees=2, pixels=64, largest=largest)
        extent = 8 * np.maximum(gabors.n_x, gabors.n_y) / gabors.spatial_frequency
        assert largest / 2 < extent.max() <= largest


def test_cells_of_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match=r"no cells named 'simpel'; there are all, simple, complex\. Did you mean"):
        sampled_gabors(5, cells="simpel")


def test_its_cells_answer_as_they_say():
    v1 = sampled_v1(10, rng=0, pixels=112, maximum=3.0)
    assert v1.cells("normalised_simple").maximum.values == pytest.approx(3)
    assert v1.cells("complex").sizes["unit"] == 10
    assert v1.cells("simple").sizes["unit"] == 40


def test_a_screen_that_fits_no_cell_is_refused():
    with pytest.raises(ValueError, match=r"of 500 cells drawn, 0 fit a screen of 0.05 degrees"):
        sampled_v1(10, degrees=0.05)
    with pytest.raises(ValueError, match="0 Gabors: at least one"):
        sampled_v1(0)
