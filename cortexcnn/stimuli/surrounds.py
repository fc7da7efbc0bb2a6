"""Surrounds: a grating in a disc, and another in an annulus around it (Cavanaugh, Bair & Movshon 2002).

The annulus's grating is named by its angle from the centre's, so that an orthogonal surround is one value for centres
of every orientation: 90. What is drawn has ``surround_orientation = (orientation + surround_angle) mod 180``.
"""

from __future__ import annotations

import numpy as np
import torch

from cortexcnn.stimuli.canvas import GREY, Canvas, Rows
from cortexcnn.stimuli.gratings import disc, fill_with_sine, once

__all__ = ["draw_surround", "extent_of_surround", "surround_contrast", "surround_orientation"]


def draw_surround(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw centres with their surrounds.

    Parameters
    ----------
    rows : Rows
        orientation, spatial_frequency, phase, centre_contrast, size of the centre; surround_angle,
        surround_spatial_frequency, surround_phase, surround_contrast, inner_size, outer_size of the annulus; x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    part = out[:, 0]
    fill_with_sine({**rows, "contrast": rows["centre_contrast"]}, canvas, part, 0.0)
    part.mul_(once(disc, rows, ("size", "x", "y"), canvas))
    annulus = {
        "orientation": surround_orientation(rows),
        "spatial_frequency": rows["surround_spatial_frequency"],
        "phase": rows["surround_phase"],
        "contrast": rows["surround_contrast"],
    }
    around = torch.empty_like(part)
    fill_with_sine({**rows, **annulus}, canvas, around, 0.0)
    part.add_(around.mul_(once(_annulus, rows, ("inner_size", "outer_size", "x", "y"), canvas))).add_(GREY)


def extent_of_surround(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that they reach over, in degrees."""
    radius = np.where(rows["surround_contrast"] > 0, rows["outer_size"], rows["size"]) / 2
    return radius, radius


def surround_orientation(rows: Rows) -> np.ndarray:
    """The orientation of the annulus's own stripes."""
    return (rows["orientation"] + rows["surround_angle"]) % 180


def surround_contrast(rows: Rows) -> np.ndarray:
    """Michelson contrast of the whole: the higher of centre and annulus, which do not overlap."""
    return np.maximum(rows["centre_contrast"], rows["surround_contrast"])


def _annulus(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """1 between the two circles, the share of the pixel on their rims."""
    outer, inner = (disc({**rows, "size": rows[f"{name}_size"]}, canvas) for name in ("outer", "inner"))
    return outer - inner
