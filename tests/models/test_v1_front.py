"""The V1 in front: cells measured by the project's own chain are those that were drawn, and only the rest learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from cortexcnn import load, record, sweep, tuning
from cortexcnn.models import wrap
from cortexcnn.models.v1_front import v1_front
from cortexcnn.training import LabelledImages, train


def small(**options):
    return v1_front(**({"simple_cells": 8, "complex_cells": 8, "rng": 1} | options))


def apart(found, wanted, period):
    return np.abs((found - wanted + period / 2) % period - period / 2)


@pytest.fixture(scope="module")
def measured():
    """Cells, gratings at all their orientations and frequencies, and the answers."""
    module = small(simple_cells=12, complex_cells=12)
    gratings = sweep(
        "grating",
        orientation=np.arange(0, 180, 15),
        spatial_frequency=1.5 * 2 ** (np.arange(7) / 2),
        phase=np.arange(0, 360, 45),
        blank=True,
    )
    network = wrap(module, module.eye, name="front")
    return module.gabors, record(network, gratings, layers=["simple", "complex"], progress=False)


@pytest.mark.parametrize("layer", ["simple", "complex"])
def test_measured_cells_are_those_that_were_drawn(measured, layer):
    gabors, responses = measured
    here, cells = responses.isel(unit=responses.layer == layer), gabors.isel(gabor=(gabors.cell == layer).values)
    orientation = tuning.orientation_tuning(here)
    assert orientation.valid.all()
    assert apart(orientation.preferred_orientation_fitted.values, cells.orientation.values, 180).max() < 1
    frequency = tuning.spatial_frequency_tuning(here)
    assert frequency.peak_spatial_frequency.values == pytest.approx(cells.spatial_frequency.values, rel=0.08)
    phase = tuning.phase_tuning(here)
    if layer == "complex":
        assert phase.modulation_ratio.values == pytest.approx(0, abs=1e-3)
    else:
        assert phase.modulation_ratio.values == pytest.approx(np.pi / 2, rel=0.08)


@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_the_best_grating_gives_the_gain_whatever_its_phase(gain):
    module = small(gain=gain).eval()
    cells = module.gabors.isel(gabor=(module.gabors.cell == "complex").values)
    kept = {}
    module.complex.register_forward_hook(lambda _m, _i, output: kept.update(answer=output))
    position = (np.arange(64) + 0.5) / 32 - 1
    for channel in (0, 5):
        angle, frequency = np.deg2rad(cells.orientation.values[channel]), cells.spatial_frequency.values[channel]
        u = np.cos(angle) * -position[:, None] - np.sin(angle) * position
        for phase in (0.0, 0.7, 2.0):
            wave = torch.from_numpy(0.5 * np.sin(2 * np.pi * frequency * u + phase)).float()
            module(wave[None, None])
            assert kept["answer"][0, channel, 8, 8].item() == pytest.approx(gain, rel=0.01)


def test_light_alone_excites_no_cell_that_does_not_see_the_border():
    module = small(simple_cells=40, complex_cells=40).eval()
    kept = {}
    module.noise.register_forward_hook(lambda _m, _i, output: kept.update(answer=output[0, :, 8, 8].numpy()))
    with torch.no_grad():
        module(torch.full((1, 1, 64, 64), 0.4))
    extent = 8 * np.maximum(module.gabors.n_x, module.gabors.n_y) / module.gabors.spatial_frequency
    inside = (extent < 1.8).values
    assert inside.sum() > 40
    assert np.abs(kept["answer"][inside]).max() < 1e-4


def test_maps_have_a_position_every_stride_pixels():
    module = small(stride=2, pixels=48, degrees=2.0, bottleneck=5)
    table = wrap(module, module.eye, name="front").layers().to_dataframe()
    assert table.loc[["simple", "complex", "noise", "bottleneck"], "output_shape"].tolist() == [
        "8×24×24", "8×24×24", "16×24×24", "5×24×24",
    ]  # fmt: skip
    assert not table.loc[:"back.relu2", "whole_image"].any()
    assert table.loc["simple", "rf_stride_pixels"] == 2
    assert abs(table.loc["simple", "rf_x"]) <= 1 / 24  # the central unit lies in the middle, to half a position


def test_degrees_and_pixels_decide_which_cells_fit():
    near, far = (load("v1_front", weights="none", degrees=degrees, pixels=64).module for degrees in (1, 4))
    assert near.gabors.spatial_frequency.min() > far.gabors.spatial_frequency.min()
    assert far.gabors.spatial_frequency.max() <= 4
    assert far.eye.degrees == 4


def test_cells_of_colour_look_at_one_channel_each():
    module = small(channels=3)
    looks = module.linear.weight.abs().sum(dim=(2, 3)) > 0
    assert (looks.sum(dim=1) == 1).all()
    colours = module.gabors.colour.values
    assert looks[:8].int().argmax(dim=1).tolist() == colours[:8].tolist()
    assert looks[8:].int().argmax(dim=1).tolist() == np.repeat(colours[8:], 2).tolist()
    grey = torch.rand(1, 1, 64, 64) - 0.5
    twin = small()
    twin.load_state_dict({**module.state_dict(), "linear.weight": module.linear.weight.sum(dim=1, keepdim=True)})
    assert torch.allclose(module.eval()(grey.expand(-1, 3, -1, -1)), twin.eval()(grey), atol=1e-5)


def test_only_the_bottleneck_and_the_back_end_learn():
    pixels = (torch.rand(12, 1, 32, 32) * 255).byte()
    images = LabelledImages(pixels, torch.arange(12) % 2, ("one", "two"))
    module = small(classes=2, pixels=32, noise=1.0)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    train(module, images, epochs=1, batch=6, progress=False)
    changed = {name for name, tensor in module.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "linear.weight" not in changed
    assert {name.partition(".")[0] for name in changed} == {"bottleneck", "back", "noise"}
    assert module.noise.calls == 2


def test_a_noisy_run_that_was_interrupted_equals_one_that_was_not(tmp_path):
    pixels = (torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * 255).byte()
    images = LabelledImages(pixels, torch.arange(8) % 2, ("one", "two"))

    def run(out, **options):
        torch.manual_seed(0)
        module = small(classes=2, pixels=32, noise=1.0)
        train(module, images, epochs=2, batch=4, out=out, progress=False, **options)
        return module.state_dict()

    def stop(_row):
        raise KeyboardInterrupt

    whole = run(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "parts", after_epoch=stop)
    resumed = run(tmp_path / "parts", resume=True)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_any_back_end_will_do():
    back = nn.Sequential(nn.Flatten(), nn.Linear(4 * 16 * 16, 3))
    assert small(back=back, bottleneck=4)(torch.zeros(1, 1, 64, 64)).shape == (1, 3)
    with pytest.raises(TypeError, match=r"back is a torch\.nn\.Module that takes 32 channels; got str"):
        small(back="resnet18")


def test_images_get_gradients_where_no_cell_answers():
    image = torch.zeros(1, 1, 64, 64, requires_grad=True)
    small(noise=1.0)(image).sum().backward()
    assert image.grad.isfinite().all()


def test_what_is_fixed_is_not_random():
    table = load("v1_front", weights="none", simple_cells=4, complex_cells=4).layers().to_dataframe()
    assert not table.loc[["linear", "simple", "complex"], "random"].any()
    assert table.loc[["bottleneck", "back.conv1"], "random"].all()
    by_path = load("cortexcnn.models.v1_front:v1_front", weights="none", simple_cells=4, complex_cells=4)
    ours = load("v1_front", weights="none", simple_cells=4, complex_cells=4, seed=1)
    assert torch.equal(by_path.module.linear.weight, ours.module.linear.weight)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"simple_cells": 0}, "simple_cells=0: a whole number"),
        ({"channels": 2}, r"channels=2: cells look at luminance \(1\) or at one of three colours"),
        ({"gain": 0}, "gain=0: what a cell answers at its best is above 0"),
        ({"noise": -1}, "noise of fano=-1"),
        ({"noise_always": "off"}, "noise_always='off': true or false"),
        ({"stride": 0}, "stride=0"),
        ({"stride": 33}, "stride=33: 64 pixels leave 1 positions"),
        ({"stride": 80, "back": nn.Identity()}, r"stride=80: the largest cell spans \d+ pixels; leave no gaps"),
        ({"degrees": 0.01}, "0 fit a screen of 0.01 degrees"),
        ({"bottleneck": 0}, "bottleneck=0"),
    ],
)
def test_what_makes_no_sense_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        small(**options)
