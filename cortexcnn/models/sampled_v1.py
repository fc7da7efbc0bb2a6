"""A classical V1 as varied as the real one: its cells are drawn from what was counted in macaques."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.models.classical_v1 import ClassicalV1
from cortexcnn.models.gabors import FINEST, REACH
from cortexcnn.shipped import shipped

__all__ = ["sampled_gabors", "sampled_v1"]

SMALLEST = 0.3  # an edge of Ringach's bins; from here on a Gabor without a mean prefers its own frequency
TRIES = 50  # cells that are drawn for each that is kept


def sampled_v1(
    count: int = 100,
    *,
    rng: int | np.random.Generator | None = 0,
    degrees: float = 8.0,
    pixels: int = 224,
    **options: Any,
) -> ClassicalV1:
    """A population whose parameters are drawn from published distributions of macaque V1.

    Parameters
    ----------
    count : int
        Gabors; each gives four simple cells and a complex one.
    rng : int or Generator, optional
        Of the draw.
    degrees, pixels : float, int
        The screen that it looks at.
    **options
        Of :class:`~cortexcnn.models.classical_v1.ClassicalV1`: stride, semi_saturation_contrast, exponent, maximum, …

    Returns
    -------
    ClassicalV1
        Of :func:`sampled_gabors` that are no larger than half the screen.

    Raises
    ------
    ValueError
        If count is not positive, or hardly any cell fits the screen.

    Examples
    --------
    >>> sampled_v1(20, rng=0, pixels=112).cells("complex").sizes["unit"]
    20
    """
    gabors = sampled_gabors(count, rng=rng, degrees=degrees, pixels=pixels, largest=degrees / 2)
    return ClassicalV1(gabors, degrees=degrees, pixels=pixels, **options)


def sampled_gabors(
    count: int,
    *,
    rng: int | np.random.Generator | None = 0,
    degrees: float = 8.0,
    pixels: int = 224,
    largest: float | None = None,
    cells: str = "all",
) -> xr.Dataset:
    """Gabors whose parameters are drawn from published distributions of macaque V1.

    Parameters
    ----------
    count : int
        How many.
    rng : int or Generator, optional
        Of the draw.
    degrees, pixels : float, int
        The screen on which they will lie.
    largest : float, optional
        Largest extent in degrees, eight standard deviations: that of the screen by default.
    cells : str
        ``all``, or whose spatial frequencies: ``simple`` or ``complex``.

    Returns
    -------
    Dataset (gabor)
        As :mod:`cortexcnn.models.gabors` has it. Preferred orientation [1]_ and peak spatial frequency [2]_ as De
        Valois and others counted them, n_x and n_y together as Ringach [3]_ did, evenly within each bin (on a
        logarithmic scale, but for orientation); phase at random. Left out and drawn again are n_x or n_y below .3 (28
        of Ringach's 79 cells: of such a width a Gabor without a mean does not prefer its own frequency), fields that
        are too large, and frequencies above a quarter cycle a pixel.

    Raises
    ------
    ValueError
        If count is not positive, cells have no such name, or hardly any cell fits the screen.

    References
    ----------
    .. [1] De Valois, Yund & Hepler (1982), Vision Res. 22, 531-544.
    .. [2] De Valois, Albrecht & Thorell (1982), Vision Res. 22, 545-559.
    .. [3] Ringach (2002), J. Neurophysiol. 88, 455-463.

    Examples
    --------
    >>> gabors = sampled_gabors(200, degrees=2, pixels=64, cells="complex")
    >>> bool(gabors.spatial_frequency.max() <= 8), gabors.sizes["gabor"]
    (True, 200)
    """
    if count < 1:
        raise ValueError(f"{count} Gabors: at least one is needed")
    chosen(dict.fromkeys(("all", "simple", "complex")), cells, "cells")
    generator = np.random.default_rng(rng)
    published = pd.read_csv(shipped("published_v1.csv"))
    peaks = published[(published["property"] == "peak_spatial_frequency") & published["group"].str.startswith(cells)]
    shapes = pd.read_csv(shipped("published_v1_joint.csv")).query("property == 'n_x' and property2 == 'n_y'")
    shapes = shapes[(shapes["bin_low"] > SMALLEST) & (shapes["bin2_low"] > SMALLEST)]
    (frequency,) = _drawn(peaks, ["bin"], TRIES * count, generator, log=True)
    n_x, n_y = _drawn(shapes, ["bin", "bin2"], TRIES * count, generator, log=True)
    fits = 2 * REACH * np.maximum(n_x, n_y) / frequency <= (degrees if largest is None else largest)
    kept = np.flatnonzero(fits & (frequency <= FINEST * pixels / degrees))[:count]
    if len(kept) < count:
        raise ValueError(
            f"of {TRIES * count} cells drawn, {len(kept)} fit a screen of {degrees:g} degrees and {pixels} pixels, "
            f"and {count} are wanted: take another size of screen"
        )
    orientations = published[published["property"] == "preferred_orientation"]
    (orientation,) = _drawn(orientations, ["bin"], count, generator, log=False)
    columns = {
        "orientation": orientation % 180,
        "spatial_frequency": frequency[kept],
        "phase": generator.uniform(0, 360, count),
        "n_x": n_x[kept],
        "n_y": n_y[kept],
    }
    return xr.Dataset({name: ("gabor", values) for name, values in columns.items()})


def _drawn(
    table: pd.DataFrame, bins: list[str], count: int, generator: np.random.Generator, *, log: bool
) -> list[np.ndarray]:
    """Values from a published histogram, evenly within each bin, on a logarithmic scale or a linear one."""
    weight = table["count"].to_numpy(dtype=float)
    rows = table.iloc[generator.choice(len(table), count, p=weight / weight.sum())]
    ends = [(rows[f"{name}_low"].to_numpy(), rows[f"{name}_high"].to_numpy()) for name in bins]
    if log:
        return [np.exp(generator.uniform(np.log(low), np.log(high))) for low, high in ends]
    return [generator.uniform(low, high) for low, high in ends]
