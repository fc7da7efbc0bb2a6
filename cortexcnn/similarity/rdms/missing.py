"""Dissimilarities of patterns that miss different units: each pair over the units that both have.

With masks m (stimulus × unit, 1 where there is a response) and responses x that are 0 elsewhere, every sum over the
shared units of a pair is a product of such matrices: m mᵀ their number, x mᵀ a sum, x² mᵀ a sum of squares, x xᵀ an
inner product.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

__all__ = ["shared_angles", "shared_differences"]


def shared_angles(chunks: Iterable[np.ndarray], *, centred: bool) -> np.ndarray:
    """One minus the cosine of the angle between patterns, or one minus their correlation.

    Parameters
    ----------
    chunks : iterable of ndarray (1, stimulus, unit)
        NaN marks what is missing.
    centred : bool
        Subtract the mean over the shared units first.

    Returns
    -------
    ndarray (stimulus, stimulus)
        NaN where a pair shares no units, or fewer than 2 if centred, or one has no direction over them.
    """
    sums, shift = [np.zeros(())] * 4, None
    for chunk in chunks:
        mask, values = _filled(chunk[0])
        if centred:  # any shift of a pattern will do; the first chunk's mean is near enough to lose nothing below
            shift = values.sum(axis=1) / np.maximum(mask.sum(axis=1), 1) if shift is None else shift
            values -= mask * shift[:, None]
        found = mask @ mask.T, values @ mask.T, (values**2) @ mask.T, values @ values.T
        sums = [one + other for one, other in zip(sums, found, strict=True)]
    count, total, square, inner = sums
    if centred:
        with np.errstate(invalid="ignore", divide="ignore"):
            inner = inner - total * total.T / count
            square = square - total**2 / count
        square = np.where(square > 1e-12 * np.maximum(np.diagonal(square)[:, None], 1e-300), square, 0.0)
    length = np.sqrt(square * square.T)
    result = 1 - inner / np.where((length > 0) & (count > centred), length, np.nan)
    np.fill_diagonal(result, 0)
    return np.clip(result, 0, 2)


def shared_differences(chunks: Iterable[np.ndarray]) -> np.ndarray:
    """Mean squared difference of patterns a shared unit; over folds, the mean product of differences between folds.

    Parameters
    ----------
    chunks : iterable of ndarray (fold, stimulus, unit)
        NaN marks what is missing. Of several folds, a unit counts for a pair of stimuli once for each two folds that
        have both.

    Returns
    -------
    ndarray (stimulus, stimulus)
        NaN where a pair shares nothing.
    """
    count, total = np.zeros(()), np.zeros(())
    for chunk in chunks:
        folds = [_filled(fold) for fold in chunk]
        for k, (mask, values) in enumerate(folds):
            for other_mask, other in folds[k + 1 :] or folds[:1] * (len(folds) == 1):
                both = mask * other_mask
                ours, theirs = values * both, other * both
                product, crossed = (ours * theirs) @ both.T, ours @ theirs.T
                total = total + product + product.T - crossed - crossed.T
                count = count + both @ both.T
    with np.errstate(invalid="ignore", divide="ignore"):
        result = total / count
    np.fill_diagonal(result, 0)
    return result


def _filled(pattern: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mask, and responses with 0 where they are missing, in float64."""
    present = ~np.isnan(pattern)
    return present.astype(np.float64), np.where(present, pattern, 0.0).astype(np.float64)
