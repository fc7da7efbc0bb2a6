"""Distributions of a measure over units, beside what was published for neurons."""

from __future__ import annotations

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator

from cortexcnn.plot.style import COLOURS, axis_label, on, style

__all__ = ["histogram"]


@style()
def histogram(
    counts: xr.DataArray,
    *,
    reference: xr.DataArray | None = None,
    label: str = "units",
    reference_label: str = "V1",
    colour: str = COLOURS[0],
    ax: Axes | None = None,
) -> Axes:
    """Draw the share of units in each bin, and as an outline the share of neurons.

    Parameters
    ----------
    counts : DataArray (bin)
        Units in each bin, with coordinates ``bin_low`` and ``bin_high``; the name is the measure.
    reference : DataArray (bin), optional
        Neurons in each bin, of the same form; the bins may differ.
    label, reference_label : str
        Names for the legend; the number of units is added.
    colour : str
        Of the filled bars.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If the bins have no edges.

    Examples
    --------
    >>> counts = xr.DataArray([1, 3], dims="bin", name="circular_variance",
    ...     coords={"bin_low": ("bin", [0.0, 0.5]), "bin_high": ("bin", [0.5, 1.0])})
    >>> ax = histogram(counts, reference=counts)
    >>> [float(bar.get_height()) for bar in ax.containers[0]]
    [0.25, 0.75]
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    axes = on(ax)
    edges, shares = _shares(counts)
    axes.bar(
        edges[:-1],
        shares,
        width=np.diff(edges),
        align="edge",
        color=colour,
        alpha=0.55,
        linewidth=0,
        label=f"{label} (n = {int(counts.sum())})",
    )
    if reference is not None:
        ends, share = _shares(reference)
        axes.stairs(share, ends, color="black", linewidth=1.2, label=f"{reference_label} (n = {int(reference.sum())})")
    if counts.attrs.get("scale") == "boolean":
        axes.set_xticks([0, 1], ["no", "yes"])
    elif _is_log(edges):
        decades = edges[-1] >= 500 * edges[0]
        axes.set_xscale("log", base=10 if decades else 2)
        axes.xaxis.set_major_formatter("{x:g}")
    if counts.name == "preferred_orientation":
        axes.xaxis.set_major_locator(MultipleLocator(45))
    axes.set_xlim(edges[0], edges[-1])
    axes.set_xlabel(axis_label(str(counts.name or "")))
    axes.set_ylabel("share of units")
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 0.98), ncols=2, handlelength=1, columnspacing=1)
    return axes


def _shares(counts: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Edges and shares of a histogram."""
    if not {"bin_low", "bin_high"} <= set(counts.coords):
        raise ValueError("a histogram has the coordinates bin_low and bin_high along bin; this one has not")
    edges = np.append(counts["bin_low"].values, counts["bin_high"].values[-1])
    return edges, counts.values / max(float(counts.sum()), 1.0)


def _is_log(edges: np.ndarray) -> bool:
    """Whether bins grow by a factor (published figures round it, so within a quarter)."""
    if edges[0] <= 0 or len(edges) < 3:
        return False
    ratios = edges[1:] / edges[:-1]
    return bool(ratios.max() / ratios.min() < 1.25)
