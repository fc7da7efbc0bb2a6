"""Multidimensional scaling of bare vectors of pairs: points whose distances are as near as can be to dissimilarities.

Stress is lowered by majorisation (SMACOF [1]_): it never rises from one step to the next. Pairs that are left out have
no weight. Non-metric scaling fits the order of the dissimilarities alone: in each step these give way to the nearest
numbers that rise with them; of equal dissimilarities each has a number of its own (Kruskal's primary approach [2]_).

References
----------
.. [1] De Leeuw (1977), in Recent Developments in Statistics, 133-145; Borg & Groenen (2005), Modern Multidimensional
   Scaling, chapter 8.
.. [2] Kruskal (1964), Psychometrika 29, 1-27.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import isotonic_regression

__all__ = ["best_turn", "distances", "initial", "monotone", "scale", "stress"]


def scale(
    target: np.ndarray,
    row: np.ndarray,
    column: np.ndarray,
    starts: np.ndarray,
    *,
    metric: bool = True,
    steps: int = 1000,
    tolerance: float = 1e-8,
) -> tuple[np.ndarray, float]:
    """Move points until their distances fit dissimilarities, from several starts at once.

    Parameters
    ----------
    target : ndarray (pair)
        Dissimilarities, not NaN; not negative if metric.
    row, column : ndarray of int (pair)
        The two points of each pair. Together the pairs join all points.
    starts : ndarray (start, point, dimension)
        Where the points are at first.
    metric : bool
        Whether to fit the values, or their order alone.
    steps : int
        At most so many.
    tolerance : float
        Stop when no start's stress falls by more than this.

    Returns
    -------
    points : ndarray (point, dimension)
        Those of the start that ended with the least stress, centred.
    stress : float
        Kruskal's stress-1.
    """
    count = starts.shape[1]
    solve = _inverse(count, row, column)
    points = starts - starts.mean(axis=1, keepdims=True)
    order = np.argsort(target, kind="stable")
    tied = bool((np.diff(target[order]) == 0).any())
    wanted, last = np.broadcast_to(target, (len(points), len(target))), np.full(len(points), np.inf)
    for _ in range(steps):
        apart = distances(points, row, column)
        if not metric:
            wanted = np.stack([monotone(target, one, None if tied else order) for one in apart])
        now = stress(wanted, apart)
        if (last - now <= tolerance).all():
            break
        last = now
        points = solve(_pulled(points, wanted, apart, row, column))
    best = int(np.argmin(now))
    return points[best], float(now[best])


def distances(points: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """Euclidean distances of pairs of points.

    Parameters
    ----------
    points : ndarray (…, point, dimension)
        Points.
    row, column : ndarray of int (pair)
        Which pairs.

    Returns
    -------
    ndarray (…, pair)
    """
    return np.sqrt(((points[..., row, :] - points[..., column, :]) ** 2).sum(axis=-1))


def stress(wanted: np.ndarray, apart: np.ndarray) -> np.ndarray:
    """Kruskal's stress-1 of distances at their best size: the sine of the angle between them and what is wanted.

    Parameters
    ----------
    wanted, apart : ndarray (…, pair)
        Dissimilarities (or what stands for their order), and distances.

    Returns
    -------
    ndarray (…)
        0 for a perfect fit.
    """
    size = (wanted**2).sum(axis=-1) * (apart**2).sum(axis=-1)
    cosine2 = (wanted * apart).sum(axis=-1) ** 2 / np.where(size > 0, size, np.inf)
    return np.sqrt(np.clip(1 - cosine2, 0, 1))


def monotone(target: np.ndarray, apart: np.ndarray, order: np.ndarray | None = None) -> np.ndarray:
    """The numbers nearest to distances that never fall where dissimilarities rise, with a mean square of 1.

    Parameters
    ----------
    target, apart : ndarray (pair)
        Dissimilarities and distances.
    order : ndarray of int (pair), optional
        What sorts the dissimilarities, if no two are equal; equal ones are sorted by their distances.

    Returns
    -------
    ndarray (pair)
    """
    order = np.lexsort((apart, target)) if order is None else order
    result = np.empty_like(apart)
    result[order] = isotonic_regression(apart[order]).x
    return result / np.sqrt(max(float((result**2).mean()), 1e-300))


def initial(
    target: np.ndarray, row: np.ndarray, column: np.ndarray, shape: tuple[int, int, int], random: np.random.Generator
) -> np.ndarray:
    """Where to start: classical scaling (Torgerson 1952) first, with left-out pairs at the mean, and then anywhere.

    Parameters
    ----------
    target : ndarray (pair)
        Dissimilarities.
    row, column : ndarray of int (pair)
        The two points of each pair.
    shape : (int, int, int)
        Starts, points, dimensions; there are at least as many points as dimensions.
    random : Generator
        Of the others.

    Returns
    -------
    ndarray (start, point, dimension)
    """
    _, count, dimensions = shape
    matrix = np.full((count, count), target.mean())
    matrix[row, column] = matrix[column, row] = target
    np.fill_diagonal(matrix, 0)
    square = matrix**2
    inner = -0.5 * (square - square.mean(axis=0) - square.mean(axis=1)[:, None] + square.mean())
    lengths, axes = np.linalg.eigh(inner)
    starts = random.normal(scale=target.mean() / np.sqrt(2 * dimensions), size=shape)
    starts[0] = (axes * np.sqrt(np.maximum(lengths, 0)))[:, ::-1][:, :dimensions]
    return starts


def best_turn(points: np.ndarray, onto: np.ndarray) -> np.ndarray:
    """Turn (and mirror) centred points so that they lie as near as they can to others; their size stays.

    Parameters
    ----------
    points, onto : ndarray (point, dimension)
        Two sets of the same points.

    Returns
    -------
    ndarray (point, dimension)
    """
    left, _, right = np.linalg.svd(points.T @ onto)
    return points @ left @ right


def _pulled(
    points: np.ndarray, wanted: np.ndarray, apart: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    """Each point pulled by the others along the lines that join them: B(X) X of the Guttman transform."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pull = np.where(apart > 0, wanted / apart, 0.0)
    between = np.zeros((len(points), points.shape[1], points.shape[1]))
    between[:, row, column] = pull
    between[:, column, row] = pull
    return between.sum(axis=-1)[..., None] * points - between @ points


def _inverse(count: int, row: np.ndarray, column: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Multiplication by the pseudo-inverse of the Laplacian of the pairs: a division, where all are there."""
    if len(row) == count * (count - 1) // 2:
        return lambda pulled: pulled / count
    laplacian = np.zeros((count, count))
    laplacian[row, column] = laplacian[column, row] = -1
    np.fill_diagonal(laplacian, -laplacian.sum(axis=1))
    inverse = np.linalg.pinv(laplacian, hermitian=True)
    return lambda pulled: inverse @ pulled
