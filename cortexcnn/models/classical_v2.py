"""A handmade V2 on the handmade V1: angles and textures, the two things that its cells are known for and V1's are not.

Both kinds of cell are products of two of V1's complex cells. At each position of the map:

================ =====================================================================================================
layer            cells
================ =====================================================================================================
``angles``       the geometric mean of two complex cells of one frequency, each at the end of an arm of the angle and
                 tuned to its orientation: it answers where both arms are there, as many cells of V2 do
``correlations`` the correlation, under a gaussian window, of the amplitudes of two complex cells: of different Gabors
                 at one place, or of one Gabor at two places. Textures have such correlations where noise of the same
                 spectrum has fewer, and V2 tells the two apart where V1 does not
================ =====================================================================================================

Ito & Komatsu (2004), J. Neurosci. 24, 3313-3324; Portilla & Simoncelli (2000), Int. J. Comput. Vis. 40, 49-70 (the
correlations of magnitudes); Freeman, Ziemba, Heeger, Simoncelli & Movshon (2013), Nat. Neurosci. 16, 974-981.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import torch
import xarray as xr
from torch import nn

from cortexcnn.arrays import SEPARATOR
from cortexcnn.choices import chosen
from cortexcnn.models.classical_v1 import ClassicalV1, classical_v1, octaves

__all__ = ["Angles", "ClassicalV2", "Correlations", "classical_v2"]

ARM = 0.75  # from the vertex to the middle of the complex cell on an arm, in periods
SHORTEST = 1.25  # steps of the map that an arm reaches, to tell the eight directions
WINDOW = 0.75  # standard deviation of the window of the correlations, in periods of the lowest frequency
_NOTHING = 1e-6  # variance of amplitudes that makes no correlation: a thousandth of full contrast, squared


def classical_v2(
    *,
    degrees: float = 8.0,
    pixels: int = 224,
    orientations: Sequence[float] = (0.0, 45.0, 90.0, 135.0),
    spatial_frequencies: Sequence[float] | None = None,
    stride: int = 4,
) -> ClassicalV2:
    """A population with every angle between the orientations of a classical V1, and every correlation of its cells.

    Parameters
    ----------
    degrees, pixels : float, int
        The screen that it looks at.
    orientations : sequence of float
        Degrees, evenly spaced over 180; the arms of the angles point along them, both ways.
    spatial_frequencies : sequence of float, optional
        Cycles/degree; by default octaves from 8 cycles across the screen as far as the map is fine enough for them.
    stride : int
        Pixels between neighbouring positions of the map.

    Returns
    -------
    ClassicalV2
        With attribute ``eye``, so that ``load`` and ``wrap`` know what it takes.

    Raises
    ------
    ValueError
        If a number makes no sense, the Gabors don't fit on the screen or its pixels, or the map is too coarse for a
        spatial frequency: arms would begin and end at one position.

    Examples
    --------
    >>> cells = classical_v2(degrees=4, pixels=128).cells("angles")
    >>> cells.sizes["unit"], sorted(set(cells.opening.values.tolist()))
    (56, [45.0, 90.0, 135.0, 180.0])
    """
    if spatial_frequencies is None:
        spatial_frequencies = octaves(degrees, pixels, finest=ARM / (stride * SHORTEST)).tolist()
    v1 = classical_v1(
        degrees=degrees,
        pixels=pixels,
        orientations=orientations,
        spatial_frequencies=spatial_frequencies,
        stride=stride,
    )
    return ClassicalV2(v1)


class ClassicalV2(nn.Module):
    """Angle cells and correlation cells on a classical V1.

    Parameters
    ----------
    v1 : ClassicalV1
        With cells of every orientation at every spatial frequency.
    """

    def __init__(self, v1: ClassicalV1) -> None:
        super().__init__()
        self.v1 = v1
        self.eye = v1.eye
        gabors = v1.gabors
        frequency, orientation = gabors["spatial_frequency"].values, gabors["orientation"].values
        steps = self.eye.screen.pixels_per_degree / v1.linear.stride[0]
        self._angles, self._pairs = _angle_table(frequency, orientation), _pair_table(frequency, orientation)
        shortest = ARM * steps / frequency.max()
        if shortest < SHORTEST:
            raise ValueError(
                f"the arms of angles of {frequency.max():g} cycles/degree reach {shortest:.2g} steps of the map, and "
                f"{SHORTEST:g} are needed: choose lower spatial_frequencies, or a smaller stride"
            )
        self.angles = Angles(*_arms(self._angles, frequency, orientation, steps))
        window = WINDOW * steps / frequency.min()
        self.correlations = Correlations(*_partners(self._pairs, len(frequency), steps), window)

    def forward(self, image: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Responses of both kinds of cell.

        Parameters
        ----------
        image : Tensor (n, 1, y, x)
            Luminance minus 0.5, as the eye gives it.

        Returns
        -------
        angles, correlations : Tensor (n, channels, rows, columns)
        """
        v1 = self.v1
        energy = v1.complex(v1.simple(v1.linear(image)))
        return self.angles(v1.normalised_complex(energy, v1.pool(image))), self.correlations(energy)

    def cells(self, layer: str) -> xr.Dataset:
        """What the cells of a layer are.

        Parameters
        ----------
        layer : str
            angles or correlations.

        Returns
        -------
        Dataset (unit)
            Labelled as ``record`` labels the units at the centre of the map. Of angles: ``direction`` of the first arm,
            ``opening`` from it to the second, counter-clockwise, and ``spatial_frequency``: an angle as
            ``sweep("angle", …)`` names it. Of correlations: ``orientation``, ``spatial_frequency`` and the same with a
            2 of the two complex cells, and ``x`` and ``y``, degrees from the first to the second.

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        tables = {"angles": self._angles, "correlations": self._pairs}
        table = chosen(tables, layer, what="layer")
        kernel = getattr(self, layer).side
        rows = (self.eye.pixels - self.v1.linear.kernel_size[0]) // self.v1.linear.stride[0] + 2 - kernel
        names = [SEPARATOR.join(map(str, (layer, channel, rows // 2, rows // 2))) for channel in range(len(table))]
        return xr.Dataset({name: ("unit", column.to_numpy()) for name, column in table.items()}, {"unit": names})


class Angles(nn.Module):
    """The geometric mean of complex cells on the two arms of each angle.

    Parameters
    ----------
    first, second : ndarray (angle, complex cell, row, column)
        One at the cell and the place of each arm, the vertex in the middle.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        super().__init__()
        self.first, self.second = _fixed(first), _fixed(second)
        self.side = first.shape[-1]

    def forward(self, cells: torch.Tensor) -> torch.Tensor:
        """Complex cells (n, cells, rows, columns) to angle cells (n, angles, fewer rows, fewer columns)."""
        conv = nn.functional.conv2d
        return (conv(cells, self.first) * conv(cells, self.second)).sqrt()


class Correlations(nn.Module):
    """The correlation of the amplitudes of two complex cells under a gaussian window.

    Parameters
    ----------
    first, second : ndarray (pair, complex cell, row, column)
        One at each cell and its place.
    deviation : float
        Standard deviation of the window, in steps of the map; it is cut at two of them.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray, deviation: float) -> None:
        super().__init__()
        self.first, self.second = _fixed(first), _fixed(second)
        reach = round(2 * deviation)
        along = np.exp(-((np.arange(-reach, reach + 1) / deviation) ** 2) / 2)
        window = np.outer(along, along) / along.sum() ** 2
        self.window = _fixed(np.broadcast_to(window, (len(first), 1, *window.shape)))
        self.side = first.shape[-1] + len(along) - 1

    def forward(self, energy: torch.Tensor) -> torch.Tensor:
        """Energies (n, cells, rows, columns) to correlations (n, pairs, fewer rows, fewer columns), from −1 to 1."""
        amplitude = energy.sqrt()
        first, second = (nn.functional.conv2d(amplitude, at) for at in (self.first, self.second))
        mean, mean2 = self._mean(first), self._mean(second)
        variance, variance2 = self._mean(first.square()) - mean.square(), self._mean(second.square()) - mean2.square()
        together = self._mean(first * second) - mean * mean2
        return together / ((variance.clamp_min(0) + _NOTHING) * (variance2.clamp_min(0) + _NOTHING)).sqrt()

    def _mean(self, maps: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(maps, self.window, groups=len(self.window))


def _angle_table(frequency: np.ndarray, orientation: np.ndarray) -> pd.DataFrame:
    """Every angle between two of the directions, the smaller way round."""
    directions = sorted({*orientation.tolist(), *(orientation + 180).tolist()})
    rows = []
    for one, other in combinations(directions, 2):
        opening = other - one
        rows.append((one, opening) if opening <= 180 else (other, 360 - opening))
    return pd.DataFrame(
        [(*row, f) for f in sorted(set(frequency.tolist())) for row in rows],
        columns=["direction", "opening", "spatial_frequency"],
    )


def _pair_table(frequency: np.ndarray, orientation: np.ndarray) -> pd.DataFrame:
    """Every two Gabors at one place, and each Gabor with itself a period away, along and across its stripes."""
    rows = [
        (orientation[k], frequency[k], orientation[m], frequency[m], 0.0, 0.0)
        for k, m in combinations(range(len(frequency)), 2)
    ]
    for f, angle in zip(frequency, orientation, strict=True):
        away = np.deg2rad([angle, angle + 90])
        rows += [(angle, f, angle, f, np.cos(turned) / f, np.sin(turned) / f) for turned in away]
    names = ["orientation", "spatial_frequency", "orientation2", "spatial_frequency2", "x", "y"]
    return pd.DataFrame(rows, columns=names)


def _arms(
    angles: pd.DataFrame, frequency: np.ndarray, orientation: np.ndarray, steps: float
) -> tuple[np.ndarray, np.ndarray]:
    """Kernels that pick the complex cells on the two arms of each angle."""
    f = angles["spatial_frequency"].to_numpy()
    picked = []
    for direction in (angles["direction"], angles["direction"] + angles["opening"]):
        angle = direction.to_numpy()
        cell = [np.flatnonzero((frequency == k) & (orientation == a % 180))[0] for k, a in zip(f, angle, strict=True)]
        turned, far = np.deg2rad(angle), ARM * steps / f
        picked.append((np.array(cell), np.cos(turned) * far, np.sin(turned) * far))
    return _picks(picked, len(frequency))


def _partners(pairs: pd.DataFrame, cells: int, steps: float) -> tuple[np.ndarray, np.ndarray]:
    """Kernels that pick the two complex cells of each correlation, half of the way from its middle each."""
    crossed = list(combinations(range(cells), 2))
    first = np.array([k for k, _ in crossed] + np.repeat(np.arange(cells), 2).tolist())
    second = np.array([m for _, m in crossed] + np.repeat(np.arange(cells), 2).tolist())
    x, y = pairs["x"].to_numpy() * steps / 2, pairs["y"].to_numpy() * steps / 2
    return _picks([(first, -x, -y), (second, x, y)], cells)


def _picks(picked: list[tuple[np.ndarray, np.ndarray, np.ndarray]], cells: int) -> tuple[np.ndarray, np.ndarray]:
    """Kernels (n, cell, row, column) of zeros, with a one at each cell and the nearest place of the map; y goes up."""
    reach = max(int(np.abs(np.round(place)).max()) for _, x, y in picked for place in (x, y))
    kernels = []
    for cell, x, y in picked:
        kernel = np.zeros((len(cell), cells, 2 * reach + 1, 2 * reach + 1))
        kernel[np.arange(len(cell)), cell, reach - np.round(y).astype(int), reach + np.round(x).astype(int)] = 1
        kernels.append(kernel)
    return kernels[0], kernels[1]


def _fixed(values: np.ndarray) -> nn.Parameter:
    return nn.Parameter(torch.from_numpy(np.ascontiguousarray(values)).float(), requires_grad=False)
