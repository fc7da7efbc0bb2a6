"""Writing beside points that neither lies on the other, nor on the points, as far as there is room."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Annotation

__all__ = ["beside"]

_RINGS = (5.0, 10.0, 16.0, 24.0, 34.0, 46.0)
"""How far from its point a label may stand, in points; from the second ring on a line leads to it."""

_WAYS = np.radians([0, 180, 90, 270, 45, 135, 315, 225])
"""Where a label may stand: right of its point first."""


def beside(
    ax: Axes, places: np.ndarray, texts: Sequence[str], *, avoid: np.ndarray | None = None, **look: Any
) -> list[Annotation]:
    """Write a label beside each point, where it hides least: near ones first, and with a line to it from farther off.

    Parameters
    ----------
    ax : Axes
        Where; its limits are taken as they are.
    places : ndarray (point, 2)
        In data coordinates.
    texts : sequence of str
        One for each point; nothing is written for an empty one.
    avoid : ndarray (n, 2), optional
        Other points that are not to be hidden.
    **look
        Of the writing, as matplotlib's ``annotate`` takes it.

    Returns
    -------
    list of Annotation

    Examples
    --------
    >>> from cortexcnn.plot.style import figure
    >>> drawn, ax = figure()
    >>> ax.set(xlim=(-1, 2), ylim=(-1, 1)) and None
    >>> [label.get_text() for label in beside(ax, np.array([[0.0, 0.0], [0.01, 0.0]]), ["here", "there"])]
    ['here', 'there']
    >>> import matplotlib.pyplot as plt; plt.close(drawn)
    """
    drawn: Any = ax.figure
    drawn.draw_without_rendering()
    renderer = drawn.canvas.get_renderer()
    point = drawn.dpi / 72
    points = ax.transData.transform(places if avoid is None else np.concatenate([places, avoid]))
    room = ax.get_window_extent(renderer)
    taken: list[np.ndarray] = []
    labels = []
    for place, text in zip(places, texts, strict=True):
        if not text:
            continue
        label = ax.annotate(text, tuple(place), (0, 0), textcoords="offset points", ha="center", va="center", **look)
        extent = label.get_window_extent(renderer)
        size = np.array([extent.width, extent.height])
        centre = ax.transData.transform(place)
        choices = [
            (np.array([np.cos(way), np.sin(way)]) * (ring * point + size / 2), ring) for ring in _RINGS for way in _WAYS
        ]
        costs = [
            _hidden(centre + offset, size, taken, points, room) + 0.3 * size.prod() * ring / _RINGS[-1]
            for offset, ring in choices
        ]
        offset, ring = choices[int(np.argmin(costs))]
        label.set_position(tuple(offset / point))
        taken.append(np.concatenate([centre + offset - size / 2, centre + offset + size / 2]))
        if ring > _RINGS[1]:
            ax.annotate(
                "", tuple(place), tuple(offset / point), textcoords="offset points", zorder=0.5,
                arrowprops={"arrowstyle": "-", "color": "0.6", "linewidth": 0.5, "shrinkB": 1},
            )  # fmt: skip
        labels.append(label)
    return labels


def _hidden(centre: np.ndarray, size: np.ndarray, taken: list[np.ndarray], points: np.ndarray, room: Any) -> float:
    """How much a label here would hide, in square pixels: other labels, points, and what falls off the axes."""
    low, high = centre - size / 2, centre + size / 2
    hidden = 0.0
    if taken:
        boxes = np.array(taken)
        overlap = np.minimum(high, boxes[:, 2:]) - np.maximum(low, boxes[:, :2])
        hidden += 10 * float(np.clip(overlap, 0, None).prod(axis=1).sum())
    inside = ((points > low - 2) & (points < high + 2)).all(axis=1).sum()
    outside = np.clip([room.x0 - low[0], high[0] - room.x1, room.y0 - low[1], high[1] - room.y1], 0, None).sum()
    return hidden + 0.6 * float(inside) * float(size.prod()) + 4 * float(outside) * float(size.min())
