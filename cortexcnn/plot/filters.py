"""Filters of a first layer, as the pictures that they are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from cortexcnn.plot.style import on, style

__all__ = ["filters"]


@style()
def filters(
    weights: np.ndarray, *, columns: int | None = None, labels: list[str] | None = None, ax: Axes | None = None
) -> Axes:
    """Draw convolution filters side by side, each stretched to its own range around grey.

    Parameters
    ----------
    weights : ndarray (filter, channel, height, width)
        One channel is drawn in grey, three in colour.
    columns : int, optional
        Filters in a row; near-square by default.
    labels : list of str, optional
        Written above each filter.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the filters have neither one nor three channels.

    Examples
    --------
    >>> ax = filters(np.random.default_rng(0).normal(size=(6, 3, 5, 5)), columns=3)
    >>> ax.images[0].get_array().shape
    (13, 19, 3)
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    weights = np.asarray(weights, dtype=float)
    if weights.ndim != 4 or weights.shape[1] not in {1, 3}:
        raise ValueError(
            f"filters to draw have the shape (filter, 1 or 3, height, width); these have {weights.shape}: "
            "only a first layer's filters are pictures"
        )
    axes = on(ax)
    count, channels, height, width = weights.shape
    columns = columns or int(np.ceil(np.sqrt(count * 1.6)))
    rows = -(-count // columns)
    gap = 1 if labels is None else 1 + height // 3
    sheet = np.ones((rows * (height + gap) + 1, columns * (width + 1) + 1, channels))
    for i, one in enumerate(weights):
        top, left = gap + (i // columns) * (height + gap), 1 + (i % columns) * (width + 1)
        sheet[top : top + height, left : left + width] = _stretched(one).transpose(1, 2, 0)
        if labels is not None:
            axes.text(left + width / 2 - 0.5, top - 0.7, labels[i], ha="center", va="bottom", fontsize=5)
    axes.imshow(sheet if channels == 3 else sheet[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.set_axis_off()
    return axes


def _stretched(one: np.ndarray) -> np.ndarray:
    """A filter on 0–1 with zero at grey."""
    largest = np.abs(one).max()
    return 0.5 + 0.5 * one / largest if largest > 0 else np.full_like(one, 0.5)
