"""The bias of estimators: what is called the truth is what measures give without noise, and noise does as it should."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from cortexcnn import tuning


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    folder = Path(__file__).parents[2] / "analyses"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))  # where a script finds its neighbours
        spec = importlib.util.spec_from_file_location("estimator_bias", folder / "estimator_bias.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module
        for name in [name for name in sys.modules if name.split(".")[0] == "handmade_cells"]:
            del sys.modules[name]


NAMES = [
    "orientation",
    "direction",
    "spatial_frequency",
    "phase",
    "contrast",
    "size",
    "length",
    "mask",
    "surround",
    "line_weighting",
    "edges",
    "receptive_field",
    "gaussian_fit",
    "subregions",
    "noise",
    "angle",
    "curvature",
    "texture",
    "pictures",
]

SAMPLED = {  # what sampling alone may do, where the largest sample stands for the peak, or samples are few
    "osi_pref_orth": 0.02,
    "orthogonal_preferred_ratio": 0.02,
    "direction_selectivity": 0.01,
    "modulation_ratio": 0.09,
    "f0": 0.6,
    "maximum": 9,
    "grating_summation_field": 0.01,
    "grating_summation_field_sampled": 0.4,
    "surround_diameter": 0.02,
    "surround_diameter_sampled": 1.2,
    "surround_suppression_index_sampled": 0.02,
    "centre_size": 1e-3,
    "surround_gain": 1e-3,
    "circular_variance": 1e-3,
    "preferred_orientation": 0.02,
    "end_stopping": 0.02,
    "preferred_length": 0.4,
    "best_position": 0.05,
    "edge_position": 0.05,
    "best_x": 0.2,
    "diameter": 0.2,
    "diameter_at_30": 0.2,
    "centre_x": 0.01,
    "centre_x_at_30": 0.06,
    "overlap_index": 0.1,
    "shared_area": 0.25,
    "on_off_balance": 0.08,
    "light_centre_x": 0.06,
    "light_area": 0.25,
    "straight_ratio": 0.06,
}


def _by_name(rows):
    return {row["measure"]: row for row in rows}


def test_there_are_cells_for_every_table_of_tuning(script):
    assert sorted(script.EXPERIMENTS) == sorted(NAMES)
    measured = {experiment.measure.__name__ for experiment in script.EXPERIMENTS.values()}
    assert {name for name in tuning.__all__ if name.endswith("_tuning")} <= measured


def test_every_measure_of_every_table_has_a_truth_or_a_reason_to_have_none(script):
    left_out = sys.modules["handmade_cells"].LEFT_OUT
    unused = set(left_out)
    for name, experiment in script.EXPERIMENTS.items():
        kind = next(iter(experiment.kinds))
        cells = experiment.cells(kind, 33.8, 2, np.random.default_rng(0))
        there = set(experiment.measure(experiment.responses(cells)).data_vars) - {"valid", "reason"}
        assert set(experiment.truths) <= there, name
        assert there - set(experiment.truths) <= set(left_out), name
        unused -= there - set(experiment.truths)
    assert not unused
    assert all(measure in script.EXPERIMENTS[experiment].truths for experiment, measure in script.FIGURE)
    assert set(script.TITLES) <= {measure for _, measure in script.FIGURE}


@pytest.mark.parametrize("experiment", NAMES)
def test_without_noise_every_measure_gives_the_closed_form(script, experiment):
    for cell in script.EXPERIMENTS[experiment].kinds:
        for row in script.measured(experiment, cell, 33.8, np.inf, cells=20):
            if row["undefined"] == 1:  # an untuned cell has no measure, one that is not suppressed no surround
                assert cell in {"untuned", "not suppressed", "complex", "both ways"}
            elif not np.isnan(row["truth"]):
                worst = abs(row["bias"]) + 2 * row["spread"]
                assert worst <= SAMPLED.get(row["measure"], 2e-4), (row["measure"], cell)


def test_what_is_true_by_definition_is_what_theory_says(script):
    half_wave = script.EXPERIMENTS["phase"].truths["modulation_ratio"](SimpleNamespace(mean=0.0, wave=1.0))
    assert half_wave == pytest.approx(np.pi / 2, rel=1e-4)
    bars = script.EXPERIMENTS["line_weighting"]
    for kind, wanted in {"simple": 1.0, "complex": 0.0}.items():
        known = bars.true(bars.cells(kind, 33.8, 3, np.random.default_rng(0)))
        for name in ("discreteness", "summation", "simple"):
            assert known[name] == pytest.approx(wanted, abs=1e-6)
    pictures = script.EXPERIMENTS["pictures"]
    cells = pictures.cells("between", 33.8, 1, np.random.default_rng(0))
    series = np.exp(-4 * np.arange(100) / 100)
    wanted = (1 - series.mean() ** 2 / (series**2).mean()) / (1 - 1 / 100)
    assert pictures.true(cells)["sparseness"] == pytest.approx(wanted)


def test_the_variance_ratio_of_textures_is_that_of_two_levels(script):
    """Counts of .1 s, transformed and taken apart by hand."""
    textures = script.EXPERIMENTS["texture"]
    cells = textures.cells("by texture", 33.8, 1, np.random.default_rng(0))
    rates = textures.responses(cells)
    counts = rates.values[rates["version"].values == "texture", 0].reshape(8, 8) * 0.1
    values = np.sqrt(counts) + np.sqrt(counts + 1)
    sample = values.var(1, ddof=1).mean()
    family = values.mean(1).var(ddof=1) - sample / 8
    wanted = (family / (family + sample) + 0.02) / (sample / (family + sample) + 0.02)
    assert textures.true(cells)["texture_variance_ratio"] == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("experiment", "cell", "names"),
    [
        ("orientation", "typical", ["circular_variance", "preferred_orientation"]),
        ("mask", "normalised", ["cross_orientation_suppression"]),
        ("gaussian_fit", "long", ["centre_x", "sigma_major"]),
        ("curvature", "broad", ["preferred_curvature", "direction_bandwidth"]),
        ("texture", "by texture", ["texture_modulation_index"]),
    ],
)
def test_more_repeats_shrink_the_spread_as_the_root(script, experiment, cell, names):
    few, many = (_by_name(script.measured(experiment, cell, 33.8, n, cells=400)) for n in (10, 40))
    for name in names:
        assert few[name]["spread"] / many[name]["spread"] == pytest.approx(2, rel=0.25)


def test_untuned_cells_seem_tuned_and_narrow_ones_less_so(script):
    untuned, narrow = (
        _by_name(script.measured("orientation", cell, 33.8, 5, cells=200))["circular_variance"]
        for cell in ("untuned", "narrow")
    )
    assert untuned["bias"] < -5 * untuned["standard_error"]
    assert narrow["bias"] > 5 * narrow["standard_error"]


@pytest.mark.parametrize(
    ("experiment", "cell", "largest", "fixed"),
    [
        ("mask", "not suppressed", "strongest_suppression", "cross_orientation_suppression"),
        ("surround", "not suppressed", None, "iso_surround_suppression"),
        ("length", "not suppressed", "end_stopping", None),
        ("texture", "by spectrum", "maximum_to_texture", "texture_modulation_index"),
    ],
)
def test_what_is_chosen_for_being_largest_is_too_large_and_what_was_fixed_is_not(
    script, experiment, cell, largest, fixed
):
    found = _by_name(script.measured(experiment, cell, 33.8, 5, cells=200))
    if largest:
        assert found[largest]["bias"] > 5 * found[largest]["standard_error"]
    if fixed:
        assert abs(found[fixed]["bias"]) < 4 * found[fixed]["standard_error"]


def test_experiments_hold_as_many_cells_as_they_can_fit(script):
    rows = script.measured("receptive_field", "round", 33.8, 5, cells=1000)
    assert {row["cells"] for row in rows} == {script.EXPERIMENTS["receptive_field"].most}


@pytest.mark.slow
def test_it_writes_a_table_and_a_figure_and_prints_what_is_in_the_documentation(script, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(script, "EXPERIMENTS", {name: script.EXPERIMENTS[name] for name in ("orientation", "phase")})
    monkeypatch.setattr(script, "FIGURE", [("orientation", "circular_variance"), ("phase", "f0")] * 10)
    arguments = ["--cells", "5", "--repeats", "20", "--maximum", "33.8", "10", "--out", str(tmp_path / "new")]
    table = script.main(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("#")] == ["### Orientation", "### Phase"]
    assert lines[2].startswith("| measure | cell | truth | 33.8/s, 5 repeats |")
    assert len({line.count("|") for line in lines if line.startswith("|")}) == 1
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
