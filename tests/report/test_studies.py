"""Studies hold every figure and number that they promise, from handmade and shipped units alike."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cortexcnn.models import load
from cortexcnn.protocols import above_blank, grating_battery, grating_tuning, swept_bars
from cortexcnn.recording import record
from cortexcnn.report import bar_section, draw_bars, most_selective, similarity_section, tuning_study
from cortexcnn.report.tuning import summary_section
from cortexcnn.tuning import orientation_tuning


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    assert not plt.get_fignums()


@pytest.fixture(scope="module")
def network():
    return load("cortexnet")


def scores(reference: str = "macaque V1, Hénaff 2021", ceiling: float = 0.7) -> pd.DataFrame:
    names = [("trained", "conv1"), ("trained", "conv2"), ("random weights", "conv1"), ("random weights", "conv2")]
    names += [("classical V1", "simple"), ("pixels", "pixels")]
    rows = [
        {"reference": reference, "pairs": pairs, "units": units, "network": network, "layer": layer}
        | {"score": 0.1 * i, "lower": 0.1 * i - 0.05, "upper": 0.1 * i + 0.05}
        | {"ceiling_lower": ceiling, "ceiling_upper": ceiling + 0.1}
        for pairs in ("different movies", "all pairs")
        for units in ("raw", "z-scored")
        for i, (network, layer) in enumerate(names)
    ]
    return pd.DataFrame(rows)


def test_a_tuning_study_says_what_it_found(network, tmp_path):
    battery = grating_battery(network.screen, orientations=8, phases=4, spatial_frequencies=4)
    responses = record(network, battery, layers=["relu1", "relu2"], progress=False)
    measures = grating_tuning(responses)
    page = tuning_study(tmp_path, network, battery, responses, measures)
    text = page.read_text(encoding="utf-8")
    assert f"{int(measures.valid.sum())} gave valid tuning" in text
    assert "129 stimuli" in text
    assert responses.attrs["weights_hash"] in text
    names = {file.stem for file in (tmp_path / "figures").iterdir()}
    assert names == {"stimuli", "filters", "examples", "distributions"}


def test_the_summary_counts_why_units_were_left_out():
    reasons = ["", "orientation: never answered; phase: never answered", "phase: never above the blank", "a caution"]
    values = np.array([0.5, np.nan, np.nan, 0.7])
    along = {"valid": [True, False, False, True], "reason": reasons, "circular_variance": values}
    along |= {"orientation_bandwidth": values, "modulation_ratio": values, "peak_spatial_frequency": values}
    measures = xr.Dataset(
        {name: ("unit", column) for name, column in along.items()},
        {"unit": list("abcd"), "layer": ("unit", ["conv1"] * 4)},
    )
    text = summary_section(measures).text
    assert "Not valid: 1 never answered, 1 never above the blank." in text
    assert "caution" not in text
    assert "Not valid: none." in summary_section(measures.isel(unit=[0, 3])).text


def test_the_bar_section_draws_the_cell_of_1959_and_one_unit_of_each_layer(network, tmp_path):
    responses = record(network, swept_bars(network.screen), layers=["relu1", "relu2"], progress=False)
    section = bar_section(tmp_path, responses)
    (figure,) = section.figures
    assert figure.is_file()
    assert "relu1: " in section.text
    above = above_blank(responses)
    chosen = most_selective(orientation_tuning(above, baseline="none"), 1)
    drawn = draw_bars(above, chosen)
    rasters = [ax for ax in drawn.axes if ax.name != "polar"]
    assert [ax.get_title() for ax in rasters][1:] == chosen
    assert [len(row.get_positions()) for row in rasters[0].collections] == [0, 1, 2, 7, 9, 2, 0, 0]
    assert max(len(row.get_positions()) for row in rasters[1].collections) == 9
    plt.close(drawn)


def test_a_silent_population_is_said_to_be_silent():
    measures = xr.Dataset(
        {"circular_variance": ("unit", [np.nan]), "valid": ("unit", [False])},
        {"unit": ["a"], "layer": ("unit", ["conv1"])},
    )
    with pytest.raises(ValueError, match="no unit answers"):
        most_selective(measures, 1)


def test_similarity_is_drawn_for_each_choice_and_told_in_words(tmp_path):
    section = similarity_section(tmp_path, scores())
    (figure,) = section.figures
    assert figure.name == "macaque_v1_henaff_2021.png"
    assert "Nearest with raw units, different movies:" in section.text
    assert "trained 0.100 (conv2)" in section.text
    assert "pixels 0.500 (pixels)" in section.text
    assert "noise ceiling" in section.text


def test_similarity_without_a_ceiling_is_drawn_too(tmp_path):
    table = scores("classical V1", np.nan)
    section = similarity_section(tmp_path, table[(table["pairs"] == "all pairs") & (table["units"] == "raw")])
    assert next(iter(section.figures)).is_file()
    assert "noise ceiling" not in section.text
