"""Photographs on the screen: Pillow's own resizing as the reference, placement, grey and transparent files."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import photographs, render

NOISE = np.random.default_rng(1).integers(0, 256, (60, 60, 3), dtype=np.uint8)


def table(folder, values, name="picture.png", **options):
    Image.fromarray(values).save(folder / name)
    return photographs(folder, **options)


@pytest.mark.parametrize("pixels", [17, 30, 60, 95])
def test_a_photograph_that_fills_the_screen_is_pillows_antialiased_resizing(tmp_path, pixels):
    drawn = render(table(tmp_path, NOISE, size=8), Screen(8, pixels))[0]
    for channel in range(3):
        # Pillow resizes one-channel floating-point images without rounding to 8 bits
        reference = Image.fromarray(NOISE[..., channel].astype(np.float32)).resize(
            (pixels, pixels), Image.Resampling.BILINEAR
        )
        np.testing.assert_allclose(drawn[channel].numpy(), np.asarray(reference) / 255, atol=1e-5)


def test_a_window_is_the_crop_of_the_whole(tmp_path):
    pictures, screen = table(tmp_path, NOISE, size=3.3, x=0.7, y=-0.4), Screen(6, 41)
    whole = render(pictures, screen)
    part = render(pictures, screen, window=Window(5, 30, 11, 41))
    torch.testing.assert_close(part, whole[..., 5:30, 11:41], atol=1e-6, rtol=0)


def test_place_size_and_direction_of_both_axes(tmp_path):
    values = np.full((8, 16), 255, dtype=np.uint8)
    values[:, 8:] = 0
    drawn = render(table(tmp_path, values, size=4, x=1, y=2), Screen(8, 32))
    assert drawn.shape == (1, 1, 32, 32)
    expected = np.full((32, 32), 0.5)
    expected[4:12, 12:20] = 1  # light left half, its centre 2 degrees above the screen's
    expected[4:12, 20:28] = 0
    np.testing.assert_allclose(drawn[0, 0].numpy(), expected, atol=1e-6)


def test_the_border_covers_pixels_partly(tmp_path):
    drawn = render(table(tmp_path, np.full((10, 10), 255, dtype=np.uint8), size=2.5), Screen(4, 8))[0, 0]
    covered = 2 * drawn.numpy() - 1
    assert covered.sum() / 4 == pytest.approx(2.5**2)
    np.testing.assert_allclose(covered[4], [0, 0.5, 1, 1, 1, 1, 0.5, 0], atol=1e-6)


def test_contrast_is_about_the_grey(tmp_path):
    full = render(table(tmp_path, NOISE, size=8), Screen(8, 60))
    half = render(photographs(tmp_path, size=8, contrast=0.5), Screen(8, 60))
    torch.testing.assert_close(half - 0.5, (full - 0.5) / 2, atol=1e-6, rtol=0)


def test_grey_files_have_one_channel_unless_colour_is_among_them(tmp_path):
    Image.fromarray(NOISE[..., 0]).save(tmp_path / "grey.png")
    assert render(photographs(tmp_path, size=8), Screen(8, 60)).shape == (1, 1, 60, 60)
    both = table(tmp_path, NOISE, "red.png", size=8)
    grey, red = render(both, Screen(8, 60))
    np.testing.assert_allclose(grey.numpy(), np.stack([NOISE[..., 0] / 255] * 3), atol=1e-6)
    np.testing.assert_allclose(red.numpy(), np.moveaxis(NOISE, -1, 0) / 255, atol=1e-6)


def test_sixteen_bits_transparency_and_palettes(tmp_path):
    deep = (NOISE[..., 0].astype(np.uint16) << 8) + 37
    drawn = render(table(tmp_path, deep, size=8), Screen(8, 60))[0, 0]
    np.testing.assert_allclose(drawn.numpy(), deep / 65535, atol=1e-6)
    clear = np.dstack([NOISE, np.where(np.arange(60) < 30, 255, 0).astype(np.uint8)[None].repeat(60, 0)])
    drawn = render(table(tmp_path, clear, size=8), Screen(8, 60))[0]
    np.testing.assert_allclose(drawn[..., :30].numpy(), np.moveaxis(NOISE[:, :30], -1, 0) / 255, atol=1e-6)
    assert torch.all(drawn[..., 30:] == 0.5)
    Image.fromarray(NOISE).quantize(16).save(tmp_path / "picture.png")
    palette = np.asarray(Image.open(tmp_path / "picture.png").convert("RGB"))
    drawn = render(photographs(tmp_path, size=8), Screen(8, 60))[0]
    np.testing.assert_allclose(drawn.numpy(), np.moveaxis(palette, -1, 0) / 255, atol=1e-6)


def test_floating_point_files_are_refused(tmp_path):
    Image.fromarray(NOISE[..., 0].astype(np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(ValueError, match=r"float.tif holds floating-point values of no stated range"):
        photographs(tmp_path)
