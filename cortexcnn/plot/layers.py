"""Layers of a network against a reference, with the ceiling, the intervals and the controls in one view."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.plot.style import COLOURS, on, style

__all__ = ["layers_by_reference"]


@style()
def layers_by_reference(
    scores: xr.Dataset | Mapping[str, xr.Dataset],
    *,
    controls: Mapping[str, tuple[float, float, float]] | None = None,
    ceiling: tuple[float, float] | None = None,
    measure: str = "similarity of RDMs",
    ax: Axes | None = None,
) -> Axes:
    """Draw how near each layer comes to a reference.

    Parameters
    ----------
    scores : Dataset (layer) or mapping of names to such
        Variables ``score``, ``lower`` and ``upper`` (an interval), layers in the order of the network. A mapping draws
        one line for each name, e.g. trained and random weights.
    controls : mapping of str to (score, lower, upper), optional
        Controls without layers, drawn at the left: pixels, the classical V1.
    ceiling : (float, float), optional
        Lower and upper noise ceiling, drawn as a grey band.
    measure : str
        What the vertical axis says.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the networks have different layers.

    Examples
    --------
    >>> scores = xr.Dataset({name: ("layer", [0.2, 0.3]) for name in ("score", "lower", "upper")},
    ...     {"layer": ["conv1", "conv2"]})
    >>> ax = layers_by_reference(scores, controls={"pixels": (0.1, 0.05, 0.15)}, ceiling=(0.5, 0.6))
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['pixels', 'conv1', 'conv2']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    lines: Mapping[str, xr.Dataset] = {"": scores} if isinstance(scores, xr.Dataset) else scores
    layers = [str(layer) for layer in next(iter(lines.values()))["layer"].values]
    for name, table in lines.items():
        if [str(layer) for layer in table["layer"].values] != layers:
            raise ValueError(f"{name} has other layers than the first network: draw them on axes of their own")
    axes = on(ax)
    controls = controls or {}
    if ceiling is not None:
        axes.axhspan(*ceiling, color="0.85", linewidth=0, label="noise ceiling")
    axes.axhline(0, color="0.6", linewidth=0.6)
    for i, (value, lower, upper) in enumerate(controls.values()):
        axes.vlines(i, lower, upper, color="0.35", linewidth=1)
        axes.plot(i, value, "s", color="0.35", markersize=4)
    start = len(controls) + (0.5 if controls else 0.0)
    x = start + np.arange(len(layers))
    for i, (name, table) in enumerate(lines.items()):
        place, colour = x + (i - (len(lines) - 1) / 2) * 0.12, COLOURS[i % len(COLOURS)]
        axes.vlines(place, table["lower"].values, table["upper"].values, color=colour, linewidth=1)
        axes.plot(place, table["score"].values, "o-", color=colour, markersize=3.5, label=name or None)
    axes.set_xticks([*range(len(controls)), *x], [*controls, *layers], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_ylabel(measure)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return axes
