"""How near layers come to cortex, as a figure and a table of a study."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pandas as pd
import xarray as xr

from cortexcnn import plot
from cortexcnn.report.page import Section

__all__ = ["CONTROLS", "similarity_section"]

CONTROLS = ("pixels", "classical V1", "classical V2")
"""Networks of the table that are drawn at the left, without layers."""

CEILING = " The grey band is the noise ceiling: from the reliability that was measured to what a perfect model reaches."


@plot.style()
def similarity_section(folder: Path, table: pd.DataFrame, *, heading: str | None = None) -> Section:
    """Draw scores of layers against one target, a panel for each choice of pairs and of units.

    Parameters
    ----------
    folder : Path
        Where the figure goes.
    table : DataFrame
        From ``protocols.compare_networks``.
    heading : str, optional
        Of the section; the name of the reference by default.

    Returns
    -------
    Section
    """
    reference = str(table["reference"].iloc[0])
    pairs, units = (list(dict.fromkeys(table[name])) for name in ("pairs", "units"))
    figure, axes = plot.figure(len(pairs), len(units), width=5.4, height=3.3)
    grid = axes.reshape(len(pairs), len(units)) if len(pairs) * len(units) > 1 else [[axes]]
    for pair, row in zip(pairs, grid, strict=True):
        for unit, ax in zip(units, row, strict=True):
            _panel(table[(table["pairs"] == pair) & (table["units"] == unit)], ax)
            ax.set_title(f"{pair}, units {unit}")
    plain = unicodedata.normalize("NFKD", reference.lower()).encode("ascii", "ignore").decode()
    name = "_".join("".join(letter if letter.isalnum() else " " for letter in plain).split())
    files = plot.save(figure, folder / f"{name}.png")
    told = []
    for unit in units:
        shown = table[(table["pairs"] == pairs[0]) & (table["units"] == unit)]
        best = shown.loc[shown.groupby("network", sort=False)["score"].idxmax()]
        nearest = ", ".join(f"{row['network']} {row['score']:.3f} ({row['layer']})" for row in best.to_dict("records"))
        told.append(f"Nearest with {unit} units, {pairs[0]}: {nearest}.")
    text = (
        f"Spearman correlation of the RDM of each layer with that of {reference}; bars are 95 % bootstrap intervals "
        f"over stimuli.{CEILING if table['ceiling_lower'].notna().any() else ''} {' '.join(told)}"
    )
    return Section(heading or f"Against {reference}", text, {files[0]: f"Layers against {reference}"})


def _panel(table: pd.DataFrame, ax: object) -> None:
    """One panel: networks as lines over layers, controls at the left, the ceiling behind."""
    lines = {
        str(name): xr.Dataset(
            {key: ("layer", part[key].to_numpy()) for key in ("score", "lower", "upper")},
            {"layer": part["layer"].to_numpy(dtype=str)},
        )
        for name, part in table.groupby("network", sort=False)
        if name not in CONTROLS
    }
    controls = {}
    for row in table[table["network"].isin(CONTROLS)].iloc[::-1].to_dict("records"):
        name = row["layer"] if row["network"] == "pixels" else f"{row['network'][-2:]} {row['layer']}".replace("_", " ")
        controls[name] = (float(row["score"]), float(row["lower"]), float(row["upper"]))
    bounds = float(table["ceiling_lower"].iloc[0]), float(table["ceiling_upper"].iloc[0])
    plot.layers_by_reference(
        lines,
        controls=controls,
        ceiling=bounds if bounds[0] == bounds[0] else None,
        measure="Spearman correlation of RDMs",
        ax=ax,  # type: ignore[arg-type]
    )
