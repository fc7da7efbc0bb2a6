"""Products of patterns that come a batch at a time and are never all in memory: the square of pairs, tile by tile.

Some patterns are held. Every pattern that comes is multiplied with those, and let go. What is still missing, pairs of
patterns of which neither was held, takes another showing of the rest: with memory for b of n patterns there are
n / b showings, each of fewer patterns than the last, n (n / b + 1) / 2 patterns in all.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cortexcnn.similarity.products import Products

__all__ = ["Moments", "Tiles", "showings"]

_WIDTH = 2**14
"""Units whose products are summed in the precision of the patterns before they go into a sum in float64."""


def showings(stimuli: int, units: int, *, memory: int, itemsize: int = 4) -> Iterator[tuple[int, int]]:
    """Which patterns are held in each showing.

    Parameters
    ----------
    stimuli, units : int
        How many patterns there are, and how long they are.
    memory : int
        Bytes for the patterns that are held.
    itemsize : int
        Bytes of one response.

    Yields
    ------
    start, stop : int
        Patterns from ``start`` on are shown, those before ``stop`` are held.

    Raises
    ------
    MemoryError
        If not even one pattern fits.

    Examples
    --------
    >>> list(showings(1000, 500_000, memory=2**30))
    [(0, 500), (500, 1000)]
    """
    held = min(stimuli, memory // (units * itemsize))
    if held < 1:
        raise MemoryError(
            f"memory={memory} bytes hold no response pattern of {units} units ({units * itemsize} bytes): allow more, "
            "or take fewer layers at a time"
        )
    rounds = -(-stimuli // held)
    held = -(-stimuli // rounds)  # as many showings with tiles of one size
    for start in range(0, stimuli, held):
        yield start, min(start + held, stimuli)


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
        What is subtracted, as in :func:`~cortexcnn.similarity.products.products`.
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
        self._held, self._start, self._stop = np.empty((0, units), self._dtype), 0, 0

    def hold(self, start: int, stop: int) -> None:
        """Make room for the patterns of the next showing that are to be held; the last ones are let go."""
        if len(self._held) < stop - start:
            self._held = np.empty((stop - start, self._units), self._dtype)
        self._start, self._stop = start, stop

    def take(self, first: int, patterns: np.ndarray) -> None:
        """Multiply some patterns with those that are held, and hold them if there is room for them.

        Parameters
        ----------
        first : int
            Number of the first of them; they come in order.
        patterns : ndarray (stimulus, unit)
            Responses; they are not changed.
        """
        if first < self._stop < first + len(patterns):
            border = self._stop - first
            self.take(first, patterns[:border])
            self.take(self._stop, patterns[border:])
            return
        ours = self._prepared(first, patterns)
        last = first + len(patterns)
        if last <= self._stop:
            self._held[first - self._start : last - self._start] = ours
        held = self._held[: min(last, self._stop) - self._start]
        sums = np.zeros((len(ours), len(held)))
        for left in range(0, self._units, _WIDTH):
            part = slice(left, left + _WIDTH)
            sums += ours[:, part] @ held[:, part].T
        self._inner[first:last, self._start : self._start + len(held)] = sums
        self._inner[self._start : self._start + len(held), first:last] = sums.T

    def products(self) -> Products:
        """The products of all patterns, when every pair has been in memory once.

        Returns
        -------
        Products
        """
        return Products(self._inner, self._units - self.constant, self._mean, float(np.finfo(self._dtype).eps))

    def _prepared(self, first: int, patterns: np.ndarray) -> np.ndarray:
        """Patterns as they are multiplied, z-scored and centred."""
        if self._centre == "unit" and self._shift is None:
            self._shift = patterns.mean(axis=0, dtype=np.float64)  # differences of patterns don't change
        ours = patterns.astype(self._dtype)
        if self._shift is not None:
            ours -= self._shift.astype(self._dtype)
        if self._scale is not None:
            ours *= self._scale.astype(self._dtype)
        if self._centre == "pattern":
            units = self._units - self.constant
            mean = ours.sum(axis=1, dtype=np.float64) / max(units, 1)
            self._mean[first : first + len(ours)] = mean
            ours -= mean[:, None].astype(self._dtype)
            if self._scale is not None:
                ours[:, self._scale == 0] = 0
        return ours
