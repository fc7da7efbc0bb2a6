"""RDMs on another scale: what is taken from dissimilarities before they are compared, averaged or fitted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from cortexcnn.arrays import check_rdm
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import vectors

__all__ = ["TRANSFORMS", "geo_topological", "transform"]


def transform(rdms: xr.DataArray, *, method: str) -> xr.DataArray:
    """Transform the dissimilarities of each RDM.

    Parameters
    ----------
    rdms : DataArray (…, stimulus, stimulus2)
        NaN marks a pair that is left out, and stays.
    method : str
        One of ``TRANSFORMS``: "rank" (ties get their mean rank), "square root", "positive part" (negative
        values become 0), or "geo-topological" (:func:`geo_topological` between the 10th and 90th percentile).

    Returns
    -------
    DataArray (…, stimulus, stimulus2)
        In float64, its diagonal zero.

    Raises
    ------
    ValueError
        If a square root is asked of a negative dissimilarity, or the quantiles of an RDM are equal.

    Examples
    --------
    >>> labels = {"stimulus": ["a", "b", "c"], "stimulus2": ["a", "b", "c"]}
    >>> one = xr.DataArray([[0.0, -1.0, 2.0], [-1.0, 0.0, 4.0], [2.0, 4.0, 0.0]], labels, ("stimulus", "stimulus2"))
    >>> transform(one, method="positive part").values[0]
    array([0., 0., 2.])
    """
    change = chosen(TRANSFORMS, method, what="transform")
    check_rdm(rdms)
    result = rdms.transpose(..., "stimulus", "stimulus2").astype(np.float64)
    changed = change(vectors(rdms))
    count = rdms.sizes["stimulus"]
    row, column = np.triu_indices(count, 1)
    values = np.zeros((len(changed), count, count))
    values[:, row, column] = values[:, column, row] = changed
    return result.copy(data=values.reshape(result.shape)).transpose(*rdms.dims).assign_attrs(transform=method)


def geo_topological(values: np.ndarray, *, low: float = 0.1, high: float = 0.9) -> np.ndarray:
    """Dissimilarities from 0 at one quantile to 1 at another, and no further [1]_.

    Noise hides small differences among near patterns, and large ones say little of neighbourhood.

    Parameters
    ----------
    values : ndarray (rdm, pair)
        Dissimilarities; NaN stays.
    low, high : float
        Quantiles of each RDM, 0 ≤ low < high ≤ 1.

    Returns
    -------
    ndarray (rdm, pair)
        From 0 to 1.

    Raises
    ------
    ValueError
        If the quantiles are out of order, or an RDM is the same at both.

    References
    ----------
    .. [1] Lin & Kriegeskorte (2024), PNAS 121, e2317881121.

    Examples
    --------
    >>> geo_topological(np.array([[1.0, 2.0, 3.0]]), low=0.0, high=0.5)
    array([[0., 1., 1.]])
    """
    if not 0 <= low < high <= 1:
        raise ValueError(f"low={low} and high={high} are quantiles, from 0 to 1, and low is below high")
    bottom, top = np.nanquantile(values, [low, high], axis=1, keepdims=True)
    if not (bottom < top).all():
        raise ValueError(
            f"RDM number {np.flatnonzero(~(bottom < top))[0]} is {bottom[~(bottom < top)][0]:g} at both quantiles, "
            f"{low:g} and {high:g}: choose them further apart, or leave it out"
        )
    return np.clip((values - bottom) / (top - bottom), 0, 1)


def _square_root(values: np.ndarray) -> np.ndarray:
    negative = int((values < 0).sum())
    if negative:
        raise ValueError(
            f"{negative} of {values.size} dissimilarities are negative, as crossvalidated ones can be, and have no "
            'square root: take the "positive part" first, which biases them upwards, or compare them as they are'
        )
    return np.sqrt(values)


TRANSFORMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rank": lambda values: stats.rankdata(values, axis=1, nan_policy="omit"),
    "square root": _square_root,
    "positive part": lambda values: np.maximum(values, 0.0),
    "geo-topological": geo_topological,
}
"""Transforms of RDMs (rdm, pair) by name; another one is one more entry."""
