"""What follows Gabors in V1: energy or its root, local contrast, and division by it.

Each is a module with a name in the table of layers, so that an electrode goes into it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

__all__ = ["Amplitude", "ContrastEnergy", "DivisiveNormalisation", "Energy"]


class Energy(nn.Module):
    """Complex cells: the squares of the simple cells of one Gabor, summed over its phases.

    Parameters
    ----------
    phases : int
        Simple cells of each Gabor, neighbours along the channels.
    """

    def __init__(self, phases: int) -> None:
        super().__init__()
        self.phases = phases

    def forward(self, simple: torch.Tensor) -> torch.Tensor:
        """Simple cells (n, Gabors × phases, rows, columns) to complex ones (n, Gabors, rows, columns)."""
        return simple.square().unflatten(1, (-1, self.phases)).sum(dim=2) * (4 / self.phases)

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return f"phases={self.phases}"


class Amplitude(nn.Module):
    """Complex cells: the root of the summed squares of a quadrature pair, the cosine and the sine part of one Gabor.

    Examples
    --------
    >>> Amplitude()(torch.tensor([3.0, 4.0]).view(1, 2, 1, 1)).item()
    5.0
    """

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        """Pairs of Gabors (n, 2 × cells, rows, columns) to complex cells (n, cells, rows, columns)."""
        return torch.linalg.vector_norm(pairs.unflatten(1, (-1, 2)), dim=2)


class ContrastEnergy(nn.Module):
    """The squared contrast around each position: 8 × the variance of luminance under a gaussian window.

    Parameters
    ----------
    deviations : ndarray
        Standard deviation in pixels of the window of each channel.
    side, stride : int
        Pixels in which the windows are cut, and between positions.
    """

    def __init__(self, deviations: np.ndarray, side: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        different, which = np.unique(deviations, return_inverse=True)
        along = np.exp(-(((np.arange(side) - (side - 1) / 2) / different[:, None]) ** 2) / 2)
        along /= along.sum(axis=1, keepdims=True)
        windows = torch.from_numpy(along[:, None, :, None] * along[:, None, None, :]).float()
        self.windows = nn.Parameter(windows, requires_grad=False)
        route = torch.from_numpy(np.eye(len(different))[which]).float()[..., None, None]
        self.route = nn.Parameter(route, requires_grad=False)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Luminance minus 0.5 (n, 1, y, x) to contrast energy (n, channels, rows, columns)."""
        mean, square = (
            nn.functional.conv2d(part, self.windows, stride=self.stride) for part in (image, image.square())
        )
        return nn.functional.conv2d(8 * (square - mean.square()).clamp_min(0), self.route)

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return f"stride={self.stride}"


class DivisiveNormalisation(nn.Module):
    """Cells raised to a power and divided by a constant and the contrast around them.

    Parameters
    ----------
    power : float
        Of the cells: the exponent, or half of it for cells that are squared already.
    semi_saturation_contrast, exponent, maximum : float
        c50, n and R_max.
    """

    def __init__(self, power: float, semi_saturation_contrast: float, exponent: float, maximum: float) -> None:
        super().__init__()
        self.power, self.exponent = power, exponent
        self.semi_saturation_contrast, self.maximum = semi_saturation_contrast, maximum

    def forward(self, drive: torch.Tensor, pool: torch.Tensor) -> torch.Tensor:
        """Cells (n, Gabors × any number, rows, columns) and contrast energy (n, Gabors, rows, columns) to cells."""
        cells = drive.pow(self.power).unflatten(1, (pool.shape[1], -1))
        constant = self.semi_saturation_contrast**self.exponent
        divided = cells / (constant + pool.pow(self.exponent / 2)).unsqueeze(2)
        return self.maximum * divided.flatten(1, 2)

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return (
            f"semi_saturation_contrast={self.semi_saturation_contrast:g}, exponent={self.exponent:g}, "
            f"maximum={self.maximum:g}"
        )
