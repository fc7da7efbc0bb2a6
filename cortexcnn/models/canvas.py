"""A finer canvas: stimuli are drawn with more pixels than the network has, then made smaller, as photographs are.

Published batteries draw gratings on a canvas of so many pixels a degree and resize the picture to the network's input.
Then fine gratings fade rather than being left out, and rims come out antialiased. Here the resizing is a layer in front
of the network, named ``canvas``, so that receptive fields and windows reach through it.
"""

from __future__ import annotations

from math import ceil
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from cortexcnn.models.network import Network

__all__ = ["OnCanvas", "Shrink", "on_canvas"]


class Shrink(nn.Module):
    """Images a whole number of times smaller, each pixel a mean under a triangle: bilinear resizing with antialiasing.

    Parameters
    ----------
    times : int
        How many times smaller, 2 or more.

    Examples
    --------
    >>> Shrink(2)(torch.arange(8.0).repeat(1, 1, 8, 1))[0, 0, 0]
    tensor([0.6250, 2.5000, 4.5000, 6.3750])
    """

    linear = True
    """The response to a sum of images is the sum of the responses."""

    weight: torch.Tensor

    def __init__(self, times: int) -> None:
        super().__init__()
        if times < 2:
            raise ValueError(f"times={times}: 2 or more")
        self.times = times
        self.padding = times // 2  # even: the middle of a pixel lies between two of the canvas
        places = torch.arange(2 * times - times % 2, dtype=torch.float64)
        triangle = times - (places - places.mean()).abs()
        self.register_buffer("weight", (triangle / triangle.sum()).float().view(1, 1, 1, -1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """(n, channel, y, x) to (n, channel, y / times, x / times); beyond the border its pixels are repeated."""
        channels = image.shape[1]
        image = functional.pad(image, (self.padding,) * 4, mode="replicate")
        weight = self.weight.expand(channels, 1, 1, -1)
        across = functional.conv2d(image, weight, stride=(1, self.times), groups=channels)
        return functional.conv2d(across, weight.transpose(2, 3), stride=(self.times, 1), groups=channels)

    def extra_repr(self) -> str:
        """How many times smaller."""
        return f"times={self.times}"


class OnCanvas(nn.Module):
    """A network with a layer ``canvas`` in front, whose parts keep their names.

    Parameters
    ----------
    module : nn.Module
        Its parts and weights are shared, not copied.
    times : int
        As of :class:`Shrink`.
    """

    def __init__(self, module: nn.Module, times: int) -> None:
        super().__init__()
        self.canvas = Shrink(times)
        for name, child in module.named_children():
            self.add_module(name, child)
        for name, parameter in module.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        for name, buffer in module.named_buffers(recurse=False):
            self.register_buffer(name, buffer)
        self._whole = (module,)  # in a tuple it is no part: its own parts are

    def forward(self, image: torch.Tensor) -> Any:
        """What the network makes of an image of as many times more rows and columns."""
        return self._whole[0](self.canvas(image))


def on_canvas(network: Network, pixels_per_degree: float) -> Network:
    """The same network, its stimuli drawn on a finer canvas and resized to its input.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``; it is left alone.
    pixels_per_degree : float
        Of the canvas, at least: it has a whole number of times as many pixels as the network's input.

    Returns
    -------
    Network
        With a layer ``canvas`` in front (:class:`Shrink`), an eye of the canvas's pixels, and all layers under their
        own names; receptive fields count pixels of the canvas. Weights are shared. The network itself where its input
        is as fine already.

    Raises
    ------
    ValueError
        If the number is not positive, or the network has a part named ``canvas`` already.

    Examples
    --------
    >>> from cortexcnn.models import Eye
    >>> small = Network(nn.Sequential(nn.Conv2d(1, 4, 5)), Eye(channels=1, pixels=28, degrees=2), name="mine")
    >>> fine = on_canvas(small, 56)
    >>> fine.screen, fine.layers().layer.values.tolist()
    (Screen(degrees=2.0, pixels=112), ['canvas', '0'])
    >>> on_canvas(small, 14) is small
    True
    """
    if not pixels_per_degree > 0:
        raise ValueError(f"a canvas of {pixels_per_degree} pixels/degree: give a positive number")
    times = ceil(pixels_per_degree / network.screen.pixels_per_degree - 1e-9)
    if times == 1:
        return network
    if hasattr(network.module, "canvas"):
        raise ValueError(f"{network.name} has a part named canvas already: it is on one, or the part must be renamed")
    module = OnCanvas(network.module, times).to(network.device, network.dtype)
    eye = network.eye.changed(pixels=network.eye.pixels * times)
    return Network(module, eye, name=network.name, weights=network.weights, random=network.random)
