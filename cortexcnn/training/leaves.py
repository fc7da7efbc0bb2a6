"""Dead leaves: images with the occlusion, the edges and the scale invariance of natural ones, made from nothing.

Leaves of random size, place and colour lie on each other, as on the ground of a forest. The size law that makes no
size special, a density of r^-3, gives spectra and edges like those of photographs, and networks that are trained on
such images alone learn features that serve for photographs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional
from tqdm import tqdm

from cortexcnn.choices import chosen
from cortexcnn.training.images import LabelledImages, split

__all__ = ["LEAVES", "dead_leaves"]

Inside = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Coordinates along and across a leaf, in radii of the disc of its area, to whether they lie on it."""


def _polygon(corners: int) -> tuple[Inside, float]:
    """A regular polygon that lies on one of its sides, and its reach."""
    reach = math.sqrt(2 * math.pi / (corners * math.sin(2 * math.pi / corners)))
    normals = [-math.pi / 2 + 2 * math.pi * side / corners for side in range(corners)]

    def inside(along: torch.Tensor, across: torch.Tensor) -> torch.Tensor:
        sides = [along * math.cos(normal) + across * math.sin(normal) for normal in normals]
        return torch.stack(sides).amax(0) <= reach * math.cos(math.pi / corners)

    return inside, reach


def _bar(length: float) -> tuple[Inside, float]:
    """A rectangle so many times as long as it is wide, and its reach."""
    half = math.sqrt(math.pi / length) / 2

    def inside(along: torch.Tensor, across: torch.Tensor) -> torch.Tensor:
        return (along.abs() <= length * half) & (across.abs() <= half)

    return inside, half * math.hypot(length, 1)


LEAVES: dict[str, tuple[Inside, float]] = {
    "disc": (lambda along, across: along**2 + across**2 <= 1, 1.0),
    "square": _polygon(4),
    "triangle": _polygon(3),
    "bar": _bar(4),
}
"""Shapes by name, all of the area of a disc of radius 1: what lies inside, and the distance of the farthest point."""
_BLOCK = 64
"""Images that are drawn together."""
_ROUND = 128
"""Leaves that are laid on each image before it is looked at whether ground still shows."""
_AT_ONCE = 1 << 16
"""Pixels that are tested together."""


def dead_leaves(
    count: int,
    *,
    size: int = 32,
    classes: Sequence[str] = ("disc", "square", "triangle", "bar"),
    channels: int = 3,
    exponent: float = 3.0,
    radii: tuple[float, float] | None = None,
    smooth: int = 2,
    test: float = 0.2,
    rng: int | np.random.Generator = 0,
) -> tuple[LabelledImages, LabelledImages]:
    """Images of leaves that lie on each other [1]_ [2]_, to train on where there is no data set [3]_.

    The class of an image is the shape of its leaves, so there is something true to learn, and only shape tells it: the
    leaves of all classes have the same law of areas, places and colours. They are turned at random unless a class says
    how they lie. Orientations are learnt within a few epochs, the four shapes of the default slowly: most leaves are
    small, and half hidden. Places are uniform, those of leaves that reach in from outside too; each leaf has one
    colour, uniform over all colours.

    Seen through a window that hides the borders, the power spectrum of discs falls as about frequency to the -2: from
    -1.8 at the lowest frequencies to -2.3 near the highest, where the smallest leaves end it (128 pixels, grey).

    Parameters
    ----------
    count : int
        Images in all; the classes take turns.
    size : int
        Rows and columns.
    classes : sequence of str
        Shapes, keys of :data:`LEAVES`, perhaps with an orientation in degrees, counter-clockwise from horizontal, after
        a colon: ``("bar:0", "bar:45", "bar:90", "bar:135")`` teaches orientation. Such networks are trained with
        ``flip=False``: a mirrored ``bar:45`` is a ``bar:135``.
    channels : int
        3 for colour, 1 for grey.
    exponent : float
        The density of sizes falls with this power of the radius. At 3 no size is special.
    radii : tuple of float, optional
        Smallest and largest radius, in pixels, of the disc that has the area of the leaf: 1 and ``size`` by default.
    smooth : int
        Each pixel is the mean of so many by so many points, so that edges have no steps; 1 leaves the steps.
    test : float
        Share of each class that is kept for testing.
    rng : int or Generator
        Where chance starts; the same number gives the same images.

    Returns
    -------
    training, test : LabelledImages
        Images that show no ground.

    Raises
    ------
    ValueError
        If there are too few images for the classes, a shape is not known, or a number makes no sense.

    References
    ----------
    .. [1] Ruderman (1997), Origins of scaling in natural images, Vision Research 37, 3385-3398.
    .. [2] Lee, Mumford & Huang (2001), Occlusion models for natural images, Int. J. Computer Vision 41, 35-59.
    .. [3] Baradad et al. (2021), Learning to see by looking at noise, NeurIPS.

    Examples
    --------
    >>> training, test = dead_leaves(20, size=16, rng=1)
    >>> len(training), len(test), training.classes
    (16, 4, ('disc', 'square', 'triangle', 'bar'))
    """
    smallest, largest = radii or (1.0, float(size))
    kinds = [_kind(name) for name in classes]
    for name, value in (("classes", len(kinds)), ("size", size), ("smooth", smooth)):
        if value < 1:
            raise ValueError(f"{value} {name}: 1 or more")
    if count < 2 * len(kinds):
        raise ValueError(f"{count} images of {len(kinds)} classes: to train and to test, each class needs two or more")
    if channels not in (1, 3):
        raise ValueError(f"{channels} channels: an image has 3 (colour) or 1 (grey)")
    if not math.isfinite(exponent):
        raise ValueError(f"an exponent of {exponent}: a number, e.g. 3")
    if not 0 < smallest <= largest < math.inf:
        raise ValueError(f"radii from {smallest} to {largest}: two positive numbers of pixels, the smaller one first")
    rng = np.random.default_rng(rng)
    pixels = torch.empty((count, channels, size, size), dtype=torch.uint8)
    with tqdm(total=count, unit="image", delay=5, leave=False, disable=None) as bar:
        for label, kind in enumerate(kinds):
            law = _Law(kind, exponent, smallest * smooth, largest * smooth, size * smooth)
            for block in pixels[label :: len(kinds)].split(_BLOCK):
                drawn = _painted(law, len(block), channels, rng)
                block.copy_(functional.avg_pool2d(drawn, smooth).round_())
                bar.update(len(block))
    source = f"dead leaves with radii of {smallest:g} to {largest:g} pixels and exponent {exponent:g}"
    return split(LabelledImages(pixels, torch.arange(count) % len(kinds), tuple(classes), source), test=test)


@dataclass(frozen=True)
class _Kind:
    """A shape, and how it lies, in degrees; turned at random if that is None."""

    inside: Inside
    reach: float
    orientation: float | None


def _kind(name: str) -> _Kind:
    """The leaves of a class by its name: ``bar``, ``bar:45``."""
    shape, colon, orientation = name.partition(":")
    leaf = chosen(LEAVES, shape, "leaf")
    try:
        return _Kind(*leaf, float(orientation) if colon else None)
    except ValueError:
        raise ValueError(
            f"leaves {name!r}: after the colon stands an orientation in degrees, e.g. {shape}:45"
        ) from None


@dataclass(frozen=True)
class _Leaves:
    """Leaves ``(image, leaf)``, the foremost first: places in pixels from the upper left corner, angles in radians."""

    x: torch.Tensor
    y: torch.Tensor
    radius: torch.Tensor
    angle: torch.Tensor


@dataclass(frozen=True)
class _Law:
    """How leaves of one kind lie on images of ``size`` pixels."""

    kind: _Kind
    exponent: float
    smallest: float
    largest: float
    size: int

    def draw(self, shape: tuple[int, int], rng: np.random.Generator) -> _Leaves:
        """Leaves that can be seen, if none is before them.

        Leaves lie everywhere on the plane, and of those of a radius so many reach the image as have their centre on it
        or, at most, their reach beside it: a large leaf is seen more often than its share.
        """
        radii = np.geomspace(self.smallest, self.largest, 4097)
        seen = radii ** (1 - self.exponent) * (self.size + 2 * self.kind.reach * radii) ** 2
        share = np.concatenate([[0.0], np.cumsum(seen[1:] + seen[:-1])])
        chance = rng.random((4, *shape))
        radius = np.interp(chance[0] * share[-1], share, radii)
        beside = self.kind.reach * radius
        x, y = chance[1:3] * (self.size + 2 * beside) - beside
        turn = chance[3] * 360 if self.kind.orientation is None else np.full(shape, self.kind.orientation)
        return _Leaves(*(torch.from_numpy(part.astype(np.float32)) for part in (x, y, radius, np.deg2rad(turn))))


def _painted(law: _Law, n: int, channels: int, rng: np.random.Generator) -> torch.Tensor:
    """Images ``(n, channels, size, size)`` on which leaves lie until no ground shows, the foremost first."""
    images = torch.empty((n, channels, law.size**2))
    bare = torch.ones((n, law.size**2), dtype=torch.bool)
    while bool((unfinished := bare.any(1)).any()):
        (left,) = torch.where(unfinished)
        leaves = law.draw((len(left), _ROUND), rng)
        colours = torch.from_numpy(rng.integers(256, size=(len(left), channels, _ROUND)).astype(np.float32))
        front = _front(leaves, law.kind, law.size)
        new = bare[left] & (front < _ROUND)
        found = colours.gather(2, front.clamp(max=_ROUND - 1)[:, None].expand(-1, channels, -1))
        images[left] = torch.where(new[:, None], found, images[left])
        bare[left] &= ~new
    return images.view(n, channels, law.size, law.size)


def _front(leaves: _Leaves, kind: _Kind, size: int) -> torch.Tensor:
    """Which leaf is the first at each pixel ``(image, row × column)``; their number where there is none.

    Each leaf is looked for only in a window around it. Leaves go together with those whose window is as wide, whatever
    image they belong to.
    """
    n, count = leaves.x.shape
    front = torch.full((n * size * size,), count)
    windows = (2 ** (kind.reach * leaves.radius).log2().ceil().clamp(min=0) * 2 + 2).clamp(max=size).int()
    for window in windows.unique().tolist():
        image, leaf = torch.where(windows == window)
        step = max(_AT_ONCE // window**2, 1)
        for which in zip(image.split(step), leaf.split(step), strict=True):
            x, y, radius, angle = (part[which] for part in (leaves.x, leaves.y, leaves.radius, leaves.angle))
            columns, rows = (_window(place, window, size) for place in (x, y))
            right = ((columns + 0.5 - x[:, None]) / radius[:, None])[:, None, :]
            up = ((y[:, None] - rows - 0.5) / radius[:, None])[:, :, None]
            cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
            on, row, column = torch.where(kind.inside(right * cos + up * sin, up * cos - right * sin))
            pixel = (which[0][on] * size + rows[on, row]) * size + columns[on, column]
            front.scatter_reduce_(0, pixel, which[1][on], "amin")
    return front.view(n, size * size)


def _window(place: torch.Tensor, window: int, size: int) -> torch.Tensor:
    """Rows or columns ``(leaf, window)`` around places, moved to lie in the image."""
    first = (place - window / 2).round().clamp(0, size - window).long()
    return first[:, None] + torch.arange(window)
