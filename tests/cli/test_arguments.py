"""Words on the command line become values, and wrong words are explained."""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
import pytest

from cortexcnn.cli import arguments


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0:180:15", list(np.arange(0, 180, 15.0))),
        ("0:1:0.1", list(np.arange(10) * 0.1)),
        ("90:0:-45", [90.0, 45.0]),
        ("1,2.5", [1.0, 2.5]),
        ("3", 3.0),
    ],
)
def test_values(text, value):
    assert arguments.values(text) == pytest.approx(value)


def test_words_stay_words():
    assert arguments.values("disc, none") == ["disc", "none"]


@pytest.mark.parametrize(("text", "says"), [("0:180", "start:stop:step"), ("0:180:0", "empty"), ("9:1:2", "empty")])
def test_bad_ranges_are_explained(text, says):
    with pytest.raises(ValueError, match=says):
        arguments.values(text)


def test_a_parameter_without_a_value_is_explained():
    with pytest.raises(ValueError, match="name=values"):
        arguments.parameters(["orientation"])


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("depth=20", 20),
        ("dropout=0.5", 0.5),
        ("rate=1e-3", 0.001),
        ("filters=32,64", [32, 64]),
        ("pooled=1,0,true,false", [1, 0, True, False]),
        ("pooling=l2", "l2"),
        ("head=", []),
    ],
)
def test_options_of_a_network_keep_their_kind(word, value):
    (found,) = arguments.options([word]).values()
    assert found == value
    assert [type(item) for item in np.ravel(np.array(found, object))] == [
        type(item) for item in np.ravel(np.array(value, object))
    ]


def test_tables_are_printed_for_scripts(capsys):
    table = pd.DataFrame({"layer": ["a", "b"], "score": [0.5, np.nan]})
    arguments.emit(table, argparse.Namespace(json=True, csv=False))
    assert json.loads(capsys.readouterr().out) == [{"layer": "a", "score": 0.5}, {"layer": "b", "score": None}]
    arguments.emit(table, argparse.Namespace(json=False, csv=True))
    assert capsys.readouterr().out.splitlines() == ["layer,score", "a,0.5", "b,"]


def test_a_folder_that_holds_files_is_refused(tmp_path):
    (tmp_path / "result.nc").write_text("precious")
    with pytest.raises(FileExistsError, match="--overwrite"):
        arguments.new_folder(tmp_path, overwrite=False)
    with pytest.raises(FileExistsError, match="is a file"):
        arguments.new_folder(tmp_path / "result.nc", overwrite=True)
    assert arguments.new_folder(tmp_path / "new", overwrite=False).is_dir()
