"""One convolution after another: the plain networks that hyper-parameter search draws from, and that cortexnet is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from cortexcnn.models.eye import Eye
from cortexcnn.models.stages import activation as activation_of
from cortexcnn.models.stages import each, odd, shrunk, truth, whole
from cortexcnn.models.stages import pooling as pooling_of

__all__ = ["plain_cnn"]


def plain_cnn(
    filters: int | Sequence[int] = (32, 64, 128),
    *,
    filter_sizes: int | Sequence[int] = 3,
    strides: int | Sequence[int] = 1,
    pooled: bool | Sequence[bool] = True,
    activation: str = "relu",
    pooling: str = "max",
    dropout: float = 0.0,
    classes: int = 10,
    channels: int = 3,
    pixels: int = 32,
) -> nn.Sequential:
    """A network of plain stages, with random weights: each a convolution, a normalisation, an activation.

    Parameters
    ----------
    filters : int or sequence of int
        Filters of each stage; there are as many stages as numbers.
    filter_sizes, strides : int or sequence of int
        Side of the filters, odd, and the step between their positions, in pixels of the map that they look at. One
        number for all stages, or one for each. Maps are padded by zeros: at stride 1 they keep their size.
    pooled : bool or sequence of bool
        After which stages 2 × 2 positions become one.
    activation, pooling : str
        ``relu``, ``tanh`` or ``sigmoid``; ``max``, ``average`` or ``l2``.
    dropout : float
        Share of the last layer's inputs that are left out, each time others, while it is trained.
    classes : int
        Outputs of the last layer.
    channels, pixels : int
        Of the image: 3 for colour, 1 for grey; its side. Other sizes pass too, as long as something of them is left.

    Returns
    -------
    Sequential
        ``conv1, norm1, relu1, pool1, conv2, …, average, flatten, drop, classify`` (as far as there is pooling and
        dropout; ``tanh1`` with that activation), with an attribute ``eye``; images ``(n, channels, pixels, pixels)``
        to class scores ``(n, classes)``.

    Raises
    ------
    ValueError
        If a number makes no sense, numbers don't fit the stages, or a map shrinks below one pixel: names the layer.

    Examples
    --------
    >>> network = plain_cnn((16, 32), filter_sizes=(7, 3), pooled=(True, False), dropout=0.5)
    >>> [name for name, _ in network.named_children()][3:]
    ['pool1', 'conv2', 'norm2', 'relu2', 'average', 'flatten', 'drop', 'classify']
    >>> sum(weight.numel() for weight in network.parameters())
    7386
    >>> plain_cnn((8, 8, 8), pixels=4)
    Traceback (most recent call last):
        ...
    ValueError: at pool3 a map of 1 × 1 would shrink below 1 pixel, for images of 4 pixels: pool or stride in fewer stages, or take larger images
    """  # noqa: E501 (the error is one line)
    filters = filters if isinstance(filters, Sequence) else (filters,)
    if not filters:
        raise ValueError("filters=(): a network has one stage or more, e.g. filters=(32, 64)")
    if not 0 <= dropout < 1:
        raise ValueError(f"dropout={dropout}: a share from 0 to 1, 1 left out")
    whole(classes=classes, channels=channels, pixels=pixels)
    sizes, steps, halved = (
        each(name, values, len(filters))
        for name, values in (("filter_sizes", filter_sizes), ("strides", strides), ("pooled", pooled))
    )
    odd("filter_sizes", sizes)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, side = channels, pixels
    for stage, (count, size, step) in enumerate(zip(filters, sizes, steps, strict=True), start=1):
        whole(filters=count, strides=step)
        truth(pooled=halved[stage - 1])
        layers[f"conv{stage}"] = nn.Conv2d(inputs, count, size, stride=step, padding=size // 2, bias=False)
        layers[f"norm{stage}"] = nn.BatchNorm2d(count)
        layers[f"{activation}{stage}"] = activation_of(activation)
        side = (side - 1) // step + 1
        if halved[stage - 1]:
            layers[f"pool{stage}"] = pooling_of(pooling)
            side = shrunk(side, f"pool{stage}", pixels)
        inputs = count
    layers["average"] = nn.AdaptiveAvgPool2d(1)
    layers["flatten"] = nn.Flatten()
    if dropout:
        layers["drop"] = nn.Dropout(dropout)
    layers["classify"] = nn.Linear(inputs, classes)
    network = nn.Sequential(layers)
    network.eye = Eye(channels=channels, mean=0.5, std=0.25, pixels=pixels)  # type: ignore[assignment]
    return network
