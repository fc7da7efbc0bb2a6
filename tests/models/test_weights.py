"""Weights from files: what is read, what is refused, what a partial load says."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from cortexcnn.models import load
from cortexcnn.models.weights import read


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    return torchvision.models.squeezenet1_1().state_dict()


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": {f"module.{key}": value for key, value in state.items()}},
        lambda state: {f"_orig_mod.{key}": value for key, value in state.items()},
    ],
)
def test_checkpoints_are_opened(wrapped, state, tmp_path):
    torch.save(wrapped(state), tmp_path / "weights.pth")
    network = load("squeezenet1_1", weights=tmp_path / "weights.pth")
    assert network.weights == "weights.pth"
    assert all(torch.equal(value, state[key]) for key, value in network.module.state_dict().items())
    assert not network.layers()["random"].any()


def test_safetensors_are_read(state, tmp_path):
    save_file(state, tmp_path / "weights.safetensors")
    assert all(torch.equal(value, state[key]) for key, value in read(tmp_path / "weights.safetensors").items())


def test_older_names_of_densenets_are_understood(tmp_path):
    state = torchvision.models.densenet121().state_dict()
    older = {key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): v for key, v in state.items()}
    assert older.keys() != state.keys()
    torch.save(older, tmp_path / "weights.pth")
    assert read(tmp_path / "weights.pth").keys() == state.keys()


class Harmful:
    def __reduce__(self):
        return (Path("touched").touch, ())


def test_a_pickle_that_needs_more_is_refused_and_not_run(state, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    torch.save({"state_dict": state, "extra": Harmful()}, "weights.pth")
    with pytest.raises(ValueError, match=r"a pickle can run any code: refused.*torch.save\(module.state_dict"):
        load("squeezenet1_1", weights="weights.pth")
    assert not Path("touched").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("weights.pth", b"", "damaged or no file of torch.save"),
        ("weights.pt", b"PK\x03\x04 no archive", "damaged or no file of torch.save"),
        ("weights.safetensors", b"nonsense nonsense", "damaged or no safetensors file"),
        ("weights.h5", b"", "wanted .pth, .pt or .safetensors"),
    ],
)
def test_other_files_are_refused(name, content, message, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=message):
        read(tmp_path / name)


def test_files_that_are_not_there_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="give default, none, or the path of"):
        load("squeezenet1_1", weights=tmp_path / "weights.pth")


@pytest.mark.parametrize("content", [[1, 2], {"epoch": 3}, {}])
def test_files_without_a_state_dict_are_refused(content, tmp_path):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="holds no state dict but a"):
        read(tmp_path / "weights.pth")


def test_weights_that_do_not_fit_are_named(state, tmp_path):
    changed = dict(state)
    changed["extra.weight"] = changed.pop("classifier.1.bias")
    changed["features.0.weight"] = torch.zeros(64, 1, 3, 3)
    torch.save(changed, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="don't fit SqueezeNet") as caught:
        load("squeezenet1_1", weights=tmp_path / "weights.pth")
    for words in (
        "1 missing (classifier.1.bias)",
        "1 that the network doesn't have (extra.weight)",
        "1 of another shape (features.0.weight: 64×1×3×3 for 64×3×3×3)",
        "partial=True",
    ):
        assert words in str(caught.value)


def test_a_partial_load_warns_and_marks_the_layers(state, tmp_path):
    kept = {key: value for key, value in state.items() if not key.startswith(("features.12", "classifier"))}
    torch.save(kept, tmp_path / "weights.pth")
    with pytest.warns(UserWarning, match=r"stay random: 8 missing \(features.12.squeeze.weight"):
        network = load("squeezenet1_1", weights=tmp_path / "weights.pth", partial=True)
    table = network.layers()
    assert torch.equal(network.module.state_dict()["features.0.weight"], state["features.0.weight"])
    order = table["layer"].values.tolist()
    first = order.index("features.12.squeeze")
    assert not table["random"][:first].any()
    assert table["random"][first:].all()


def test_weights_of_another_network_are_refused_even_in_part(state, tmp_path):
    torch.save(state, tmp_path / "weights.pth")
    with pytest.raises(ValueError, match="nothing fits: is it another network's"):
        load("resnet18", weights=tmp_path / "weights.pth", partial=True)


def test_partial_resnet_of_real_weights(shared_data):
    file = shared_data / "weights" / "resnet18_imagenet_PARTIAL_to_layer3.pth"
    with pytest.raises(ValueError, match=r"missing \(layer4.0.conv1.weight"):
        load("resnet18", weights=file)
    with pytest.warns(UserWarning, match="partial weights"):
        table = load("resnet18", weights=file, partial=True).layers()
    assert not table["random"].sel(layer=["conv1", "layer1.1", "layer3"]).any()
    assert table["random"].sel(layer=["layer4.0.conv1", "layer4", "fc"]).all()
