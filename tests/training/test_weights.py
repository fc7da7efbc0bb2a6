"""Weights as others read them: every tensor and every fact comes back."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import nn

from cortexcnn.training import LabelledImages, Standardise, save_weights, train

IMAGES = LabelledImages(
    torch.arange(4, dtype=torch.uint8)[:, None, None, None].expand(4, 1, 8, 8).clone() * 60,
    torch.tensor([0, 1, 0, 1]),
    ("a", "b"),
    "four greys",
)


def facts(path: Path) -> dict[str, str]:
    with safe_open(path, framework="pt") as file:
        return file.metadata()


def test_tensors_come_back_bit_for_bit(tmp_path: Path):
    module = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)).to(memory_format=torch.channels_last)
    found = load_file(save_weights(module, tmp_path / "w.safetensors"))
    assert found.keys() == module.state_dict().keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in module.state_dict().items())


def test_facts_come_back_as_text(tmp_path: Path):
    path = save_weights(nn.Linear(1, 1), tmp_path / "w.safetensors", mean=(0.1, 1 / 3), degrees=2.0, classes=["a", "b"])
    assert facts(path) == {"mean": f"0.1 {1 / 3}", "degrees": "2.0", "classes": "a, b"}


def test_a_file_that_is_there_is_replaced_and_others_may_read_it(tmp_path: Path):
    path = save_weights(nn.Linear(1, 1), tmp_path / "w.safetensors", name="first")
    save_weights(nn.Linear(1, 1), path, name="second")
    assert facts(path)["name"] == "second"
    assert path.stat().st_mode & 0o044 == 0o044
    assert [file.name for file in tmp_path.iterdir()] == ["w.safetensors"]


def test_a_run_says_how_its_weights_came_about(tmp_path: Path):
    class Eye(Standardise):
        pixels, degrees = 8, 2.0

    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 2))
    history = train(
        network,
        IMAGES,
        validation=IMAGES,
        eye=Eye((0.25,), (0.5,)),
        epochs=2,
        progress=False,
        out=tmp_path,
        metadata={"name": "tiny", "command": "cortexcnn train …"},
    )
    said = facts(tmp_path / "weights.safetensors")
    expected = {
        "name": "tiny",
        "channels": "1",
        "mean": "0.25",
        "std": "0.5",
        "range": "0.0 1.0",
        "pixels": "8",
        "degrees": "2.0",
        "classes": "a, b",
        "epochs": "2",
        "epochs_done": "2",
        "seed": "0",
        "data": "4 four greys",
        "tested_on": "4 four greys",
        "command": "cortexcnn train …",
        "test_accuracy": str(float(history.validation_accuracy[-1])),
    }
    assert {key: said[key] for key in expected} == expected
    assert "torch" in said["trained_by"]
