r"""Which layer of a network is nearest to V1, and does the answer hang on the measure?

Layers are compared with the cells of Hénaff et al. (2021) by RSA, CKA, Procrustes distance, SVCCA, matched units and
ridge regression, all on the same folds: whole movies held out together. Controls stand beside the layers: pixels, the
classical V1, and the middle layer with random and with shuffled weights. The last panel has what the measures that fit
something say of the stimuli that they were fitted to.

    python analyses/alignment_v1.py squeezenet1_1 --weights squeezenet1_1.pth --henaff henaff2021_v1 \
        --images stimulus_png_original.zip --layers features.1,features.3,features.6,features.9,features.12 \
        --out alignment_v1
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn import photographs, plot, reference
from cortexcnn.cli.arguments import add_model, load_network, names, new_folder, say
from cortexcnn.cli.probe import convolutions
from cortexcnn.protocols.controls import record_with_controls
from cortexcnn.similarity.alignments.alignment import alignment
from cortexcnn.similarity.panel import disagreements, panel

MEASURES = [
    "spearman",
    "linear cka",
    "crossvalidated cka",
    "procrustes",
    "svcca",
    "one-to-one",
    "soft matching",
    "ridge",
]

FITTED = ["svcca", "one-to-one", "soft matching"]

HELD_OUT = {"folds": 3, "same": "movie"}
"""Three or four movies of ten in each fold, since RDMs are compared over pairs of different movies."""

CONTROLS = ["random weights", "shuffled weights", "pixels", "classical V1"]


def main(argv: list[str] | None = None) -> Path:
    """Compare, print, and write scores and figure."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    cells = reference.henaff2021(arguments.henaff)
    cells = cells.isel(unit=np.flatnonzero(cells["reliable"]))
    frames = photographs(arguments.images, size=network.screen.degrees, labels="path")
    frames = frames.sel(stimulus=cells["stimulus"].values)
    layers = arguments.layers or convolutions(network)
    options = {"layers": layers, "controls": CONTROLS, "units": arguments.units, "rng": arguments.seed}
    recorded = record_with_controls(network, frames, **options)
    tables = [_varied(table) for table in (recorded.pop("trained"), _beside(recorded, layers, arguments.units))]
    if arguments.zscore:
        tables = [table / table.std("stimulus") for table in tables]
        cells = cells / cells.mean("repeat").std("stimulus")
    shown, beside = tables
    say(f"comparing {shown.sizes['unit']} units that vary with {cells.sizes['unit']} cells")
    found = panel(shown, cells, measures=MEASURES, rng=arguments.seed, **HELD_OUT)
    controls = panel(beside, cells, measures=MEASURES, rng=arguments.seed, **HELD_OUT)
    fitted = xr.Dataset({name: alignment(shown, cells, method=name, by="layer") for name in FITTED})
    table = disagreements(found)
    for name in ("score", "rank"):
        values = _scores(found, controls).mean("fold") if name == "score" else found[name]
        print(name, values.to_pandas().round(3).to_string(), sep="\n")
    print("on the stimuli that were fitted", fitted.to_dataframe().round(3).T.to_string(), sep="\n")
    print("Kendall's tau", found["agreement"].to_pandas().round(2).to_string(), sep="\n")
    count, chance = table.sizes["disagreement"], table.attrs["by_chance"]
    print(f"{count} disagreements beyond the folds' spread, {chance:.1f} by chance")
    if count:
        print(table.to_dataframe().round(2).to_string(index=False))
    found.to_netcdf(folder / "alignment_v1.nc", engine="h5netcdf")
    controls.to_netcdf(folder / "controls.nc", engine="h5netcdf")
    files = plot.save(draw(found, controls, fitted), folder / "alignment_v1.png")
    say(f"figure: {files[0]}")
    return folder


def _varied(table: xr.DataArray) -> xr.DataArray:
    """Without the units that answer alike to everything."""
    table = table.astype("float64")
    return table.isel(unit=np.flatnonzero(table.std("stimulus") > 0))


def _beside(recorded: dict[str, xr.DataArray], layers: list[str], units: int) -> xr.DataArray:
    """Controls as one table, each a layer: of random and shuffled weights the middle layer alone."""
    middle = layers[len(layers) // 2]
    parts = []
    for name, table in recorded.items():
        unlearned = name.endswith("weights")
        for layer in [middle] if unlearned else dict.fromkeys(table["layer"].values.tolist()):
            if layer.startswith("normalised"):
                continue
            its = table.isel(unit=np.flatnonzero(table["layer"] == layer))
            its = its.isel(unit=np.random.default_rng(0).permutation(its.sizes["unit"])[:units])
            label = f"{name.split()[0]} {layer}" if unlearned else name if name == layer else f"{name[-2:]} {layer}"
            kept = its.drop_vars([one for one in its.coords if its[one].dims == ("unit",)])
            parts.append(kept.assign_coords(layer=("unit", [label] * its.sizes["unit"])))
    together = xr.concat(parts, "unit", coords="minimal", compat="override", combine_attrs="drop")
    return together.assign_coords(unit=np.arange(together.sizes["unit"]))


def _scores(found: xr.Dataset, controls: xr.Dataset) -> xr.DataArray:
    return xr.concat([found["score"], controls["score"]], "layer")


@plot.style()
def draw(found: xr.Dataset, controls: xr.Dataset, fitted: xr.Dataset) -> plt.Figure:
    """Ranks with scores, of controls the scores alone; agreement between orders; fitted and held-out scores."""
    figure, (left, middle, right) = plot.figure(1, 3, width=4.6, height=3.3)
    scores = _scores(found, controls)
    text = np.vectorize("{:.2f}\n± {:.2f}".format)(scores.mean("fold"), scores.std("fold", ddof=1))
    ranks = found["rank"].reindex(layer=scores["layer"].values)
    _squares(left, ranks, text, colours="Blues_r", limits=(1, found.sizes["layer"] + 2))
    left.set_title("held-out score ± deviation between folds\n(dark: nearest of the layers; white: controls)")
    tau = found["agreement"]
    _squares(middle, tau, np.vectorize("{:.1f}".format)(tau), colours="RdBu", limits=(-1.6, 1.6))
    middle.set_title("agreement of the orders of layers (Kendall's τ)")
    place = np.arange(found.sizes["layer"])
    for colour, (name, values) in zip(plot.COLOURS, fitted.items(), strict=False):
        held_out = found["score"].sel(measure=name)
        right.plot(place, values, "--", marker="o", markersize=3, color=colour, linewidth=1)
        error = held_out.std("fold", ddof=1)
        right.errorbar(place, held_out.mean("fold"), error, marker="o", markersize=3, color=colour, label=name)
    right.axhline(0, color="0.7", linewidth=0.7)
    right.set_xticks(place, found["layer"].values, rotation=45, ha="right", rotation_mode="anchor")
    right.set(ylabel="mean correlation", ylim=(-0.1, 1.0))
    right.set_title("fitted stimuli (dashed) and held-out movies")
    right.legend(frameon=False, loc="upper right")
    return figure


def _squares(axes: Axes, values: xr.DataArray, text: np.ndarray, *, colours: str, limits: tuple[float, float]) -> None:
    """A labelled matrix with a text in each square."""
    axes.imshow(values, cmap=colours, vmin=limits[0], vmax=limits[1], aspect="auto")
    middle, half = np.mean(limits), np.ptp(limits) / 2
    for (row, column), what in np.ndenumerate(text):
        away = (values[row, column].item() - middle) / half
        dark = away < -0.3 if colours.endswith("_r") else abs(away) > 0.5
        axes.text(column, row, what, ha="center", va="center", fontsize=5, color="white" if dark else "black")
    rows, columns = (values[dim].values for dim in values.dims)
    axes.set_xticks(range(len(columns)), columns, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--henaff", type=Path, required=True, metavar="PATH", help="responses of Hénaff et al. 2021")
    parser.add_argument(
        "--images", type=Path, required=True, metavar="PATH", help="their images: the .zip or its folder"
    )
    parser.add_argument("--units", type=int, default=120, help="units drawn from each layer (default: 120)")
    parser.add_argument("--zscore", action="store_true", help="divide each unit and cell by its deviation over frames")
    parser.add_argument("--out", type=Path, default=Path("alignment_v1"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
