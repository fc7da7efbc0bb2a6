r"""Which area of visual cortex is each layer of a network near to, and is that more than its controls are?

Representational similarity analysis against three references: macaque V1 (Hénaff 2021, pairs of frames from different
movies alone), human early visual cortex and human IT (92 objects, 15 subjects each). Every layer stands beside its
controls: the same network with random weights (several seeds, a random factor of the bootstrap) and with its own
weights shuffled, the pixels, the classical V1 and V2. Intervals hold for other stimuli, other subjects and other seeds.
Units are compared raw and z-scored, because that can turn a conclusion round.

    python analyses/layers_vs_areas.py squeezenet1_1 --weights squeezenet1_1.pth --henaff henaff2021_v1 \
        --images stimulus_png_original.zip --objects human92_evc_it --out layers_vs_areas
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from cortexcnn import plot
from cortexcnn.cli.arguments import add_model, load_network, names, new_folder, say
from cortexcnn.cli.probe import convolutions
from cortexcnn.models import Network, random_weights
from cortexcnn.protocols import CONTROLS, Target, evaluate_networks, rdms_of, record_with_controls, target
from cortexcnn.similarity import corrected_variance, evaluate, significance

OWN_PAIRS = {"henaff2021": "different movies"}
"""Pairs of stimuli that are compared, where not all are."""

HIDDEN_CONTROLS = [("classical V1", "normalised_simple"), ("classical V1", "normalised_complex")]
"""Controls that the table has and the figure does not: they lie where those without normalisation do."""


def main(argv: list[str] | None = None) -> pd.DataFrame:
    """Evaluate, print the table, and write it with its figure."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    tables = []
    for name, paths in _references(arguments).items():
        cortex = target(name, network.screen, **paths)
        say(f"against {cortex.name}")
        tables += _scores(network, cortex, OWN_PAIRS.get(name, "all pairs"), layers, arguments)
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(folder / "scores.csv", index=False)
    print(table.to_string(index=False, float_format="{:.3f}".format))
    plot.save(_figure(table), folder / "layers_vs_areas.png")
    return table


def _scores(
    network: Network, cortex: Target, pairs: str, layers: list[str], arguments: argparse.Namespace
) -> list[pd.DataFrame]:
    """A table for each scaling of the units: the network, its controls, and its random weights over seeds."""
    options = {"units": arguments.units, "rng": arguments.seed, "progress": True}
    draws = {"draws": arguments.draws, "rng": arguments.seed}
    only = Target(cortex.name, cortex.stimuli, {pairs: cortex.rdms[pairs]}, {pairs: cortex.ceilings[pairs]})
    controls = [name for name in CONTROLS if name != "random weights"]
    found = evaluate_networks(network, only, layers=layers, controls=controls, draws=arguments.draws, **options)
    seeds = [
        record_with_controls(random_weights(network, seed=seed), cortex.stimuli, layers=layers, controls=[], **options)
        for seed in range(arguments.seeds)
    ]
    tables = []
    for (_, scaled), result in found.items():
        each = [
            rdms_of(one, zscore=scaled == "z-scored").drop_vars("units")
            for recorded in seeds
            for one in recorded.values()
        ]
        stacked = xr.concat(each, "seed", coords="minimal", compat="override")
        subjects = ["subjects"] if "subject" in cortex.rdms[pairs].dims else []
        random = evaluate(stacked, cortex.rdms[pairs], over=["stimuli", *subjects, "seeds"], **draws)
        random = random.assign_coords(network=("layer", np.full(random.sizes["layer"], "random weights")))
        rows = pd.concat([_rows(result, result["by_chance"]), _rows(random.rename(layer="model"))])
        rows = rows.merge(_above(result, "trained", "shuffled weights"), on=["network", "layer"], how="left")
        lower, upper = cortex.ceilings[pairs]
        tables.append(
            rows.assign(reference=cortex.name, pairs=pairs, units=scaled, ceiling_lower=lower, ceiling_upper=upper)
        )
    return tables


def _rows(result: xr.Dataset, by_chance: xr.DataArray | None = None) -> pd.DataFrame:
    """A row for each model of an evaluation, with what is significant (false discovery rate)."""
    result = result if "layer" in result else result.assign_coords(layer=result["model"])
    named = result[["similarity", "lower", "upper", "network", "layer"]].reset_coords(["network", "layer"])
    rows = named.to_dataframe().reset_index(drop=True).rename(columns={"similarity": "score"})
    rows = rows.assign(p=significance(result)["p_corrected"].values, p_best=np.nan)
    if "ceiling" in result:
        rows["p_ceiling"] = significance(result, against="ceiling")["p_corrected"].values
    if by_chance is not None:
        rows["by_chance"] = by_chance.values
    for network, its in rows.groupby("network"):
        if network == "trained":
            only = result.isel(model=its.index)
            between = significance(only, against="each other")["p_corrected"].values
            rows.loc[its.index, "p_best"] = between[int(its["score"].argmax())]
    return rows


def _above(result: xr.Dataset, network: str, control: str) -> pd.DataFrame:
    """How far each layer of a network lies above the same layer of a control, with its interval: in the same draws."""
    rows = []
    for layer in result["layer"].values[result["network"].values == network]:
        ours, theirs = (result.sel(model=f"{name}, {layer}") for name in (network, control))
        variance = corrected_variance(ours["drawn"] - theirs["drawn"], result["levels"])
        difference = float(ours["similarity"] - theirs["similarity"])
        half = float(stats.t.ppf(0.975, result.attrs["degrees_of_freedom"]) * np.sqrt(variance))
        rows.append((network, layer, difference, difference - half, difference + half))
    return pd.DataFrame(rows, columns=["network", "layer", "above_shuffled", "above_lower", "above_upper"])


def _figure(table: pd.DataFrame) -> plt.Figure:
    """A column of panels for each area, a row for each scaling of the units."""
    hidden = [pair in HIDDEN_CONTROLS for pair in zip(table["network"], table["layer"], strict=True)]
    return plot.areas(table[~np.array(hidden)], measure="Spearman correlation of RDMs")[0, 0].figure


def _references(arguments: argparse.Namespace) -> dict[str, dict[str, Path]]:
    """What to compare with, by name, and where it is."""
    found: dict[str, dict[str, Path]] = {}
    if arguments.henaff:
        found["henaff2021"] = {"data": arguments.henaff, "images": arguments.images}
    if arguments.objects:
        found |= {"evc": {"data": arguments.objects}, "it": {"data": arguments.objects}}
    return found


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--henaff", type=Path, metavar="PATH", help="responses of Hénaff et al. 2021 (needs --images)")
    parser.add_argument("--images", type=Path, metavar="PATH", help="their images: the .zip or its folder")
    parser.add_argument("--objects", type=Path, metavar="PATH", help="folder of the 92 objects")
    parser.add_argument("--units", type=int, default=1000, help="units drawn from each layer (default: 1000)")
    parser.add_argument("--seeds", type=int, default=5, help="of random weights (default: 5)")
    parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap (default: 1000)")
    parser.add_argument("--out", type=Path, default=Path("layers_vs_areas"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    arguments = parser.parse_args(argv)
    if not (arguments.henaff or arguments.objects):
        parser.error("name at least one reference: --henaff with --images, or --objects")
    if arguments.henaff and not arguments.images:
        parser.error("--henaff needs the images that V1 was shown: --images")
    return arguments


if __name__ == "__main__":
    main()
