"""Blocks of residual networks: filters whose answer is added to what they were given."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

__all__ = ["BasicBlock", "Bottleneck", "Subsampled", "projection", "stage"]


class BasicBlock(nn.Module):
    """Two 3 × 3 convolutions and a shortcut around both [1]_.

    Parameters
    ----------
    inputs, filters : int
        Channels that come in and go out.
    stride : int
        Step of the first convolution.
    downsample : nn.Module, optional
        The shortcut, where the block's answer has another shape than what it was given.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun (2016), CVPR, 770-778.

    Examples
    --------
    >>> BasicBlock(8, 16, 2, projection(8, 16, 2)).eval()(torch.zeros(1, 8, 6, 6)).shape
    torch.Size([1, 16, 3, 3])
    """

    widening = 1

    def __init__(self, inputs: int, filters: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.downsample = downsample or nn.Identity()
        self.relu2 = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, filters, y / stride, x / stride)."""
        inner = self.relu1(self.bn1(self.conv1(maps)))
        return self.relu2(self.bn2(self.conv2(inner)) + self.downsample(maps))


class Bottleneck(nn.Module):
    """A 3 × 3 convolution between two of 1 × 1, the last of four times the filters, and a shortcut around all [1]_.

    Parameters
    ----------
    inputs, filters : int
        Channels that come in, and filters of the convolution in the middle; four times as many channels go out.
    stride : int
        Step of the convolution in the middle.
    downsample : nn.Module, optional
        The shortcut, where the block's answer has another shape than what it was given.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun (2016), CVPR, 770-778.

    Examples
    --------
    >>> Bottleneck(32, 8).eval()(torch.zeros(1, 32, 6, 6)).shape
    torch.Size([1, 32, 6, 6])
    """

    widening = 4

    def __init__(self, inputs: int, filters: int, stride: int = 1, downsample: nn.Module | None = None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(filters, filters, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(filters, self.widening * filters, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(self.widening * filters)
        self.downsample = downsample or nn.Identity()
        self.relu3 = nn.ReLU()

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, 4 × filters, y / stride, x / stride)."""
        inner = self.relu1(self.bn1(self.conv1(maps)))
        inner = self.relu2(self.bn2(self.conv2(inner)))
        return self.relu3(self.bn3(self.conv3(inner)) + self.downsample(maps))


def projection(inputs: int, outputs: int, stride: int) -> nn.Sequential:
    """A shortcut with weights: a 1 × 1 convolution and a normalisation (option B).

    Examples
    --------
    >>> projection(8, 16, 2)[0]
    Conv2d(8, 16, kernel_size=(1, 1), stride=(2, 2), bias=False)
    """
    return nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride=stride, bias=False), nn.BatchNorm2d(outputs))


class Subsampled(nn.Module):
    """A shortcut without weights: every ``stride``-th position, and new channels of zeros (option A).

    Parameters
    ----------
    inputs, outputs : int
        Channels that come in and go out; half of the new ones stand before the others and half after.
    stride : int
        Step between the positions that are kept.

    Examples
    --------
    >>> Subsampled(2, 6, 2)(torch.ones(1, 2, 4, 4))[0, :, 0, 0]
    tensor([0., 0., 1., 1., 0., 0.])
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.stride, self.added = stride, outputs - inputs

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, outputs, y / stride, x / stride)."""
        kept = maps[:, :, :: self.stride, :: self.stride]
        return functional.pad(kept, (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return f"stride={self.stride}, added={self.added}"


def stage(
    block: type[BasicBlock | Bottleneck],
    inputs: int,
    filters: int,
    blocks: int,
    *,
    stride: int,
    shortcut: Callable[[int, int, int], nn.Module],
) -> nn.Sequential:
    """Blocks of the same number of filters, the first of which takes the step.

    Parameters
    ----------
    block : type
        Of which kind.
    inputs, filters, blocks : int
        Channels that come in, filters of each block, and how many blocks.
    stride : int
        Step of the first block.
    shortcut : callable
        Channels in, channels out, stride → the shortcut of the first block, if its answer has another shape than what
        it was given: :func:`projection` or :class:`Subsampled`.

    Examples
    --------
    >>> len(stage(Bottleneck, 64, 64, 3, stride=1, shortcut=projection))
    3
    """
    outputs = block.widening * filters
    bridge = shortcut(inputs, outputs, stride) if stride > 1 or inputs != outputs else None
    first = block(inputs, filters, stride, bridge)
    return nn.Sequential(first, *(block(outputs, filters) for _ in range(blocks - 1)))
