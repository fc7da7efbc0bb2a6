"""A bar turned in steps and swept to and fro (Hubel & Wiesel 1959, figure 3): does a unit care how it lies?

The bar crosses the whole screen, as by hand on a tangent screen, so every unit is passed wherever it looks. What it
adds to the response to the blank is summed over the sweep, as an experimenter counts spikes. The script
``analyses/hubel_wiesel_1959.py`` draws the raster of the paper.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.protocols.turning_bar import above_blank, swept_bars

__all__ = ["HUBEL_WIESEL1959"]


def _measure(responses: xr.DataArray) -> xr.Dataset:
    return tuning.orientation_tuning(above_blank(responses), baseline="none")


HUBEL_WIESEL1959 = Protocol(
    name="hubel_wiesel1959",
    source="Hubel & Wiesel (1959), J. Physiol. 148, 574-591",
    question="Does it answer to a moving bar, and does it matter how the bar lies?",
    stimuli=swept_bars,
    measure=_measure,
    curves=("orientation",),
    component="f0",
    bins={
        "circular_variance": np.linspace(0, 1, 14),
        "osi_pref_orth": np.linspace(0, 1, 11),
        "preferred_orientation": np.linspace(0, 180, 9),
    },
    found="The cell of figure 3 fired 0 1 2 7 9 2 0 0 spikes at 0, 22.5 … 157.5°: it preferred 78°, variance .24.",
)
"""The founding experiment."""
