"""Tuning as physiologists draw it: curves, polar plots, and rasters with the bar beside each row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.projections.polar import PolarAxes

from cortexcnn.plot.style import COLOURS, axis_label, on, style

__all__ = ["polar", "raster", "tuning_curves"]


@style()
def tuning_curves(
    curves: xr.DataArray,
    *,
    low: xr.DataArray | None = None,
    high: xr.DataArray | None = None,
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw responses against one stimulus parameter, a line for each unit.

    Parameters
    ----------
    curves : DataArray (parameter, unit) or (parameter)
        Responses; the parameter is the dimension that is not ``unit``.
    low, high : DataArray, optional
        Ends of an interval, of the same form, drawn as a band.
    labels : sequence of str, optional
        Names for the legend; the unit labels by default. A legend appears for up to eight units.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there is more than one dimension beside ``unit``.

    Examples
    --------
    >>> curves = xr.DataArray([[0.0], [1.0]], dims=("orientation", "unit"),
    ...     coords={"orientation": [0.0, 90.0], "unit": ["a cell"]})
    >>> ax = tuning_curves(curves)
    >>> ax.get_xlabel()
    'orientation (°)'
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    parameter = _parameter(curves)
    ax = on(ax)
    table = _with_units(curves)
    names = [str(name) for name in (table["unit"].values if labels is None else labels)]
    for i, name in enumerate(names):
        colour = COLOURS[i % len(COLOURS)]
        unit = table.isel(unit=i)
        ax.plot(unit[parameter], unit, color=colour, marker="o", markersize=2.5, label=name)
        if low is not None and high is not None:
            bottom, top = (_with_units(edge).isel(unit=i).values for edge in (low, high))
            ax.fill_between(unit[parameter].values, bottom, top, color=colour, alpha=0.2, linewidth=0)
    if parameter in {"spatial_frequency", "size", "contrast"} and bool((table[parameter] > 0).all()):
        ax.set_xscale("log", base=2)
        ax.xaxis.set_major_formatter("{x:g}")
    elif parameter in {"orientation", "direction", "phase"}:
        ax.set_xticks(np.arange(0, 181, 45) if parameter == "orientation" else np.arange(0, 361, 90))
    ax.set_xlabel(axis_label(parameter))
    ax.set_ylabel("response")
    if 1 < len(names) <= 8 or (labels is not None and len(names) <= 8):
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax


@style()
def polar(curves: xr.DataArray, *, labels: Sequence[str] | None = None, ax: Axes | None = None) -> PolarAxes:
    """Draw orientation or direction tuning around a circle, counter-clockwise from horizontal.

    A curve over orientation is drawn at θ and at θ + 180°: a bar has no head. Negative responses are drawn as 0.

    Parameters
    ----------
    curves : DataArray (orientation or direction, unit) or without unit
        Responses.
    labels : sequence of str, optional
        Names for a legend.
    ax : PolarAxes, optional
        Where to draw; axes that are not polar are refused.

    Returns
    -------
    PolarAxes

    Raises
    ------
    ValueError
        If the curve is over neither orientation nor direction.

    Examples
    --------
    >>> curve = xr.DataArray([0.0, 1.0], dims="orientation", coords={"orientation": [0.0, 90.0]})
    >>> ax = polar(curve)
    >>> ax.lines[0].get_xdata()[:3] * 180 / np.pi
    array([  0.,  90., 180.])
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    parameter = _parameter(curves)
    if parameter not in {"orientation", "direction"}:
        raise ValueError(f"a polar plot is over orientation or direction; this curve is over {parameter}")
    axes = on(ax, polar=True)
    if not isinstance(axes, PolarAxes):
        raise TypeError("a polar plot needs polar axes: plot.figure(polar=True)")
    table = _with_units(curves)
    angles = np.deg2rad(table[parameter].values)
    around = [angles, angles + np.pi, angles[:1]] if parameter == "orientation" else [angles, angles[:1]]
    for i in range(table.sizes["unit"]):
        radii = np.maximum(table.isel(unit=i).values, 0)
        pieces = [radii, radii, radii[:1]] if parameter == "orientation" else [radii, radii[:1]]
        colour = COLOURS[i % len(COLOURS)]
        label = None if labels is None else labels[i]
        axes.plot(np.concatenate(around), np.concatenate(pieces), color=colour, label=label)
        axes.fill(np.concatenate(around), np.concatenate(pieces), color=colour, alpha=0.12, linewidth=0)
    axes.set_thetagrids(np.arange(0, 360, 45))
    axes.set_yticklabels([])
    axes.set_ylim(bottom=0)
    if labels is not None:
        axes.legend(loc="lower left", bbox_to_anchor=(0.9, 0.9))
    return axes


@style()
def raster(
    events: Sequence[np.ndarray],
    orientations: Sequence[float],
    *,
    duration: float | None = None,
    icons: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw a row of spikes for each orientation of a bar, with the bar beside it, as Hubel & Wiesel did in 1959.

    Parameters
    ----------
    events : sequence of ndarray
        Times of the spikes of each row, in seconds.
    orientations : sequence of float
        Orientation of the bar of each row, in degrees counter-clockwise from horizontal.
    duration : float, optional
        Seconds that the axis spans; the last event by default.
    icons : bool
        Whether to draw the bars at the left.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are not as many rows of events as orientations.

    Examples
    --------
    >>> ax = raster([np.array([]), np.array([0.1, 0.2])], [0.0, 90.0], duration=1.0)
    >>> [len(row.get_positions()) for row in ax.collections[:2]]
    [0, 2]
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    if len(events) != len(orientations):
        raise ValueError(f"{len(events)} rows of events for {len(orientations)} orientations: one row each")
    axes = on(ax)
    last = 1.02 * max((float(np.max(row)) for row in events if len(row)), default=1.0)
    duration = last if duration is None else duration
    positions = np.arange(len(events))[::-1]
    for row, position in zip(events, positions, strict=True):
        axes.eventplot(row, lineoffsets=position, linelengths=0.7, linewidths=0.8, color="black")
    axes.set_xlim(0, duration)
    axes.set_ylim(-0.6, len(events) - 0.4)
    axes.set_yticks(positions, [f"{angle:g}°" for angle in orientations])
    if icons:
        axes.tick_params(axis="y", pad=24, length=0)
        for angle, position in zip(np.deg2rad(orientations), positions, strict=True):
            icon = axes.inset_axes((-0.1, position - 0.4, 0.09, 0.8), transform=axes.get_yaxis_transform())
            icon.plot([-np.cos(angle), np.cos(angle)], [-np.sin(angle), np.sin(angle)], color="black", linewidth=2)
            icon.set(xlim=(-1.2, 1.2), ylim=(-1.2, 1.2), aspect="equal")
            icon.set_axis_off()
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(axis_label("time"))
    return axes


def _parameter(curves: xr.DataArray) -> str:
    """The one dimension of a curve that is not ``unit``."""
    others = [str(dim) for dim in curves.dims if dim != "unit"]
    if len(others) != 1:
        raise ValueError(f"a curve has one dimension beside unit; this one has {', '.join(others) or 'none'}")
    return others[0]


def _with_units(curves: xr.DataArray) -> xr.DataArray:
    """The curves as (parameter, unit), with a single nameless unit where there was none."""
    if "unit" not in curves.dims:
        curves = curves.drop_vars("unit", errors="ignore").expand_dims(unit=[""])
    return curves.transpose(..., "unit")
