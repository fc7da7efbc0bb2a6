"""Layers against a reference: scores, intervals, controls and the ceiling stand where they belong."""

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


def scores(shift: float = 0.0, layers: tuple[str, ...] = ("b", "a")) -> xr.Dataset:
    middle = np.array([0.2, 0.4]) + shift
    named = {"score": middle, "lower": middle - 0.1, "upper": middle + 0.05}
    return xr.Dataset({name: ("layer", values) for name, values in named.items()}, {"layer": list(layers)})


def test_layers_keep_their_order_and_controls_come_first():
    ax = plot.layers_by_reference(
        {"trained": scores(), "random": scores(-0.1)}, controls={"pixels": (0.1, 0.0, 0.2)}, ceiling=(0.6, 0.7)
    )
    assert [label.get_text() for label in ax.get_xticklabels()] == ["pixels", "b", "a"]
    assert ax.lines[2].get_ydata().tolist() == [0.2, 0.4]
    ends = np.array([segment[:, 1] for segment in ax.collections[1].get_segments()])
    assert np.allclose(ends, [[0.1, 0.25], [0.3, 0.45]])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["noise ceiling", "trained", "random"]


def test_networks_with_other_layers_are_refused():
    with pytest.raises(ValueError, match="random has other layers"):
        plot.layers_by_reference({"trained": scores(), "random": scores(layers=("b", "c"))})
