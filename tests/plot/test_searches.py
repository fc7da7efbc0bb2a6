"""Searches are drawn with the numbers and the states that they have."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn import plot

TRIALS = xr.Dataset(
    {
        "validation_accuracy": ("trial", [0.3, 0.9, 0.6, np.nan]),
        "state": ("trial", np.array(["complete", "pruned", "complete", "refused"], dtype=object)),
        "rate": ("trial", [0.001, 0.1, 0.01, 0.01], {"scale": "log"}),
        "depth": ("trial", [2, 3, 4, 4]),
        "optimiser": ("trial", np.array(["sgd", "adam", "sgd", "adam"], dtype=object)),
    },
    {"trial": range(4)},
)


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def test_the_best_so_far_never_falls_and_counts_what_came_to_its_end():
    ax = plot.search_history(TRIALS)
    assert ax.lines[0].get_ydata().tolist() == [0.3, 0.3, 0.6, 0.6]
    done, stopped = ax.collections
    assert done.get_offsets().tolist() == [[0, 0.3], [2, 0.6]]
    assert stopped.get_offsets().tolist() == [[1, 0.9]]


def test_a_choice_is_drawn_to_its_scale():
    assert plot.search_choice(TRIALS, "rate").get_xscale() == "log"
    assert plot.search_choice(TRIALS, "depth").get_xscale() == "linear"
    assert plot.search_choice(TRIALS.assign(width=("trial", [1, 2, 30, 400])), "width").get_xscale() == "linear"
    ax = plot.search_choice(TRIALS, "optimiser")
    assert [label.get_text() for label in ax.get_xticklabels()] == ["adam", "sgd"]
    assert ax.collections[0].get_offsets()[:, 0].tolist() == [1, 1]


def test_what_was_not_chosen_is_refused():
    with pytest.raises(ValueError, match=r"nothing named 'width' was chosen; there are .*depth"):
        plot.search_choice(TRIALS, "width")
    with pytest.raises(ValueError, match="lacks state"):
        plot.search_history(TRIALS.drop_vars("state"))
