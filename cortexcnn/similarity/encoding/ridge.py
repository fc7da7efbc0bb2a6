r"""Ridge regression of many neurons at once: all penalties from one decomposition, and the best for each neuron.

With axes U and eigenvalues s of the training kernel, the fit under penalty a is U s/(s + a) Uᵀy, the intercept apart.
What a model fitted without the stimuli g would have got wrong on them needs no other fit [1]_: it is
(1 − H_gg)⁻¹ (y − ŷ)_g, where H = 1/n + U s/(s + a) Uᵀ takes responses to their fit.

References
----------
.. [1] Allen (1974), Technometrics 16, 125-127; Golub, Heath & Wahba (1979), Technometrics 21, 215-223.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cortexcnn.similarity.encoding.kernel import Axes

__all__ = ["Fit", "grid", "ridge"]


@dataclass(frozen=True)
class Fit:
    """Ridge regressions of each neuron under the best of the penalties.

    Parameters
    ----------
    penalty : ndarray (neuron)
        The penalty chosen.
    loss : ndarray (neuron)
        Mean squared error under it, of stimuli left out.
    along : ndarray (axis, neuron)
        Coefficients along the axes; ``axes.across @ along`` are the predictions.
    """

    penalty: np.ndarray
    loss: np.ndarray
    along: np.ndarray


def grid(values: np.ndarray, penalties: Sequence[float] | None) -> np.ndarray:
    """Penalties as they were given, or 20 from 1e-5 to 1e5 times the mean eigenvalue of the training kernel."""
    if penalties is not None:
        return np.asarray(penalties, np.float64)
    return np.logspace(-5, 5, 20) * (values.sum() / max(np.count_nonzero(values > 1e-12 * values.max()), 1) or 1.0)


def ridge(along: Axes, wanted: np.ndarray, penalties: np.ndarray, blocks: Sequence[np.ndarray] | None = None) -> Fit:
    """Fit every neuron, each with its own penalty.

    Parameters
    ----------
    along : Axes
        Of the training stimuli.
    wanted : ndarray (train, neuron)
        Responses of the neurons to the training stimuli, less their means.
    penalties : ndarray
        From which to choose; positive.
    blocks : sequence of ndarray of int, optional
        Training stimuli that are left out together in choosing; None leaves out one at a time.

    Returns
    -------
    Fit
        Under the penalty of least squared error on what was left out.
    """
    rotated = along.vectors.T @ wanted
    outside = wanted - along.vectors @ rotated  # what lies beyond all patterns, whatever the penalty
    fitted = along.values[:, None] / (along.values[:, None] + penalties)
    losses = np.empty((len(penalties), wanted.shape[1]))
    leverage = along.vectors**2 @ fitted + 1 / len(wanted)
    for i, kept in enumerate(fitted.T):
        residual = along.vectors @ ((1 - kept)[:, None] * rotated)
        residual += outside
        if blocks is None:
            residual /= np.maximum(1 - leverage[:, [i]], np.finfo(float).eps)
        else:
            residual = _without(residual, along.vectors, kept, blocks)
        losses[i] = np.einsum("ij,ij->j", residual, residual)
    best = losses.argmin(axis=0)
    penalty = penalties[best]
    coefficients = rotated / (along.values[:, None] + penalty)
    return Fit(penalty, losses[best, np.arange(len(best))] / len(wanted), coefficients)


def _without(residual: np.ndarray, vectors: np.ndarray, kept: np.ndarray, blocks: Sequence[np.ndarray]) -> np.ndarray:
    """What each block's residuals would be, had the block been left out."""
    result = np.empty_like(residual)
    for block in blocks:
        some = vectors[block]
        hat = (some * kept) @ some.T + 1 / len(residual)
        result[block] = np.linalg.solve(np.eye(len(block)) - hat, residual[block])
    return result
