"""The shipped network: its form, and the weights that come with it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors import safe_open
from torch import nn

from cortexcnn.models import load
from cortexcnn.models.cortexnet import cortexnet
from cortexcnn.shipped import shipped
from cortexcnn.training import evaluate, jpeg_archive


def test_every_stage_has_a_convolution_a_normalisation_and_a_rectification_of_its_own():
    names = dict(cortexnet().named_children())
    for stage in range(1, 7):
        assert isinstance(names[f"conv{stage}"], nn.Conv2d)
        assert isinstance(names[f"norm{stage}"], nn.BatchNorm2d)
        assert isinstance(names[f"relu{stage}"], nn.ReLU)
        assert not names[f"relu{stage}"].inplace


def test_the_first_filters_are_large_and_keep_every_position():
    first = cortexnet().conv1
    assert first.weight.shape == (32, 3, 7, 7)
    assert cortexnet().eval().conv1(torch.zeros(1, 3, 32, 32)).shape == (1, 32, 32, 32)


@pytest.mark.parametrize(("channels", "classes"), [(1, 2), (3, 10), (3, 50)])
def test_channels_and_classes_are_as_asked(channels: int, classes: int):
    network = cortexnet(classes=classes, channels=channels).eval()
    assert network(torch.zeros(2, channels, 32, 32)).shape == (2, classes)


def test_the_multiply_adds_in_the_table_of_the_module_are_right():
    network, counted = cortexnet().eval(), []
    for module in network:
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(
                lambda conv, _, out: counted.append(conv.weight.numel() * out.shape[2] * out.shape[3] / 1e6)
            )
    network(torch.zeros(1, 3, 32, 32))
    assert counted == pytest.approx([4.8, 4.7, 9.4, 4.7, 9.4, 4.7], abs=0.05)


def test_the_shipped_weights_fit_and_say_how_their_images_were_prepared():
    path = shipped("cortexnet.safetensors")
    assert path.stat().st_size <= 4 * 2**20
    network = cortexnet()
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 (no mapping)
    assert metadata["name"] == "cortexnet"
    assert (metadata["channels"], metadata["pixels"], metadata["degrees"]) == ("3", "32", "2.0")
    for key in ("mean", "std"):
        assert all(0 < float(number) < 1 for number in metadata[key].split())
        assert len(metadata[key].split()) == 3
    assert tuple(float(number) for number in metadata["range"].split()) == (0, 1)
    assert metadata["classes"].split(", ")[3] == "cat"
    assert metadata["command"].startswith("cortexcnn train cortexnet")


def test_the_shipped_log_is_that_of_the_shipped_weights():
    log = pd.read_csv(shipped("cortexnet.csv"))
    with safe_open(shipped("cortexnet.safetensors"), framework="pt") as file:
        metadata = file.metadata()
    assert log.epoch.tolist() == list(range(1, int(metadata["epochs_done"]) + 1))
    assert log.validation_accuracy.iloc[-1] == float(metadata["test_accuracy"])
    assert log.train_loss.iloc[-1] < log.train_loss.iloc[0]


@pytest.mark.slow
def test_the_shipped_weights_have_the_accuracy_that_they_state(shared_data: Path):
    _, test = jpeg_archive(shared_data / "images" / "cifar10_jpeg.npz")
    network = load("cortexnet")
    with safe_open(shipped("cortexnet.safetensors"), framework="pt") as file:
        stated = float(file.metadata()["test_accuracy"])
    assert evaluate(network, test)["accuracy"] == pytest.approx(stated, abs=2e-4)
