"""Whether a neuron is tuned at all, or its noise alone would make such differences.

The one-way analysis of variance reproduces the counts of tuned neurons in the recordings of Ecker et al. 2010 (spikes
of single repeats at the highest contrast; units with contamination < .05 and a rate > 1/s): at p < .01, 115 of 126 for
static gratings (counts from 30 to 530 ms) and 248 of 258 for drifting ones (0 to 500 ms).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.special
import scipy.stats
import xarray as xr

from cortexcnn.arrays import check_responses, is_blank
from cortexcnn.choices import chosen
from cortexcnn.tuning.responses import with_angles

__all__ = ["TESTS", "tuned"]


def _anova(values: np.ndarray, group: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """One-way analysis of variance of every column, missing values left out."""
    counts, sums, total = _grouped(values, group)
    between, within, groups, samples = _variances(values, group, counts, sums, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = (between / (groups - 1)) / (within / (samples - groups))
        p = scipy.special.fdtrc(groups - 1, samples - groups, ratio)
    return np.where((samples > groups) & (groups > 1) & (between + within > 0), p, np.nan)


def _kruskal(values: np.ndarray, group: np.ndarray, _: np.random.Generator) -> np.ndarray:
    """Kruskal-Wallis test of every column: the analysis of variance of ranks, with its χ² approximation."""
    ranks = scipy.stats.rankdata(values, axis=0, nan_policy="omit")
    counts, sums, total = _grouped(ranks, group)
    between, within, groups, samples = _variances(ranks, group, counts, sums, total)
    with np.errstate(invalid="ignore", divide="ignore"):
        p = scipy.special.chdtrc(groups - 1, (samples - 1) * between / (between + within))
    return np.where((samples > groups) & (groups > 1) & (between + within > 0), p, np.nan)


def _permutation(values: np.ndarray, group: np.ndarray, rng: np.random.Generator, draws: int = 2000) -> np.ndarray:
    """Share of shuffles of the trials in which group means spread as much (one is added to both counts)."""
    known = ~np.isnan(values).all(axis=0)
    filled = np.where(np.isnan(values), np.nanmean(np.where(known, values, 0.0), axis=0), values)

    def spread(labels: np.ndarray) -> np.ndarray:
        counts, sums, _ = _grouped(filled, labels)
        return (sums**2 / np.maximum(counts, 1)).sum(0)

    observed = spread(group)
    reached = sum(spread(rng.permutation(group)) >= observed * (1 - 1e-12) for _ in range(draws))
    flat = np.ptp(filled, axis=0) == 0
    return np.where(known & ~flat, (reached + 1) / (draws + 1), np.nan)


TESTS: dict[str, Callable[[np.ndarray, np.ndarray, np.random.Generator], np.ndarray]] = {
    "anova": _anova,
    "kruskal": _kruskal,
    "permutation": _permutation,
}
"""Tests of whether the mean differs between values of a parameter, each ``(trials × units, group, rng)`` to p."""


def tuned(
    responses: xr.DataArray,
    parameter: str = "orientation",
    *,
    test: str = "anova",
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """The probability of differences as large between values of a parameter, if the unit were not tuned to it.

    Every repeat is a trial; with ``time``, its mean. Where other parameters vary too they count as noise: choose them
    beforehand, e.g. the highest contrast. A noiseless model unit has no p value.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, repeat[, time])
        Responses; NaN marks a missing repeat. Blanks are left out.
    parameter : str
        Name of a stimulus parameter.
    test : str
        A key of ``TESTS``: "anova" (default), "kruskal" or "permutation".
    rng : int or Generator, optional
        For the permutation.

    Returns
    -------
    DataArray (unit)
        p values. NaN for a unit without trials to spare, or whose trials are all alike.

    Raises
    ------
    ValueError
        If there are no repeats, no such parameter or no such test.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal((4, 2, 10))
    >>> responses = xr.DataArray(noise + np.arange(4)[:, None, None] * [[[0], [2]]],
    ...     dims=("stimulus", "unit", "repeat"), coords={"stimulus": range(4), "unit": ["untuned", "tuned"],
    ...     "orientation": ("stimulus", [0.0, 45.0, 90.0, 135.0])})
    >>> (tuned(responses) < 0.01).values
    array([False,  True])
    """
    run = chosen(TESTS, test, "test")
    table = with_angles(responses, parameter)
    check_responses(table, parameters=(parameter,))
    if "repeat" not in table.dims:
        raise ValueError("a test of tuning needs the dimension repeat; these responses have none")
    if table.sizes["repeat"] < 2:
        raise ValueError("one repeat of each stimulus: differences are told from noise by 2 repeats or more")
    if "time" in table.dims:
        table = table.mean("time", skipna=False)
    table = table.isel(stimulus=np.flatnonzero(~is_blank(table).values)).transpose("repeat", "stimulus", "unit")
    group = np.unique(table[parameter].values, return_inverse=True)[1].ravel()
    trials = table.values.astype(float).reshape(-1, table.sizes["unit"])
    p = run(trials, np.tile(group, table.sizes["repeat"]), np.random.default_rng(rng))
    coords = {name: coord for name, coord in table.coords.items() if coord.dims == ("unit",)}
    return xr.DataArray(p, dims="unit", coords=coords, name="p", attrs={"test": test, "parameter": parameter})


def _grouped(values: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts and sums (group, unit) of what is there, and the overall mean (unit)."""
    member = (group == np.arange(group.max() + 1)[:, None]).astype(float)
    known = ~np.isnan(values)
    counts, sums = member @ known, member @ np.where(known, values, 0.0)
    return counts, sums, sums.sum(0) / np.maximum(counts.sum(0), 1)


def _variances(
    values: np.ndarray, group: np.ndarray, counts: np.ndarray, sums: np.ndarray, total: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Sums of squares between and within groups, and how many groups and samples there are."""
    means = sums / np.maximum(counts, 1)
    between = (counts * (means - total) ** 2).sum(0)
    within = np.nansum((values - means[group]) ** 2, axis=0)
    return between, within, (counts > 0).sum(0), counts.sum(0)
