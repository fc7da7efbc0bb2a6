"""How the weights are moved: the optimisers by name, and the learning rate over the course of a run."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from cortexcnn.choices import chosen

__all__ = ["OPTIMISERS", "make_optimiser", "one_cycle"]


def _sgd(weights: Iterable[nn.Parameter], rate: float, decay: float) -> torch.optim.Optimizer:
    return torch.optim.SGD(weights, lr=rate, momentum=0.9, nesterov=True, weight_decay=decay)


def _adamw(weights: Iterable[nn.Parameter], rate: float, decay: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(weights, lr=rate, weight_decay=decay)


OPTIMISERS: dict[str, Callable[[Iterable[nn.Parameter], float, float], torch.optim.Optimizer]] = {
    "sgd": _sgd,
    "adamw": _adamw,
}
"""Optimisers by name, called with the weights, the learning rate and the weight decay.

``sgd`` has Nesterov momentum 0.9.
"""


def make_optimiser(name: str, weights: Iterable[nn.Parameter], *, rate: float, decay: float) -> torch.optim.Optimizer:
    """The optimiser of that name.

    Parameters
    ----------
    name : str
        A key of :data:`OPTIMISERS`.
    weights : iterable of Parameter
        What it moves.
    rate, decay : float
        Learning rate and weight decay.

    Returns
    -------
    Optimizer
        Ready to step.

    Raises
    ------
    ValueError
        If there is none of that name: lists those that there are.
    """
    return chosen(OPTIMISERS, name, "optimiser")(weights, rate, decay)


def one_cycle(progress: float, *, warm_up: float = 0.15) -> float:
    """Learning rate at a moment of a run, as a share of its peak: up in a straight line, down along a cosine.

    Parameters
    ----------
    progress : float
        Share of the run that is over, 0 to 1.
    warm_up : float
        Share of the run during which the rate rises.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> [round(one_cycle(progress), 3) for progress in (0, 0.075, 0.15, 0.575, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    if progress < warm_up:
        return progress / warm_up
    return (1 + math.cos(math.pi * (progress - warm_up) / (1 - warm_up))) / 2
