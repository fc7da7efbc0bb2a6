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
