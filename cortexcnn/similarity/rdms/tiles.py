"""Products of patterns that come a batch at a time and are never all in memory: the square of pairs, tile by tile.

Some patterns are held. All others, as they come, wait until they are some dozens (a product of few patterns costs
almost as much as one of many), are multiplied with those, and are let go. What is still missing, pairs of patterns of
which neither was held, takes another showing of the rest: with room for b of n patterns there are n / b showings, each
of fewer patterns than the last, n (n / b + 1) / 2 patterns in all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cortexcnn.similarity.rdms.products import Products

__all__ = ["Moments", "Tiles", "showings"]

_WIDTH = 2**15
"""Units whose products are summed in the precision of the patterns before they go into a sum in float64."""

_WAITING = 64
"""Patterns at most that wait to be multiplied."""


def showings(stimuli: int, units: int, *, memory: int, itemsize: int = 4) -> Iterator[tuple[int, int]]:
    """Which patterns are held in each showing.

    Parameters
    ----------
    stimuli, units : int
        How many patterns there are, and how long they are.
    memory : int
        Bytes for the patterns that are held or wait.
    itemsize : int
        Bytes of one response.

    Yields
    ------
    start, stop : int
        Patterns from ``start`` on are shown, those before ``stop`` are held.

    Raises
    ------
    MemoryError
        If not even two patterns fit.

    Examples
    --------
    >>> list(showings(1000, 500_000, memory=2**30))
    [(0, 334), (334, 668), (668, 1000)]
    """
    room = memory // (units * itemsize)
    if room < 2:
        raise MemoryError(
            f"memory={memory} bytes do not hold two response patterns of {units} units, {units * itemsize} bytes each: "
            "allow more, or take fewer layers at a time"
        )
    held = stimuli if room >= stimuli else room - _waiting(room)
    rounds = -(-stimuli // held)
    held = -(-stimuli // rounds)  # as many showings with tiles of one size
    for start in range(0, stimuli, held):
        yield start, min(start + held, stimuli)


def _waiting(room: int) -> int:
    """How many of the patterns that there is room for wait: a quarter, or as many as make a product quick."""
    return min(_WAITING, max(1, room // 4))


class Moments:
    """Mean and standard deviation of each unit over patterns that come in batches.

    Parameters
    ----------
    units : int
        How many.
    """

    def __init__(self, units: int) -> None:
        self.count = 0
        self.mean = np.zeros(units)
        self._square = np.zeros(units)

    def take(self, patterns: np.ndarray) -> None:
        """Add some patterns (stimulus, unit), by the update of Chan, Golub & LeVeque (1983)."""
        values = patterns.astype(np.float64, copy=False)
        count = len(values)
        mean = values.mean(axis=0)
        step = mean - self.mean
        self._square += ((values - mean) ** 2).sum(axis=0) + step**2 * self.count * count / (self.count + count)
        self.count += count
        self.mean += step * count / self.count

    @property
    def deviation(self) -> np.ndarray:
        """Standard deviation of each unit."""
        return np.sqrt(self._square / self.count)


class Tiles:
    """Products of all patterns of one population with each other.

    Parameters
    ----------
    stimuli, units : int
        How many patterns will come, and how long they are.
    centre : None, "unit" or "pattern"
        What is subtracted, as in :func:`~cortexcnn.similarity.rdms.products.products`.
    moments : Moments, optional
        Of all patterns, by which each unit is z-scored; units that do not vary are left out.
    dtype : numpy dtype
        Of the patterns that are held and multiplied.

    Examples
    --------
    >>> patterns = np.random.default_rng(0).normal(size=(6, 40))
    >>> tiles = Tiles(6, 40, centre=None, dtype=np.float64)
    >>> for start, stop in showings(6, 40, memory=1000, itemsize=8):
    ...     tiles.hold(start, stop)
    ...     tiles.take(start, patterns[start:])
    >>> bool(np.allclose(tiles.products().inner, patterns @ patterns.T))
    True
    """

    def __init__(
        self,
        stimuli: int,
        units: int,
        *,
        centre: str | None,
        moments: Moments | None = None,
        dtype: np.dtype | type = np.float32,
    ) -> None:
        self._inner = np.zeros((stimuli, stimuli))
        self._mean = np.zeros(stimuli)
        self._units, self._centre, self._dtype = units, centre, np.dtype(dtype)
        self._shift: np.ndarray | None = None
        self._scale: np.ndarray | None = None
        self.constant = 0
        if moments is not None:
            varies = moments.deviation > 16 * np.finfo(self._dtype).eps * np.abs(moments.mean)
            self._shift = moments.mean
            self._scale = np.divide(1.0, moments.deviation, out=np.zeros(units), where=varies)
            self.constant = int(units - varies.sum())
        self._held = self._waiting = np.empty((0, units), self._dtype)
        self._start = self._stop = self._first = self._last = 0

    def hold(self, start: int, stop: int) -> None:
        """Begin a showing of the patterns from ``start`` on, of which those before ``stop`` are held."""
        stimuli, held = len(self._inner), stop - start
        if len(self._held) < held:
            self._held = np.empty((held, self._units), self._dtype)
            waiting = min(_waiting(held + held // 3), stimuli - stop)
            self._waiting = np.empty((waiting, self._units), self._dtype)
        self._start, self._stop = start, stop
        self._first = self._last = stop

    def take(self, first: int, patterns: np.ndarray) -> None:
        """Add some patterns.

        Parameters
        ----------
        first : int
            Number of the first of them; they come in order.
        patterns : ndarray (stimulus, unit)
            Responses; they are not changed.
        """
        while len(patterns):
            if first < self._stop:
                count = min(len(patterns), self._stop - first)
                self._prepare(first, patterns[:count], self._held[first - self._start :][:count])
                if first + count == self._stop:
                    self._multiply(self._held[: self._stop - self._start], self._start)
            else:
                count = min(len(patterns), len(self._waiting) - (self._last - self._first))
                self._prepare(first, patterns[:count], self._waiting[self._last - self._first :][:count])
                self._last += count
                if self._last - self._first == len(self._waiting) or self._last == len(self._inner):
                    self._multiply(self._waiting[: self._last - self._first], self._first)
                    self._first = self._last
            first, patterns = first + count, patterns[count:]

    def products(self) -> Products:
        """The products of all patterns, when every pair has been in memory once.

        Returns
        -------
        Products
        """
        return Products(self._inner, self._units - self.constant, self._mean, float(np.finfo(self._dtype).eps))

    def _multiply(self, patterns: np.ndarray, first: int) -> None:
        """Multiply some patterns with those that are held."""
        held = self._held[: self._stop - self._start]
        itself = first == self._start
        sums = np.zeros((len(patterns), len(held)))
        for left in range(0, self._units, _WIDTH):
            ours = patterns[:, left : left + _WIDTH]
            theirs = ours if itself else held[:, left : left + _WIDTH]  # numpy halves the work of a product with itself
            sums += ours @ theirs.T
        self._inner[first : first + len(patterns), self._start : self._stop] = sums
        self._inner[self._start : self._stop, first : first + len(patterns)] = sums.T

    def _prepare(self, first: int, patterns: np.ndarray, into: np.ndarray) -> None:
        """Write patterns as they are multiplied, z-scored and centred."""
        if self._centre == "unit" and self._shift is None:
            self._shift = patterns.mean(axis=0, dtype=np.float64)  # differences of patterns don't change
        into[:] = patterns
        if self._shift is not None:
            into -= self._shift.astype(self._dtype)
        if self._scale is not None:
            into *= self._scale.astype(self._dtype)
        if self._centre == "pattern":
            mean = into.sum(axis=1, dtype=np.float64) / max(self._units - self.constant, 1)
            self._mean[first : first + len(into)] = mean
            into -= mean[:, None].astype(self._dtype)
            if self._scale is not None:
                into[:, self._scale == 0] = 0
