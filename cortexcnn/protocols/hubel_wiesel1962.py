"""Simple or complex, by bars (Hubel & Wiesel 1962): the map of on and off regions, and whether it sums.

Thin light and dark bars at every position across each unit's own orientation, and bars three times as wide. Positions
and widths are in periods of the unit's own spatial frequency: a thin bar is an eighth of one.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.stimuli.canvas import across

__all__ = ["HUBEL_WIESEL1962", "at_positions"]

_THIN = 1 / 8


def _stimuli(_screen: Screen) -> xr.Dataset:
    table = sweep(
        "bar",
        width=[_THIN, 3 * _THIN],
        polarity=["light", "dark"],
        x=np.arange(-20, 21) * _THIN / 2,
        blank=True,
    )
    return table.assign(position=table["x"])


def at_positions(preferred: xr.Dataset, stimuli: xr.Dataset) -> xr.Dataset:
    """Where each unit's bars lie and how wide they are, in degrees, from positions and widths in periods.

    Parameters
    ----------
    preferred : Dataset (unit)
        From ``preferred_stimuli``.
    stimuli : Dataset (stimulus)
        Bars with ``position`` (along orientation + 90) and ``width`` in periods.

    Returns
    -------
    Dataset (unit)
        orientation, and x, y and width of each bar (unit, stimulus).
    """
    period = 1 / preferred["spatial_frequency"]
    shift = (stimuli["position"] * period).fillna(0)
    right, up = across(preferred["orientation"].values)
    return preferred[["orientation"]].assign(
        x=preferred["x"] + shift * xr.DataArray(right, dims="unit"),
        y=preferred["y"] + shift * xr.DataArray(up, dims="unit"),
        width=(stimuli["width"] * period).fillna(1),
    )


def _own(preferred: xr.Dataset, stimuli: xr.Dataset) -> xr.Dataset:
    return at_positions(preferred, stimuli).assign(length=preferred["size"])


def _measure(responses: xr.DataArray) -> xr.Dataset:
    return tuning.line_weighting_tuning(responses)


HUBEL_WIESEL1962 = Protocol(
    name="hubel_wiesel1962",
    source="Hubel & Wiesel (1962), J. Physiol. 160, 106-154",
    question="Has it separate on and off regions that add and oppose each other (simple), or not (complex)?",
    stimuli=_stimuli,
    own=_own,
    measure=_measure,
    curves=("position",),
    component="f0",
    bins={
        "discreteness": np.linspace(0, 1, 11),
        "summation": np.linspace(-1, 1, 17),
        "simple": (0.0, 0.5, 1.0),
        "on_off_balance": np.linspace(-1, 1, 17),
    },
    found="Here a unit is simple if discreteness (Dean & Tolhurst 1983) and summation both exceed .5.",
)
"""Line weighting, on and off regions."""
