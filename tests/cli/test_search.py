"""``cortexcnn search``: choices as they are typed, and a search that ends in a recipe that can be trained."""

from __future__ import annotations

import tomllib

import pandas as pd
import pytest

from cortexcnn.cli import main
from cortexcnn.cli.search import choices


def test_a_search_writes_its_trials_its_figure_and_a_recipe(tmp_path, capsys):
    out = tmp_path / "search"
    words = ["search", "--data", "digits", "--no-flip", "--trials", "2", "--epochs", "1", "--out", str(out), "--csv"]
    space = ["--space", "depth=2:3", "width=4,8", "rate=0.01:0.5:log"]
    assert main([*words, *space]) == 0
    told = capsys.readouterr()
    assert len(told.out.splitlines()) == 3
    assert "test accuracy" in told.err
    trials = pd.read_csv(out / "trials.csv")
    assert set(trials["state"]) == {"complete"}
    assert trials["depth"].isin([2, 3]).all()
    assert trials[["sizes_fall", "covers", "strides_overlap"]].isin([0, 1]).all(axis=None)
    assert (out / "search.png").is_file()
    recipe = tomllib.loads((out / "best.toml").read_text(encoding="utf-8"))
    best = trials.loc[trials["validation_accuracy"].idxmax()]
    assert recipe["model"] == "tapered_cnn"
    assert recipe["with"] == ["channels=1", "pixels=8", f"depth={best.depth}", f"width={best.width}"]
    assert recipe["rate"] == pytest.approx(best.rate)
    assert main([*words, *space]) == 1
    assert "go on with it by resume" in capsys.readouterr().err
    assert main([*words, *space, "--resume", "--trials", "3"]) == 0
    assert len(pd.read_csv(out / "trials.csv")) == 3
    trained = ["train", "--config", str(out / "best.toml"), "--epochs", "1", "--out", str(tmp_path / "best")]
    assert main(trained) == 0
    assert "of 8 × 8 pixels" in capsys.readouterr().err
    assert (tmp_path / "best" / "weights.safetensors").is_file()


@pytest.mark.parametrize("text", ["1:2:3", "1:2:lin", "low:3", "1:2:log:4"])
def test_a_range_that_is_none_is_refused(text: str):
    with pytest.raises(ValueError, match="is no range; write low:high"):
        choices(text)
