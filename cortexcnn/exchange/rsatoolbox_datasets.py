"""Responses as a Dataset of rsatoolbox, one observation a presentation, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.exchange.rows import gather, joined, whole
from cortexcnn.exchange.rsatoolbox_descriptors import along, columns_of, descriptors_of, taken, the_toolbox

__all__ = ["from_rsatoolbox_dataset", "to_rsatoolbox_dataset"]


def to_rsatoolbox_dataset(responses: xr.DataArray) -> Any:
    """A ``Dataset`` of responses, one observation a presentation, or with time a ``TemporalDataset``.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        A presentation that no unit has is left out. What only some units miss stays NaN, which
        ``calc_rdm_unbalanced`` takes.

    Returns
    -------
    rsatoolbox.data.Dataset or TemporalDataset
        ``obs_descriptors`` hold ``stimulus``, its parameters, ``repeat`` and what is known of repeats;
        ``channel_descriptors`` hold ``unit`` and what is known of units; ``descriptors`` the attributes. The name of
        the table has no place there, and coordinates without a dimension become attributes.

    Raises
    ------
    ImportError
        If rsatoolbox is not installed.
    ValueError
        If a stimulus has no presentation, or a coordinate has no place there: names them.

    Examples
    --------
    >>> responses = xr.DataArray([[[1.0, 2.0]], [[3.0, np.nan]]], dims=("stimulus", "unit", "repeat"),
    ...     coords={"stimulus": ["a", "b"], "unit": ["cell"]})
    >>> dataset = to_rsatoolbox_dataset(responses)
    >>> dataset.measurements.ravel().tolist(), dataset.obs_descriptors["stimulus"].tolist()
    ([1.0, 2.0, 3.0], ['a', 'a', 'b'])
    """
    data = the_toolbox().data
    check_responses(responses)
    rows = [dim for dim in ("stimulus", "repeat") if dim in responses.dims]
    channels = [dim for dim in ("unit", "time") if dim in responses.dims]
    descriptors = {dim: descriptors_of(responses, [dim]) for dim in channels}
    observed = descriptors_of(responses, rows)
    values = responses.transpose(*rows, *channels).values
    values = values.reshape(-1, *values.shape[len(rows) :])
    shown = ~np.isnan(values).all(axis=tuple(range(1, values.ndim)))
    observed = {name: each[shown] for name, each in observed.items()}
    _refuse_absent(responses["stimulus"].values, observed["stimulus"])
    described: dict[str, Any] = {
        "descriptors": whole(responses),
        "obs_descriptors": observed,
        "channel_descriptors": descriptors["unit"],
    }
    if "time" not in responses.dims:
        return data.Dataset(values[shown], **described)
    return data.TemporalDataset(values[shown], **described, time_descriptors=descriptors["time"])


def from_rsatoolbox_dataset(
    dataset: Any, *, stimulus: str = "stimulus", repeat: str | None = None, unit: str = "unit"
) -> xr.DataArray:
    """Responses out of a ``Dataset`` or ``TemporalDataset``.

    Parameters
    ----------
    dataset : rsatoolbox.data.Dataset or TemporalDataset
        Observations in any order; stimuli may have different numbers of them.
    stimulus : str
        The obs_descriptor that names stimuli (conditions).
    repeat : str, optional
        The obs_descriptor that tells repeats (runs, sessions) apart. By default "repeat", if there is one; else the
        observations of a stimulus are numbered as they come, if any has several.
    unit : str
        The channel_descriptor that names units. By default channels are numbered if there is no "unit".

    Returns
    -------
    DataArray (stimulus, unit[, repeat][, time])
        NaN where a stimulus lacks a repeat. Descriptors are coordinates of what they describe, and attributes.

    Raises
    ------
    TypeError
        If it is no Dataset.
    ValueError
        If there is no such descriptor, or two observations are the same stimulus and repeat.

    Warns
    -----
    UserWarning
        If a descriptor has several values for one observation, channel or moment: it is left out.
    """
    data = the_toolbox().data
    if not isinstance(dataset, data.Dataset):
        raise TypeError(f"a Dataset or TemporalDataset of rsatoolbox is wanted; got {type(dataset).__qualname__}")
    observed, channels = columns_of(dataset.obs_descriptors), columns_of(dataset.channel_descriptors)
    moments = columns_of(getattr(dataset, "time_descriptors", {}))
    observed = joined({"stimulus": taken(observed, stimulus, "obs_descriptor")}, observed)
    repeats = _repeats(observed, repeat)
    if repeats is not None:
        observed = joined(observed, {"repeat": repeats})
    rows = ["stimulus"] if repeats is None else ["stimulus", "repeat"]
    if unit == "unit" and unit not in channels:
        channels["unit"] = np.arange(dataset.n_channel)
    channels = joined({"unit": taken(channels, unit, "channel_descriptor")}, channels)
    values, coords = gather(np.asarray(dataset.measurements), observed, rows)
    dims = (*rows, "unit", *(["time"] if moments else []))
    coords = joined(coords, along(channels, "unit"), along(moments, "time"))
    table = xr.DataArray(values, coords, dims, attrs=dict(dataset.descriptors))
    return check_responses(table.transpose("stimulus", "unit", ...))


def _refuse_absent(stimuli: np.ndarray, shown: np.ndarray) -> None:
    absent = stimuli[~np.isin(stimuli, shown)].tolist()
    if absent:
        raise ValueError(
            f"{len(absent)} stimuli have no presentation that any unit has, so no observation could hold them: "
            f"{', '.join(map(str, absent[:5]))}; leave them out by .drop_sel(stimulus=…)"
        )


def _repeats(observed: dict[str, np.ndarray], repeat: str | None) -> np.ndarray | None:
    """The labels of repeats, None where each stimulus is there once and nothing was asked for."""
    if repeat is not None or "repeat" in observed:
        return taken(observed, repeat or "repeat", "obs_descriptor")
    nth = pd.Series(observed["stimulus"]).groupby(observed["stimulus"]).cumcount().to_numpy()
    return nth if nth.any() else None
