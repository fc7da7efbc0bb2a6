"""What a drawing function draws on: where the pixels of a window lie, and how much of a pixel lies beyond a line.

This is the one place where the geometry of stimuli is written down.

- ``x`` points right and ``y`` up, in degrees of visual angle from the centre of the screen.
- A stripe or bar of ``orientation`` θ runs along ``v = (cos θ, sin θ)``, counter-clockwise from horizontal.
- ``u = (−sin θ, cos θ)`` is orthogonal to it and points along θ + 90°. Phase and position are measured along ``u``.
- What moves in ``direction`` d moves along ``(cos d, sin d)``; its orientation is (d − 90) mod 180.
- Luminance is ``(1 + contrast × carrier × aperture) / 2``: grey is .5.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from cortexcnn.screen import Screen, Window

__all__ = ["GREY", "Canvas", "Rows", "across", "half_plane", "split"]

GREY = 0.5
"""Mean luminance."""

Rows = dict[str, np.ndarray]
"""Rows of a table of stimuli: one array a parameter, all of one length."""


@dataclass(frozen=True)
class Canvas:
    """A window of the screen, and the device and precision in which it is drawn.

    Parameters
    ----------
    screen : Screen
        The whole screen.
    window : Window
        The part of it that is drawn.
    device : torch.device
        Where to compute.
    dtype : torch.dtype
        Precision of the computation: float32 or float64.
    """

    screen: Screen
    window: Window
    device: torch.device
    dtype: torch.dtype

    @property
    def x(self) -> np.ndarray:
        """Degrees to the right of the screen's centre, of each column (columns)."""
        return self.screen.centres(self.window)[0]

    @property
    def y(self) -> np.ndarray:
        """Degrees above the screen's centre, of each row (rows)."""
        return self.screen.centres(self.window)[1]

    @property
    def pixel(self) -> float:
        """Side of a pixel in degrees."""
        return 1 / self.screen.pixels_per_degree

    def put(self, values: np.ndarray) -> torch.Tensor:
        """Numbers worked out in float64, on the device in the canvas's precision."""
        return torch.as_tensor(values).to(self.dtype).to(self.device)

    def offsets(self, rows: Rows) -> tuple[torch.Tensor, torch.Tensor]:
        """Degrees of each column and each row from each stimulus's own centre: (row, 1, x) and (row, y, 1)."""
        right = self.put(self.x - rows["x"][:, None])[:, None, :]
        up = self.put(self.y - rows["y"][:, None])[:, :, None]
        return right, up


def across(orientation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The unit vector u, orthogonal to the stripes: its x and y.

    Parameters
    ----------
    orientation : ndarray
        Degrees, of the stripes.

    Returns
    -------
    x, y : ndarray
        −sin and cos of the orientation.

    Examples
    --------
    >>> [float(part) for part in across(np.array(0.0))]
    [-0.0, 1.0]
    """
    angle = np.deg2rad(orientation)
    return -np.sin(angle), np.cos(angle)


def half_plane(distance: torch.Tensor, width: torch.Tensor, height: torch.Tensor) -> torch.Tensor:
    """The share of a pixel that lies on the far side of a straight line, exactly.

    Seen along the line's normal, a pixel is a trapezoid: the convolution of two boxes. This is its integral.

    Parameters
    ----------
    distance : Tensor
        Signed distance of the pixel's centre from the line, positive on the far side.
    width, height : Tensor
        Lengths of the pixel's two sides as seen along the normal: side × abs(cos) and side × abs(sin) of its angle.

    Returns
    -------
    Tensor
        0 to 1.

    Examples
    --------
    >>> half_plane(torch.tensor([-1.0, 0.0, 0.25, 1.0]), torch.tensor(1.0), torch.tensor(0.0))
    tensor([0.0000, 0.5000, 0.7500, 1.0000])
    """
    wide = torch.maximum(width, height).clamp_min(1e-12)  # at the centre of a disc there is no normal
    narrow = torch.maximum(torch.minimum(width, height), 1e-6 * wide)  # a side seen end-on is zero
    # What lies beyond a line at that distance, whichever side it is on: a corner of the pixel, then a parallel slice.
    beyond = ((wide + narrow) / 2 - distance.abs()).clamp_min_(0)
    corner = torch.minimum(beyond, narrow)
    beyond.sub_(corner).div_(wide)
    beyond.add_(corner.mul_(corner).div_(2 * wide * narrow))
    return beyond.neg_().add_(0.5).copysign_(distance).add_(0.5)


def split(rows: Rows, name: str, out: torch.Tensor) -> Iterator[tuple[object, Rows, torch.Tensor]]:
    """The rows of each value of one parameter in turn, with the part of a picture that is theirs.

    What is written to the part is in the picture afterwards. Where all rows share one value nothing is copied.

    Parameters
    ----------
    rows : Rows
        Parameters.
    name : str
        Which parameter to divide by.
    out : Tensor (row, …)
        The pictures.

    Yields
    ------
    value, rows, out
        A value, its rows, and their pictures.
    """
    values = rows[name]
    for value in dict.fromkeys(values.tolist()):
        which = np.flatnonzero(values == value)
        if len(which) == len(values):
            yield value, rows, out
        else:
            index = torch.from_numpy(which).to(out.device)
            part = out[index]
            yield value, {key: column[which] for key, column in rows.items()}, part
            out[index] = part
