"""Which conclusions of the V1 battery survive another field of view?

A network's input has pixels, not degrees; every published score rests on an assumed number of degrees that it spans,
and none says what becomes of it under another. Here the battery of Marques, Schrimpf & DiCarlo (2021) is run at
several, on the layers of a network and on the same with random weights, and six conclusions are drawn anew at each.

    python analyses/field_of_view.py squeezenet1_1 --weights squeezenet1_1_imagenet.pth \
        --layers features.1,features.3,features.4,features.6,features.7 --out field_of_view
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from cortexcnn import load, plot
from cortexcnn.cli.arguments import add_model, new_folder, say
from cortexcnn.cli.arguments import names as listed
from cortexcnn.protocols import marques2020

USUAL = 8.0
"""Degrees that are mostly assumed: conclusions are compared with those drawn there."""
KINDS = ("trained", "random")
MOST = 16
"""Positions of each map: with few degrees there would be hundreds, all alike but for where they look."""
SELECTIVITY, SIMPLE = "circular_variance", "modulation_ratio"


def main(argv: list[str] | None = None) -> Path:
    """Run the battery at each field of view, write the table, draw it, and print which conclusions hold where."""
    arguments = _arguments(argv)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    degrees = sorted({*arguments.spans, USUAL})
    scores = xr.concat(
        [xr.concat([_scores(arguments, kind, span) for span in degrees], "degrees") for kind in KINDS], "weights"
    ).assign_coords(degrees=degrees, weights=list(KINDS))
    scores.to_dataframe().reset_index().to_csv(folder / "scores.csv", index=False)
    held = conclusions(scores)
    held.to_dataframe().reset_index().to_csv(folder / "conclusions.csv", index=False)
    for name in held["conclusion"].values:
        row = held["value"].sel(conclusion=name).values
        told = ", ".join(
            f"{span:g}° {value:.2f}" for span, value in zip(degrees, row, strict=True) if not np.isnan(value)
        )
        print(f"{name}: {told}")
    files = plot.save(draw(scores, held), folder / "field_of_view.png")
    print(f"figure: {files[0]}")
    return files[0]


def conclusions(scores: xr.Dataset) -> xr.Dataset:
    """Each conclusion as a number for each field of view, and whether it is the one drawn at 8°.

    Parameters
    ----------
    scores : Dataset (weights, degrees, layer, property)
        ``ceiled`` of ``marques2020_scores``.

    Returns
    -------
    Dataset (conclusion, degrees)
        value (NaN where too little could be scored), and holds (1, 0, or NaN): whether it says what it says at 8°.
    """
    table = scores["ceiled"]
    means = table.mean("property")
    trained, random = (means.sel(weights=kind).transpose("degrees", "layer") for kind in KINDS)
    usual = trained.sel(degrees=USUAL)
    deep = np.arange(trained.sizes["layer"])
    gain = (table.sel(weights="trained") - table.sel(weights="random")).mean("layer").sel(property=SELECTIVITY)
    lower = table.sel(weights="trained", property=SIMPLE).mean("layer") - table.sel(weights="trained").mean(
        ["layer", "property"]
    )
    values = {
        "share of layers in which training helps": ((trained > random).where(trained.notnull())).mean("layer").values,
        "gain in circular variance by training": gain.transpose("degrees").values,
        "order of layers as at 8° (Spearman)": np.array([_ranks(row, usual.values) for row in trained.values]),
        "deeper layers score higher (Spearman)": np.array([_ranks(row, deep) for row in trained.values]),
        "best layer (its number)": np.array(
            [np.nan if np.isnan(row).all() else np.nanargmax(row) for row in trained.values]
        ),
        "modulation ratio below the mean score": lower.values,
    }
    same = {
        "share of layers in which training helps": lambda value, _: value > 0.5,
        "gain in circular variance by training": lambda value, _: value > 0.05,
        "order of layers as at 8° (Spearman)": lambda value, _: value > 0.8,
        "deeper layers score higher (Spearman)": lambda value, _: value > 0.8,
        "best layer (its number)": lambda value, at: value == at,
        "modulation ratio below the mean score": lambda value, _: value < 0,
    }
    at = degrees_of(scores).index(USUAL)
    rows = [[_yes(same[name], value, row[at]) for value in row] for name, row in values.items()]
    dims = ("conclusion", "degrees")
    return xr.Dataset(
        {"value": (dims, np.stack(list(values.values()))), "holds": (dims, np.array(rows, float))},
        {"conclusion": list(values), "degrees": degrees_of(scores)},
    )


def degrees_of(scores: xr.Dataset) -> list[float]:
    """Fields of view, in degrees."""
    return [float(span) for span in scores["degrees"].values]


def draw(scores: xr.Dataset, held: xr.Dataset) -> Figure:
    """Means by layer, scores by property, and which conclusions hold, against the assumed degrees."""
    with plot.style():
        figure, axes = plot.figure(1, 3, width=4.4, height=3.9)
        means = scores["ceiled"].mean("property")
        spans = degrees_of(scores)
        layers = scores["layer"].values.tolist()
        for layer, colour in zip(layers, plot.depth_colours(len(layers)), strict=True):
            for kind, line in zip(KINDS, ("-", ":"), strict=True):
                label = layer if kind == "trained" else None
                axes[0].plot(
                    spans, means.sel(layer=layer, weights=kind), line, color=colour, marker="o", ms=2.5, label=label
                )
        axes[0].plot([], [], ":", color="grey", label="random weights")
        axes[0].set_xscale("log", base=2)
        axes[0].set(xticks=spans, xticklabels=[f"{span:g}" for span in spans], xlabel="assumed field of view (°)")
        axes[0].set_ylabel("mean score of the properties")
        axes[0].legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
        kept = scores[["ceiled"]].sel(weights="trained").mean("layer").dropna("property", how="all")
        kept = kept.assign_coords(degrees=[f"{span:g}°" for span in spans]).rename(degrees="layer")
        plot.property_scores(kept, ax=axes[1]).set_title("score / ceiling, mean over layers")
        _verdicts(axes[2], held)
    return figure


def _verdicts(ax: Axes, held: xr.Dataset) -> None:
    """Whether each conclusion is drawn at each field of view."""
    colours = np.where(held["holds"].isnull(), 0.75, np.where(held["holds"] == 1, 1.0, 0.4))
    ax.imshow(colours, cmap="gray", vmin=0, vmax=1, aspect="auto")
    for (row, column), value in np.ndenumerate(held["value"].values):
        if not np.isnan(value):
            ax.text(column, row, f"{value:.2g}", ha="center", va="center", fontsize=6)
    rows, spans = [name.replace(" (", "\n(") for name in held["conclusion"].values], degrees_of(held)
    ax.set_yticks(range(len(rows)), rows, fontsize=6)
    ax.set_xticks(range(len(spans)), [f"{span:g}" for span in spans])
    ax.set_xlabel("assumed field of view (°)")
    ax.set_title("white: holds, dark: does not, light: not known")


def _ranks(values: np.ndarray, others: np.ndarray) -> float:
    known = ~(np.isnan(values) | np.isnan(np.asarray(others, float)))
    return float(spearmanr(values[known], np.asarray(others)[known]).statistic) if known.sum() > 2 else np.nan


def _yes(test: object, value: float, usual: float) -> float:
    return np.nan if np.isnan(value) else float(test(value, usual))  # type: ignore[operator]


def _scores(arguments: argparse.Namespace, kind: str, span: float) -> xr.Dataset:
    """The scores at one field of view, each layer by itself: at some no unit looks near enough, and that is said."""
    weights = "none" if kind == "random" else arguments.weights
    network = load(arguments.model, weights=weights, seed=arguments.seed, degrees=span, partial=arguments.partial)
    found, wanted = [], listed(arguments.layers)
    for layer in wanted:
        try:
            found.append(marques2020(network, [layer], most=MOST, rng=arguments.seed, progress=False)[1])
        except ValueError as error:
            say(f"{kind}, {span:g}°, {layer}: {error}")
    if not found:
        raise SystemExit(f"at {span:g}° no layer can be scored: choose other --spans")
    say(f"{kind}, {span:g}°: {', '.join(f'{float(s.ceiled.mean()):.2f}' for s in found)}")
    return xr.concat(found, "layer", combine_attrs="drop").reindex(layer=wanted)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", required=True, metavar="NAME,…", help="which layers")
    parser.add_argument(
        "--spans",
        nargs="+",
        type=float,
        default=[2, 3, 4, 6, 8, 12, 16],
        metavar="D",
        help="degrees (default: 2 to 16)",
    )
    parser.add_argument("--out", type=Path, default=Path("field_of_view"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
