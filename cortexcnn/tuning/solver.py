"""One fit a unit costs a loop; here a tuning curve is a batch dimension, and all units are fitted at once.

Base and amplitude drop out in closed form (``projection``), so only position and width are sought, by
Levenberg-Marquardt steps with a damping for each unit. The starts are the best points of a grid over both, which costs
one matrix product and leaves little room for a wrong valley.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortexcnn.tuning.forms import Form, form_of
from cortexcnn.tuning.projection import Projection, State, Task

__all__ = ["Bounds", "Fit", "fit_batch"]

Bounds = tuple[tuple[float, float], tuple[float, float]]
"""The box of position and width, in the coordinate of the form (octaves for a log gaussian)."""

CHUNK = 8192  # units at a time: enough to forget the cost of a call, few enough for the cache
LEVELS, POSITIONS = 8, 36  # the grid of starts: widths × positions (at least, where they come round)
ITERATIONS = 150
TOLERANCE = 1e-6  # a unit rests when its next step promises less than this share of its residual


@dataclass(frozen=True)
class Fit:
    """What was fitted, one number a unit; NaN for a unit with too few samples or none that differ.

    Parameters
    ----------
    position, width : ndarray (unit)
        Where the shape peaks and how wide it is, in the coordinate of the form.
    amplitude : ndarray (columns, unit)
        Height of each lobe over the base.
    base : ndarray (unit)
        0 where it was not fitted.
    residual : ndarray (unit)
        Sum of squared (weighted) residuals.
    total : ndarray (unit)
        Sum of squared (weighted) deviations from the mean.
    converged : ndarray (unit) of bool
        Whether the steps came to rest within the iterations that were allowed.
    """

    position: np.ndarray
    width: np.ndarray
    amplitude: np.ndarray
    base: np.ndarray
    residual: np.ndarray
    total: np.ndarray
    converged: np.ndarray


def fit_batch(
    x: np.ndarray,
    y: np.ndarray,
    form: str,
    *,
    base: bool = True,
    bounds: Bounds | None = None,
    weights: np.ndarray | None = None,
) -> Fit:
    """Least-squares fits of one form to many curves; amplitudes are 0 or more, for a tuning curve has a peak.

    Parameters
    ----------
    x : ndarray (sample)
        Where the curves were sampled, in the coordinate of the form.
    y : ndarray (sample, unit)
        The curves. NaN marks a missing sample.
    form : str
        A key of ``FORMS``.
    base : bool
        Whether a constant is fitted too.
    bounds : pair of pairs, optional
        The box of position and width; that of the form by default.
    weights : ndarray (sample, unit), optional
        Weights of the squared residuals; 1 by default.

    Returns
    -------
    Fit

    Raises
    ------
    ValueError
        If the shapes don't match, a bound is empty, or a weight is negative.

    Examples
    --------
    >>> x = np.arange(0, 180, 15.0)
    >>> y = 1 + 4 * np.exp(2 * (np.cos(2 * np.deg2rad(x - 40)) - 1))
    >>> fit = fit_batch(x, y[:, None], "von mises")
    >>> float(fit.position[0]), float(fit.width[0]), float(fit.amplitude[0, 0]), float(fit.base[0])
    (40.00, 2.00, 4.00, 1.00)
    """
    shape = form_of(form)
    x, y = np.asarray(x, float), np.asarray(y, float)
    if x.ndim != 1 or y.ndim != 2 or len(x) != len(y):
        raise ValueError(f"curves are (sample, unit) along the samples x; got {y.shape} along {x.shape}")
    box = _checked(bounds or shape.limits(x), shape.period)
    root = _roots(y, weights)
    filled = y if root is None else np.where(np.isnan(y), 0.0, y) * root
    grid = _starts(x, box, shape)
    task = Task(shape, base)
    found = np.full((6 + shape.columns, y.shape[1]), np.nan)
    for start in range(0, y.shape[1], CHUNK):
        units = slice(start, start + CHUNK)
        scale = None if root is None else root[:, units]
        found[:, units] = _solve(Projection(x, filled[:, units], scale, task), grid, box)
    samples = (~np.isnan(y)).sum(0) if root is None else (root > 0).sum(0)
    found[:-1, (samples < 3 + base + shape.columns) | (found[4] <= 0)] = np.nan
    position, width, floor, residual, total = found[:5]
    return Fit(position, width, found[5:-1], floor, residual, total, (found[-1] > 0) & np.isfinite(position))


def _checked(bounds: Bounds, period: float) -> Bounds:
    """Bounds that hold something, the width's above 0; a whole period of positions is no bound."""
    (low, high), (narrow, wide) = bounds
    if not (low < high and 0 < narrow < wide):
        raise ValueError(
            f"bounds {bounds}: give ((lowest, highest) position, (lowest, highest) width), each pair rising, "
            "widths above 0"
        )
    return ((-np.inf, np.inf), (narrow, wide)) if high - low >= period else bounds


def _roots(y: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
    """Square roots of the weights, 0 for missing samples; None where all are 1."""
    missing = np.isnan(y)
    if weights is None:
        return np.where(missing, 0.0, 1.0) if missing.any() else None
    weights = np.broadcast_to(np.asarray(weights, float), y.shape)
    if not (weights >= 0).all():
        raise ValueError("weights are 0 or more and never NaN")
    return np.where(missing, 0.0, np.sqrt(weights))


def _starts(x: np.ndarray, box: Bounds, form: Form) -> np.ndarray:
    """The grid of starts (2, width, position), widths as logarithms: positions along the range."""
    (low, high), (narrow, wide) = box
    if np.isinf(form.period):
        positions = np.clip(np.linspace(x.min(), x.max(), POSITIONS), low, high)
    elif np.isfinite([low, high]).all():
        positions = np.linspace(low, min(high, low + form.period), POSITIONS)
    else:  # a whole number of steps a sample, off the samples: turning the stimuli then turns the fit and no more
        count = len(x) * -(-POSITIONS // len(x))
        positions = (np.arange(count) + 0.4) * form.period / count
    broad, sharp = np.log(np.clip(form.starts(x), narrow, wide))
    return np.stack(np.meshgrid(positions, np.linspace(broad, sharp, LEVELS)))


def _solve(curves: Projection, grid: np.ndarray, box: Bounds) -> np.ndarray:
    """Rows position, width, base, residual, total, amplitudes, converged of every unit."""
    form, limits = curves.task.form, np.array([box[0], np.log(box[1])])
    first, second, close = _best_starts(curves, grid)
    state = curves.state(first)
    rested = _descend(curves, state, limits)
    if close.any():
        rivals = curves.take(close)
        other = rivals.state(second[:, close])
        other_rested = _descend(rivals, other, limits)
        better = other.residual < state.residual[close]
        where = np.flatnonzero(close)[better]
        state.put(where, other, better)
        rested[where] = other_rested[better]
    floor = curves.floor(state.theta, state.linear)
    position, width, linear = state.theta[0], np.exp(state.theta[1]), state.linear
    if np.isfinite(form.period) and np.isinf(box[0][0]):
        if form.columns == 2:
            swap = linear[1] > linear[0]
            position, linear = (
                np.where(swap, position + form.period / 2, position),
                np.where(swap, linear[::-1], linear),
            )
        position = position % form.period
    return np.stack([position, width, floor, state.residual, curves.total, *linear, rested])


def _best_starts(curves: Projection, grid: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The best point of the grid, the best in the other half of the widths, and whether that is a rival."""
    half = grid.shape[1] // 2 * grid.shape[2]
    grid = grid.reshape(2, -1)
    gain = curves.explained(curves.task.form.shape(curves.x, grid[0], grid[1])[0].transpose(0, 2, 1))
    units = np.arange(gain.shape[1])
    one, two = gain[:half].argmax(0), half + gain[half:].argmax(0)
    ahead = gain[one, units] >= gain[two, units]
    first, second = np.where(ahead, one, two), np.where(ahead, two, one)
    left, left_by_second = (np.maximum(curves.whole - gain[start, units], 0) for start in (first, second))
    return grid[:, first], grid[:, second], left_by_second < curves.task.form.rival * left


def _descend(curves: Projection, state: State, limits: np.ndarray) -> np.ndarray:
    """Damped steps, in place, until each unit rests; those that rest are left out of the next step."""
    everyone = np.arange(state.residual.size)
    rested = np.zeros(everyone.size)
    active, here, damping = everyone, state.take(everyone), np.full(everyone.size, 1e-2)
    extra = np.zeros((3, everyone.size))
    for _ in range(ITERATIONS):
        step, gain = _step(here, extra, damping, limits)
        still = gain > TOLERANCE * here.residual + 1e-15 * curves.total
        if still.mean() < 0.8:
            state.put(active, here, everyone[: active.size])
            rested[active[~still]] = 1
            active, damping, extra, step = active[still], damping[still], extra[:, still], step[:, still]
            curves, here = curves.take(still), here.take(still)
        if not active.size:
            return rested
        there = curves.state(np.clip(here.theta + step, limits[:, :1], limits[:, 1:]))
        extra = _curvature(here, there, extra)
        better = there.residual < here.residual
        here.put(better, there, better)
        damping = np.where(better, np.maximum(damping * 0.1, 1e-12), damping * 8)
    state.put(active, here, everyone[: active.size])
    return rested


def _curvature(here: State, there: State, extra: np.ndarray) -> np.ndarray:
    """What the normal matrix leaves out of the curvature, corrected by how the slope has changed (symmetric rank 1)."""
    u, v = there.theta - here.theta
    a, b, d = there.normal + extra
    p, q = here.slope - there.slope - np.stack([a * u + b * v, b * u + d * v])
    along = p * u + q * v
    safe = np.abs(along) > 1e-6 * np.sqrt((p**2 + q**2) * (u**2 + v**2)) + 1e-300
    return extra + np.where(safe, np.stack([p * p, p * q, q * q]) / np.where(safe, along, 1), 0.0)


def _step(here: State, extra: np.ndarray, damping: np.ndarray, limits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The damped step of each unit, along the box where it has reached it, and the gain that it promises."""
    at_low, at_high = here.theta <= limits[:, :1], here.theta >= limits[:, 1:]
    held = (at_low & (here.slope < 0)) | (at_high & (here.slope > 0))
    slope = np.where(held, 0.0, here.slope)
    full = here.normal + extra
    bowl = (full[0] > 0) & (full[0] * full[2] - full[1] ** 2 > 1e-3 * full[0] * full[2])
    a, b, d = np.where(bowl, full, here.normal)
    a, d, b = a * (1 + damping) + 1e-300, d * (1 + damping) + 1e-300, np.where(held.any(0), 0.0, b)
    step = np.stack([d * slope[0] - b * slope[1], a * slope[1] - b * slope[0]]) / np.maximum(a * d - b**2, 1e-300)
    return step, (step * slope).sum(0)
