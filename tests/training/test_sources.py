"""A person types a name or a path; the right reader answers."""

from __future__ import annotations

import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cortexcnn.training import digits, open_images


def test_digits_by_name():
    training, test = open_images("digits", test=0.1, seed=3)
    assert len(training) + len(test) == 1797
    assert set(test.labels.tolist()) == set(range(10))
    assert (digits(test=0.1, seed=3)[1].pixels == test.pixels).all()


def test_digits_span_the_range():
    training, _ = digits()
    assert (int(training.pixels.min()), int(training.pixels.max())) == (0, 255)


def test_each_form_finds_its_reader(tmp_path: Path):
    batch = pickle.dumps({"data": np.zeros((2, 3072), np.uint8), "labels": [0, 1]})
    (tmp_path / "cifar").mkdir()
    for name in ("data_batch_1", "test_batch"):
        (tmp_path / "cifar" / name).write_bytes(batch)
    file = io.BytesIO()
    Image.new("RGB", (6, 6)).save(file, "JPEG")
    jpeg = np.frombuffer(file.getvalue() * 2, np.uint8)
    np.savez(
        tmp_path / "few.npz",
        jpeg=jpeg,
        offsets=[0, len(jpeg) // 2, len(jpeg)],
        labels=[0, 0],
        split=[0, 1],
        classes=["a"],
    )
    for name in ("folder/a", "folder/b"):
        (tmp_path / name).mkdir(parents=True)
        for i in range(2):
            Image.new("RGB", (6, 6)).save(tmp_path / name / f"{i}.png")
    assert open_images(tmp_path / "cifar")[0].size == 32
    assert open_images(str(tmp_path / "few.npz"))[0].size == 6
    assert open_images(tmp_path / "folder")[0].size == 64
    assert open_images(tmp_path / "folder", size=10, channels=1)[0].pixels.shape == (2, 1, 10, 10)


def test_only_a_folder_takes_a_size():
    with pytest.raises(ValueError, match="digits have 8 pixels a side"):
        open_images("digits", size=16)


def test_nothing_there():
    with pytest.raises(FileNotFoundError, match="nothing at nowhere"):
        open_images("nowhere")
