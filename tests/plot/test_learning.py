"""Training curves and confusion matrices show the numbers that they are given."""

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


def history(**more) -> xr.Dataset:
    found = {"train_accuracy": [0.2, 0.6, 0.9], "validation_accuracy": [0.2, 0.5, 0.4], "train_loss": [3, 2, 1]}
    return xr.Dataset(
        {name: ("epoch", values) for name, values in (found | more).items()}, {"epoch": [1, 2, 3]}, {"best_epoch": 2}
    )


def test_both_curves_and_the_epoch_that_is_kept():
    ax = plot.learning_curve(history())
    assert ax.lines[0].get_ydata().tolist() == [0.2, 0.6, 0.9]
    assert ax.lines[1].get_ydata().tolist() == [0.2, 0.5, 0.4]
    assert list(ax.lines[2].get_xdata()) == [2, 2]
    assert [text.get_text() for text in ax.get_legend().get_texts()][2] == "weights kept (epoch 2)"


def test_a_run_without_validation_has_one_curve():
    found = history(validation_accuracy=[np.nan] * 3).assign_attrs(best_epoch=3)
    assert len(plot.learning_curve(found).lines) == 1


def test_an_unknown_measure_is_refused():
    with pytest.raises(ValueError, match="no train_recall; measures are accuracy, loss"):
        plot.learning_curve(history(), measure="recall")


def test_each_row_is_in_percent_of_its_class_and_an_empty_class_is_grey():
    names = ["a", "b", "c"]
    counts = xr.DataArray([[3, 1, 0], [0, 0, 0], [1, 0, 1]], {"actual": names, "predicted": names})
    ax = plot.confusion(counts.transpose())
    drawn = ax.images[0].get_array()
    assert drawn[0].tolist() == [75, 25, 0]
    assert drawn.mask[1].all()
    assert [label.get_text() for label in ax.get_yticklabels()] == names
    assert [text.get_text() for text in ax.texts] == ["75", "25", "50", "50"]


def test_something_else_is_no_confusion_matrix():
    with pytest.raises(ValueError, match="actual and predicted"):
        plot.confusion(xr.DataArray(np.eye(2), dims=("a", "b")))
