"""Residual networks from a few to 152 layers, torchvision's and CIFAR's among them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from cortexcnn.models.cifar_resnet import CifarResNet
from cortexcnn.models.eye import imagenet_eye
from cortexcnn.models.residual import BasicBlock, Bottleneck, projection, stage
from cortexcnn.models.stages import whole

__all__ = ["ResNet", "resnet_style"]

PUBLISHED = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3), 101: (3, 4, 23, 3), 152: (3, 8, 36, 3)}
"""Blocks of each stage of the networks for ImageNet, by their depth."""

DEEP = 50
"""Layers from which on blocks have a bottleneck."""


def resnet_style(
    depth: int = 18,
    *,
    stages: int | Sequence[int] | None = None,
    width: int | None = None,
    classes: int = 1000,
    channels: int = 3,
    pixels: int | None = None,
) -> ResNet | CifarResNet:
    """A residual network [1]_ of a given depth, with random weights.

    Parameters
    ----------
    depth : int
        Layers with weights on the longest path. 18, 34, 50, 101 and 152 are the networks for ImageNet; another
        6 n + 2 (8, 14, 20, 26, 32, 38, 44, 56, …, 110) is that for CIFAR.
    stages : int or sequence of int, optional
        Blocks of each stage of a network like those for ImageNet, but of another depth: ``depth=10,
        stages=(1, 1, 1, 1)``. Blocks have two convolutions below 50 layers, and from there on three, a bottleneck.
    width : int, optional
        Filters of the first stage: 64 for ImageNet and 16 for CIFAR by default. Each stage has twice as many as the
        one before.
    classes : int
        Outputs of the last layer.
    channels, pixels : int
        Of the image: 3 for colour, 1 for grey; its side, 224 or 32 by default. Other sizes pass too.

    Returns
    -------
    ResNet or CifarResNet
        With an attribute ``eye``; images (n, channels, y, x) to class scores (n, classes). For ImageNet weights have
        the names that torchvision gives them, so that its files fit.

    Raises
    ------
    ValueError
        If a number makes no sense, there is no layout of that depth (names the nearest), or the stages make another.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun (2016), Deep residual learning for image recognition, CVPR, 770-778.

    Examples
    --------
    >>> sum(weight.numel() for weight in resnet_style(18).parameters())
    11689512
    >>> sum(weight.numel() for weight in resnet_style(20, classes=10).parameters())
    269722
    >>> resnet_style(10)
    Traceback (most recent call last):
        ...
    ValueError: no residual network of 10 layers is published; nearest are 8 and 14. Or say the blocks of each stage: stages=(2, 2, 2, 2) makes 18
    """  # noqa: E501 (the error is one line)
    whole(depth=depth, classes=classes, channels=channels)
    whole(**{name: value for name, value in (("width", width), ("pixels", pixels)) if value is not None})
    network: ResNet | CifarResNet
    if stages is None and depth not in PUBLISHED:
        if depth < 8 or depth % 6 != 2:
            raise ValueError(_nearest(depth))
        network, usual = CifarResNet(depth // 6, classes, channels=channels, width=width or 16), 32
    else:
        blocks = PUBLISHED[depth] if stages is None else stages if isinstance(stages, Sequence) else (stages,)
        _check(blocks, depth)
        network, usual = ResNet(blocks, classes, channels=channels, width=width or 64, deep=depth >= DEEP), 224
    network.eye = imagenet_eye(pixels or usual, channels)  # type: ignore[assignment]
    return network


class ResNet(nn.Module):
    """A stem that quarters the map, stages of blocks that halve it from the second on, and an average.

    Parameters
    ----------
    stages : sequence of int
        Blocks of each stage.
    classes, channels : int
        Outputs of the last layer, and channels of the image.
    width : int
        Filters of the first stage.
    deep : bool
        Whether blocks have a bottleneck.

    Examples
    --------
    >>> [name for name, _ in ResNet((1, 1)).named_children()]
    ['conv1', 'bn1', 'relu', 'maxpool', 'layer1', 'layer2', 'avgpool', 'flatten', 'fc']
    """

    def __init__(
        self, stages: Sequence[int], classes: int = 1000, *, channels: int = 3, width: int = 64, deep: bool = False
    ) -> None:
        super().__init__()
        block = Bottleneck if deep else BasicBlock
        self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU()
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        inputs = width
        for number, blocks in enumerate(stages, start=1):
            filters = width * 2 ** (number - 1)
            step = 1 if number == 1 else 2
            made = stage(block, inputs, filters, blocks, stride=step, shortcut=projection)
            self.add_module(f"layer{number}", made)
            inputs = block.widening * filters
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(inputs, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, y, x) to class scores (n, classes)."""
        for part in self.children():
            image = part(image)
        return image


def _check(stages: Sequence[int], depth: int) -> None:
    """Refuse stages that make a network of another depth."""
    for blocks in stages:
        whole(stages=blocks)
    each = 3 if depth >= DEEP else 2
    if each * sum(stages) + 2 != depth:
        raise ValueError(
            f"stages {tuple(stages)} of {each} layers a block make {each * sum(stages) + 2} layers with the first and "
            f"the last, not {depth}: change one of the two"
        )


def _nearest(depth: int) -> str:
    known = sorted({*PUBLISHED, *range(8, max(depth, 8) + 7, 6)})
    near = sorted(sorted(known, key=lambda other: abs(other - depth))[:2])
    return (
        f"no residual network of {depth} layers is published; nearest are {near[0]} and {near[1]}. "
        "Or say the blocks of each stage: stages=(2, 2, 2, 2) makes 18"
    )
