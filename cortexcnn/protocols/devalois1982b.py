"""Spatial frequency (De Valois, Albrecht & Thorell 1982): where tuning peaks and how many octaves it spans.

Gratings in quarter octaves up to the Nyquist limit of the screen, at each unit's own orientation and place, with no
aperture: the paper's filled the screen.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["DEVALOIS1982B", "frequencies"]

_OCTAVES = 6


def frequencies(screen: Screen) -> xr.Dataset:
    """Gratings of six octaves below the Nyquist limit, in quarter octaves, at 8 phases, and a blank."""
    shown = screen.nyquist * 2 ** -np.arange(0, _OCTAVES + 0.1, 0.25)[::-1]
    return sweep("grating", spatial_frequency=shown, phase=np.arange(8) * 45.0, blank=True)


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.spatial_frequency_tuning(responses, component="larger")
    return found.assign(low_pass=found["low_pass"].where(found["valid"]).astype(float))


DEVALOIS1982B = Protocol(
    name="devalois1982b",
    source="De Valois, Albrecht & Thorell (1982), Vision Res. 22, 545-559",
    question="Which spatial frequency does it prefer, and how many octaves does it answer to?",
    stimuli=frequencies,
    own=own_parameters("orientation", "x", "y"),
    measure=_measure,
    curves=("spatial_frequency",),
    published={"peak_spatial_frequency": "peak_spatial_frequency"},
    bins={"spatial_frequency_bandwidth": np.arange(0, 4.1, 0.25), "low_pass": (0.0, 0.5, 1.0)},
    found="Peaks from .5 to 16 cycles/° over 363 cells; the median bandwidth at half height was 1.4 octaves.",
)
"""Preferred spatial frequency and bandwidth."""
