"""What the frames before a response have in common: the spike-triggered average, for neurons and for activations.

A neuron that spikes at random has an average that differs from the mean frame by chance alone, so every average stands
beside its error and a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.stats
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.choices import chosen
from cortexcnn.screen import Screen, Window
from cortexcnn.tuning.frames import Frames
from cortexcnn.tuning.maps import along_unit
from cortexcnn.tuning.responses import mean_over_repeats
from cortexcnn.tuning.validity import also

__all__ = ["REVERSE_CAUTIONS", "SHUFFLES", "centred", "chance", "deviations", "spike_triggered_average"]

BUDGET = 2**28  # bytes of sums that are held at a time


def _permuted(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return weights[rng.permutation(len(weights))]


def _shifted(weights: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """By a tenth of the recording at least, either way."""
    least = max(1, len(weights) // 10)
    return np.roll(weights, int(rng.integers(least, max(least + 1, len(weights) - least))), axis=0)


SHUFFLES: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "permuted": _permuted,
    "shifted": _shifted,
}
"""How responses lose their frames: in any order, or all later by one time (keeps slow drifts and bursts)."""

REVERSE_CAUTIONS = {
    "samples missing (taken as the mean response)": "some stimuli were not shown to it",
    "average no different from chance": "its largest deviation is within what chance gives: no linear receptive field",
    "no axis different from chance": "no direction in which the frames that it answers to spread more or less",
    "every tested axis is significant (there may be more)": "ask for more axes",
}
"""What to bear in mind about a unit that is valid."""


def spike_triggered_average(
    frames: xr.DataArray | np.ndarray | Callable[[slice], Any] | Any,
    responses: xr.DataArray,
    *,
    screen: Screen | None = None,
    window: Window | None = None,
    shuffles: int = 0,
    shuffle: str = "permuted",
    alpha: float = 0.05,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """The mean frame that a unit answers to, less the mean frame of all.

    For spikes the average of the frames, once for each spike [1]_; for activations the average weighted by them, over
    the sum of their sizes: Σ r (s − s̄) / Σ |r|. Of a linear cell and white noise it is the cell's weights times the
    noise's variance, up to that sum. Frames whose positions go together, as photographs do, blur it.

    Parameters
    ----------
    frames : DataArray (stimulus, y, x), ndarray or Tensor (stimulus, [1,] y, x), or callable
        What was shown: see :class:`~cortexcnn.tuning.frames.Frames`. A callable gets a ``slice`` of stimuli, three
        times or more: it must draw the same frames again.
    responses : DataArray (stimulus, unit[, repeat][, time])
        Activations or spikes, of any sign; means over repeats and time. NaN is taken as the unit's mean.
    screen : Screen, optional
        Needed unless frames are a DataArray with degrees.
    window : Window, optional
        Which part of the screen the frames are.
    shuffles : int
        How often responses are shuffled for the test: p is then the share of shuffles, the observed among them, whose
        largest deviation is as large. 0 (default): from the normal distribution, times the positions.
    shuffle : str
        A key of ``SHUFFLES``.
    alpha : float
        The p from which on a unit's average is said to be no different from chance.
    rng : int or Generator, optional
        Of the shuffles.

    Returns
    -------
    Dataset
        average, error and z, the one over the other: (y, x, unit), positions rising; 0 where frames never change. The
        standard error √(Σ (r − r̄)² (s − s̄)²) / Σ |r| holds for any relation but a linear one: that of an energy cell is
        larger than if responses had nothing to do with frames. largest_z, p, valid, reason: (unit). Attributes:
        stimuli, shuffles, shuffle, alpha.

    Raises
    ------
    ValueError
        If frames and stimuli don't match, degrees are missing, or a number makes no sense.

    References
    ----------
    .. [1] Chichilnisky (2001), Network 12, 199-213.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frames = rng.standard_normal((500, 3, 3))
    >>> responses = xr.DataArray(frames[:, 0, 1:2], dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(500), "unit": ["upper middle"]})
    >>> found = spike_triggered_average(frames, responses, screen=Screen(3, 3))
    >>> (found.z.sel(x=0).isel(unit=0) > 10).values, found.y.values
    (array([False, False,  True]), array([-1.,  0.,  1.]))
    """
    chosen(SHUFFLES, shuffle, "shuffle")
    if shuffles != int(shuffles) or shuffles < 0 or not 0 < alpha < 1:
        raise ValueError(f"shuffles {shuffles}, alpha {alpha}: a whole number, 0 or more, and a share between 0 and 1")
    weights, size, known, notes, table = centred(responses)
    shown = Frames(frames, table["stimulus"].values, screen=screen, window=window)
    sums, error = deviations(shown, weights)
    z, p = chance(sums, error)
    average, error = sums / size, error / size
    z = np.where(notes["valid"].values, z, np.nan)
    largest = np.abs(z).max(0)
    good = notes["valid"].values
    p = np.where(good, p, np.nan)
    if shuffles:
        reached = _reached(
            shown,
            weights[:, good],
            largest[good],
            shuffles=int(shuffles),
            shuffle=SHUFFLES[shuffle],
            rng=np.random.default_rng(rng),
        )
        p[good] = (1 + reached) / (1 + shuffles)
    notes = also(notes, "samples missing (taken as the mean response)", good & (known < len(weights)))
    notes = also(notes, "average no different from chance", good & (p > alpha))
    maps = {
        name: (("y", "x", "unit"), np.where(good, values, np.nan).reshape(*shown.shape, -1))
        for name, values in (("average", average), ("error", error), ("z", z))
    }
    numbers = {"largest_z": ("unit", largest), "p": ("unit", p)}
    told = {name: ("unit", notes[name].values) for name in ("valid", "reason")}
    coords = {**along_unit(table), "y": shown.y, "x": shown.x}
    attrs = {
        "stimuli": len(weights),
        "shuffles": int(shuffles),
        "shuffle": shuffle if shuffles else "none",
        "alpha": alpha,
    }
    return xr.Dataset(maps | numbers | told, coords, attrs).sortby(["y", "x"])


def centred(responses: xr.DataArray) -> tuple[np.ndarray, np.ndarray, np.ndarray, xr.Dataset, xr.DataArray]:
    """Responses less their mean, the sum of their sizes, how many are known, validity, and the table they are from.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        NaN marks what is missing.

    Returns
    -------
    weights : ndarray (stimulus, unit)
        Each column sums to 0; 0 where a response is missing and for units that are not valid.
    size : ndarray (unit)
        Σ |r|; NaN for units that are not valid.
    known : ndarray (unit)
        How many responses are there.
    notes : Dataset (unit)
        valid, reason.
    table : DataArray (stimulus, unit)

    Raises
    ------
    ValueError
        If they are no responses.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"), coords={"stimulus": [0, 1], "unit": ["a"]})
    >>> weights, size, *_ = centred(table)
    >>> weights.ravel(), size
    (array([-1.,  1.]), array([4.]))
    """
    check_responses(responses)
    table = mean_over_repeats(responses.astype(float))
    table = (table.mean("time") if "time" in table.dims else table).transpose("stimulus", "unit")
    values = table.values
    there = np.isfinite(values)
    known = there.sum(0)
    filled = np.where(there, values, 0.0)
    size = np.abs(filled).sum(0)
    weights = np.where(there, filled - filled.sum(0) / np.maximum(known, 1), 0.0)
    few = known < 2
    silent = ~few & (size == 0)
    constant = ~few & ~silent & (np.abs(weights).max(0, initial=0) <= 1e-9 * size / np.maximum(known, 1))
    valid = ~(few | silent | constant)
    notes = xr.Dataset({"valid": ("unit", valid), "reason": ("unit", np.full(valid.shape, ""))})
    names = ("samples missing", "never answered", "constant (held away from the rectifier)")
    for name, holds in zip(names, (few, silent, constant), strict=True):
        notes = also(notes, name, holds)
    return np.where(valid, weights, 0.0), np.where(valid, size, np.nan), known, notes, table


def chance(sums: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far sums of frames deviate, in standard errors, and how probable it is that chance alone gives the largest.

    Parameters
    ----------
    sums, error : ndarray (position, unit)
        Σ weight · frame, and its standard error.

    Returns
    -------
    z : ndarray (position, unit)
        0 where there is no error: where frames never change.
    p : ndarray (unit)
        By the normal distribution, times the positions.

    Examples
    --------
    >>> chance(np.array([[8.0], [0.0]]), np.array([[2.0], [0.0]]))
    (array([[4.], [0.]]), array([6.3e-05]))
    """
    z = np.divide(sums, error, out=np.zeros_like(sums), where=error > 0)
    tails = 2 * scipy.stats.norm.sf(np.abs(z).max(0))
    return z, np.minimum(1, tails * (error > 0).sum(0))


def deviations(shown: Frames, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Σ weight · frame and its standard error, some units at a time.

    Parameters
    ----------
    shown : Frames
        What was shown.
    weights : ndarray (stimulus, unit)
        From ``centred``.

    Returns
    -------
    sums, error : ndarray (position, unit)
        0 where frames never change.

    Examples
    --------
    >>> shown = Frames(np.arange(4.0).reshape(4, 1, 1), np.arange(4), screen=Screen(1, 1))
    >>> deviations(shown, np.array([[-1.0], [1.0], [-1.0], [1.0]]))
    (array([[2.]]), array([[2.24]]))
    """
    total, error = np.zeros((2, shown.positions, weights.shape[1]))
    moving = (shown.variance > 0)[:, None]
    for columns in _batches(weights.shape[1], shown.positions):
        part, squares = np.zeros((2, shown.positions, columns.stop - columns.start))
        for rows, values in shown.chunks():
            some = weights[rows, columns]
            part += values.T @ some
            squares += (values**2).T @ some**2
        total[:, columns], error[:, columns] = part * moving, np.sqrt(squares) * moving
    return total, error


def _reached(
    shown: Frames,
    weights: np.ndarray,
    largest: np.ndarray,
    *,
    shuffles: int,
    shuffle: Callable[[np.ndarray, np.random.Generator], np.ndarray],
    rng: np.random.Generator,
) -> np.ndarray:
    """How many shuffles have a largest z as large, for each unit."""
    count = weights.shape[1]
    reached = np.zeros(count, int)
    at_once = max(1, BUDGET // (32 * max(count, 1) * max(shown.positions, shown.count)))
    for start in range(0, shuffles, at_once):
        draws = min(at_once, shuffles - start)
        mixed = np.concatenate([shuffle(weights, rng) for _ in range(draws)], axis=1)
        z, _ = chance(*deviations(shown, mixed))
        reached += (np.abs(z).max(0).reshape(draws, count) >= largest).sum(0)
    return reached


def _batches(count: int, positions: int) -> Iterator[slice]:
    """Slices of columns whose sums fit the budget."""
    step = max(1, BUDGET // (32 * positions))
    for start in range(0, count, step):
        yield slice(start, min(start + step, count))
