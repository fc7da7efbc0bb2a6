"""Bandwidths at 1/√2 of the peak (Schiller, Finlay & Volman 1976): of spatial frequency, as 100 · low / high cut.

Gratings in quarter octaves up to the Nyquist limit, at each unit's own orientation and place.
"""

from __future__ import annotations

import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.devalois1982b import frequencies
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.tuning.validity import extended

__all__ = ["SCHILLER1976"]


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.spatial_frequency_tuning(responses, component="larger")
    ratio = found["schiller_ratio"]
    measures = {
        "spatial_frequency_bandwidth_ratio": ratio,
        "spatial_frequency_selective": ratio.notnull().astype(float),
    }
    return extended(found, measures, why={"spatial_frequency_bandwidth_ratio": ratio.attrs["undefined"]})


SCHILLER1976 = Protocol(
    name="schiller1976",
    source="Schiller, Finlay & Volman (1976), J. Neurophysiol. 39, 1334-1351",
    question="How far below its upper cut does its lower cut lie, if it has both?",
    stimuli=frequencies,
    own=own_parameters("orientation", "x", "y"),
    measure=_measure,
    curves=("spatial_frequency",),
    published={
        "spatial_frequency_bandwidth_ratio": "spatial_frequency_bandwidth_ratio",
        "spatial_frequency_selective": "spatial_frequency_selective",
    },
    found="73 of 87 cells had both cuts; simple and complex cells hardly differed.",
)
"""Spatial-frequency bandwidth."""
