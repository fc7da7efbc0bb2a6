"""Every RDM here comes from one symmetric product of patterns, summed over chunks of units: this is where it is made.

With patterns x (stimulus × unit) the product G = x xᵀ holds all that a dissimilarity needs. numpy recognises
``x @ x.T`` as symmetric and computes half of it. Memory is G and one chunk, however many units there are. Products are
taken in the precision of the responses, after a mean is subtracted, so that little is lost to cancellation; they are
summed in it over a block of units, and in float64 over blocks.

Over folds of repeats, the crossvalidated product needs sums alone: Σ_{k≠l} aₖ aₗᵀ = (Σ aₖ)(Σ aₖ)ᵀ − Σ aₖ aₖᵀ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import xarray as xr

__all__ = ["Prepared", "Products", "blocks", "fold_means", "prepared", "products", "refuse_missing", "widths"]

_CHUNK_BYTES = 2_000 * 4_096 * 4
"""Size of one chunk of patterns; larger gains nothing, because the product is then bound by arithmetic."""


@dataclass(frozen=True)
class Products:
    """Inner products of all patterns with each other.

    Parameters
    ----------
    inner : ndarray (stimulus, stimulus)
        Their sum over units, in float64.
    units : int
        How many units there were.
    mean : ndarray (stimulus)
        Mean of each pattern over units where that was subtracted, else zero.
    eps : float
        Rounding error of the responses' own precision.
    """

    inner: np.ndarray
    units: int
    mean: np.ndarray
    eps: float


@dataclass
class Prepared:
    """Chunks of patterns (fold, stimulus, unit), ready to be multiplied, and what was left out while they were made.

    Parameters
    ----------
    make : callable
        Makes an iterator over chunks; it may return fewer units than it read.
    constant : int
        Units left out because they answered all stimuli alike.
    """

    make: Callable[[Prepared], Iterator[np.ndarray]]
    constant: int = 0

    def __iter__(self) -> Iterator[np.ndarray]:
        return self.make(self)


def prepared(
    responses: xr.DataArray,
    units: np.ndarray,
    *,
    folds: np.ndarray | None,
    zscore: bool,
    noise: bool,
    refuse: bool = True,
) -> Prepared:
    """Patterns in chunks of units: repeats averaged (within folds), units divided by their noise or z-scored.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        May lie on disk: a chunk is read at a time.
    units : ndarray of int
        Positions of the units.
    folds : ndarray of int (repeat), optional
        The fold of each repeat; None averages all repeats.
    zscore : bool
        Subtract from each unit its mean over stimuli, and divide by its standard deviation.
    noise : bool
        Divide each unit by the standard deviation between its repeats.
    refuse : bool
        Refuse patterns that miss a response; else they hold NaN.

    Returns
    -------
    Prepared
        Iterates over ndarrays (fold, stimulus, unit).

    Raises
    ------
    ValueError
        On the way, if a response is missing or not finite, or a unit to be divided by its noise has none.
    """
    repeated = "repeat" in responses.dims
    order = ("stimulus", "unit", "repeat") if repeated else ("stimulus", "unit")
    dtype = np.float32 if responses.dtype == np.float32 else np.float64

    def chunks(state: Prepared) -> Iterator[np.ndarray]:
        for some in widths(responses, units):
            values = responses.variable[{"unit": some}].transpose(*order).values.astype(dtype, copy=False)
            patterns = fold_means(values, folds) if repeated else values[None]
            if refuse:
                refuse_missing(patterns, repeated=repeated)
            if noise:
                patterns = patterns / _noise(values)
            if zscore:
                centre = patterns.mean(axis=(0, 1), dtype=np.float64).astype(dtype)
                scale = patterns.mean(axis=0).std(axis=0, dtype=np.float64).astype(dtype)
                varies = scale > 16 * np.finfo(dtype).eps * np.abs(centre)
                state.constant += int((~varies).sum())
                patterns = (patterns[..., varies] - centre[varies]) / scale[varies]
            if patterns.shape[-1]:
                yield patterns

    return Prepared(chunks)


def products(chunks: Iterable[np.ndarray], *, centre: str | None, differences: bool = False) -> Products:
    """Sum the products of patterns over chunks of units.

    Parameters
    ----------
    chunks : iterable of ndarray (fold, stimulus, unit)
        One fold: products of patterns. Several: mean products between different folds.
    centre : None, "unit" or "pattern"
        Subtract nothing, from each unit its mean over stimuli (differences of patterns don't change),
        or from each pattern its mean over units (one fold only).
    differences : bool
        Differences of patterns alone are wanted: means of units are subtracted only where that makes rounding less.

    Returns
    -------
    Products
        Products, number of units and means.
    """
    inner, total, shift, count, eps = np.zeros(1), np.zeros(1), np.zeros(1), 0, np.finfo(np.float64).eps
    for chunk in blocks(chunks):
        patterns = chunk
        if centre == "unit":
            mean = chunk.mean(axis=1, keepdims=True)
            patterns = chunk if differences and not _far_units(chunk, mean) else chunk - mean
        elif centre == "pattern":
            # Any shift will do, since what is left of the mean comes off below: the first block's is near enough.
            shift = shift if count else _far_means(chunk[0])
            patterns = chunk - shift[:, None].astype(chunk.dtype) if shift.any() else chunk
            total = total + _sum(patterns[0])
        inner = _add_between_folds(inner, patterns)
        count += chunk.shape[2]
        eps = np.finfo(chunk.dtype).eps
    left = total / max(count, 1)
    if centre == "pattern" and count:
        together = np.sqrt(count) * left
        inner -= np.outer(together, together)
    return Products(inner, count, shift + left, float(eps))


def blocks(chunks: Iterable[np.ndarray], width: int = 4096) -> Iterator[np.ndarray]:
    """Chunks cut into fewer units, over which float32 products are summed in float32: wider ones would round more.

    Parameters
    ----------
    chunks : iterable of ndarray (fold, stimulus, unit)
        Patterns.
    width : int
        How many units at most.

    Yields
    ------
    ndarray (fold, stimulus, unit)
        Views of them.
    """
    for chunk in chunks:
        for start in range(0, chunk.shape[2], width):
            yield chunk[..., start : start + width]


def _far_units(patterns: np.ndarray, mean: np.ndarray) -> bool:
    """Whether units, of that mean (fold, 1, unit), lie further from 0 than they vary, judged by some stimuli."""
    some = patterns[:, ::8]
    return bool(2 * some.shape[1] * np.vecdot(mean, mean).sum() > np.vecdot(some, some).sum())


def _far_means(patterns: np.ndarray) -> np.ndarray:
    """Means of patterns that lie further from 0 than they vary, 0 for the others (stimulus).

    Those others, of rectified units above all, lose less with their many zeros as they are: zeros turned into one and
    the same number add up with one and the same rounding.
    """
    mean = _sum(patterns) / patterns.shape[1]
    return np.where(2 * mean**2 > np.vecdot(patterns, patterns) / patterns.shape[1], mean, 0.0)


def _sum(patterns: np.ndarray) -> np.ndarray:
    """Sum of each pattern over units, by a product, which is several times faster than a reduction."""
    return (patterns @ np.ones(patterns.shape[1], patterns.dtype)).astype(np.float64)


def refuse_missing(patterns: np.ndarray, *, repeated: bool) -> None:
    """Say how much is missing and what to do.

    Parameters
    ----------
    patterns : ndarray (fold, stimulus, unit)
        Patterns.
    repeated : bool
        Whether they are means over repeats.

    Raises
    ------
    ValueError
        If a pattern is missing or not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(patterns.sum()):  # one pass, no mask: what is not finite never leaves a sum
            return
    bad = ~np.isfinite(patterns).all(axis=0)
    if not bad.any():
        return
    if len(patterns) > 1:
        remedy = "choose fewer folds, so that each holds a repeat of every stimulus, or leave those units out"
    elif repeated:
        remedy = 'average the repeats and leave those units out: responses.mean("repeat").dropna("unit")'
    else:
        remedy = 'leave those units out: responses.dropna("unit")'
    raise ValueError(
        f"{int(bad.sum())} responses of {int(bad.any(axis=0).sum())} units are missing or not finite; {remedy}"
    )


def _add_between_folds(inner: np.ndarray, patterns: np.ndarray) -> np.ndarray:
    """Add the product of the patterns of one fold, or its mean over ordered pairs of different folds."""
    folds, stimuli, _ = patterns.shape
    inner = inner if inner.ndim == 2 else np.zeros((stimuli, stimuli))
    if folds == 1:
        x = patterns[0] if patterns.itemsize in patterns[0].strides else np.ascontiguousarray(patterns[0])
        inner += x @ x.T
        return inner
    x = np.ascontiguousarray(patterns.swapaxes(0, 1)).reshape(stimuli, -1)  # folds side by side: one product of all
    together = patterns.sum(axis=0)
    between = (together @ together.T).astype(np.float64)
    between -= x @ x.T
    between /= folds * (folds - 1)
    inner += between
    return inner


def fold_means(values: np.ndarray, folds: np.ndarray | None) -> np.ndarray:
    """Means over the repeats of each fold.

    Parameters
    ----------
    values : ndarray (stimulus, unit, repeat)
        NaN marks a missing repeat.
    folds : ndarray of int (repeat), optional
        The fold of each repeat; None averages all repeats.

    Returns
    -------
    ndarray (fold, stimulus, unit)
        NaN where a fold has no repeat.
    """
    if folds is not None and np.array_equal(folds, np.arange(values.shape[-1])):
        return np.ascontiguousarray(values.swapaxes(1, 2)).swapaxes(0, 1)  # the layout in which they are multiplied
    members = [np.ones(values.shape[-1])] if folds is None else [folds == k for k in np.unique(folds)]
    weights = np.array(members, dtype=values.dtype)  # a product with them is several times faster than a sum
    if not np.isnan(values.sum()):
        return np.stack([values @ each / each.sum() for each in weights])
    present = ~np.isnan(values)
    filled = np.where(present, values, 0)
    with np.errstate(invalid="ignore"):
        return np.stack([filled @ each / (present @ each) for each in weights])


def _noise(values: np.ndarray) -> np.ndarray:
    """Standard deviation between repeats, pooled over stimuli (unit)."""
    present = ~np.isnan(values)
    repeats = present.sum(axis=-1, keepdims=True)
    filled = np.where(present, values, 0.0)
    deviation = np.where(present, filled - filled.sum(axis=-1, keepdims=True) / np.maximum(repeats, 1), 0.0)
    freedom = np.maximum(repeats - 1, 0).sum(axis=(0, 2))
    variance = (deviation**2).sum(axis=(0, 2), dtype=np.float64) / np.maximum(freedom, 1)
    if not (variance > 0).all():
        raise ValueError(
            f'noise="diagonal" divides units by their noise, and {int((variance <= 0).sum())} units do not vary '
            "between repeats; leave these units out, or use noise=None"
        )
    return np.sqrt(variance).astype(values.dtype)


def widths(responses: xr.DataArray, units: np.ndarray) -> Iterator[slice | np.ndarray]:
    """Positions of some units at a time, as many as fit a chunk.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        What they are taken from.
    units : ndarray of int
        Positions of all of them.

    Yields
    ------
    slice or ndarray of int
        A slice where they are neighbours, which copies nothing.
    """
    size = responses.size // responses.sizes["unit"] * (4 if responses.dtype == np.float32 else 8)
    width = max(1, _CHUNK_BYTES // size)
    for start in range(0, len(units), width):
        yield _as_slice(units[start : start + width])


def _as_slice(positions: np.ndarray) -> np.ndarray | slice:
    """Neighbouring positions as a slice, which copies nothing."""
    if len(positions) and np.array_equal(positions, np.arange(positions[0], positions[0] + len(positions))):
        return slice(int(positions[0]), int(positions[-1]) + 1)
    return positions
