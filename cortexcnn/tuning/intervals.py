"""How far a measure would move if the same neuron were recorded again: bootstrap intervals over repeats."""

from __future__ import annotations

from collections.abc import Callable, Hashable

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses

__all__ = ["interval", "resampled"]

Measure = Callable[[xr.DataArray], xr.DataArray | xr.Dataset]


def interval(
    measure: Measure,
    responses: xr.DataArray,
    *,
    draws: int = 1000,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray | xr.Dataset:
    """Percentile bootstrap interval of any measure, over the repeats of each stimulus.

    Repeats are drawn anew, with replacement, for each stimulus; units that have the same repeats share the draw, so
    that noise which they share stays shared. Of a circular measure (one with ``attrs["period"]``) the interval lies
    around the circular mean of the draws. A selectivity that noise inflates (1 - circular variance of an untuned
    neuron) has an interval around the inflated value.

    A unit of a network has no noise and no repeats. With spikes drawn at rates that it is assumed to fire at, by
    ``cortexcnn.recording.spikes(responses, repeats=…)``, the interval says how well as many spikes of a neuron like it
    would tell the measure: it is of the assumed spikes, not of the network.

    Parameters
    ----------
    measure : callable
        From responses to ``DataArray (unit, …)`` or ``Dataset``, e.g. ``orientation_tuning`` or
        ``lambda r: circular_variance(tuning_curve(r, "orientation").clip(min=0))``.
    responses : DataArray (stimulus, unit, repeat[, time])
        Responses with repeats; NaN marks a missing one.
    draws : int
        Number of draws.
    level : float
        Coverage of the interval.
    rng : int or Generator, optional
        Source of the draws.

    Returns
    -------
    DataArray or Dataset (bound, …)
        ``bound`` is "lower" and "upper". NaN where the measure was NaN in most draws. Flags and text are left out.

    Raises
    ------
    ValueError
        If there are no repeats, the level or number of draws makes no interval, or the measure is a flag or text.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> responses = xr.DataArray(rng.poisson(9, (1, 1, 400)), dims=("stimulus", "unit", "repeat"),
    ...     coords={"stimulus": [0], "unit": ["cell"]})
    >>> bounds = interval(lambda r: r.mean(["stimulus", "repeat"]), responses, draws=200, rng=0)
    >>> bool((bounds.sel(bound="lower") < 9).all() and (bounds.sel(bound="upper") > 9).all())
    True
    """
    _check_repeats(responses)
    if draws < 2 or not 0 < level < 1:
        raise ValueError(f"{draws} draws at a level of {level}: give at least 2 draws and a level between 0 and 1")
    generator = np.random.default_rng(rng)
    tails = [(1 - level) / 2, (1 + level) / 2]
    drawn = [_numbers(measure(resampled(responses, rng=generator))) for _ in range(draws)]
    if not drawn[0]:
        raise ValueError(
            "this measure gives flags, counts or text alone; an interval is of real numbers (.astype(float))"
        )
    bounds = {name: _bounds([one[name] for one in drawn], tails) for name in drawn[0]}
    return bounds[None] if None in bounds else xr.Dataset(bounds)


def resampled(responses: xr.DataArray, *, rng: int | np.random.Generator | None = None) -> xr.DataArray:
    """The same responses with the repeats of each stimulus drawn anew, with replacement.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, repeat[, time])
        Responses. A missing repeat is NaN; each unit draws from those that it has, and has as many after.
    rng : int or Generator, optional
        Source of the draws.

    Returns
    -------
    DataArray
        Of the same form, with dimensions in the order stimulus, unit, repeat, time.

    Examples
    --------
    >>> responses = xr.DataArray([[[1.0, np.nan, 2.0]]], dims=("stimulus", "unit", "repeat"),
    ...     coords={"stimulus": [0], "unit": ["cell"]})
    >>> again = resampled(responses, rng=0)
    >>> int(again.count()), set(again.values[~np.isnan(again.values)].tolist()) <= {1.0, 2.0}
    (2, True)
    """
    _check_repeats(responses)
    table = responses.transpose("stimulus", "unit", "repeat", ...).astype(float)
    values = table.values
    missing = np.isnan(values) if values.ndim == 3 else np.isnan(values).any(axis=3)
    draw = np.random.default_rng(rng).random((values.shape[0], 1, values.shape[2]))
    counts = (~missing).sum(axis=2, keepdims=True)
    there = np.argsort(missing, axis=2, kind="stable")  # the repeats that a unit has come first
    picked = np.take_along_axis(there, np.floor(draw * counts).astype(int), axis=2)
    absent = np.arange(values.shape[2]) >= counts
    if values.ndim == 4:
        picked, absent = picked[..., None], absent[..., None]
    return table.copy(data=np.where(absent, np.nan, np.take_along_axis(values, picked, axis=2)))


def _check_repeats(responses: xr.DataArray) -> None:
    check_responses(responses)
    if "repeat" not in responses.dims:
        raise ValueError("a bootstrap over repeats needs the dimension repeat; these responses have none")
    known = responses.notnull()
    known = known.any("time") if "time" in known.dims else known
    if int(known.sum("repeat").max()) < 2:
        raise ValueError(
            "one repeat of each stimulus: drawn anew it is itself, and the interval a point; record 2 repeats or more, "
            "or draw spikes of a model unit (cortexcnn.recording.spikes, repeats=20)"
        )


def _numbers(measured: xr.DataArray | xr.Dataset) -> dict[Hashable, xr.DataArray]:
    """The columns of a measure by name (one alone has none), without flags, text and what changes between draws."""
    columns: dict[Hashable, xr.DataArray] = (
        dict(measured.data_vars) if isinstance(measured, xr.Dataset) else {None: measured}
    )
    return {
        name: column.drop_vars([coord for coord in column.coords if coord not in column.indexes])
        for name, column in columns.items()
        if column.dtype.kind == "f"
    }


def _bounds(drawn: list[xr.DataArray], tails: list[float]) -> xr.DataArray:
    """Percentiles over draws; around the circular mean where there is a period."""
    first = drawn[0]
    values = np.stack([one.values for one in drawn])
    period = first.attrs.get("period")
    centre = np.zeros(values.shape[1:])
    known = ~np.isnan(values)
    if period is not None:
        turn = np.where(known, np.exp(2j * np.pi * np.nan_to_num(values) / period), 0)
        centre = np.angle(turn.sum(0)) / (2 * np.pi) * period % period
        values = (values - centre + period / 2) % period - period / 2
    enough = known.mean(0) > 0.5
    found = np.full((2, *centre.shape), np.nan)
    if enough.any():
        found[:, enough] = np.nanquantile(values[:, enough], tails, axis=0) + centre[enough]
    return xr.DataArray(
        found, dims=("bound", *first.dims), coords={**first.coords, "bound": ["lower", "upper"]}, attrs=first.attrs
    ).rename(first.name)
