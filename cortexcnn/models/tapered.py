"""A plain network told by a few numbers, which a search of hyper-parameters can choose one by one."""

from __future__ import annotations

from torch import nn

from cortexcnn.models.plain import plain_cnn
from cortexcnn.models.stages import whole

__all__ = ["tapered_cnn"]


def tapered_cnn(
    depth: int = 4,
    *,
    width: int = 16,
    first_size: int = 7,
    later_size: int = 3,
    first_stride: int = 1,
    dropout: float = 0.0,
    classes: int = 10,
    channels: int = 3,
    pixels: int = 32,
) -> nn.Sequential:
    """A plain network whose maps shrink and multiply, with random weights.

    Parameters
    ----------
    depth : int
        Convolutions. The map is halved after the first and then after every second one; each time, the filters of
        those that follow are twice as many.
    width : int
        Filters of the first convolution.
    first_size, later_size : int
        Side of the first filters and of all others, odd, in pixels.
    first_stride : int
        Step of the first filters.
    dropout, classes, channels, pixels
        As in :func:`~cortexcnn.models.plain.plain_cnn`.

    Returns
    -------
    Sequential
        As ``plain_cnn`` returns it.

    Raises
    ------
    ValueError
        If a number makes no sense, or a map shrinks below one pixel: names the layer.

    Examples
    --------
    >>> network = tapered_cnn(3, width=8, first_stride=2)
    >>> [(part.in_channels, part.out_channels) for part in network if isinstance(part, nn.Conv2d)]
    [(3, 8), (8, 16), (16, 16)]
    """
    whole(depth=depth, width=width)
    pooled = [stage % 2 == 0 and stage < max(depth - 1, 1) for stage in range(depth)]
    halvings = [sum(pooled[:stage]) for stage in range(depth)]
    return plain_cnn(
        [width * 2**times for times in halvings],
        filter_sizes=[first_size] + [later_size] * (depth - 1),
        strides=[first_stride] + [1] * (depth - 1),
        pooled=pooled,
        dropout=dropout,
        classes=classes,
        channels=channels,
        pixels=pixels,
    )
