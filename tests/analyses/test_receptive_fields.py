"""Networks through three mappings to tables and a figure, each layer and mapping in its place."""

from __future__ import annotations

import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

SCRIPT = runpy.run_path(str(Path(__file__).parents[2] / "analyses" / "receptive_fields.py"))


def test_a_network_is_mapped_tabled_and_drawn(tmp_path, capsys):
    options = ["--most", "3", "--count", "800", "--out", str(tmp_path / "fields")]
    figure = SCRIPT["main"]([*options, "--probe", "cortexnet", "default", "relu1"])
    assert figure.is_file()
    measures, layers, pairs = (
        pd.read_csv(tmp_path / "fields" / f"{name}.csv") for name in ("measures", "layers", "agreement")
    )
    assert len(measures) == 3 * 3
    assert layers.loc[0, ["network", "layer", "units", "pixels"]].tolist() == ["cortexnet", "relu1", 3, 7]
    assert layers.loc[0, "average"] == 1
    assert layers.loc[0, ["spots_low", "spots_share", "spots_high"]].is_monotonic_increasing
    assert pairs["pair"].tolist() == ["gratings / spots", "gratings / noise", "spots / noise"]
    assert "relu1" in capsys.readouterr().out
    with pytest.raises(FileExistsError):
        SCRIPT["main"]([*options, "--probe", "cortexnet", "default", "relu1"])


def made_up() -> pd.DataFrame:
    """Two networks: in one the share is the same in all layers, in the other the used field grows as the root."""
    pixels = np.array([4.0, 16.0, 64.0, 4.0, 16.0, 64.0])
    share = np.array([0.5, 0.5, 0.5, 0.8, 0.4, 0.2])
    table = pd.DataFrame({"network": ["even"] * 3 + ["root"] * 3, "layer": list("abcabc"), "pixels": pixels})
    for name in ("gratings", "spots", "noise"):
        table[f"{name}_low"], table[f"{name}_share"], table[f"{name}_high"] = share - 0.1, share, share + 0.1
    return table.assign(average=0.5, covariance=0.2, neither=0.3)


def test_growth_is_the_power_of_the_exact_size():
    table = made_up()
    table.loc[4, "noise_share"] = np.nan
    grown = SCRIPT["growth"](table).set_index("network")
    assert grown.loc["even"].tolist() == pytest.approx([1, 1, 1])
    assert grown.loc["root", ["gratings", "spots"]].tolist() == pytest.approx([0.5, 0.5])
    assert np.isnan(grown.loc["root", "noise"])


def test_every_layer_has_its_place_in_both_panels():
    at = np.linspace(-1, 1, 5)
    coords = {"y": at, "x": at, "unit": ["one"], "layer": ("unit", ["a"])}
    coords |= {name: ("unit", [value]) for name, value in (("rf_x", 0.0), ("rf_y", 0.0), ("rf_size", 2.0))}
    table = xr.Dataset({"field": (("y", "x", "unit"), np.ones((5, 5, 1))), "found": ("unit", ["average"])}, coords)
    figure = SCRIPT["draw"](made_up(), [dict.fromkeys(("gratings", "spots", "noise"), table)])
    *maps, shares, found = figure.axes
    assert [ax.get_title() for ax in maps] == ["gratings", "spots", "noise: average"]
    assert [line.get_ydata().tolist() for line in shares.lines[:3]] == [made_up()["spots_share"].tolist()] * 3
    assert [bar.get_height() for bar in found.patches] == pytest.approx([0.5] * 6 + [0.2] * 6 + [0.3] * 6)
    assert found.get_xticklabels()[4].get_text() == "b, 16 px"
    assert [text.get_text() for text in shares.texts] == ["even", "root"]
    plt.close(figure)
