"""Maps show what they are given, where it is."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from matplotlib.offsetbox import AnnotationBbox

from cortexcnn.plot.maps import model_map, shepard_diagram, stimulus_map


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def points(count: int = 10, seed: int = 0, **coords) -> xr.DataArray:
    values = np.random.default_rng(seed).normal(size=(count, 2))
    labels = {name: ("stimulus", one) for name, one in coords.items()}
    return xr.DataArray(
        values,
        {"stimulus": [f"s{i}" for i in range(count)], **labels},
        ("stimulus", "dimension"),
        attrs={"metric": True},
    )


def test_dots_lie_where_the_points_do_and_one_length_is_as_long_in_both_directions():
    there = points()
    ax = stimulus_map(there)
    np.testing.assert_allclose(ax.collections[0].get_offsets(), there)
    assert ax.get_aspect() == 1
    assert (ax.get_xticks().size, ax.get_yticks().size) == (0, 0)


def test_a_scale_bar_is_as_long_as_it_says():
    ax = stimulus_map(points().assign_attrs(method="correlation"))
    (note,) = [text.get_text() for text in ax.texts]
    length, what = note.split(" ", 1)
    assert what == "correlation distance"
    assert np.ptp(ax.lines[0].get_xdata()) == pytest.approx(float(length))


def test_a_map_of_order_has_no_scale_bar():
    assert not stimulus_map(points().assign_attrs(metric=False)).texts


def test_names_get_a_legend_and_their_colours():
    kinds = np.array(["face", "house"] * 5)
    ax = stimulus_map(points(kind=kinds), colour="kind")
    colours = ax.collections[0].get_facecolors()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["face", "house"]
    assert len(np.unique(colours, axis=0)) == 2
    assert (colours[::2] == colours[0]).all()


def test_angles_get_colours_that_come_round_and_a_bar_with_their_unit():
    ax = stimulus_map(points(3, orientation=[0.0, 90.0, 180.0]), colour="orientation")
    colours = ax.collections[0].get_facecolors()
    np.testing.assert_allclose(colours[0], colours[2], atol=0.02)
    assert ax.figure.axes[1].get_ylabel() == "orientation (°)"


def test_pictures_stay_on_the_axes_and_hardly_overlap():
    there = points(40)
    pictures = np.random.default_rng(0).random((40, 8, 8))
    ax = stimulus_map(there, thumbnails=pictures, colour=None)
    ax.figure.draw_without_rendering()
    boxes = [one for one in ax.artists if isinstance(one, AnnotationBbox)]
    assert len(boxes) == 40
    np.testing.assert_array_equal(boxes[3].offsetbox.get_data(), pictures[3])
    room = ax.get_window_extent()
    extents = [box.get_window_extent(ax.figure.canvas.get_renderer()) for box in boxes]
    assert all(room.x0 - 2 <= one.x0 and one.x1 <= room.x1 + 2 for one in extents)
    hidden = sum(
        max(0, min(a.x1, b.x1) - max(a.x0, b.x0)) * max(0, min(a.y1, b.y1) - max(a.y0, b.y0))
        for i, a in enumerate(extents)
        for b in extents[:i]
    )
    assert hidden < 0.2 * sum(one.width * one.height for one in extents)


def test_a_picture_for_each_stimulus():
    with pytest.raises(ValueError, match="3 thumbnails for 10 stimuli"):
        stimulus_map(points(), thumbnails=np.zeros((3, 4, 4)))


def test_a_network_is_a_line_with_a_hollow_start_and_an_area_a_star():
    owners = ["net"] * 4 + ["wild"] * 3 + ["V1", "pixels"]
    there = points(9, network=owners, layer=["a", "b", "c", "d", "x", "y", "z", "V1", "pixels"])
    ax = model_map(there, areas=["V1"], controls=["wild", "pixels"], names="layer")
    lines = {line.get_label(): line for line in ax.lines if line.get_label() in {"net", "wild"}}
    np.testing.assert_allclose(np.transpose(lines["net"].get_data()), there[:4])
    assert lines["wild"].get_color() == "0.55"
    assert [line.get_marker() for line in ax.lines].count("*") == 1
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == "white"]
    np.testing.assert_allclose([np.ravel(line.get_data()) for line in hollow], there[[0, 4]])
    texts = {text.get_text() for text in ax.texts}
    assert {"a", "b", "c", "d", "V1", "pixels"} <= texts
    assert not {"x", "y", "z"} & texts


def test_of_many_layers_some_are_labelled_the_first_and_last_among_them():
    there = points(30, network=["net"] * 30)
    texts = {text.get_text() for text in model_map(there, most=5).texts}
    assert {"s0", "s29"} <= texts
    assert len([text for text in texts if text.startswith("s")]) == 5


def test_labels_of_a_map_don_t_lie_on_each_other():
    there = points(12, network=["net"] * 12) * 0.05
    far = points(2, seed=1, network=["V1", "IT"]).assign_coords(stimulus=["V1", "IT"])
    ax = model_map(xr.concat([there, far], "stimulus"), areas=["V1", "IT"])
    renderer = ax.figure.canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in ax.texts if text.get_text().startswith(("s", "V", "I"))]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_what_is_not_there_is_refused_by_name():
    with pytest.raises(ValueError, match="no network named V9; there are net"):
        model_map(points(3, network=["net"] * 3), areas=["V9"])
    with pytest.raises(ValueError, match="no coordinate 'network'"):
        model_map(points())
    with pytest.raises(ValueError, match="no coordinate 'kind' along stimulus"):
        stimulus_map(points(), colour="kind")
    with pytest.raises(ValueError, match="select one of several"):
        stimulus_map(points().expand_dims(layer=2))


def test_a_shepard_diagram_has_the_cloud_and_the_line():
    told = xr.Dataset(
        {"dissimilarity": ("pair", [1.0, 2.0]), "distance": ("pair", [2.0, 1.0]), "fitted": ("pair", [1.5, 1.5])},
        attrs={"metric": False, "stress": 0.25, "method": "correlation"},
    )
    ax = shepard_diagram(told)
    cloud, line = ax.lines
    assert cloud.get_ydata().tolist() == [2.0, 1.0]
    assert line.get_ydata().tolist() == [1.5, 1.5]
    assert (ax.get_title(), ax.get_xlabel()) == ("non-metric, stress 0.25", "correlation distance")
