"""What gratings told of each layer, as figures and tables of a study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from torch import nn

from cortexcnn import plot, tuning
from cortexcnn.arrays import groups
from cortexcnn.protocols import PUBLISHED, beside_published, summarise
from cortexcnn.report.page import Section
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render

__all__ = ["distribution_section", "example_section", "filter_section", "stimulus_section", "summary_section"]


@plot.style()
def stimulus_section(folder: Path, stimuli: xr.Dataset, screen: Screen) -> Section:
    """Show some of the stimuli, and say what the set was.

    Parameters
    ----------
    folder : Path
        Where figures go.
    stimuli : Dataset (stimulus)
        Gratings, from ``protocols.grating_battery``.
    screen : Screen
        Where they were drawn.

    Returns
    -------
    Section
    """
    few = np.unique(np.linspace(0, stimuli.sizes["stimulus"] - 2, 12).astype(int))
    pictures = render(stimuli, screen, rows=few).mean(dim=1).numpy()
    figure, axes = plot.figure(2, 6, width=1.1, height=1.2)
    for ax, picture, row in zip(axes.flat, pictures, few, strict=True):
        ax.imshow(picture, cmap="gray", vmin=0, vmax=1)
        one = stimuli.isel(stimulus=row)
        ax.set_title(f"{float(one.orientation):g}°, {float(one.spatial_frequency):.2g} c/°", fontsize=6)
        ax.set_axis_off()
    files = plot.save(figure, folder / "stimuli.png", formats=("png",))
    frequencies = np.unique(stimuli["spatial_frequency"].dropna("stimulus"))
    text = (
        f"{stimuli.sizes['stimulus']} stimuli on a screen of {screen.degrees:g}° and {screen.pixels} pixels: "
        f"gratings at {_distinct(stimuli, 'orientation')} orientations, {_distinct(stimuli, 'phase')} phases and "
        f"{len(frequencies)} spatial frequencies from {frequencies.min():.2g} to {frequencies.max():.2g} cycles/°, "
        "and a blank. 0° is horizontal, and angles turn counter-clockwise."
    )
    return Section("What it was shown", text, {files[0]: "Some of the gratings: orientation and spatial frequency"})


@plot.style()
def filter_section(folder: Path, module: nn.Module) -> Section | None:
    """Show the filters of the first convolution, where they are pictures.

    Parameters
    ----------
    folder : Path
        Where figures go.
    module : Module
        The network.

    Returns
    -------
    Section or None
        None where there is no convolution on one or three channels with filters of 5 pixels or more.
    """
    first = next((layer for layer in module.modules() if isinstance(layer, nn.Conv2d)), None)
    if first is None or first.weight.shape[1] not in {1, 3} or min(first.weight.shape[2:]) < 5:
        return None
    figure, ax = plot.figure(width=5.0, height=3.0)
    plot.filters(first.weight.detach().float().cpu().numpy()[:96], ax=ax)
    files = plot.save(figure, folder / "filters.png")
    text = "The weights of the first convolution are the receptive fields of its units: grey is zero."
    return Section("Its first filters", text, {files[0]: "First-layer filters, each stretched to its own range"})


@plot.style()
def example_section(folder: Path, responses: xr.DataArray, measures: xr.Dataset, *, units: int = 3) -> Section:
    """Draw the tuning of the strongest units among the more selective half of each layer.

    Parameters
    ----------
    folder : Path
        Where figures go.
    responses : DataArray (stimulus, unit)
        Responses to gratings.
    measures : Dataset (unit)
        From ``protocols.grating_tuning``.
    units : int
        How many for each layer.

    Returns
    -------
    Section
    """
    chosen = []
    for name, layer in groups(measures["circular_variance"].where(measures["valid"]), "layer"):
        sharper = layer.isel(unit=np.flatnonzero((layer <= layer.median()).values))["unit"].values
        strongest = measures["maximum"].sel(unit=sharper)
        chosen.append((str(name), strongest.sortby(strongest, ascending=False)["unit"].values[:units]))
    chosen = [(name, picked) for name, picked in chosen if len(picked)]
    if not chosen:
        return Section("Some of its selective units", "No unit of any layer is valid: measures.csv says why of each.")
    figure, axes = plot.figure(len(chosen), 2, width=3.3, height=2.1)
    for (name, picked), pair in zip(chosen, np.atleast_2d(axes), strict=True):
        here = responses.sel(unit=picked)
        labels = [f"channel {channel}" for channel in here["channel"].values]
        for ax, parameter in zip(pair, ("orientation", "spatial_frequency"), strict=True):
            curves = tuning.tuning_curve(here, parameter)
            plot.tuning_curves(curves, labels=labels if parameter == "orientation" else None, ax=ax)
            if parameter != "orientation" and ax.get_legend():
                ax.get_legend().remove()
        pair[0].set_title(name)
        pair[0].set_ylabel("response above blank")
    files = plot.save(figure, folder / "examples.png")
    text = (
        f"Of the half of each layer's valid units with the lower circular variance, the {units} that answer most "
        "strongly; each curve is taken at the unit's own optimum."
    )
    return Section("Some of its selective units", text, {files[0]: "Tuning over orientation and spatial frequency"})


@plot.style()
def distribution_section(
    folder: Path, measures: xr.Dataset, *, layers: Sequence[str] | None = None, most: int = 8
) -> Section:
    """Draw each layer's distributions beside those of macaque V1.

    Parameters
    ----------
    folder : Path
        Where figures go.
    measures : Dataset (unit)
        From ``protocols.grating_tuning``.
    layers : sequence of str, optional
        Which; all by default, evenly thinned to ``most``.
    most : int
        Rows at most.

    Returns
    -------
    Section
    """
    there = list(dict.fromkeys(measures["layer"].values.tolist()))
    shown = list(layers or there)
    if len(shown) > most:
        shown = [shown[i] for i in np.unique(np.linspace(0, len(shown) - 1, most).round().astype(int))]
    columns = [measure for measure in PUBLISHED if measure in measures]
    figure, axes = plot.figure(len(shown), len(columns), width=2.7, height=1.9)
    for name, row in zip(shown, np.atleast_2d(axes), strict=True):
        here = measures.isel(unit=np.flatnonzero(measures["layer"].values == name))
        for ax, measure in zip(row, columns, strict=True):
            units, neurons = beside_published(here, measure)
            plot.histogram(units, reference=neurons, label=name, reference_label="macaque V1", ax=ax)
            if ax is not row[0]:
                ax.set_ylabel("")
    files = plot.save(figure, folder / "distributions.png")
    text = (
        "Filled: the share of a layer's valid units in each bin. Outline: macaque V1 as published (circular variance, "
        "bandwidth and F1/F0 computed from the cells of Ringach, Shapley & Hawken 2002; preferred orientation from De "
        "Valois, Yund & Hepler 1982, peak spatial frequency from De Valois, Albrecht & Thorell 1982). Units are "
        "noiseless rectified activations above the blank; neurons are mean rates over repeats. What lies outside the "
        "bins is counted in the end bins."
    )
    return Section("How it compares with V1", text, {files[0]: "Distributions of tuning beside macaque V1"})


def summary_section(measures: xr.Dataset) -> Section:
    """Medians and shares of each layer, and why units were left out.

    Parameters
    ----------
    measures : Dataset (unit)
        From ``protocols.grating_tuning``.

    Returns
    -------
    Section
    """
    bad = measures["reason"].values[~measures["valid"].values].astype(str)
    counts = {fault: sum(fault in reason for reason in bad) for fault in tuning.FAULTS}
    told = ", ".join(f"{count} {fault}" for fault, count in counts.items() if count)
    text = (
        "Medians over valid units. Selective: the fitted orientation curve falls to 1/√2 of its peak. Simple: F1/F0 "
        f"above 1. Not valid: {told or 'none'}."
    )
    return Section("Layer by layer", text, table=summarise(measures).to_dataframe().reset_index())


def _distinct(stimuli: xr.Dataset, parameter: str) -> int:
    values: Any = stimuli[parameter].values
    return int(np.unique(values[~np.isnan(values)]).size)
