"""How differently a population answers to two stimuli, from products of its patterns: every measure by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from cortexcnn.similarity.rdms.counts import log_products
from cortexcnn.similarity.rdms.missing import shared_angles, shared_differences
from cortexcnn.similarity.rdms.products import Products

__all__ = ["DISSIMILARITIES", "Dissimilarity", "finished", "named"]


@dataclass(frozen=True)
class Dissimilarity:
    """A way to turn products of patterns into dissimilarities.

    Parameters
    ----------
    centre : None, "unit" or "pattern"
        What is subtracted before the products are taken, as in :func:`cortexcnn.similarity.rdms.products.products`.
    finish : callable
        Takes :class:`~cortexcnn.similarity.rdms.products.Products`, returns the dissimilarities (stimulus, stimulus).
    crossvalidated : bool
        Multiply only patterns of different folds of repeats.
    lengths : bool
        It is a length or its square, which grows with the number of units unless it is divided by it.
    square : bool
        It is a squared length.
    noise : str, optional
        The noise covariance that it is measured by unless another is named.
    sums : callable, optional
        Takes chunks of patterns (fold, stimulus, unit), returns Products; in place of the products of patterns.
    shared : callable, optional
        Takes such chunks with NaN, returns dissimilarities over the units that both patterns of a pair have.
    """

    centre: str | None
    finish: Callable[[Products], np.ndarray]
    crossvalidated: bool = False
    lengths: bool = False
    square: bool = False
    noise: str | None = None
    sums: Callable[[Iterable[np.ndarray]], Products] | None = None
    shared: Callable[[Iterable[np.ndarray]], np.ndarray] | None = None

    @property
    def directed(self) -> bool:
        """Whether it is an angle, which patterns without a direction don't have."""
        return not self.lengths and self.sums is None


def finished(inner: Products, measure: Dissimilarity, method: str, stimuli: np.ndarray, where: str = "") -> np.ndarray:
    """Dissimilarities from products, refused where they are not defined.

    Parameters
    ----------
    inner : Products
        Of all patterns.
    measure : Dissimilarity
        What to make of them.
    method : str
        Its name.
    stimuli : ndarray (stimulus)
        Their labels.
    where : str
        Which population, for the error.

    Returns
    -------
    ndarray (stimulus, stimulus)

    Raises
    ------
    ValueError
        If there is one unit under "correlation", or a pattern has no direction: names the stimuli.
    """
    if measure.centre == "pattern" and inner.units < 2:
        raise ValueError(
            f'{method} across units needs at least 2 of them; there is {inner.units}{where}: choose method="euclidean"'
        )
    _check_directions(inner, measure, stimuli, method, where)
    return measure.finish(inner)


def _angles(inner: Products) -> np.ndarray:
    """One minus the cosine of the angle between patterns."""
    length = np.sqrt(np.diagonal(inner.inner))
    matrix = np.multiply.outer(length, length)
    np.divide(inner.inner, matrix, out=matrix)
    np.subtract(1, matrix, out=matrix)
    np.clip(matrix, 0, 2, out=matrix)
    np.fill_diagonal(matrix, 0)
    return matrix


def _differences(inner: Products) -> np.ndarray:
    """Squared length of the difference of patterns, a unit; below zero only where crossvalidated."""
    square = np.diagonal(inner.inner)
    matrix = np.add.outer(square, square)
    matrix -= inner.inner
    matrix -= inner.inner
    matrix /= inner.units
    return matrix


def _divergences(inner: Products) -> np.ndarray:
    """Σ (λᵢ − λⱼ)(log λᵢ − log λⱼ), a unit."""
    itself = np.diagonal(inner.inner)
    matrix = np.add.outer(itself, itself)
    matrix -= inner.inner + inner.inner.T
    matrix /= inner.units
    np.fill_diagonal(matrix, 0)
    return matrix


def _squares(inner: Products) -> np.ndarray:
    """Squared lengths, not below zero."""
    matrix = _differences(inner)
    return np.maximum(matrix, 0, out=matrix)


def _lengths(inner: Products) -> np.ndarray:
    """Lengths of the differences."""
    matrix = _squares(inner)
    return np.sqrt(matrix, out=matrix)


_SQUARE: dict[str, Any] = {"lengths": True, "square": True}

DISSIMILARITIES: dict[str, Dissimilarity] = {
    "correlation": Dissimilarity("pattern", _angles, shared=partial(shared_angles, centred=True)),
    "cosine": Dissimilarity(None, _angles, shared=partial(shared_angles, centred=False)),
    "euclidean": Dissimilarity(
        "unit", _lengths, lengths=True, shared=lambda chunks: np.sqrt(shared_differences(chunks))
    ),
    "squared euclidean": Dissimilarity("unit", _squares, shared=shared_differences, **_SQUARE),
    "mahalanobis": Dissimilarity("unit", _squares, noise="ledoit-wolf", **_SQUARE),
    "crossnobis": Dissimilarity("unit", _differences, crossvalidated=True, shared=shared_differences, **_SQUARE),
    "poisson": Dissimilarity(None, _divergences, sums=log_products),
    "crossvalidated poisson": Dissimilarity(None, _divergences, crossvalidated=True, sums=log_products),
}
"""Dissimilarities by name; another one is one more entry."""


def _check_directions(inner: Products, measure: Dissimilarity, stimuli: np.ndarray, method: str, where: str) -> None:
    """Refuse patterns without a direction, for measures of angles."""
    if not measure.directed:
        return
    least = inner.units * (16 * inner.eps * inner.mean) ** 2 if measure.centre == "pattern" else 0.0
    flat = np.diagonal(inner.inner) <= least
    if flat.any():
        what = "answered alike by all units" if measure.centre == "pattern" else "answered by no unit"
        raise ValueError(
            f"{int(flat.sum())} stimuli are {what}{where}, so their {method} is not defined: {named(stimuli[flat])}; "
            'leave them out by .drop_sel(stimulus=…), or choose method="euclidean"'
        )


def named(labels: np.ndarray, most: int = 5) -> str:
    """The first labels, for an error."""
    return ", ".join(str(label) for label in labels[:most]) + (", …" if len(labels) > most else "")
