"""MobileNetV2 with the padding of TensorFlow, as networks whose weights were trained there need it.

Where a convolution of stride 2 has to pad an even map, TensorFlow does so at the right and bottom only, and torch all
around: the same weights then look at positions that lie one pixel apart.
"""

from __future__ import annotations

import torch
import torchvision
from torch import nn
from torch.nn import functional

from cortexcnn.models.eye import imagenet_eye

__all__ = ["mobilenet_v2_tf"]


class _PaddedAfter(nn.Conv2d):
    """A 3 × 3 convolution of stride 2 that pads one row at the bottom and one column at the right."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Pad, then convolve."""
        return super().forward(functional.pad(image, (0, 1, 0, 1)))


def mobilenet_v2_tf() -> nn.Module:
    """MobileNetV2 [1]_ for 224 × 224 colour images, padded as TensorFlow does, with random weights.

    Returns
    -------
    nn.Module
        torchvision's ``mobilenet_v2``, whose state dicts fit, with an attribute ``eye``.

    References
    ----------
    .. [1] Sandler, Howard, Zhu, Zhmoginov & Chen (2018), CVPR, 4510-4520.

    Examples
    --------
    >>> sum(isinstance(module, _PaddedAfter) for module in mobilenet_v2_tf().modules())
    5
    """
    network = torchvision.models.mobilenet_v2()
    for parent in list(network.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Conv2d) and child.stride == (2, 2):
                setattr(parent, name, _padded(child))
    network.eye = imagenet_eye(224)
    return network


def _padded(old: nn.Conv2d) -> _PaddedAfter:
    new = _PaddedAfter(
        old.in_channels, old.out_channels, 3, stride=2, padding=0, groups=old.groups, bias=old.bias is not None
    )
    new.weight = old.weight
    return new
