"""Cross-orientation suppression (Bonds 1989): a mask across a unit's own grating.

Plaids of each unit's own grating at half contrast and a mask across it, of its own frequency and size, from nothing to
half contrast. Over the phases of the mask is averaged, as for gratings that drift at different rates.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["BONDS1989"]


def _stimuli(_screen: Screen) -> xr.Dataset:
    return sweep(
        "plaid",
        test_contrast=0.5,
        mask_contrast=[0.0, 0.0625, 0.125, 0.25, 0.5],
        mask_phase=np.arange(4) * 90.0,
        phase=np.arange(8) * 45.0,
        aperture="disc",
        size=1.0,
        blank=True,
    )


def _own(preferred: xr.Dataset, _stimuli: xr.Dataset) -> xr.Dataset:
    own = preferred[["orientation", "spatial_frequency", "x", "y", "size"]]
    return own.assign(mask_spatial_frequency=own["spatial_frequency"])


def _measure(responses: xr.DataArray) -> xr.Dataset:
    return tuning.cross_orientation_tuning(responses, component="larger")


BONDS1989 = Protocol(
    name="bonds1989",
    source="Bonds (1989), Vis. Neurosci. 2, 41-55",
    question="Does a grating across its own, that drives it little by itself, suppress it?",
    stimuli=_stimuli,
    own=_own,
    measure=_measure,
    curves=("mask_contrast",),
    bins={
        "cross_orientation_suppression": np.linspace(-0.5, 1, 16),
        "strongest_suppression": np.linspace(-0.5, 1, 16),
    },
    found="Masks of all orientations suppress cells of cat V1, also those that drive them not at all.",
)
"""Cross-orientation suppression."""
