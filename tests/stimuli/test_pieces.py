"""Textures and their noise: equal spectra, no cross of borders, one scale, and files that changed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, textures
from cortexcnn.stimuli.pieces import _cut, _pair, _periodic

SCREEN = Screen(4, 64)


def waves(side, seed):
    """A photograph with a slope from left to right, so that opposite borders differ."""
    rng = np.random.default_rng(seed)
    return rng.random((side, side)) + np.linspace(0, 2, side)


@given(st.integers(2, 33), st.integers(0, 99))
def test_noise_has_the_amplitudes_of_its_texture_and_other_phases(side, seed):
    texture, noise = _pair(waves(side, seed), seed)
    np.testing.assert_allclose(abs(np.fft.fft2(texture)), abs(np.fft.fft2(noise)), atol=1e-9 * side**2)
    assert texture.var() == pytest.approx(noise.var(), rel=1e-9)
    assert max(abs(texture).max(), abs(noise).max()) == pytest.approx(0.5)
    if side > 3:
        assert abs(texture - noise).max() > 0.05


def test_a_piece_of_one_grey_is_grey_twice():
    assert not _pair(np.full((8, 8), 0.3), 0).any()


def test_what_is_periodic_stays_as_it_is_and_slopes_leave_no_cross():
    at = np.linspace(0, 2 * np.pi, 24)  # the last row and column are the first again
    wave = np.cos(3 * at)[:, None] * np.sin(2 * at) + np.cos(5 * at)
    np.testing.assert_allclose(_periodic(wave), wave - wave.mean(), atol=1e-12)
    slope = np.tile(np.linspace(0, 1, 64), (64, 1))
    cross = abs(np.fft.fft2(slope - slope.mean()))[0, 1:]
    assert (abs(np.fft.fft2(_periodic(slope)))[0, 1:] < 0.1 * cross).all()


@given(st.integers(3, 20), st.integers(0, 99))
def test_the_part_taken_off_is_smooth(side, seed):
    """Moisan's definition: its Laplacian is nothing but the jumps at the borders."""
    piece = waves(side, seed)
    smooth = piece - _periodic(piece)
    around = sum(np.roll(smooth, step, axis) for step in (-1, 1) for axis in (0, 1)) - 4 * smooth
    assert around[1:-1, 1:-1] == pytest.approx(0, abs=1e-9)


def save(path, side=48, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def test_both_are_drawn_under_a_round_window_in_the_same_luminance(tmp_path):
    save(tmp_path / "sand.png")
    table = textures(tmp_path, samples=2, side=32, size=2, contrast=0.8)
    drawn = render(table, SCREEN).numpy()[:, 0]
    assert drawn.shape == (5, 64, 64)
    assert ((drawn >= 0.1 - 1e-6) & (drawn <= 0.9 + 1e-6)).all()
    down, right = np.indices((64, 64)) - 31.5
    beyond = np.hypot(down, right) / 16 > 1.01
    assert np.allclose(drawn[:, beyond], 0.5)
    assert np.allclose(drawn[-1], 0.5)
    # 32 pixels of the file on 32 of the screen, and nothing resampled: inside, the spectra's phases are all that differ
    inside = np.hypot(down, right) / 16 < 0.79
    texture, noise = drawn[0][inside], drawn[1][inside]
    assert texture.std() == pytest.approx(noise.std(), rel=0.1)
    assert abs(np.corrcoef(texture, noise)[0, 1]) < 0.2
    twice = render(table.isel(stimulus=[2, 0]), SCREEN).numpy()[:, 0]
    np.testing.assert_array_equal(twice, drawn[[2, 0]])


def test_files_that_changed_and_pieces_beyond_the_border_are_refused(tmp_path):
    save(tmp_path / "sand.png")
    table = textures(tmp_path, samples=1)
    with pytest.raises(ValueError, match=r"40 × 40 pixels, 10 from the left and 0 from the top, .* of 48 × 48"):
        _cut(np.zeros((48, 48)), 10, 0, 40)
    save(tmp_path / "sand.png", seed=1)
    with pytest.raises(ValueError, match=r"sand.png in .* is not what it was when the table was made"):
        render(table, SCREEN)
