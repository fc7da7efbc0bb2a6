"""How selective for orientation, by several indices at once (Ringach, Shapley & Hawken 2002).

Gratings of 24 orientations at each unit's own spatial frequency, place and size. The paper's point is that the indices
do not measure the same: bandwidth looks at the peak, circular variance at the whole curve.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import extended

__all__ = ["RINGACH2002", "orientations"]


def orientations(_screen: Screen) -> xr.Dataset:
    """Gratings of 24 orientations and 8 phases in a disc, and a blank."""
    turned, phases = np.arange(24) * 7.5, np.arange(8) * 45.0
    return sweep("grating", orientation=turned, phase=phases, aperture="disc", size=1.0, blank=True)


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.orientation_tuning(responses)
    variance, width = found["circular_variance"], found["orientation_bandwidth"]
    ratio = found["orthogonal_preferred_ratio"]
    phase = tuning.phase_tuning(responses)["modulation_ratio"]
    measures = {
        "circular_variance_over_orientation_bandwidth": variance / width,
        "orthogonal_preferred_ratio_minus_circular_variance": ratio - variance,
        "modulation_ratio": phase,
    }
    why = {
        "circular_variance_over_orientation_bandwidth": width.attrs["undefined"],
        "modulation_ratio": phase.attrs["undefined"],
    }
    return extended(found, measures, why=why)


_NAMES = (
    "circular_variance",
    "orientation_bandwidth",
    "orthogonal_preferred_ratio",
    "circular_variance_over_orientation_bandwidth",
    "orthogonal_preferred_ratio_minus_circular_variance",
    "modulation_ratio",
)

RINGACH2002 = Protocol(
    name="ringach2002",
    source="Ringach, Shapley & Hawken (2002), J. Neurosci. 22, 5639-5651",
    question="How sharply does it choose an orientation, and what does it still answer to the others?",
    stimuli=orientations,
    own=own_parameters("spatial_frequency", "x", "y", "size"),
    measure=_measure,
    curves=("orientation",),
    component="f0",
    published={name: name for name in _NAMES},
    found="Medians over 304 cells: circular variance .60, half width at 1/√2 23°, orthogonal/preferred .19, F1/F0 .57.",
)
"""Orientation selectivity."""
