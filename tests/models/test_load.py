"""Networks by name: torchvision's, factories, the project's own, and every refusal."""

from __future__ import annotations

import sys
import textwrap
from urllib.error import URLError

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from cortexcnn.models import Eye, load, names
from cortexcnn.models.load import BY_HAND, OWN, TRAINED


def test_names_hold_every_classification_network():
    assert {*OWN, *torchvision.models.list_models(module=torchvision.models)} == set(names())


def test_random_weights_come_from_the_seed_and_leave_the_generator_alone():
    before = torch.get_rng_state()
    first, again, other = (load("squeezenet1_1", weights="none", seed=seed) for seed in (1, 1, 2))
    assert torch.equal(before, torch.get_rng_state())
    hashes = [network.hashes()["weights_hash"] for network in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]


def test_eye_is_that_of_the_published_weights():
    network = load("efficientnet_b1", weights="none")
    assert network.eye == Eye(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), pixels=240, degrees=8)


def test_eye_pixels_and_degrees_can_be_given():
    network = load("squeezenet1_1", weights="none", pixels=64, degrees=2)
    assert (network.eye.pixels, network.eye.degrees, network.eye.mean[0]) == (64, 2, 0.485)
    given = Eye(mean=0.5, pixels=48)
    assert load("squeezenet1_1", weights="none", eye=given).eye == given


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_inception_networks_load_without_warnings_as_published(name, tmp_path):
    network = load(name, weights="none", pixels=96)
    assert network.module.transform_input
    assert not network.module.aux_logits
    side = torchvision.models.get_model(name, aux_logits=True, init_weights=False)
    torch.save(side.state_dict(), tmp_path / "side.pth")
    assert load(name, weights=tmp_path / "side.pth").module.aux_logits


def test_transformers_take_the_size_that_is_asked_for():
    network = load("vit_b_32", weights="none", pixels=64)
    assert network(torch.rand(1, 1, 64, 64)).shape == (1, 1000)


FAMILIES = {
    "convnext_tiny": 64, "efficientnet_b0": 64, "efficientnet_v2_s": 64, "maxvit_t": 224, "mnasnet0_5": 64,
    "mobilenet_v3_small": 64, "regnet_y_400mf": 64, "resnext50_32x4d": 64, "swin_t": 64, "swin_v2_t": 64,
    "vgg11_bn": 64, "vit_b_32": 64, "wide_resnet50_2": 64,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_has_its_table(name):
    pixels = FAMILIES[name]
    network = load(name, weights="none", pixels=pixels)
    table = network.layers()
    parts = {layer.rpartition(".")[0] for layer in table["layer"].values.tolist()} - {""}
    assert parts <= {layer for layer, _ in network.module.named_modules()}
    assert not table["whole_image"].isel(layer=0)
    assert table["whole_image"].isel(layer=-1)
    last = network.receptive_field(table["layer"].values[-1])
    assert (last.channels, last.rows, last.columns) == (1000, 1, 1)
    assert last.window(0, 0).shape == (pixels, pixels)
    assert network(torch.rand(1, 1, pixels, pixels)).shape == (1, 1000)


@pytest.mark.parametrize(
    ("given", "near"), [("alexnett", "alexnet"), ("resnet-18", "resnet18"), ("corexnet", "cortexnet")]
)
def test_unknown_networks_are_refused_with_the_nearest(given, near):
    with pytest.raises(ValueError, match=rf"no network named '{given}'; nearest are .*{near}"):
        load(given)


def test_weights_out_of_reach_are_named_with_the_remedy(monkeypatch):
    def unreachable(*_args, **_options):
        raise URLError("no route")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(ConnectionError, match=r"alexnet can't be fetched from https.*weights='none'"):
        load("alexnet")


def test_devices_that_are_not_there_are_refused():
    with pytest.raises(ValueError, match=r"the device nonsense can't be used here: .*; try cpu"):
        load("squeezenet1_1", weights="none", device="nonsense")


@pytest.fixture
def user_code(tmp_path, monkeypatch):
    (tmp_path / "their_networks.py").write_text(
        textwrap.dedent("""
        import torch
        from torch import nn
        from cortexcnn.models import Eye, wrap

        def with_eye():
            module = nn.Sequential(nn.Conv2d(1, 2, 3))
            module.eye = Eye(channels=1, pixels=12, degrees=3)
            return module

        def wrapped():
            return wrap(with_eye(), Eye(channels=1, pixels=10), name="inner")

        def bare():
            return nn.Sequential(nn.Conv2d(1, 2, 3))

        def screened(screen=3, weights=None):
            return with_eye()

        def learned():
            module = with_eye()
            module.scale = nn.Parameter(torch.ones(1))
            return module

        def text():
            return "no module"

        limit = 3
        """)
    )
    monkeypatch.chdir(tmp_path)


def test_factories_of_the_user(user_code):
    before = list(sys.path)
    network = load("their_networks:with_eye")
    assert sys.path == before
    assert (network.name, network.weights, network.eye.pixels) == ("their_networks:with_eye", "default", 12)
    assert network.hashes() == load("their_networks:with_eye").hashes()
    assert load("their_networks:wrapped", degrees=1).eye == Eye(channels=1, pixels=10, degrees=1)
    assert load("their_networks:bare", eye=Eye(channels=1, pixels=9)).eye.pixels == 9


def test_factories_with_random_weights(user_code):
    first, again, other = (load("their_networks:with_eye", weights="none", seed=seed) for seed in (1, 1, 2))
    hashes = [network.hashes()["weights_hash"] for network in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    with pytest.raises(ValueError, match=r"its parameters \(scale\) belong to no module with reset_parameters"):
        load("their_networks:learned", weights="none")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("their_networks:bare", r"give eye=Eye\(channels=…"),
        ("their_networks:text", "returned a str; a factory returns an nn.Module"),
        ("their_networks:with_ey", "no factory 'with_ey'; nearest are with_eye"),
        ("their_networks:limit", "no factory 'limit'"),
        ("not_there:network", "no module not_there"),
    ],
)
def test_factories_that_do_not_serve_are_refused(user_code, name, message):
    with pytest.raises(ValueError, match=message):
        load(name)


def test_own_networks_carry_their_eyes():
    network = load("cortexnet")
    assert (network.weights, network.eye.pixels, network.eye.degrees) == ("default", 32, 2)
    assert not network.layers()["random"].any()
    assert network.hashes()["weights_hash"] != load("cortexnet", weights="none").hashes()["weights_hash"]
    assert load("cortexnet", weights="none").eye == network.eye
    assert load("cortexnet", degrees=8).eye.degrees == 8


def test_what_is_built_by_hand_has_no_random_weights():
    with pytest.raises(ValueError, match="classical_v1 is built by hand and has no random weights"):
        load("classical_v1", weights="none")


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["resnet18", "densenet121", "convnext_tiny", "swin_t", "vit_b_32"])
def test_the_table_is_the_same_on_an_accelerator(name):
    first, second = (load(name, weights="none", pixels=64, device=device) for device in ("cpu", "cuda"))
    assert second.device.type == "cuda"
    assert first.hashes() == second.hashes()
    columns = ["output_shape", "whole_image", "rf_height", "rf_width", "rf_stride_pixels", "rf_x", "rf_y"]
    assert first.layers()[columns].equals(second.layers()[columns])


def test_a_safetensors_file_may_state_the_eye(tmp_path):
    said = {"channels": "3", "pixels": "20", "mean": ".1 .2 .3", "std": "1 1 1", "range": "-1 1", "degrees": "5"}
    save_file(torchvision.models.squeezenet1_1().state_dict(), tmp_path / "w.safetensors", said)
    network = load("squeezenet1_1", weights=tmp_path / "w.safetensors")
    assert network.eye == Eye(channels=3, pixels=20, mean=(0.1, 0.2, 0.3), std=1, range=(-1, 1), degrees=5)
    assert network.weights == "w.safetensors"


@pytest.mark.parametrize("name", ["cortexnet", "squeezenet1_1", "cortexcnn.models.cortexnet:cortexnet"])
def test_a_network_for_other_classes_has_as_many_outputs(name):
    network = load(name, weights="none", classes=7, eye=Eye(pixels=32))
    assert network(torch.zeros(1, 1, 32, 32)).shape == (1, 7)


def test_published_weights_keep_their_classes():
    with pytest.raises(ValueError, match=r"have .*classes.* classes=7"):
        load("cortexnet", classes=7)


def test_the_classical_v1_is_made_for_the_screen_that_is_asked_for():
    network = load("classical_v1", degrees=2, pixels=112)
    assert (network.eye.degrees, network.eye.pixels) == (2, 112)
    truth = network.module.cells("complex")
    assert truth.spatial_frequency.min() == pytest.approx(4)
    assert network.receptive_field("linear").size[0] < 112


UNTRAINED = sorted(OWN.keys() - TRAINED.keys() - {*BY_HAND})
SMALL = {
    "alexnet_2012": {"classes": 5},
    "vgg_style": {"depth": 5, "width": 4, "head": (8,), "grid": 1, "pixels": 32},
    "resnet_style": {"depth": 8},
    "plain_cnn": {"filters": (4, 8)},
    "v1_front": {"simple_cells": 4, "complex_cells": 4},
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name == "alexnet_2012" else name for name in UNTRAINED]
)
def test_the_projects_own_networks_are_drawn_from_the_seed(name):
    options = SMALL.get(name, {})
    first, again, other = (load(name, weights="none", seed=seed, **options) for seed in (1, 1, 2))
    hashes = [network.hashes()["weights_hash"] for network in (first, again, other)]
    assert hashes[0] == hashes[1] != hashes[2]
    assert first.name.startswith(name)
    table = first.layers()
    assert bool(table["random"][-1])
    assert not table.whole_image[0]
    assert table.rf_pixels.values.max() <= 2 * first.eye.pixels + 200  # followed to the end


@pytest.mark.parametrize("name", UNTRAINED)
@pytest.mark.parametrize("options", [{}, {"classes": 7}])
def test_they_have_no_published_weights(name, options):
    with pytest.raises(ValueError, match=f"{name} has no published weights: weights='none' draws random ones"):
        load(name, **options)


def test_their_weights_come_from_files(tmp_path):
    first = load("resnet_style", weights="none", depth=8, classes=3, width=4)
    torch.save(first.module.state_dict(), tmp_path / "w.pth")
    again = load("resnet_style", weights=tmp_path / "w.pth", depth=8, classes=3, width=4)
    assert again.hashes() == first.hashes()
    with pytest.raises(ValueError, match="don't fit CifarResNet"):
        load("resnet_style", weights=tmp_path / "w.pth", depth=14, classes=3, width=4)


def test_torchvisions_files_fit_the_residual_networks(tmp_path):
    theirs = torchvision.models.resnet18()
    torch.save(theirs.state_dict(), tmp_path / "resnet18.pth")
    network = load("resnet_style", weights=tmp_path / "resnet18.pth", depth=18)
    assert network.eye == load("resnet18", weights="none").eye
    image = torch.rand(1, 3, 64, 64)
    assert torch.allclose(network.module(image), theirs.eval()(image), atol=1e-5)


def test_options_reach_the_factory_and_the_name(user_code):
    network = load("plain_cnn", weights="none", filters=[4, 8], filter_sizes=(5, 3), classes=3)
    assert network.name == "plain_cnn(filters=[4, 8], filter_sizes=(5, 3))"
    assert network.module.conv1.kernel_size == (5, 5)
    back = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(2))
    assert load("v1_front", weights="none", simple_cells=2, complex_cells=2, back=back).name.endswith(
        "back=Sequential)"
    )
    assert load("their_networks:screened", screen=4).name == "their_networks:screened(screen=4)"
    assert load("classical_v1", stride=16).module.linear.stride == (16, 16)


def test_what_a_file_says_of_the_screen_reaches_the_factory(tmp_path):
    said = {"channels": "1", "pixels": "28", "mean": "0.1", "std": "0.3"}
    save_file(load("lenet", weights="none", pixels=28).module.state_dict(), tmp_path / "w.safetensors", said)
    network = load("lenet", weights=tmp_path / "w.safetensors")
    assert network.module.conv1.padding == (2, 2)
    assert (network.eye.pixels, network.eye.mean) == (28, (0.1,))
    chosen = load(
        "v1_front", weights="none", simple_cells=3, complex_cells=3, eye=Eye(1, mean=0.5, pixels=96, degrees=3)
    )
    assert chosen.module.eye.degrees == 3


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        (
            "resnet_style",
            {"deph": 20},
            r"takes no option 'deph'; it takes depth, .*Did you mean 'depth'\?",
        ),
        ("lenet", {"degree": 4}, r"lenet takes no option 'degree'; .*Did you mean 'degrees'\?"),
        (
            "squeezenet1_1",
            {"version": "1_0"},
            "takes no option 'version'; it takes none: write a package",
        ),
        ("squeezenet1_1", {"pixel": 64}, r"takes no option 'pixel'.*Did you mean 'pixels'\?"),
        ("their_networks:with_eye", {"depth": 3}, "with_eye takes no option 'depth'; "),
        ("cortexnet", {"depth": 3}, "cortexnet takes no option 'depth'; it takes classes, channels"),
    ],
)
def test_options_that_there_are_not_are_refused_with_the_nearest(user_code, name, options, message):
    with pytest.raises(ValueError, match=message):
        load(name, weights="none", **options)
