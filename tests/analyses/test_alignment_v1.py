"""Measures against V1: the figure shows the ranks, the agreement and the scores that were computed."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "analyses" / "alignment_v1.py"
    spec = importlib.util.spec_from_file_location("alignment_v1", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_ranks_agreement_and_held_out_scores_are_drawn(script: ModuleType):
    measures, layers = ["procrustes", *script.FITTED], ["one", "two"]
    mean = np.array([[1.2, 1.4], [0.1, 0.2], [0.2, 0.1], [0.3, 0.1]])
    found = xr.Dataset(
        {
            "score": (("measure", "layer", "fold"), mean[..., None] + [-0.1, 0.0, 0.1]),
            "rank": (("measure", "layer"), [[1, 2], [2, 1], [1, 2], [1, 2]]),
            "agreement": (("measure", "measure2"), np.eye(4)),
        },
        {"measure": measures, "measure2": measures, "layer": layers},
    )
    fitted = xr.Dataset({name: ("layer", [0.7, 0.8]) for name in script.FITTED}, {"layer": layers})
    controls = found[["score"]].isel(layer=[0]).assign_coords(layer=["pixels"])
    figure = script.draw(found, controls, fitted)
    left, middle, right = figure.axes
    drawn = np.ma.filled(left.images[0].get_array(), np.nan)
    assert np.array_equal(drawn[:, :2], found["rank"])
    assert np.isnan(drawn[:, 2]).all()
    assert left.get_xticklabels()[2].get_text() == "pixels"
    assert left.texts[0].get_text() == "1.20\n± 0.10"
    assert [label.get_text() for label in left.get_yticklabels()] == measures
    assert [label.get_text() for label in middle.get_xticklabels()] == measures
    assert np.array_equal(middle.images[0].get_array(), np.eye(4))
    drawn = [line.get_ydata() for line in right.lines if len(line.get_ydata()) == 2 and line.get_marker() == "o"]
    assert np.allclose(drawn[::2], 0.7 + 0.1 * np.arange(2))
    assert np.allclose(drawn[1::2], mean[1:])
    plt.close(figure)
