"""How well a network names images that it was not trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn
from torch.nn import functional

from cortexcnn.training.images import LabelledImages

__all__ = [
    "Look",
    "Standardise",
    "as_input",
    "check_scores",
    "class_scores",
    "confusion_matrix",
    "device_of",
    "evaluate",
    "in_mode",
    "module_and_eye",
    "scores",
    "tally",
]

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
        ``loss`` (mean cross-entropy), ``accuracy`` (share whose class comes first), ``top5_accuracy`` (share whose
        class is among the first five) and ``balanced_accuracy`` (the mean over classes of the share that is named
        rightly, so that a rare class counts as much as a common one).

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
    return scores(tally(model, images, eye=eye, batch=batch))


def tally(model: Any, images: LabelledImages, *, eye: Look | None = None, batch: int = 500) -> torch.Tensor:
    """What :func:`scores` needs, as sums over images, so that several processes can add up theirs.

    Returns
    -------
    Tensor (2 + 2 × classes)
        The summed loss, how many are among the first five, and of each class how many are named rightly and how many
        there are.
    """
    classes = len(images.classes)
    found = torch.zeros(2 + 2 * classes, dtype=torch.float64)
    for answers, labels in _answers(model, images, eye, batch):
        right = answers.topk(min(5, answers.shape[1])).indices == labels[:, None]
        found[0] += functional.cross_entropy(answers, labels, reduction="sum").item()
        found[1] += right.sum().item()
        found[2 : 2 + classes] += labels[right[:, 0]].bincount(minlength=classes).cpu()
        found[2 + classes :] += labels.bincount(minlength=classes).cpu()
    return found


def scores(found: torch.Tensor) -> dict[str, float]:
    """Loss and accuracies from a :func:`tally`."""
    loss, five = found[:2]
    hits, there = found[2:].chunk(2)
    n = there.sum()
    recall = (hits / there)[there > 0]
    named = {
        "loss": loss / n,
        "accuracy": hits.sum() / n,
        "top5_accuracy": five / n,
        "balanced_accuracy": recall.mean(),
    }
    return {name: float(value) for name, value in named.items()}


def confusion_matrix(model: Any, images: LabelledImages, *, eye: Look | None = None, batch: int = 500) -> xr.DataArray:
    """Which classes a network takes for which.

    Parameters
    ----------
    model, images, eye, batch
        As of :func:`evaluate`.

    Returns
    -------
    DataArray (actual, predicted)
        How many images of the one class were given the name of the other.

    Raises
    ------
    ValueError
        If there is no eye, or the network has not one output for each class.

    Examples
    --------
    >>> from cortexcnn.training import digits
    >>> _, test = digits()
    >>> network = nn.Sequential(nn.Flatten(), nn.Linear(64, 10))
    >>> found = confusion_matrix(network, test, eye=Standardise(test.mean, test.std))
    >>> found.sizes["actual"], int(found.sum()) == len(test)
    (10, True)
    """
    classes = len(images.classes)
    counts = torch.zeros(classes * classes, dtype=torch.int64)
    for answers, labels in _answers(model, images, eye, batch):
        if answers.shape[1] != classes:
            raise ValueError(
                f"the network has {answers.shape[1]} outputs for {classes} classes: "
                "a confusion matrix needs one output for each class"
            )
        counts += (labels * classes + answers.argmax(1)).bincount(minlength=classes * classes).cpu()
    names = list(images.classes)
    return xr.DataArray(counts.reshape(classes, classes).numpy(), {"actual": names, "predicted": names}, name="images")


def class_scores(confusion: xr.DataArray) -> xr.Dataset:
    """How well each class is known, from a confusion matrix.

    Parameters
    ----------
    confusion : DataArray (actual, predicted)
        Counts, as of :func:`confusion_matrix`.

    Returns
    -------
    Dataset (class)
        ``recall`` (share of the images of a class that are named so), ``precision`` (share of what is named so that
        is of the class), ``f1`` (their harmonic mean) and ``images``. NaN where a class has no images, or its name
        is never given.

    Raises
    ------
    ValueError
        If the classes along both dimensions are not the same.

    Examples
    --------
    >>> names = ["bar", "edge"]
    >>> found = class_scores(xr.DataArray([[8, 2], [0, 10]], {"actual": names, "predicted": names}))
    >>> found.recall.values, found.precision.values.round(2)
    (array([0.8, 1. ]), array([1.  , 0.83]))
    """
    if confusion.get_index("actual").tolist() != confusion.get_index("predicted").tolist():
        raise ValueError("a confusion matrix has the same classes along actual and predicted, in the same order")
    counts = confusion.transpose("actual", "predicted").values.astype(float)
    hits, actual, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    with np.errstate(invalid="ignore"):
        found = {"recall": hits / actual, "precision": hits / predicted, "f1": 2 * hits / (actual + predicted)}
    found["images"] = actual.astype(int)
    return xr.Dataset({name: ("class", values) for name, values in found.items()}, {"class": confusion.actual.values})


def _answers(
    model: Any, images: LabelledImages, eye: Look | None, batch: int
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """What the network answers to all images, a batch at a time, and the labels."""
    module, eye = module_and_eye(model, eye)
    if eye is None:
        raise ValueError(
            "a bare module does not say what it was trained on: give eye=Standardise(training.mean, training.std)"
        )
    device = device_of(module)
    with in_mode(module, training=False), torch.no_grad():
        for pixels, labels in zip(images.pixels.split(batch), images.labels.split(batch), strict=True):
            answers = module(as_input(pixels.to(device), eye))
            check_scores(answers, images)
            yield answers, labels.to(device)


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
    """Bytes or luminance 0–1 to what the network takes; channels last, as convolutions on a processor like it."""
    luminance = pixels if pixels.is_floating_point() else pixels.to(torch.float32) / 255
    return eye(luminance).contiguous(memory_format=torch.channels_last)


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
