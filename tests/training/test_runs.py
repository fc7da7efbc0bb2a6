"""Checkpoints: those of other networks and runs, and files that are none, are refused by name."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from torch import nn

from cortexcnn.training import LabelledImages, train

IMAGES = LabelledImages(
    torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 1, 8, 8).clone() * 60,
    torch.tensor([0, 1, 0, 1]),
    ("a", "b"),
)


def network(width: int = 8) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Linear(width, 2))


def go(module: nn.Module, folder: Path, images: LabelledImages = IMAGES, **options):
    return train(module, images, **({"epochs": 1, "progress": False, "out": folder} | options))


def test_a_checkpoint_of_another_width_is_refused_with_its_shapes(tmp_path: Path):
    go(network(), tmp_path)
    with pytest.raises(ValueError, match=r"another architecture: it has 1.bias \(8,\) for \(9,\), 1.weight"):
        go(network(9), tmp_path, resume=True)


def test_a_checkpoint_of_other_layers_is_refused_with_their_names(tmp_path: Path):
    go(network(), tmp_path)
    other = nn.Sequential(nn.Flatten(), nn.Linear(64, 8), nn.ReLU(), nn.Linear(8, 2))
    with pytest.raises(ValueError, match=r"it lacks 3.bias, 3.weight; it has besides 2.bias, 2.weight"):
        go(other, tmp_path, resume=True)


def test_a_refused_checkpoint_leaves_the_network_alone(tmp_path: Path):
    go(network(), tmp_path)
    other = network(9)
    before = other[2].bias.clone()
    with pytest.raises(ValueError, match="another architecture"):
        go(other, tmp_path, resume=True)
    assert torch.equal(before, other[2].bias)


def test_other_settings_are_named(tmp_path: Path):
    go(network(), tmp_path)
    with pytest.raises(ValueError, match=r"other settings \(epochs 1, now 3; rate 0.1, now 0.2\)"):
        go(network(), tmp_path, resume=True, epochs=3, rate=0.2)


def test_other_images_are_noticed(tmp_path: Path):
    go(network(), tmp_path)
    other = LabelledImages(IMAGES.pixels + 1, IMAGES.labels, IMAGES.classes)
    with pytest.raises(ValueError, match=r"other settings \(images \w+, now \w+\)"):
        go(network(), tmp_path, other, resume=True)


def test_no_checkpoint_to_resume(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="start the run without resume"):
        go(network(), tmp_path / "nowhere", resume=True)


class Evil:
    def __reduce__(self):
        return print, ("executed",)


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps(Evil())], ids=["empty", "junk", "pickle"])
def test_a_file_that_is_no_checkpoint_is_refused(tmp_path: Path, content: bytes, capsys):
    (tmp_path / "checkpoint.pt").write_bytes(content)
    with pytest.raises(ValueError, match=r"checkpoint.pt is no checkpoint of a training run"):
        go(network(), tmp_path, resume=True)
    assert capsys.readouterr().out == ""


def test_a_checkpoint_that_asks_for_a_program_is_refused_and_runs_nothing(tmp_path: Path, capsys):
    torch.save({"module": Evil()}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match=r"checkpoint.pt is no checkpoint that can be read safely"):
        go(network(), tmp_path, resume=True)
    assert capsys.readouterr().out == ""


def test_a_file_of_torch_that_is_no_checkpoint_is_refused(tmp_path: Path):
    torch.save({"module": {}}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match="no checkpoint of a training run"):
        go(network(), tmp_path, resume=True)


def test_a_checkpoint_that_is_cut_short_is_refused(tmp_path: Path):
    go(network(), tmp_path)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(ValueError, match="no checkpoint"):
        go(network(), tmp_path, resume=True)
