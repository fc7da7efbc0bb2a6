"""Two measures of each unit at once, over the joint histogram that was published for neurons."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.plot.style import COLOURS, axis_label, on, style

__all__ = ["joint"]


@style()
def joint(
    x: xr.DataArray,
    y: xr.DataArray,
    *,
    neurons: xr.DataArray | None = None,
    label: str = "units",
    colour: str = COLOURS[0],
    ax: Axes | None = None,
) -> Axes:
    """Draw a dot for each unit, over grey bins that say how many neurons they hold.

    Parameters
    ----------
    x, y : DataArray (unit)
        Two measures; their names are the axes'. Units of which one is NaN are left out.
    neurons : DataArray (bin, bin2), optional
        From ``reference.published``: of x down and of y across. Its scale is that of the axes, and units beyond its
        bins are drawn on the border, as triangles.
    label : str
        Of the units; their number is added.
    colour : str
        Of the dots.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are more values of one measure than of the other.

    Examples
    --------
    >>> x = xr.DataArray([0.2, 0.4, np.nan], dims="unit", name="n_x")
    >>> ax = joint(x, x.rename("n_y"))
    >>> len(ax.collections[0].get_offsets())
    2
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"two measures (unit) of the same units are wanted; these have {x.shape} and {y.shape}")
    axes = on(ax)
    known = np.isfinite(x.values) & np.isfinite(y.values)
    points = np.stack([x.values[known], y.values[known]]).astype(float)
    beyond = np.zeros(points.shape[1], bool)
    if neurons is not None:
        ends = _bins(axes, neurons)
        low, high = np.array([[edges[0], edges[-1]] for edges in ends]).T[..., None]
        beyond = ((points < low) | (points > high)).any(0)
        points = points.clip(low, high)
    axes.scatter(
        points[0, ~beyond],
        points[1, ~beyond],
        s=7,
        color=colour,
        lw=0,
        zorder=3,
        label=f"{label} (n = {points.shape[1]})",
    )
    if beyond.any():
        told = f"{int(beyond.sum())} beyond"
        axes.scatter(
            points[0, beyond],
            points[1, beyond],
            s=14,
            marker="^",
            ec=colour,
            fc="none",
            zorder=4,
            clip_on=False,
            label=told,
        )
    axes.set_xlabel(axis_label(str(x.name)))
    axes.set_ylabel(axis_label(str(y.name)))
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2)
    return axes


def _bins(axes: Axes, neurons: xr.DataArray) -> list[np.ndarray]:
    """Grey bins with their counts, and their edges."""
    table = neurons.transpose("bin", "bin2")
    ends = [np.append(table[f"{name}_low"].values, table[f"{name}_high"].values[-1]) for name in ("bin", "bin2")]
    axes.pcolormesh(*ends, table.values.T, cmap="Greys", vmin=0, vmax=2 * float(table.max()))
    log = str(table.attrs.get("scale", "linear")).startswith("log")
    for edges, scale, axis in zip(ends, (axes.set_xscale, axes.set_yscale), (axes.xaxis, axes.yaxis), strict=True):
        if log:
            scale("log")
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
        axis.set_ticks(edges, [f"{edge:.2g}" for edge in edges])
        axis.set_ticks([], minor=True)
    middle = [np.sqrt(edges[1:] * edges[:-1]) if log else (edges[1:] + edges[:-1]) / 2 for edges in ends]
    for i, j in np.argwhere(table.values):
        axes.text(middle[0][i], middle[1][j], f"{table.values[i, j]:g}", ha="center", va="center", color="0.45")
    axes.set_title(f"grey: {int(table.sum())} neurons", loc="right", color="0.45")
    return ends
