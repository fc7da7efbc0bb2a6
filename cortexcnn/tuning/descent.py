"""The other half of a fit: what does not enter linearly is sought for all units at once.

Starts are the best points of grids, which cost one matrix product, one for each kind of valley that a shape may have.
All of them are followed in single precision, which tells the valleys apart, and the deepest of each unit to its floor
in double. Steps are Levenberg-Marquardt's, with a damping for each unit, and their curvature learns from each step what
the normal matrix leaves out (symmetric rank 1 [1]_): with few samples and much noise that is a lot.

References
----------
.. [1] Dennis, Gay & Welsch (1981), ACM Trans. Math. Softw. 7, 348-368, correct by the slope too.
"""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np

from cortexcnn.tuning.projection import Projection, State

__all__ = ["solve"]

ITERATIONS = 40, 150  # at most, in single and in double precision
TOLERANCE = 1e-3, 1e-6  # a unit rests when its next step promises less than this share of its residual
FLOOR = 1e-10, 1e-15  # or of its sum of squares: what rounding leaves
CHUNK = 16_384  # units at a time


def solve(curves: Projection) -> tuple[State, np.ndarray]:
    """Fit all curves from all starts.

    Parameters
    ----------
    curves : Projection
        The curves, and what is fitted, in double precision.

    Returns
    -------
    State
        Where each unit ended.
    ndarray (unit) of bool
        Whether its steps came to rest within the iterations that were allowed.
    """
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a step too far is not taken
        found = [_solved(part) for part in curves.blocks(CHUNK)]
    rows = np.concatenate([state.rows for state, _ in found], axis=1)
    return State(rows, found[0][0].numbers, found[0][0].columns), np.concatenate([rested for _, rested in found])


def _solved(curves: Projection) -> tuple[State, np.ndarray]:
    rough = curves.single()
    theta, left = _starts(rough)
    kinds, units = np.nonzero(left <= curves.problem.rival * left.min(0))
    ends, _ = _descend(rough.take(units), theta[:, kinds, units], stage=0)
    residual = np.full(left.shape, np.inf, left.dtype)
    residual[kinds, units] = ends.residual
    theta[:, kinds, units] = ends.theta
    deepest = theta[:, residual.argmin(0), np.arange(left.shape[1])]
    return _descend(curves, deepest.astype(float), stage=1)


def _starts(curves: Projection) -> tuple[np.ndarray, np.ndarray]:
    """The best start of each kind (number, kind, unit), and what it leaves (kind, unit)."""
    problem, dtype = curves.problem, curves.y.dtype
    grids = [np.asarray(grid, dtype) for grid in problem.starts]
    found = [curves.best(problem.shape(curves.x, grid)[0]) for grid in grids]
    theta = np.stack([grid[:, first] for grid, (first, _) in zip(grids, found, strict=True)], axis=1)
    return theta, np.stack([left for _, left in found])


def _descend(curves: Projection, theta: np.ndarray, *, stage: int) -> tuple[State, np.ndarray]:
    """Damped steps until each unit rests; those that rest are left out of the next step."""
    dtype = curves.y.dtype
    low, high = curves.problem.box.astype(dtype).T[:, :, None]
    ends = curves.state(np.clip(theta, low, high))
    rested = np.zeros(theta.shape[1], bool)
    active, here = np.arange(theta.shape[1]), ends.take(np.arange(theta.shape[1]))
    damping, extra = np.full(theta.shape[1], 1e-2, dtype), np.zeros_like(here.normal)
    for _ in range(ITERATIONS[stage] * bool(active.size)):
        step, gain = _step(here, extra, damping, low, high)
        # what an undamped step would gain, else a unit in a bend would rest because it is damped
        promised = gain * np.minimum(1 + damping, 1e3)
        still = promised > TOLERANCE[stage] * here.residual + FLOOR[stage] * curves.whole
        if still.mean() < 0.8:
            ends.rows[:, active] = here.rows
            rested[active[~still]] = True
            active, damping, extra, step = active[still], damping[still], extra[:, still], step[:, still]
            curves, here = curves.take(still), here.take(still)
        if not active.size:
            return ends, rested
        there = curves.state(np.clip(here.theta + step, low, high))
        _learn(extra, here, there)
        better = there.residual < here.residual
        here.replace(there, better)
        damping = np.where(better, np.maximum(damping * 0.3, 1e-12), np.minimum(damping * 8, 1e12))
    ends.rows[:, active] = here.rows
    return ends, rested


def _learn(extra: np.ndarray, here: State, there: State) -> None:
    """Correct, in place, what the normal matrix leaves out of the curvature by how the slope has changed."""
    moved = there.theta - here.theta
    at = _places(here.numbers)
    full = there.normal + extra
    missed = here.slope - there.slope
    for i in range(here.numbers):
        for j in range(here.numbers):
            missed[i] -= full[at[i, j]] * moved[j]
    along = (missed * moved).sum(0)
    least = 1e-6 * np.sqrt((missed**2).sum(0) * (moved**2).sum(0)) + np.finfo(extra.dtype).tiny
    safe = (np.abs(along) > least) & np.isfinite(along)
    missed = np.where(safe, missed, 0)
    scaled = missed / np.where(safe, along, 1)
    for row, (i, j) in enumerate(_pairs(here.numbers)):
        extra[row] += scaled[i] * missed[j]


def _step(
    here: State, extra: np.ndarray, damping: np.ndarray, low: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The damped step of each unit, along the box where it has reached it, and the gain that it promises."""
    held = ((here.theta <= low) & (here.slope < 0)) | ((here.theta >= high) & (here.slope > 0))
    free = (~held).astype(here.slope.dtype)
    slope = here.slope * free
    step, bowl = _divided(_damped(here.normal + extra, free, damping), slope)
    other = np.flatnonzero(~bowl)
    if other.size:  # there what was learned does not hold: it is forgotten
        extra[:, other] = 0
        normal = _damped(here.normal[:, other], free[:, other], damping[other])
        step[:, other] = _divided(normal, slope[:, other])[0]
    return step, (step * slope).sum(0)


def _damped(matrix: np.ndarray, free: np.ndarray, damping: np.ndarray) -> np.ndarray:
    """The matrix with a heavier diagonal, in place, and nothing off it for numbers that are held."""
    lift = 1 + damping
    for row, (i, j) in enumerate(_pairs(len(free))):
        if i == j:
            matrix[row] = matrix[row] * lift + np.finfo(matrix.dtype).tiny
        else:
            matrix[row] *= free[i] * free[j]
    return matrix


def _divided(matrix: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The solutions of symmetric systems, one a unit, and whether each matrix is safely positive (L D Lᵀ)."""
    numbers, at = len(right), _places(len(right))
    tiny = np.finfo(matrix.dtype).tiny
    safe = np.ones(right.shape[1], bool)
    pivots: list[np.ndarray] = []
    lower: dict[tuple[int, int], np.ndarray] = {}
    solution = list(right)
    for j in range(numbers):
        diagonal = matrix[at[j, j]]
        pivot = diagonal
        for k in range(j):
            pivot = pivot - lower[j, k] ** 2 * pivots[k]
        good = pivot > 1e-3 * diagonal
        safe &= good & (diagonal > 0)
        pivots.append(np.where(pivot > 1e-6 * diagonal, pivot, np.abs(diagonal)) + tiny)
        for i in range(j + 1, numbers):
            entry = matrix[at[i, j]]
            for k in range(j):
                entry = entry - lower[i, k] * lower[j, k] * pivots[k]
            lower[i, j] = entry / pivots[j]
            solution[i] = solution[i] - lower[i, j] * solution[j]
    for i in reversed(range(numbers)):
        solution[i] = solution[i] / pivots[i]
        for k in range(i + 1, numbers):
            solution[i] = solution[i] - lower[k, i] * solution[k]
    return np.stack(solution), safe


def _pairs(numbers: int) -> list[tuple[int, int]]:
    """What the rows of an upper triangle stand for."""
    return list(combinations_with_replacement(range(numbers), 2))


def _places(numbers: int) -> dict[tuple[int, int], int]:
    """In which row of an upper triangle an entry stands."""
    rows = {pair: row for row, pair in enumerate(_pairs(numbers))}
    return rows | {(j, i): row for (i, j), row in rows.items()}
