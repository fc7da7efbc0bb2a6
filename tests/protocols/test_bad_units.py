"""Units that are silent, constant or negative: every experiment measures the others, and says why it left them out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from cortexcnn.cli import main
from cortexcnn.cli.probe import PROTOCOLS as NAMES
from cortexcnn.models import Eye, wrap
from cortexcnn.protocols import PROTOCOLS, preferred_stimuli, run_protocol

STILL = [name for name in NAMES if name != "drifting"]
BY_GRATINGS = {name for name in STILL if name in PROTOCOLS and PROTOCOLS[name].own}


def network(gain: float = 1.0):
    """A convolution of two Gabors and a negative, one filter of nothing and a constant; then a layer that is silent."""
    x = np.linspace(-1, 1, 7)
    gabor = np.exp(-(x**2 + x[:, None] ** 2) / 0.3) * np.cos(4 * x)
    first, last = nn.Conv2d(1, 5, 7), nn.Conv2d(5, 3, 3)
    with torch.no_grad():
        filters = np.stack([gabor, gabor.T, -gabor, 0 * gabor, 1e-6 * gabor])
        first.weight[:] = torch.tensor(gain * filters[:, None])
        first.bias[:] = torch.tensor([0, 0, 0, 0, gain])
        last.weight[:], last.bias[:] = 0, -1
    module = nn.Sequential(first, nn.ReLU(inplace=True), last, nn.ReLU())
    return wrap(module, Eye(channels=1, pixels=48, degrees=6), name="filters")


@pytest.fixture
def probe(monkeypatch, tmp_path):
    """``cortexcnn probe`` of a network of ours: the exit code and the table of measures."""

    def run(net, name, *words):
        monkeypatch.setattr("cortexcnn.cli.probe.load_network", lambda _: net)
        if name == "freeman_ziemba2013":
            (tmp_path / "photographs").mkdir()
            for family in ("sand", "bark"):
                noise = np.random.default_rng(len(family)).integers(0, 256, (200, 200), dtype=np.uint8)
                Image.fromarray(noise).save(tmp_path / "photographs" / f"{family}.png")
            words = (*words, "--photographs", str(tmp_path / "photographs"))
        out = tmp_path / "out"
        code = main(["probe", "ours", "--protocol", name, "--layers", "0,2,3", "--out", str(out), *words])
        file = out / ("properties.csv" if name == "marques2020" else "measures.csv")
        table = pd.read_csv(file, keep_default_na=False, na_values=[""]) if file.exists() else None
        return code, table

    return run


@pytest.mark.slow
@pytest.mark.parametrize("name", STILL)
def test_a_silent_layer_and_odd_units_leave_the_others_measured(probe, name):
    """Layer 0 comes before its rectifier: half of what it answers is negative."""
    code, table = probe(network(), name)
    assert code == 0
    reason = table["reason"].fillna("")
    numbers = table.select_dtypes("float").drop(columns=["rf_x", "rf_y", "rf_size"], errors="ignore")
    assert (reason[numbers.isna().any(axis=1)] != "").all()
    if name == "marques2020":
        assert set(table["layer"].astype(str)) == {"0"}  # units of others answer nowhere
        assert table["valid_circular_variance"].any()
        return
    silent = table["layer"].astype(str) != "0"
    assert not table["valid"][silent].any()
    assert table["valid"][~silent].any()
    assert (reason[~table["valid"]] != "").all()
    assert reason[silent].str.contains("never answered").all()
    constant = table[~silent & (table["channel"] == 4)]
    assert not constant["valid"].any() or name == "hubel_wiesel1959"


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in STILL])
def test_a_network_that_never_answers_is_told_so(probe, name, capsys):
    code, table = probe(network(0.0), name)
    if name in BY_GRATINGS or name == "marques2020":
        told = capsys.readouterr().err
        assert code == 1
        assert "take other layers" in told
        assert "has its weights" in told
        assert "Traceback" not in told
        return
    assert code == 0
    assert not table["valid"].any()
    assert table["reason"].str.contains("never answered").all()


def test_what_is_silent_is_told_without_the_command_line_too():
    net = network()
    preferred = preferred_stimuli(net, ["0", "3"], rounds=1, progress=False)
    assert preferred["valid"].values.tolist() == [True] * 3 + [False] * 5
    _, measures = run_protocol(PROTOCOLS["skottun1991"], net, preferred=preferred, progress=False)
    reasons = measures["reason"].values.tolist()
    assert reasons[3:] == [
        "no optimum: never answered",
        "no optimum: constant (held away from the rectifier)",
        *["no optimum: never answered"] * 3,
    ]
    assert np.isnan(measures["modulation_ratio"].values).tolist() == [False] * 3 + [True] * 5
    with pytest.raises(ValueError, match=r"no unit of 3 answers to gratings: never answered; take other layers"):
        preferred_stimuli(net, ["3"], rounds=0, progress=False)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["orientation=0:180:30", "phase=0,180"], r"at least 3 phases"),
        (["orientation=0:180:30", "spatial_frequency=40"], r"beyond 4 cycles/degree, the Nyquist limit"),
    ],
)
def test_stimuli_that_tell_nothing_are_refused_with_the_remedy(probe, words, says, capsys):
    code, _ = probe(network(), "grating_tuning", "--stimuli", "grating", *words)
    assert code == 1
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told


def test_what_is_larger_than_the_screen_or_at_the_edge_of_the_range_is_flagged(probe):
    words = ["orientation=0:180:30", "spatial_frequency=0.1,0.2", "phase=0:360:45", "size=20", "aperture=disc"]
    code, table = probe(network(), "grating_tuning", "--stimuli", "grating", *words)
    assert code == 0
    assert table["reason"].str.contains("stimulus larger than the screen").all()
    assert table["reason"][table["valid"]].str.contains("optimum at the edge of the range").all()
