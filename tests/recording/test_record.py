"""Responses are those of the network to the whole image, whatever way they were got, and say where they are from."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn.arrays import check_responses, stimuli_of
from cortexcnn.models import load
from cortexcnn.recording import record
from cortexcnn.stimuli import render, sweep

NETWORKS = {
    "alexnet": ["features.0", "features.3", "features.6"],
    "resnet18": ["conv1", "layer1.0.relu", "layer1.1", "layer2.0.downsample.1", "layer3.0"],
    "squeezenet1_1": ["features.0", "features.4", "features.7.expand3x3", "classifier.1"],
    "googlenet": ["conv3", "inception3a", "inception3b.branch4"],
    "vgg11": ["features.3", "features.8"],
}


def _by_hand(network, stimuli, layer):
    """The layer's output to whole images, without the electrode."""
    kept = []
    handle = network.module_of(layer).register_forward_hook(lambda _m, _i, output: kept.append(output.clone()))
    with torch.no_grad():
        network(render(stimuli, network.screen).flatten(0, -4))
    handle.remove()
    return kept[-1].numpy()


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_centre_units_through_windows_answer_as_to_whole_images(name):
    network = load(name, weights="none", pixels=128 if name == "vgg11" else None)
    gratings = sweep("grating", orientation=[10, 70, 130], spatial_frequency=[1, 3], phase=[0, 90])
    found = record(network, gratings, layers=NETWORKS[name], progress=False)
    for layer in NETWORKS[name]:
        maps = _by_hand(network, gratings, layer)
        if maps.ndim == 4:
            maps = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
        responses = found.sel(unit=found.layer == layer).values
        assert np.abs(responses - maps).max() <= 1e-5 * np.abs(maps).max(), layer
        assert maps.std() > 0


@pytest.mark.parametrize("layer", ["stem", "wide", "relu", "head"])
def test_all_units_are_the_layers_output(network, gratings, layer):
    found = record(network, gratings, layers=[layer], units="all", progress=False)
    maps = _by_hand(network, gratings, layer)
    np.testing.assert_allclose(found.values, maps.reshape(len(maps), -1), rtol=1e-5, atol=1e-6)


def test_a_mean_over_the_map_is_its_mean(network, gratings):
    found = record(network, gratings, layers=["wide"], units="mean", progress=False)
    np.testing.assert_allclose(found, _by_hand(network, gratings, "wide").mean(axis=(2, 3)), rtol=1e-5, atol=1e-6)
    assert set(found.coords).isdisjoint({"row", "column", "rf_x", "rf_y"})


def test_units_by_name_are_found_in_the_table_of_all(network, gratings):
    every = record(network, gratings, layers=["wide", "stem"], units="all", progress=False)
    drawn = record(network, gratings, layers=["stem", "wide"], units="random", count=9, rng=5, progress=False)
    xr.testing.assert_allclose(drawn, every.sel(unit=drawn.unit), rtol=1e-5, atol=1e-6)
    again = record(network, gratings, units=drawn, progress=False)
    np.testing.assert_allclose(again, drawn, rtol=1e-5, atol=1e-6)
    assert again.unit.values.tolist() == drawn.unit.values.tolist()
    corner = record(network, gratings, units={"wide": [(2, 0, 0), (5, 0, 0)]}, progress=False)
    xr.testing.assert_allclose(corner, every.sel(unit=corner.unit), rtol=1e-5, atol=1e-6)


def test_random_units_can_be_drawn_again_from_the_attribute(network, gratings):
    first = record(network, gratings, layers=["stem"], units="random", count=9, progress=False)
    again = record(network, gratings, layers=["stem"], units="random", count=9, rng=first.attrs["seed"], progress=False)
    xr.testing.assert_identical(first, again)
    assert "seed" not in record(network, gratings, layers=["stem"], progress=False).attrs


@pytest.mark.parametrize("batch", [1, 2, 5, 1000])
def test_batch_size_changes_nothing(network, gratings, batch):
    whole = record(network, gratings, layers=["wide", "stem"], progress=False)
    found = record(network, gratings, layers=["wide", "stem"], batch=batch, progress=False)
    xr.testing.assert_allclose(found, whole, rtol=1e-5, atol=1e-6)


class Wide(nn.Module):
    """A first convolution of large kernels, behind something or nothing."""

    def __init__(self, before: nn.Module | None = None) -> None:
        super().__init__()
        self.before = before
        self.first = nn.Conv2d(1, 6, 11, stride=2)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(6, 4, 5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        image = image if self.before is None else self.before(image)
        return self.second(self.relu(self.first(image)))


class Linear(nn.Identity):
    """Says that sums come through it as sums."""

    linear = True


class Untrue(nn.Module):
    """Says so, and is not."""

    linear = True

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image**2


@pytest.mark.parametrize("before", [None, Linear(), Untrue()])
@pytest.mark.parametrize("contrast", [1.0, [0.25, 0.5, 1.0]])
def test_phases_and_contrasts_are_summed_behind_the_first_convolution(wrapped, before, contrast):
    network = wrapped(Wide(before), 64)
    phases = {"phase": range(0, 360, 45), "contrast": contrast}
    waves = sweep("grating", orientation=range(0, 180, 30), **phases, size=3, aperture="disc", blank=True)
    shuffled = waves.isel(stimulus=np.random.default_rng(0).permutation(waves.sizes["stimulus"]))
    pictures: list[int] = []
    network.module_of("first").register_forward_pre_hook(lambda _m, inputs: pictures.append(len(inputs[0])))
    for table, batch in ((waves, None), (waves, 16), (shuffled, None)):
        pictures.clear()
        found = record(network, table, layers=["first", "second"], batch=batch, progress=False)
        fewer = sum(pictures) < 0.8 * table.sizes["stimulus"]
        assert fewer != isinstance(before, Untrue)
        for layer in ("first", "second"):
            maps = _by_hand(network, table, layer)
            maps = maps[:, :, maps.shape[2] // 2, maps.shape[3] // 2]
            responses = found.sel(unit=found.layer == layer).values
            assert np.abs(responses - maps).max() <= 1e-5 * np.abs(maps).max()


def test_the_order_of_layers_and_stimuli_changes_nothing(network, gratings):
    whole = record(network, gratings, layers=["wide", "stem", "head"], progress=False)
    other = record(
        network, gratings.isel(stimulus=slice(None, None, -1)), layers=["stem", "head", "wide"], progress=False
    )
    xr.testing.assert_allclose(
        whole.drop_attrs(), other.drop_attrs().sel(stimulus=whole.stimulus, unit=whole.unit), rtol=1e-5, atol=1e-6
    )


def test_each_frame_of_what_moves_is_shown_alone(network):
    drifting = sweep("drifting_grating", direction=[0, 90, 200], duration=0.5, frame_rate=16, temporal_frequency=2)
    found = record(network, drifting, layers=["stem"], batch=3, progress=False)
    assert found.dims == ("stimulus", "unit", "time")
    np.testing.assert_allclose(found.time, np.arange(8) / 16)
    maps = _by_hand(network, drifting, "stem")[:, :, 12, 12].reshape(3, 8, 6)
    np.testing.assert_allclose(found.transpose("stimulus", "time", "unit"), maps, rtol=1e-5, atol=1e-6)
    assert (found.attrs["duration"], found.attrs["frame_rate"]) == (0.5, 16)


def test_the_table_says_what_was_shown_to_what(network, gratings):
    found = check_responses(
        record(network, gratings, layers=["stem"], progress=False), parameters=("orientation", "x", "contrast")
    )
    assert found.dtype == np.float32
    assert {"model", "weights", "weights_hash", "eye_hash", "stimuli_hash", "versions"} <= set(found.attrs)
    assert (found.attrs["kind"], found.attrs["electrode"]) == ("grating", "centre")
    assert (found.attrs["degrees"], found.attrs["pixels"]) == (4.0, 48)
    shown = stimuli_of(found)
    xr.testing.assert_identical(shown[sorted(shown)].drop_attrs(), gratings[sorted(gratings)].drop_attrs())


def test_double_precision_stays_double(wrapped, gratings):
    network = wrapped(nn.Sequential(nn.Conv2d(1, 2, 3)).double())
    assert record(network, gratings, layers=["0"], progress=False).dtype == np.float64


def test_units_that_give_nan_are_named_and_kept(wrapped, gratings):
    class Root(nn.Module):
        def forward(self, maps: torch.Tensor) -> torch.Tensor:
            return torch.cat([maps[:, :1], maps[:, 1:].sqrt()], dim=1)

    network = wrapped(nn.Sequential(nn.Conv2d(1, 3, 3), Root()))
    network.module[0].bias.data.fill_(0)
    with pytest.warns(UserWarning, match=r"^1: 2 of 3 units gave NaN or infinity to some stimuli, first 1/1/23/23"):
        found = record(network, gratings, layers=["0", "1"], progress=False)
    bad = found.isnull().any("stimulus")
    assert found.unit.values[bad.values].tolist() == ["1/1/23/23", "1/2/23/23"]


@pytest.mark.parametrize(
    ("stimuli", "options", "message"),
    [
        (sweep("grating", spatial_frequency=20), {}, "Nyquist"),
        (sweep("grating"), {"batch": 0}, "one at least"),
        (sweep("grating").isel(stimulus=slice(0)), {}, "no rows"),
    ],
)
def test_what_cannot_be_shown_is_refused(network, stimuli, options, message):
    with pytest.raises(ValueError, match=message):
        record(network, stimuli, layers=["stem"], progress=False, **options)


def test_the_bar_is_on_standard_error_and_can_be_silenced(network, gratings, capsys):
    record(network, gratings, layers=["stem"], progress=True)
    told = capsys.readouterr()
    assert "left" in told.err
    assert told.out == ""
    record(network, gratings, layers=["stem"], progress=False)
    assert capsys.readouterr().err == ""


def test_a_long_run_is_announced(network, gratings, capsys, monkeypatch):
    monkeypatch.setattr(sys.modules["cortexcnn.recording.run"], "_LONG", 0.0)
    record(network, gratings, layers=["stem"], progress=True)
    assert "21 stimuli × 6 units: about" in capsys.readouterr().err


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stimuli(network, tmp_path):
    def peak(count):
        gratings = sweep("grating", orientation=np.linspace(0, 179, count), spatial_frequency=1)
        record(
            network, gratings, layers=["stem"], units="all", batch=16, out=tmp_path / f"{count}.nc", progress=False
        ).close()
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    small = peak(200)
    assert peak(6_000) - small < 40e6  # the responses are 83 MB
