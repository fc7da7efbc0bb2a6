"""End-stopping (Hubel & Wiesel 1965): bars from short to as long as the screen, at each unit's own orientation.

Bars half a period of the unit's own spatial frequency wide, light and dark, at nine positions across: the best
of these counts.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.hubel_wiesel1962 import at_positions
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep

__all__ = ["HUBEL_WIESEL1965"]


def _stimuli(screen: Screen) -> xr.Dataset:
    shortest = 3 / screen.pixels_per_degree
    table = sweep(
        "bar",
        length=screen.degrees * 2 ** -np.arange(0, np.log2(screen.degrees / shortest) + 1e-9, 0.5)[::-1],
        width=0.5,
        polarity=["light", "dark"],
        x=np.arange(-4, 5) / 8,
        blank=True,
    )
    return table.assign(position=table["x"])


HUBEL_WIESEL1965 = Protocol(
    name="hubel_wiesel1965",
    source="Hubel & Wiesel (1965), J. Neurophysiol. 28, 229-289",
    question="Does it answer less to a bar that is longer than it wants?",
    stimuli=_stimuli,
    own=at_positions,
    measure=tuning.length_tuning,
    curves=("length",),
    component="f0",
    bins={
        "end_stopping": np.linspace(0, 1, 11),
        "end_stopped": (0.0, 0.5, 1.0),
        "preferred_length": 2.0 ** np.arange(-3, 3.1, 0.5),
    },
    found="Cells that stop at one or both ends were called hypercomplex; here: the longest takes more than a tenth.",
)
"""End-stopping."""
