"""Which of 22 published properties of macaque V1 does each layer share, and do controls share them too?

The V1 battery of Marques, Schrimpf & DiCarlo (2021) on some layers of several networks, on the same layers with random
weights, and on a handmade V1, whose cells are Gabors and nothing more. A property that random weights share as well
says nothing about learning; one that the handmade V1 lacks is not a matter of Gabors. Everything is measured twice: in
the published way, and as well as it can be (``marques2020(…, compat=None)``); what differs is a matter of measuring.

    python analyses/v1_battery.py --out v1_battery \
        --probe squeezenet1_1 squeezenet1_1_imagenet.pth features.1,features.3,features.4,features.6,features.7 \
        --probe cortexnet default relu1,relu2,relu3
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from cortexcnn import load, plot
from cortexcnn.cli.arguments import names, new_folder, say
from cortexcnn.protocols import marques2020

TITLES = {"marques2020": "the published way", "none": "as well as it can be measured"}
CLASSICAL = "classical_v1", "default", "simple,complex,normalised_simple,normalised_complex"


def main(argv: list[str] | None = None) -> Path:
    """Run the battery on all, print the means, write the table, and draw it."""
    arguments = _arguments(argv)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    probed = list(arguments.probe)
    if not arguments.no_controls:
        probed += [(model, "none", layers) for model, weights, layers in arguments.probe if weights != "none"]
        probed.append(CLASSICAL)
    tables = [_scores(*probe, ways=arguments.compat, seed=arguments.seed) for probe in probed]
    scores = xr.concat(tables, "layer", combine_attrs="drop")
    scores.to_dataframe().reset_index().to_csv(folder / "scores.csv", index=False)
    means = scores["ceiled"].mean("property").transpose("layer", "compat")
    for layer, row in zip(scores["layer"].values, means.values, strict=True):
        print(f"{layer}: {', '.join(f'{way} {mean:.2f}' for way, mean in zip(arguments.compat, row, strict=True))}")
    files = plot.save(draw(scores), folder / "scores.png")
    print(f"figure: {files[0]}")
    return files[0]


def draw(scores: xr.Dataset) -> Figure:
    """A table of scores for each way to measure, one over the other."""
    scored = scores.isel(property=scores["ceiled"].notnull().any(["layer", "compat"]).values)
    ways, layers = scored["compat"].values.tolist(), scored.sizes["layer"]
    with plot.style():
        figure, axes = plot.figure(len(ways), 1, width=4.2 + 0.36 * layers, height=3.4)
        for ax, way in zip(np.atleast_1d(axes), ways, strict=True):
            plot.property_scores(scored.sel(compat=way), ax=ax).set_title(TITLES[way])
        for ax in np.atleast_1d(axes)[:-1]:
            ax.set_xticklabels([])
    return figure


def _scores(model: str, weights: str, layers: str, *, ways: list[str], seed: int) -> xr.Dataset:
    """The scores of one network in each way to measure, its layers named after it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="partial weights")  # the layers that are probed have theirs
        network = load(model, weights=weights, seed=seed, partial=weights.endswith(("pth", "safetensors")))
    found = [marques2020(network, names(layers), compat=None if way == "none" else way, rng=seed)[1] for way in ways]
    scores = xr.concat(found, xr.DataArray(ways, dims="compat", name="compat"), combine_attrs="drop")
    short = model.rpartition(":")[2]
    label = f"{short}, random" if weights == "none" else short
    counts = scores["units"].max(["property", "compat"])
    units = ", ".join(f"{layer} {int(count)}" for layer, count in counts.to_series().items())
    say(f"{label} at {network.eye.degrees:g}°, units that count: {units}")
    return scores.assign_coords(layer=[f"{label} {layer}" for layer in scores["layer"].values])


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
    parser.add_argument("--no-controls", action="store_true", help="neither random weights nor the handmade V1")
    parser.add_argument(
        "--compat", nargs="+", choices=tuple(TITLES), default=list(TITLES), help="ways to measure (default: both)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of random weights and of the scores' draws (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("v1_battery"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
