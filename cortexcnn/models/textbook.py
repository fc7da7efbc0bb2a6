"""What an introduction to convolutional networks works out by hand: sizes of maps, and a first filter.

Every number here is checked by running a layer:

>>> import torch
>>> from torch import nn
>>> image = torch.rand(1, 3, 32, 32)  # a colour image of 32 × 32 × 3, normalised to 0–1
>>> tuple(nn.Conv2d(3, 1, 5)(image).shape[1:])  # a filter of 5 × 5 × 3 gives a map of 28 × 28 × 1
(1, 28, 28)
>>> tuple(nn.Conv2d(3, 6, 5)(image).shape[1:])  # six of them give 28 × 28 × 6
(6, 28, 28)
>>> output_size(32, 5)
28

A filter of 3 × 3 on an input of 7 × 7, in steps of one, two and three pixels:

>>> small = torch.rand(1, 1, 7, 7)
>>> [tuple(nn.Conv2d(1, 1, 3, stride=stride)(small).shape[2:]) for stride in (1, 2)]
[(5, 5), (3, 3)]
>>> [output_size(7, 3, stride=stride) for stride in (1, 2)]
[5, 3]
>>> output_size(7, 3, stride=3)
Traceback (most recent call last):
    ...
ValueError: a window of 3 in steps of 3 does not fit an input of 7: (7 − 3 + 2 · 0) / 3 + 1 = 2.33; stride 1, 2 or 4 would, or padding 1

A frame of two zeros makes 36 × 36 of 32 × 32, and a filter of 5 × 5 then keeps the size:

>>> tuple(nn.functional.pad(image, (2, 2, 2, 2)).shape[2:])
(36, 36)
>>> output_size(36, 5), output_size(32, 5, padding=2)
(32, 32)

Pooling over 2 × 2 halves a map and leaves its depth alone, whichever way it pools:

>>> from cortexcnn.models.stages import pooling
>>> maps = nn.Conv2d(3, 6, 5)(image).relu()
>>> [tuple(pooling(name)(maps).shape[1:]) for name in ("max", "average", "l2")]
[(6, 14, 14), (6, 14, 14), (6, 14, 14)]
>>> window = torch.tensor([[[[1.0, 2.0], [2.0, 4.0]]]])
>>> [pooling(name)(window).item() for name in ("max", "average", "l2")]
[4.0, 2.25, 5.0]

The rectifier, the logistic sigmoid and the hyperbolic tangent:

>>> x = torch.tensor([-1.0, 0.0, 1.0])
>>> x.relu().tolist(), x.sigmoid().tolist(), x.tanh().tolist()
([0.0, 0.0, 1.0], [0.268..., 0.5, 0.731...], [-0.761..., 0.0, 0.761...])

A fully connected layer looks at everything, and softmax makes class probabilities of its scores:

>>> scores = nn.Linear(6 * 14 * 14, 10)(maps[:, :, ::2, ::2].flatten(1))
>>> chances = scores.softmax(1)
>>> tuple(chances.shape), round(chances.sum().item(), 5)
((1, 10), 1.0)
"""  # noqa: E501 (the error is one line)

from __future__ import annotations

import numpy as np
import torch

__all__ = ["curve_filter", "output_size"]


def output_size(size: int, kernel: int, *, padding: int = 0, stride: int = 1, exact: bool = True) -> int:
    """Side of the map that a layer makes: O = (W − K + 2P) / S + 1.

    Parameters
    ----------
    size, kernel, padding, stride : int
        Side W of the input, side K of the window, frame P of zeros on each side, step S.
    exact : bool
        Refuse steps that don't end at the border, as an introduction does; otherwise round down, as torch does, and
        leave the last pixels unseen.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the window is larger than the framed input, the steps don't fit, or a number makes no sense.

    Examples
    --------
    >>> output_size(227, 11, stride=4)  # the first layer of AlexNet
    55
    >>> output_size(224, 11, stride=4, padding=2, exact=False)  # and of torchvision's
    55
    """
    for name, value, lowest in (
        ("size", size, 1),
        ("kernel", kernel, 1),
        ("padding", padding, 0),
        ("stride", stride, 1),
    ):
        if value != int(value) or value < lowest:
            raise ValueError(f"{name}={value}: a whole number from {lowest} on")
    reach = size - kernel + 2 * padding
    if reach < 0:
        raise ValueError(
            f"a window of {kernel} is larger than an input of {size} with a frame of {padding}: "
            f"take one of {size + 2 * padding} at most, or padding {-(-(kernel - size) // 2)}"
        )
    if exact and reach % stride:
        raise ValueError(
            f"a window of {kernel} in steps of {stride} does not fit an input of {size}: "
            f"({size} − {kernel} + 2 · {padding}) / {stride} + 1 = {reach / stride + 1:.3g}; "
            f"{_remedies(size, kernel, padding, stride)}"
        )
    return reach // stride + 1


def _remedies(size: int, kernel: int, padding: int, stride: int) -> str:
    """Strides and paddings that fit."""
    reach = size - kernel + 2 * padding
    strides = [str(step) for step in range(1, reach + 1) if reach % step == 0][:4]
    frames = [str(frame) for frame in range(kernel) if frame != padding and (size - kernel + 2 * frame) % stride == 0][
        :2
    ]
    listed = " or ".join([", ".join(strides[:-1]), strides[-1]] if len(strides) > 1 else strides)
    return f"stride {listed} would" + (f", or padding {' or '.join(frames)}" if frames else "")


def curve_filter(size: int = 7, *, radius: float | None = None, width: float = 0.7) -> torch.Tensor:
    """A filter that identifies a curve: an arc that opens to the left and down, on a ground that cancels uniform grey.

    Parameters
    ----------
    size : int
        Side of the filter in pixels, odd and 5 or more.
    radius : float, optional
        Of the arc, in pixels: half the side by default.
    width : float
        Standard deviation of the arc's profile, in pixels.

    Returns
    -------
    Tensor (1, 1, size, size)
        As ``torch.nn.functional.conv2d`` takes it. Its sum is 0 and its sum of squares 1, so that grey gives 0, and
        of all windows of the same contrast the arc itself gives most.

    Raises
    ------
    ValueError
        If the size is even or too small, or radius or width are not positive.

    Examples
    --------
    >>> drawn = curve_filter()[0, 0]
    >>> drawn.shape, round(abs(drawn.sum()).item(), 5), round((drawn**2).sum().item(), 5)
    (torch.Size([7, 7]), 0.0, 1.0)
    """
    radius = 0.5 * size if radius is None else radius
    if size < 5 or size % 2 == 0:
        raise ValueError(f"size={size}: an odd number of pixels, 5 or more")
    if radius <= 0 or width <= 0:
        raise ValueError(f"radius={radius}, width={width}: both are positive lengths in pixels")
    # the circle's centre lies down left, so that its upper right arc passes through the middle of the filter
    centre = radius / np.sqrt(2)
    y, x = np.mgrid[:size, :size] - size // 2
    distance = np.hypot(x + centre, y - centre) - radius
    arc = np.exp(-0.5 * (distance / width) ** 2)
    arc -= arc.mean()
    return torch.from_numpy(arc / np.sqrt((arc**2).sum())).to(torch.float32)[None, None]
