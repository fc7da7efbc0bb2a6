"""How well a network names images that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from cortexcnn.training.images import LabelledImages

__all__ = ["Look", "Standardise", "as_input", "check_scores", "device_of", "evaluate", "in_mode", "module_and_eye"]

Look = Callable[[torch.Tensor], torch.Tensor]
"""Luminance 0–1 ``(image, channel, row, column)`` to what a network takes."""


@dataclass(frozen=True)
class Standardise:
    """What a bare network looks through: each channel minus its mean, over its standard deviation.

    Parameters
    ----------
    mean, std : tuple of float
        One number a channel, on the scale 0 to 1.

    Examples
    --------
    >>> Standardise((0.5,), (0.25,))(torch.ones(1, 1, 1, 1)).item()
    2.0
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    range: tuple[float, float] = (0.0, 1.0)

    @property
    def channels(self) -> int:
        """Channels of the input."""
        return len(self.mean)

    def __call__(self, luminance: torch.Tensor) -> torch.Tensor:
        """Luminance ``(image, channel, row, column)`` to the network's input."""
        mean, std = (luminance.new_tensor(numbers)[:, None, None] for numbers in (self.mean, self.std))
        return (luminance - mean) / std


def evaluate(model: Any, images: LabelledImages, *, eye: Look | None = None, batch: int = 500) -> dict[str, float]:
    """Loss and accuracy of a network on labelled images.

    Parameters
    ----------
    model : nn.Module, or anything with ``module`` and ``eye``
        The network; it answers in evaluation mode and is left in the mode it was in.
    images : LabelledImages
        What it is shown.
    eye : callable, optional
        Luminance 0–1 ``(image, channel, row, column)`` to the network's input. By default the model's own; a bare
        module needs the one it was trained with: ``Standardise(training.mean, training.std)``.
    batch : int
        Images at a time.

    Returns
    -------
    dict
        ``loss`` (mean cross-entropy), ``accuracy`` (share whose class comes first) and ``top5_accuracy`` (share whose
        class is among the first five).

    Raises
    ------
    ValueError
        If there is no eye, or the network has fewer outputs than there are classes.

    Examples
    --------
    >>> from cortexcnn.training import digits
    >>> _, test = digits()
    >>> ignorant = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> evaluate(ignorant, test, eye=Standardise(test.mean, test.std))["accuracy"] < 0.5
    True
    """
    module, eye = module_and_eye(model, eye)
    if eye is None:
        raise ValueError(
            "a bare module does not say what it was trained on: give eye=Standardise(training.mean, training.std)"
        )
    device = device_of(module)
    loss = first = five = 0.0
    with in_mode(module, training=False), torch.no_grad():
        for pixels, labels in zip(images.pixels.split(batch), images.labels.to(device).split(batch), strict=True):
            scores = module(as_input(pixels.to(device), eye))
            check_scores(scores, images)
            loss += functional.cross_entropy(scores, labels, reduction="sum").item()
            right = scores.topk(min(5, scores.shape[1])).indices == labels[:, None]
            first += right[:, 0].sum().item()
            five += right.sum().item()
    n = len(images)
    return {"loss": loss / n, "accuracy": first / n, "top5_accuracy": five / n}


def module_and_eye(model: Any, eye: Look | None) -> tuple[nn.Module, Look | None]:
    """The bare module of a model, and the eye it looks through: the one that is given, else its own, else none."""
    if isinstance(model, nn.Module):
        own = getattr(model, "eye", None)
        return model, eye or (own if callable(own) else None)
    return model.module, eye or model.eye


def device_of(module: nn.Module) -> torch.device:
    """Where a module's weights are; the processor where it has none."""
    return next((weight.device for weight in module.parameters()), torch.device("cpu"))


def as_input(pixels: torch.Tensor, eye: Look) -> torch.Tensor:
    """Bytes to what the network takes; channels last in memory, where convolutions on a processor are fastest."""
    return eye(pixels.to(torch.float32) / 255).contiguous(memory_format=torch.channels_last)


def check_scores(scores: torch.Tensor, images: LabelledImages) -> None:
    """Refuse scores that can't be compared with the labels."""
    if scores.ndim != 2 or scores.shape[1] < len(images.classes):
        raise ValueError(
            f"the network answers {tuple(scores.shape)} to {len(scores)} images of {len(images.classes)} classes: "
            f"its last layer needs {len(images.classes)} outputs"
        )


@contextmanager
def in_mode(module: nn.Module, *, training: bool) -> Iterator[None]:
    """A network in training or evaluation mode; every part is put back into the mode it was in."""
    before = {part: part.training for part in module.modules()}
    module.train(training)
    try:
        yield
    finally:
        for part, mode in before.items():
            part.training = mode
