"""Maps are drawn where they lie, with the fit's ellipse along its angle and the exact field as a box."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.patches import Ellipse, Rectangle

from cortexcnn import plot, tuning

AT = np.linspace(-1, 1, 21)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def maps() -> xr.DataArray:
    """A long gaussian at 45°, a Gabor, and nothing."""
    x, y = np.meshgrid(AT + 0.5, AT)
    u, v = (y - (x - 0.5)) / np.sqrt(2), (y + (x - 0.5)) / np.sqrt(2)
    long = np.exp(-((u / 0.15) ** 2 + (v / 0.3) ** 2) / 2)
    stripes = np.exp(-(u**2 + v**2) / 2 / 0.25**2) * np.cos(2 * np.pi * 2 * u)
    labels = {"y": AT, "x": AT + 0.5, "unit": ["long", "stripes", "dead"]}
    field = {"rf_x": ("unit", [0.5] * 3), "rf_y": ("unit", [0.0] * 3), "rf_size": ("unit", [2.4, 1.0, 1.0])}
    return xr.DataArray(np.stack([long, stripes, 0 * x], -1), dims=("y", "x", "unit"), coords=labels | field)


def patches(ax, kind):
    return [patch for patch in ax.patches if isinstance(patch, kind)]


def test_a_map_is_drawn_where_it_lies_whichever_way_its_rows_run():
    one = maps().isel(unit=0)
    for table in (one, one.isel(y=slice(None, None, -1)).transpose("x", "y")):
        image = plot.receptive_field(table).images[0]
        assert image.origin == "lower"
        assert image.get_extent() == pytest.approx([-0.55, 1.55, -1.05, 1.05])
        np.testing.assert_array_equal(image.get_array(), one.values)


def test_zero_is_white_and_signs_are_told_apart():
    light, either = (plot.receptive_field(maps().isel(unit=i)).images[0] for i in (0, 1))
    assert light.get_clim() == (0, 1)
    assert either.get_clim() == pytest.approx((-1, 1))
    for image in (light, either):
        assert np.array(image.cmap(image.norm(0.0))[:3]).min() > 0.95


def test_the_ellipse_is_the_fit():
    gaussian = tuning.fit_gaussians(maps())
    ax = plot.receptive_fields(maps(), fit=gaussian)
    (ellipse,) = patches(ax.ravel()[0], Ellipse)
    assert ellipse.get_center() == pytest.approx((0.5, 0), abs=1e-3)
    assert (ellipse.get_width(), ellipse.get_height(), ellipse.get_angle()) == pytest.approx((1.2, 0.6, 45), rel=1e-3)
    dead = ax.ravel()[2]
    assert not patches(dead, Ellipse)
    assert [text.get_text() for text in dead.texts] == ["never answered"]


def test_a_gabor_has_its_stripes_along_the_ellipse_and_contours_of_both_signs():
    gabor = tuning.fit_gabors(maps())
    fine = np.linspace(-0.5, 1.5, 80)
    fitted = tuning.fitted_maps(gabor, fine, fine - 0.5)
    ax = plot.receptive_field(maps().isel(unit=1), fit=gabor.isel(unit=1), fitted=fitted.isel(unit=1), reach=1)
    (ellipse,) = patches(ax, Ellipse)
    assert (ellipse.get_width(), ellipse.get_height(), ellipse.get_angle()) == pytest.approx((0.5, 0.5, 45), rel=1e-2)
    (contours,) = ax.collections
    assert contours.levels == pytest.approx(np.array([-0.75, -0.25, 0.25, 0.75]) * float(abs(fitted[..., 1]).max()))
    plot.receptive_field(maps().isel(unit=2), fit=gabor.isel(unit=2), fitted=fitted.isel(unit=2))  # NaN: no contours


def test_the_exact_field_is_a_box_within_the_axes():
    ax = plot.receptive_field(maps().isel(unit=0))
    (box,) = patches(ax, Rectangle)
    assert (*box.get_xy(), box.get_width(), box.get_height()) == pytest.approx((-0.7, -1.2, 2.4, 2.4))
    assert ax.get_xlim()[0] < -0.7
    assert ax.get_ylim()[1] > 1.2
    assert not patches(plot.receptive_field(maps().isel(unit=0).drop_vars("rf_size")), Rectangle)


def test_left_over_axes_are_hidden():
    _, axes = plot.figure(2, 2)
    drawn = plot.receptive_fields(maps(), titles=["a", "b", "c"], axes=axes)
    assert [ax.get_title() for ax in drawn.ravel()] == ["a", "b", "c", ""]
    assert not drawn.ravel()[3].axison


def test_bad_input():
    with pytest.raises(ValueError, match=r"map of one unit: .* has {'y': 21, 'x': 21, 'unit': 3}"):
        plot.receptive_field(maps())
    with pytest.raises(ValueError, match="degrees along both"):
        plot.receptive_field(maps().isel(unit=0).drop_vars("x"))
    with pytest.raises(ValueError, match="fit of one unit is wanted; this has 3"):
        plot.receptive_field(maps().isel(unit=0), fit=tuning.fit_gaussians(maps()))
    with pytest.raises(ValueError, match="2 titles for 3 units"):
        plot.receptive_fields(maps(), titles=["a", "b"])
    with pytest.raises(ValueError, match="1 axes for 3 units"):
        plot.receptive_fields(maps(), axes=plot.figure()[1])
