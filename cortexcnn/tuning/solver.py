"""One fit a unit costs a loop; here a tuning curve is a batch dimension, and all units are fitted at once.

Base and amplitude drop out in closed form (``projection``), so only position and width are sought (``descent``), from
the best points of a grid over both: of broad shapes, and of sharp ones where they are a rival.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortexcnn.tuning.descent import solve
from cortexcnn.tuning.forms import Form, form_of
from cortexcnn.tuning.projection import Problem, Projection

__all__ = ["Bounds", "Fit", "fit_batch"]

Bounds = tuple[tuple[float, float], tuple[float, float]]
"""The box of position and width, in the coordinate of the form (octaves for a log gaussian)."""

LEVELS, POSITIONS = 8, 36  # the grid of starts: widths × positions (at least, where they come round)


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
    problem = Problem(
        shape.shape,
        shape.columns,
        base,
        [half.reshape(2, -1) for half in np.split(grid, 2, axis=1)],
        np.array([box[0], np.log(box[1])]),
        shape.rival,
    )
    curves = Projection(x, filled, root, problem)
    state, rested = solve(curves)
    position, width, linear = state.theta[0], np.exp(state.theta[1]), state.linear
    floor = curves.floor(state.theta, linear)
    if np.isfinite(shape.period) and np.isinf(box[0][0]):
        position, linear = _within(position, linear, shape.period)
    found = np.stack([position, width, floor, state.residual, curves.total, *linear])
    samples = (~np.isnan(y)).sum(0) if root is None else (root > 0).sum(0)
    found[:, (samples < 3 + base + shape.columns) | (curves.total <= 0)] = np.nan
    position, width, floor, residual, total = found[:5]
    return Fit(position, width, found[5:], floor, residual, total, rested & np.isfinite(position))


def _within(position: np.ndarray, linear: np.ndarray, period: float) -> tuple[np.ndarray, np.ndarray]:
    """Positions within a period, those of two lobes at the larger one."""
    if len(linear) == 2:
        swap = linear[1] > linear[0]
        position, linear = np.where(swap, position + period / 2, position), np.where(swap, linear[::-1], linear)
    return position % period, linear


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
