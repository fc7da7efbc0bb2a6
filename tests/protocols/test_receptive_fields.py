"""Three ways to map give the place and size that handmade cells have, and the two filters of complex cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn import tuning
from cortexcnn.models import Eye, load, wrap
from cortexcnn.protocols.receptive_fields import (
    MAPPINGS,
    NOISY,
    PATCH,
    field_agreement,
    field_maps,
    field_measures,
    field_stimuli,
    map_fields,
)
from cortexcnn.protocols.ringach2002b import ringach2002b_frames, ringach2002b_measures
from cortexcnn.recording import record
from cortexcnn.screen import Screen

ACROSS, ALONG = 0.2, 0.25  # degrees: standard deviations of the built-in Gabors
PATCHES = 0.125
AWAY = 3, 5  # row and column of the units
PLACE = 0.25, 0.25  # where they look


@pytest.fixture(scope="module")
def cells():
    options = {"degrees": 4, "pixels": 64, "spatial_frequencies": (2.0,), "n_x": 0.4, "n_y": 0.5, "stride": 4}
    return load("classical_v1", **options, orientations=(0.0, 45.0))


def mapped(cells, layer, channels, count):
    shown = field_stimuli(cells.screen, *PLACE, 2.0, count=count)
    units = {layer: [(channel, *AWAY) for channel in channels]}
    responses = {name: record(cells, table, units=units, progress=False) for name, table in shown.items()}
    maps = field_maps(responses)
    return responses, maps, field_measures(maps)


@pytest.fixture(scope="module")
def simple(cells):
    return mapped(cells, "simple", range(8), 5000)


@pytest.fixture(scope="module")
def complex_(cells):
    return mapped(cells, "complex", range(2), 8192)


def size_of(values: np.ndarray) -> float:
    """The effective size of a picture of the whole exact field, in degrees, as spots and checks of 2 pixels see it."""
    values = values.reshape(len(values) // 2, 2, -1, 2).mean((1, 3))
    at = (np.arange(len(values)) - (len(values) - 1) / 2) / 8
    table = xr.DataArray(values[..., None], dims=("y", "x", "unit"), coords={"y": at, "x": at, "unit": ["truth"]})
    return float(tuning.effective_field(table, 2.0).effective_size[0])


def envelope(orientation: float) -> np.ndarray:
    at = (np.arange(64) - 31.5) / 16
    turn = np.deg2rad(orientation)
    u = np.cos(turn) * at[:, None] - np.sin(turn) * at
    v = np.sin(turn) * at[:, None] + np.cos(turn) * at
    return np.exp(-((u / ACROSS) ** 2 + (v / ALONG) ** 2) / 2)


def test_all_three_find_where_simple_cells_look(simple):
    _, _, found = simple
    assert found["mapping"].values.tolist() == list(MAPPINGS)
    assert (found["rf_x"] == PLACE[0]).all()
    assert found["valid"].all()
    for name, wanted in zip(("centre_x", "centre_y"), PLACE, strict=True):
        assert abs(found[name].sel(mapping=["gratings", "spots"]) - wanted).max() < 0.01
        assert abs(found[name].sel(mapping="noise") - wanted).max() < 0.04
    assert field_agreement(found)["distance"].max() < 0.03


def test_all_three_find_how_large_simple_cells_are(cells, simple):
    _, _, found = simple
    kernels = cells.module.linear.weight.detach().double().numpy()[:, 0]
    truth = np.array([size_of(kernel) for kernel in kernels])
    size = found["effective_size"]
    np.testing.assert_allclose(size.sel(mapping="spots"), truth, rtol=0.03)
    np.testing.assert_allclose(size.sel(mapping="noise"), truth, rtol=0.08)
    np.testing.assert_allclose(size.sel(mapping="gratings"), size_of(envelope(0.0)), rtol=0.04)
    np.testing.assert_allclose(found["effective_share"], size / 2.0)
    assert (found["found"] == "average").all()
    assert (found["shared_area"] < 0.01).all()
    assert (abs(field_agreement(found)["size_ratio"] - 1) < 0.06).all()


def test_gratings_widen_a_field_by_their_patch(simple):
    fit = simple[2].sel(mapping="gratings").isel(unit=slice(4, 8))  # of 45 degrees, as one of the gratings
    np.testing.assert_allclose(fit["sigma_major"], np.hypot(ALONG, PATCHES), rtol=0.01)
    np.testing.assert_allclose(fit["sigma_minor"], np.hypot(ACROSS, PATCHES), rtol=0.02)
    np.testing.assert_allclose(fit["angle"], 45, atol=2)


def test_gabors_of_the_averages_are_those_that_were_built_in(simple):
    fit = ringach2002b_measures(simple[0]["noise"])
    assert fit["valid"].all()
    assert float(fit["sigma_u"].median()) == pytest.approx(ACROSS, rel=0.05)
    assert float(fit["sigma_v"].median()) == pytest.approx(ALONG, rel=0.05)
    np.testing.assert_allclose(fit["spatial_frequency"], 2, rtol=0.06)


@pytest.mark.slow
def test_complex_cells_have_two_filters_and_no_average(cells, complex_):
    _, _, found = complex_
    assert found["found"].values.tolist() == ["covariance"] * 2
    assert found["excitatory_axes"].values.tolist() == [2, 2]
    assert found["suppressive_axes"].values.tolist() == [0, 0]
    np.testing.assert_allclose(found["shared_area"], 1)
    assert found["valid"].all()
    for name, wanted in zip(("centre_x", "centre_y"), PLACE, strict=True):
        np.testing.assert_allclose(found[name], wanted, atol=0.04)
    size = found["effective_size"]
    np.testing.assert_allclose(size.sel(mapping="noise"), size_of(envelope(0.0)), rtol=0.08)
    # An energy is the square of an envelope: a map of responses is narrower by √2 than one of filters.
    np.testing.assert_allclose(size.sel(mapping="spots"), size_of(envelope(0.0) ** 2), rtol=0.05)


@pytest.mark.slow
def test_the_two_filters_are_the_pair_that_was_built_in(cells, complex_):
    responses, _, _ = complex_
    ((frames, here),) = ringach2002b_frames(responses["noise"])
    axes = tuning.spike_triggered_covariance(frames, here.isel(unit=[0]), axes=2, shuffles=39, rng=0)
    kernels = cells.module.linear.weight.detach().double().numpy()[[0, 1], 0, ::-1]
    pair = np.pad(kernels.reshape(2, 16, 2, 16, 2).mean((2, 4)), ((0, 0), (1, 1), (1, 1))).reshape(2, -1)
    pair = np.linalg.qr(pair.T)[0]
    spanned = axes["excitatory"].isel(unit=0).values.reshape(2, -1)
    assert np.linalg.svd(spanned @ pair, compute_uv=False).min() > 0.8


@pytest.mark.slow
def test_simple_cells_have_no_filter_beside_their_average(simple):
    ((frames, here),) = ringach2002b_frames(simple[0]["noise"])
    axes = tuning.spike_triggered_covariance(frames, here.isel(unit=[1, 6]), axes=1, shuffles=39, rng=0)
    assert axes["average_taken_out"].all()
    assert axes["excitatory_axes"].values.tolist() == axes["suppressive_axes"].values.tolist() == [0, 0]


def made(*kernels: np.ndarray) -> object:
    """A network of one layer, of kernels of one size, behind a rectifier."""
    module = nn.Sequential(nn.Conv2d(1, len(kernels), len(kernels[0]), bias=False), nn.ReLU())
    with torch.no_grad():
        module[0].weight.copy_(torch.from_numpy(np.stack(kernels)[:, None]).float())
    return wrap(module, Eye(channels=1, mean=0.5, pixels=33, degrees=3.3), name="made")


def test_dead_units_point_like_units_and_few_pictures_are_told():
    point, blob = np.zeros((2, 9, 9))
    point[4, 4] = 1
    blob[2:7, 2:7] = 1
    network = made(0 * point, point, blob)
    found = map_fields(network, ["1"], count=60, progress=False)
    dead = found.isel(unit=0)
    assert not dead["valid"].any()
    assert np.isnan(dead["effective_size"]).all()
    assert dead["found"] == "neither"
    assert (dead["reason"] == "never answered").all()
    assert PATCH in str(found["reason"].sel(mapping="gratings").values[1])
    assert float(found["effective_size"].sel(mapping="spots")[1]) == pytest.approx(0.1 * np.sqrt(0.95), rel=0.01)
    assert NOISY in str(found["reason"].sel(mapping="noise").values[2]) or found["found"][2] == "neither"
    assert float(found["effective_size"].sel(mapping="spots")[2]) == pytest.approx(0.5 * np.sqrt(0.95), rel=0.01)
    assert field_agreement(found)["units"].values.tolist()[0] == 1


def test_fields_larger_than_the_screen_are_mapped_as_far_as_it_goes():
    shown = field_stimuli(Screen(8, 32), 1.0, 0.0, 12.0, count=2)
    for name in ("gratings", "spots"):
        assert float(abs(shown[name]["x"]).max()) <= 4
        assert float(abs(shown[name]["y"]).max()) <= 4


def test_half_of_a_fire_module_sees_less_than_its_layer(shared_data):
    network = load("squeezenet1_1", weights=shared_data / "weights" / "squeezenet1_1_imagenet.pth")
    place = network.layers().sel(layer="features.3")
    looks = [float(place[name]) for name in ("rf_x", "rf_y", "rf_degrees")]
    spots = field_stimuli(network.screen, *looks, count=2)["spots"]
    lobes = tuning.polarity_maps(record(network, spots, layers=["features.3"], progress=False), rectify=False)
    field = abs(lobes).max("polarity")
    assert round(float(field["rf_size"][0]) * 28) == 15
    through_1x1 = field["channel"].values < 64
    far = np.maximum(abs(field["x"] - field["rf_x"][0]), abs(field["y"] - field["rf_y"][0])) * 28 > 3.6
    assert float(field.where(far, 0.0).max(("y", "x"))[through_1x1].max()) < 1e-4
    assert float(field.where(far, 0.0).max(("y", "x"))[~through_1x1].max()) > 0.01


@pytest.mark.parametrize("rectifier", [nn.ReLU, nn.Identity])
def test_in_a_plain_random_stack_the_used_field_grows_about_as_the_root_of_depth(rectifier):
    depths = [2, 4, 8, 16]
    convolutions = [nn.Conv2d(1 if i == 0 else 16, 16, 3, padding=1, bias=False) for i in range(max(depths))]
    for convolution in convolutions:
        nn.init.kaiming_normal_(convolution.weight)
    stack = nn.Sequential(*(part for convolution in convolutions for part in (convolution, rectifier())))
    network = wrap(stack, Eye(channels=1, mean=0.5, pixels=65, degrees=6.5), name="stack")
    used, share = [], []
    for depth in depths:
        layer = str(2 * depth - 1)
        place = network.layers().sel(layer=layer)
        looks = [float(place[name]) for name in ("rf_x", "rf_y", "rf_degrees")]
        spots = field_stimuli(network.screen, *looks, count=2)["spots"]
        lobes = tuning.polarity_maps(record(network, spots, layers=[layer], progress=False), rectify=False)
        found = tuning.effective_field((lobes**2).sum("polarity") ** 0.5)
        used.append(float(found["effective_size"].median()))
        share.append(float(found["effective_share"].median()))
    assert np.polyfit(np.log(depths), np.log(used), 1)[0] == pytest.approx(0.5, abs=0.15)  # Luo and others 2016
    assert share[0] > 0.85
    assert share[-1] < 0.55
