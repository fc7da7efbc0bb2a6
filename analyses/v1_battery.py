"""Which of 22 published properties of macaque V1 does each layer share, and do controls share them too?

The V1 battery of Marques, Schrimpf & DiCarlo (2021) on some layers of several networks, on the same layers with random
weights, and on a handmade V1, whose cells are Gabors and nothing more. A property that random weights share as well
says nothing about learning; one that the handmade V1 lacks is not a matter of Gabors.

    python analyses/v1_battery.py --out v1_battery \
        --probe squeezenet1_1 squeezenet1_1_imagenet.pth features.1,features.3,features.4,features.6,features.7 \
        --probe cortexnet default relu1,relu2,relu3
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import cast

import xarray as xr
from matplotlib.figure import Figure

from cortexcnn import load, plot
from cortexcnn.cli.arguments import names, new_folder, say
from cortexcnn.protocols import marques2020

CLASSICAL = "classical_v1", "default", "simple,complex,normalised_simple,normalised_complex"


def main(argv: list[str] | None = None) -> Path:
    """Run the battery on all, print the means, write the table, and draw it."""
    arguments = _arguments(argv)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    probed = list(arguments.probe)
    if not arguments.no_controls:
        probed += [(model, "none", layers) for model, weights, layers in arguments.probe if weights != "none"]
        probed.append(CLASSICAL)
    tables = [_scores(*probe, seed=arguments.seed) for probe in probed]
    scores = xr.concat(tables, "layer", combine_attrs="drop")
    scores.to_dataframe().reset_index().to_csv(folder / "scores.csv", index=False)
    for layer, mean in zip(scores["layer"].values, scores["ceiled"].mean("property").values, strict=True):
        print(f"{layer}: {mean:.2f}")
    scored = scores.isel(property=scores["ceiled"].notnull().any("layer").values)
    files = plot.save(cast("Figure", plot.property_scores(scored).figure), folder / "scores.png")
    print(f"figure: {files[0]}")
    return files[0]


def _scores(model: str, weights: str, layers: str, *, seed: int) -> xr.Dataset:
    """The scores of one network, its layers named after it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="partial weights")  # the layers that are probed have theirs
        network = load(model, weights=weights, seed=seed, partial=weights.endswith(("pth", "safetensors")))
    _, scores = marques2020(network, names(layers), rng=seed)
    label = f"{model}, random" if weights == "none" else model
    units = ", ".join(f"{layer} {int(count)}" for layer, count in scores["units"].max("property").to_series().items())
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
    parser.add_argument("--seed", type=int, default=0, help="of random weights and of the scores' draws (default: 0)")
    parser.add_argument("--out", type=Path, default=Path("v1_battery"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
