"""Optimisers by name, and how the learning rate rises and falls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from cortexcnn.choices import chosen

__all__ = ["OPTIMISERS", "SCHEDULES", "make_optimiser", "rate_at", "usual_rate"]

Weights = Iterable[nn.Parameter]

OPTIMISERS: dict[str, Callable[[Weights, float, float, float], torch.optim.Optimizer]] = {
    "sgd": lambda weights, rate, decay, momentum: torch.optim.SGD(
        weights, lr=rate, weight_decay=decay, momentum=momentum, nesterov=momentum > 0
    ),
    "sgd_classical": lambda weights, rate, decay, momentum: torch.optim.SGD(
        weights, lr=rate, weight_decay=decay, momentum=momentum
    ),
    "adam": lambda weights, rate, decay, momentum: torch.optim.Adam(
        weights, lr=rate, weight_decay=decay, betas=(momentum, 0.999)
    ),
    "adamw": lambda weights, rate, decay, momentum: torch.optim.AdamW(
        weights, lr=rate, weight_decay=decay, betas=(momentum, 0.999)
    ),
    "rmsprop": lambda weights, rate, decay, momentum: torch.optim.RMSprop(
        weights, lr=rate, weight_decay=decay, momentum=momentum
    ),
}
"""Optimisers by name, called with the weights, the learning rate, the weight decay and the momentum.

``sgd`` has Nesterov's momentum, ``sgd_classical`` Polyak's; what is momentum to these is the decay of the first moment
to ``adam`` and ``adamw``. The weight decay of ``adamw`` is decoupled from the gradient, that of the others is not.
"""

SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "linear": lambda progress: 1 - progress,
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,
    "exponential": lambda progress: 0.001**progress,
    "steps": lambda progress: 0.1 ** sum(progress >= drop for drop in (0.5, 0.75)),
}
"""How the learning rate falls after the warm-up: the share of that time that is over to a share of the peak.

``exponential`` ends at a thousandth; ``steps`` falls to a tenth at a half and again at three quarters.
"""


def make_optimiser(name: str, weights: Weights, *, rate: float, decay: float, momentum: float) -> torch.optim.Optimizer:
    """The optimiser of that name.

    Parameters
    ----------
    name : str
        A key of :data:`OPTIMISERS`.
    weights : iterable of Parameter
        What it moves.
    rate, decay, momentum : float
        Learning rate, weight decay and momentum.

    Returns
    -------
    Optimizer
        Ready to step.

    Raises
    ------
    ValueError
        If there is none of that name: lists those that there are.
    """
    return chosen(OPTIMISERS, name, "optimiser")(weights, rate, decay, momentum)


def usual_rate(optimiser: str) -> float:
    """The learning rate that most people begin with: 0.1 for SGD, 0.001 for those that scale their own steps.

    Examples
    --------
    >>> usual_rate("sgd"), usual_rate("adamw")
    (0.1, 0.001)
    """
    return 0.1 if optimiser.startswith("sgd") else 0.001


def rate_at(progress: float, *, schedule: str = "cosine", warm_up: float = 0.15) -> float:
    """Learning rate at a moment of a run, as a share of its peak: up in a straight line, then down as scheduled.

    Parameters
    ----------
    progress : float
        Share of the run that is over, 0 to 1.
    schedule : str
        A key of :data:`SCHEDULES`.
    warm_up : float
        Share of the run during which the rate rises; less than 1.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    ValueError
        If there is no such schedule: lists those that there are.

    Examples
    --------
    >>> [round(rate_at(progress), 3) for progress in (0, 0.075, 0.15, 0.575, 1)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    >>> [round(rate_at(progress, schedule="steps", warm_up=0), 3) for progress in (0, 0.4, 0.6, 0.9)]
    [1.0, 1.0, 0.1, 0.01]
    """
    if progress < warm_up:
        return progress / warm_up
    return chosen(SCHEDULES, schedule, "schedule")((progress - warm_up) / (1 - warm_up))
