"""Layers against cortex: the right layer wins, controls are there, and pairs that are left out stay out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from PIL import Image
from torch import nn

from cortexcnn.models import Eye, wrap
from cortexcnn.protocols import Target, classical, compare_networks, evaluate_networks, layer_rdms, pixel_rdm
from cortexcnn.screen import Screen
from cortexcnn.similarity import compare
from cortexcnn.stimuli import photographs


@pytest.fixture(scope="module")
def network():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = nn.Sequential(nn.Conv2d(1, 6, 5), nn.ReLU(), nn.Conv2d(6, 8, 5, stride=2), nn.ReLU())
    return wrap(module, Eye(channels=1, mean=0.5, std=0.25, pixels=24, degrees=2.0), name="small")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> xr.Dataset:
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(12):
        noise = rng.normal(size=(6, 6)).repeat(4, 0).repeat(4, 1)
        pixels = np.clip(128 + 50 * noise + rng.normal(0, 10, (24, 24)), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"picture{i:02d}.png")
    return photographs(folder, size=2.0)


def test_a_layer_is_nearest_to_itself_and_beats_its_controls(network, pictures):
    own = layer_rdms(network, pictures, layers=["0", "2"], units=50, rng=5, progress=False)
    cortex = Target("itself", pictures, {"all pairs": own.sel(layer="2", drop=True)}, {"all pairs": (0.9, 1.0)})
    options = {"layers": ["0", "2"], "units": 50, "draws": 50, "rng": 5, "progress": False}
    with pytest.warns(UserWarning, match="only 12 stimuli"):
        table = compare_networks(network, cortex, **options)
    assert set(table["network"]) == {
        "trained",
        "random weights",
        "shuffled weights",
        "classical V1",
        "classical V2",
        "pixels",
    }
    assert set(table["units"]) == {"raw", "z-scored"}
    raw = table[table["units"] == "raw"].set_index(["network", "layer"])["score"]
    assert raw["trained", "2"] == pytest.approx(1)
    assert raw.drop(("trained", "2")).max() < 0.999
    assert (table["lower"] <= table["upper"]).all()
    ours = table[(table["units"] == "raw") & (table["network"] == "trained")].set_index("layer")
    assert ours.loc["2", "p"] == pytest.approx(1 / 1001)
    assert 0 < ours.loc["2", "by_chance"] < 0.7
    assert table[["ceiling_lower", "ceiling_upper"]].drop_duplicates().to_numpy().tolist() == [[0.9, 1.0]]


def scored(network, pictures, reference, **options):
    cortex = Target("made up", pictures, {"all pairs": reference}, {"all pairs": (0.9, 1.0)})
    return evaluate_networks(network, cortex, layers=["0"], controls=[], units=40, draws=20, progress=False, **options)[
        "all pairs", "raw"
    ]


def test_pairs_left_out_of_the_reference_do_not_count(network, pictures):
    rdms = layer_rdms(network, pictures, layers=["0"], units=40, progress=False)
    reference = rdms.sel(layer="0", drop=True).copy()
    wrong = reference.copy()
    wrong[0, 1] = wrong[1, 0] = 50.0
    with pytest.warns(UserWarning, match="only 12 stimuli"):
        assert float(scored(network, pictures, wrong).similarity[0]) < 1
    wrong[0, 1] = wrong[1, 0] = np.nan
    with pytest.warns(UserWarning, match="only 12 stimuli"):
        assert float(scored(network, pictures, wrong).similarity[0]) == pytest.approx(1)


def test_subjects_are_averaged_and_drawn(network, pictures):
    rdms = layer_rdms(network, pictures, layers=["0", "2"], units=40, progress=False)
    subjects = rdms.rename(layer="subject").assign_coords(subject=["one", "two"])
    with pytest.warns(UserWarning, match=r"only 12 stimuli|only 2 subjects"):
        result = scored(network, pictures, subjects)
    assert result.similarity.dims == ("model",)
    assert result.attrs["over"] == "stimuli × subjects"
    each = compare(rdms.sel(layer="0", drop=True), subjects)
    assert float(result.similarity[0]) == pytest.approx(float(each.mean()))
    assert result.network.values.tolist() == ["trained"]
    assert result.layer.values.tolist() == ["0"]


def test_the_pixel_rdm_is_that_of_the_pictures(network, pictures):
    matrix = pixel_rdm(pictures, network.screen)
    folder = pictures.attrs["folder"]
    files = pictures["file"].values
    flat = np.stack([np.asarray(Image.open(f"{folder}/{name}"), dtype=float).ravel() for name in files])
    assert np.allclose(matrix.values, 1 - np.corrcoef(flat), atol=1e-5)


def test_the_same_seed_gives_the_same_units(network, pictures):
    first, again, other = (
        layer_rdms(network, pictures, layers=["0"], units=20, rng=seed, progress=False) for seed in (1, 1, 2)
    )
    xr.testing.assert_equal(first, again)
    assert not np.allclose(first, other)


@pytest.mark.parametrize(("degrees", "pixels"), [(8, 224), (8, 299), (2, 32), (0.3, 224), (30, 64)])
def test_the_classical_v1_fits_every_screen(degrees, pixels):
    handmade = classical(Screen(degrees, pixels))
    assert handmade.screen.degrees == degrees
    assert handmade.module.cells("complex").sizes["unit"] >= 8
