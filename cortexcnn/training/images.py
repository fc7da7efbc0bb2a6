"""Images with their labels, held as bytes in memory or in a file: what a network is trained and tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch.nn import functional

__all__ = ["BLOCK", "LabelledImages", "kept_for_testing", "split"]

BLOCK = 512
"""Images at a time, where a set may be larger than memory."""


@dataclass(frozen=True)
class LabelledImages:
    """Images of one size, each with the number of its class.

    Parameters
    ----------
    pixels : Tensor (image, channel, row, column) of uint8
        Luminance or colour, 0 to 255.
    labels : Tensor (image) of int64
        Position of each image's class in ``classes``.
    classes : tuple of str
        Names of the classes.
    source : str
        What the images are, in words; it is written beside weights that were trained on them.

    Raises
    ------
    TypeError
        If the pixels are not bytes, or the labels not whole numbers.
    ValueError
        If shapes do not agree, there are no images, or a label has no class.

    Examples
    --------
    >>> pixels, labels = torch.zeros(3, 1, 8, 8, dtype=torch.uint8), torch.tensor([0, 1, 1])
    >>> images = LabelledImages(pixels, labels, ("bar", "edge"))
    >>> len(images), images.channels, images.size
    (3, 1, 8)
    >>> len(images[images.labels == 1])
    2
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    classes: tuple[str, ...]
    source: str = ""

    def __post_init__(self) -> None:
        if self.pixels.dtype != torch.uint8:
            raise TypeError(f"pixels are bytes (uint8, 0 to 255); these are {self.pixels.dtype}")
        if self.labels.dtype != torch.int64:
            raise TypeError(f"labels are whole numbers (int64); these are {self.labels.dtype}")
        if self.pixels.ndim != 4 or self.labels.shape != self.pixels.shape[:1]:
            raise ValueError(
                "pixels are (image, channel, row, column) and labels (image); these are "
                f"{tuple(self.pixels.shape)} and {tuple(self.labels.shape)}"
            )
        if not len(self.labels):
            raise ValueError(f"no images{f' in {self.source}' if self.source else ''}: give at least one")
        lowest, highest = int(self.labels.min()), int(self.labels.max())
        if lowest < 0 or highest >= len(self.classes):
            raise ValueError(
                f"labels run from {lowest} to {highest}, which does not suit {len(self.classes)} classes"
                f"{f' in {self.source}' if self.source else ''}: they are positions in classes, from 0"
            )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, which: torch.Tensor | slice) -> LabelledImages:
        """Some of the images: a slice, positions, or a mask."""
        return LabelledImages(self.pixels[which], self.labels[which], self.classes, self.source)

    @property
    def channels(self) -> int:
        """1 for grey images, 3 for colour."""
        return self.pixels.shape[1]

    @property
    def size(self) -> int:
        """Rows of an image, in pixels."""
        return self.pixels.shape[2]

    def resized(self, size: int) -> LabelledImages:
        """The images at another size, in memory; the same ones where that is their size.

        Parameters
        ----------
        size : int
            Rows and columns. Of images that are not square the middle square is kept. Interpolation is linear, over
            all pixels that fall together where images become smaller.

        Raises
        ------
        ValueError
            If the size is not positive.

        Examples
        --------
        >>> pixels, labels = torch.zeros(3, 1, 8, 12, dtype=torch.uint8), torch.tensor([0, 1, 1])
        >>> LabelledImages(pixels, labels, ("bar", "edge")).resized(16).pixels.shape
        torch.Size([3, 1, 16, 16])
        """
        if size < 1:
            raise ValueError(f"a size of {size}: an image has 1 pixel a side or more")
        rows, columns = self.pixels.shape[2:]
        if rows == columns == size:
            return self
        side = min(rows, columns)
        top, left = (rows - side) // 2, (columns - side) // 2
        square = self.pixels[:, :, top : top + side, left : left + side]
        pixels = torch.empty((len(self), self.channels, size, size), dtype=torch.uint8, device=self.pixels.device)
        for new, old in zip(pixels.split(BLOCK), square.split(BLOCK), strict=True):
            new.copy_(functional.interpolate(old.float(), (size, size), mode="bilinear", antialias=True).round_())
        return replace(self, pixels=pixels, source=f"{self.source}, resized from {rows} pixels")

    @property
    def mean(self) -> tuple[float, ...]:
        """Mean of each channel over all pixels of all images, on the scale 0 to 1."""
        return tuple((self._moment(1) / 255).tolist())

    @property
    def std(self) -> tuple[float, ...]:
        """Standard deviation of each channel over all pixels of all images, on the scale 0 to 1."""
        return tuple(((self._moment(2) - self._moment(1) ** 2).sqrt() / 255).tolist())

    def _moment(self, power: int) -> torch.Tensor:
        """Mean of a power of each channel's bytes; exact, because it counts how often each byte occurs."""
        values = torch.arange(256, dtype=torch.float64) ** power
        counts = torch.zeros((self.channels, 256), dtype=torch.int64)
        for block in self.pixels.split(BLOCK):
            for channel, plane in enumerate(block.unbind(1)):
                counts[channel] += plane.flatten().bincount(minlength=256).cpu()
        return (counts * values).sum(1) / counts.sum(1)


def split(images: LabelledImages, *, test: float = 0.2, seed: int = 0) -> tuple[LabelledImages, LabelledImages]:
    """Keep a share of the images of each class for testing, drawn by chance.

    Parameters
    ----------
    images : LabelledImages
        All images.
    test : float
        Share that is kept for testing, between 0 and 1; of each class at least one image, and never all.
    seed : int
        Where chance starts.

    Returns
    -------
    training, test : LabelledImages
        Every image is in one of the two, in its old order; copies, in memory.

    Raises
    ------
    ValueError
        If the share is not between 0 and 1, or a class has fewer than two images: names it.

    Examples
    --------
    >>> pixels, labels = torch.zeros(10, 1, 8, 8, dtype=torch.uint8), torch.arange(10) % 2
    >>> training, test = split(LabelledImages(pixels, labels, ("bar", "edge"), "drawings"), test=0.4)
    >>> test.labels.tolist(), test.source
    ([0, 1, 0, 1], 'test images of drawings')
    """
    kept = kept_for_testing(images.labels, images.classes, test=test, seed=seed)
    training, testing = (
        LabelledImages(images.pixels[which], images.labels[which], images.classes, f"{name} images of {images.source}")
        for name, which in (("training", ~kept), ("test", kept))
    )
    return training, testing


def kept_for_testing(labels: torch.Tensor, classes: Sequence[str], *, test: float, seed: int) -> torch.Tensor:
    """Which images :func:`split` keeps for testing, as a mask."""
    if not 0 < test < 1:
        raise ValueError(f"a test share of {test}: it lies between 0 and 1, e.g. 0.2")
    rng = torch.Generator().manual_seed(seed)
    kept = torch.zeros(len(labels), dtype=torch.bool)
    for label, name in enumerate(classes):
        (members,) = torch.where(labels == label)
        if len(members) < 2:
            raise ValueError(f"class {name} has {len(members)} images: to train and to test it needs two or more")
        n = min(max(round(test * len(members)), 1), len(members) - 1)
        kept[members[torch.randperm(len(members), generator=rng)[:n]]] = True
    return kept
