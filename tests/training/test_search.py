"""Search: it finds what was hidden, stops what is hopeless, and goes on where it was."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
import xarray as xr
from safetensors import safe_open
from torch import nn

from cortexcnn.training import LabelledImages, Range, digits, search

IMAGES = digits()[0][:300]
QUICK = {"flip": False, "shift": 0, "epochs": 2, "progress": False}


def line(width: int = 8, classes: int = 10) -> nn.Sequential:
    return nn.Sequential(nn.Flatten(), nn.Linear(64, width), nn.Tanh(), nn.Linear(width, classes))


def test_a_good_rate_is_told_from_bad_ones(tmp_path: Path):
    found = search(line, IMAGES, space={"rate": [1e-6, 0.2, 1e-5]}, trials=6, out=tmp_path, **QUICK)
    assert float(found["rate"][found.attrs["best"]]) == 0.2
    assert found.sizes == {"trial": 6}
    assert found["parameters"].values.tolist() == [64 * 8 + 8 + 8 * 10 + 10] * 6
    table = pd.read_csv(tmp_path / "trials.csv", index_col="trial")
    np.testing.assert_allclose(table["validation_accuracy"], found["validation_accuracy"])
    with safe_open(tmp_path / "best.safetensors", framework="pt") as file:
        assert file.metadata()["rate"] == "0.2"


def test_what_is_hopeless_is_stopped_early(tmp_path: Path):
    space = {"rate": [0.2] * 3 + [1e-6]}
    found = search(line, IMAGES, space=space, trials=20, out=tmp_path, **(QUICK | {"epochs": 4}))
    pruned = found.isel(trial=found["state"].values == "pruned")
    assert pruned.sizes["trial"] > 0
    assert (pruned["epochs"] < 4).all()
    assert (found["epochs"].where(found["state"] == "complete", drop=True) == 4).all()
    assert (pruned["rate"] == 1e-6).all()


def test_an_interrupted_search_goes_on(tmp_path: Path, monkeypatch):
    calls = []

    def stops(width: int, classes: int) -> nn.Module:
        calls.append(width)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return line(width, classes)

    space = {"width": Range(2, 30, whole=True), "rate": Range(0.1, 0.2, log=True)}
    with pytest.raises(KeyboardInterrupt):
        search(stops, IMAGES, space=space, trials=5, out=tmp_path, **QUICK)
    with pytest.raises(FileExistsError, match="go on with it by resume"):
        search(line, IMAGES, space=space, trials=5, out=tmp_path, **QUICK)
    found = search(line, IMAGES, space=space, trials=5, out=tmp_path, resume=True, **QUICK)
    assert found["state"].values.tolist().count("interrupted") == 1
    assert (found["state"] != "interrupted").sum() == 5
    widths = found["width"].values
    assert widths[:3].tolist() == calls
    assert (found["width"].attrs["scale"], found["rate"].attrs["scale"]) == ("linear", "log")
    again = search(line, IMAGES, space=space, trials=5, out=tmp_path, resume=True, **QUICK)
    xr.testing.assert_identical(found, again)
    new = search(line, IMAGES, space=space, trials=1, out=tmp_path, overwrite=True, **QUICK)
    assert new.sizes["trial"] == 1


def test_another_search_is_not_gone_on_with(tmp_path: Path):
    search(line, IMAGES, space={"width": [4]}, trials=1, out=tmp_path, **QUICK)
    with pytest.raises(ValueError, match="a search of other space and recipe"):
        search(line, IMAGES, space={"width": [5]}, trials=2, out=tmp_path, resume=True, clip=1.0, **QUICK)
    other = LabelledImages(255 - IMAGES.pixels, IMAGES.labels, IMAGES.classes)
    with pytest.raises(ValueError, match="a search of other images"):
        search(line, other, space={"width": [4]}, trials=2, out=tmp_path, resume=True, **QUICK)


def test_the_seed_decides_the_choices_and_the_results(tmp_path: Path):
    space = {"width": Range(2, 30, whole=True), "rate": Range(1e-3, 1, log=True)}
    first, second, other = (
        search(line, IMAGES, space=space, trials=2, out=tmp_path / str(k), seed=seed, **QUICK).drop_vars("seconds")
        for k, seed in enumerate((0, 0, 1))
    )
    xr.testing.assert_identical(first, second)
    assert not first.equals(other)


def test_what_is_refused_or_diverges_is_noted_with_its_reason(tmp_path: Path):
    def narrow(width: int) -> nn.Module:
        if width > 3:
            raise ValueError(f"a width of {width} is too much")
        return line(width)

    space = {"width": [2, 9], "rate": [0.1, 1e30]}
    found = search(narrow, IMAGES, space=space, trials=12, out=tmp_path, **QUICK)
    states = pd.Series(found["state"].values)
    assert set(states) == {"complete", "refused", "diverged"}
    assert all("too much" in reason for reason in found["reason"].values[states == "refused"])
    assert all("lower rate" in reason for reason in found["reason"].values[states == "diverged"])
    with pytest.raises(ValueError, match=r"no trial came to its end \(refused\)"):
        search(narrow, IMAGES, space={"width": [9]}, trials=1, out=tmp_path / "all", **QUICK)


def test_networks_are_described_and_global_chance_is_left_alone(tmp_path: Path):
    before, loudness = torch.get_rng_state(), optuna.logging.get_verbosity()
    found = search(
        line,
        IMAGES,
        space={"width": [4]},
        trials=1,
        out=tmp_path,
        describe=lambda module: {"layers": len(module)},
        **QUICK,
    )
    assert found["layers"].values.tolist() == [4]
    assert torch.equal(before, torch.get_rng_state())
    assert optuna.logging.get_verbosity() == loudness


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"space": {}}, "an empty space"),
        ({"space": {"width": []}}, "no choices for width"),
        ({"space": {"width": [4]}, "widht": 3}, "train takes no widht"),
        ({"space": {"rate": [4]}, "rate": 3}, "rate both in the space and given"),
        ({"space": {"width": [4]}, "resume": True, "overwrite": True}, "say one of them"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, options: dict, said: str):
    with pytest.raises(ValueError, match=said):
        search(line, IMAGES, out=tmp_path, **options)


@pytest.mark.parametrize(("ends", "said"), [((2, 2), "low is less than high"), ((0, 1, True), "starts above 0")])
def test_an_impossible_range_is_refused(ends: tuple, said: str):
    with pytest.raises(ValueError, match=said):
        Range(*ends)
