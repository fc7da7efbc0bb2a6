"""Receptive fields that an average misses: directions in which the frames that a unit answers to spread more or less.

A complex cell answers to a stripe and to its negative: their average is nothing, their covariance is not [1]_.

.. [1] Rust, Schwartz, Movshon & Simoncelli (2005), Neuron 46, 945-956.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import scipy.linalg
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.screen import Screen, Window
from cortexcnn.tuning.frames import Frames
from cortexcnn.tuning.maps import along_unit
from cortexcnn.tuning.reverse_correlation import SHUFFLES, centred, chance, deviations
from cortexcnn.tuning.validity import also

__all__ = ["spike_triggered_covariance"]

BUDGET = 2**28  # bytes of matrices that are held at a time
MOST = 2500  # positions: a matrix of 50 MB


@dataclass(frozen=True)
class _Null:
    """What the observed eigenvalues are compared with."""

    draws: int
    shuffle: Callable[[np.ndarray, np.random.Generator], np.ndarray]
    rng: np.random.Generator


def spike_triggered_covariance(
    frames: xr.DataArray | np.ndarray | Callable[[slice], Any] | Any,
    responses: xr.DataArray,
    *,
    screen: Screen | None = None,
    window: Window | None = None,
    axes: int = 4,
    shuffles: int = 100,
    shuffle: str = "permuted",
    alpha: float = 0.05,
    without_average: bool = True,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Axes along which the frames that a unit answers to spread more (excitatory) or less (suppressive) than all do.

    The eigenvectors of Σ r (s − s̄)(s − s̄)ᵀ / Σ |r| less the same with every response at its mean. For spikes this is
    their covariance about the mean of all frames, less that of all frames. Frames should be white: gaussian noise, or
    binary noise on many positions.

    Parameters
    ----------
    frames : DataArray (stimulus, y, x), ndarray or Tensor (stimulus, [1,] y, x), or callable
        As ``spike_triggered_average`` takes them. 2500 positions at most: choose a window around the unit.
    responses : DataArray (stimulus, unit[, repeat][, time])
        Activations or spikes, of any sign; means over repeats and time.
    screen, window : Screen and Window, optional
        Where the frames lie.
    axes : int
        How many axes of either kind are tested and returned.
    shuffles : int
        How often responses are shuffled for the test.
    shuffle : str
        A key of ``SHUFFLES``.
    alpha : float
        Probability of calling any axis significant by chance, half of it for either kind.
    without_average : bool
        Whether the direction of the spike-triggered average is taken out first, so that every axis is beyond it. It is
        left in where it is no different from chance (p > alpha): it would take a part of the axes with it.
    rng : int or Generator, optional
        Of the shuffles.

    Returns
    -------
    Dataset
        excitatory, suppressive (axis, y, x, unit): axes of length 1, the most extreme first, their sign such that the
        largest value is positive. excitatory_p, suppressive_p (axis, unit): nested test, where the axis k is compared
        with the extremes of shuffles in the space without the axes before it, p rising along them. excitatory_axes,
        suppressive_axes (unit): how many are significant. eigenvalue (rank, unit): all, falling, in squared units of
        the frames; the last is NaN where average_taken_out (unit) is true. valid, reason. Attributes: stimuli,
        shuffles, shuffle, alpha.

    Raises
    ------
    ValueError
        If frames and stimuli don't match, there are too many positions or axes, or too few shuffles for alpha.

    Notes
    -----
    Each shuffle of each unit costs stimuli × positions² operations: 3 s for 20,000 frames of 16 × 16 and 100 shuffles
    at 100 GFLOP/s. Memory is bounded whatever their number.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> frames = rng.standard_normal((2000, 3, 3))
    >>> responses = xr.DataArray(frames[:, 0, 1:2] ** 2, dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(2000), "unit": ["upper middle, either sign"]})
    >>> found = spike_triggered_covariance(frames, responses, screen=Screen(3, 3), shuffles=40, rng=0)
    >>> int(found.excitatory_axes[0]), int(found.suppressive_axes[0])
    (1, 0)
    >>> float(found.excitatory.isel(axis=0, unit=0).sel(x=0, y=1))
    1.00
    """
    null = _Null(int(shuffles), chosen(SHUFFLES, shuffle, "shuffle"), np.random.default_rng(rng))
    _check(shuffles, alpha)
    weights, size, known, notes, table = centred(responses)
    shown = Frames(frames, table["stimulus"].values, screen=screen, window=window)
    left = shown.positions - 1
    if shown.positions > MOST or not 0 < 2 * axes <= left:
        raise ValueError(
            f"{shown.positions} positions and {axes} axes of either kind: at most {MOST} positions (give a smaller "
            f"window, or coarser frames), and at most {left // 2} axes here"
        )
    good = notes["valid"].values
    units = np.flatnonzero(good)
    values = np.full((shown.positions, len(good)), np.nan)
    vectors = np.full((2, axes, shown.positions, len(good)), np.nan)
    p = np.full((2, axes, len(good)), np.nan)
    taken_out = np.zeros(len(good), bool)
    _, linear = chance(*deviations(shown, weights))
    observed = _covariances(shown, (weights[:, [unit]] for unit in units))
    for unit, (matrix, average) in zip(units, observed, strict=True):
        taken_out[unit] = without_average and linear[unit] <= alpha
        space = _complement(average) if taken_out[unit] else np.eye(shown.positions)
        value, vector = scipy.linalg.eigh(space.T @ matrix @ space / size[unit])
        value, basis = value[::-1], space @ vector[:, ::-1]
        values[: len(value), unit] = value
        vectors[:, :, :, unit] = _signed(np.stack([basis[:, :axes], basis[:, : -axes - 1 : -1]]).transpose(0, 2, 1))
        p[:, :, unit] = _nested(shown, weights[:, [unit]] / size[unit], value, basis, axes=axes, null=null)
    significant = np.where(good, (p <= alpha / 2).sum(1), 0)
    notes = also(notes, "samples missing (taken as the mean response)", good & (known < len(weights)))
    notes = also(notes, "no axis different from chance", good & (significant.sum(0) == 0))
    notes = also(notes, "every tested axis is significant (there may be more)", good & (significant == axes).any(0))
    columns: dict[str, Any] = {"eigenvalue": (("rank", "unit"), values)}
    for i, kind in enumerate(("excitatory", "suppressive")):
        shape = (axes, *shown.shape, len(good))
        columns[kind] = (("axis", "y", "x", "unit"), vectors[i].reshape(shape))
        columns[f"{kind}_p"] = (("axis", "unit"), p[i])
        columns[f"{kind}_axes"] = ("unit", significant[i])
    columns["average_taken_out"] = ("unit", taken_out)
    columns |= {name: ("unit", notes[name].values) for name in ("valid", "reason")}
    coords = {**along_unit(table), "y": shown.y, "x": shown.x}
    attrs = {"stimuli": len(weights), "shuffles": null.draws, "shuffle": shuffle, "alpha": alpha}
    return xr.Dataset(columns, coords, attrs).sortby(["y", "x"])


def _check(shuffles: int, alpha: float) -> None:
    if not 0 < alpha < 1:
        raise ValueError(f"alpha {alpha}: a probability between 0 and 1")
    least = int(np.ceil(2 / alpha)) - 1
    if shuffles != int(shuffles) or shuffles < least:
        raise ValueError(f"{shuffles} shuffles can't show p of {alpha / 2:g}, half of alpha: take {least} or more")


def _covariances(shown: Frames, columns: Iterator[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Σ weight · frame · frameᵀ and Σ weight · frame for each column (stimulus, 1): one pass for as many as fit."""
    at_once = max(1, BUDGET // (8 * max(shown.positions**2, shown.count)))
    while batch := list(islice(columns, at_once)):
        weights = np.concatenate(batch, axis=1)
        matrices = np.zeros((weights.shape[1], shown.positions, shown.positions))
        averages = np.zeros((weights.shape[1], shown.positions))
        for rows, values in shown.chunks():
            averages += weights[rows].T @ values
            for i in range(len(matrices)):
                matrices[i] += (values * weights[rows, i : i + 1]).T @ values
        yield from zip(matrices, averages, strict=True)


def _nested(
    shown: Frames, weights: np.ndarray, values: np.ndarray, basis: np.ndarray, *, axes: int, null: _Null
) -> np.ndarray:
    """Probabilities of the leading axes of either kind (kind, axis)."""
    reached = np.zeros((2, axes))
    for matrix, _ in _covariances(shown, (null.shuffle(weights, null.rng) for _ in range(null.draws))):
        turned = basis.T @ matrix @ basis
        for axis in range(axes):
            # without the axes before it: what is left of either end
            high = _extreme(turned[axis:, axis:], largest=True)
            low = _extreme(turned[: len(turned) - axis, : len(turned) - axis], largest=False)
            reached[0, axis] += high >= values[axis]
            reached[1, axis] += low <= values[-1 - axis]
    return np.maximum.accumulate((1 + reached) / (1 + null.draws), axis=1)


def _extreme(matrix: np.ndarray, *, largest: bool) -> float:
    last = len(matrix) - 1
    where = [last, last] if largest else [0, 0]
    return float(scipy.linalg.eigh(matrix, eigvals_only=True, subset_by_index=where)[0])


def _complement(direction: np.ndarray) -> np.ndarray:
    """An orthonormal basis (position, position - 1) of all that is orthogonal to a direction."""
    return scipy.linalg.qr(direction[:, None])[0][:, 1:]


def _signed(vectors: np.ndarray) -> np.ndarray:
    """Vectors along the last dimension, their largest value positive: the sign of an axis means nothing."""
    largest = np.take_along_axis(vectors, np.abs(vectors).argmax(-1)[..., None], -1)
    return vectors * np.sign(largest)
