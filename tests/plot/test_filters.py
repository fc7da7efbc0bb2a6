"""Filters are drawn side by side with zero at grey."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest

from cortexcnn import plot


def test_each_filter_is_stretched_around_grey():
    weights = np.zeros((3, 1, 2, 2))
    weights[0, 0] = [[-4, 4], [0, 2]]
    weights[1, 0] = [[1, 0], [0, 0]]
    ax = plot.filters(weights, columns=3)
    sheet = ax.images[0].get_array()
    assert np.allclose(sheet[1:3, 1:3], [[0, 1], [0.5, 0.75]])
    assert np.allclose(sheet[1:3, 4:6], [[1, 0.5], [0.5, 0.5]])
    assert np.allclose(sheet[1:3, 7:9], 0.5)
    plt.close(ax.figure)


def test_deeper_filters_are_no_pictures():
    with pytest.raises(ValueError, match=r"only a first layer's filters are pictures"):
        plot.filters(np.zeros((4, 64, 3, 3)))
