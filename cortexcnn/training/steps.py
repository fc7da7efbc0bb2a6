"""The steps of an epoch: every image once, in an order and with changes that the seed alone decides.

Chance enters an epoch only through its own stream of random numbers, which starts from the seed and the number of the
epoch. So a run that was interrupted and resumed equals one that was not, bit for bit on the processor, and nothing
outside the run can change it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from cortexcnn.training.augment import crop_and_flip
from cortexcnn.training.engine import Engine
from cortexcnn.training.evaluate import Look, as_input, check_scores, device_of, scores, tally
from cortexcnn.training.images import LabelledImages
from cortexcnn.training.optimise import rate_at
from cortexcnn.training.settings import Settings

__all__ = ["Augment", "Run", "one_epoch", "stream", "validated"]

Augment = Callable[[torch.Tensor], torch.Tensor]
"""An image ``(channel, row, column)``, as bytes, to one that is changed and still of its class."""


@dataclass(frozen=True)
class Run:
    """What every epoch of a run needs."""

    module: nn.Module
    eye: Look
    images: LabelledImages
    settings: Settings
    mover: torch.optim.Optimizer
    engine: Engine
    augment: Augment | None = None

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return math.ceil(len(self.images) / self.settings.batch)


def one_epoch(run: Run, epoch: int, after_step: Callable[[int], None]) -> dict[str, float]:
    """Every image once; ``after_step`` is told how many steps of the run are over."""
    settings, engine, device = run.settings, run.engine, device_of(run.module)
    _seed_globally(settings.seed, epoch, engine.rank, device)
    rng = torch.Generator().manual_seed(stream(settings.seed, epoch))
    found, rate = torch.zeros(2, dtype=torch.float64), 0.0
    for step, which in enumerate(torch.randperm(len(run.images), generator=rng).tensor_split(run.steps)):
        over = epoch * run.steps + step
        rate = settings.rate * rate_at(
            (over + 0.5) / (settings.epochs * run.steps), schedule=settings.schedule, warm_up=settings.warm_up
        )
        for group in run.mover.param_groups:
            group["lr"] = rate
        pixels, labels = (tensor.to(device) for tensor in _part(run, which, rng))
        with engine.autocast():
            answers = engine.forward(as_input(pixels, run.eye))
        check_scores(answers, run.images)
        loss = functional.cross_entropy(answers.float(), labels, label_smoothing=settings.smoothing)
        _check_finite(loss.item(), f"at step {over + 1} (epoch {epoch + 1})", rate)
        engine.step(loss * (len(labels) * engine.world / len(which)), settings.clip)
        right = (answers.argmax(1) == labels).sum()
        found += torch.tensor([loss.item() * len(labels), right.item()], dtype=torch.float64)
        after_step(over + 1)
    # the last step's own damage shows in no loss of this epoch
    worst = max(weight.detach().abs().max().item() for weight in run.module.parameters())
    _check_finite(worst, f"after step {(epoch + 1) * run.steps} (epoch {epoch + 1})", rate, what="largest weight")
    total, right = (engine.total(found) / len(run.images)).tolist()
    return {"train_loss": total, "train_accuracy": right, "rate": rate}


def validated(run: Run, images: LabelledImages) -> dict[str, float]:
    """How well the network does on images that it does not learn from; each process looks at its share of them."""
    share = torch.arange(run.engine.rank, len(images), run.engine.world)
    if len(share):
        found = tally(run.module, images[share], eye=run.eye)
    else:
        found = torch.zeros(2 + 2 * len(images.classes), dtype=torch.float64)
    named = scores(run.engine.total(found))
    return {f"validation_{name}": named[name] for name in ("loss", "accuracy", "balanced_accuracy")}


def stream(seed: int, epoch: int, rank: int = 0) -> int:
    """Where the random numbers of one epoch start, in one of the processes."""
    source = (seed, epoch, rank) if rank else (seed, epoch)
    return int(np.random.SeedSequence(source).generate_state(1, np.uint64)[0] >> np.uint64(1))


def _part(run: Run, which: torch.Tensor, rng: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels and labels of this process's part of a batch, changed as was asked."""
    settings, engine = run.settings, run.engine
    mine = torch.arange(len(which)).tensor_split(engine.world)[engine.rank]
    if run.augment is None:
        pixels = crop_and_flip(run.images.pixels, which, shift=settings.shift, flip=settings.flip, rng=rng)
        return (pixels if engine.world == 1 else pixels[mine]), run.images.labels[which[mine]]
    changed = [run.augment(image) for image in run.images.pixels[which[mine]]]
    shapes = {tuple(image.shape) if isinstance(image, torch.Tensor) else type(image).__name__ for image in changed}
    if len(shapes) > 1 or not isinstance(changed[0], torch.Tensor) or changed[0].ndim != 3:
        raise ValueError(
            f"augment made {', '.join(map(str, sorted(shapes, key=str)))} of images "
            f"{tuple(run.images.pixels.shape[1:])}: it returns tensors (channel, row, column), all of one shape"
        )
    return torch.stack(changed), run.images.labels[which[mine]]


def _check_finite(value: float, when: str, rate: float, *, what: str = "loss") -> None:
    if not math.isfinite(value):
        raise FloatingPointError(
            f"the {what} became {value} {when}, at a rate of {rate:.3g}: lower rate, or look for images that are broken"
        )


def _seed_globally(seed: int, epoch: int, rank: int, device: torch.device) -> None:
    """Start torch's own random numbers, which dropout and augment use, for one epoch."""
    start = stream(seed, epoch, rank)
    torch.default_generator.manual_seed(start)
    if device.type == "cuda":
        with torch.cuda.device(device):
            torch.cuda.manual_seed(start)
