"""Edges across each unit's own orientation (Hubel & Wiesel 1962): one place and one polarity, or anywhere.

Positions are in periods of the unit's own spatial frequency, along orientation + 90; the edges cross the whole screen.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["HUBEL_WIESEL1962_EDGES"]


def _stimuli(_screen: Screen) -> xr.Dataset:
    return sweep("edge", polarity=["light", "dark"], position=np.arange(-20, 21) / 16, blank=True)


def _own(preferred: xr.Dataset, stimuli: xr.Dataset) -> xr.Dataset:
    period = 1 / preferred["spatial_frequency"]
    return preferred[["orientation", "x", "y"]].assign(position=(stimuli["position"] * period).fillna(0))


HUBEL_WIESEL1962_EDGES = Protocol(
    name="hubel_wiesel1962_edges",
    source="Hubel & Wiesel (1962), J. Physiol. 160, 106-154",
    question="Which way round does it want an edge, and at how many places?",
    stimuli=_stimuli,
    own=_own,
    measure=tuning.edge_tuning,
    curves=("position",),
    component="f0",
    bins={
        "edge_polarity_index": np.linspace(-1, 1, 17),
        "edge_position": np.linspace(-1.25, 1.25, 11),
        "edge_extent": np.linspace(0, 2.5, 11),
    },
    found="Position and extent are in periods of its own grating; an index of 1 or −1 is of one polarity alone.",
)
"""Edges."""
