"""Orientation and direction (De Valois, Yund & Hepler 1982): the orientation half, with gratings.

Gratings of 24 orientations at each unit's own spatial frequency, place and size: which orientations a layer prefers,
and how wide the curve is at half its height. Of direction, see ``drifting``.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.protocols.ringach2002 import orientations
from cortexcnn.tuning.validity import extended

__all__ = ["DEVALOIS1982A"]


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.orientation_tuning(responses, component="larger")
    half = found["orientation_bandwidth_half_height"]
    full = {"orientation_full_width": 2 * half}
    return extended(found, full, why={"orientation_full_width": half.attrs["undefined"]})


DEVALOIS1982A = Protocol(
    name="devalois1982a",
    source="De Valois, Yund & Hepler (1982), Vision Res. 22, 531-544",
    question="Which orientation does it prefer, and how wide is its tuning at half height?",
    stimuli=orientations,
    own=own_parameters("spatial_frequency", "x", "y", "size"),
    measure=_measure,
    curves=("orientation",),
    published={"preferred_orientation": "preferred_orientation"},
    bins={"orientation_full_width": np.arange(0, 181, 15.0), "osi_pref_orth": np.linspace(0, 1, 11)},
    found="Of 385 cells a few more preferred horizontal and vertical than oblique orientations.",
)
"""Preferred orientation and full width."""
