"""Plaids: the sum of two gratings, laws of superposition, controls with one component, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.arrays import is_blank
from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import check_drawable, render, sweep

SCREEN = Screen(degrees=6, pixels=36)
ANGLES = st.floats(0, 179.99)
SHARED = {"aperture": "disc", "size": 4, "x": 0.3, "y": -0.4}
PLAIDS = st.fixed_dictionaries(
    {
        "orientation": ANGLES,
        "spatial_frequency": st.floats(0.2, 3),
        "phase": st.floats(-360, 360),
        "test_contrast": st.floats(0.01, 0.5),
        "mask_angle": ANGLES,
        "mask_spatial_frequency": st.floats(0.2, 3),
        "mask_phase": st.floats(-360, 360),
        "mask_contrast": st.floats(0, 0.5),
        "aperture": st.sampled_from(["none", "disc", "raised cosine", "gaussian"]),
    }
)


def one(values, prefix):
    """The grating that is one component of a plaid."""
    angle = values["mask_angle"] if prefix == "mask_" else 0
    return sweep(
        "grating",
        orientation=(values["orientation"] + angle) % 180,
        spatial_frequency=values[f"{prefix}spatial_frequency"],
        phase=values[f"{prefix}phase"],
        contrast=values["mask_contrast" if prefix else "test_contrast"],
        aperture=values["aperture"],
        x=0.3,
        **({"size": 4} if values["aperture"] != "none" else {}),
    )


def plaid(values):
    return sweep("plaid", **values, x=0.3, **({"size": 4} if values["aperture"] != "none" else {}))


@settings(deadline=None, max_examples=25)
@given(PLAIDS)
def test_a_plaid_is_the_sum_of_two_gratings_about_the_mean(values):
    parts = [render(one(values, prefix), SCREEN) - 0.5 for prefix in ("", "mask_")]
    torch.testing.assert_close(render(plaid(values), SCREEN), 0.5 + parts[0] + parts[1], atol=1e-6, rtol=0)


@settings(deadline=None, max_examples=15)
@given(PLAIDS)
def test_test_and_mask_may_change_places(values):
    table = plaid(values)
    swapped = values | {
        "orientation": table.mask_orientation.item(),
        "mask_angle": -values["mask_angle"] % 180 % 180,  # of a tiny angle, the first gives 180
        "test_contrast": values["mask_contrast"],
        "mask_contrast": values["test_contrast"],
        "spatial_frequency": values["mask_spatial_frequency"],
        "mask_spatial_frequency": values["spatial_frequency"],
        "phase": values["mask_phase"],
        "mask_phase": values["phase"],
    }
    torch.testing.assert_close(render(table, SCREEN), render(plaid(swapped), SCREEN), atol=2e-6, rtol=0)


def test_a_plaid_of_whole_cycles_is_the_direct_formula():
    table = sweep("plaid", spatial_frequency=0.5, phase=30, mask_phase=70, test_contrast=0.6, mask_contrast=0.4)
    right, up = np.meshgrid(*SCREEN.centres())
    # A horizontal test goes along y, its mask, turned by 90 counter-clockwise, along −x.
    test = np.sin(np.pi * up + np.deg2rad(30))
    mask = np.sin(-np.pi * right + np.deg2rad(70))
    picture = render(table, SCREEN)[0, 0].numpy()
    np.testing.assert_allclose(picture, 0.5 + 0.3 * test + 0.2 * mask, atol=1e-6)
    assert picture.mean() == pytest.approx(0.5, abs=1e-6)
    assert -1e-6 < picture.min() <= picture.max() < 1 + 1e-6


def test_the_mask_keeps_its_angle_from_every_orientation_and_is_of_the_tests_frequency():
    table = sweep("plaid", orientation=range(0, 180, 45), spatial_frequency=[1, 2], blank=True)
    assert table.mask_orientation.values[:8].tolist() == [90, 90, 135, 135, 0, 0, 45, 45]
    assert table.mask_spatial_frequency.values[:8].tolist() == [1, 2] * 4
    assert np.isnan(table.mask_spatial_frequency.values[8])
    assert table.mask_orientation.attrs["units"] == "degrees"
    assert sweep("plaid", mask_spatial_frequency=[1, 3]).spatial_frequency.values.tolist() == [2, 2]


def test_each_component_alone_is_a_grating_and_only_both_at_zero_are_a_blank():
    table = sweep("plaid", orientation=20, test_contrast=[0, 0.5], mask_contrast=[0, 0.3], blank=True, **SHARED)
    assert table.contrast.values == pytest.approx([0, 0.3, 0.5, 0.8, 0])
    assert is_blank(table).values.tolist() == [True, False, False, False, True]
    pictures = render(table, SCREEN)
    assert torch.all(pictures[[0, 4]] == 0.5)
    assert table.test_contrast.values[4] == table.mask_contrast.values[4] == 0
    alone = [
        sweep("grating", orientation=110, contrast=0.3, **SHARED),
        sweep("grating", orientation=20, contrast=0.5, **SHARED),
    ]
    for picture, grating in zip(pictures[1:3], alone, strict=True):
        torch.testing.assert_close(picture, render(grating, SCREEN)[0], atol=1e-6, rtol=0)


def test_a_table_by_hand_has_the_contrast_that_follows_and_may_not_contradict_it():
    columns = {"test_contrast": ("stimulus", [0.2, 0.0]), "mask_contrast": ("stimulus", [0.0, 0.0])}
    table = xr.Dataset(columns, {"stimulus": ["a", "b"]}, {"kind": "plaid"})
    assert torch.all(render(table, SCREEN)[1] == 0.5)
    assert render(table, SCREEN)[0].std() > 0.05
    with pytest.raises(ValueError, match=r"contrast 0\.1 of stimulus b is not 0, which follows .* leave contrast out"):
        render(table.assign(contrast=("stimulus", [0.2, 0.1])), SCREEN)
    with pytest.raises(ValueError, match=r"mask_orientation 45\.0 of stimulus a is not 90"):
        check_drawable(table.assign(mask_orientation=("stimulus", [45.0, 90.0])), SCREEN)
    with pytest.raises(ValueError, match="mask_contrast nan of stimulus b: mask_contrast of a plaid is a number"):
        render(table.assign(mask_contrast=("stimulus", [0.0, np.nan])), SCREEN)


def test_a_window_is_the_crop_of_the_whole():
    table = sweep("plaid", orientation=[0, 37], mask_angle=[20, 90], aperture=["none", "disc"], size=3)
    whole = render(table, SCREEN)
    for window in (Window(3, 30, 5, 19), Window(17, 18, 0, 36), Window(0, 36, 35, 36)):
        part = render(table, SCREEN, window=window)
        assert torch.equal(part, whole[..., window.top : window.bottom, window.left : window.right])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"test_contrast": [0.2, 0.7], "mask_contrast": [0, 0.4]},
            r"test_contrast 0.7 and mask_contrast 0.4 of stimulus 3: their sum is at most 1, .*: lower one of them",
        ),
        ({"mask_contrast": 1.2}, "mask_contrast 1.2: .* more would leave the luminances 0 to 1"),
        ({"mask_angle": 180}, r"mask_angle 180.0: mask_angle is a number in \[0, 180\) degrees"),
        ({"mask_spatial_frequency": 0}, "mask_spatial_frequency 0.0"),
        ({"contrast": 0.5}, "no parameter of a plaid contrast .*test_contrast"),
        ({"size": 3}, "size has no effect without an aperture"),
    ],
)
def test_bad_plaids_are_refused(parameters, message):
    with pytest.raises(ValueError, match=message):
        sweep("plaid", **parameters)


def test_both_frequencies_are_guarded():
    screen = Screen(8, 224)
    with pytest.raises(ValueError, match=r"mask_spatial_frequency 15.0 of stimulus 1 is beyond 14 cycles/degree"):
        check_drawable(sweep("plaid", mask_spatial_frequency=[2, 15]), screen)
    flags = check_drawable(sweep("plaid", spatial_frequency=[2, 8], mask_spatial_frequency=[3, 9]), screen)
    assert flags.aliasing_risk.values.tolist() == [False, True, True, True]
    assert check_drawable(sweep("plaid", aperture="disc", size=2, x=6), screen).off_screen.all()
