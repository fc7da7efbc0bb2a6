"""AlexNet as it was published in 2012, whose first filters became the textbook's picture of what networks learn.

``torchvision``'s alexnet is its one-tower version of 2014. What differs, layer by layer, is in ``docs/alexnet.md``;
the first two stages in the order of layers of CaffeNet, for which weights are about, are
:func:`cortexcnn.models.caffenet.caffenet`.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from cortexcnn.models.eye import Eye
from cortexcnn.models.stages import whole

__all__ = ["alexnet_2012"]

_STAGES = (
    (96, 11, 4, 0, 1, True, True),
    (256, 5, 1, 2, 2, True, True),
    (384, 3, 1, 1, 1, False, False),
    (384, 3, 1, 1, 2, False, False),
    (256, 3, 1, 1, 2, False, True),
)
"""Filters, their size, stride and padding, groups, and whether normalisation and pooling follow."""

_ONES = ("conv2", "conv4", "conv5", "connect6", "connect7")
"""Layers whose biases start from 1, so that their rectifiers learn from the first step on."""


def alexnet_2012(classes: int = 1000, channels: int = 3, *, dropout: float = 0.5) -> nn.Sequential:
    """The network of Krizhevsky, Sutskever and Hinton [1]_ for 227 × 227 colour images, with random weights.

    The paper says 224 pixels, but filters of 11 pixels in steps of 4 then don't fit evenly, (224 − 11)/4 + 1 = 54.25,
    and its maps of 55 × 55 come from 227: (227 − 11)/4 + 1 = 55. Where the paper's two GPUs did not talk to each
    other, in ``conv2``, ``conv4`` and ``conv5``, each half of the filters looks at its half of the maps (two groups).

    Parameters
    ----------
    classes : int
        Outputs of the last layer.
    channels : int
        Channels of the image: 3 for colour, 1 for grey.
    dropout : float
        Share of the hidden fully connected units that are left out, each time others, while it is trained.

    Returns
    -------
    Sequential
        ``conv1, relu1, norm1, pool1, …, conv5, relu5, pool5, flatten, connect6, relu6, drop6, connect7, relu7, drop7,
        classify``, with an attribute ``eye``; images (n, channels, 227, 227) to class scores (n, classes). Weights are
        drawn as published: from a normal distribution of deviation .01, biases 1 in ``conv2``, ``conv4``, ``conv5``,
        ``connect6`` and ``connect7``, else 0. The eye gives what the paper trained on, colours of 0 to 255 around their
        mean; its mean image is not published, and the mean colour of ImageNet stands for it.

    Raises
    ------
    ValueError
        If a number makes no sense.

    Notes
    -----
    A response is divided by (2 + 10⁻⁴ Σ a²)^.75 over the five maps around its own; torch takes the mean over them, so
    its ``alpha`` is five times as large.

    References
    ----------
    .. [1] Krizhevsky, Sutskever & Hinton (2012), ImageNet classification with deep convolutional neural networks, NIPS.

    Examples
    --------
    The paper's 60 million parameters, exactly:

    >>> network = alexnet_2012()
    >>> sum(weight.numel() for weight in network.parameters())
    60965224

    Its 650,000 units are the outputs of the five convolutions, before pooling, and of the three fully connected layers:

    >>> from cortexcnn.models import wrap
    >>> layers = wrap(network, network.eye, name="AlexNet").layers()
    >>> units = (layers.channels * layers.rows * layers.columns).to_series()
    >>> counted = units[units.index.str.contains("conv|connect|classify")]
    >>> counted.tolist(), int(counted.sum())
    ([290400, 186624, 64896, 64896, 43264, 4096, 4096, 1000], 659272)
    """
    whole(classes=classes, channels=channels)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs = channels
    for stage, (filters, size, stride, padding, groups, normalised, pooled) in enumerate(_STAGES, start=1):
        layers[f"conv{stage}"] = nn.Conv2d(inputs, filters, size, stride=stride, padding=padding, groups=groups)
        layers[f"relu{stage}"] = nn.ReLU()
        if normalised:
            layers[f"norm{stage}"] = nn.LocalResponseNorm(5, alpha=5 * 1e-4, beta=0.75, k=2)
        if pooled:
            layers[f"pool{stage}"] = nn.MaxPool2d(3, stride=2)
        inputs = filters
    layers["flatten"] = nn.Flatten()
    inputs *= 6 * 6
    for stage in (6, 7):
        layers[f"connect{stage}"] = nn.Linear(inputs, 4096)
        layers[f"relu{stage}"] = nn.ReLU()
        layers[f"drop{stage}"] = nn.Dropout(dropout)
        inputs = 4096
    layers["classify"] = nn.Linear(inputs, classes)
    _draw(layers)
    network = nn.Sequential(layers)
    mean = (123.675, 116.28, 103.53) if channels == 3 else 127.5
    network.eye = Eye(channels=channels, range=(0, 255), mean=mean, pixels=227)  # type: ignore[assignment]
    return network


@torch.no_grad()
def _draw(layers: OrderedDict[str, nn.Module]) -> None:
    """Weights as they were before training."""
    for name, layer in layers.items():
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            nn.init.normal_(layer.weight, std=0.01)
            nn.init.constant_(layer.bias, 1.0 if name in _ONES else 0.0)  # type: ignore[arg-type]
