"""Tables of trials hold every response once, and come back from their files as they went."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from cortexcnn.recording import spikes, trial_table, write_trials


@pytest.fixture
def counts():
    rates = np.random.default_rng(0).uniform(0, 30, (4, 3))
    coords = {
        "stimulus": np.arange(4),
        "unit": ["conv1/0/2/2", "conv1/1/2/2", "conv2/0/1/1"],
        "orientation": ("stimulus", [0.0, 60.0, 120.0, np.nan]),
        "contrast": ("stimulus", [1.0, 1.0, 1.0, 0.0]),
    }
    responses = xr.DataArray(rates, dims=("stimulus", "unit"), coords=coords)
    return spikes(responses, scale="none", duration=0.4, repeats=5)


@pytest.mark.parametrize("rng", [None, 3])
def test_every_response_stands_once_in_its_row(counts, rng):
    table = trial_table(counts, gap=0.1, rng=rng)
    assert len(table) == 20
    np.testing.assert_allclose(table.onset, np.arange(20) * 0.5)
    assert (table.duration == 0.4).all()
    for row in table.to_dict("records"):
        cell = counts.sel(stimulus=row["stimulus"], repeat=row["repeat"])
        assert [row[unit] for unit in counts.unit.values] == cell.values.tolist()
        np.testing.assert_equal(row["orientation"], float(cell.orientation))
    rounds = table.stimulus.to_numpy().reshape(5, 4)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile(np.arange(4), (5, 1)))
    assert (rounds == np.arange(4)).all() == (rng is None)


def test_long_and_wide_hold_the_same(counts):
    wide, long = trial_table(counts, rng=0), trial_table(counts, form="long", rng=0)
    again = long.pivot_table(index="trial", columns="unit", values="response")
    np.testing.assert_array_equal(again[counts.unit.values], wide[counts.unit.values])
    assert long.columns[-2:].tolist() == ["unit", "response"]


def test_the_csv_comes_back_as_it_went(counts, tmp_path):
    path = write_trials(counts, tmp_path / "new" / "trials.csv", rng=1)
    pd.testing.assert_frame_equal(pd.read_csv(path), trial_table(counts, rng=1), check_dtype=False)


def test_the_events_are_those_of_bids(counts, tmp_path):
    files = counts.assign_coords(file=("stimulus", ["a.png", "b.png", "c.png", ""]))
    path = write_trials(files, tmp_path / "events.tsv")
    first = path.read_text().splitlines()
    assert first[0].split("\t")[:4] == ["onset", "duration", "trial_type", "stim_file"]
    assert first[4].split("\t")[2:4] == ["3", "n/a"]
    again = pd.read_csv(path, sep="\t", na_values="n/a")
    assert not set(counts.unit.values) & set(again)
    np.testing.assert_array_equal(again.orientation, trial_table(counts).orientation)
    assert "stim_file" not in pd.read_csv(write_trials(counts, tmp_path / "plain.tsv"), sep="\t")


def test_missing_repeats_are_no_trials(counts):
    neurons = counts.astype(float)
    neurons[2, :, 3:] = np.nan
    neurons[0, 1, 4] = np.nan
    table = trial_table(neurons)
    assert len(table) == 18
    assert table.trial.tolist() == list(range(18))
    assert len(trial_table(neurons, form="long")) == 3 * 18 - 1


def test_counts_are_summed_over_time_and_all_else_is_averaged(counts):
    frames = counts.expand_dims(time=[0.0, 0.1])
    np.testing.assert_array_equal(trial_table(frames)[counts.unit.values], 2 * trial_table(counts)[counts.unit.values])
    rates = frames.astype(float).assign_attrs(units="spikes/s")
    np.testing.assert_array_equal(trial_table(rates)[counts.unit.values], trial_table(counts)[counts.unit.values])


def test_responses_of_a_network_are_trials_too(counts):
    table = trial_table(counts.astype(float).mean("repeat"), duration=1)
    assert table["repeat"].tolist() == [0] * 4
    assert table.onset.tolist() == [0, 1.5, 3, 4.5]


def test_a_parameter_that_is_called_as_a_column_is_told_apart(counts):
    table = trial_table(counts.assign_coords(duration=("stimulus", [9.0] * 4)))
    assert (table.stimulus_duration == 9).all()
    assert (table.duration == 0.4).all()


def test_refusals(counts, tmp_path):
    with pytest.raises(ValueError, match="nothing tells how long a trial is"):
        trial_table(counts.drop_attrs())
    with pytest.raises(ValueError, match="a gap of -1 s"):
        trial_table(counts, gap=-1)
    with pytest.raises(ValueError, match="wide, long, events"):
        trial_table(counts, form="tall")
    with pytest.raises(ValueError, match=r"units are called onset.*form='long'"):
        trial_table(counts.assign_coords(unit=["onset", "a", "b"]))
    with pytest.raises(ValueError, match=r"written as \.csv .* got trials\.xlsx"):
        write_trials(counts, tmp_path / "trials.xlsx")
    write_trials(counts, tmp_path / "trials.csv")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        write_trials(counts, tmp_path / "trials.csv")
    write_trials(counts, tmp_path / "trials.csv", overwrite=True)
