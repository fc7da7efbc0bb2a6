"""Plaids: a test grating and a mask superposed about the mean, in one aperture.

The mask is named by its angle from the test, so that a mask orthogonal to every orientation is one value: 90. What is
drawn is the test grating plus the grating of ``mask_orientation = (orientation + mask_angle) mod 180``.
"""

from __future__ import annotations

import numpy as np
import torch

from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, split
from cortexcnn.stimuli.gratings import APERTURES, add_sine, fill_with_sine, once

__all__ = ["draw_plaid", "mask_orientation", "plaid_contrast"]


def draw_plaid(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw plaids.

    Parameters
    ----------
    rows : Rows
        orientation, spatial_frequency, phase, test_contrast of the test; mask_angle, mask_spatial_frequency,
        mask_phase, mask_contrast of the mask; size, x, y, aperture of both.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    for aperture, some, part in split(rows, "aperture", out[:, 0]):
        shape = APERTURES[str(aperture)]
        mask = {
            "orientation": mask_orientation(some),
            "spatial_frequency": some["mask_spatial_frequency"],
            "phase": some["mask_phase"],
            "contrast": some["mask_contrast"],
        }
        fill_with_sine({**some, "contrast": some["test_contrast"]}, canvas, part, GREY if shape is None else 0.0)
        add_sine({**some, **mask}, canvas, part)
        if shape is not None:
            part.mul_(once(shape, some, ("size", "x", "y"), canvas)).add_(GREY)


def mask_orientation(rows: Rows) -> np.ndarray:
    """The orientation of the mask's own stripes."""
    return (rows["orientation"] + rows["mask_angle"]) % 180


def plaid_contrast(rows: Rows) -> np.ndarray:
    """Michelson contrast of a plaid: that of its two gratings together, where their peaks meet."""
    return np.round(rows["test_contrast"] + rows["mask_contrast"], 12)
