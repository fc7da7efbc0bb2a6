"""The table of scores shows each score where it belongs."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot

SCORES = xr.Dataset(
    {"ceiled": (("layer", "property"), [[0.5, np.nan, 1.0], [0.25, 0.75, 0.0]]), "reason": ("layer", ["", ""])},
    {"layer": ["conv1", "conv2"], "property": ["circular_variance", "texture_sparseness", "maximum"]},
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_each_score_stands_in_its_row_and_column():
    ax = plot.property_scores(SCORES)
    told = {text.get_position(): text.get_text() for text in ax.texts}
    assert told == {(0, 0): ".50", (0, 1): "–", (0, 2): "1.00", (1, 0): ".25", (1, 1): ".75", (1, 2): ".00"}
    assert [label.get_text() for label in ax.get_yticklabels()] == [
        "circular variance",
        "texture sparseness",
        "maximum",
    ]
    assert [label.get_text() for label in ax.get_xticklabels()] == ["conv1", "conv2"]
    np.testing.assert_array_equal(ax.images[0].get_array().filled(-1), [[0.5, 0.25], [-1, 0.75], [1, 0]])


def test_the_order_of_dimensions_is_nothing():
    turned = plot.property_scores(SCORES.transpose("property", "layer"))
    assert turned.texts[0].get_text() == ".50"
    assert turned.texts[1].get_text() == ".25"


def test_what_is_no_table_of_scores_is_refused():
    with pytest.raises(ValueError, match=r"no 'score' along layer and property; there are ceiled, reason"):
        plot.property_scores(SCORES, measure="score")
    with pytest.raises(ValueError, match="no 'reason'"):
        plot.property_scores(SCORES, measure="reason")
