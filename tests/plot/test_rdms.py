"""An RDM is drawn as it is, with its stimuli beside it."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def matrix(size: int = 20) -> xr.DataArray:
    values = np.abs(np.subtract.outer(np.arange(size), np.arange(size))).astype(float)
    labels = {"stimulus": np.arange(size), "stimulus2": np.arange(size)}
    return xr.DataArray(
        values, dims=("stimulus", "stimulus2"), coords=labels | {"angle": ("stimulus", np.arange(size))}
    )


def test_values_are_drawn_and_left_out_pairs_are_masked():
    table = matrix()
    table[0, 1] = table[1, 0] = np.nan
    shown = plot.rdm(table).images[0].get_array()
    assert shown.mask.sum() == 2
    assert shown.max() == 19


def test_thumbnails_stand_outside_at_the_place_of_their_stimulus():
    pictures = np.linspace(0, 1, 20)[:, None, None] * np.ones((20, 4, 4))
    ax = plot.rdm(matrix(), thumbnails=pictures, most=5)
    small = ax.images[1:]
    assert len(small) == 10
    assert [float(image.get_array().mean()) for image in small[::2]] == pytest.approx(np.linspace(0, 1, 20)[::4])
    _, right, bottom, top = small[0].get_extent()
    assert right < -0.5
    assert (bottom + top) / 2 == 0
    assert ax.get_xlim() == (-0.5, 19.5)


def test_labels_and_bad_input():
    ax = plot.rdm(matrix(), labels="angle", most=5)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["0", "4", "8", "12", "16"]
    with pytest.raises(ValueError, match="one rdm at a time"):
        plot.rdm(matrix().expand_dims(layer=["a"]))
    with pytest.raises(ValueError, match="3 thumbnails for 20 stimuli"):
        plot.rdm(matrix(), thumbnails=np.zeros((3, 2, 2)))


def test_groups_are_put_together_with_a_bracket_and_a_name_each():
    kinds = np.array(["b", "a", "b", "a"])
    values = np.abs(np.subtract.outer(range(4), range(4))).astype(float)
    matrix = xr.DataArray(
        values, {"stimulus": range(4), "stimulus2": range(4), "kind": ("stimulus", kinds)}, ("stimulus", "stimulus2")
    )
    ax = plot.rdm(matrix, groups="kind")
    order = [0, 2, 1, 3]
    np.testing.assert_array_equal(ax.images[0].get_array(), values[np.ix_(order, order)])
    assert [text.get_text() for text in ax.texts] == ["b", "a"]
    assert len(ax.lines) == 4
    with pytest.raises(ValueError, match="choose one"):
        plot.rdm(matrix, groups="kind", labels="kind")
    with pytest.raises(ValueError, match="no coordinate 'sort'"):
        plot.rdm(matrix, groups="sort")


def test_colours_span_the_dissimilarities_of_different_stimuli():
    values = np.array([[0, 5, 6], [5, 0, 7], [6, 7, 0.0]])
    matrix = xr.DataArray(values, {"stimulus": range(3), "stimulus2": range(3)}, ("stimulus", "stimulus2"))
    assert plot.rdm(matrix).images[0].get_clim() == (5, 7)
    assert plot.rdm(matrix.where(matrix == 0)).images[0].get_clim() == (0, 1)


def test_small_multiples_share_a_scale_or_say_their_own():
    one = np.array([[0, 1, 2], [1, 0, 2], [2, 2, 0.0]])
    values = np.stack([one, 2 * one, 3 * one])
    labels = {"layer": list("abc"), "stimulus": range(3), "stimulus2": range(3), "kind": ("stimulus", list("xxy"))}
    stack = xr.DataArray(values, labels, ("layer", "stimulus", "stimulus2"))
    shared = plot.rdms(stack, columns=2, groups="kind")
    assert [ax.images[0].get_clim() for ax in shared[:3]] == [(1, 6)] * 3
    assert not shared[3].axison
    assert [len(ax.texts) for ax in shared[:3]] == [2, 0, 2]
    assert len(shared[0].figure.axes) == 5
    own = plot.rdms(stack, share=False)
    assert [ax.images[0].get_clim()[1] for ax in own] == [2, 4, 6]
    with pytest.raises(ValueError, match="one dimension of RDMs"):
        plot.rdms(stack[0])
    with pytest.raises(ValueError, match="2 axes for 3 RDMs"):
        plot.rdms(stack, axes=own[:2])
