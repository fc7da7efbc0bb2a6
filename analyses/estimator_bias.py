"""How far is each measure of tuning off, and how much does it scatter, when it rests on few spikes?

Handmade cells with known answers fire Poisson (or more variable) spikes at several maximum rates and numbers of
repeats; every measure is taken as it would be of a neuron, above the blank, and compared with what was put in. The
numbers for infinitely many repeats show what sampling and fitting alone do.

    python analyses/estimator_bias.py --out estimator_bias

Writes estimator_bias.csv (all conditions) and a figure, and prints the tables of docs/estimators.md. The cells, the
experiments on them and what is true of them are in analyses/handmade_cells.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from handmade_cells import EXPERIMENTS, SPONTANEOUS
from matplotlib.axes import Axes

from cortexcnn import plot
from cortexcnn.arrays import content_hash
from cortexcnn.plot.style import axis_label
from cortexcnn.recording import spikes

RATE, LOW_RATE = 33.8, 10.0
"""Spikes/s: what the printed tables and the figure are for."""

FIGURE = [
    ("orientation", "circular_variance"),
    ("orientation", "osi_pref_orth"),
    ("orientation", "orientation_bandwidth"),
    ("orientation", "maximum"),
    ("direction", "direction_selectivity"),
    ("spatial_frequency", "spatial_frequency_bandwidth"),
    ("phase", "modulation_ratio"),
    ("contrast", "semi_saturation_contrast"),
    ("size", "grating_summation_field"),
    ("size", "surround_suppression_index"),
    ("mask", "strongest_suppression"),
    ("surround", "iso_cross_index"),
    ("length", "end_stopping"),
    ("line_weighting", "discreteness"),
    ("receptive_field", "diameter"),
    ("noise", "n_x"),
    ("angle", "bilateral_asymmetry"),
    ("curvature", "curvature_bandwidth"),
    ("texture", "texture_modulation_index"),
    ("pictures", "sparseness"),
]
"""The experiment and the measure of each panel."""

TITLES = {
    "orientation_bandwidth": "orientation bandwidth (°)",
    "strongest_suppression": "strongest suppression by a mask",
    "iso_cross_index": "iso/cross index of the surround",
    "end_stopping": "end-stopping",
    "discreteness": "discreteness of on and off",
    "diameter": "receptive field: diameter (°)",
    "n_x": "n_x of a fitted Gabor (periods)",
    "bilateral_asymmetry": "bilateral asymmetry of angles",
    "curvature_bandwidth": "curvature bandwidth (1/°)",
    "sparseness": "sparseness over pictures",
}
"""Of panels that stand by themselves here, where the axis of a measure says more or less."""


def main(argv: list[str] | None = None) -> pd.DataFrame:
    """Simulate, measure, write the table and the figure."""
    arguments = _arguments(argv)
    rows = []
    for name, experiment in EXPERIMENTS.items():
        for cell in experiment.kinds:
            for maximum in arguments.maximum:
                for repeats in [*arguments.repeats, np.inf]:
                    condition = {"experiment": name, "cell": cell, "maximum": maximum, "repeats": repeats}
                    rows += measured(**condition, cells=arguments.cells, fano=arguments.fano, seed=arguments.seed)
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "estimator_bias.csv", index=False)
    _figure(table, arguments.out)
    print(printed(table))
    return table


def measured(
    experiment: str, cell: str, maximum: float, repeats: float, *, cells: int, fano: float = 1.0, seed: int = 0
) -> list[dict[str, Any]]:
    """Bias and spread of every measure in one condition: a row for each."""
    known = EXPERIMENTS[experiment]
    count = min(cells, known.most)
    stream = int(content_hash(seed, experiment, cell, float(maximum), float(repeats)), 16)
    built = known.cells(cell, maximum, count, np.random.default_rng(stream))
    rates = known.responses(built)
    if np.isfinite(repeats):
        rates = spikes(
            rates,
            scale="none",
            duration=known.seconds,
            repeats=int(repeats),
            fano=fano,
            quantity="rates",
            rng=stream,
        )
    found = known.measure(rates)
    told = {"cell": cell, "maximum": maximum, "repeats": repeats, "cells": count}
    return [
        {"experiment": experiment, "measure": name, **told, **_errors(found[name], truth)}
        for name, truth in known.true(built).items()
    ]


def _errors(found: xr.DataArray, truth: np.ndarray) -> dict[str, float]:
    """What estimates are off by, those that there are; around the circle where the measure has a period."""
    error = found.values - truth
    if "period" in found.attrs:
        period = found.attrs["period"]
        error = (error + period / 2) % period - period / 2
    told = {"truth": float(np.mean(truth)), "truth_range": float(np.ptp(truth))}
    undefined = float(np.isnan(found.values).mean())
    there = error[~np.isnan(error)]
    if len(there) < 2:
        return {**told, **dict.fromkeys(_STATISTICS, np.nan), "undefined": undefined}
    spread = float(there.std(ddof=1))
    numbers = float(there.mean()), spread / np.sqrt(len(there)), float(np.median(there)), spread
    return {**told, **dict(zip(_STATISTICS, numbers, strict=True)), "undefined": undefined}


_STATISTICS = ("bias", "standard_error", "median_bias", "spread")


def printed(table: pd.DataFrame, repeats: tuple[int, ...] = (5, 20, 50)) -> str:
    """Bias ± spread as Markdown, a table for each experiment: by repeats, at the low rate, and without noise."""
    columns: list[tuple[float, float]] = [(RATE, number) for number in repeats] + [(LOW_RATE, 20), (RATE, np.inf)]
    heads = [f"{rate:g}/s, {'no noise' if number == np.inf else f'{number} repeats'}" for rate, number in columns]
    lines: list[str] = []
    for experiment, own in table.groupby("experiment", sort=False):
        lines += [f"### {str(experiment).replace('_', ' ').capitalize()}", ""]
        lines += [" | ".join(["", "measure", "cell", "truth", *heads, ""]), "|---" * (3 + len(heads)) + "|"]
        for (measure, cell), rows in own.groupby(["measure", "cell"], sort=False):
            known = _known(rows)
            if known == "none" and not rows["undefined"].between(0, 1, inclusive="neither").any():
                continue  # an untuned cell's preference: there is nothing to be right or wrong about
            by_condition = {(row["maximum"], row["repeats"]): row for _, row in rows.iterrows()}
            entries = [_entry(by_condition[column]) if column in by_condition else "" for column in columns]
            lines.append(" | ".join(["", str(measure).replace("_", " "), str(cell), known, *entries, ""]))
        lines.append("")
    return "\n".join(line.strip() for line in lines).strip()


def _known(rows: pd.DataFrame) -> str:
    """The truth of one measure of one kind of cell, at the usual rate; "any" if each cell has its own."""
    usual = rows[rows["maximum"] == RATE]
    if usual.empty or usual["truth"].isna().all():
        return "none"
    truth = float(usual["truth"].iloc[-1])
    return "any" if usual["truth_range"].iloc[-1] > 0.1 * abs(truth) else _short(truth, digits=3)


def _entry(row: pd.Series) -> str:
    """Bias ± spread, and how many have no value."""
    none = f"{row['undefined']:.0%} none" if row["undefined"] >= 0.005 else ""
    if not np.isfinite(row["bias"]):
        return none or "0% none"
    return f"{_short(row['bias'], '+')} ± {_short(row['spread'])}{f' ({none})' if none else ''}"


def _short(number: float, sign: str = "", *, digits: int = 2) -> str:
    """A few digits, without the rounding noise below a ten-thousandth."""
    return "0" if abs(number) < 1e-4 else f"{number:{sign}.{digits}g}"


@plot.style()
def _figure(table: pd.DataFrame, folder: Path) -> list[Path]:
    """A panel a measure: bias against repeats, with the spread at the usual rate, and dashed at the low one."""
    figure, axes = plot.figure(4, 5, width=2.3, height=2.0)
    for ax, (experiment, measure) in zip(axes.flat, FIGURE, strict=True):
        own = table[(table["experiment"] == experiment) & (table["measure"] == measure)]
        own = own[own["truth"].notna() & np.isfinite(own["repeats"])]
        for cell, colour in zip(EXPERIMENTS[experiment].kinds, plot.COLOURS, strict=False):
            if (own["cell"] == cell).any():
                _line(ax, own[own["cell"] == cell], colour, cell)
        ax.axhline(0, color="black", linewidth=0.6)
        ax.set(xscale="log", title=TITLES.get(measure, axis_label(measure)))
        ax.set_xticks(own["repeats"].unique(), [f"{number:g}" for number in own["repeats"].unique()])
        ax.minorticks_off()
        ax.legend(fontsize=6)
    figure.supxlabel("repeats", fontsize=8)
    figure.supylabel(
        f"bias (line; band: ± SD over cells) at {RATE:g} spikes/s; dashed: at {LOW_RATE:g} spikes/s", fontsize=8
    )
    return plot.save(figure, folder / "estimator_bias.png")


def _line(ax: Axes, rows: pd.DataFrame, colour: str, label: str) -> None:
    usual, low = (rows[rows["maximum"] == rate] for rate in (RATE, LOW_RATE))
    ax.plot(usual["repeats"], usual["bias"], "o-", markersize=2.5, color=colour, label=label)
    below, above = usual["bias"] - usual["spread"], usual["bias"] + usual["spread"]
    ax.fill_between(usual["repeats"], below, above, color=colour, alpha=0.12, linewidth=0)
    ax.plot(low["repeats"], low["bias"], "--", linewidth=0.9, color=colour)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--repeats", type=int, nargs="+", default=[2, 5, 10, 20, 50], metavar="N", help="default: 2 5 10 20 50"
    )
    parser.add_argument(
        "--maximum",
        type=float,
        nargs="+",
        default=[LOW_RATE, RATE, 100.0],
        metavar="RATE",
        help=f"spikes/s at the peak (default: {LOW_RATE:g} {RATE:g} 100; {RATE:g} and {LOW_RATE:g} are drawn)",
    )
    parser.add_argument("--cells", type=int, default=500, metavar="N", help="of each kind and condition (default: 500)")
    parser.add_argument("--fano", type=float, default=1.0, help="variance over mean of counts in 1 s (default: 1)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("estimator_bias"), metavar="FOLDER", help="of the results")
    arguments = parser.parse_args(argv)
    if min(arguments.repeats) < 1 or arguments.cells < 2 or min(arguments.maximum) <= SPONTANEOUS:
        parser.error(f"1 repeat or more, 2 cells or more, and maximum rates above {SPONTANEOUS} spikes/s")
    arguments.out.mkdir(parents=True, exist_ok=True)
    return arguments


if __name__ == "__main__":
    main()
