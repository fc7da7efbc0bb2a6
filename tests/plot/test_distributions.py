"""Histograms show shares, on the axis that their bins ask for."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot, reference


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def counts(edges: np.ndarray, values: list[int]) -> xr.DataArray:
    ends = {"bin_low": ("bin", edges[:-1]), "bin_high": ("bin", edges[1:])}
    return xr.DataArray(values, dims="bin", coords=ends, name="circular_variance")


def test_units_are_filled_and_neurons_are_outlined():
    ours, theirs = counts(np.linspace(0, 1, 4), [1, 1, 2]), counts(np.linspace(0, 1, 3), [30, 10])
    ax = plot.histogram(ours, reference=theirs, label="conv1")
    assert [bar.get_height() for bar in ax.containers[0]] == [0.25, 0.25, 0.5]
    assert ax.patches[-1].get_data().values.tolist() == [0.75, 0.25]
    assert {text.get_text() for text in ax.get_legend().get_texts()} == {"conv1 (n = 4)", "V1 (n = 40)"}
    assert ax.get_xscale() == "linear"


def test_octave_bins_get_a_logarithmic_axis():
    assert plot.histogram(counts(np.array([0.35, 0.5, 0.7, 1.0, 1.4]), [1, 2, 3, 4])).get_xscale() == "log"


def test_bins_without_edges_are_refused():
    with pytest.raises(ValueError, match="bin_low and bin_high"):
        plot.histogram(xr.DataArray([1, 2], dims="bin"))


def test_a_yes_or_no_and_many_decades_have_axes_of_their_own():
    selective, ratio = (
        reference.published(name) for name in ("orientation_selective", "circular_variance_over_orientation_bandwidth")
    )
    assert [label.get_text() for label in plot.histogram(selective).get_xticklabels()] == ["no", "yes"]
    ax = plot.histogram(ratio)
    assert ax.get_xscale() == "log"
    assert ax.xaxis.get_transform().base == 10
