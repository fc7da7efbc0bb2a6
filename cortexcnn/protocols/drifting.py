"""Drifting gratings and direction (De Valois, Yund & Hepler 1982, the direction half), for networks that see films.

Gratings of 16 directions, four octaves of spatial frequency and two temporal ones, over the whole screen for a second
of 16 frames. A network without an axis of time is refused: it answers every frame by itself.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["DRIFTING"]


def _stimuli(screen: Screen) -> xr.Dataset:
    return sweep(
        "drifting_grating",
        direction=np.arange(16) * 22.5,
        temporal_frequency=[1.0, 2.0],
        spatial_frequency=screen.nyquist / 2.0 ** np.arange(4, 0, -1),
        duration=1.0,
        frame_rate=16.0,
        blank=True,
    )


DRIFTING = Protocol(
    name="drifting",
    source="De Valois, Yund & Hepler (1982), Vision Res. 22, 531-544",
    question="Does it care which way a grating drifts?",
    stimuli=_stimuli,
    measure=tuning.direction_tuning,
    film=True,
    curves=("direction",),
    component="f0",
    bins={"direction_selectivity": np.linspace(0, 1, 11), "direction_vector_length": np.linspace(0, 1, 11)},
    found="Direction selectivity is 1 - null / preferred: 0 for a cell to which both ways are alike.",
)
"""Direction selectivity."""
