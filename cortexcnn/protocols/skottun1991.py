"""Simple or complex, by how much a unit follows the stripes (Skottun and others 1991).

Gratings of sixteen phases at each unit's own optimum. F1/F0 falls in two heaps for neurons; the dividing line is 1.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import extended

__all__ = ["SKOTTUN1991"]


def _stimuli(_screen: Screen) -> xr.Dataset:
    return sweep("grating", phase=np.arange(16) * 22.5, aperture="disc", size=1.0, blank=True)


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.phase_tuning(responses)
    ratio = found["modulation_ratio"]
    simple = (ratio > 1).where(ratio.notnull()).astype(float)
    return extended(found, {"simple": simple}, why={"simple": ratio.attrs["undefined"]})


SKOTTUN1991 = Protocol(
    name="skottun1991",
    source="Skottun, De Valois, Grosof, Movshon, Albrecht & Bonds (1991), Vision Res. 31, 1079-1086",
    question="Does the response follow the phase of a grating (simple), or not (complex)?",
    stimuli=_stimuli,
    own=own_parameters("orientation", "spatial_frequency", "x", "y", "size"),
    measure=_measure,
    curves=("phase",),
    published={"modulation_ratio": "modulation_ratio"},
    bins={"simple": (0.0, 0.5, 1.0)},
    found="F1/F0 has two heaps, below and above 1. Outline: computed from the cells of Ringach and others (2002).",
)
"""F1/F0 at the best grating."""
