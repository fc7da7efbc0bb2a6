"""The page of the battery holds a score for each property, a figure for each layer, and both tables."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn import reference
from cortexcnn.protocols import PROPERTIES, marques2020_scores
from cortexcnn.report import battery_study
from cortexcnn.screen import Screen


def test_all_layers_have_their_section(tmp_path: Path):
    generator, columns = np.random.default_rng(0), {}
    for name in (name for name, (of, _) in PROPERTIES.items() if of != "texture"):
        neurons = reference.published(name)
        columns[name] = "unit", generator.uniform(neurons.bin_low[0], neurons.bin_high[-1], 30)
        columns[f"valid_{name}"] = "unit", np.ones(30, bool)
    properties = xr.Dataset(
        columns, {"layer": ("unit", ["conv1"] * 20 + ["conv2"] * 10)}, {"model": "mine", "compat": "none"}
    )
    scores = marques2020_scores(properties, layers=["conv1", "conv2", "conv3"], draws=20)
    network = SimpleNamespace(name="mine", eye=Screen(8, 224))
    text = battery_study(tmp_path, network, properties, scores).read_text(encoding="utf-8")
    assert "the paper&#x27;s textures can&#x27;t be synthesised yet" in text
    assert "No unit of this layer counts" in text
    assert "under the noise of neurons" in text
    assert {file.name for file in (tmp_path / "figures").glob("*.png")} == {"scores.png", "conv1.png", "conv2.png"}
    assert len(pd.read_csv(tmp_path / "properties.csv")) == 30
    table = pd.read_csv(tmp_path / "scores.csv", keep_default_na=False).set_index(["layer", "property"])
    assert len(table) == 3 * 22
    assert float(table.loc[("conv1", "maximum"), "ceiled"]) == float(
        scores.ceiled.sel(layer="conv1", property="maximum")
    )
