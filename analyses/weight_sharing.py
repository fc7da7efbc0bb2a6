"""Why do convolutional networks share their weights?

The same small network is trained with convolutions and with locally connected layers, which have filters of their own
at every position, on the same images: all of them, a tenth, a hundredth. Then it is tested on images that are moved by
some pixels, and each of its units is compared with the unit beside it that should see the same in the moved image.
Images are not moved in training (``shift=0``), so that nobody is taught translation. Conditions that are done are not
done again: interrupt the script, and start it again with the same options.

    python analyses/weight_sharing.py --data cifar10.npz --seeds 2 --out weight_sharing
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import xarray as xr
from matplotlib.axes import Axes
from torch import nn

from cortexcnn import plot, train
from cortexcnn.cli.arguments import names, say
from cortexcnn.models.locally_connected import unshared
from cortexcnn.protocols import across_seeds
from cortexcnn.training import LabelledImages, Standardise, evaluate, open_images

KINDS = ("shared", "not shared")


def main(argv: list[str] | None = None) -> Path:
    """Train, test, print the table, and draw it."""
    arguments = _arguments(argv)
    training, test = open_images(arguments.data)
    rows = []
    for seed in range(arguments.seeds):
        for share in sorted(float(share) for share in arguments.shares):
            for kind in KINDS:
                # few images are seen more often, so that all networks come to their end
                epochs = round(arguments.epochs * min(share**-0.75, 30))
                folder = arguments.out / f"{kind.replace(' ', '_')}_{share:g}_epochs_{epochs}_seed_{seed}"
                if not (folder / "tested.csv").exists():
                    count = max(round(share * len(training)), len(training.classes))
                    drawn = torch.randperm(len(training), generator=torch.Generator().manual_seed(seed))[:count]
                    tested = _tested(folder, kind, training[drawn], test, epochs=epochs, seed=seed)
                    tested.assign(share=share).to_csv(folder / "tested.csv", index=False)
                rows.append(pd.read_csv(folder / "tested.csv"))
    table = pd.concat(rows, ignore_index=True)
    table.to_csv(arguments.out / "weight_sharing.csv", index=False)
    still = table[table["shift"] == 0]
    columns = ["images", "epochs", "parameters", "train_accuracy", "accuracy", "agreement"]
    print(still.groupby(["share", "kind"])[columns].mean().to_string())
    shifted = table.pivot_table(index=["kind", "share"], columns="shift", values="accuracy")
    print(shifted.to_string(float_format="{:.3f}".format))
    files = _figure(table, arguments.out)
    print(f"figure: {files[0]}")
    return files[0]


def network(kind: str, classes: int, pixels: int, channels: int, seed: int) -> nn.Sequential:
    """Two stages of filters and two of connections, in the manner of LeNet."""
    side = pixels // 4
    with torch.random.fork_rng([]):
        torch.default_generator.manual_seed(seed)
        shared = nn.Sequential(
            nn.Conv2d(channels, 16, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(32 * side * side, 64),
            nn.ReLU(),
            nn.Linear(64, classes),
        )
        return shared if kind == "shared" else unshared(shared, pixels, channels=channels)


def moved(images: LabelledImages, by: int) -> LabelledImages:
    """Each image moved by so many pixels, a quarter of them to each side; the border's pixels are repeated."""
    framed = torch.nn.functional.pad(images.pixels.float(), (by,) * 4, mode="replicate").to(torch.uint8)
    pixels, size = images.pixels.clone(), images.size
    for k, (y, x) in enumerate(((0, by), (2 * by, by), (by, 0), (by, 2 * by))):
        pixels[k::4] = framed[k::4, :, y : y + size, x : x + size]
    return LabelledImages(pixels, images.labels, images.classes)


def agreement(module: nn.Sequential, images: LabelledImages, eye: Standardise) -> float:
    """How alike a unit answers to images, and the unit beside it to the same images moved onto its place.

    The correlation over images, its median over units of the second stage that see nothing of the border: 1 where the
    filters are the same. Moved by four pixels, which two poolings make one step of the map. NaN for images so small
    that all units see the border.
    """
    side = images.size // 4
    if side < 6:
        return float("nan")
    with torch.no_grad():
        here, there = (module[:6](eye(pixels / 255)) for pixels in (images.pixels, images.pixels.roll(4, 2)))
    pair = here[:, :, 2 : side - 3, 2 : side - 2], there[:, :, 3 : side - 2, 2 : side - 2]
    first, second = ((maps - maps.mean(0)) / maps.std(0, correction=0) for maps in pair)
    return float((first * second).mean(0).nanmedian())


def _tested(
    folder: Path, kind: str, training: LabelledImages, test: LabelledImages, *, epochs: int, seed: int
) -> pd.DataFrame:
    """Train one network, and test it on images moved by 0 to 4 pixels: a row for each."""
    module = network(kind, len(training.classes), training.size, training.channels, seed)
    parameters = sum(weight.numel() for weight in module.parameters())
    say(f"{kind}, {len(training)} images, seed {seed}: {parameters:,} parameters, {epochs} epochs")
    history = train(
        module,
        training,
        epochs=epochs,
        batch=64,
        optimiser="adamw",
        decay=0.01,
        smoothing=0.0,
        shift=0,
        seed=seed,
        out=folder,
        resume=(folder / "checkpoint.pt").exists(),
    )
    eye = Standardise(training.mean, training.std)
    accuracies = [evaluate(module, moved(test, shift), eye=eye)["accuracy"] for shift in range(5)]
    told = {
        "kind": kind,
        "seed": seed,
        "images": len(training),
        "epochs": epochs,
        "parameters": parameters,
        "train_accuracy": float(history.train_accuracy[-1]),
        "agreement": agreement(module, test[:1000], eye),
    }
    return pd.DataFrame({**told, "shift": range(5), "accuracy": accuracies})


@plot.style()
def _figure(table: pd.DataFrame, folder: Path) -> list[Path]:
    """Parameters; accuracy against images, and against how far they are moved; how alike neighbours are."""
    figure, axes = plot.figure(2, 2, width=2.9, height=2.4)
    parameters, images, shifts, neighbours = axes.flat
    values = table.set_index(["kind", "share", "shift", "seed"])[["accuracy", "agreement"]].to_xarray()
    counts = table.groupby("share")["images"].first()
    for kind, colour in zip(KINDS, plot.COLOURS, strict=False):
        count = int(table[table["kind"] == kind]["parameters"].iloc[0])
        parameters.bar(kind, count / 1e6, color=colour, width=0.6)
        parameters.annotate(f"{count:,}", (kind, count / 1e6), ha="center", va="bottom", fontsize=7)
        here, still = values.sel(kind=kind), values.sel(kind=kind, shift=0)
        most = here["accuracy"].isel(share=-1)
        _line(images, counts.values, still["accuracy"], colour, kind)
        _line(shifts, most["shift"].values, most, colour, kind)
        _line(neighbours, counts.values, still["agreement"], colour, kind)
    parameters.set(xlabel="weights", ylabel="parameters (millions)")
    for ax in (images, neighbours):
        ax.set(xscale="log", xlabel="training images")
    shifts.set(xlabel="test images moved by (pixels)", xticks=range(5))
    for ax in (images, shifts):
        ax.set_ylabel("test accuracy")
    neighbours.set_ylabel("correlation of neighbours,\nimage moved by 4 pixels")
    for ax in (images, shifts, neighbours):
        ax.set_ylim(0, 1.04)
        ax.legend(title="weights", title_fontsize=7)
    return plot.save(figure, folder / "weight_sharing.png")


def _line(ax: Axes, x: np.ndarray, values: xr.DataArray, colour: str, label: str) -> None:
    """Means over seeds, with intervals where there are seeds enough."""
    ax.plot(x, values.mean("seed"), "o-", markersize=3, color=colour, label=label)
    if values.sizes["seed"] > 2:
        found = across_seeds(values)
        ax.fill_between(x, found.lower, found.upper, color=colour, alpha=0.15, linewidth=0)
    else:
        ax.plot(np.tile(x, (values.sizes["seed"], 1)).T, values.transpose(..., "seed"), ".", color=colour, markersize=2)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True, help="images to learn from, as cortexcnn train takes them")
    parser.add_argument(
        "--shares", type=names, default=["0.01", "0.1", "1"], metavar="S,…", help="of the images (default: 0.01,0.1,1)"
    )
    parser.add_argument("--epochs", type=int, default=2, help="with all images; more with fewer (default: 2)")
    parser.add_argument("--seeds", type=int, default=2, help="networks of each kind (default: 2)")
    parser.add_argument("--out", type=Path, default=Path("weight_sharing"), metavar="FOLDER", help="of the results")
    arguments = parser.parse_args(argv)
    if wrong := [share for share in arguments.shares if not 0 < float(share) <= 1]:
        parser.error(f"--shares {wrong[0]}: shares lie above 0, up to 1")
    if arguments.seeds < 1 or arguments.epochs < 1:
        parser.error(f"--seeds {arguments.seeds} --epochs {arguments.epochs}: one or more of each")
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    main()
