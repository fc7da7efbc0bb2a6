"""Training: it learns, it equals a loop written by hand, and no interruption shows in what it leaves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn
from torch.nn import functional
from torchvision.transforms import v2

from cortexcnn.training import LabelledImages, Standardise, digits, evaluate, loop, snapshots, train
from cortexcnn.training.augment import crop_and_flip
from cortexcnn.training.optimise import rate_at
from cortexcnn.training.steps import stream


@pytest.fixture(scope="module")
def images() -> tuple[LabelledImages, LabelledImages]:
    return digits()


def small(seed: int = 0, *, outputs: int = 10) -> nn.Sequential:
    """A LeNet for 8 × 8 digits, with all that has a state: normalisation and dropout."""
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        return nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(128, outputs),
        )


def same(first: nn.Module, second: nn.Module) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def quick(network: nn.Module, images: LabelledImages, **options) -> xr.Dataset:
    return train(network, images[:400], **({"epochs": 4, "flip": False, "batch": 64, "progress": False} | options))


def test_a_small_network_learns_the_digits(images):
    training, test = images
    network = small()
    history = train(network, training, validation=test, epochs=10, flip=False, batch=64, progress=False)
    assert history.sizes == {"epoch": 10}
    assert history.validation_accuracy[-1] > 0.95
    assert history.train_loss[-1] < history.train_loss[0]


@pytest.mark.parametrize("optimiser", ["sgd", "adamw"])
def test_it_equals_a_loop_written_by_hand(images, optimiser: str):
    training, _ = images
    ours, theirs = small(), small()
    few = training[:300]
    history = train(
        ours, few, epochs=3, batch=70, optimiser=optimiser, rate=0.01, decay=0.1, shift=2, seed=9, progress=False
    )
    if optimiser == "sgd":
        mover = torch.optim.SGD(theirs.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=0.1)
    else:
        mover = torch.optim.AdamW(theirs.parameters(), lr=0.01, weight_decay=0.1)
    mean, std = few.pixels.double().mean() / 255, few.pixels.double().std(correction=0) / 255
    losses = []
    with torch.random.fork_rng([]):
        for epoch in range(3):
            torch.default_generator.manual_seed(stream(9, epoch))
            rng = torch.Generator().manual_seed(stream(9, epoch))
            total = 0.0
            for step, which in enumerate(torch.randperm(300, generator=rng).split(60)):
                pixels = crop_and_flip(few.pixels, which, shift=2, flip=True, rng=rng)
                mover.param_groups[0]["lr"] = 0.01 * rate_at((epoch + (step + 0.5) / 5) / 3)
                scores = theirs((pixels.float() / 255 - mean.float()) / std.float())
                loss = functional.cross_entropy(scores, few.labels[which], label_smoothing=0.1)
                mover.zero_grad()
                loss.backward()
                mover.step()
                total += loss.item() * len(which)
            losses.append(total / 300)
    np.testing.assert_allclose(history.train_loss, losses, rtol=1e-4)
    for name, tensor in ours.state_dict().items():
        torch.testing.assert_close(tensor, theirs.state_dict()[name], rtol=1e-3, atol=1e-4)


def test_a_resumed_run_equals_one_that_was_not_interrupted(images, tmp_path: Path, monkeypatch):
    training, test = images
    whole, halves = small(), small()
    options = {"validation": test[:50], "optimiser": "sgd"}
    expected = quick(whole, training, out=tmp_path / "whole", **options)

    def interrupt(run, epoch, *rest):
        if epoch == 2:
            raise KeyboardInterrupt
        return original(run, epoch, *rest)

    original = loop.one_epoch
    monkeypatch.setattr(loop, "one_epoch", interrupt)
    with pytest.raises(KeyboardInterrupt) as stopped:
        quick(halves, training, out=tmp_path / "halves", **options)
    assert "after 2 of 4 epochs" in stopped.value.__notes__[0]
    monkeypatch.undo()
    another = small(seed=7)
    found = quick(another, training, out=tmp_path / "halves", resume=True, **options)
    assert same(whole, another)
    xr.testing.assert_identical(expected.drop_vars("seconds"), found.drop_vars("seconds"))
    logs = [pd.read_csv(tmp_path / name / "log.csv").drop(columns="seconds") for name in ("whole", "halves")]
    pd.testing.assert_frame_equal(*logs)


def test_a_run_that_is_complete_has_nothing_to_resume(images, tmp_path: Path):
    training, _ = images
    first, second = small(), small(seed=3)
    expected = quick(first, training, out=tmp_path)
    xr.testing.assert_identical(expected, quick(second, training, out=tmp_path, resume=True))
    assert same(first, second)


def test_the_seed_decides_everything(images):
    training, _ = images
    first, second, other = small(), small(), small()
    torch.manual_seed(1)
    quick(first, training)
    torch.manual_seed(2)
    quick(second, training)
    quick(other, training, seed=1)
    assert same(first, second)
    assert not same(first, other)


def test_global_chance_and_modes_are_left_as_they_were(images):
    training, _ = images
    network = small().eval()
    network[1].train()
    before = torch.get_rng_state()
    state = np.random.get_state()[1].copy()  # noqa: NPY002 (the global one is what is looked at)
    quick(network, training, epochs=1)
    assert torch.equal(before, torch.get_rng_state())
    assert np.array_equal(state, np.random.get_state()[1])  # noqa: NPY002
    assert (network.training, network[1].training, network[8].training) == (False, True, False)


def test_a_model_behind_its_own_eye(images):
    class Model:
        name = "a model"
        module = small()

        @staticmethod
        def eye(luminance: torch.Tensor) -> torch.Tensor:
            return luminance - 0.5

    training, test = images
    history = quick(Model(), training, validation=test, epochs=2)
    found = evaluate(Model(), test)
    assert found["accuracy"] == history.validation_accuracy[-1]
    plain = small()
    quick(plain, training, epochs=2, eye=Model.eye)
    assert same(plain, Model.module)


def test_frozen_weights_stay(images):
    training, _ = images
    network = small()
    network[0].requires_grad_(False)
    before = network[0].weight.clone()
    last = network[9].weight.clone()
    quick(network, training, epochs=1)
    assert torch.equal(before, network[0].weight)
    assert not torch.equal(last, network[9].weight)


def test_a_network_that_cannot_change_is_refused(images):
    with pytest.raises(ValueError, match=r"requires_grad_\(True\)"):
        quick(small().requires_grad_(False), images[0])


def test_too_few_outputs_are_refused(images):
    with pytest.raises(ValueError, match="needs 10 outputs"):
        quick(small(outputs=9), images[0])


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(images, tmp_path: Path):
    training, _ = images
    network = small()

    def eye(luminance: torch.Tensor) -> torch.Tensor:
        eye.calls += 1
        return luminance * float("nan") if eye.calls == 10 else luminance

    eye.calls = 0
    said = r"the loss became nan at step 10 \(epoch 2\), at a rate of 0\.0\d+: lower rate"
    with pytest.raises(FloatingPointError, match=said) as stopped:
        quick(network, training, eye=eye, out=tmp_path)
    assert "after 1 of 4 epochs" in stopped.value.__notes__[0]
    assert len(pd.read_csv(tmp_path / "log.csv")) == 1
    kept = load_file(tmp_path / "weights.safetensors")
    assert all(bool(torch.isfinite(tensor).all()) for tensor in kept.values())


def test_weights_that_overflow_in_the_last_step_are_never_written(images, tmp_path: Path):
    training, _ = images
    network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    with pytest.raises(FloatingPointError, match=r"largest weight became (inf|nan) after step 1 \(epoch 1\)"):
        train(
            network, training[:50], epochs=1, flip=False, rate=3e38, decay=100, batch=50, out=tmp_path, progress=False
        )
    assert not (tmp_path / "weights.safetensors").exists()


def test_a_run_is_not_overwritten_unless_asked(images, tmp_path: Path):
    training, _ = images
    quick(small(), training, epochs=1, out=tmp_path)
    with pytest.raises(FileExistsError, match=r"checkpoint.pt, log.csv, weights.safetensors"):
        quick(small(), training, epochs=1, out=tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    network = small(seed=5)
    quick(network, training, epochs=1, out=tmp_path, overwrite=True)
    assert torch.equal(load_file(tmp_path / "weights.safetensors")["0.weight"], network[0].weight)
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_resuming_and_overwriting_at_once_is_refused(images, tmp_path: Path):
    with pytest.raises(ValueError, match="not overwrite"):
        quick(small(), images[0], out=tmp_path, resume=True, overwrite=True)


def test_nothing_but_the_run_s_files_is_left(images, tmp_path: Path):
    quick(small(), images[0], epochs=1, out=tmp_path / "a" / "b")
    there = {file.name for file in (tmp_path / "a" / "b").iterdir()}
    assert there == {"checkpoint.pt", "log.csv", "weights.safetensors"}
    quick(small(), images[0], epochs=2, out=tmp_path / "a" / "b", overwrite=True)
    assert {file.name for file in (tmp_path / "a" / "b").iterdir()} == there | {"checkpoint_before.pt"}


def test_the_history_can_be_written(images, tmp_path: Path):
    history = quick(small(), images[0], epochs=1)
    history.to_netcdf(tmp_path / "history.nc", engine="h5netcdf")
    xr.testing.assert_identical(history, xr.load_dataset(tmp_path / "history.nc", engine="h5netcdf"))
    assert np.isnan(history.validation_accuracy.values).all()


def test_the_bar_is_silent_where_nobody_looks(images, capsys):
    quick(small(), images[0], epochs=1, progress=True)
    quick(small(), images[0], epochs=1, progress=False)
    assert capsys.readouterr() == ("", "")


@pytest.mark.gpu
def test_training_on_a_device(images):
    training, test = images
    network = small().cuda()
    history = train(network, training, validation=test, epochs=10, flip=False, batch=64, progress=False)
    assert network[0].weight.is_cuda
    assert history.validation_accuracy[-1] > 0.95


def noisy(images: LabelledImages) -> LabelledImages:
    """Images whose labels were drawn by chance: a network that learns them by heart gets worse on others."""
    labels = torch.randint(10, (len(images),), generator=torch.Generator().manual_seed(0))
    return LabelledImages(images.pixels, labels, images.classes, "noise")


def test_patience_stops_the_run_and_gives_the_best_weights_back(images, tmp_path: Path):
    training, test = images
    network = small()
    options = {"epochs": 40, "patience": 2, "rate": 0.05, "shift": 0}
    history = quick(network, noisy(training), validation=test, out=tmp_path, **options)
    best = int(history.validation_loss.argmin("epoch")) + 1
    assert history.sizes["epoch"] == best + 2 < 40
    assert history.attrs["best_epoch"] == best
    kept = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(kept[name], tensor) for name, tensor in network.state_dict().items())
    eye = Standardise(training[:400].mean, training[:400].std)
    assert evaluate(network, test, eye=eye)["loss"] == pytest.approx(float(history.validation_loss.min()), rel=1e-5)
    another = small(seed=4)
    again = quick(another, noisy(training), validation=test, out=tmp_path, resume=True, **options)
    xr.testing.assert_identical(history, again)
    assert same(network, another)


def test_a_run_that_may_stop_early_resumes_to_the_same_end(images, tmp_path: Path):
    training, test = images
    whole, halves = small(), small()
    options = {"validation": test[:50], "epochs": 30, "patience": 2, "rate": 0.05}
    expected = quick(whole, noisy(training), out=tmp_path / "whole", **options)

    def stop(row: dict[str, float]) -> None:
        stop.epochs += 1
        if stop.epochs == expected.attrs["best_epoch"] + 1:
            raise KeyboardInterrupt

    stop.epochs = 0
    with pytest.raises(KeyboardInterrupt):
        quick(halves, noisy(training), out=tmp_path / "halves", after_epoch=stop, **options)
    found = quick(another := small(seed=7), noisy(training), out=tmp_path / "halves", resume=True, **options)
    xr.testing.assert_identical(expected.drop_vars("seconds"), found.drop_vars("seconds"))
    assert same(whole, another)


def test_patience_needs_something_to_look_at(images):
    with pytest.raises(ValueError, match=r"patience=3: .* give validation"):
        quick(small(), images[0], patience=3)


def test_snapshots_are_kept_at_their_moments(images, tmp_path: Path):
    training, _ = images
    network, start = small(), small()
    quick(network, training, epochs=2, out=tmp_path, snapshots=(0, 0.5, 1, 2))
    kept = [file.name for file in snapshots(tmp_path).values()]
    assert list(snapshots(tmp_path)) == [0, 0.5, 1, 2]
    assert kept == [f"epoch_{moment}.safetensors" for moment in ("0000.000", "0000.500", "0001.000", "0002.000")]
    first, half, _, last = (load_file(tmp_path / "snapshots" / name) for name in kept)
    assert torch.equal(first["0.weight"], start[0].weight)
    assert not torch.equal(half["0.weight"], first["0.weight"])
    assert torch.equal(last["0.weight"], network[0].weight)
    quick(small(), training, epochs=1, out=tmp_path, overwrite=True)
    with pytest.raises(FileNotFoundError, match="no snapshots in"):
        snapshots(tmp_path)


@pytest.mark.parametrize(("moments", "said"), [((5,), "after 5 epochs: the run has 4"), ((-1,), "after -1 epochs")])
def test_a_snapshot_outside_the_run_is_refused(images, tmp_path: Path, moments, said: str):
    with pytest.raises(ValueError, match=said):
        quick(small(), images[0], out=tmp_path, snapshots=moments)


def test_what_is_kept_needs_a_folder(images):
    with pytest.raises(ValueError, match="give out"):
        quick(small(), images[0], snapshots=(0,))


def test_transforms_of_torchvision_change_each_image_by_itself(images):
    seen = []

    def look(pixels: torch.Tensor) -> torch.Tensor:
        seen.append(v2.functional.horizontal_flip(pixels) if torch.rand(()) < 0.5 else pixels)
        return seen[-1]

    training = images[0][:40]
    first = quick(small(), training, epochs=1, augment=look)
    drawn, seen = torch.stack(seen), []
    assert len(drawn) == 40
    turned = (drawn.flip(3)[:, None] == training.pixels[None]).flatten(2).all(2).any(1)
    assert 5 < turned.sum() < 35
    second = quick(small(), training, epochs=1, augment=look)
    assert torch.equal(drawn, torch.stack(seen))
    assert first.train_loss.equals(second.train_loss)
    floats = v2.Compose([v2.RandomAffine(10), v2.ToDtype(torch.float32, scale=True)])
    network = small()
    quick(network, images[0], augment=floats, batch=32)
    assert "RandomAffine" in quick(network, training, epochs=1, augment=floats).attrs["augment"]


def test_an_augmentation_that_makes_images_of_many_sizes_is_refused(images):
    with pytest.raises(ValueError, match=r"augment made .* it returns tensors \(channel, row, column\)"):
        quick(small(), images[0], augment=lambda image: image[:, : int(torch.randint(4, 8, ()))])


def test_tensorboard_reads_the_history(images, tmp_path: Path):
    history = quick(small(), images[0], validation=images[1], out=tmp_path, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    found = [event.value for event in events.Scalars("validation_loss")]
    np.testing.assert_allclose(found, history.validation_loss, rtol=1e-6)
    assert [event.step for event in events.Scalars("rate")] == [1, 2, 3, 4]


def test_a_full_disk_loses_nothing_that_was_saved(images, tmp_path: Path, monkeypatch):
    training, _ = images
    whole = small()
    expected = quick(whole, training, out=tmp_path / "whole")
    written = torch.save

    def full(content, path, **options):
        if len(content["history"]) == 3:
            Path(path).write_bytes(b"half of it")
            raise RuntimeError("[enforce fail at inline_container.cc:664] . unexpected pos 704 vs 598")
        written(content, path, **options)

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match=r"checkpoint.pt can't be written .* make room on the disk") as stopped:
        quick(small(), training, out=tmp_path / "full")
    assert "after 2 of 4 epochs" in stopped.value.__notes__[0]
    assert not list((tmp_path / "full").glob("*.part"))
    monkeypatch.undo()
    found = quick(another := small(seed=5), training, out=tmp_path / "full", resume=True)
    assert same(whole, another)
    xr.testing.assert_identical(expected.drop_vars("seconds"), found.drop_vars("seconds"))


def test_a_damaged_checkpoint_gives_way_to_the_one_before_it(images, tmp_path: Path):
    training, _ = images
    whole = small()
    quick(whole, training, out=tmp_path)
    file = tmp_path / "checkpoint.pt"
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.warns(UserWarning, match=r"or one cut short: going on from checkpoint_before.pt, one epoch earlier"):
        quick(another := small(seed=5), training, out=tmp_path, resume=True)
    assert same(whole, another)
