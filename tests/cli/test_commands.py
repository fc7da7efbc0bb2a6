"""Every command from end to end, as a script would call it: output, files, exit codes, errors without a traceback."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from PIL import Image
from safetensors import safe_open

from cortexcnn.cli import COMMANDS, main
from cortexcnn.recording import keep_responses, open_responses


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """A small study of the shipped network."""
    folder = tmp_path_factory.mktemp("study") / "out"
    assert main(["probe", "cortexnet", "--layers", "relu1,relu2", "--out", str(folder), "--csv"]) == 0
    return folder


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command, capsys):
    with pytest.raises(SystemExit) as stop:
        main([command, "--help"])
    assert stop.value.code == 0
    assert f"cortexcnn {command}" in capsys.readouterr().out.split("example")[1]


@pytest.mark.parametrize("words", [[], ["no_such_command"], ["layers"], ["layers", "alexnet", "--json", "--csv"]])
def test_wrong_usage_is_exit_code_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["layers", "alexnett", "--weights", "none"], "alexnet"),
        (["layers", "cortexnet", "--weights", "nowhere.pth"], "nowhere.pth"),
        (["layers", "lenet"], "weights='none'"),
        (["probe", "cortexnet", "--layers", "relu11", "--out", "unused"], "relu1"),
        (["probe", "cortexnet", "--layers", "relu1", "--units", "some", "--out", "unused"], "centre"),
        (["stimuli", "grating", "spatial_frequency=40"], "14"),
        (["stimuli", "gratin"], "grating"),
        (["stimuli", "grating", "orientation"], "name=values"),
        (["compare", "cortexnet", "--reference", "henaff2021"], "--data"),
        (["compare", "cortexnet", "--reference", "ecker"], "ecker2010"),
        (["tuning", "nothing.nc"], "nothing.nc"),
        (["train", "cortexnet", "--data", "nothing", "--out", "unused"], "nothing"),
    ],
)
def test_refusals_are_exit_code_1_with_the_remedy_and_no_traceback(words, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""


def test_debug_shows_the_traceback(capsys):
    assert main(["layers", "alexnett", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_interruption_is_exit_code_130(monkeypatch, capsys):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("cortexcnn.models.load", interrupted)
    assert main(["layers", "cortexnet"]) == 130
    assert "interrupted" in capsys.readouterr().err


def test_layers_as_json_and_for_people(capsys):
    assert main(["layers", "cortexnet", "--json"]) == 0
    told = capsys.readouterr()
    table = {row["layer"]: row for row in json.loads(told.out)}
    assert table["relu2"]["rf_pixels"] == 12
    assert table["classify"]["whole_image"] is True
    assert "span 2° of visual angle" in told.err
    assert main(["layers", "cortexnet", "--degrees", "4"]) == 0
    told = capsys.readouterr()
    assert "whole image" in told.out
    assert "span 4°" in told.err


def test_options_of_a_network_are_said_by_with(capsys):
    words = [
        "layers",
        "resnet_style",
        "--weights",
        "none",
        "--json",
        "--with",
        "depth=8",
        "classes=4",
        "--with",
        "width=2",
    ]
    assert main(words) == 0
    printed = capsys.readouterr()
    assert json.loads(printed.out)[-1]["output_shape"] == "4"
    assert "resnet_style(depth=8, width=2), weights none" in printed.err
    assert main([*words, "--with", "deph=8"]) == 1
    assert "Did you mean 'depth'?" in capsys.readouterr().err


def test_stimuli_are_printed_or_written(capsys, tmp_path):
    assert main(["stimuli", "bar", "orientation=0:180:45", "width=0.2", "--blank", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["orientation"] for row in rows[:4]] == [0, 45, 90, 135]
    assert rows[4]["contrast"] == 0
    out = tmp_path / "bars"
    words = ["stimuli", "bar", "orientation=0:180:45", "--pixels", "32", "--out", str(out)]
    assert main(words) == 0
    assert len(list(out.glob("**/*.png"))) == 4
    assert len(list(out.glob("*.csv"))) == 1
    assert main(words) == 1
    assert "overwrite" in capsys.readouterr().err


def test_a_study_holds_responses_measures_figures_and_a_page(study):
    responses = xr.open_dataarray(study / "responses.nc", engine="h5netcdf")
    assert dict(responses.sizes) == {"stimulus": 769, "unit": 96}
    assert {"weights_hash", "eye_hash", "stimuli_hash", "versions"} <= set(responses.attrs)
    responses.close()
    measures = pd.read_csv(study / "measures.csv")
    assert len(measures) == 96
    assert (study / "index.html").is_file()
    assert {"distributions.png", "distributions.svg", "examples.png", "filters.png"} <= {
        file.name for file in (study / "figures").iterdir()
    }


def test_a_study_is_not_overwritten_unless_asked(study, capsys):
    before = (study / "responses.nc").read_bytes()
    assert main(["probe", "cortexnet", "--layers", "relu1", "--out", str(study)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert (study / "responses.nc").read_bytes() == before


def test_tuning_is_measured_again_from_the_file(study, capsys):
    assert main(["tuning", str(study / "responses.nc"), "--layers", "relu2", "--json"]) == 0
    table = pd.DataFrame(json.loads(capsys.readouterr().out)).set_index("unit")
    stored = pd.read_csv(study / "measures.csv").set_index("unit").loc[table.index]
    assert np.allclose(table["circular_variance"].astype(float), stored["circular_variance"], equal_nan=True)
    assert main(["tuning", str(study / "responses.nc"), "--summary", "--csv"]) == 0
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == ["layer", "relu1", "relu2"]
    assert main(["tuning", str(study / "responses.nc"), "--layers", "conv9"]) == 1
    assert "it has relu1, relu2" in capsys.readouterr().err


def test_responses_without_a_blank_are_told_to_be_raw(study, tmp_path, capsys):
    responses = open_responses(study / "responses.nc").load()
    bare = tmp_path / "bare.nc"
    keep_responses(responses.isel(stimulus=np.flatnonzero((responses["contrast"] > 0).values)), bare)
    assert main(["tuning", str(bare), "--summary"]) == 0
    assert "no blank was shown: responses are measured from 0" in capsys.readouterr().err
    assert main(["tuning", str(bare), "--summary", "--baseline", "none"]) == 0
    assert "no blank" not in capsys.readouterr().err


def test_bars_and_random_units_can_be_shown(tmp_path, capsys):
    out = tmp_path / "bars"
    words = ["probe", "cortexnet", "--layers", "relu1", "--units", "20", "--out", str(out), "--json"]
    assert main([*words, "--stimuli", "bar", "orientation=0:180:15", "width=0.15"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["units"] == 20
    assert (out / "index.html").is_file()


@pytest.mark.slow
def test_intervals_are_written_where_repeats_are_assumed(tmp_path, capsys):
    out = tmp_path / "phases"
    words = ["probe", "classical_v1", "--protocol", "skottun1991", "--layers", "complex", "--units", "4", "--csv"]
    assert main([*words, "--repeats", "10", "--out", str(out)]) == 0
    table = pd.read_csv(out / "intervals.csv").set_index("unit")
    lower, upper = (table.loc[table["bound"] == bound, "modulation_ratio"] for bound in ("lower", "upper"))
    assert len(lower) == 4
    assert ((upper > lower) & (upper < 0.3)).all()
    assert "intervals.csv" in (out / "index.html").read_text()
    capsys.readouterr()


@pytest.mark.parametrize(
    ("more", "told"),
    [(["--repeats", "1"], "takes 2 or more"), (["--repeats", "9", "--protocol", "marques2020"], "own")],
)
def test_repeats_that_make_no_interval_are_refused(more, told, tmp_path, capsys):
    assert main(["probe", "cortexnet", "--layers", "relu1", "--out", str(tmp_path / "out"), *more]) == 1
    assert told in capsys.readouterr().err


def test_layers_are_compared_with_the_classical_v1(tmp_path, capsys):
    out = tmp_path / "v1"
    words = ["compare", "cortexnet", "--layers", "relu1,relu2", "--draws", "50", "--out", str(out), "--csv"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    table = pd.DataFrame([line.split(",") for line in lines[1:]], columns=None)
    assert len(table) == 3 * 2 + 4 + 2
    saved = pd.read_csv(out / "scores.csv")
    assert set(saved["network"]) == {"trained", "random weights", "shuffled weights", "classical V1", "classical V2"}
    assert saved["score"].between(-1, 1 + 1e-9).all()
    assert (out / "index.html").is_file()


@pytest.mark.parametrize(("controls", "rows"), [("none", 1), ("shuffled weights", 2), ("classical V2", 3)])
def test_controls_can_be_declined(controls, rows, capsys):
    words = ["compare", "cortexnet", "--layers", "relu1", "--draws", "5", "--controls", controls, "--csv"]
    assert main(words) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + rows


def test_an_unknown_control_is_refused(capsys):
    assert main(["compare", "cortexnet", "--layers", "relu1", "--controls", "pixel"]) == 1
    assert "Did you mean 'pixels'" in capsys.readouterr().err


@pytest.mark.slow
def test_the_battery_scores_the_layers_that_are_named(tmp_path, capsys):
    out = tmp_path / "v1"
    words = ["probe", "classical_v1", "--protocol", "marques2020", "--compat", "none", "--layers", "simple"]
    words += ["--out", str(out), "--csv"]
    assert main(words) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 1 + 22
    assert "96 gratings beyond 14 cycles/degree are left out" in told.err
    assert {file.name for file in out.iterdir()} >= {"index.html", "responses.nc", "scores.csv", "properties.csv"}
    assert xr.open_dataarray(out / "responses.nc").sizes["stimulus"] == 9001
    assert main([*words, "--units", "all", "--overwrite"]) == 1
    assert "units and stimuli of its own" in capsys.readouterr().err


def test_a_papers_experiment_prints_medians_and_writes_its_page(tmp_path, capsys):
    out = tmp_path / "size"
    words = ["probe", "classical_v1", "--protocol", "cavanaugh2002a", "--layers", "normalised_complex", "--csv"]
    assert main([*words, "--out", str(out)]) == 0
    row = capsys.readouterr().out.strip().splitlines()
    assert row[0].startswith("layer,units,valid,grating_summation_field")
    assert row[1].startswith("normalised_complex,24,24,")
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "Cavanaugh, Bair &amp; Movshon (2002a)" in page
    for name in ("measures.csv", "medians.csv", "preferred.csv", "responses.nc"):
        assert name in page
        assert (out / name).is_file()
    assert {file.name for file in (out / "figures").glob("*.png")} == {"examples.png", "distributions.png"}
    with open_responses(out / "responses.nc") as responses:
        assert responses.attrs["protocol"] == "cavanaugh2002a"
        assert responses.sizes["unit"] == 24
    assert main([*words, "--out", str(out)]) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert main([*words, "--out", str(tmp_path / "x"), "--stimuli", "grating"]) == 1
    assert "stimuli of its own" in capsys.readouterr().err


def test_textures_are_the_users_own(tmp_path, capsys):
    for seed, name in enumerate(("bark", "sand")):
        pixels = np.random.default_rng(seed).integers(0, 256, (80, 80), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    words = ["probe", "classical_v1", "--protocol", "freeman_ziemba2013", "--layers", "complex", "--csv"]
    words += ["--out", str(tmp_path / "out")]
    assert main(words) == 1
    assert "name --photographs FOLDER" in capsys.readouterr().err
    assert main([*words, "--photographs", str(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("layer,units,valid,texture_modulation_index,")
    with open_responses(tmp_path / "out" / "responses.nc") as responses:
        assert set(responses.family.values) == {"bark", "sand", ""}
    other = ["probe", "classical_v1", "--protocol", "skottun1991", "--photographs", str(tmp_path)]
    assert main([*other, "--out", str(tmp_path / "other")]) == 1
    assert "shows no photographs: leave out --photographs" in capsys.readouterr().err


@pytest.mark.slow
def test_direction_is_asked_of_networks_that_see_films(tmp_path, capsys):
    words = ["probe", "classical_v1", "--protocol", "drifting", "--out", str(tmp_path / "still")]
    assert main(words) == 1
    assert "has no axis of time" in capsys.readouterr().err
    out = tmp_path / "film"
    words = ["probe", "mc3_18", "--weights", "none", "--protocol", "drifting", "--layers", "stem", "--out", str(out)]
    assert main([*words, "--csv"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("stem,64,")
    assert (out / "figures" / "examples.png").is_file()


def test_training_writes_weights_that_can_be_probed(tmp_path, capsys):
    out = tmp_path / "run"
    (tmp_path / "own.py").write_text(
        "from torch import nn\n"
        "from cortexcnn.models import Eye\n"
        "def digits():\n"
        "    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8 * 36, 10))\n"
        "    net.eye = Eye(channels=1, mean=0.3, std=0.35, pixels=8, degrees=1.0)\n"
        "    return net\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        words = ["train", "own:digits", "--data", "digits", "--no-flip", "--epochs", "3", "--out", str(out)]
        assert main(words) == 0
        assert "test accuracy 0.9" in capsys.readouterr().out
        assert main(["layers", "own:digits", "--weights", str(out / "weights.safetensors"), "--json"]) == 0
        assert main(words) == 1
        assert "replace it by overwrite" in capsys.readouterr().err
        there = {file.name for file in out.iterdir()}
        assert there >= {"log.csv", "curves.png", "confusion.png", "confusion.csv", "classes.csv"}
        assert pd.read_csv(out / "confusion.csv", index_col=0).to_numpy().sum() == 359
        more = [
            "--patience",
            "2",
            "--snapshots",
            "0,0.5,1",
            "--optimiser",
            "adam",
            "--schedule",
            "steps",
            "--overwrite",
        ]
        assert main([*words, *more]) == 0
        told = capsys.readouterr()
        assert "1438 training images" in told.err
        assert sorted(file.name for file in (out / "snapshots").iterdir())[1] == "epoch_0000.500.safetensors"
        with safe_open(out / "weights.safetensors", framework="pt") as file:
            said = file.metadata()
        assert said["data"].startswith("1295 of the 1438 training images")  # a tenth was kept aside
        assert "--optimiser adam" in said["command"]


def test_a_network_is_made_with_an_output_for_each_class(tmp_path, capsys):
    out = tmp_path / "run"
    assert main(["train", "cortexnet", "--data", "digits", "--epochs", "1", "--no-flip", "--out", str(out)]) == 0
    assert main(["train", "cortexnet", "--data", "digits", "--classes", "4", "--out", str(tmp_path / "few")]) == 1
    assert "needs 10 outputs" in capsys.readouterr().err


def test_bad_images_are_skipped_only_by_wish(tmp_path, capsys):
    for name in ("a", "b"):
        (tmp_path / "folder" / name).mkdir(parents=True)
        for i in range(4):
            Image.new("RGB", (40, 50), (60 * i, 0, 90)).save(tmp_path / "folder" / name / f"{i}.png")
    (tmp_path / "folder" / "b" / "2.png").write_bytes(b"no image")
    words = ["train", "lenet", "--data", str(tmp_path / "folder"), "--epochs", "1", "--out", str(tmp_path / "run")]
    assert main(words) == 1
    assert "2.png can't be read" in capsys.readouterr().err
    with pytest.warns(UserWarning, match=r"left out 1 of 8 images"):
        assert main([*words, "--skip-bad"]) == 0
    assert "of 32 × 32 pixels" in capsys.readouterr().err
    with safe_open(tmp_path / "run" / "weights.safetensors", framework="pt") as file:
        assert "without 1 that can't be read" in file.metadata()["data"]


def test_several_devices_are_started_by_torchrun(tmp_path, capsys):
    words = ["train", "cortexnet", "--data", "digits", "--devices", "2", "--out", str(tmp_path / "run")]
    assert main(words) == 1
    assert "torchrun --nproc_per_node 2 -m cortexcnn train" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_the_demo_writes_its_study(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo"), "--json"]) == 0
    told = capsys.readouterr()
    assert {row["layer"] for row in json.loads(told.out)} >= {"conv1", "relu2"}
    assert "test accuracy" in told.err
    page = (tmp_path / "demo" / "index.html").read_text(encoding="utf-8")
    assert "Hubel" in page
    assert (tmp_path / "demo" / "scores.csv").is_file()
