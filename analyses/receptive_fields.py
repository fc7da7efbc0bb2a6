"""How large is the receptive field that a unit really uses, beside the one that it could use?

The exact receptive field of a layer follows from its kernels and strides; what a unit makes use of is measured, as in
a neuron. The units at the centre of each layer's map are mapped in three ways: small gratings at the places of a grid,
light and dark spots, and white noise (the average, and where there is none the covariance). The effective size is the
side of the square around 95 % of a map's energy.

    python analyses/receptive_fields.py --out fields \
        --probe squeezenet1_1 squeezenet1_1_imagenet.pth features.1,features.3,features.4,features.6,features.7 \
        --probe cortexnet default relu1,relu2,relu3
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from cortexcnn import load, plot
from cortexcnn.cli.arguments import names, new_folder, say
from cortexcnn.protocols.receptive_fields import MAPPINGS, field_agreement, field_measures, map_layer
from cortexcnn.protocols.ringach2002b import ringach2002b_measures

FOUND = {"average": "average", "covariance": "covariance only", "neither": "neither"}
SHADES = "0.25", "0.6", "0.88"
ROUND = 1.25
"""Side of what is drawn of a map, in exact fields."""
SHOWN = 5
"""Layers of the first network of which a unit is drawn."""


def main(argv: list[str] | None = None) -> Path:
    """Map every layer of every network, write the tables, draw them, and print a line for each layer."""
    arguments = _arguments(argv)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    measures, examples = [], []
    for model, weights, layers in arguments.probe:
        table, units = _network(model, weights, names(layers), arguments)
        measures.append(table)
        examples.append(units)
    together = xr.concat(measures, "unit", combine_attrs="drop")
    together.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    layers = by_layer(together)
    layers.to_csv(folder / "layers.csv", index=False)
    pairs = pd.concat([_pairs(table) for _, table in _grouped(together, "network")])
    pairs.to_csv(folder / "agreement.csv", index=False)
    for table in (layers, pairs, growth(layers)):
        print(table.to_string(index=False, na_rep="–", float_format="{:.2f}".format), end="\n\n")
    files = plot.save(draw(layers, examples[0][:SHOWN]), folder / "receptive_fields.png")
    print(f"figure: {files[0]}")
    return files[0]


def by_layer(measures: xr.Dataset) -> pd.DataFrame:
    """A row for each layer: what it could see, what it uses in each way to map, and what noise tells of its units."""
    rows = []
    for (network, layer), table in _grouped(measures, "network", "layer"):
        row = {"network": network, "layer": layer, "units": table.sizes["unit"]}
        row["pixels"] = float(table["rf_pixels"][0])
        for mapping in MAPPINGS:
            here = table.sel(mapping=mapping)
            share = here["effective_share"].values[here["valid"].values]
            row[f"{mapping}_mapped"] = len(share) / row["units"]
            quarters = np.quantile(share, [0.25, 0.5, 0.75]) if share.size else [np.nan] * 3
            row |= {f"{mapping}_{name}": at for name, at in zip(("low", "share", "high"), quarters, strict=True)}
            row[f"{mapping}_gaussian"] = float(here["r_squared"].median())
        row |= {name: float((table["found"] == name).mean()) for name in FOUND}
        row["gabors"] = float(table["gabor"].mean())
        row["shared_area"] = float(table["shared_area"].median())
        rows.append(row)
    return pd.DataFrame(rows)


def growth(layers: pd.DataFrame) -> pd.DataFrame:
    """The power of the exact size with which the median effective size grows from layer to layer: 1 keeps the share."""
    rows = []
    for network, table in layers.groupby("network", sort=False):
        row: dict[str, object] = {"network": network}
        for mapping in MAPPINGS:
            known = table.dropna(subset=f"{mapping}_share")
            exact, used = known["pixels"], known["pixels"] * known[f"{mapping}_share"]
            row[mapping] = np.polyfit(np.log(exact), np.log(used), 1)[0] if exact.nunique() > 2 else np.nan
        rows.append(row)
    return pd.DataFrame(rows)


def draw(layers: pd.DataFrame, examples: list[dict[str, xr.Dataset]]) -> Figure:
    """A unit of each layer in every way to map, and over all layers what is used and what noise tells."""
    with plot.style():
        wide = max(3.2, 1 + 0.3 * len(layers))
        figure = plt.figure(figsize=(4.6 + wide, max(5.2, 1.5 * len(examples))), layout="constrained")
        left, right = figure.subfigures(1, 2, width_ratios=(4.6, wide))
        axes = left.subplots(len(examples), len(MAPPINGS), squeeze=False)
        for row, maps in zip(axes, examples, strict=True):
            _example(row, maps)
        for ax in axes[-1]:
            ax.set_xlabel("x (°)")
        left.suptitle("a unit of each layer; the dashed box is its exact field", fontsize=8)
        upper, lower = right.subplots(2, 1, sharex=True, height_ratios=(1.5, 1))
        _shares(upper, layers)
        _found(lower, layers)
    return figure


def _example(row: np.ndarray, maps: dict[str, xr.Dataset]) -> None:
    """The maps of one unit."""
    for ax, (mapping, table) in zip(row, maps.items(), strict=True):
        title = mapping if mapping != "noise" else f"noise: {table['found'].item()}"
        plot.receptive_field(table["field"].isel(unit=0), title=title, ax=ax)
        x, y, half = (float(table[name][0]) for name in ("rf_x", "rf_y", "rf_size"))
        half *= ROUND / 2
        ax.axis((x - half, x + half, y - half, y + half))
        ax.tick_params(labelsize=5)
        ax.set(xlabel="", ylabel="")
    row[0].set_ylabel(f"{table['layer'].item()}\ny (°)")


def _shares(ax: Axes, layers: pd.DataFrame) -> None:
    """Effective over exact size: medians, and lines from the first to the third quarter of the units."""
    for i, mapping in enumerate(MAPPINGS):
        place = np.arange(len(layers)) + 0.2 * (i - 1)
        ax.vlines(place, layers[f"{mapping}_low"], layers[f"{mapping}_high"], color=plot.COLOURS[i], lw=1)
        ax.plot(place, layers[f"{mapping}_share"], "o", ms=3.5, color=plot.COLOURS[i], label=mapping)
    ax.axhline(1, color="0.6", lw=0.6)
    ax.set_ylim(0, 1.3)
    ax.set_ylabel("effective / exact size")
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    for network in dict.fromkeys(layers["network"]):
        middle = np.flatnonzero(layers["network"] == network).mean()
        ax.text(middle, 1.27, str(network).replace(", ", ",\n"), ha="center", va="top", fontsize=7)
    _between_networks(ax, layers)


def _found(ax: Axes, layers: pd.DataFrame) -> None:
    """What noise tells of how many units."""
    floor = np.zeros(len(layers))
    for (name, label), shade in zip(FOUND.items(), SHADES, strict=True):
        ax.bar(range(len(layers)), layers[name], bottom=floor, color=shade, width=0.8, label=label)
        floor = floor + layers[name].values
    labels = [f"{row.layer}, {row.pixels:g} px" for row in layers.itertuples()]
    ax.set_xticks(range(len(layers)), labels, rotation=60, ha="right", rotation_mode="anchor")
    ax.set_ylabel("share of units")
    ax.set_ylim(0, 1)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, title="significant in white noise")
    _between_networks(ax, layers)


def _between_networks(ax: Axes, layers: pd.DataFrame) -> None:
    networks = layers["network"].values
    for at in np.flatnonzero(networks[1:] != networks[:-1]):
        ax.axvline(at + 0.5, color="0.8", lw=0.6, zorder=0)


def _network(
    model: str, weights: str, layers: list[str], arguments: argparse.Namespace
) -> tuple[xr.Dataset, list[dict[str, xr.Dataset]]]:
    """The measures of some layers of one network, and the maps of a unit of each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="partial weights")  # the layers that are probed have theirs
        network = load(model, weights=weights, seed=arguments.seed, partial=weights.endswith(("pth", "safetensors")))
    short = model.rpartition(":")[2]
    label = f"{short}, random" if weights == "none" else short
    found, examples = [], []
    for layer in layers:
        responses, maps = map_layer(
            network, layer, most=arguments.most, count=arguments.count, seed=arguments.seed, progress=False
        )
        measures = field_measures(maps)
        gabor = ringach2002b_measures(responses["noise"])
        told = ~gabor["reason"].str.contains("untold").values
        side = measures["rf_size"].values * network.screen.pixels_per_degree
        columns = {name: ("unit", gabor[name].values) for name in ("n_x", "n_y", "orientation", "spatial_frequency")}
        columns["gabor"] = "unit", gabor["valid"].values & told
        measures = measures.assign(columns)
        measures = measures.assign_coords(
            network=("unit", np.full(measures.sizes["unit"], label)), rf_pixels=("unit", side.round())
        )
        found.append(measures.assign_coords(unit=[f"{label} {unit}" for unit in measures["unit"].values]))
        clear = measures["r_squared"].fillna(-1.0).min("mapping").argmax("unit").item()
        examples.append({name: table.isel(unit=[clear]) for name, table in maps.items()})
        shares = measures["effective_share"].median("unit").values
        say(f"{label} {layer}: {', '.join(f'{one:.2f}' for one in shares)} of the exact field")
    return xr.concat(found, "unit"), examples


def _pairs(measures: xr.Dataset) -> pd.DataFrame:
    """How far the ways to map agree within a network."""
    return field_agreement(measures).to_dataframe().reset_index().assign(network=measures["network"].values[0])


def _grouped(measures: xr.Dataset, *by: str) -> list[tuple[object, xr.Dataset]]:
    """Units that share labels, in the order in which these come."""
    keys = list(zip(*(measures[name].values.tolist() for name in by), strict=True))
    return [
        (key if len(key) > 1 else key[0], measures.isel(unit=[i for i, one in enumerate(keys) if one == key]))
        for key in dict.fromkeys(keys)
    ]


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--probe",
        nargs=3,
        action="append",
        required=True,
        metavar=("MODEL", "WEIGHTS", "LAYER,…"),
        help="a network, its weights (default, none or a file), and its layers; may be said several times",
    )
    parser.add_argument("--most", type=int, default=32, help="channels of each layer, taken evenly (default: 32)")
    parser.add_argument("--count", type=int, default=16384, help="pictures of noise (default: 16384)")
    parser.add_argument("--seed", type=int, default=0, help="of random weights, noise and shuffles (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("receptive_fields"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
