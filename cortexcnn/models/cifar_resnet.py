"""The small residual networks that were made for CIFAR's 32 × 32 images, which torchvision doesn't have."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

from cortexcnn.models.eye import Eye

__all__ = ["CifarResNet", "resnet20"]


class _Block(nn.Module):
    """Two convolutions and a shortcut without weights: every other position, and new channels of zeros (option A)."""

    def __init__(self, inputs: int, filters: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, filters, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.conv2 = nn.Conv2d(filters, filters, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        self.stride, self.added = stride, filters - inputs

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Map (n, inputs, y, x) to (n, filters, y / stride, x / stride)."""
        shortcut = image[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, self.added // 2, self.added - self.added // 2))
        inner = functional.relu(self.bn1(self.conv1(image)))
        return functional.relu(self.bn2(self.conv2(inner)) + shortcut)


class CifarResNet(nn.Module):
    """Three stages of 16, 32 and 64 filters [1]_.

    Parameters
    ----------
    blocks : int
        Blocks a stage; the network is 6 × blocks + 2 layers deep.
    classes : int
        Outputs of the last layer.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun (2016), CVPR, 770-778, section 4.2.

    Examples
    --------
    >>> CifarResNet(3).eval()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(self, blocks: int, classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        inputs = 16
        for stage, filters in enumerate((16, 32, 64), start=1):
            first = _Block(inputs, filters, stride=1 if stage == 1 else 2)
            rest = [_Block(filters, filters, stride=1) for _ in range(blocks - 1)]
            self.add_module(f"layer{stage}", nn.Sequential(first, *rest))
            inputs = filters
        self.linear = nn.Linear(64, classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (n, 3, y, x) to class scores (n, classes)."""
        maps = functional.relu(self.bn1(self.conv1(image)))
        for stage in (1, 2, 3):
            maps = self.get_submodule(f"layer{stage}")(maps)
        return self.linear(maps.mean(dim=(2, 3)))


def resnet20() -> CifarResNet:
    """The CIFAR ResNet of 20 layers, with random weights and an attribute ``eye``.

    Returns
    -------
    CifarResNet
        For 32 × 32 colour images and 10 classes.

    Examples
    --------
    >>> sum(weight.numel() for weight in resnet20().parameters())
    269722
    """
    network = CifarResNet(blocks=3)
    network.eye = Eye(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225), pixels=32)  # type: ignore[assignment]
    return network
