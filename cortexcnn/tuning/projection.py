"""The linear half of a fit: for given positions and widths, the best amplitudes and base have a closed form.

What is left to seek depends on the other numbers alone (variable projection [1]_).

References
----------
.. [1] Golub & Pereyra (1973), SIAM J. Numer. Anal. 10, 413-432; the derivative is Kaufman's (1975), BIT 15, 49-57.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement, pairwise

import numpy as np

__all__ = ["Columns", "Problem", "Projection", "State"]

Columns = Sequence[np.ndarray]
"""One or two arrays (sample, unit), each with an amplitude of its own."""

BLOCK = 4096  # units at a time: enough to forget the cost of a call, few enough for the cache


@dataclass(frozen=True)
class Problem:
    """What is fitted: amplitudes · columns, and a base or none; the columns bend with the numbers that are sought.

    Parameters
    ----------
    shape : callable
        ``(x (sample), theta (number, unit))`` to the columns, and to the same of their derivatives by each number. Of
        the precision that theta has.
    columns : int
        1 or 2.
    base : bool
        Whether a constant is fitted too.
    starts : sequence of ndarray (number, start)
        Grids of starts, one for each kind of valley: the best point of each is a start.
    box : ndarray (number, 2)
        Lowest and highest numbers.
    rival : float
        A kind is followed where its start leaves less than this multiple of what the best start leaves.
    """

    shape: Callable[[np.ndarray, np.ndarray], tuple[Columns, Sequence[Columns]]]
    columns: int
    base: bool
    starts: Sequence[np.ndarray]
    box: np.ndarray
    rival: float = np.inf


class State:
    """Where the fits of some units stand, and what the next step needs to know of each.

    Parameters
    ----------
    rows : ndarray (row, unit)
        Theta, amplitudes, residual, the slope downhill, and the upper triangle of the normal matrix, row by row.
    numbers, columns : int
        How many are sought, and how many enter linearly.
    """

    def __init__(self, rows: np.ndarray, numbers: int, columns: int) -> None:
        self.rows, self.numbers, self.columns = rows, numbers, columns
        ends = np.cumsum([0, numbers, columns, 1, numbers, numbers * (numbers + 1) // 2])
        self.theta, self.linear, left, self.slope, self.normal = (rows[start:end] for start, end in pairwise(ends))
        self.residual = left[0]

    @classmethod
    def empty(cls, units: int, problem: Problem, dtype: np.dtype) -> State:
        """Room for as many units."""
        numbers, columns = len(problem.box), problem.columns
        rows = numbers + columns + 1 + numbers + numbers * (numbers + 1) // 2
        return cls(np.empty((rows, units), dtype), numbers, columns)

    def take(self, keep: np.ndarray) -> State:
        """The same for fewer units."""
        return State(self.rows[:, keep], self.numbers, self.columns)

    def replace(self, other: State, which: np.ndarray) -> None:
        """Overwrite the units that are True with those of another state."""
        np.copyto(self.rows, other.rows, where=which)


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
    problem : Problem
        What is fitted.
    """

    def __init__(self, x: np.ndarray, data: np.ndarray, root: np.ndarray | None, problem: Problem) -> None:
        self.x, self.root, self.problem = x, root, problem
        precise = np.finfo(data.dtype)
        # keeps a division by nothing from failing, what it yields being multiplied by nothing; and a determinant that
        # is rounding
        self.tiny, self.rounding = float(precise.tiny), 5000 * float(precise.eps)
        self.weight = np.full(data.shape[1], len(x), data.dtype) if root is None else _dot(root, root) + self.tiny
        self.level = (data.sum(0) if root is None else _dot(root, data)) / self.weight
        about = self.off_base(data)
        self.total = _dot(about, about)
        self.y = about if problem.base else data
        self.whole = _dot(self.y, self.y)

    def take(self, keep: np.ndarray | slice) -> Projection:
        """The same for fewer units."""
        part = object.__new__(Projection)
        vars(part).update(vars(self))
        part.root = None if self.root is None else self.root[:, keep]
        part.y = self.y[:, keep]
        part.weight, part.level, part.total, part.whole = (
            each[keep] for each in (self.weight, self.level, self.total, self.whole)
        )
        return part

    def single(self) -> Projection:
        """The same in single precision, the largest sample of each curve and the largest weight being 1."""
        root = None if self.root is None else (self.root / (self.root.max(0) + self.tiny)).astype(np.float32)
        data = self.y / (np.abs(self.y).max(0, initial=0) + self.tiny)
        return Projection(self.x.astype(np.float32), data.astype(np.float32), root, self.problem)

    def off_base(self, z: np.ndarray) -> np.ndarray:
        """What of weighted columns (sample, unit) a constant can't explain."""
        if self.root is None:
            return z - z.mean(0)
        return z - self.root * (_dot(self.root, z) / self.weight)

    def weighted(self, raw: Columns) -> list[np.ndarray]:
        """Columns with their weights, and off the base where one is fitted."""
        shown = raw if self.root is None else [column * self.root for column in raw]
        return [self.off_base(column) for column in shown] if self.problem.base else list(shown)

    def floor(self, theta: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """The base that goes with the amplitudes."""
        if not self.problem.base:
            return np.zeros(linear.shape[1])
        fitted = _sum(linear, self.problem.shape(self.x, theta)[0])
        if self.root is None:
            return self.level - fitted.mean(0)
        return self.level - _dot(self.root**2, fitted) / self.weight

    def amplitudes(self, norms: list[list[np.ndarray]], onto: list[np.ndarray]) -> list[np.ndarray]:
        """Least-squares amplitudes of one column or two, none below 0."""
        alone = [np.maximum(top, 0) / (norms[i][i] + self.tiny) for i, top in enumerate(onto)]
        if len(onto) == 1:
            return alone
        (aa, ab), (_, bb) = norms
        det = aa * bb - ab**2
        safe = det > self.rounding * aa * bb
        divisor = np.where(safe, det, 1)
        first, second = (bb * onto[0] - ab * onto[1]) / divisor, (aa * onto[1] - ab * onto[0]) / divisor
        both = safe & (first >= 0) & (second >= 0)
        better = alone[0] * onto[0] >= alone[1] * onto[1]
        return [
            np.where(both, first, np.where(better, alone[0], 0)),
            np.where(both, second, np.where(better, 0, alone[1])),
        ]

    def best(self, raw: Columns) -> tuple[np.ndarray, np.ndarray]:
        """Which start of a grid explains most of each curve, and the sum of squares that it leaves.

        Parameters
        ----------
        raw : Columns
            The shapes of the grid (sample, start).

        Returns
        -------
        ndarray (unit) of int, ndarray (unit)
        """
        found = [part._best(raw) for part in self.blocks(BLOCK // 8)]  # noqa: SLF001 - of its own kind
        first, left = zip(*found, strict=True)
        return np.concatenate(first), np.concatenate(left)

    def _best(self, raw: Columns) -> tuple[np.ndarray, np.ndarray]:
        # (unit, start): what is compared lies side by side
        if self.root is None:
            shapes = [column - column.mean(0) if self.problem.base else column for column in raw]
            norms = [[(a * b).sum(0) for b in shapes] for a in shapes]
            onto = [self.y.T @ a for a in shapes]
        else:
            weights = (self.root**2).T
            sums = [weights @ a * float(self.problem.base) for a in raw]
            pairs = list(zip(raw, sums, strict=True))
            norms = [[weights @ (a * b) - p * q / self.weight[:, None] for b, q in pairs] for a, p in pairs]
            onto = [(self.root * self.y).T @ a for a in raw]
        gain = _sum([*self.amplitudes(norms, onto)], onto)
        first = gain.argmax(1)
        return first, np.maximum(self.whole - gain[np.arange(len(first)), first], 0)

    def blocks(self, size: int = BLOCK) -> Iterator[Projection]:
        """The same, some units at a time; one block at least."""
        for start in range(0, max(self.y.shape[1], 1), size):
            yield self.take(slice(start, start + size))

    def state(self, theta: np.ndarray) -> State:
        """Amplitudes, residual and its derivatives at some numbers (number, unit)."""
        state = State.empty(theta.shape[1], self.problem, self.y.dtype)
        state.theta[:] = theta
        start = 0
        for part in self.blocks():
            end = start + part.y.shape[1]
            part._fill(State(state.rows[:, start:end], state.numbers, state.columns))  # noqa: SLF001
            start = end
        return state

    def _fill(self, state: State) -> None:
        raw, slopes = self.problem.shape(self.x, state.theta)
        shapes = self.weighted(raw)
        norms = [[_dot(a, b) for b in shapes] for a in shapes]
        linear = self.amplitudes(norms, [_dot(a, self.y) for a in shapes])
        error = self.y - _sum(linear, shapes)
        state.linear[:] = linear
        state.residual[:] = _dot(error, error)
        alone = len(shapes) == 1
        basis = self._basis(shapes, norms, linear)
        turned = []
        for part in slopes:
            (change,) = self.weighted(part if alone else [_sum(linear, part)])
            # what the amplitudes in use can take up of it is none of its own (Kaufman's approximation)
            for axis, norm in basis:
                change = change - axis * (_dot(axis, change) / norm)
            turned.append(change)
        factor = linear[0] if alone else 1.0  # one amplitude is common to all
        np.multiply([_dot(one, error) for one in turned], factor, out=state.slope)
        pairs = combinations_with_replacement(turned, 2)
        np.multiply([_dot(a, b) for a, b in pairs], factor**2, out=state.normal)

    def _basis(
        self, shapes: list[np.ndarray], norms: list[list[np.ndarray]], linear: list[np.ndarray]
    ) -> list[tuple[np.ndarray, np.ndarray]]:
        """Orthogonal columns that span what is in use, with their squared lengths."""
        if len(shapes) == 1:
            return [(shapes[0], norms[0][0] + self.tiny)]
        first = shapes[0] * (linear[0] != 0)
        second = (shapes[1] - first * (norms[0][1] / (norms[0][0] + self.tiny))) * (linear[1] != 0)
        return [(first, norms[0][0] + self.tiny), (second, _dot(second, second) + self.tiny)]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The product of each unit's samples."""
    return np.einsum("su,su->u", a, b)


def _sum(linear: Sequence[np.ndarray] | np.ndarray, columns: Columns) -> np.ndarray:
    """Columns, each times its amplitude."""
    total = linear[0] * columns[0]
    for amplitude, column in zip(linear[1:], columns[1:], strict=True):
        total = total + amplitude * column
    return total
