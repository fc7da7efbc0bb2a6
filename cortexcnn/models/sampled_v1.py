"""A classical V1 as varied as the real one: its cells are drawn from what was counted in macaques."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.models.classical_v1 import ClassicalV1
from cortexcnn.models.gabors import FINEST, REACH
from cortexcnn.shipped import shipped

__all__ = ["sampled_v1"]

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
        Peak spatial frequency as De Valois [1]_ counted, n_x and n_y together as Ringach [2]_ did, evenly within each
        bin (on a logarithmic scale); orientation and phase at random. Left out and drawn again are n_x or n_y below .3
        (28 of Ringach's 79 cells: of such a width a Gabor without a mean does not prefer its own frequency), fields
        larger than half the screen, and frequencies above a quarter cycle a pixel.

    Raises
    ------
    ValueError
        If count is not positive, or hardly any cell fits the screen.

    References
    ----------
    .. [1] De Valois, Albrecht & Thorell (1982), Vision Res. 22, 545-559.
    .. [2] Ringach (2002), J. Neurophysiol. 88, 455-463.

    Examples
    --------
    >>> sampled_v1(20, rng=0, pixels=112).cells("complex").sizes["unit"]
    20
    """
    if count < 1:
        raise ValueError(f"{count} Gabors: at least one is needed")
    generator = np.random.default_rng(rng)
    peaks = pd.read_csv(shipped("published_v1.csv")).query("property == 'peak_spatial_frequency' and group == 'all'")
    shapes = pd.read_csv(shipped("published_v1_joint.csv")).query("property == 'n_x' and property2 == 'n_y'")
    (frequency,) = _drawn(peaks, ["bin"], TRIES * count, generator)
    shapes = shapes[(shapes["bin_low"] > SMALLEST) & (shapes["bin2_low"] > SMALLEST)]
    n_x, n_y = _drawn(shapes, ["bin", "bin2"], TRIES * count, generator)
    fits = 2 * REACH * np.maximum(n_x, n_y) / frequency <= degrees / 2
    kept = np.flatnonzero(fits & (frequency <= FINEST * pixels / degrees))[:count]
    if len(kept) < count:
        raise ValueError(
            f"of {TRIES * count} cells drawn, {len(kept)} fit a screen of {degrees:g} degrees and {pixels} pixels, "
            f"and {count} are wanted: take another size of screen"
        )
    columns = {
        "orientation": generator.uniform(0, 180, count),
        "spatial_frequency": frequency[kept],
        "phase": generator.uniform(0, 360, count),
        "n_x": n_x[kept],
        "n_y": n_y[kept],
    }
    gabors = xr.Dataset({name: ("gabor", values) for name, values in columns.items()})
    return ClassicalV1(gabors, degrees=degrees, pixels=pixels, **options)


def _drawn(table: pd.DataFrame, bins: list[str], count: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Values from a published histogram, evenly on a logarithmic scale within each bin."""
    weight = table["count"].to_numpy(dtype=float)
    rows = table.iloc[generator.choice(len(table), count, p=weight / weight.sum())]
    ends = [(np.log(rows[f"{name}_low"].to_numpy()), np.log(rows[f"{name}_high"].to_numpy())) for name in bins]
    return [np.exp(generator.uniform(low, high)) for low, high in ends]
