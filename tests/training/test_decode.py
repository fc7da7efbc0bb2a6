"""Image files decoded by several hands: in their order, as they look, and errors in the place of images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cortexcnn.training.decode import squares


def test_images_come_in_the_order_of_the_files_with_errors_between_them(tmp_path: Path):
    files = []
    for i in range(300):
        files.append(tmp_path / f"{i}.png")
        Image.new("L", (4, 4), i % 256).save(files[-1])
    files[7].write_bytes(b"")
    found = list(squares(files, size=4, channels=1))
    assert isinstance(found[7], ValueError)
    assert "7.png can't be read" in str(found[7])
    assert [int(image[0, 0, 0]) for i, image in enumerate(found) if i != 7] == [i % 256 for i in range(300) if i != 7]


@pytest.mark.parametrize("channels", [1, 3])
def test_large_photographs_are_decoded_small_and_look_the_same(tmp_path: Path, channels: int):
    rough = np.random.default_rng(0).integers(256, size=(12, 16, 3), dtype=np.uint8)
    photograph = Image.fromarray(rough).resize((1600, 1200))
    photograph.save(tmp_path / "large.jpg", quality=95)
    (found,) = squares([tmp_path / "large.jpg"], size=64, channels=channels)
    expected = photograph.crop((200, 0, 1400, 1200)).resize((64, 64), Image.Resampling.BILINEAR)
    expected = np.asarray(expected.convert("L" if channels == 1 else "RGB"), float).reshape(64, 64, channels)
    assert np.abs(found.transpose(1, 2, 0) - expected).mean() < 1.5


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_every_mode_of_pixel_becomes_colour(tmp_path: Path, mode: str):
    Image.new(mode, (6, 5)).save(tmp_path / "a.tif")
    (found,) = squares([tmp_path / "a.tif"], size=3, channels=3)
    assert found.shape == (3, 3, 3)
