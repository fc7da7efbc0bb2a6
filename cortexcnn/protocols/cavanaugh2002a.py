"""Size (Cavanaugh, Bair & Movshon 2002): how far a unit sums, and what a larger grating takes away again.

Discs in half octaves at each unit's own grating and place. The largest disc is as wide as the screen; what a
convolution sees ends at its receptive field, and so does its surround.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import extended

__all__ = ["CAVANAUGH2002A"]


def _stimuli(screen: Screen) -> xr.Dataset:
    smallest = 3 / screen.pixels_per_degree
    sizes = screen.degrees * 2 ** -np.arange(0, np.log2(screen.degrees / smallest) + 1e-9, 0.5)[::-1]
    return sweep("grating", size=sizes, phase=np.arange(8) * 45.0, aperture="disc", blank=True)


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.size_tuning(responses, component="larger")
    suppressed = found["surround_suppression_index"] > 0.1
    field, surround = found["grating_summation_field"].where(suppressed), found["surround_diameter"]
    measures = {
        "surround_suppressed": suppressed.astype(float),
        "grating_summation_field": field,
        "surround_diameter_over_grating_summation_field": surround / field,
    }
    return extended(found, measures, why=dict.fromkeys(measures, surround.attrs["undefined"]))


CAVANAUGH2002A = Protocol(
    name="cavanaugh2002a",
    source="Cavanaugh, Bair & Movshon (2002a), J. Neurophysiol. 88, 2530-2546",
    question="How large a grating does it want, and does a larger one suppress it?",
    stimuli=_stimuli,
    own=own_parameters("orientation", "spatial_frequency", "x", "y"),
    measure=_measure,
    curves=("size",),
    published={
        "grating_summation_field": "grating_summation_field",
        "surround_diameter": "surround_diameter",
        "surround_diameter_over_grating_summation_field": "surround_diameter_over_grating_summation_field",
        "surround_suppression_index": "surround_suppression_index",
        "surround_suppressed": "surround_suppressed",
    },
    found="148 of 190 cells were suppressed by more than a tenth; sizes are given of these, and here as well.",
)
"""Size tuning."""
