"""The first convolutional network that read cheques: LeNet-5, for digits of 32 × 32 pixels."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from cortexcnn.models.eye import Eye
from cortexcnn.models.stages import activation as activation_of
from cortexcnn.models.stages import pooling as pooling_of
from cortexcnn.models.stages import whole

__all__ = ["lenet"]

FIELD = 32  # pixels of the image that the convolutions are made for: two poolings and three 5 × 5 filters leave one


def lenet(
    classes: int = 10, channels: int = 1, *, activation: str = "tanh", pooling: str = "average", pixels: int = FIELD
) -> nn.Sequential:
    """A network in the style of LeNet-5 [1]_, with random weights.

    Its maps, filters and connections are LeNet-5's, but for four things that nobody does any more: each map of
    ``conv2`` looks at all six maps before it and not at some; pooling has no weights; the tangent is not stretched;
    and the classes are scores for a softmax, not distances from drawn prototypes.

    Parameters
    ----------
    classes : int
        Outputs of the last layer.
    channels : int
        Channels of the image: 1 for grey, 3 for colour.
    activation, pooling : str
        ``relu``, ``tanh`` or ``sigmoid``; ``max``, ``average`` or ``l2``.
    pixels : int
        Side of the image, even, up to 32. Smaller ones are framed by zeros to 32 in the first layer: the 28 of MNIST
        by two on each side, as their authors framed them. Larger ones have to be resized before.

    Returns
    -------
    Sequential
        ``conv1, tanh1, pool1, conv2, tanh2, pool2, conv3, tanh3, flatten, connect4, tanh4, classify`` (``relu1`` with
        that activation), with an attribute ``eye``; images ``(n, channels, pixels, pixels)`` to class scores
        ``(n, classes)``.

    Raises
    ------
    ValueError
        If a number or a name makes no sense, or the image is larger than 32 pixels.

    References
    ----------
    .. [1] LeCun, Bottou, Bengio & Haffner (1998), Proc. IEEE 86, 2278-2324.

    Examples
    --------
    >>> import torch
    >>> network = lenet()
    >>> [tuple(network[:k](torch.zeros(1, 1, 32, 32)).shape[1:]) for k in (1, 3, 4, 6, 7)]
    [(6, 28, 28), (6, 14, 14), (16, 10, 10), (16, 5, 5), (120, 1, 1)]
    >>> sum(weight.numel() for weight in network.parameters())
    61706
    >>> lenet(pixels=28).conv1.padding
    (2, 2)
    """
    whole(classes=classes, channels=channels, pixels=pixels)
    if pixels > FIELD or pixels % 2:
        raise ValueError(
            f"pixels={pixels}: LeNet takes images of {FIELD} pixels, or of an even number below, which it frames; "
            f"resize others to {FIELD}"
        )
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    layers["conv1"] = nn.Conv2d(channels, 6, 5, padding=(FIELD - pixels) // 2)
    layers[f"{activation}1"] = activation_of(activation)
    layers["pool1"] = pooling_of(pooling)
    layers["conv2"] = nn.Conv2d(6, 16, 5)
    layers[f"{activation}2"] = activation_of(activation)
    layers["pool2"] = pooling_of(pooling)
    layers["conv3"] = nn.Conv2d(16, 120, 5)
    layers[f"{activation}3"] = activation_of(activation)
    layers["flatten"] = nn.Flatten()
    layers["connect4"] = nn.Linear(120, 84)
    layers[f"{activation}4"] = activation_of(activation)
    layers["classify"] = nn.Linear(84, classes)
    network = nn.Sequential(layers)
    network.eye = Eye(channels=channels, mean=0.5, std=0.25, pixels=pixels)  # type: ignore[assignment]
    return network
