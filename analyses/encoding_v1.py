r"""How much of each V1 neuron does a layer of a network predict, on movies that it was never fitted to?

Ridge regression from the units of each layer to the cells of Hénaff et al. (2021), all frames of a movie held out
together, and left out together when a penalty is chosen. Beside it the same network with random and with shuffled
weights, the pixels, and classical V1 and V2. Banded ridge then lets the layers compete for each cell.

    python analyses/encoding_v1.py squeezenet1_1 --weights squeezenet1_1.pth --henaff henaff2021_v1 \
        --images stimulus_png_original.zip --layers features.1,features.3,features.6,features.9,features.12 \
        --out encoding_v1
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from cortexcnn import photographs, plot, reference
from cortexcnn.cli.arguments import add_model, load_network, names, new_folder, say
from cortexcnn.cli.probe import convolutions
from cortexcnn.protocols.controls import CONTROLS, record_with_controls
from cortexcnn.similarity.encoding import encode, median_score

_CONTROLS = CONTROLS[:-1]
"""All but the permutation null: what is held out can't be predicted by chance."""

HELD_OUT = {"folds": 10, "same": "movie"}
"""Frames of a movie are near-duplicates."""

BOTH = ["units", "folds"]
"""Intervals hold for other cells and other movies."""


def main(argv: list[str] | None = None) -> Path:
    """Encode, print the medians, and write scores and figure."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    cells = reference.henaff2021(arguments.henaff)
    frames = photographs(arguments.images, size=network.screen.degrees, labels="path")
    frames = frames.sel(stimulus=cells["stimulus"].values)
    options = {"layers": layers, "controls": arguments.controls, "units": arguments.units, "rng": arguments.seed}
    shown = record_with_controls(network, frames, **options)
    scores = {}
    for name, responses in shown.items():
        say(f"encoding from {name}")
        scores[name] = encode(responses.astype("float64"), cells, by="layer", rng=arguments.seed, **HELD_OUT)
    say("banded ridge")
    own = next(iter(shown.values())).astype("float64")
    bands = encode(own, cells, by="layer", method="banded ridge", candidates=10, rng=arguments.seed, **HELD_OUT)
    for name, table in scores.items():
        print(f"{name}, median R² / reliability", *_lines(median_score(table, over=BOTH)), sep="\n  ")
    print("banded ridge", *_lines(median_score(bands, over=BOTH)), sep="\n  ")
    for label, share in zip(bands["layer"].values, _shares(bands), strict=True):
        print(f"  {label}: share {share:.3f}")
    for reason, count in zip(*np.unique(bands["reason"].values, return_counts=True), strict=True):
        print(f"  {count} cells: {reason or 'fine'}")
    for name, table in {**scores, "banded ridge": bands}.items():
        table.drop_vars("reliable").to_netcdf(folder / f"{name.replace(' ', '_')}.nc", engine="h5netcdf")
    files = plot.save(draw(scores, bands), folder / "encoding_v1.png")
    say(f"figure: {files[0]}")
    return folder


def _lines(found: xr.Dataset) -> list[str]:
    """The median of each layer, or of all together, with its interval."""
    rows = zip(np.atleast_1d(found.normalised), np.atleast_1d(found.lower), np.atleast_1d(found.upper), strict=True)
    layers = found["layer"].values if "layer" in found.coords else ["all layers"]
    return [
        f"{layer}: {middle:.3f} ({lower:.3f} to {upper:.3f}), {found.units.item()} cells"
        for layer, (middle, lower, upper) in zip(layers, rows, strict=True)
    ]


def _shares(bands: xr.Dataset) -> np.ndarray:
    """Mean over cells of what each layer adds to the explained variance, as a share of its mean."""
    kept = bands.isel(unit=np.flatnonzero(bands["normalised"].notnull()))
    return (kept["contribution"].mean("unit") / kept["explained_variance"].mean("unit")).values


@plot.style()
def draw(scores: dict[str, xr.Dataset], bands: xr.Dataset) -> plt.Figure:
    """Medians by layer beside controls; cell by cell against classical V1; the layers' shares."""
    figure, (left, middle, right) = plot.figure(1, 3, width=4.2, height=2.9)
    medians = {name: median_score(table, over=BOTH).rename(normalised="score") for name, table in scores.items()}
    own = next(iter(scores))
    layers = scores[own]["layer"].values
    lines = {name: found for name, found in medians.items() if np.array_equal(found["layer"], layers)}
    best = {name: found.isel(layer=int(found["score"].values.argmax())) for name, found in medians.items()}
    controls = {
        name: (one.score.item(), one.lower.item(), one.upper.item()) for name, one in best.items() if name not in lines
    }
    plot.layers_by_reference(lines, controls=controls, measure="R² / reliability, median cell", ax=left)
    left.set_title("held-out movies (controls: best layer)")
    other = "classical V1" if "classical V1" in scores else list(scores)[-1]
    x, y = (scores[name].normalised.sel(layer=best[name]["layer"]).values for name in (other, own))
    limits = np.nanmin([x, y]) - 0.05, np.nanmax([x, y]) + 0.05
    middle.plot(limits, limits, color="0.7", linewidth=0.7)
    middle.plot(x, y, ".", markersize=3, color=plot.COLOURS[0])
    labels = [f"R² / reliability, {name} {best[name]['layer'].item()}" for name in (other, own)]
    middle.set(xlim=limits, ylim=limits, aspect="equal", xlabel=labels[0], ylabel=labels[1], title="each cell")
    place = np.arange(len(layers))
    right.bar(place, _shares(bands), color=plot.COLOURS[0])
    right.axhline(0, color="0.7", linewidth=0.7)
    right.set_ylabel("share of the R² of all layers together")
    right.set_xticks(place, layers, rotation=45, ha="right", rotation_mode="anchor")
    right.set_title("banded ridge")
    return figure


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--henaff", type=Path, required=True, metavar="PATH", help="responses of Hénaff et al. 2021")
    parser.add_argument(
        "--images", type=Path, required=True, metavar="PATH", help="their images: the .zip or its folder"
    )
    parser.add_argument("--controls", type=names, default=_CONTROLS, metavar="NAME,…", help="which (default: all)")
    parser.add_argument("--units", type=int, default=1000, help="units drawn from each layer (default: 1000)")
    parser.add_argument("--out", type=Path, default=Path("encoding_v1"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
