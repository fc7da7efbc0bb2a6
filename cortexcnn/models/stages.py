"""What a stage of a network is made of besides its filters: activations and pooling by name, and their checks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral
from typing import Any

from torch import nn

from cortexcnn.choices import chosen

__all__ = ["ACTIVATIONS", "POOLINGS", "activation", "each", "odd", "pooling", "shrunk", "truth", "whole"]


ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}
"""What an activation's name stands for."""

POOLINGS: dict[str, Callable[[int], nn.Module]] = {
    "max": nn.MaxPool2d,
    "average": nn.AvgPool2d,
    "l2": partial(nn.LPPool2d, 2),
}
"""What the name of a pooling stands for, given the side of its windows: the largest, the mean, √Σx²."""


def activation(name: str) -> nn.Module:
    """The activation of a name.

    Examples
    --------
    >>> activation("tanh")
    Tanh()
    """
    return chosen(ACTIVATIONS, name, "activation")()


def pooling(name: str, side: int = 2) -> nn.Module:
    """The pooling of a name, over windows of ``side`` × ``side`` that don't overlap.

    Examples
    --------
    >>> pooling("average")
    AvgPool2d(kernel_size=2, stride=2, padding=0)
    """
    return chosen(POOLINGS, name, "pooling")(side)


def whole(lowest: int = 1, **numbers: Any) -> None:
    """Refuse numbers that are not whole, or less than ``lowest``.

    Examples
    --------
    >>> whole(classes=0)
    Traceback (most recent call last):
        ...
    ValueError: classes=0: a whole number from 1 on
    """
    for name, value in numbers.items():
        if not isinstance(value, Integral) or value < lowest:
            raise ValueError(f"{name}={value!r}: a whole number from {lowest} on")


def truth(**answers: Any) -> None:
    """Refuse what is neither true nor false.

    Examples
    --------
    >>> truth(pooled="no")
    Traceback (most recent call last):
        ...
    ValueError: pooled='no': true or false
    """
    for name, value in answers.items():
        if not isinstance(value, Integral) or value not in (0, 1):
            raise ValueError(f"{name}={value!r}: true or false")


def each(name: str, values: Any, count: int) -> tuple[Any, ...]:
    """One value for each stage: a single one counts for all.

    Examples
    --------
    >>> each("strides", 1, 3), each("strides", [2, 1, 1], 3)
    ((1, 1, 1), (2, 1, 1))
    """
    if isinstance(values, str) or not isinstance(values, Sequence):
        return (values,) * count
    if len(values) != count:
        listed = ", ".join(str(value) for value in values)
        raise ValueError(
            f"{len(values)} {name} ({listed}) for {count} stages: give one for each, or a single one for all"
        )
    return tuple(values)


def odd(name: str, sizes: Sequence[int]) -> None:
    """Refuse filters of an even size, which have no middle: their maps would lie half a pixel off.

    Examples
    --------
    >>> odd("filter_sizes", (7, 4))
    Traceback (most recent call last):
        ...
    ValueError: filter_sizes 4: filters have an odd number of pixels, so that they have a middle: take 3 or 5
    """
    for size in sizes:
        whole(**{name: size})
        if size % 2 == 0:
            raise ValueError(
                f"{name} {size}: filters have an odd number of pixels, so that they have a middle: "
                f"take {size - 1} or {size + 1}"
            )


def shrunk(side: int, layer: str, pixels: int, *, window: int = 2) -> int:
    """Side of a map after pooling over windows that don't overlap, refused where nothing would be left.

    Parameters
    ----------
    side : int
        Of the map before.
    layer : str
        Name of the pooling layer, for the error.
    pixels : int
        Side of the image, for the error.
    window : int
        Side of the windows.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the map is smaller than a window.

    Examples
    --------
    >>> shrunk(7, "pool2", 28)
    3
    >>> shrunk(1, "pool4", 8)
    Traceback (most recent call last):
        ...
    ValueError: at pool4 a map of 1 × 1 would shrink below 1 pixel, for images of 8 pixels: pool or stride in fewer stages, or take larger images
    """  # noqa: E501 (the error is one line)
    if side < window:
        raise ValueError(
            f"at {layer} a map of {side} × {side} would shrink below 1 pixel, for images of {pixels} pixels: "
            "pool or stride in fewer stages, or take larger images"
        )
    return side // window
