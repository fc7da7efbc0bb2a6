"""The linear half of a fit: for given positions and widths, the best amplitudes and base have a closed form.

What is left to seek depends on position and width alone (variable projection [1]_).

References
----------
.. [1] Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432; the derivative is Kaufman's (1975), BIT 15, 49-57.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cortexcnn.tuning.forms import Form

__all__ = ["Projection", "State", "Task"]

TINY = 1e-300  # keeps a division by nothing from failing; what it yields is multiplied by nothing


@dataclass(frozen=True)
class Task:
    """What is fitted: a form, with a base or not."""

    form: Form
    base: bool


@dataclass
class State:
    """Where the fits of some units stand: parameters, and what the next step needs to know of each."""

    theta: np.ndarray  # (2, unit) position and logarithm of width
    linear: np.ndarray  # (columns, unit) amplitudes
    residual: np.ndarray  # (unit)
    normal: np.ndarray  # (3, unit) the normal matrix: 00, 01, 11
    slope: np.ndarray  # (2, unit) downhill

    def take(self, keep: np.ndarray) -> State:
        """The same for fewer units."""
        return State(*(part[..., keep] for part in vars(self).values()))

    def put(self, where: np.ndarray, other: State, which: np.ndarray) -> None:
        """Overwrite some units with some of another state."""
        for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True):
            mine[..., where] = theirs[..., which]


class Projection:
    """The curves of some units, and the algebra by which amplitudes and base drop out.

    Parameters
    ----------
    x : ndarray (sample)
        Where the curves were sampled.
    data : ndarray (sample, unit)
        The curves, multiplied by ``root``.
    root : ndarray (sample, unit), optional
        Square roots of the weights; 1 by default.
    task : Task
        What is fitted.
    """

    def __init__(self, x: np.ndarray, data: np.ndarray, root: np.ndarray | None, task: Task) -> None:
        self.x, self.data, self.root, self.task = x, data, root, task
        self.weight = np.full(data.shape[1], float(len(x))) if root is None else (root**2).sum(0) + TINY
        self.y = self.off_base(data) if task.base else data
        self.whole = (self.y**2).sum(0)
        self.total = self.whole if task.base else (self.off_base(data) ** 2).sum(0)

    def take(self, keep: np.ndarray) -> Projection:
        """The same for fewer units."""
        part = object.__new__(Projection)
        part.x, part.task, part.data, part.y = self.x, self.task, self.data[:, keep], self.y[:, keep]
        part.root = None if self.root is None else self.root[:, keep]
        part.weight, part.whole, part.total = self.weight[keep], self.whole[keep], self.total[keep]
        return part

    def off_base(self, z: np.ndarray) -> np.ndarray:
        """What of weighted columns (sample, unit) a constant can't explain."""
        if self.root is None:
            return z - z.mean(0)
        return z - self.root * ((self.root * z).sum(0) / self.weight)

    def columns(self, raw: np.ndarray) -> list[np.ndarray]:
        """Shapes (column, sample, unit), weighted, and off the base where one is fitted."""
        weighted = raw if self.root is None else raw * self.root
        return [self.off_base(column) for column in weighted] if self.task.base else list(weighted)

    def floor(self, theta: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """The base that goes with the amplitudes."""
        if not self.task.base:
            return np.zeros(linear.shape[1])
        raw = self.task.form.shape(self.x, theta[0], theta[1])[0]
        fitted = (linear[:, None] * raw).sum(0)
        if self.root is None:
            return (self.data - fitted).mean(0)
        return (self.root * (self.data - self.root * fitted)).sum(0) / self.weight

    @staticmethod
    def amplitudes(norms: list[list[np.ndarray]], onto: list[np.ndarray]) -> list[np.ndarray]:
        """Least-squares amplitudes of one column or two, none below 0."""
        alone = [np.maximum(top, 0) / (norms[i][i] + TINY) for i, top in enumerate(onto)]
        if len(onto) == 1:
            return alone
        (aa, ab), (_, bb) = norms
        det = aa * bb - ab**2
        safe = det > 1e-12 * aa * bb
        divisor = np.where(safe, det, 1)
        first, second = (bb * onto[0] - ab * onto[1]) / divisor, (aa * onto[1] - ab * onto[0]) / divisor
        both = safe & (first >= 0) & (second >= 0)
        better = alone[0] * onto[0] >= alone[1] * onto[1]
        return [
            np.where(both, first, np.where(better, alone[0], 0)),
            np.where(both, second, np.where(better, 0, alone[1])),
        ]

    def explained(self, raw: np.ndarray) -> np.ndarray:
        """How much of each curve's sum of squares (unit) each start of a grid explains.

        Parameters
        ----------
        raw : ndarray (column, start, sample)
            The shapes of the grid: one product with all curves at once.

        Returns
        -------
        ndarray (start, unit)
        """
        if self.root is None:
            shapes = raw - raw.mean(-1, keepdims=True) if self.task.base else raw
            norms = [[(a * b).sum(-1)[:, None] for b in shapes] for a in shapes]
            onto = [a @ self.y for a in shapes]
        else:
            weights = self.root**2
            sums = [a @ weights * float(self.task.base) for a in raw]
            pairs = list(zip(raw, sums, strict=True))
            norms = [[(a * b) @ weights - p * q / self.weight for b, q in pairs] for a, p in pairs]
            onto = [a @ (self.root * self.y) for a in raw]
        return sum((a * b for a, b in zip(self.amplitudes(norms, onto), onto, strict=True)), start=np.zeros(()))

    def state(self, theta: np.ndarray) -> State:
        """Amplitudes, residual and its derivatives at some positions and logarithms of widths (2, unit)."""
        raw, by_position, by_width = self.task.form.shape(self.x, theta[0], theta[1])
        shapes = self.columns(raw)
        norms = [[(a * b).sum(0) for b in shapes] for a in shapes]
        linear = self.amplitudes(norms, [(a * self.y).sum(0) for a in shapes])
        error = self.y - sum(a * b for a, b in zip(linear, shapes, strict=True))
        turned = []
        for part in (by_position, by_width):
            change = sum(a * b for a, b in zip(linear, part, strict=True))
            turned.append(_off_shapes(self.columns(np.asarray(change)[None])[0], shapes, norms, linear))
        first, second = turned
        normal = np.stack([(first * first).sum(0), (first * second).sum(0), (second * second).sum(0)])
        slope = np.stack([(first * error).sum(0), (second * error).sum(0)])
        return State(theta, np.stack(linear), (error**2).sum(0), normal, slope)


def _off_shapes(
    z: np.ndarray, shapes: list[np.ndarray], norms: list[list[np.ndarray]], linear: list[np.ndarray]
) -> np.ndarray:
    """What of a derivative the amplitudes in use can't take up (Kaufman's approximation)."""
    if len(shapes) == 1:
        return z - shapes[0] * ((shapes[0] * z).sum(0) / (norms[0][0] + TINY))
    for i, shape in enumerate(shapes):
        basis = shape if i == 0 else shape - shapes[0] * (linear[0] != 0) * (norms[0][1] / (norms[0][0] + TINY))
        basis = basis * (linear[i] != 0)
        z = z - basis * ((basis * z).sum(0) / ((basis**2).sum(0) + TINY))
    return z
