"""All that a linear model of many units can learn lies in the stimulus × stimulus product: made once for all folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import linalg

from cortexcnn.similarity.rdms.products import prepared, products

__all__ = ["Axes", "Kernel", "axes", "centred", "kernel"]


@dataclass(frozen=True)
class Kernel:
    """Predictors as a linear model sees them.

    Parameters
    ----------
    inner : ndarray (stimulus, stimulus)
        Inner products of patterns, up to a shift that :func:`centred` takes away.
    units : int
        How many units there are.
    patterns : ndarray (stimulus, unit) or None
        The patterns themselves, where units are fewer than stimuli.
    """

    inner: np.ndarray
    units: int
    patterns: np.ndarray | None = None


@dataclass(frozen=True)
class Axes:
    """Training stimuli along the principal axes of their patterns.

    Parameters
    ----------
    vectors : ndarray (train, axis)
        Orthonormal columns.
    values : ndarray (axis)
        Eigenvalues of the training kernel.
    across : ndarray (test, axis)
        The kernel of test and training stimuli, times the vectors.
    """

    vectors: np.ndarray
    values: np.ndarray
    across: np.ndarray


def kernel(responses: xr.DataArray) -> Kernel:
    """Products of the patterns of all stimuli, over chunks of units.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        May lie on disk; repeats are averaged.

    Returns
    -------
    Kernel
        In float64.

    Raises
    ------
    ValueError
        If a response is missing or not finite.
    """
    units = responses.sizes["unit"]
    chunks = prepared(responses, np.arange(units), folds=None, zscore=False, noise=False)
    if units < responses.sizes["stimulus"]:
        patterns = np.concatenate([chunk[0] for chunk in chunks], axis=1, dtype=np.float64)
        patterns -= patterns.mean(axis=0)
        return Kernel(patterns @ patterns.T, units, patterns)
    return Kernel(products(chunks, centre="unit").inner, units)


def centred(inner: np.ndarray, train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kernels (train, train) and (test, train) after each unit's mean over the training stimuli is subtracted.

    Examples
    --------
    >>> x = np.array([[1.0], [3.0], [7.0]])
    >>> centred(x @ x.T, np.array([0, 1]), np.array([2]))[1]
    array([[-5.,  5.]])
    """
    among, across = inner[np.ix_(train, train)], inner[np.ix_(test, train)]
    means = among.mean(axis=0)
    across = across - across.mean(axis=1, keepdims=True) - means + means.mean()
    return among - means - means[:, None] + means.mean(), across


def axes(source: Kernel, train: np.ndarray, test: np.ndarray) -> Axes:
    """Principal axes of the training patterns: by the smaller of units and stimuli.

    Parameters
    ----------
    source : Kernel
        Of all stimuli.
    train, test : ndarray of int
        Positions of stimuli.

    Returns
    -------
    Axes
        From training stimuli alone.
    """
    if source.patterns is None:
        return _decomposed(*centred(source.inner, train, test))
    mean = source.patterns[train].mean(axis=0)
    vectors, lengths, turned = linalg.svd(source.patterns[train] - mean, full_matrices=False, check_finite=False)
    return Axes(vectors, lengths**2, ((source.patterns[test] - mean) @ turned.T) * lengths)


def _decomposed(among: np.ndarray, across: np.ndarray) -> Axes:
    values, vectors = linalg.eigh(among, driver="evd", overwrite_a=True, check_finite=False)
    return Axes(vectors, np.maximum(values, 0), across @ vectors)
