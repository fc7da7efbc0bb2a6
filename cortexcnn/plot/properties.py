"""Scores of many properties for many layers, as one table that can be read by colour and by number."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.plot.style import figure, style

__all__ = ["property_scores"]


@style()
def property_scores(scores: xr.Dataset, *, measure: str = "ceiled", ax: Axes | None = None) -> Axes:
    """Draw a score for each property (down) and layer (across).

    Parameters
    ----------
    scores : Dataset (layer, property)
        As :func:`cortexcnn.protocols.marques2020_scores` returns it. What has no score is left grey.
    measure : str
        Which of its variables; 1 is a layer that can't be told from the neurons.
    ax : Axes, optional
        Where to draw; by default on a figure that is large enough for all.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is no such variable along layer and property.

    Examples
    --------
    >>> scores = xr.Dataset({"ceiled": (("layer", "property"), [[0.8, np.nan]])},
    ...     {"layer": ["conv1"], "property": ["circular_variance", "texture_sparseness"]})
    >>> ax = property_scores(scores)
    >>> [text.get_text() for text in ax.texts]
    ['.80', '–']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    if measure not in scores or set(scores[measure].dims) != {"layer", "property"}:
        raise ValueError(f"no {measure!r} along layer and property; there are {', '.join(map(str, scores))}")
    values = scores[measure].transpose("property", "layer")
    width, height = 4.2 + 0.42 * values.sizes["layer"], 1.4 + 0.19 * values.sizes["property"]
    axes: Axes = figure(width=width, height=height)[1] if ax is None else ax
    colours = mpl.colormaps["viridis"].with_extremes(bad="0.9")
    drawn = axes.imshow(values.values, vmin=0, vmax=1, cmap=colours, aspect="auto")
    for (row, column), value in np.ndenumerate(values.values):
        told = "–" if np.isnan(value) else f"{value:.2f}".removeprefix("0")
        colour = "0.5" if np.isnan(value) else "white" if value < 0.6 else "black"
        axes.text(column, row, told, ha="center", va="center", fontsize=6, color=colour)
    axes.set_xticks(
        range(values.sizes["layer"]), values["layer"].values, rotation=40, ha="right", rotation_mode="anchor"
    )
    axes.set_yticks(
        range(values.sizes["property"]), [str(name).replace("_", " ") for name in values["property"].values]
    )
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    bar = axes.figure.colorbar(drawn, ax=axes, shrink=0.5, pad=0.02)
    bar.set_label("score / ceiling" if measure == "ceiled" else measure)
    return axes
