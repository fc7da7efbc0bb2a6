"""Scripts about whole networks and areas: what they make of tables, and a small run on the real recordings."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from cortexcnn.similarity import evaluate

ROOT = Path(__file__).parents[2]


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "analyses" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_rows_of_layers_say_what_is_significant_and_which_layer_is_best():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(20, 4))
    seen = np.stack([shared + noise * rng.normal(size=(20, 4)) for noise in (0.3, 3.0, 3.0)])
    felt = shared + 0.5 * rng.normal(size=(6, 20, 4))
    models, subjects = (((x[:, :, None] - x[:, None]) ** 2).sum(axis=-1) for x in (seen, felt))
    labels = {"stimulus": range(20), "stimulus2": range(20)}
    names = {"model": ["net, a", "net, b", "pixels"], "layer": ("model", ["a", "b", "pixels"])}
    names["network"] = ("model", ["trained", "trained", "pixels"])
    result = evaluate(
        xr.DataArray(models, labels | names, ("model", "stimulus", "stimulus2")),
        xr.DataArray(subjects, labels, ("subject", "stimulus", "stimulus2")),
        draws=100,
        rng=0,
    )
    rows = script("layers_vs_areas")._rows(result, result.similarity * 0)
    assert rows["layer"].tolist() == ["a", "b", "pixels"]
    np.testing.assert_allclose(rows["score"], result.similarity)
    assert rows["p"][0] < 0.01
    assert np.isnan(rows["p_best"][[0, 2]]).all(), "the best layer, and what has no layers"
    assert rows["p_best"][1] < 0.05
    assert (rows["p_ceiling"][1:] < rows["p_ceiling"][0]).all()


@pytest.mark.filterwarnings("ignore:no ceiling", "ignore:only")
def test_errors_are_counted_in_every_design():
    rates = script("false_positives")
    rng = np.random.default_rng(0)
    experiments = rates.Experiments(rng, 16, 6)
    for kind, _, p in rates.tests(rng, 40).values():
        for effect in (False, True):
            assert 0 < p(*getattr(experiments, kind)(effect)) <= 1


@pytest.mark.slow
def test_a_map_has_the_network_its_controls_and_the_areas(shared_data: Path, tmp_path: Path):
    weights, objects = shared_data / "weights/squeezenet1_1_imagenet.pth", shared_data / "neural/human92_evc_it"
    options = ["--weights", str(weights), "--objects", str(objects), "--out", str(tmp_path / "map"), "--units", "50"]
    angles = script("representation_map").main(["squeezenet1_1", *options, "--layers", "features.3,features.9"])
    assert angles.sizes["stimulus"] == angles.sizes["stimulus2"]
    points = dict(zip(angles.stimulus.values.tolist(), angles.network.values.tolist(), strict=True))
    assert points["trained, features.9"] == "trained"
    assert {"human EVC", "human IT", "pixels", "shuffled weights, features.3"} <= set(points)
    assert 55 < angles.sel(stimulus="human IT", stimulus2="human EVC") < 75
    assert (tmp_path / "map" / "representation_map.png").stat().st_size > 10_000
    plt.close("all")
