"""How sharply do the units of each layer choose an orientation, and how does that compare with macaque V1?

Every layer of a network is shown gratings of all orientations, phases and spatial frequencies; the distributions of
circular variance, bandwidth, peak spatial frequency and F1/F0 are set beside the published ones (Ringach, Shapley &
Hawken 2002; De Valois, Albrecht & Thorell 1982). Above the blank and on raw responses, because the blank decides.

    python analyses/orientation_tuning.py squeezenet1_1 --weights squeezenet1_1.pth --out tuning
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from cortexcnn import plot
from cortexcnn.cli.arguments import add_model, emit, load_network, names, new_folder
from cortexcnn.cli.probe import convolutions
from cortexcnn.protocols import grating_battery, grating_tuning, summarise
from cortexcnn.recording import record
from cortexcnn.reference import ringach2002
from cortexcnn.report import tuning_study


def main(argv: list[str] | None = None) -> Path:
    """Record, print a line for each layer, and write figures and page."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    battery = grating_battery(network.screen)
    responses = record(
        network, battery, layers=layers, rng=arguments.seed, out=folder / "responses.nc", overwrite=arguments.overwrite
    )
    measures = grating_tuning(responses)
    measures.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    table = summarise(measures).to_dataframe().reset_index()
    raw = summarise(grating_tuning(responses, baseline="none"))
    table["circular_variance_raw"] = raw["circular_variance"].values
    emit(table, arguments)
    if arguments.ringach:
        cells = ringach2002(arguments.ringach)
        cells = cells.isel(unit=np.flatnonzero(cells["responsive"].values))
        medians = ", ".join(
            f"{name.replace('_', ' ')} {float(cells[name].median()):.3g}"
            for name in ("circular_variance", "orientation_bandwidth", "modulation_ratio")
        )
        finite = float(cells["orientation_bandwidth"].notnull().mean())
        print(
            f"macaque V1 (Ringach 2002, {cells.sizes['unit']} cells), medians: {medians}; finite bandwidth {finite:.0%}"
        )
    _across_layers(table, folder)
    page = tuning_study(folder, network, battery, responses, measures)
    print(f"figures and page: {page}")
    return page


@plot.style()
def _across_layers(table: object, folder: Path) -> None:
    """Circular variance and selective share against depth, the median of macaque V1 as a line."""
    figure, axes = plot.figure(1, 2, width=4.2, height=2.8)
    x = np.arange(len(table))
    for column, label in (("circular_variance", "above the blank"), ("circular_variance_raw", "raw responses")):
        axes[0].plot(x, table[column], "o-", markersize=3.5, label=label)
    axes[0].axhline(0.599, color="black", linestyle="--", linewidth=1, label="macaque V1 (Ringach 2002)")
    axes[0].set_ylabel("median circular variance")
    axes[0].set_ylim(0, 1)
    axes[1].plot(x, table["selective"], "o-", markersize=3.5)
    axes[1].axhline(298 / 304, color="black", linestyle="--", linewidth=1)
    axes[1].set_ylabel("share of units with finite bandwidth")
    axes[1].set_ylim(0, 1.05)
    for ax in axes:
        ax.set_xticks(x, table["layer"], rotation=45, ha="right", rotation_mode="anchor")
    axes[0].legend()
    plot.save(figure, folder / "figures" / "across_layers.png")


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument(
        "--ringach", type=Path, metavar="PATH", help="the cells of Ringach 2002, to print their medians"
    )
    parser.add_argument("--out", type=Path, default=Path("orientation_tuning"), metavar="FOLDER", help="of the study")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    parser.set_defaults(json=False, csv=False)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
