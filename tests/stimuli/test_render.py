"""The plumbing between tables and pictures: rows, windows, buffers, blanks, and the guards."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import check_drawable, render, sweep

SCREEN = Screen(degrees=6, pixels=45)
TABLES = {
    "grating": sweep("grating", orientation=[0, 33, 120], waveform=["sine", "square"], blank=True),
    "apertures": sweep("grating", orientation=20, aperture=["disc", "raised cosine", "gaussian"], size=[2, 5], x=0.3),
    "drifting": sweep("drifting_grating", direction=[10, 200], duration=0.25, frame_rate=12, blank=True),
    "gabor": sweep("gabor", orientation=[0, 70], aspect=[1, 2]),
    "bar": sweep("bar", orientation=[0, 37, 90], polarity=["light", "dark"], blank=True),
    "swept": sweep("swept_bar", direction=[0, 130], duration=0.5, frame_rate=6),
    "edge": sweep("edge", orientation=[0, 37, 90], blur=[0, 0.2]),
    "blank": sweep("blank"),
}


@settings(deadline=None, max_examples=12)
@given(data=st.data())
@pytest.mark.parametrize("name", TABLES)
def test_a_window_and_some_rows_are_bit_for_bit_the_crop_of_the_whole(name, data):
    table = TABLES[name]
    bounds = st.lists(st.integers(0, SCREEN.pixels), min_size=2, max_size=2, unique=True).map(sorted)
    (top, bottom), (left, right) = data.draw(bounds), data.draw(bounds)
    rows = data.draw(st.lists(st.integers(0, table.sizes["stimulus"] - 1), max_size=4))
    whole = render(table, SCREEN)
    part = render(table, SCREEN, rows=rows, window=Window(top, bottom, left, right))
    assert torch.equal(part, whole[rows][..., top:bottom, left:right])


def test_blanks_are_exactly_grey_whatever_else_they_say():
    for table in TABLES.values():
        blanks = np.flatnonzero(table["contrast"].values == 0)
        assert torch.all(render(table, SCREEN, rows=blanks) == 0.5)
    faint = sweep("grating", contrast=[0, 0.5], orientation=[0, 90])
    assert torch.all(render(faint, SCREEN)[:2] == 0.5)


def test_many_rows_are_drawn_in_chunks_alike(monkeypatch):
    whole = render(TABLES["bar"], SCREEN)
    # The function has the name of its module, so the module is asked for by import_module.
    monkeypatch.setattr(import_module("cortexcnn.stimuli.render"), "_CHUNK", 2 * SCREEN.pixels**2)
    assert torch.equal(render(TABLES["bar"], SCREEN), whole)


def test_a_buffer_is_filled_and_returned():
    table = TABLES["grating"]
    out = torch.full((7, 1, 45, 45), torch.nan)
    assert render(table, SCREEN, out=out) is out
    assert torch.equal(out, render(table, SCREEN))
    for dtype in (torch.float64, torch.float16, torch.bfloat16):
        drawn = render(table, SCREEN, dtype=dtype)
        assert drawn.dtype == dtype
        torch.testing.assert_close(
            drawn.double(), out.double(), atol=2**-8 if dtype == torch.bfloat16 else 5e-4, rtol=0
        )
    with pytest.raises(ValueError, match=r"out is a contiguous floating-point tensor of the shape \(7, 1, 45, 45\)"):
        render(table, SCREEN, out=torch.empty(7, 1, 44, 45))
    with pytest.raises(ValueError, match="contiguous"):
        render(table, SCREEN, out=torch.empty(7, 1, 45, 90)[..., ::2])
    with pytest.raises(ValueError, match="out lies on cpu, but device is meta"):
        render(table, SCREEN, out=out, device="meta")


def test_a_device_is_drawn_on():
    assert render(TABLES["grating"], SCREEN, device="cpu").device.type == "cpu"
    assert render(TABLES["grating"], SCREEN, device=torch.device("cpu"), rows=[0]).device.type == "cpu"


@pytest.mark.gpu
@pytest.mark.parametrize("name", TABLES)
def test_another_device_draws_the_same(name):
    drawn = render(TABLES[name], SCREEN, device="cuda")
    assert drawn.device.type == "cuda"
    torch.testing.assert_close(drawn.cpu(), render(TABLES[name], SCREEN), atol=2e-6, rtol=0)


def test_rows_may_be_slices_or_positions_from_the_end():
    table, whole = TABLES["bar"], render(TABLES["bar"], SCREEN)
    assert torch.equal(render(table, SCREEN, rows=slice(1, None, 2)), whole[1::2])
    assert torch.equal(render(table, SCREEN, rows=[-1, 0]), whole[[-1, 0]])
    assert render(table, SCREEN, rows=[]).shape == (0, 1, 45, 45)
    with pytest.raises(ValueError, match="no row 7, 9 in a table of 7 stimuli"):
        render(table, SCREEN, rows=[7, 0, 9])
    with pytest.raises(ValueError, match="rows are a slice or a list of positions"):
        render(table, SCREEN, rows=[0.5])
    with pytest.raises(ValueError, match="reaches beyond a screen"):
        render(table, SCREEN, window=Window(0, 46, 0, 45))


def test_a_table_that_says_little_has_the_defaults():
    table = xr.Dataset({"orientation": ("stimulus", [20.0])}, {"stimulus": ["a"]}, {"kind": "grating"})
    assert torch.equal(render(table, SCREEN), render(sweep("grating", orientation=20), SCREEN))
    assert not check_drawable(table, SCREEN).off_screen.any()


def test_frequencies_beyond_the_pixels_or_frames_are_refused_with_the_remedy():
    screen = Screen(8, 224)
    for call in (check_drawable, render):
        with pytest.raises(
            ValueError,
            match=r"spatial_frequency 15.0 of stimulus 1 \(and 1 more, up to 20\) is beyond 14 cycles/degree, "
            r"the Nyquist limit of 28 pixels/degree; .* more pixels or fewer degrees",
        ):
            call(sweep("grating", spatial_frequency=[2, 15, 20]), screen)
        with pytest.raises(ValueError, match=r"temporal_frequency 6.0 of stimulus 0 is beyond 5 Hz"):
            call(sweep("drifting_grating", temporal_frequency=6, frame_rate=10), screen)
    check_drawable(sweep("grating", spatial_frequency=14), screen)
    render(sweep("grating", spatial_frequency=[2, 20]), screen, rows=[0])  # what is not drawn is not refused


def test_what_is_shown_badly_is_flagged_not_warned_of():
    screen = Screen(8, 224)
    flags = check_drawable(sweep("grating", spatial_frequency=[6, 7, 7.1], blank=True), screen)
    assert flags.aliasing_risk.values.tolist() == [False, False, True, False]
    assert check_drawable(sweep("bar", width=[0.03, 0.04]), screen).aliasing_risk.values.tolist() == [True, False]
    bars = check_drawable(sweep("bar", orientation=[0, 90], x=[3, 5], length=4, width=0.5), screen)
    assert bars.off_screen.values.tolist() == [False, False, False, True]
    swept = check_drawable(sweep("swept_bar", direction=[0, 90], x=6), screen)
    assert swept.off_screen.values.tolist() == [False, False]
    assert check_drawable(sweep("swept_bar", direction=90, x=7), screen).off_screen.all()
    discs = check_drawable(sweep("grating", aperture=["none", "disc"], size=2, x=5.5), screen)
    assert discs.off_screen.values.tolist() == [False, True]


@pytest.mark.parametrize("name", ["orientation", "spatial_frequency", "phase", "contrast", "x"])
def test_nan_in_a_row_that_is_no_blank_is_refused_by_name(name):
    table = sweep("grating", orientation=[0, 90], blank=True)
    table[name].values[1] = np.nan
    for call in (check_drawable, render):
        with pytest.raises(ValueError, match=f"{name} nan of stimulus 1: {name} of a grating is a number"):
            call(table, SCREEN)


def test_what_is_no_table_of_stimuli_is_refused():
    with pytest.raises(ValueError, match="no kind of stimulus plaids"):
        render(xr.Dataset({}, {"stimulus": [0]}, {"kind": "plaids"}), SCREEN)
    with pytest.raises(TypeError, match=r"stimuli are an xarray\.Dataset"):
        render(np.zeros(3), SCREEN)
