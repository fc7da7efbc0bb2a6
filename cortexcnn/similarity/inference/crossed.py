"""Bootstrap draws of crossed factors: stimuli weigh pairs, units products, subjects and seeds similarities.

Only stimuli and units need similarities to be taken anew, and all draws of them at once. A factor that is a dimension
of the RDMs (subjects, seeds) reweights similarities that are there already, so it costs next to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cortexcnn.arrays import groups
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import compare, similarities
from cortexcnn.similarity.comparing.measures import COMPARISONS, Comparison
from cortexcnn.similarity.comparing.pairs import Aligned, Pairs, align, shared_pairs, taken
from cortexcnn.similarity.comparing.weighted import WEIGHTED
from cortexcnn.similarity.inference.factors import dimension, factors
from cortexcnn.similarity.inference.units import RESAMPLED, resampled_rdms
from cortexcnn.similarity.rdms.matrices import rdm

__all__ = ["Crossed", "times"]

_BLOCK = 2**22
"""Weights of pairs that are held at a time: 32 MiB."""


@dataclass(frozen=True)
class Crossed:
    """RDMs, a reference, and how many times each level of each factor is there in each draw.

    Parameters
    ----------
    both : Aligned
        RDMs and reference as they are.
    similarity : DataArray (leading dims of both)
        Without a draw.
    measure : Comparison
        How they are compared.
    method : str
        Its name.
    times : dict of str to ndarray of int (draw, level)
        For each factor.
    patterns : tuple of ndarray (stimulus, unit)
        Responses behind each of the first RDMs, empty where units are not drawn.
    dissimilarity : str
        How they become RDMs.
    """

    both: Aligned
    similarity: xr.DataArray
    measure: Comparison
    method: str
    times: dict[str, np.ndarray]
    patterns: tuple[np.ndarray, ...] = ()
    dissimilarity: str = "correlation"

    @classmethod
    def of(
        cls,
        rdms: xr.DataArray,
        reference: xr.DataArray,
        *,
        over: str | Sequence[str],
        method: str,
        dissimilarity: str,
        by: str | None,
        draws: int,
        rng: int | np.random.Generator | None,
    ) -> Crossed:
        """Check what is to be drawn, and draw it: the arguments of :func:`~cortexcnn.similarity.bootstrap`."""
        names = factors(over)
        measure = chosen(COMPARISONS, method, what="comparison")
        if draws < 1:
            raise ValueError(f"draws={draws}: at least 1 is needed")
        patterns: tuple[np.ndarray, ...] = ()
        if "units" in names:
            rdms, patterns = _of_units(rdms, dissimilarity, by)
        similarity, both = compare(rdms, reference, method=method), align(rdms, reference)
        levels = {name: _levels(name, both, patterns) for name in names}
        source = np.random.default_rng(rng)
        drawn = {
            name: np.concatenate([times(source, count, draws) for count in counts], axis=1)
            for name, counts in levels.items()
        }
        return cls(both, similarity, measure, method, drawn, patterns, dissimilarity)

    @property
    def levels(self) -> xr.DataArray:
        """How many there are of each factor (factor); of units, those of the smallest population."""
        counts = {name: drawn.shape[1] for name, drawn in self.times.items()}
        if self.patterns:
            counts["units"] = min(table.shape[1] for table in self.patterns)
        return xr.DataArray(list(counts.values()), {"factor": list(counts)}, ("factor",), name="levels")

    def anew(self, names: Sequence[str]) -> xr.DataArray:
        """Similarities ([draw,] leading dims of both) in the draws of stimuli and units among some factors."""
        stimuli = self.times["stimuli"] if "stimuli" in names else None
        if "units" not in names:
            if stimuli is None:
                return self.similarity
            return self.label(draw_stimuli(self.both.first, self.both.second, self.method, stimuli))
        result = np.empty((len(self.times["units"]), len(self.both.first), len(self.both.second)))
        start = 0
        for row, patterns in enumerate(self.patterns):
            drawn = self.times["units"][:, start : start + patterns.shape[1]]
            start += patterns.shape[1]
            made = resampled_rdms(patterns, drawn, method=self.dissimilarity)
            if stimuli is None:
                result[:, row] = similarities(made, self.both.second, Pairs.of(self.both.stimuli), self.measure)
                continue
            for draw, each in enumerate(stimuli):
                found = draw_stimuli(made[draw : draw + 1], self.both.second, self.method, each[None])
                result[draw, row] = found[0, 0]
        return self.label(result)

    def label(self, drawn: np.ndarray) -> xr.DataArray:
        """Draws (draw, k, l) with their labels."""
        return self.both.label(drawn, method=self.method)

    def weigh(self, similarity: xr.DataArray, names: Sequence[str]) -> xr.DataArray:
        """Mean over the levels in each draw, for those of some factors that are dimensions of the similarities."""
        for name in names:
            if name in {"stimuli", "units"}:
                continue
            dim, drawn = dimension(name), self.times[name]
            weights = xr.DataArray(drawn / drawn.shape[1], {"draw": np.arange(len(drawn))}, ("draw", dim))
            similarity = xr.dot(weights, similarity, dim=dim).transpose("draw", ...)
        return similarity


def times(source: np.random.Generator, count: int, draws: int) -> np.ndarray:
    """How many times each of ``count`` is drawn, in each draw of as many (draw, count)."""
    return source.multinomial(count, np.full(count, 1 / count), size=draws)


def draw_stimuli(first: np.ndarray, second: np.ndarray, method: str, drawn: np.ndarray) -> np.ndarray:
    """Similarities in draws of stimuli.

    Parameters
    ----------
    first, second : ndarray (k, pair), (l, pair)
        RDMs over all pairs; NaN marks one that is left out.
    method : str
        One of ``COMPARISONS``.
    drawn : ndarray of int (draw, stimulus)
        How many times each stimulus is there.

    Returns
    -------
    ndarray (draw, k, l)
        Similarities, NaN where fewer than 3 different pairs are left.
    """
    measure, everywhere = chosen(COMPARISONS, method, what="comparison"), Pairs.of(drawn.shape[1])
    resampled = WEIGHTED.get(method, measure.draw)
    result = np.empty((len(drawn), len(first), len(second)))
    for rows, columns, shared in shared_pairs(first, second):
        ours, theirs = taken(first, rows, shared), taken(second, columns, shared)
        pairs = everywhere.take(shared)
        step = max(1, _BLOCK // len(shared))
        for start in range(0, len(drawn), step):
            some = drawn[start : start + step]
            found = np.clip(resampled(ours, theirs, pairs, some), *measure.bounds)
            found[_different(pairs, some) < 3] = np.nan
            result[np.ix_(np.arange(start, start + len(some)), rows, columns)] = found
    return result


def _different(pairs: Pairs, drawn: np.ndarray) -> np.ndarray:
    """How many different pairs each draw has (draw)."""
    here = drawn > 0
    if pairs.complete:
        count = here.sum(axis=1)
        return count * (count - 1) // 2
    return (here.T[pairs.row] & here.T[pairs.column]).sum(axis=0)


def _of_units(
    responses: xr.DataArray, dissimilarity: str, by: str | None
) -> tuple[xr.DataArray, tuple[np.ndarray, ...]]:
    """RDMs of responses, and the patterns that make them, their stimuli in the order of the RDMs."""
    if "unit" not in getattr(responses, "dims", ()):
        raise ValueError(
            "units are drawn from responses, and these are RDMs: give responses (stimulus, unit) in their place, "
            "or swap the two if the reference is the one with units"
        )
    chosen(RESAMPLED, dissimilarity, what="dissimilarity that a draw of units reweights")
    made = rdm(responses, method=dissimilarity, by=by)
    mean = responses.mean("repeat", keep_attrs=True) if "repeat" in responses.dims else responses
    tables = [mean] if by is None else [table for _, table in groups(mean, by)]
    return made, tuple(table.transpose("stimulus", "unit").values for table in tables)


def _levels(name: str, both: Aligned, patterns: tuple[np.ndarray, ...]) -> list[int]:
    """How many there are to draw of a factor, in each population of it; refuse what can't be drawn."""
    if name == "stimuli":
        return [both.stimuli]
    if name == "units":
        return [table.shape[1] for table in patterns]
    dim, there = dimension(name), dict(zip(both.dims, both.shape, strict=True))
    if dim not in there:
        raise ValueError(
            f"{name} are drawn along the dimension {dim}; the dimensions here are {', '.join(both.dims) or 'none'}: "
            'draw over="stimuli", or name the dimension that holds them'
        )
    if f"{dim}2" in there:
        raise ValueError(
            f"the rdms and the reference both have {name}, so it is not clear whom to draw: "
            f'average one by .mean("{dim}")'
        )
    if there[dim] < 2:
        raise ValueError(f'one can draw from 2 {name} or more; there is {there[dim]}: draw over="stimuli"')
    return [there[dim]]
