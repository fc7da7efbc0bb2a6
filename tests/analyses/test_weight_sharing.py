"""Weight sharing: images are moved as they are said to be, and what is done is not done again."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest
import torch

from cortexcnn.training import LabelledImages, Standardise


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = Path(__file__).parents[2] / "analyses" / "weight_sharing.py"
    spec = importlib.util.spec_from_file_location("weight_sharing", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_quarter_of_the_images_moves_to_each_side(script: ModuleType):
    pixels = torch.zeros(8, 1, 9, 9, dtype=torch.uint8)
    pixels[:, 0, 4, 4] = 255
    images = LabelledImages(pixels, torch.zeros(8, dtype=torch.int64), ("a",))
    found = [tuple(torch.nonzero(one[0])[0].tolist()) for one in script.moved(images, 3).pixels]
    assert found == [(7, 4), (1, 4), (4, 7), (4, 1)] * 2
    assert torch.equal(script.moved(images, 0).pixels, pixels)


def test_both_networks_differ_in_nothing_but_sharing(script: ModuleType):
    shared, local = (script.network(kind, 10, 8, 1, 0) for kind in script.KINDS)
    assert torch.equal(shared[7].weight, local[7].weight)
    image = torch.rand(2, 1, 8, 8)
    assert shared(image).shape == local(image).shape == (2, 10)
    count = [sum(weight.numel() for weight in module.parameters()) for module in (shared, local)]
    assert count[1] - count[0] == 63 * (16 * 25 + 16) + 15 * (32 * 400 + 32)


def test_neighbours_agree_where_they_share_their_weights(script: ModuleType):
    pixels = torch.randint(256, (40, 1, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    images, eye = LabelledImages(pixels, torch.arange(40) % 2, ("a", "b")), Standardise((0.5,), (0.25,))
    shared, local = (script.network(kind, 2, 32, 1, 0) for kind in script.KINDS)
    assert script.agreement(shared, images, eye) == pytest.approx(1, abs=1e-5)
    assert abs(script.agreement(local, images, eye)) < 0.5
    few = LabelledImages(pixels[:, :, :20, :20], images.labels, images.classes)
    assert math.isnan(script.agreement(shared, few, eye))


@pytest.mark.slow
def test_what_is_done_is_read_back(script: ModuleType, tmp_path: Path, capsys):
    words = ["--data", "digits", "--shares", "0.1", "--epochs", "1", "--out", str(tmp_path)]
    script.main([*words, "--seeds", "1"])
    files = {file: file.stat().st_mtime_ns for file in tmp_path.glob("*/tested.csv")}
    assert len(files) == 2
    script.main([*words, "--seeds", "2"])
    assert {file: file.stat().st_mtime_ns for file in files} == files
    table = pd.read_csv(tmp_path / "weight_sharing.csv")
    assert len(table) == 2 * 2 * 5
    assert (tmp_path / "weight_sharing.png").is_file()
    assert "not shared" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--shares", "0"], ["--shares", "2"], ["--seeds", "0"], ["--epochs", "0"]])
def test_conditions_that_make_no_sense_are_refused(script: ModuleType, words: list[str], tmp_path: Path):
    with pytest.raises(SystemExit):
        script.main(["--data", "digits", "--out", str(tmp_path), *words])
