"""Units under a turning bar, beside the cell of 1959, as a figure of a study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from cortexcnn import plot, tuning
from cortexcnn.arrays import groups
from cortexcnn.protocols import above_blank, spike_times
from cortexcnn.reference import hubel_wiesel1959, hubel_wiesel1959_spikes
from cortexcnn.report.page import Section

__all__ = ["bar_section", "draw_bars", "most_selective"]


def bar_section(folder: Path, responses: xr.DataArray, *, units: int = 1) -> Section:
    """Show the units that chose the orientation of a bar most sharply.

    Parameters
    ----------
    folder : Path
        Where the figure goes.
    responses : DataArray (stimulus, time, unit)
        Responses to ``protocols.swept_bars``.
    units : int
        How many units of each layer.

    Returns
    -------
    Section
    """
    above = above_blank(responses)
    measures = tuning.orientation_tuning(above, baseline="none")
    figure = draw_bars(above, most_selective(measures, units))
    files = plot.save(figure, folder / "turning_bar.png")
    told = []
    for layer, here in groups(measures["circular_variance"].where(measures["valid"]), "layer"):
        answer = int(here.notnull().sum())
        median = f", median circular variance {float(here.median()):.2f}" if answer else ""
        told.append(f"{layer}: {answer} of {here.sizes['unit']} units answer to the bar{median}.")
    text = (
        "A light bar turned in steps of 22.5° and swept to and fro, as Hubel & Wiesel did in 1959. Each response is "
        "drawn as the regular spikes of an integrator, both sweeps in a row; the top row is their cell. "
        + " ".join(told)
    )
    return Section(
        "A bar is turned before its eye", text, {files[0]: "A cat's V1 cell of 1959, and units of the network"}
    )


def most_selective(measures: xr.Dataset, units: int) -> list[str]:
    """The valid units of lowest circular variance, the same number from each layer.

    Parameters
    ----------
    measures : Dataset (unit)
        From ``tuning.orientation_tuning``.
    units : int
        How many from each layer.

    Returns
    -------
    list of str
        Labels of units.

    Raises
    ------
    ValueError
        If no unit is valid.
    """
    chosen: list[str] = []
    for _, here in groups(measures["circular_variance"].where(measures["valid"]), "layer"):
        there = here.dropna("unit")
        chosen += there.sortby(there)["unit"].values[:units].tolist()
    if not chosen:
        raise ValueError("no unit answers to what was shown: try wider bars, other frequencies, or other layers")
    return chosen


@plot.style()
def draw_bars(responses: xr.DataArray, units: list[str], *, spikes: str | Path | None = None) -> Figure:
    """Draw a raster and a polar plot for each unit, the cell of 1959 first.

    Parameters
    ----------
    responses : DataArray (stimulus, time, unit)
        Responses to ``protocols.swept_bars``, from ``protocols.above_blank``.
    units : list of str
        Which units.
    spikes : path, optional
        The digitised spike times of 1959; without it the published counts are spread evenly.

    Returns
    -------
    Figure
    """
    counts = hubel_wiesel1959().squeeze("unit")
    angles = counts["orientation"].values
    if spikes is None:
        rows = [np.linspace(0, 1, int(count) + 2)[1:-1] for count in counts.values]
        title = "cat V1, 1959 (published counts, spread evenly)"
    else:
        digitised = hubel_wiesel1959_spikes(spikes).transpose("stimulus", "spike")
        rows = [row[~np.isnan(row)] for row in digitised.values]
        title = "cat V1, 1959 (digitised spikes)"
    figure, grid = plot.figure(1 + len(units), 2, width=3.6, height=2.3)
    for ax in grid[:, 1]:
        ax.remove()
    circles = [figure.add_subplot(len(grid), 2, 2 * i + 2, projection="polar") for i in range(len(grid))]
    plot.raster(rows, angles.tolist(), duration=1.0 if spikes is None else None, ax=grid[0, 0])
    plot.polar(xr.DataArray(counts.values, dims="orientation", coords={"orientation": angles}), ax=circles[0])
    grid[0, 0].set_title(title)
    curves = tuning.tuning_curve(responses.sel(unit=units), "orientation", baseline="none")
    duration = 2 * float(responses.attrs["duration"])
    for unit, ax, circle in zip(units, grid[1:, 0], circles[1:], strict=True):
        events = spike_times(responses.sel(unit=unit))
        plot.raster(list(events.values()), list(events), duration=duration, ax=ax)
        plot.polar(curves.sel(unit=unit), ax=circle)
        ax.set_title(unit)
    return figure
