"""The walk through the layers, and the filter that finds a curve and nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "analyses" / "textbook_layers.py"
    spec = importlib.util.spec_from_file_location("textbook_layers", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_step_says_its_shape_and_both_figures_are_drawn(script: ModuleType, tmp_path: Path, capsys):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (50, 70, 3), dtype=np.uint8)).save(tmp_path / "a.png")
    script.main(["--image", str(tmp_path / "a.png"), "--out", str(tmp_path / "out")])
    told = capsys.readouterr().out
    for said in (
        "the image, 0 to 1: 32 × 32 × 3",
        "no padding: 26 × 26 × 1",
        "stride 2, padding 3: 16 × 16 × 1",
        "L2 pooling, 2 × 2: 13 × 13 × 1",
        "class probabilities: 10",
    ):
        assert said in told
    drawn = {file.name for file in (tmp_path / "out").iterdir()}
    assert drawn >= {"layers.png", "feature_identifier.png"}
    with pytest.raises(FileExistsError):
        script.main(["--image", str(tmp_path / "a.png"), "--out", str(tmp_path / "out")])


def test_the_activation_map_is_large_where_the_curve_is_and_small_elsewhere(script: ModuleType):
    answer = script.identified(script.curve_drawing())[0, 0].numpy()
    row, column = np.unravel_index(answer.argmax(), answer.shape)
    assert abs(row - 13) <= 1  # the arc's middle: 15.5 − 3.5 / √2 down, 27 + 3.5 / √2 across
    assert abs(column - 29.5) <= 1
    elsewhere = answer.copy()
    elsewhere[row - 3 : row + 4, column - 3 : column + 4] = 0
    assert elsewhere.max() < 0.75 * answer.max()
    assert np.median(elsewhere) == pytest.approx(0, abs=1e-4)
    assert (elsewhere > answer.max() / 2).mean() < 0.02


def test_probabilities_of_all_classes_sum_to_one(script: ModuleType):
    scores, chances = script._classes(script.photograph(None))
    assert scores.shape == (1, 10)
    assert chances.sum().item() == pytest.approx(1, abs=1e-6)
