"""Layers against areas: each score, interval, control, ceiling and sign stands where it belongs, once."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection

from cortexcnn import plot


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def scores(**columns) -> pd.DataFrame:
    named = [
        ("trained", "conv2", 0.2),
        ("trained", "conv10", 0.4),
        ("random weights", "conv2", 0.1),
        ("random weights", "conv10", 0.15),
        ("pixels", "pixels", 0.05),
        ("classical V1", "simple", 0.12),
    ]
    one = pd.DataFrame(named, columns=["network", "layer", "score"])
    table = pd.concat([one.assign(reference=name, units=units) for name in ("V1", "IT") for units in ("raw", "z")])
    table = table.assign(lower=table["score"] - 0.1, upper=table["score"] + 0.05)
    return table.assign(**columns).reset_index(drop=True)


def names(ax) -> list[str]:
    return [label.get_text() for label in ax.get_xticklabels()]


def marks(ax, size: float) -> list[PathCollection]:
    """The marks of one size, in points squared: a collection for each network."""
    return [one for one in ax.collections if isinstance(one, PathCollection) and one.get_sizes()[0] == size]


def test_a_panel_for_each_area_and_scaling_with_controls_first_and_layers_in_their_order():
    grid = plot.areas(scores())
    assert grid.shape == (2, 2)
    assert [ax.get_title() for ax in grid[0]] == ["V1", "IT"]
    assert [ax.get_ylabel() for ax in grid[:, 0]] == [f"similarity of RDMs\nunits {units}" for units in ("raw", "z")]
    assert names(grid[1, 0]) == ["pixels", "V1 simple", "conv2", "conv10"]
    assert set(names(grid[0, 0])) == {""}


def test_scores_and_intervals_are_those_of_the_table_and_lines_join_layers_alone():
    ax = plot.areas(scores())[0, 0]
    assert [line.get_ydata().tolist() for line in ax.lines[1:]] == [[0.2, 0.4], [0.1, 0.15]]
    segments = np.concatenate([one.get_segments() for one in ax.collections if hasattr(one, "get_segments")])
    ends = sorted(segments[:, :, 1].tolist())
    table = scores().iloc[:6]
    assert np.allclose(ends, sorted(table[["lower", "upper"]].to_numpy().tolist()))


def test_networks_with_the_same_layers_stand_beside_each_other_and_others_apart():
    table = scores()
    other = table[table["network"] == "trained"].assign(network="other", layer=["block1", "block2"] * 4)
    other["score"] += 0.01
    ax = plot.areas(pd.concat([table, other], ignore_index=True))[-1, 0]
    assert names(ax) == ["pixels", "V1 simple", "conv2", "conv10", "block1", "block2"]
    lines = {tuple(line.get_ydata()): line.get_xdata() for line in ax.lines[1:]}
    assert len(lines) == 3
    assert abs(lines[0.1, 0.15] - lines[0.2, 0.4]).max() < 0.3


def test_panels_of_one_area_share_a_scale_and_its_ceiling():
    table = scores(ceiling_lower=0.6, ceiling_upper=0.7)
    table.loc[table["reference"] == "IT", ["ceiling_lower", "ceiling_upper"]] = np.nan
    grid = plot.areas(table)
    band = grid[0, 0].patches[0]
    assert (band.get_y(), band.get_y() + band.get_height()) == pytest.approx((0.6, 0.7))
    assert not grid[0, 1].patches
    assert grid[0, 0].get_ylim() == grid[1, 0].get_ylim()
    assert grid[0, 0].get_ylim()[1] > 0.7 > grid[0, 1].get_ylim()[1]


def test_marks_are_filled_where_significant_and_signs_stand_at_their_layers():
    table = scores(p=0.5, p_ceiling=0.01, p_best=np.nan, by_chance=0.03)
    first = table.index[:2]  # both layers of the trained network, of the first panel
    table.loc[first[1], ["p", "p_ceiling"]] = 0.01, 0.3
    table.loc[first, "p_best"] = 0.4, np.nan
    ax = plot.areas(table)[0, 0]
    trained = marks(ax, 4.2**2)[0]
    assert trained.get_facecolors()[:, :3].round(2).tolist() == [[1, 1, 1], [0, 0.45, 0.70]]
    places = np.array(trained.get_offsets())
    near = np.concatenate([one.get_offsets() for one in marks(ax, 10)])
    assert near.tolist() == [[places[1, 0], pytest.approx(0.45)]]
    best, like = ax.lines[-2:]
    assert (best.get_xdata().tolist(), like.get_xdata().tolist()) == ([places[1, 0]], [places[0, 0]])
    assert {y for one in marks(ax, 12) for _, y in one.get_offsets()} == {0.03}


def test_the_key_tells_of_the_signs_that_are_there_alone():
    words = [text.get_text() for text in plot.areas(scores())[0, 1].get_legend().get_texts()]
    assert words == ["trained", "random weights"]
    words = [text.get_text() for text in plot.areas(scores(p=0.1), alpha=0.01)[0, 1].get_legend().get_texts()]
    assert words[2:] == ["p < 0.01", "p ≥ 0.01"]


def test_a_panel_without_scores_is_hidden_and_the_names_move_up():
    table = scores()
    grid = plot.areas(table[(table["reference"] == "V1") | (table["units"] == "raw")])
    assert not grid[1, 1].axison
    assert names(grid[0, 1])[-1] == "conv10"


def test_nan_and_a_single_layer_are_drawn_without_a_word():
    table = scores()
    table.loc[0, ["score", "lower", "upper"]] = np.nan
    plot.areas(table)[0, 0].figure.canvas.draw()
    only = table[(table["layer"] == "conv10") & (table["units"] == "raw")].drop(columns="units")
    assert names(plot.areas(only)[0, 0]) == ["conv10"]


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="this one lacks lower, upper"):
        plot.areas(scores().drop(columns=["lower", "upper"]))
    with pytest.raises(ValueError, match="this one has no row"):
        plot.areas(scores().iloc[:0])
    with pytest.raises(ValueError, match=r"trained, conv2 has two scores in one panel: tell them apart by"):
        plot.areas(scores().drop(columns="units"))
    with pytest.raises(ValueError, match="1 axes for 2 × 2 panels"):
        plot.areas(scores(), axes=np.array([plt.figure().add_subplot()]))
