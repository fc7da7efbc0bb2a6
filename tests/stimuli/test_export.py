"""What was exported can be read back, and nothing is overwritten unasked."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cortexcnn.arrays import content_hash
from cortexcnn.screen import Screen
from cortexcnn.stimuli import export, photographs, render, sweep, times

SCREEN = Screen(degrees=4, pixels=24)


def test_pictures_and_parameters_come_back(tmp_path):
    table = sweep("grating", orientation=[0, 30], phase=[0, 45], spatial_frequency=1, blank=True)
    written = pd.read_csv(export(table, SCREEN, tmp_path / "set"))
    assert written.stimulus.tolist() == [0, 1, 2, 3, 4]
    for name in ("orientation", "phase", "contrast", "spatial_frequency"):
        np.testing.assert_array_equal(written[name].values, table[name].values)
    for file, luminance in zip(written.file, render(table, SCREEN)[:, 0].numpy(), strict=True):
        picture = np.asarray(Image.open(tmp_path / "set" / file))
        assert picture.dtype == np.uint8
        np.testing.assert_allclose(picture / 255, luminance, atol=0.5 / 255 + 1e-6)
    sidecar = json.loads((tmp_path / "set" / "stimuli.json").read_text(encoding="utf-8"))
    assert (sidecar["degrees"], sidecar["pixels"], sidecar["kind"]) == (4, 24, "grating")
    assert sidecar["stimuli_hash"] == content_hash(table)
    assert sidecar["columns"]["spatial_frequency"]["Units"] == "cycles/degree"


def test_what_moves_is_a_picture_a_frame(tmp_path):
    table = sweep("swept_bar", direction=[0, 90], duration=1, frame_rate=11)
    written = pd.read_csv(export(table, SCREEN, tmp_path))
    assert len(written) == len(set(written.file)) == 22
    assert written.file[10] == "swept_bar_0_frame_10.png"
    np.testing.assert_allclose(written.time.values, np.tile(times(table), 2))
    assert written.frame.tolist() == [*range(11)] * 2
    frames = render(table, SCREEN)[:, :, 0].reshape(22, 24, 24).numpy()
    for file, frame in zip(written.file, frames, strict=True):
        np.testing.assert_allclose(np.asarray(Image.open(tmp_path / file)) / 255, frame, atol=0.5 / 255 + 1e-6)


def test_events_follow_each_other(tmp_path):
    export(sweep("edge", orientation=[0, 45, 90]), SCREEN, tmp_path / "still", events=True, duration=0.5, gap=0.25)
    events = pd.read_csv(tmp_path / "still" / "events.tsv", sep="\t")
    assert events.columns.tolist() == ["onset", "duration", "trial_type", "stim_file"]
    assert events.onset.tolist() == [0, 0.75, 1.5]
    assert all((tmp_path / "still" / file).exists() for file in events.stim_file)
    export(sweep("swept_bar", direction=[0, 90], duration=0.5, frame_rate=4), SCREEN, tmp_path / "moving", events=True)
    assert pd.read_csv(tmp_path / "moving" / "events.tsv", sep="\t").onset.tolist() == [0, 1.5]
    with pytest.raises(ValueError, match="durations are above 0"):
        export(sweep("edge"), SCREEN, tmp_path / "none", duration=0)


def test_a_folder_with_files_is_left_alone_unless_told_and_strange_files_stay(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FileExistsError, match=r"has files \(notes.txt\); choose an empty folder, or overwrite=True"):
        export(sweep("edge"), SCREEN, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    export(sweep("edge", orientation=[0, 45, 90]), SCREEN, tmp_path, overwrite=True, events=True)
    (tmp_path / "mine.png").write_text("mine too")
    export(sweep("edge"), SCREEN, tmp_path, overwrite=True)
    left = {"edge_0.png", "mine.png", "notes.txt", "stimuli.csv", "stimuli.json"}
    assert {path.name for path in tmp_path.iterdir()} == left


def test_nothing_is_written_of_a_set_that_cannot_be_drawn(tmp_path):
    with pytest.raises(ValueError, match="Nyquist"):
        export(sweep("grating", spatial_frequency=[1, 5]), SCREEN, tmp_path / "set")
    clash = sweep("bar", orientation=[0, 90]).assign_coords(stimulus=["a/b", "a b"])
    with pytest.raises(ValueError, match="a/b, a b would make one file name"):
        export(clash, SCREEN, tmp_path / "set")
    assert not (tmp_path / "set").exists()


def test_colour_photographs_are_written_in_colour(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)
    (tmp_path / "in").mkdir()
    Image.fromarray(values).save(tmp_path / "in" / "noise.png")
    table = photographs(tmp_path / "in", size=4)
    written = pd.read_csv(export(table, SCREEN, tmp_path / "out"))
    assert written.photograph.tolist() == ["noise.png"]
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "out" / written.file[0])), values)
