"""A network without what it learned: the controls that tell what training gave from what the architecture gives."""

from __future__ import annotations

from copy import deepcopy

import torch

from cortexcnn.models.load import redraw, seeded
from cortexcnn.models.network import Network

__all__ = ["random_weights", "shuffled_weights"]


def random_weights(network: Network, *, seed: int = 0) -> Network:
    """The same network with random weights, as each of its modules draws its own at first.

    Parameters
    ----------
    network : Network
        From ``load`` or ``wrap``; it is not changed.
    seed : int
        Of the weights.

    Returns
    -------
    Network
        A copy, whose weights are called "random".

    Raises
    ------
    ValueError
        If parameters belong to no module with ``reset_parameters()``.

    Notes
    -----
    ``load(name, weights="none")`` draws as the architecture's authors did, which may differ from its modules' own way.

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> random_weights(load("cortexnet"))
    Network cortexnet, weights random: 3 × 32 × 32 pixels spanning 2 degrees, on cpu
    """
    module = deepcopy(network.module)
    with seeded(seed):
        redraw(module, network.name)
    return _copied(network, module, "random")


def shuffled_weights(network: Network, *, seed: int = 0) -> Network:
    """The same network with the weights of each filter bank in random order.

    Their distribution in every layer stays as learned; what goes is their arrangement. Biases and the constants of
    normalisations, which are of one dimension, stay with their channels.

    Parameters
    ----------
    network : Network
        From ``load`` or ``wrap``; it is not changed.
    seed : int
        Of the order.

    Returns
    -------
    Network
        A copy, whose weights are called "shuffled".

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> trained = load("cortexnet")
    >>> shuffled = shuffled_weights(trained)
    >>> one, other = (next(network.module.parameters()).detach().flatten() for network in (trained, shuffled))
    >>> bool(torch.equal(one, other)), bool(torch.equal(one.sort().values, other.sort().values))
    (False, True)
    """
    module = deepcopy(network.module)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            if weight.dim() > 1:
                order = torch.randperm(weight.numel(), generator=generator).to(weight.device)
                weight.copy_(weight.flatten()[order].view_as(weight))
    return _copied(network, module, "shuffled")


def _copied(network: Network, module: torch.nn.Module, weights: str) -> Network:
    """Another module behind the same eye."""
    return Network(module, network.eye, name=network.name, weights=weights)
