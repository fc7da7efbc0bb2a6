"""Tuning figures hold the numbers that they were given, in the right places."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot

ANGLES = np.arange(0, 180, 22.5)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def curves(parameter: str = "orientation", values: np.ndarray = ANGLES) -> xr.DataArray:
    responses = np.stack([np.arange(len(values)), -np.ones(len(values))], axis=1).astype(float)
    return xr.DataArray(responses, dims=(parameter, "unit"), coords={parameter: values, "unit": ["a", "b"]})


def test_curves_are_drawn_as_given_with_their_band():
    table = curves()
    ax = plot.tuning_curves(table.transpose("unit", "orientation"), low=table - 1, high=table + 2)
    assert np.array_equal(ax.lines[0].get_xdata(), ANGLES)
    assert np.array_equal(ax.lines[0].get_ydata(), table.sel(unit="a"))
    heights = ax.collections[0].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == (-1, len(ANGLES) + 1)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b"]


def test_frequency_is_on_a_logarithmic_axis_with_its_unit():
    ax = plot.tuning_curves(curves("spatial_frequency", 2.0 ** np.arange(4)))
    assert ax.get_xscale() == "log"
    assert ax.get_xlabel() == "spatial frequency (cycles/°)"


def test_a_polar_plot_of_orientation_is_symmetric_and_never_negative():
    ax = plot.polar(curves())
    angle, radius = ax.lines[0].get_data()
    half = len(ANGLES)
    assert np.allclose(np.rad2deg(angle[:half]), ANGLES)
    assert np.allclose(angle[half : 2 * half], angle[:half] + np.pi)
    assert np.array_equal(radius[half : 2 * half], radius[:half])
    assert not ax.lines[1].get_ydata().any()


def test_a_polar_plot_of_direction_goes_round_once():
    ax = plot.polar(curves("direction", np.arange(0, 360, 45.0)))
    assert len(ax.lines[0].get_xdata()) == 9
    with pytest.raises(ValueError, match="this curve is over phase"):
        plot.polar(curves("phase"))


def test_a_raster_has_a_row_and_a_bar_for_each_orientation():
    ax = plot.raster([np.arange(k) / 10 for k in range(8)], ANGLES, duration=2.0)
    assert [len(row.get_positions()) for row in ax.collections] == list(range(8))
    assert [label.get_text() for label in ax.get_yticklabels()][:2] == ["0°", "22.5°"]
    icon = ax.child_axes[2].lines[0]
    slope = np.rad2deg(np.arctan2(np.diff(icon.get_ydata()), np.diff(icon.get_xdata())))
    assert np.allclose(slope, 45)
    with pytest.raises(ValueError, match="1 rows of events for 2 orientations"):
        plot.raster([np.array([])], [0.0, 90.0])


def test_a_curve_over_two_parameters_is_refused():
    with pytest.raises(ValueError, match="one dimension beside unit"):
        plot.tuning_curves(curves().expand_dims(phase=[0.0]))
