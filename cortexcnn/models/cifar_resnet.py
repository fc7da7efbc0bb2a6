"""The small residual networks that were made for CIFAR's 32 × 32 images, which torchvision doesn't have."""

from __future__ import annotations

import torch
from torch import nn

from cortexcnn.models.eye import imagenet_eye
from cortexcnn.models.residual import BasicBlock, Subsampled, stage

__all__ = ["CifarResNet", "resnet20"]


class CifarResNet(nn.Module):
    """Three stages of 16, 32 and 64 filters [1]_.

    Parameters
    ----------
    blocks : int
        Blocks a stage; the network is 6 × blocks + 2 layers deep.
    classes : int
        Outputs of the last layer.
    channels : int
        Channels of the image: 3 for colour, 1 for grey.
    width : int
        Filters of the first stage; the second has twice as many, the third four times.

    References
    ----------
    .. [1] He, Zhang, Ren & Sun (2016), CVPR, 770-778, section 4.2.

    Examples
    --------
    >>> CifarResNet(3).eval()(torch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(self, blocks: int, classes: int = 10, *, channels: int = 3, width: int = 16) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        inputs = width
        for number, filters in enumerate((width, 2 * width, 4 * width), start=1):
            step = 1 if number == 1 else 2
            made = stage(BasicBlock, inputs, filters, blocks, stride=step, shortcut=Subsampled)
            self.add_module(f"layer{number}", made)
            inputs = filters
        self.linear = nn.Linear(inputs, classes)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, y, x) to class scores (n, classes)."""
        maps = self.relu1(self.bn1(self.conv1(image)))
        for number in (1, 2, 3):
            maps = self.get_submodule(f"layer{number}")(maps)
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
    network.eye = imagenet_eye(32)  # type: ignore[assignment]
    return network
