"""The two sides of an alignment: matched by label, made into what a measure takes, and cut into held-out stimuli."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.linalg.lapack import dpstrf

from cortexcnn.arrays import check_responses, match_stimuli
from cortexcnn.similarity.rdms.products import Prepared, prepared, products

__all__ = ["LEAST", "SIDES", "Side", "matched"]

_WAYS = (((0, 1), (2, 3)), ((0, 2), (1, 3)), ((0, 3), (1, 2)))
"""To share four groups of repeats out to two kernels."""

LEAST = 4
"""Stimuli that are compared."""


def matched(responses: xr.DataArray, reference: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Both tables, checked, with the stimuli in one order.

    Parameters
    ----------
    responses, reference : DataArray (stimulus, unit[, repeat])
        Responses to the same stimuli.

    Returns
    -------
    responses, reference : DataArray

    Raises
    ------
    ValueError
        If there is a time axis, the stimuli differ (names them), or they are fewer than 4.
    """
    for table in (responses, reference):
        check_responses(table)
        if "time" in table.dims:
            raise ValueError('responses have a time axis; average over it or select from it first, e.g. .mean("time")')
    if responses.sizes["stimulus"] < LEAST:
        raise ValueError(f"alignment takes {LEAST} stimuli at least; there are {responses.sizes['stimulus']}")
    return match_stimuli(responses, reference, names=("the responses", "the reference"))


@dataclass(frozen=True)
class Side:
    """What a measure takes of each side.

    Parameters
    ----------
    make : callable
        Takes responses and what to call them in an error; returns patterns (stimulus, column), each column less its
        mean, or centred kernels (…, stimulus, stimulus).
    kernel : bool
        Which of the two.
    """

    make: Callable[[xr.DataArray, str], np.ndarray]
    kernel: bool

    def part(self, made: np.ndarray, rows: np.ndarray, where: str) -> np.ndarray:
        """Some stimuli, centred among themselves.

        Parameters
        ----------
        made : ndarray
            What ``make`` returned.
        rows : ndarray of int
            Which stimuli.
        where : str
            What they are called in the error.

        Returns
        -------
        ndarray

        Raises
        ------
        ValueError
            If nothing varies over them.
        """
        some = made[..., rows[:, None], rows] if self.kernel else made[rows]
        for axis in (-1, -2) if self.kernel else (0,):
            some = some - some.mean(axis=axis, keepdims=True)
        _refuse_still(np.abs(some).max() - 1e-12 * np.abs(made).max(), where)
        return some


def _kernels(table: xr.DataArray, where: str) -> np.ndarray:
    """Products of mean patterns, each unit less its mean over stimuli."""
    inner = products(_patterns(table), centre="unit").inner
    _refuse_still(np.trace(inner), where)
    return inner


def _axes(table: xr.DataArray, where: str) -> np.ndarray:
    """Mean patterns turned into no more columns than stimuli: a triangular root of their kernel."""
    inner = _kernels(table, where)
    root, order, rank, _ = dpstrf(inner, lower=1, tol=1e-12 * np.diagonal(inner).max())
    result = np.empty((len(inner), rank))
    result[order - 1] = np.tril(root[:, :rank])
    return result


def _repeats(table: xr.DataArray, where: str) -> np.ndarray:
    """Kernels between four groups of repeats (way, 2, stimulus, stimulus); of the mean patterns if nothing repeats."""
    if "repeat" not in table.dims:
        return np.broadcast_to(_kernels(table, where), (1, 2, table.sizes["stimulus"], table.sizes["stimulus"]))
    if table.sizes["repeat"] < 4:
        raise ValueError(
            f"{where}: crossvalidated cka multiplies four groups of repeats, and there are {table.sizes['repeat']} "
            'repeats; average them by .mean("repeat") to take them for noiseless, or choose method="unbiased cka"'
        )
    inner = np.zeros((3, 2, table.sizes["stimulus"], table.sizes["stimulus"]))
    for chunk in _patterns(table, np.arange(table.sizes["repeat"]) % 4):
        patterns = chunk - chunk.mean(axis=1, keepdims=True)
        for way, pairs in enumerate(_WAYS):
            for kernel, (one, other) in enumerate(pairs):
                inner[way, kernel] += patterns[one] @ patterns[other].T
    _refuse_still(np.abs(inner).max(), where)
    return (inner + np.swapaxes(inner, -1, -2)) / 2


def _units(table: xr.DataArray, where: str) -> np.ndarray:
    """Mean responses of units that vary, less their mean over stimuli."""
    values = np.concatenate([chunk[0] for chunk in _patterns(table)], axis=1, dtype=np.float64)
    values -= values.mean(axis=0)
    length = np.linalg.norm(values, axis=0)
    _refuse_still(length.max(initial=0.0), where)
    kept = length > 1e-12 * length.max()
    if not kept.all():
        warnings.warn(
            f"{int((~kept).sum())} of {len(kept)} units of {where} answer every stimulus alike and are left out",
            UserWarning,
            stacklevel=3,
        )
    return values[:, kept]


def _patterns(table: xr.DataArray, folds: np.ndarray | None = None) -> Prepared:
    return prepared(table, np.arange(table.sizes["unit"]), folds=folds, zscore=False, noise=False)


def _refuse_still(size: float, where: str) -> None:
    if not size > 0:
        raise ValueError(f"no unit of {where} varies over the stimuli, so there is nothing to align")


SIDES: dict[str, Side] = {
    "kernels": Side(_kernels, kernel=True),
    "repeats": Side(_repeats, kernel=True),
    "axes": Side(_axes, kernel=False),
    "units": Side(_units, kernel=False),
}
"""What measures take, by name."""
