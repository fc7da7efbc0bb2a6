"""CIFAR-10 and CIFAR-100 in the forms in which people have it, and pickles that want more than an array."""

from __future__ import annotations

import os
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch

from cortexcnn.training import cifar10, cifar100

NAMES = ("data_batch_1", "data_batch_2", "test_batch")


def batches() -> dict[str, tuple[np.ndarray, list[int]]]:
    rng = np.random.default_rng(0)
    return {name: (rng.integers(256, size=(4, 3072), dtype=np.uint8), [3, 0, 9, n]) for n, name in enumerate(NAMES)}


def write_pickles(folder: Path, *, protocol: int = 2, as_bytes: bool = True) -> Path:
    folder.mkdir()
    for name, (pixels, labels) in batches().items():
        content = {"batch_label": "a batch", "data": pixels, "labels": labels, "filenames": ["x.png"] * 4}
        if as_bytes:
            content = {key.encode(): value for key, value in content.items()}
        (folder / name).write_bytes(pickle.dumps(content, protocol=protocol))
    (folder / "batches.meta").write_bytes(b"not read")
    (folder / "readme.html").write_text("not read")
    return folder


def write_binary(folder: Path) -> Path:
    folder.mkdir()
    for name, (pixels, labels) in batches().items():
        records = np.concatenate([np.array(labels, np.uint8)[:, None], pixels], axis=1)
        (folder / f"{name}.bin").write_bytes(records.tobytes())
    return folder


def check(path: Path):
    training, test = cifar10(path)
    expected = batches()
    pixels = np.concatenate([expected[name][0] for name in NAMES[:2]]).reshape(8, 3, 32, 32)
    assert torch.equal(training.pixels, torch.from_numpy(pixels))
    assert training.labels.tolist() == [3, 0, 9, 0, 3, 0, 9, 1]
    assert np.array_equal(test.pixels.numpy(), expected["test_batch"][0].reshape(4, 3, 32, 32))
    assert (training.classes[3], training.classes[9]) == ("cat", "truck")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_the_python_version(tmp_path: Path, protocol: int, as_bytes: bool):
    check(write_pickles(tmp_path / "cifar", protocol=protocol, as_bytes=as_bytes))


class OldType:
    """A numpy data type as Python 2 pickled it, its flags as numbers."""

    def __reduce__(self):
        return np.dtype, ("u1", 0, 1), (3, "|", None, None, None, -1, -1, 0)


class OldArray:
    def __init__(self, array: np.ndarray):
        self.array = array

    def __reduce__(self):
        state = (1, self.array.shape, OldType(), False, self.array.tobytes())
        return np.empty(0).__reduce__()[0], (np.ndarray, (0,), b"b"), state


def test_the_python_version_as_it_was_published(tmp_path: Path):
    folder = write_pickles(tmp_path / "cifar")
    for name, (pixels, labels) in batches().items():
        data = pickle.dumps({b"data": OldArray(pixels), b"labels": labels}, protocol=2)
        (folder / name).write_bytes(data.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))
    check(folder)


def test_the_binary_version(tmp_path: Path):
    check(write_binary(tmp_path / "cifar"))


@pytest.mark.parametrize("write", [write_pickles, write_binary])
def test_an_archive_of_either(tmp_path: Path, write):
    folder = write(tmp_path / "cifar-10-batches")
    with tarfile.open(tmp_path / "cifar.tar.gz", "w:gz") as archive:
        archive.add(folder, folder.name)
    check(tmp_path / "cifar.tar.gz")


class Evil:
    def __reduce__(self):
        return os.system, ("touch pwned",)


def test_a_pickle_that_asks_for_a_program_is_refused_and_runs_nothing(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = write_pickles(tmp_path / "cifar")
    (folder / "data_batch_2").write_bytes(pickle.dumps({b"data": Evil(), b"labels": []}))
    with pytest.raises(ValueError, match=r"data_batch_2 is no batch .* it asks for (posix|nt).system"):
        cifar10(folder)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("content", [b"", b"junk", pickle.dumps([1, 2]), pickle.dumps({"labels": [1]})])
def test_a_damaged_pickle_is_named(tmp_path: Path, content: bytes):
    folder = write_pickles(tmp_path / "cifar")
    (folder / "test_batch").write_bytes(content)
    with pytest.raises(ValueError, match="test_batch is no batch"):
        cifar10(folder)


def test_pixels_of_another_shape_are_refused(tmp_path: Path):
    folder = write_pickles(tmp_path / "cifar")
    content = {"data": np.zeros((4, 100), np.uint8), "labels": [0] * 4}
    (folder / "data_batch_1").write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=r"data_batch_1 .*\(4, 100\) with 4 labels"):
        cifar10(folder)


def test_a_binary_file_that_is_cut_short_is_named(tmp_path: Path):
    folder = write_binary(tmp_path / "cifar")
    file = folder / "data_batch_2.bin"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"data_batch_2.bin is damaged: 12291 bytes"):
        cifar10(folder)


@pytest.mark.parametrize("missing", ["data_batch", "test_batch"])
def test_missing_batches_are_named(tmp_path: Path, missing: str):
    folder = write_pickles(tmp_path / "cifar")
    for file in folder.glob(f"{missing}*"):
        file.unlink()
    with pytest.raises(FileNotFoundError, match=f"no {missing}"):
        cifar10(folder)


def test_a_file_that_is_no_archive_is_named(tmp_path: Path):
    (tmp_path / "cifar.tar.gz").write_bytes(b"junk")
    with pytest.raises(ValueError, match=r"cifar.tar.gz is no folder and no tar archive"):
        cifar10(tmp_path / "cifar.tar.gz")


def test_nothing_there(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        cifar10(tmp_path / "nowhere")


HUNDRED = {"train": ([3, 0, 2], [1, 0, 1]), "test": ([1, 3, 3], [0, 1, 1])}
FINE, COARSE = ["apple", "bear", "can", "dolphin"], ["fruit", "animal"]


def hundred_pixels() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {name: rng.integers(256, size=(3, 3072), dtype=np.uint8) for name in HUNDRED}


def hundred_pickles(folder: Path) -> Path:
    folder.mkdir()
    for name, pixels in hundred_pixels().items():
        fine, coarse = HUNDRED[name]
        content = {b"data": pixels, b"fine_labels": fine, b"coarse_labels": coarse, b"filenames": [b"x.png"] * 3}
        (folder / name).write_bytes(pickle.dumps(content, protocol=2))
    names = {b"fine_label_names": [name.encode() for name in FINE], "coarse_label_names": COARSE}
    (folder / "meta").write_bytes(pickle.dumps(names, protocol=2))
    return folder


def hundred_binary(folder: Path) -> Path:
    folder.mkdir()
    for name, pixels in hundred_pixels().items():
        fine, coarse = (np.array(labels, np.uint8)[:, None] for labels in HUNDRED[name])
        (folder / f"{name}.bin").write_bytes(np.concatenate([coarse, fine, pixels], axis=1).tobytes())
    (folder / "fine_label_names.txt").write_text("\n".join(FINE) + "\n")
    (folder / "coarse_label_names.txt").write_text("\n".join(COARSE))
    return folder


@pytest.mark.parametrize("write", [hundred_pickles, hundred_binary])
@pytest.mark.parametrize("packed", [False, True])
def test_the_hundred_by_either_kind_of_label(tmp_path: Path, write, packed: bool):
    path = write(tmp_path / "cifar-100")
    if packed:
        with tarfile.open(tmp_path / "cifar-100.tar.gz", "w:gz") as archive:
            archive.add(path, path.name)
        path = tmp_path / "cifar-100.tar.gz"
    for coarse, classes in ((False, FINE), (True, COARSE)):
        parts = cifar100(path, coarse=coarse)
        for part, (name, pixels) in zip(parts, hundred_pixels().items(), strict=True):
            assert np.array_equal(part.pixels.numpy(), pixels.reshape(3, 3, 32, 32))
            assert part.labels.tolist() == HUNDRED[name][coarse]
            assert part.classes == tuple(classes)


@pytest.mark.parametrize(("missing", "told"), [("meta", "no meta and no fine"), ("train", "no train and no train.bin")])
def test_what_the_hundred_lack_is_named(tmp_path: Path, missing: str, told: str):
    folder = hundred_pickles(tmp_path / "cifar-100")
    (folder / missing).unlink()
    with pytest.raises(FileNotFoundError, match=told):
        cifar100(folder)


@pytest.mark.parametrize(("name", "told"), [("train", "is no batch"), ("meta", "names no classes")])
def test_a_program_in_the_hundred_is_refused(tmp_path: Path, name: str, told: str):
    folder = hundred_pickles(tmp_path / "cifar-100")
    (folder / name).write_bytes(pickle.dumps({b"data": Evil(), b"fine_label_names": Evil()}))
    with pytest.raises(ValueError, match=f"{name} {told} .*it asks for (posix|nt).system"):
        cifar100(folder)
