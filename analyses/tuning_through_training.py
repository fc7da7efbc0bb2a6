"""How do orientation selectivity and similarity to V1 arise while a network learns?

A network is trained from several seeds; its weights are kept from the random ones on, and each is probed with gratings
and compared with V1 (the classical V1, or a recording). Bands are 95 % intervals over seeds, which are a random effect.
Seeds that are done are not done again: interrupt the script, and start it again with the same options.

    python analyses/tuning_through_training.py cortexnet --data cifar10.npz --seeds 3 --epochs 4 --out through_training
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr

from cortexcnn import load, plot, train
from cortexcnn.cli.arguments import names, say
from cortexcnn.cli.probe import convolutions
from cortexcnn.models import Network
from cortexcnn.protocols import Target, across_seeds, target, through_training
from cortexcnn.training import LabelledImages, open_images, snapshots

MOMENTS = (0, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64)


def main(argv: list[str] | None = None) -> Path:
    """Train, probe, print what changes, and write table and figure."""
    arguments = _arguments(argv)
    first = load(arguments.model, weights="none")
    layers = arguments.layers or convolutions(first)
    learned, test = open_images(arguments.data, channels=first.eye.channels)
    if arguments.images:
        which = torch.randperm(len(learned), generator=torch.Generator().manual_seed(0))[: arguments.images]
        learned = learned[which]
    cortex = target(arguments.reference, first.screen, data=arguments.recording, images=arguments.shown)
    tables = []
    for seed in range(arguments.seeds):
        done = arguments.out / f"seed_{seed}" / "probed.csv"
        if not done.exists():
            networks = _trained(done.parent, seed, learned, test, arguments)
            say(f"seed {seed}: probing {len(networks)} moments")
            found = through_training(networks, layers=layers, target=cortex, units=arguments.units, progress=False)
            found.to_csv(done, index=False)
        tables.append(pd.read_csv(done).assign(seed=seed))
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(arguments.out / "through_training.csv", index=False)
    values = table.set_index(["measure", "layer", "epoch", "seed"])["value"].to_xarray().sel(layer=layers)
    _say_changes(values)
    files = _figure(values, cortex, arguments.out)
    print(f"figure: {files[0]}")
    return files[0]


def _trained(
    folder: Path, seed: int, learned: LabelledImages, test: LabelledImages, arguments: argparse.Namespace
) -> dict[float, Network]:
    """The network of one seed at every moment at which its weights were kept."""
    network = load(arguments.model, weights="none", seed=seed)
    history = train(
        network,
        learned,
        validation=test,
        epochs=arguments.epochs,
        seed=seed,
        snapshots=[*(moment for moment in MOMENTS if moment < arguments.epochs), arguments.epochs],
        out=folder,
        resume=(folder / "checkpoint.pt").exists(),
        metadata={"name": network.name},
    )
    say(f"seed {seed}: test accuracy {float(history.validation_accuracy[-1]):.3f}")
    return {moment: load(arguments.model, weights=file) for moment, file in snapshots(folder).items()}


def _say_changes(values: xr.DataArray) -> None:
    """From random weights to the end, in each layer, over seeds."""
    ends = values.isel(epoch=[0, -1])
    for measure in _drawn(values):
        here = ends.sel(measure=measure)
        level, change = across_seeds(here), across_seeds(here.diff("epoch").isel(epoch=0))
        for layer in values["layer"].values:
            before, after = level["mean"].sel(layer=layer).values
            one = change.sel(layer=layer)
            print(
                f"{measure}, {layer}: {before:.3f} with random weights, {after:.3f} at the end; "
                f"change {float(one['mean']):+.3f} ({float(one.lower):+.3f} to {float(one.upper):+.3f} over seeds)"
            )


def _drawn(values: xr.DataArray) -> list[str]:
    """Selectivity, and each reading of similarity."""
    return ["circular_variance", *(m for m in values["measure"].values.tolist() if m.startswith("similarity"))]


@plot.style()
def _figure(values: xr.DataArray, cortex: Target, folder: Path) -> list[Path]:
    """Circular variance, the share of units that are valid, and similarity, against epochs."""
    measures = ["circular_variance", "valid", *_drawn(values)[1:]]
    rows = math.ceil(len(measures) / 3)
    figure, grid = plot.figure(rows, 3, width=2.9, height=2.3)
    axes = grid.flat[: len(measures)]
    for ax in grid.flat[len(measures) :]:
        ax.axis("off")
    place = np.arange(values.sizes["epoch"])
    colours = plot.depth_colours(values.sizes["layer"])
    for ax, measure in zip(axes, measures, strict=True):
        found = across_seeds(values.sel(measure=measure))
        for layer, colour in zip(values["layer"].values, colours, strict=True):
            one = found.sel(layer=layer)
            ax.plot(place, one["mean"], color=colour, label=str(layer), marker="o", markersize=2.5)
            ax.fill_between(place, one.lower, one.upper, color=colour, alpha=0.15, linewidth=0)
        ax.set_xticks(place, [f"{epoch:g}".removeprefix("0") or "0" for epoch in values["epoch"].values])
        ax.set_xlabel("epochs of training")
        ax.set_title(measure.removeprefix("similarity ") if measure.startswith("similarity") else "gratings")
        ax.set_ylabel(_axis(measure, cortex))
    axes[0].axhline(0.599, color="black", linestyle="--", linewidth=1, label="macaque V1 (Ringach 2002)")
    axes[0].set_ylim(0, 1)
    axes[1].set_ylim(0, 1.05)
    for ax, measure in zip(axes[2:], measures[2:], strict=True):
        low = cortex.ceilings[measure.removeprefix("similarity ").rpartition(", ")[0]][0]
        if np.isfinite(low):
            ax.axhline(low, color="0.4", linestyle=":", linewidth=1, label="lower noise ceiling")
    handles = {label: handle for ax in axes for handle, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    figure.legend(handles.values(), handles.keys(), loc="outside right center")
    return plot.save(figure, folder / "through_training.png")


def _axis(measure: str, cortex: Target) -> str:
    """What a measure is called along an axis."""
    if measure.startswith("similarity"):
        return f"similarity to {cortex.name}"
    return {"circular_variance": "median circular variance", "valid": "share of units with valid tuning"}[measure]


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="a name that can be loaded with random weights, e.g. cortexnet")
    parser.add_argument("--data", required=True, help="images to learn from, as cortexcnn train takes them")
    parser.add_argument("--images", type=int, default=0, metavar="N", help="learn from N of them (default: all)")
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--epochs", type=int, default=8, help="of training (default: 8)")
    parser.add_argument("--seeds", type=int, default=3, help="networks to train (default: 3; two or more)")
    parser.add_argument("--reference", default="classical_v1", help="as cortexcnn compare takes it")
    parser.add_argument("--recording", type=Path, metavar="PATH", help="of the reference, if it needs one")
    parser.add_argument("--shown", type=Path, metavar="PATH", help="the images that were shown in it")
    parser.add_argument("--units", type=int, default=300, help="units drawn from each layer for photographs")
    parser.add_argument("--out", type=Path, default=Path("through_training"), metavar="FOLDER", help="of the results")
    arguments = parser.parse_args(argv)
    if arguments.seeds < 2:
        parser.error("--seeds 2 or more: a single network says nothing about others like it")
    return arguments


if __name__ == "__main__":
    main()
