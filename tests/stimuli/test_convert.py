"""Each converter beside a picture: the other tool's documented formula, given the converted numbers, draws the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from cortexcnn.screen import Screen
from cortexcnn.stimuli import CONVENTIONS, render, sweep, times, to_allen, to_brainscore, to_psychopy, to_stimupy

SCREEN = Screen(degrees=6, pixels=48)
RIGHT, UP = np.meshgrid(*SCREEN.centres())
SETS = sweep(
    "grating",
    orientation=[0, 15, 45, 90, 120, 165],
    phase=[0, 70, 200],
    spatial_frequency=0.7,
    contrast=0.8,
    x=0.4,
    y=-0.9,
    size=3,
    aperture="disc",
)


def pixels(table):
    return render(table, SCREEN, dtype=torch.float64)[:, 0].numpy()


def inside(table):
    """Pixels that lie well inside the disc, where the carrier stands alone."""
    return np.hypot(RIGHT - table.x.values[0], UP - table.y.values[0]) < table["size"].values[0] / 2 - 0.2


def psychopy(row, *, seconds=0.0):
    """Clockwise from vertical stripes, a cosine, phase in cycles; rightward drift as phase grows."""
    turned = np.deg2rad(-row.ori)
    along = np.cos(turned) * (RIGHT - row.pos_x) + np.sin(turned) * (UP - row.pos_y)
    phase = row.phase + seconds * getattr(row, "drift", 0.0)
    return 0.5 + 0.5 * row.contrast * np.cos(2 * np.pi * (row.sf * along - phase))


def brainscore(row):
    """The formula of the script that made the stimuli: y counts downward, angles turn clockwise."""
    x, y_down = RIGHT - row.position_x, -UP - row.position_y
    angle = np.deg2rad(row.orientation)
    along = x * np.cos(angle) + y_down * np.sin(angle)
    return 0.5 + 0.5 * row.contrast * np.sin(2 * np.pi * row.spatial_frequency * along + np.deg2rad(row.phase))


def stimupy(row):
    """As measured on its pictures: counter-clockwise from vertical stripes, a sine; downward at exactly 90."""
    angle = np.deg2rad(row.rotation if row.rotation != 90 else 270)
    along = RIGHT * np.cos(angle) + UP * np.sin(angle)
    wave = np.sin(2 * np.pi * row.frequency * along + np.deg2rad(row.phase_shift))
    return (row.intensity_low + row.intensity_high) / 2 + (row.intensity_high - row.intensity_low) / 2 * wave


@pytest.mark.parametrize(("convert", "draw"), [(to_psychopy, psychopy), (to_brainscore, brainscore)])
def test_gratings_look_the_same_by_the_other_tools_formula(convert, draw):
    there = convert(SETS)
    for picture, row in zip(pixels(SETS), there.itertuples(), strict=True):
        np.testing.assert_allclose(draw(row)[inside(SETS)], picture[inside(SETS)], atol=1e-9)
    angle = "ori" if convert is to_psychopy else "orientation"
    assert there[angle].between(0, 180, inclusive="left").all()
    assert there.index.tolist() == SETS.stimulus.values.tolist()


def test_stimupy_draws_the_same():
    table = sweep("grating", orientation=[0, 15, 90, 120], phase=[0, 70, 200], spatial_frequency=0.7, contrast=0.6)
    for picture, row in zip(pixels(table), to_stimupy(table).itertuples(), strict=True):
        np.testing.assert_allclose(stimupy(row), picture, atol=1e-9)
    with pytest.raises(ValueError, match="fill the screen from its centre"):
        to_stimupy(SETS)


@pytest.mark.parametrize("direction", [0, 30, 90, 200, 300])
def test_psychopy_drifts_the_same_way(direction):
    table = sweep("drifting_grating", direction=direction, spatial_frequency=0.5, temporal_frequency=3, frame_rate=8)
    (row,) = to_psychopy(table).itertuples()
    frames = render(table, SCREEN, dtype=torch.float64)[0, :, 0].numpy()
    for frame, seconds in zip(frames, times(table), strict=True):
        np.testing.assert_allclose(psychopy(row, seconds=seconds), frame, atol=1e-9)


def test_orientations_of_a_few_known_pictures():
    """A stripe that rises to the right is at 45 here and clockwise from vertical there; Allen turns the other way."""
    rising = sweep("grating", orientation=[30.0])
    picture = pixels(rising)[0] - 0.5
    spectrum = np.abs(np.fft.fft2(picture))
    row, column = np.unravel_index(np.argmax(spectrum[: SCREEN.pixels // 2]), spectrum.shape)
    assert row * np.fft.fftfreq(48)[column] > 0  # crests along rows + columns: from lower left to upper right
    assert to_psychopy(rising).ori.item() == 60
    assert to_brainscore(rising).orientation.item() == 60
    assert to_allen(rising).orientation.item() == 120
    assert to_stimupy(rising).rotation.item() == 120
    assert to_allen(sweep("drifting_grating", direction=45)).orientation.item() == 45


def test_envelopes_and_places_are_carried_over():
    gabor = to_psychopy(sweep("gabor", sigma=0.4, aspect=2, x=1, y=2)).iloc[0]
    assert (gabor.size_x, gabor.size_y, gabor["mask"], gabor.mask_sd) == pytest.approx((2.4, 4.8, "gauss", 3))
    assert (gabor.pos_x, gabor.pos_y) == (1, 2)
    masks = to_psychopy(sweep("grating", size=3, aperture=["none", "disc", "raised cosine", "gaussian"]))
    assert masks["mask"].tolist() == ["", "circle", "raisedCos", "gauss"]
    assert masks.mask_fringe[2] == 0.2
    assert masks.mask_sd[3] == 2
    brain = to_brainscore(SETS).iloc[0]
    assert (brain.position_x, brain.position_y, brain.radius) == (0.4, 0.9, 1.5)


@pytest.mark.parametrize("name", CONVENTIONS)
def test_blanks_stay_blanks_and_other_kinds_are_refused(name):
    table = CONVENTIONS[name](sweep("grating", orientation=[0, 90], blank=True))
    assert len(table) == 3
    if "contrast" in table:
        assert table.contrast.tolist() == [1, 1, 0]
    with pytest.raises(ValueError, match="bar has no counterpart in"):
        CONVENTIONS[name](sweep("bar"))


def test_psychopys_square_waves_are_left_to_pictures():
    with pytest.raises(ValueError, match="documents no phase for its square waves"):
        to_psychopy(sweep("grating", waveform="square"))
