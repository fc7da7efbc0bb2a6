"""Small changes of the training images that leave their class alone, made for a whole batch at once."""

from __future__ import annotations

import torch

__all__ = ["crop_and_flip"]


def crop_and_flip(
    pixels: torch.Tensor, which: torch.Tensor, *, shift: int, flip: bool, rng: torch.Generator
) -> torch.Tensor:
    """Some images, each moved by up to ``shift`` pixels and turned left to right half of the time.

    What moves in at the border is the image's own mirror image. One indexing operation does it all.

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
    device = pixels.device
    rows, columns = (_shifted(size, len(which), shift, rng).to(device) for size in pixels.shape[2:])
    if flip:
        mirrored = torch.randint(2, (len(which), 1), generator=rng).to(device=device, dtype=torch.bool)
        columns = torch.where(mirrored, columns.flip(1), columns)
    channels = torch.arange(pixels.shape[1], device=device)
    return pixels[
        which.to(device)[:, None, None, None],
        channels[:, None, None],
        rows[:, None, :, None],
        columns[:, None, None, :],
    ]


def _shifted(size: int, n: int, shift: int, rng: torch.Generator) -> torch.Tensor:
    """Pixel positions ``(n, size)`` along one axis after a random shift each, mirrored at both ends."""
    offsets = torch.randint(-shift, shift + 1, (n, 1), generator=rng)
    positions = (torch.arange(size) + offsets).abs()
    return torch.where(positions < size, positions, 2 * (size - 1) - positions)
