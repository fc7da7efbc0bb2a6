"""Training: every weight that an electrode meets later was made here."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from torch import nn
from tqdm import tqdm

from cortexcnn.arrays import content_hash
from cortexcnn.training.engine import Alone, Engine, Shared
from cortexcnn.training.evaluate import Look, Standardise, device_of, in_mode, module_and_eye
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.keeping import Keeper, best_epoch, is_over, run_facts
from cortexcnn.training.optimise import make_optimiser, usual_rate
from cortexcnn.training.runs import COLUMNS
from cortexcnn.training.settings import Settings
from cortexcnn.training.steps import Augment, Run, one_epoch, validated

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["train"]


def train(
    model: Any,
    images: LabelledImages,
    *,
    validation: LabelledImages | None = None,
    epochs: int = 30,
    batch: int = 128,
    optimiser: str = "sgd",
    rate: float | None = None,
    momentum: float = 0.9,
    decay: float = 5e-4,
    schedule: str = "cosine",
    warm_up: float = 0.15,
    smoothing: float = 0.1,
    clip: float = 0.0,
    shift: int | None = None,
    flip: bool = True,
    augment: Augment | None = None,
    patience: int = 0,
    precision: str = "float32",
    fabric: Fabric | None = None,
    eye: Look | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = False,
    snapshots: Sequence[float] = (),
    tensorboard: bool = False,
    after_epoch: Callable[[Mapping[str, float]], None] | None = None,
    progress: bool = True,
    metadata: Mapping[str, object] | None = None,
) -> xr.Dataset:
    """Train a network to name images, in place.

    The loss is the cross-entropy. The defaults are the recipe of the shipped network: a learning rate that rises in a
    straight line over the first 15 % of the run and falls along a cosine to zero [1]_.

    Parameters
    ----------
    model : nn.Module, or anything with ``module`` and ``eye``
        The network. Its weights are changed on the device where they are; weights that need no gradient stay.
    images : LabelledImages
        What it learns from.
    validation : LabelledImages, optional
        What it is tested on after each epoch. These images change what is learned only through ``patience``.
    epochs : int
        How often each image is seen.
    batch : int
        Images a step, at most; the steps of an epoch are as equal as they can be.
    optimiser : str
        A key of :data:`OPTIMISERS`: ``sgd`` (Nesterov's momentum), ``sgd_classical``, ``adam``, ``adamw``, ``rmsprop``.
    rate : float, optional
        Peak learning rate: 0.1 for SGD and 0.001 for the others by default.
    momentum, decay : float
        Momentum (of ``adam`` and ``adamw`` the decay of the first moment) and weight decay.
    schedule, warm_up : str, float
        How the rate falls, a key of :data:`SCHEDULES`, after it has risen for this share of the run.
    smoothing : float
        Label smoothing [2]_: the share of certainty that is spread over all classes.
    clip : float
        Gradients of a larger norm are shortened to it; 0 leaves them alone.
    shift : int, optional
        Each image is moved by up to so many pixels along each axis, each time anew: an eighth of its size by default.
    flip : bool
        Mirror each image left to right half of the time. Not for digits or letters.
    augment : callable, optional
        In place of ``shift`` and ``flip``, e.g. transforms of ``torchvision.transforms.v2``: the bytes of one image
        ``(channel, row, column)`` to bytes, or to floats 0–1. It is called for each image, each time anew.
    patience : int
        Stop when the validation loss has not fallen for so many epochs, and go back to the weights of the epoch where
        it was lowest; 0 never stops and keeps the last weights. The validation images then served to choose: the
        accuracy to publish is that on others.
    precision : str
        Of products: ``float32``, ``bfloat16`` or ``float16``; weights stay float32. With ``fabric``, which has its own,
        it is for the record.
    fabric : Fabric, optional
        Share each batch among the processes that ``torchrun`` started (:func:`~cortexcnn.training.fabric`). All have
        the same network, images and options, and come to the same result. Batch normalisation, dropout and ``augment``
        see the images of their own process.
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
    snapshots : sequence of float
        Moments, in epochs, at which the weights are also kept, under ``out/snapshots``: ``(0, 0.1, 1, 10)``.
    tensorboard : bool
        Write the history for TensorBoard too, under ``out/tensorboard``.
    after_epoch : callable, optional
        Is given each epoch's row of the history once everything is saved; it may stop the run by an exception.
    progress : bool
        Show a bar with the time left on the error stream, if that is a terminal.
    metadata : mapping, optional
        Further facts to be written beside the weights.

    Returns
    -------
    Dataset (epoch)
        ``train_loss`` and ``train_accuracy`` (over the epoch's own steps), ``validation_loss``,
        ``validation_accuracy`` and ``validation_balanced_accuracy`` (NaN without validation images), ``rate`` (at the
        last step) and ``seconds``; the settings as attributes, and ``best_epoch``, whose weights the network has.

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
    OSError
        If a file can't be written, as on a full disk; what was saved before stays.

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
        rate=usual_rate(optimiser) if rate is None else rate,
        momentum=momentum,
        decay=decay,
        schedule=schedule,
        warm_up=warm_up,
        smoothing=smoothing,
        clip=clip,
        shift=0 if augment else images.size // 8 if shift is None else shift,
        flip=flip and not augment,
        augment=" ".join(repr(augment).split()) if augment else "",
        patience=patience,
        precision=precision,
        seed=seed,
        images=content_hash(images.pixels.cpu().numpy(), images.labels.cpu().numpy()),
    )
    settings.check_images(images, validation)
    module, eye = module_and_eye(model, eye)
    mover = _mover(module, settings)
    engine: Engine = Shared(module, mover, fabric) if fabric else Alone(module, mover, precision)
    run = Run(module, eye or Standardise(images.mean, images.std), images, settings, mover, engine, augment)
    facts = {"name": getattr(model, "name", type(module).__name__), **run_facts(run, validation), **(metadata or {})}
    keeper = Keeper(run, out, facts=facts, snapshots=snapshots, tensorboard=tensorboard)
    history = keeper.begin(overwrite=overwrite, resume=resume)
    try:
        with _bar(run, len(history), progress) as bar, in_mode(module, training=True), _own_chance(module):
            while not is_over(history, settings):
                history.append(_epoch_and_test(run, len(history), validation, bar, keeper))
                keeper.after(history)
                if after_epoch:
                    after_epoch(history[-1])
    except (KeyboardInterrupt, FloatingPointError, OSError) as stop:
        if keeper.kept:
            stop.add_note(f"{out}/checkpoint.pt holds the run after {keeper.kept} of {epochs} epochs")
        raise
    finally:
        keeper.finish()
    return xr.Dataset(
        {name: ("epoch", np.array([row.get(name, np.nan) for row in history])) for name in COLUMNS},
        {"epoch": np.arange(1, len(history) + 1)},
        {
            **{name: int(value) if isinstance(value, bool) else value for name, value in asdict(settings).items()},
            "best_epoch": best_epoch(history, settings),
        },
    )


def _mover(module: nn.Module, settings: Settings) -> torch.optim.Optimizer:
    """The optimiser of the weights that may change."""
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    if not weights:
        raise ValueError(
            f"{type(module).__name__} has no weights that may change: "
            "call module.requires_grad_(True) on what is to learn"
        )
    return make_optimiser(
        settings.optimiser, weights, rate=settings.rate, decay=settings.decay, momentum=settings.momentum
    )


def _epoch_and_test(
    run: Run, epoch: int, validation: LabelledImages | None, bar: tqdm, keeper: Keeper
) -> dict[str, float]:
    """One epoch, and how well the network does after it: a row of the history."""

    def after_step(over: int) -> None:
        keeper.at(over)
        bar.update()

    began = time.perf_counter()
    row = one_epoch(run, epoch, after_step)
    if validation is not None:
        row |= validated(run, validation)
    bar.set_postfix({name: f"{row[name]:.3f}" for name in COLUMNS[:4] if name in row})
    return {**row, "seconds": time.perf_counter() - began}


def _bar(run: Run, done: int, progress: bool) -> tqdm:
    """A bar over all steps of the run; silent where nobody looks, and in all processes but the first."""
    return tqdm(
        total=run.settings.epochs * run.steps,
        initial=done * run.steps,
        unit="step",
        file=sys.stderr,
        disable=None if progress and run.engine.rank == 0 else True,
    )


def _own_chance(module: nn.Module) -> Any:
    """Put torch's global random state back afterwards, that of the network's device too."""
    device = device_of(module)
    return torch.random.fork_rng([device] if device.type == "cuda" else [])
