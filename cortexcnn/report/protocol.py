"""A study of one named experiment: examples, distributions beside the neurons', and the table of medians."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn import plot, tuning
from cortexcnn.arrays import groups
from cortexcnn.protocols import EDGES, Protocol, beside_neurons, edge_shares, summarise_measures
from cortexcnn.report.page import Section, page

__all__ = ["protocol_study"]

_MOST = 6
"""Layers in one figure at most."""


def protocol_study(
    folder: str | Path,
    network: Any,
    protocol: Protocol,
    responses: xr.DataArray,
    measures: xr.Dataset,
    *,
    preferred: xr.Dataset | None = None,
) -> Path:
    """Write the figures, the tables and the page of a named experiment.

    Parameters
    ----------
    folder : path
        Folder of the study; ``measures.csv`` and ``medians.csv`` go there, and ``preferred.csv`` where there is one.
    network : Network
        Whose units were measured.
    protocol : Protocol
        The experiment.
    responses : DataArray (stimulus, unit[, time])
        From ``protocols.run_protocol``.
    measures : Dataset (unit)
        From there too.
    preferred : Dataset (unit), optional
        At which optimum each unit was tested.

    Returns
    -------
    Path
        ``index.html``.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    summary = summarise_measures(protocol, measures).to_dataframe().reset_index()
    measures.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    summary.to_csv(folder / "medians.csv", index=False)
    files = {
        folder / "measures.csv": "every measure of every unit, with its validity and reason",
        folder / "medians.csv": "medians over the valid units of each layer",
    }
    sections = [_examples(folder / "figures", protocol, responses, measures)] if protocol.curves else []
    sections += [_distributions(folder / "figures", protocol, measures), _medians(protocol, measures, summary)]
    if preferred is not None:
        preferred.to_dataframe().reset_index().to_csv(folder / "preferred.csv", index=False)
        files[folder / "preferred.csv"] = "the stimulus that each unit prefers, at which it was tested"
        sections.append(_optima(preferred))
    if (folder / "intervals.csv").is_file():
        files[folder / "intervals.csv"] = "intervals of all measures under the noise of repeats that were assumed"
    if (folder / "responses.nc").is_file():
        files[folder / "responses.nc"] = "responses with all labels and provenance (NetCDF-4)"
    valid = int(measures["valid"].sum())
    return page(
        folder,
        title=f"{network.name}: {protocol.name}",
        lead=f"{protocol.question} {protocol.source}. {measures.sizes['unit']} units, {valid} of them valid. The input "
        f"is taken to span {network.eye.degrees:g}° of visual angle.",
        sections=[*sections, Section("Files", files=files)],
        provenance={name: value for name, value in responses.attrs.items() if value != ""},
    )


@plot.style()
def _examples(figures: Path, protocol: Protocol, responses: xr.DataArray, measures: xr.Dataset) -> Section:
    """The strongest valid units of each layer."""
    names = _thinned(measures)
    figure, axes = plot.figure(len(names), len(protocol.curves), width=3.6, height=1.9)
    grid = np.asarray(axes, dtype=object).reshape(len(names), len(protocol.curves))
    for name, row in zip(names, grid, strict=True):
        here = measures.isel(unit=np.flatnonzero((measures["layer"].values == name) & measures["valid"].values))
        if not here.sizes["unit"]:
            for ax in row:
                ax.text(0.5, 0.5, f"{name}: no valid unit", ha="center", transform=ax.transAxes)
                ax.set_axis_off()
            continue
        shown = responses.sel(unit=here["unit"].values)
        over = [dim for dim in shown.dims if dim != "unit"]
        order = np.argsort(-(shown.max(over) - shown.min(over)).values)[:4]
        for ax, parameter in zip(row, protocol.curves, strict=True):
            some = shown.isel(unit=np.sort(order))
            curves = tuning.tuning_curve(some, parameter, component=protocol.component)
            labels = [f"channel {channel}" for channel in some["channel"].values]
            plot.tuning_curves(curves, labels=labels, ax=ax)
            ax.set_ylabel("response above blank")
            ax.set_title(name)
    files = plot.save(figure, figures / "examples.png")
    how = "each at its own optimum" if protocol.own else "all shown the same"
    return Section(
        "Some of its units",
        f"The units of each layer whose responses vary most, {how}.",
        {files[0]: f"Responses over {' and '.join(parameter.replace('_', ' ') for parameter in protocol.curves)}"},
    )


@plot.style()
def _distributions(figures: Path, protocol: Protocol, measures: xr.Dataset) -> Section:
    """Every measure in every layer, with the published histogram where there is one."""
    names = _thinned(measures)
    figure, axes = plot.figure(len(names), len(protocol.measures), width=2.7, height=1.9)
    grid = np.asarray(axes, dtype=object).reshape(len(names), len(protocol.measures))
    for name, row in zip(names, grid, strict=True):
        here = measures.isel(unit=np.flatnonzero(measures["layer"].values == name))
        for ax, measure in zip(row, protocol.measures, strict=True):
            units, neurons = beside_neurons(protocol, here, measure)
            plot.histogram(units, reference=neurons, label="units", reference_label="V1", ax=ax)
            ax.set_ylabel(f"{name}\nshare of units" if ax is row[0] else "")
    files = plot.save(figure, figures / "distributions.png")
    outlined = "Outline: neurons as published. " if protocol.published else ""
    return Section(
        "Distributions",
        f"Filled: the share of a layer's valid units in each bin; what lies outside is counted in the end bins. "
        f"{outlined}{protocol.found}",
        {files[0]: "Distributions over units" + (" and over neurons (outline)" if protocol.published else "")},
    )


def _medians(protocol: Protocol, measures: xr.Dataset, summary: Any) -> Section:
    bad = measures["reason"].values[~measures["valid"].values].astype(str)
    told = ", ".join(f"{int((bad == reason).sum())} {reason}" for reason in dict.fromkeys(bad.tolist()))
    return Section(
        "Layer by layer",
        f"Medians over valid units; of a yes or no the share of yes. {protocol.found} Not valid: {told or 'none'}.",
        table=summary,
    )


def _optima(preferred: xr.Dataset) -> Section:
    shares = edge_shares(preferred).to_dataframe().reset_index()
    return Section(
        "Where its optima lie",
        "The share of each layer's units whose preferred stimulus lies at the edge of what was shown "
        f"({', '.join(EDGES).replace('_', ' ')}): there it is a bound, not a value.",
        table=shares,
    )


def _thinned(measures: xr.Dataset) -> list[str]:
    """Names of the layers, evenly thinned to what a figure holds."""
    names = [str(name) for name, _ in groups(measures["valid"], "layer")]
    return [names[i] for i in np.unique(np.linspace(0, len(names) - 1, min(_MOST, len(names))).round().astype(int))]
