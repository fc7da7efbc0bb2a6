"""Encoding of V1: the figure shows the medians that were computed, controls apart, and the best layers cell by cell."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

LAYERS = ["one", "two"]


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "analyses" / "encoding_v1.py"
    spec = importlib.util.spec_from_file_location("encoding_v1", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def scores(medians: list[float], layers: list[str]) -> xr.Dataset:
    spread = np.linspace(-0.2, 0.2, 21)
    values = xr.DataArray(np.add.outer(medians, spread), {"layer": layers}, ("layer", "unit"))
    deviation = xr.DataArray(np.ones(2), dims="fold")
    reliability = xr.ones_like(values.isel(layer=0, drop=True))
    sums = {"squared_error": (1 - values) * deviation, "squared_deviation": deviation}
    return xr.Dataset({"normalised": values, "reliability": reliability, **sums})


def test_layers_stand_beside_the_best_layer_of_each_control(script: ModuleType):
    tables = {
        "trained": scores([0.1, 0.3], LAYERS),
        "random weights": scores([0.2, 0.1], LAYERS),
        "classical V1": scores([0.25, 0.05, 0.0], ["simple", "complex", "other"]),
    }
    bands = scores([0.0, 0.0], LAYERS).isel(layer=0, drop=True).assign(explained_variance=("unit", np.full(21, 0.5)))
    bands = bands.assign(contribution=(("layer", "unit"), np.full((2, 21), [[0.4], [0.1]])))
    figure = script.draw(tables, bands.assign_coords(layer=LAYERS))
    left, middle, right = figure.axes
    drawn = {line.get_label(): line.get_ydata() for line in left.lines}
    assert np.allclose(drawn["trained"], [0.1, 0.3])
    assert np.allclose(drawn["random weights"], [0.2, 0.1])
    assert [label.get_text() for label in left.get_xticklabels()] == ["classical V1", *LAYERS]
    assert middle.get_xlabel().endswith("classical V1 simple")
    assert middle.get_ylabel().endswith("trained two")
    assert np.allclose([bar.get_height() for bar in right.patches], [0.8, 0.2])
    plt.close(figure)


def test_medians_are_printed_layer_by_layer_and_for_all_together(script: ModuleType):
    found = script.median_score(scores([0.1, 0.3], LAYERS), draws=50)
    one, two = script._lines(found)
    assert one.startswith("one: 0.100 (")
    assert two.endswith("), 21 cells")
    assert script._lines(found.isel(layer=0, drop=True))[0].startswith("all layers: 0.100")
