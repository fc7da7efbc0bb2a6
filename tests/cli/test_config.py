"""Configuration files: they say what flags say, flags win, and what was used runs again."""

from __future__ import annotations

import argparse
import tomllib
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file

from cortexcnn.cli import COMMANDS, config, main
from cortexcnn.cli.arguments import names

DIGITS = {"model": "cortexnet", "data": "digits", "epochs": 1, "flip": False, "batch": 700}


def written(folder: Path, text: str) -> str:
    file = folder / "given.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="cortexcnn probe")
    found.add_argument("model")
    found.add_argument("--config")
    found.add_argument("--layers", type=names)
    found.add_argument("--epochs", type=int, default=3)
    found.add_argument("--warm-up", type=float, default=0.5)
    found.add_argument("--no-flip", dest="flip", action="store_false")
    found.add_argument("--units", default="centre")
    found.add_argument("--out", required=True)
    found.add_argument("--more", nargs="+")
    form = found.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true")
    form.add_argument("--csv", action="store_true")
    return found


def parsed(folder: Path, text: str, *words: str) -> argparse.Namespace:
    command = parser()
    line = ["--config", written(folder, text), *words]
    config.take(command, line, COMMANDS)
    return command.parse_args(line)


def test_a_file_says_all_that_flags_and_words_say(tmp_path: Path):
    found = parsed(
        tmp_path,
        'model = "lenet"\nout = "here"\nepochs = 7\nwarm-up = 1\nflip = false\nlayers = ["a", "b"]\nunits = 12\n'
        'more = ["x=1", "y=2"]\njson = true\n',
    )
    assert (found.model, found.out, found.epochs, found.warm_up, found.flip) == ("lenet", "here", 7, 1.0, False)
    assert (found.layers, found.units, found.more, found.json, found.csv) == (
        ["a", "b"],
        "12",
        ["x=1", "y=2"],
        True,
        False,
    )
    assert not parsed(tmp_path, 'model = "m"\nout = "o"\nno_flip = true').flip
    assert parsed(tmp_path, 'model = "m"\nout = "o"\nlayers = "a, b"').layers == ["a", "b"]


def test_flags_win_over_the_table_of_the_command_and_that_over_the_top(tmp_path: Path):
    text = 'model = "lenet"\nout = "o"\nepochs = 7\njson = true\n'
    text += "[probe]\nepochs = 8\nwarm_up = 0.25\n[train]\nepochs = 9\n"
    found = parsed(tmp_path, text)
    assert (found.epochs, found.warm_up, found.json) == (8, 0.25, True)
    found = parsed(tmp_path, text, "alexnet", "--epochs", "2", "--csv")
    assert (found.model, found.epochs, found.json, found.csv) == ("alexnet", 2, False, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("epoch = 3", r"cortexcnn probe has no setting 'epoch'. Did you mean 'epochs'\?"),
        ("epochs = 1.5", r"epochs = 1.5; it is a whole number"),
        ("epochs = true", r"epochs = true; it is a whole number"),
        ('warm_up = "high"', r'warm_up = "high"; it is a number'),
        ("flip = 3", r"flip = 3; it is true or false"),
        ("model = true", r"model = true; it is text"),
        ('more = "x=1"', r'more = "x=1"; it is a list'),
        ("[prob]\nepochs = 3", r"table \[prob\] is named after no command. Did you mean 'probe'\?"),
        ("epochs = \nseed = 1", r"no TOML: .*line 1"),
    ],
)
def test_what_a_file_says_wrongly_is_named(tmp_path: Path, text: str, said: str):
    with pytest.raises(ValueError, match=said):
        parsed(tmp_path, text)


def test_a_missing_file_is_wrong_usage(capsys):
    with pytest.raises(SystemExit) as left:
        main(["layers", "--config", "nowhere.toml"])
    assert left.value.code == 2
    assert "the configuration nowhere.toml can't be read" in capsys.readouterr().err


@given(
    st.dictionaries(
        st.from_regex(r"[a-z_]{1,9}", fullmatch=True),
        st.one_of(
            st.booleans(),
            st.integers(-(2**62), 2**62),
            st.floats(allow_nan=False, allow_infinity=False),
            st.text(st.characters(exclude_categories=["Cs", "Cc"])),
            st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]))),
        ),
    )
)
def test_what_is_written_is_read_back(settings: dict):
    assert tomllib.loads(config.as_toml(settings)) == settings


def test_training_runs_again_from_what_it_wrote(tmp_path: Path, capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    given_file = written(tmp_path, config.as_toml(DIGITS | {"seed": 3}))
    assert main(["train", "--config", given_file, "--out", str(first), "--overwrite"]) == 0
    assert 'configuration of train: model = "cortexnet"' in capsys.readouterr().err
    saved = tomllib.loads((first / "config.toml").read_text(encoding="utf-8"))
    assert saved.items() >= (DIGITS | {"seed": 3, "schedule": "cosine", "out": str(first)}).items()
    assert saved.keys().isdisjoint({"overwrite", "resume", "config", "debug"})
    assert main(["train", "--config", str(first / "config.toml")]) == 1
    assert "holds a run already" in capsys.readouterr().err
    assert main(["train", "--config", str(first / "config.toml"), "--out", str(second)]) == 0
    one, two = (load_file(folder / "weights.safetensors") for folder in (first, second))
    assert all((one[name] == two[name]).all() for name in one)


@pytest.mark.parametrize(
    ("words", "results"),
    [
        (["stimuli", "grating", "orientation=0,90", "--pixels", "32"], ["stimuli.csv"]),
        (["probe", "cortexnet", "--layers", "conv1", "--stimuli", "grating", "orientation=0:180:45"], ["measures.csv"]),
        (["compare", "cortexnet", "--layers", "conv1", "--draws", "20", "--csv"], ["scores.csv"]),
    ],
)
def test_every_command_that_writes_a_folder_runs_again(tmp_path: Path, words: list[str], results: list[str], capsys):
    first, second = tmp_path / "first", tmp_path / "second"
    assert main([*words, "--out", str(first)]) == 0
    assert main([words[0], "--config", str(first / "config.toml"), "--out", str(second)]) == 0
    for name in results:
        pd.testing.assert_frame_equal(pd.read_csv(first / name), pd.read_csv(second / name))


def test_a_table_that_is_printed_can_be_configured(tmp_path: Path, capsys):
    file = written(tmp_path, 'model = "cortexnet"\n[layers]\ncsv = true\n')
    assert main(["layers", "--config", file]) == 0
    assert capsys.readouterr().out.startswith("layer,type")
