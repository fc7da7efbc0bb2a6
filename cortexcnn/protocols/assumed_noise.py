"""How well a neuron's spikes would tell what was measured: intervals under noise that is assumed.

A unit of a network answers the same each time, so its measures have no interval. What they would have, were it a neuron
at V1's rates that was shown each stimulus so often, is what a comparison with neurons has to bear in mind.
"""

from __future__ import annotations

from collections.abc import Callable

import xarray as xr

from cortexcnn import tuning
from cortexcnn.recording import spikes

__all__ = ["assumed_intervals"]


def assumed_intervals(
    measure: Callable[[xr.DataArray], xr.Dataset],
    responses: xr.DataArray,
    *,
    repeats: int = 20,
    fano: float = 1.0,
    draws: int = 200,
    level: float = 0.95,
    rng: int = 0,
) -> xr.Dataset:
    """Bootstrap intervals of all measures, from spikes that the units are assumed to fire.

    Parameters
    ----------
    measure : callable
        From responses to a table (unit), as a protocol's ``measure``.
    responses : DataArray (stimulus, unit[, time])
        Responses without repeats. Each layer's are scaled to V1's rates: see ``recording.spikes``.
    repeats, fano
        Presentations of each stimulus that are assumed, and variance over mean of their spikes.
    draws, level
        Of the bootstrap over these repeats.
    rng : int
        Of spikes and draws.

    Returns
    -------
    Dataset (bound, unit)
        "lower" and "upper" of each measure; NaN where it was NaN in most draws. They lie around what the spikes give,
        which noise biases: an untuned cell looks tuned (docs/estimators.md), so the measure itself may lie outside.
        Attributes say what was assumed.

    Raises
    ------
    ValueError
        If there are fewer than 2 repeats, or responses have repeats of their own: take ``tuning.interval`` then.

    Examples
    --------
    >>> import numpy as np
    >>> angle = np.append(np.arange(0, 180, 15.0), np.nan)
    >>> curve = np.append(1 + np.cos(2 * np.deg2rad(angle[:-1] - 40)), 0.0)
    >>> responses = xr.DataArray(curve[:, None], dims=("stimulus", "unit"), coords={"stimulus": range(13),
    ...     "unit": ["cell"], "orientation": ("stimulus", angle), "contrast": ("stimulus", [1.0] * 12 + [0.0])})
    >>> found = assumed_intervals(tuning.orientation_tuning, responses, draws=50)
    >>> lower, upper = found.preferred_orientation.isel(unit=0).values
    >>> bool(lower < 40 < upper), bool(upper - lower < 6)
    (True, True)
    """
    if "repeat" in responses.dims:
        raise ValueError("these responses have repeats of their own: take tuning.interval(measure, responses)")
    if repeats < 2:
        raise ValueError(f"{repeats} presentation of each stimulus: an interval over repeats takes 2 or more, e.g. 20")
    fired = spikes(responses, repeats=repeats, fano=fano, quantity="rates", rng=rng)
    found = tuning.interval(measure, fired, draws=draws, level=level, rng=rng)
    assert isinstance(found, xr.Dataset)
    return found.assign_attrs(assumed_repeats=repeats, assumed_fano=fano, draws=draws, level=level, seed=rng)
