"""Patterns of spike counts: how differently Poisson populations fire, by the symmetrised Kullback-Leibler divergence.

For rates λᵢ and λⱼ that is Σ (λᵢ − λⱼ)(log λᵢ − log λⱼ) over units: products of rates with their logarithms. Rates come
from counts under a gamma prior, so that no logarithm is taken of 0.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cortexcnn.similarity.rdms.products import Products, blocks

__all__ = ["PRIOR_MEAN", "PRIOR_WEIGHT", "log_products"]

PRIOR_MEAN, PRIOR_WEIGHT = 1.0, 0.1
"""Of the rates: the mean, and how many observations it is worth."""


def log_products(chunks: Iterable[np.ndarray]) -> Products:
    """Sum the products of rates and logarithms of rates over chunks of units.

    Parameters
    ----------
    chunks : iterable of ndarray (fold, stimulus, unit)
        Counts or rates, not negative. Several folds: rates are those of all other folds than the logarithms.

    Returns
    -------
    Products
        ``inner`` (stimulus, stimulus): rates of the first, logarithms of the second but for a constant.

    Raises
    ------
    ValueError
        If a response is negative.
    """
    inner, count = np.zeros(()), 0
    for chunk in blocks(chunks, 1024):  # narrow enough for the processor's cache
        if chunk.min() < 0:
            raise ValueError(
                f"{int((chunk < 0).any(axis=(0, 1)).sum())} units have negative responses, which are no spike counts: "
                'give counts, or choose method="crossnobis"'
            )
        # The rates are these over 1 + PRIOR_WEIGHT, a factor that comes off below and that no difference of logs has.
        rates = np.add(chunk, PRIOR_MEAN * PRIOR_WEIGHT, dtype=np.float64)
        logs = np.log(rates)
        if len(rates) == 1:
            inner = inner + rates[0] @ logs[0].T
        else:
            between = rates.sum(axis=0) @ logs.sum(axis=0).T - sum(a @ b.T for a, b in zip(rates, logs, strict=True))
            inner = inner + between / (len(rates) * (len(rates) - 1))
        count += chunk.shape[2]
    inner /= 1 + PRIOR_WEIGHT
    return Products(inner, count, np.zeros(len(inner)), float(np.finfo(np.float64).eps))
