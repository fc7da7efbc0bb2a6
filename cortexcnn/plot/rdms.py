"""Representational dissimilarity matrices, with the stimuli along the axis where they can be seen."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.arrays import check_rdm
from cortexcnn.plot.style import on, style

__all__ = ["rdm"]


@style()
def rdm(
    matrix: xr.DataArray,
    *,
    thumbnails: np.ndarray | None = None,
    labels: str | None = None,
    title: str = "",
    most: int = 16,
    ax: Axes | None = None,
) -> Axes:
    """Draw one RDM; pairs that are left out are grey.

    Parameters
    ----------
    matrix : DataArray (stimulus, stimulus2)
        Dissimilarities.
    thumbnails : ndarray (stimulus, height, width[, 3]), optional
        Small pictures in 0–1 in the order of the stimuli, drawn along both axes.
    labels : str, optional
        A coordinate along ``stimulus`` to write along the axes instead, e.g. ``orientation``.
    title : str
        Above the matrix.
    most : int
        How many thumbnails or labels at most: evenly spaced stimuli are chosen.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If it is a stack of RDMs, or there is not a thumbnail for each stimulus.

    Examples
    --------
    >>> matrix = xr.DataArray([[0.0, 2.0], [2.0, 0.0]], dims=("stimulus", "stimulus2"),
    ...     coords={"stimulus": [0, 1], "stimulus2": [0, 1]})
    >>> ax = rdm(matrix, title="two stimuli")
    >>> float(ax.images[0].get_array().max())
    2.0
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    check_rdm(matrix)
    if matrix.ndim != 2:
        raise ValueError(f"draw one rdm at a time; this stack has {dict(matrix.sizes)}: select one by .sel(…)")
    axes = on(ax)
    values = matrix.transpose("stimulus", "stimulus2").values
    colours = mpl.colormaps["cividis"].with_extremes(bad="0.8")
    picture = axes.imshow(np.ma.masked_invalid(values), cmap=colours, interpolation="nearest")
    bar = axes.figure.colorbar(picture, ax=axes, shrink=0.8, pad=0.02)
    bar.set_label(f"{matrix.attrs['method']} distance" if "method" in matrix.attrs else "dissimilarity")
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    shown = np.arange(0, len(values), -(-len(values) // most))
    if thumbnails is not None:
        if len(thumbnails) != len(values):
            raise ValueError(f"{len(thumbnails)} thumbnails for {len(values)} stimuli: one each")
        _place(axes, thumbnails, shown)
    elif labels is not None:
        text = [f"{value:g}" if isinstance(value, float) else str(value) for value in matrix[labels].values[shown]]
        axes.set_xticks(shown, text, rotation=90)
        axes.set_yticks(shown, text)
        axes.set_xlabel(labels.replace("_", " "))
    return axes


def _place(axes: Axes, thumbnails: np.ndarray, shown: np.ndarray) -> None:
    """Put small pictures outside the left and lower edges, as large as their share of the axis allows."""
    edges = axes.get_xlim(), axes.get_ylim()
    last = len(thumbnails) - 0.5
    side = 0.9 * -(-len(thumbnails) // len(shown))
    for index in shown:
        for left, top in ((-0.5 - 1.1 * side, index - side / 2), (index - side / 2, last + 0.1 * side)):
            extent = (left, left + side, top + side, top)
            axes.imshow(thumbnails[index], extent=extent, cmap="gray", vmin=0, vmax=1, clip_on=False)
    axes.set(xlim=edges[0], ylim=edges[1])
