"""The bias of estimators: what is called the truth is what measures give without noise, and noise does as it should."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    path = Path(__file__).parents[2] / "analyses" / "estimator_bias.py"
    spec = importlib.util.spec_from_file_location("estimator_bias", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


SAMPLED = {  # what sampling alone may do, where the largest sample stands for the peak, or phases are few
    "osi_pref_orth": 0.02,
    "orthogonal_preferred_ratio": 0.02,
    "direction_selectivity": 0.01,
    "modulation_ratio": 0.09,
    "grating_summation_field": 0.01,
    "grating_summation_field_sampled": 0.4,
    "surround_diameter": 0.02,
    "surround_diameter_sampled": 1.2,
    "surround_suppression_index_sampled": 0.02,
    "circular_variance": 1e-3,
    "preferred_orientation": 0.02,
}


@pytest.mark.parametrize("sweep", ["orientation", "direction", "spatial_frequency", "phase", "contrast", "size"])
def test_without_noise_every_measure_gives_the_closed_form(script, sweep):
    for cell in script.SWEEPS[sweep].cells:
        for row in script.measured(sweep, cell, 33.8, np.inf, cells=20):
            if row["undefined"] == 1:  # an untuned cell has no measure, one that is not suppressed no surround
                assert cell in {"untuned", "not suppressed"}
            elif not np.isnan(row["truth"]):
                worst = abs(row["bias"]) + 2 * row["spread"]
                assert worst <= SAMPLED.get(row["measure"], 2e-4), (row["measure"], cell)


def test_every_measure_has_a_sweep_and_figures_show_measures(script):
    assert {of for of, _ in script.MEASURES.values()} == set(script.SWEEPS)
    assert set(script.FIGURE) <= set(script.MEASURES)
    half_wave = script.MEASURES["modulation_ratio"][1]((0.0, 1.0), np.zeros(1))
    assert half_wave == pytest.approx(np.pi / 2, rel=1e-4)


def test_more_repeats_shrink_the_spread_as_the_root(script):
    few, many = (script.measured("orientation", "typical", 33.8, n, cells=400) for n in (10, 40))
    for name in ("circular_variance", "preferred_orientation"):
        spreads = [next(row["spread"] for row in rows if row["measure"] == name) for rows in (few, many)]
        assert spreads[0] / spreads[1] == pytest.approx(2, rel=0.2)


def test_untuned_cells_seem_tuned_and_narrow_ones_less_so(script):
    untuned, narrow = (script.measured("orientation", cell, 33.8, 5, cells=200)[0] for cell in ("untuned", "narrow"))
    assert untuned["measure"] == "circular_variance"
    assert untuned["bias"] < -5 * untuned["standard_error"]
    assert narrow["bias"] > 5 * narrow["standard_error"]


@pytest.mark.slow
def test_it_writes_a_table_and_a_figure_and_prints_what_is_in_the_documentation(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(script, "SWEEPS", {"orientation": script.SWEEPS["orientation"]})
    monkeypatch.setattr(script, "FIGURE", ["circular_variance"] * 12)
    arguments = ["--cells", "5", "--repeats", "20", "--maximum", "33.8", "10", "--out", str(tmp_path / "new")]
    table = script.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| measure | cell | truth | 33.8/s, 5 repeats |")
    assert len({line.count("|") for line in lines}) == 1
    assert (tmp_path / "new" / "estimator_bias.png").stat().st_size > 10_000
    written = pd.read_csv(tmp_path / "new" / "estimator_bias.csv")
    pd.testing.assert_frame_equal(written, table)
    again = pd.DataFrame(script.measured("orientation", "narrow", 10, 20, cells=5))
    wanted = table[(table["cell"] == "narrow") & (table["maximum"] == 10) & (table["repeats"] == 20)]
    pd.testing.assert_frame_equal(again, wanted.reset_index(drop=True), check_dtype=False)


@pytest.mark.parametrize("wrong", [["--repeats", "0"], ["--cells", "1"], ["--maximum", "0.5"]])
def test_what_makes_no_simulation_is_refused(script, wrong, capsys):
    with pytest.raises(SystemExit):
        script.main(wrong)
    assert "1 repeat or more, 2 cells or more" in capsys.readouterr().err
