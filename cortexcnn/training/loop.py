"""The loop that teaches a network to name images: every weight that an electrode meets later was made here.

Chance enters an epoch only through its own stream of random numbers, which starts from the seed and the number of the
epoch. So a run that was interrupted and resumed equals one that was not, bit for bit on the processor, and nothing
outside the run can change it.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn
from torch.nn import functional
from tqdm import tqdm

from cortexcnn.arrays import content_hash
from cortexcnn.training.augment import crop_and_flip
from cortexcnn.training.evaluate import (
    Look,
    Standardise,
    as_input,
    check_scores,
    device_of,
    evaluate,
    in_mode,
    module_and_eye,
)
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.optimise import make_optimiser, one_cycle
from cortexcnn.training.runs import COLUMNS, open_folder, read_checkpoint, restore, write_checkpoint, write_log
from cortexcnn.training.settings import Settings
from cortexcnn.training.weights import save_weights

__all__ = ["train"]


def train(
    model: Any,
    images: LabelledImages,
    *,
    validation: LabelledImages | None = None,
    epochs: int = 30,
    batch: int = 128,
    optimiser: str = "sgd",
    rate: float = 0.1,
    decay: float = 5e-4,
    smoothing: float = 0.1,
    shift: int | None = None,
    flip: bool = True,
    eye: Look | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    progress: bool = True,
    metadata: Mapping[str, object] | None = None,
) -> xr.Dataset:
    """Train a network to name images, in place.

    The loss is the cross-entropy; the learning rate rises in a straight line to ``rate`` over the first 15 % of the
    run and falls along a cosine to zero [1]_. The defaults are the recipe of the shipped network.

    Parameters
    ----------
    model : nn.Module, or anything with ``module`` and ``eye``
        The network. Its weights are changed on the device where they are; weights that need no gradient stay.
    images : LabelledImages
        What it learns from.
    validation : LabelledImages, optional
        What it is tested on after each epoch. These images never change what is learned.
    epochs : int
        How often each image is seen.
    batch : int
        Images a step, at most; the steps of an epoch are as equal as they can be.
    optimiser : str
        A key of :data:`OPTIMISERS`: ``sgd`` (Nesterov momentum 0.9) or ``adamw``.
    rate, decay : float
        Peak learning rate and weight decay.
    smoothing : float
        Label smoothing [2]_: the share of certainty that is spread over all classes.
    shift : int, optional
        Each image is moved by up to so many pixels along each axis, each time anew: an eighth of its size by default.
    flip : bool
        Mirror each image left to right half of the time. Not for digits or letters.
    eye : callable, optional
        Luminance 0–1 ``(image, channel, row, column)`` to the network's input: the model's own by default; for a bare
        module, standardised by the mean and deviation of ``images``.
    seed : int
        Of everything random in the run; the weights that it starts from are the caller's.
    out : str or Path, optional
        Folder for ``log.csv``, ``checkpoint.pt`` and ``weights.safetensors``, written anew after each epoch.
    overwrite : bool
        Replace a run that is in ``out``.
    resume : bool
        Go on with the run that is in ``out``, which had the same settings.
    progress : bool
        Show a bar with the time left on the error stream, if that is a terminal.
    metadata : mapping, optional
        Further facts to be written beside the weights.

    Returns
    -------
    Dataset (epoch)
        ``train_loss`` and ``train_accuracy`` (over the epoch's own steps), ``validation_loss`` and
        ``validation_accuracy`` (NaN without validation images), ``rate`` (at the last step) and ``seconds``; the
        settings as attributes.

    Raises
    ------
    ValueError
        If a setting makes no sense, the images don't suit the network, or the checkpoint is of another network or run.
    FileExistsError
        If ``out`` holds a run and neither ``overwrite`` nor ``resume`` is asked for.
    FileNotFoundError
        If there is no run to resume.
    FloatingPointError
        If the loss is no longer a number: names the step and the rate; the last checkpoint stays.

    References
    ----------
    .. [1] Loshchilov & Hutter (2017), SGDR: Stochastic gradient descent with warm restarts, ICLR.
    .. [2] Szegedy et al. (2016), Rethinking the Inception architecture for computer vision, CVPR.

    Examples
    --------
    >>> from cortexcnn.training import digits
    >>> training, test = digits()
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> history = train(network, training, validation=test, epochs=5, flip=False, progress=False)
    >>> history.sizes["epoch"], bool(history.validation_accuracy[-1] > 0.8)
    (5, True)
    """
    settings = Settings(
        epochs=epochs,
        batch=batch,
        optimiser=optimiser,
        rate=rate,
        decay=decay,
        smoothing=smoothing,
        shift=images.size // 8 if shift is None else shift,
        flip=flip,
        seed=seed,
        images=content_hash(images.pixels.cpu().numpy(), images.labels.cpu().numpy()),
    )
    settings.check_images(images, validation)
    module, eye = module_and_eye(model, eye)
    run = _Run(module, eye or Standardise(images.mean, images.std), images, settings, _mover(module, settings))
    folder = None if out is None else Path(out)
    history = _begin(run, folder, overwrite=overwrite, resume=resume)
    facts = {"name": getattr(model, "name", type(module).__name__), **_facts(run, validation), **(metadata or {})}
    try:
        with _bar(run, len(history), progress) as bar, in_mode(module, training=True), _own_chance(module):
            for epoch in range(len(history), epochs):
                history.append(_epoch_and_test(run, epoch, validation, bar))
                if folder is not None:
                    _keep(run, folder, history, facts)
    except (KeyboardInterrupt, FloatingPointError) as stop:
        if folder is not None and history:
            stop.add_note(f"{folder / 'checkpoint.pt'} holds the run after {len(history)} of {epochs} epochs")
        raise
    return xr.Dataset(
        {name: ("epoch", np.array([row.get(name, np.nan) for row in history])) for name in COLUMNS},
        {"epoch": np.arange(1, len(history) + 1)},
        {name: int(value) if isinstance(value, bool) else value for name, value in asdict(settings).items()},
    )


@dataclass(frozen=True)
class _Run:
    """What every epoch of a run needs."""

    module: nn.Module
    eye: Look
    images: LabelledImages
    settings: Settings
    mover: torch.optim.Optimizer

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(len(self.images) / self.settings.batch)


def _mover(module: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimiser of the weights that may change."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError(
            f"{type(module).__name__} has no weights that may change: "
            "call module.requires_grad_(True) on what is to learn"
        )
    return make_optimiser(settings.optimiser, weights, rate=settings.rate, decay=settings.decay)


def _begin(run: _Run, folder: Path | None, *, overwrite: bool, resume: bool) -> list[dict[str, float]]:
    """Make the folder ready; a resumed run gets its weights and optimiser back. Returns the epochs behind it."""
    if resume and (folder is None or overwrite):
        raise ValueError("resume goes on with the run in out: give out, and not overwrite")
    if folder is None:
        return []
    if not resume:
        open_folder(folder, overwrite=overwrite)
        return []
    checkpoint = read_checkpoint(folder / "checkpoint.pt", run.settings)
    restore(run.module, checkpoint["module"], source=folder / "checkpoint.pt")
    run.mover.load_state_dict(checkpoint["optimiser"])
    return checkpoint["history"]


def _epoch_and_test(run: _Run, epoch: int, validation: LabelledImages | None, bar: tqdm) -> dict[str, float]:
    """One epoch, and how well the network does after it: a row of the history."""
    began = time.perf_counter()
    row = _epoch(run, epoch, bar)
    if validation is not None:
        found = evaluate(run.module, validation, eye=run.eye)
        row |= {f"validation_{name}": found[name] for name in ("loss", "accuracy")}
    bar.set_postfix({name: f"{row[name]:.3f}" for name in COLUMNS[:4] if name in row})
    return {**row, "seconds": time.perf_counter() - began}


def _epoch(run: _Run, epoch: int, bar: tqdm) -> dict[str, float]:
    """Every image once."""
    settings, images, device = run.settings, run.images, device_of(run.module)
    rng = torch.Generator().manual_seed(_seed_globally(settings.seed, epoch, device))
    total = right = now = 0.0
    for step, which in enumerate(torch.randperm(len(images), generator=rng).tensor_split(run.steps)):
        now = settings.rate * one_cycle((epoch + (step + 0.5) / run.steps) / settings.epochs)
        for group in run.mover.param_groups:
            group["lr"] = now
        pixels = crop_and_flip(images.pixels, which, shift=settings.shift, flip=settings.flip, rng=rng)
        labels = images.labels[which].to(device)
        scores = run.module(as_input(pixels.to(device), run.eye))
        check_scores(scores, images)
        loss = functional.cross_entropy(scores, labels, label_smoothing=settings.smoothing)
        _check_finite(loss.item(), f"at step {epoch * run.steps + step + 1} (epoch {epoch + 1})", now)
        run.mover.zero_grad()
        loss.backward()
        run.mover.step()
        total += loss.item() * len(which)
        right += (scores.argmax(1) == labels).sum().item()
        bar.update()
    # the last step's own damage shows in no loss of this epoch
    worst = max(weight.detach().abs().max().item() for weight in run.module.parameters())
    _check_finite(worst, f"after step {(epoch + 1) * run.steps} (epoch {epoch + 1})", now, what="largest weight")
    return {"train_loss": total / len(images), "train_accuracy": right / len(images), "rate": now}


def _check_finite(value: float, when: str, rate: float, *, what: str = "loss") -> None:
    if not math.isfinite(value):
        raise FloatingPointError(
            f"the {what} became {value} {when}, at a rate of {rate:.3g}: lower rate, or look for images that are broken"
        )


def _keep(run: _Run, folder: Path, history: list[dict[str, float]], facts: Mapping[str, object]) -> None:
    """Write what is there after an epoch."""
    checkpoint = {"module": run.module.state_dict(), "optimiser": run.mover.state_dict(), "history": history}
    write_checkpoint(folder / "checkpoint.pt", {**checkpoint, "settings": asdict(run.settings)})
    write_log(folder / "log.csv", history)
    accuracy = history[-1].get("validation_accuracy")
    found = {} if accuracy is None else {"test_accuracy": accuracy}
    save_weights(run.module, folder / "weights.safetensors", **{"epochs_done": len(history), **found, **facts})


def _facts(run: _Run, validation: LabelledImages | None) -> dict[str, object]:
    """What should be known about the weights: their eye, their images, their making."""
    settings = asdict(run.settings)
    facts = {
        "classes": run.images.classes,
        "data": f"{len(run.images)} {run.images.source}",
        "trained_by": f"cortexcnn {version('cortexcnn')}, torch {torch.__version__}",
        "pixels": run.images.size,
        **{name: settings[name] for name in settings if name != "images"},
    }
    eye = {
        name: getattr(run.eye, name)
        for name in ("channels", "mean", "std", "range", "pixels", "degrees")
        if hasattr(run.eye, name)
    }
    tested = {} if validation is None else {"tested_on": f"{len(validation)} {validation.source}"}
    return {**facts, **eye, **tested}


def _bar(run: _Run, done: int, progress: bool) -> tqdm:
    """A bar over all steps of the run; silent where nobody looks."""
    return tqdm(
        total=run.settings.epochs * run.steps,
        initial=done * run.steps,
        unit="step",
        file=sys.stderr,
        disable=None if progress else True,
    )


def _stream(seed: int, epoch: int) -> int:
    """Where the random numbers of one epoch start."""
    return int(np.random.SeedSequence((seed, epoch)).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _seed_globally(seed: int, epoch: int, device: torch.device) -> int:
    """Start torch's own random numbers, which dropout uses, for one epoch."""
    stream = _stream(seed, epoch)
    torch.default_generator.manual_seed(stream)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(stream)
    return stream


def _own_chance(module: nn.Module) -> Any:
    """Put torch's global random state back afterwards, that of the network's device too."""
    device = device_of(module)
    return torch.random.fork_rng([device] if device.type == "cuda" else [])
