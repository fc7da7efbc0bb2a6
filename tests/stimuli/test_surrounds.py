"""Surrounds: a centre and an annulus that do not mix, controls with one of them, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.arrays import is_blank
from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import check_drawable, render, sweep

SCREEN = Screen(degrees=6, pixels=48)


def grating(**values):
    return sweep("grating", **values)


@settings(deadline=None, max_examples=20)
@given(
    orientation=st.floats(0, 179.9),
    angle=st.floats(0, 179.9),
    phase=st.floats(-180, 180),
    size=st.floats(0.5, 2),
    gap=st.floats(0, 1),
    outer=st.floats(3.5, 6),
    contrast=st.floats(0.1, 1),
)
def test_it_is_a_disc_and_an_annulus_of_two_gratings(**values):
    orientation, angle, phase, size, gap, outer, contrast = values.values()
    place = {"x": 0.3, "y": -0.2}
    table = sweep(
        "surround",
        orientation=orientation,
        spatial_frequency=1.5,
        phase=phase,
        centre_contrast=contrast,
        size=size,
        surround_angle=angle,
        surround_spatial_frequency=1,
        surround_phase=20,
        surround_contrast=0.7,
        inner_size=size + gap,
        outer_size=outer,
        **place,
    )
    around = {
        "orientation": table.surround_orientation.item(),
        "spatial_frequency": 1,
        "phase": 20,
        "contrast": 0.7,
        "aperture": "disc",
        **place,
    }
    centre = grating(
        orientation=orientation,
        spatial_frequency=1.5,
        phase=phase,
        contrast=contrast,
        aperture="disc",
        size=size,
        **place,
    )
    parts = [
        render(part, SCREEN) for part in (centre, grating(**around, size=outer), grating(**around, size=size + gap))
    ]
    wanted = parts[0] + parts[1] - parts[2]
    torch.testing.assert_close(render(table, SCREEN), wanted, atol=2e-6, rtol=0)


def test_of_one_grating_without_a_gap_it_is_a_larger_grating():
    joined = sweep("surround", orientation=30, spatial_frequency=1, phase=40, surround_phase=40, size=2, outer_size=5)
    alone = grating(orientation=30, spatial_frequency=1, phase=40, aperture="disc", size=5)
    torch.testing.assert_close(render(joined, SCREEN), render(alone, SCREEN), atol=2e-6, rtol=0)


def test_it_follows_the_centre_and_either_can_be_shown_alone():
    table = sweep(
        "surround",
        orientation=[0, 100],
        spatial_frequency=[1, 2],
        size=1.5,
        surround_angle=90,
        centre_contrast=[0, 1],
        surround_contrast=[0, 0.5],
        blank=True,
    )
    shown = table.isel(stimulus=slice(0, -1))
    assert (shown.surround_spatial_frequency == shown.spatial_frequency).all()
    assert (shown.inner_size == 1.5).all()
    assert set(shown.surround_orientation.values.tolist()) == {90, 10}
    assert is_blank(table).values.sum() == 4 + 1
    centre = table.isel(stimulus=np.flatnonzero((table.surround_contrast == 0) & (table.centre_contrast == 1)))
    discs = grating(orientation=[0, 100], spatial_frequency=[1, 2], aperture="disc", size=1.5)
    torch.testing.assert_close(render(centre, SCREEN), render(discs, SCREEN), atol=1e-6, rtol=0)


def test_a_window_is_the_crop_of_the_whole():
    table = sweep("surround", orientation=[0, 37], surround_angle=[20, 90], size=2, inner_size=2.5)
    whole = render(table, SCREEN)
    for window in (Window(3, 30, 5, 19), Window(17, 18, 0, 36)):
        part = render(table, SCREEN, window=window)
        assert torch.equal(part, whole[..., window.top : window.bottom, window.left : window.right])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"size": 2, "inner_size": 1}, "size 2.0 and inner_size 1.0 and outer_size 4.0 of stimulus 0: the annulus"),
        ({"size": 2, "outer_size": 2}, "size ≤ inner_size < outer_size"),
        ({"surround_contrast": 1.2}, "more would leave the luminances"),
        ({"aperture": "disc"}, "no parameter of a surround aperture"),
    ],
)
def test_bad_surrounds_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        sweep("surround", **parameters)


def test_what_leaves_the_screen_or_is_too_fine_is_flagged_or_refused():
    flags = check_drawable(sweep("surround", x=[0, 4.5], surround_contrast=[0, 1]), SCREEN)
    assert flags.off_screen.values.tolist() == [False, False, True, False]
    with pytest.raises(ValueError, match=r"surround_spatial_frequency 5\.0 of stimulus 0 is beyond 4"):
        check_drawable(sweep("surround", surround_spatial_frequency=5), SCREEN)
