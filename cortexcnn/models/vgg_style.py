"""Stages of small filters, each followed by pooling: VGG's networks, and others of any depth by the same rule."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

from torch import nn

from cortexcnn.models.eye import imagenet_eye
from cortexcnn.models.stages import each, odd, shrunk, truth, whole

__all__ = ["vgg_stages", "vgg_style"]

STAGES = 5
"""Stages at most: each halves the map, and the last two have as many filters."""


def vgg_style(
    depth: int = 16,
    *,
    width: int = 64,
    filter_sizes: int | Sequence[int] = 3,
    normalised: bool = False,
    head: int | Sequence[int] = (4096, 4096),
    grid: int = 7,
    dropout: float = 0.5,
    classes: int = 1000,
    channels: int = 3,
    pixels: int = 224,
) -> nn.Sequential:
    """A network in the style of VGG [1]_ of any depth, with random weights.

    Parameters
    ----------
    depth : int
        Layers with weights: convolutions and fully connected ones. :func:`vgg_stages` says how the convolutions are
        spread over the stages; 11, 13, 16 and 19 are VGG's networks.
    width : int
        Filters of the first stage; each has twice as many as the one before, up to eight times.
    filter_sizes : int or sequence of int
        Side of the filters, odd: one for all stages, or one for each.
    normalised : bool
        Whether a batch normalisation follows each convolution. Deep ones don't learn without.
    head : int or sequence of int
        Units of the hidden fully connected layers; () for none.
    grid : int
        Side of the map, averaged or stretched, that the head looks at: 1 for small images.
    dropout : float
        Share of the hidden fully connected units that are left out, each time others, while it is trained.
    classes : int
        Outputs of the last layer.
    channels, pixels : int
        Of the image: 3 for colour, 1 for grey; its side. Other sizes pass too, as long as something of them is left.

    Returns
    -------
    Sequential
        ``conv1_1, relu1_1, conv1_2, …, pool5, average, flatten, connect6, relu6, drop6, connect7, …, classify``
        (``norm1_1`` where normalised), with an attribute ``eye``; images (n, channels, y, x) to class scores
        (n, classes).

    Raises
    ------
    ValueError
        If a number makes no sense, there are too few layers, or a map shrinks below one pixel: names the layer.

    References
    ----------
    .. [1] Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition, ICLR.

    Examples
    --------
    >>> network = vgg_style(7, width=8, head=(), grid=1, classes=10, pixels=32)
    >>> [name for name, _ in network.named_children() if "conv" in name]
    ['conv1_1', 'conv2_1', 'conv3_1', 'conv4_1', 'conv5_1', 'conv5_2']
    >>> vgg_style(11, pixels=16)
    Traceback (most recent call last):
        ...
    ValueError: at pool5 a map of 1 × 1 would shrink below 1 pixel, for images of 16 pixels: pool or stride in fewer stages, or take larger images
    """  # noqa: E501 (the error is one line)
    head = tuple(head) if isinstance(head, Sequence) else (head,)
    whole(depth=depth, width=width, grid=grid, classes=classes, channels=channels, pixels=pixels)
    if depth < len(head) + 2:
        raise ValueError(
            f"depth={depth}: the {len(head) + 1} fully connected layers and one convolution make {len(head) + 2} "
            "at least; take more, or a smaller head"
        )
    truth(normalised=normalised)
    stages = vgg_stages(depth - len(head) - 1)
    sizes = each("filter_sizes", filter_sizes, len(stages))
    odd("filter_sizes", sizes)
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    inputs, side = channels, pixels
    for stage, (count, size) in enumerate(zip(stages, sizes, strict=True), start=1):
        filters = width * min(2 ** (stage - 1), 8)
        for number in range(1, count + 1):
            name = f"{stage}_{number}"
            layers[f"conv{name}"] = nn.Conv2d(inputs, filters, size, padding=size // 2)
            if normalised:
                layers[f"norm{name}"] = nn.BatchNorm2d(filters)
            layers[f"relu{name}"] = nn.ReLU()
            inputs = filters
        layers[f"pool{stage}"] = nn.MaxPool2d(2)
        side = shrunk(side, f"pool{stage}", pixels)
    layers["average"] = nn.AdaptiveAvgPool2d(grid)
    layers["flatten"] = nn.Flatten()
    inputs *= grid**2
    for number, units in enumerate(head, start=len(stages) + 1):
        whole(head=units)
        layers[f"connect{number}"] = nn.Linear(inputs, units)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"drop{number}"] = nn.Dropout(dropout)
        inputs = units
    layers["classify"] = nn.Linear(inputs, classes)
    for layer in layers.values():
        _draw(layer)
    network = nn.Sequential(layers)
    network.eye = imagenet_eye(pixels, channels)  # type: ignore[assignment]
    return network


def vgg_stages(convolutions: int) -> tuple[int, ...]:
    """How convolutions are spread over stages.

    One for each of the five stages; from the last stage to the first, again and again, each gets one more, but no more
    than two for the first two stages. What VGG published is what this rule gives.

    Parameters
    ----------
    convolutions : int
        How many there are.

    Returns
    -------
    tuple of int
        Convolutions of each stage; fewer than five stages where there are fewer convolutions.

    Examples
    --------
    >>> [vgg_stages(depth - 3) for depth in (11, 13, 16, 19)]
    [(1, 1, 2, 2, 2), (2, 2, 2, 2, 2), (2, 2, 3, 3, 3), (2, 2, 4, 4, 4)]
    >>> vgg_stages(3), sum(vgg_stages(149))
    ((1, 1, 1), 149)
    """
    counts = [1] * min(convolutions, STAGES)
    while sum(counts) < convolutions:
        for stage in reversed(range(STAGES)):
            if sum(counts) < convolutions and (stage > 1 or counts[stage] == 1):
                counts[stage] += 1
    return tuple(counts)


def _draw(layer: nn.Module) -> None:
    """Weights that keep signals of the same size through rectified layers, and small ones in the head."""
    if isinstance(layer, nn.Conv2d):
        nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
    elif isinstance(layer, nn.Linear):
        nn.init.normal_(layer.weight, std=0.01)
        nn.init.zeros_(layer.bias)
