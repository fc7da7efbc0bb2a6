"""Conclusions at each field of view are drawn as they are named, and what is not known is no conclusion."""

from __future__ import annotations

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "analyses" / "field_of_view.py"))
SPANS = [4.0, 8.0, 16.0]
PROPERTIES = ["circular_variance", "modulation_ratio", "maximum"]


def made_up():
    """Three layers that score higher with depth at 4 and 8 degrees, and the other way round at 16."""
    depth = np.array([0.3, 0.5, 0.7])
    trained = np.stack([depth, depth, depth[::-1]])  # (degrees, layer)
    values = np.stack([trained, trained - 0.1])[..., None] + np.array([0.1, -0.2, 0.1])
    return xr.Dataset(
        {"ceiled": (("weights", "degrees", "layer", "property"), values)},
        {"weights": ["trained", "random"], "degrees": SPANS, "layer": ["a", "b", "c"], "property": PROPERTIES},
    )


def test_each_conclusion_is_compared_with_that_at_eight_degrees():
    found = SCRIPT["conclusions"](made_up())
    value = {str(name): found["value"].sel(conclusion=name).values for name in found["conclusion"].values}
    holds = {str(name): found["holds"].sel(conclusion=name).values.tolist() for name in found["conclusion"].values}
    assert value["share of layers in which training helps"].tolist() == [1, 1, 1]
    assert value["order of layers as at 8° (Spearman)"] == pytest.approx([1, 1, -1])
    assert value["deeper layers score higher (Spearman)"] == pytest.approx([1, 1, -1])
    assert value["best layer (its number)"].tolist() == [2, 2, 0]
    assert holds["best layer (its number)"] == [1, 1, 0]
    assert value["gain in circular variance by training"] == pytest.approx([0.1] * 3)
    assert holds["modulation ratio below the mean score"] == [1, 1, 1]


def test_what_could_not_be_scored_is_not_known():
    scores = made_up()
    scores["ceiled"][:, 0] = np.nan
    found = SCRIPT["conclusions"](scores)
    assert found["holds"].sel(degrees=4.0).drop_sel(conclusion="share of layers in which training helps").isnull().all()
    assert found["holds"].sel(degrees=8.0).notnull().all()


def test_the_figure_has_a_line_for_each_layer_and_a_verdict_for_each_conclusion():
    scores = made_up()
    held = SCRIPT["conclusions"](scores)
    figure = SCRIPT["draw"](scores, held)
    lines, properties, verdicts = figure.axes[:3]
    assert len(lines.lines) == 2 * 3 + 1
    assert len(properties.texts) == len(PROPERTIES) * len(SPANS)
    assert len(verdicts.texts) == held["value"].size
    plt.close(figure)
