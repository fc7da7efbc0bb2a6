"""Noise through the electrode to a figure and a table for each layer."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "analyses" / "receptive_field_shapes.py"
    spec = importlib.util.spec_from_file_location("receptive_field_shapes", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_simple_cells_have_the_lobes_that_were_built_in_and_complex_cells_no_map(script, tmp_path, capsys):
    options = ["classical_v1", "--degrees", "3", "--layers", "simple,complex", "--count", "1500", "--out"]
    built = ["--with", "pixels=48", "orientations=0,60", "spatial_frequencies=2,3"]
    folder = script.main([*options, str(tmp_path / "shapes"), *built])
    measures = pd.read_csv(folder / "measures.csv").set_index("layer")
    assert measures.loc["simple"].valid.all()
    assert measures.loc["simple"].n_x.median() == pytest.approx(0.4, rel=0.1)
    assert not measures.loc["complex"].valid.any()
    assert {file.name for file in folder.iterdir()} >= {"simple.png", "complex.png"}
    assert "average no different from chance" in capsys.readouterr().out
    with pytest.raises(FileExistsError):
        script.main([*options, str(tmp_path / "shapes"), *built])
