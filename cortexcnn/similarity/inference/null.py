"""What would RDMs that have nothing to do with each other score? The reference's stimuli, in random order.

Dissimilarities of one RDM are not independent of each other, but the labels of its stimuli can be exchanged: if two
RDMs share nothing, no order of the stimuli is better than another [1]_.

References
----------
.. [1] Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci. 2, 4; Mantel (1967), Cancer Res. 27, 209-220.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import similarities
from cortexcnn.similarity.comparing.measures import COMPARISONS
from cortexcnn.similarity.comparing.pairs import Pairs, align
from cortexcnn.similarity.comparing.ranks import rank

__all__ = ["permutation_null"]

_PRODUCTS = {"pearson": lambda values: values, "spearman": rank}
"""Comparisons that are a correlation of what does not change with the order of the stimuli."""


def permutation_null(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "spearman",
    permutations: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Similarities of RDMs to a reference whose stimuli are in random order.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        As for :func:`~cortexcnn.similarity.compare`. All RDMs of the reference get the same order, so that subjects
        stay alike. A pair that the reference leaves out is left out wherever its stimuli go.
    method : str
        One of ``COMPARISONS``.
    permutations : int
        How many orders.
    rng : int, Generator or None
        Seed or source of the orders.

    Returns
    -------
    DataArray (permutation, leading dims of the rdms, leading dims of the reference)
        Similarities by chance. The one-sided p of a similarity s is (1 + how many are at least s) / (1 + how many
        there are).

    Raises
    ------
    ValueError
        As :func:`~cortexcnn.similarity.compare`; if there is no permutation.

    Notes
    -----
    Where the reference leaves pairs out, ranks of the rdms are taken over all of their pairs, not anew for the pairs of
    each order.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(12, 3))
    >>> values = np.linalg.norm(points[:, None] - points[None], axis=-1)
    >>> rdm = xr.DataArray(values, {"stimulus": range(12), "stimulus2": range(12)}, ("stimulus", "stimulus2"))
    >>> null = permutation_null(rdm, rdm, permutations=199, rng=0)
    >>> bool(abs(null.mean()) < 0.05), bool(null.max() < 1)
    (True, True)
    """
    measure = chosen(COMPARISONS, method, what="comparison")
    both = align(rdms, reference)
    if permutations < 1:
        raise ValueError(f"permutations={permutations}: one order of the stimuli or more is wanted")
    pairs, source = Pairs.of(both.stimuli), np.random.default_rng(rng)
    orders = np.stack([source.permutation(both.stimuli) for _ in range(permutations)])
    if method in _PRODUCTS and not np.isnan(both.first).any():
        found = _by_products(both.first, both.second, pairs, orders, _PRODUCTS[method])
    else:
        moved = (both.second[:, _places(pairs, order)] for order in orders)
        found = np.stack([similarities(both.first, each, pairs, measure) for each in moved])
    return both.label(np.clip(found, *measure.bounds), method=method).rename(draw="permutation")


def _by_products(
    first: np.ndarray,
    second: np.ndarray,
    pairs: Pairs,
    orders: np.ndarray,
    transform: Callable[[np.ndarray], np.ndarray],
) -> np.ndarray:
    """Correlations (permutation, k, l) as products: the reference is transformed once, and only moved."""
    ours = transform(first)
    ours = ours - ours.mean(axis=1, keepdims=True)
    present = ~np.isnan(second)
    theirs = np.zeros_like(second)
    for row, value, here in zip(theirs, second, present, strict=True):
        kept = transform(value[None, here])[0]
        row[here] = kept - kept.mean()
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    masks, which = np.unique(present, axis=0, return_inverse=True)
    masks, which, count = masks.astype(np.float64), which.ravel(), present.sum(axis=1)
    square, result = ours**2, np.empty((len(orders), len(ours), len(theirs)))
    for number, order in enumerate(orders):
        places = _places(pairs, order)
        moved = masks[:, places]
        mean = (ours @ moved.T)[:, which] / count
        spread = (square @ moved.T)[:, which] - count * mean**2
        result[number] = ours @ theirs[:, places].T / np.sqrt(spread)
    return result


def _places(pairs: Pairs, order: np.ndarray) -> np.ndarray:
    """Where the pair that comes to each place was before the stimuli were put in an order."""
    number = np.empty((pairs.stimuli, pairs.stimuli), np.intp)
    number[pairs.row, pairs.column] = number[pairs.column, pairs.row] = np.arange(len(pairs.row))
    return number[order[pairs.row], order[pairs.column]]
