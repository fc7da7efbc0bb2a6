"""Several processes come to what one comes to; lower precision and clipping do what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn import functional

from cortexcnn.training import digits, fabric, train
from cortexcnn.training.engine import Alone

TWO = Path(__file__).with_name("two_processes.py")


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path: Path):
    alone = "import sys; sys.path.insert(0, sys.argv[1]); from two_processes import go; go(sys.argv[2])"
    subprocess.run([sys.executable, "-c", alone, str(TWO.parent), str(tmp_path / "one")], check=True)
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    shared = subprocess.run([*start, str(TWO), str(tmp_path / "two")], capture_output=True, text=True, check=False)
    assert shared.returncode == 0, shared.stderr
    one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("one", "two"))
    for name in one:
        torch.testing.assert_close(one[name], two[name], rtol=1e-4, atol=1e-5)
    logs = [pd.read_csv(tmp_path / name / "log.csv").drop(columns="seconds") for name in ("one", "two")]
    pd.testing.assert_frame_equal(*logs, rtol=1e-4)
    assert {file.name for file in (tmp_path / "two").iterdir()} == {file.name for file in (tmp_path / "one").iterdir()}


def test_processes_that_were_not_started_are_asked_for_by_name():
    with pytest.raises(ValueError, match=r"4 processes .* 1 was started: torchrun --nnodes 2 --nproc_per_node 2"):
        fabric(devices=2, nodes=2)


def test_a_fabric_of_one_process_changes_nothing():
    training, _ = digits()
    networks = []
    for shared in (None, fabric()):
        torch.manual_seed(0)
        networks.append(nn.Sequential(nn.Flatten(), nn.Linear(64, 10)))
        train(networks[-1], training[:100], epochs=2, flip=False, fabric=shared, progress=False)
    assert torch.equal(networks[0][1].weight, networks[1][1].weight)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precision_still_learns_and_leaves_float32_weights(precision: str):
    training, test = digits()
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    history = train(
        network, training, validation=test, epochs=4, flip=False, shift=0, precision=precision, progress=False
    )
    assert history.validation_accuracy[-1] > 0.85
    assert network[1].weight.dtype == torch.float32
    torch.manual_seed(0)
    exact = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    train(exact, training, epochs=4, flip=False, shift=0, progress=False)
    assert not torch.equal(exact[1].weight, network[1].weight)
    assert torch.nn.functional.cosine_similarity(exact[1].weight, network[1].weight).min() > 0.97


def test_float16_is_not_shared_on_processors():
    with pytest.raises(ValueError, match="take bfloat16"):
        fabric(precision="float16")


def test_float16_goes_on_with_the_scale_that_it_had_found(tmp_path: Path):
    """Single images make gradients that float16 can't hold at the first scale, so it changes within a few steps."""
    training, _ = digits()
    settings = {"epochs": 3, "batch": 1, "flip": False, "precision": "float16", "progress": False}

    def go(**more: object) -> dict[str, torch.Tensor]:
        torch.manual_seed(0)
        network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
        train(network, training[:30], **settings, **more)
        return network.state_dict()

    def stop(_: object) -> None:
        raise KeyboardInterrupt

    whole = go(out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        go(out=tmp_path / "parts", after_epoch=stop)
    kept = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)["scale"]
    assert kept["scale"] < 65536
    again = go(out=tmp_path / "parts", resume=True)
    for name, tensor in whole.items():
        assert torch.equal(tensor, again[name])
    scales = [torch.load(tmp_path / name / "checkpoint.pt", weights_only=True)["scale"] for name in ("whole", "parts")]
    assert scales[0] == scales[1]


def test_a_long_gradient_is_shortened_and_a_short_one_left_alone():
    images = torch.ones(4, 3)
    moved = []
    for clip in (0.0, 1.0, 100.0):
        torch.manual_seed(0)
        line = nn.Linear(3, 2, bias=False)
        before = line.weight.detach().clone()
        engine = Alone(line, torch.optim.SGD(line.parameters(), lr=1.0), "float32")
        engine.step(functional.cross_entropy(engine.forward(images), torch.ones(4, dtype=torch.int64)) * 10, clip)
        moved.append((line.weight - before).norm().item())
    assert moved[0] == moved[2] > 2
    assert moved[1] == pytest.approx(1, rel=1e-4)
