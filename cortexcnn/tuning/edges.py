"""Edges at every position across a unit's orientation: which way round it wants them, and how far it answers.

Hubel & Wiesel's simple cells answer to an edge at one place, light on one side; a complex cell may answer to it
anywhere in its field. Both are numbers here.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.line_weighting import line_weighting
from cortexcnn.tuning.validity import measured, validity

__all__ = ["edge_tuning"]


@by_unit
def edge_tuning(responses: xr.DataArray, *, baseline: str = "blank", rectify: bool = True) -> xr.Dataset:
    """Which polarity of an edge each unit wants, where, and over how many positions it answers [1]_.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Responses to edges with ``position`` (along orientation + 90, evenly spaced, in any unit) and ``polarity`` (of
        the side towards which that points) along ``stimulus``.
    baseline, rectify
        See ``tuning_curve``.

    Returns
    -------
    Dataset (unit)
        edge_polarity_index: (R_light − R_dark) / (R_light + R_dark) of the largest responses to either polarity, 1 or
        −1 for a unit that answers to one alone, 0 for one that does not care. edge_position: where the largest response
        lies, in the unit of ``position``. edge_extent: the sum of the responses to the better polarity over the
        largest, times the step: as wide as a field that answers alike throughout. maximum; valid, reason.

    Raises
    ------
    ValueError
        If there is no position or polarity, or positions are fewer than three, or not evenly spaced.

    References
    ----------
    .. [1] Hubel & Wiesel (1962), J. Physiol. 160, 106-154: edges are among the stimuli by which cells were classed;
       these numbers are ours.

    Examples
    --------
    >>> position, light = (part.ravel() for part in np.mgrid[-1:2.0, 0:2])
    >>> responses = xr.DataArray((5.0 * light * (position == 0) + light)[:, None], dims=("stimulus", "unit"), coords={
    ...     "stimulus": range(6), "unit": ["cell"], "position": ("stimulus", position),
    ...     "polarity": ("stimulus", np.where(light == 1, "light", "dark"))})
    >>> found = edge_tuning(responses, baseline="none").isel(unit=0)
    >>> float(found.edge_polarity_index), float(found.edge_position), float(found.edge_extent)
    (1.0, 0.0, 1.33)
    """
    profiles = line_weighting(responses, baseline=baseline, rectify=rectify)
    position = profiles["position"].values.astype(float)
    steps = np.diff(position)
    if len(steps) < 2 or not np.allclose(steps, steps[0], rtol=1e-3):
        raise ValueError(f"edges at {np.round(position, 3).tolist()}: show them at three places or more, evenly spaced")
    light, dark = (profiles.sel(polarity=name, drop=True).clip(min=0) for name in ("light", "dark"))
    most_light, most_dark = light.max("position"), dark.max("position")
    better = xr.where(most_dark > most_light, dark, light)
    top, both = better.max("position"), most_light + most_dark
    measures = {
        "edge_polarity_index": (most_light - most_dark) / both.where(both > 0),
        "edge_position": better.fillna(-np.inf).idxmax("position").astype(float),
        "edge_extent": better.sum("position", skipna=False) / top.where(top > 0) * steps[0],
        "maximum": top,
    }
    curve = profiles.max("polarity", skipna=False).assign_attrs(profiles.attrs)
    return measured(measures, validity(curve), curve)
