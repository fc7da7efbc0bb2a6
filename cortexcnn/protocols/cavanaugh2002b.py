"""The surround's own orientation (Cavanaugh, Bair & Movshon 2002, the second paper): is it most hostile to its like?

Each unit's own grating in a disc of its summation field, in an annulus four times as wide of each of six orientations,
in phase with the centre.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["CAVANAUGH2002B"]

_WIDER = 4.0


def _stimuli(_screen: Screen) -> xr.Dataset:
    table = sweep(
        "surround",
        surround_angle=np.arange(6) * 30.0,
        surround_contrast=[0.0, 1.0],
        phase=np.arange(8) * 45.0,
        size=1.0,
        outer_size=_WIDER,
        blank=True,
    )
    return table.assign(surround_phase=table["phase"])


def _own(preferred: xr.Dataset, _stimuli: xr.Dataset) -> xr.Dataset:
    own = preferred[["orientation", "spatial_frequency", "x", "y", "size"]]
    return own.assign(
        surround_spatial_frequency=own["spatial_frequency"], inner_size=own["size"], outer_size=_WIDER * own["size"]
    )


def _measure(responses: xr.DataArray) -> xr.Dataset:
    return tuning.surround_orientation_tuning(responses, component="larger")


CAVANAUGH2002B = Protocol(
    name="cavanaugh2002b",
    source="Cavanaugh, Bair & Movshon (2002b), J. Neurophysiol. 88, 2547-2556",
    question="Does a surround of its own orientation suppress it more than one across?",
    stimuli=_stimuli,
    own=_own,
    measure=_measure,
    curves=("surround_angle",),
    bins={
        "iso_surround_suppression": np.linspace(-0.5, 1, 16),
        "cross_surround_suppression": np.linspace(-0.5, 1, 16),
        "iso_cross_index": np.linspace(-1, 1, 17),
        "iso_orientation_surround_ratio": np.arange(-1, 8.1, 1),
    },
    found="Surrounds of the centre's orientation suppressed most, those across it least.",
)
"""Orientation of the surround."""
