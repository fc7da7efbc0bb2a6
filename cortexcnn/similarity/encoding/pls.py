"""Partial least squares in stimulus space: the components of many neurons without touching the units [1]_.

The weights of a component are the first singular vector of Xᵀ Y. In stimulus space that is the first eigenvector c of
Yᵀ K Y, a matrix of neurons × neurons, and the component's scores are K Y c. Scores are orthogonal, so taking a
component out of X and Y needs one product of K with one vector. Iterating for c, as NIPALS does, stops at a tolerance,
and what is left over grows from component to component; the eigenvector is exact.

References
----------
.. [1] Rosipal & Trejo (2001), J. Mach. Learn. Res. 2, 97-123; de Jong & ter Braak (1994), J. Chemometrics 8, 169-174.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

__all__ = ["pls"]


def pls(among: np.ndarray, across: np.ndarray, wanted: np.ndarray, *, components: int) -> np.ndarray:
    """Predictions of partial least squares regression, responses not scaled.

    Parameters
    ----------
    among, across : ndarray (train, train), (test, train)
        Kernels, centred on the training stimuli.
    wanted : ndarray (train, neuron)
        Responses of the neurons to the training stimuli, less their means.
    components : int
        How many; fewer where responses are used up before.

    Returns
    -------
    ndarray (test, neuron)
        Predictions, less the means.

    Examples
    --------
    >>> x = np.array([-1.0, 0.0, 1.0])[:, None]
    >>> pls(x @ x.T, np.array([[2.0]]) @ x.T, 3 * x, components=1)
    array([[6.]])
    """
    # Components see responses only through their products: no more columns are needed than there are stimuli.
    left = linalg.qr(wanted.T, mode="r")[0][: len(wanted)].T if wanted.shape[1] > len(wanted) else wanted.copy()
    product = among @ left
    first = np.einsum("ij,ij->", left, product)
    sources, scores = np.empty((2, components, len(wanted)))
    used = 0
    while used < components:
        inner = left.T @ product
        if np.trace(inner) <= 1e-13 * first:
            break
        size = len(inner)
        direction = linalg.eigh(inner, subset_by_index=(size - 1, size - 1), check_finite=False)[1][:, 0]
        before = scores[:used]
        score = product @ direction
        score -= before.T @ (before @ score)
        score /= np.linalg.norm(score)
        sources[used], scores[used] = left @ direction, score
        onward = among @ score
        onward -= before.T @ (before @ onward)
        weights = score @ left
        product -= np.outer(onward, weights)
        product -= np.outer(score, score @ product)
        left -= np.outer(score, weights)
        used += 1
    sources, scores = sources[:used], scores[:used]
    rotation = np.linalg.solve(scores @ among @ sources.T, scores @ wanted)
    return across @ sources.T @ rotation
