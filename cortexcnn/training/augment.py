"""Small changes of the training images that leave their class alone, made for a whole batch at once."""

from __future__ import annotations

import numpy as np
import torch

__all__ = ["crop_and_flip"]


def crop_and_flip(
    pixels: torch.Tensor, which: torch.Tensor, *, shift: int, flip: bool, rng: torch.Generator
) -> torch.Tensor:
    """Some images, each moved by up to ``shift`` pixels and turned left to right half of the time.

    What moves in at the border is the image's own mirror image.

    Parameters
    ----------
    pixels : Tensor (image, channel, row, column)
        All images.
    which : Tensor (n) of int64
        Positions of those that are wanted.
    shift : int
        Largest shift along each axis, in pixels; less than the image is wide.
    flip : bool
        Whether to mirror half of them.
    rng : Generator
        Where chance comes from, on the CPU.

    Returns
    -------
    Tensor (n, channel, row, column)
        New images, as the old ones are in type and device.

    Examples
    --------
    >>> pixels = torch.arange(4).reshape(1, 1, 1, 4).repeat(1, 1, 4, 1)
    >>> same = crop_and_flip(pixels, torch.tensor([0]), shift=0, flip=False, rng=torch.Generator())
    >>> torch.equal(same, pixels)
    True
    """
    down, right = (torch.randint(-shift, shift + 1, (len(which), 1), generator=rng) for _ in range(2))
    turned = torch.randint(2, (len(which), 1), generator=rng) if flip else torch.zeros_like(right)
    if pixels.device.type != "cpu":
        return _gathered(pixels, which, down, right, turned)
    # slices of numpy arrays: several times faster on a processor than gathering each pixel by its position
    old = pixels.numpy()
    new, between = np.empty((len(which), *old.shape[1:]), old.dtype), np.empty_like(old[0])
    drawn = (numbers.flatten().tolist() for numbers in (which, down, right, turned))
    for image, source, rows, columns, mirrored in zip(new, *drawn, strict=True):
        _move(old[source], between, rows)
        moved = image[:, :, ::-1] if mirrored else image
        _move(between.swapaxes(1, 2), moved.swapaxes(1, 2), columns)
    return torch.from_numpy(new)


def _move(old: np.ndarray, new: np.ndarray, by: int) -> None:
    """Write ``old`` (channel, row, column), ``by`` rows further up, to ``new``, mirrored at the border."""
    n = new.shape[1]
    if by < 0:
        new[:, -by:] = old[:, :by]
        new[:, :-by] = old[:, 1 : 1 - by][:, ::-1]
    else:
        new[:, : n - by] = old[:, by:]
        new[:, n - by :] = old[:, n - 1 - by : n - 1][:, ::-1]


def _gathered(
    pixels: torch.Tensor, which: torch.Tensor, down: torch.Tensor, right: torch.Tensor, turned: torch.Tensor
) -> torch.Tensor:
    """All images at once, by positions of rows and then of columns, as an accelerator likes it."""
    device = pixels.device
    rows, columns = (_positions(size, by) for size, by in zip(pixels.shape[2:], (down, right), strict=True))
    columns = torch.where(turned.bool(), columns.flip(1), columns)
    images = pixels[which.to(device)]
    images = images.gather(2, rows[:, None, :, None].to(device).expand_as(images))
    return images.gather(3, columns[:, None, None, :].to(device).expand_as(images))


def _positions(size: int, by: torch.Tensor) -> torch.Tensor:
    """Pixel positions ``(n, size)`` along one axis after a shift each, mirrored at both ends."""
    positions = (torch.arange(size) + by).abs()
    return torch.where(positions < size, positions, 2 * (size - 1) - positions)
