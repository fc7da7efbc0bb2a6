"""How far is each measure of tuning off, and how much does it scatter, when it rests on few spikes?

Handmade cells with known answers fire Poisson (or more variable) spikes at several maximum rates and numbers of
repeats; every measure is taken as it would be of a neuron, above the blank, and compared with what was put in. The
numbers for infinitely many repeats show what sampling and fitting alone do.

    python analyses/estimator_bias.py --out estimator_bias

Writes estimator_bias.csv (all conditions) and a figure, and prints the table of docs/estimators.md. A measure is one
entry in MEASURES; a kind of cell one in SWEEPS.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.axes import Axes
from scipy.special import erf, ive

from cortexcnn import plot, tuning
from cortexcnn.arrays import content_hash
from cortexcnn.plot.style import axis_label
from cortexcnn.recording import spikes

SPONTANEOUS = 0.82  # spikes/s
SHARPNESS = 3.0  # of direction cells: the concentration of each of their two bumps
RATE, LOW_RATE = 33.8, 10.0
"""Spikes/s: what the printed table and the figure are for."""


@dataclass(frozen=True)
class Sweep:
    """What is shown, to which cells, and what measures them."""

    shown: np.ndarray
    shape: Callable[[np.ndarray, np.ndarray, Any], np.ndarray]  # (shown, place, cell): between 0 and 1
    cells: dict[str, Any]
    measure: Callable[[xr.DataArray], xr.Dataset]
    places: tuple[float, float] = (0.0, 0.0)  # between which cells are placed evenly at random
    other: dict[str, Any] = field(default_factory=dict)  # further parameters of all stimuli


def _direction(x: np.ndarray, place: np.ndarray, weaker: float) -> np.ndarray:
    """Two bumps half a turn apart."""
    bumps = [np.exp(SHARPNESS * (sign * np.cos(np.deg2rad(x - place)) - 1)) for sign in (1, -1)]
    return (bumps[0] + weaker * bumps[1]) / (1 + weaker * np.exp(-2 * SHARPNESS))


def _phase(x: np.ndarray, place: np.ndarray, cell: tuple[float, float]) -> np.ndarray:
    """A rectified wave on a pedestal."""
    mean, wave = cell
    return np.maximum(mean + wave * np.cos(np.deg2rad(x - place)), 0) / (mean + wave)


def _size(x: np.ndarray, place: np.ndarray, surround: float) -> np.ndarray:  # noqa: ARG001 - all are in one place
    """A ratio of gaussians, of centre .6° and surround 1.8°."""

    def ratio(size: np.ndarray) -> np.ndarray:
        return erf(size / 0.6) ** 2 / (1 + surround * erf(size / 1.8) ** 2)

    return ratio(x) / ratio(_DIAMETERS).max()


_SIZES = np.geomspace(0.2, 8, 12)
_DIAMETERS = np.geomspace(0.2, 8, 4000)

SWEEPS = {
    "orientation": Sweep(
        shown=np.arange(0, 180, 15.0),
        shape=lambda x, place, k: np.exp(k * (np.cos(2 * np.deg2rad(x - place)) - 1)),
        cells={"untuned": 0.0, "broad": 0.5, "typical": 1.5, "narrow": 6.0},
        measure=tuning.orientation_tuning,
        places=(0, 180),
    ),
    "direction": Sweep(
        shown=np.arange(0, 360, 22.5),
        shape=_direction,
        cells={"both ways": 1.0, "rather one": 0.5, "one way": 0.0},
        measure=tuning.direction_tuning,
        places=(0, 360),
    ),
    "spatial_frequency": Sweep(
        shown=2.0 ** np.arange(-2, 4.1, 0.5),
        shape=lambda x, place, sigma: np.exp(-0.5 * ((np.log2(x) - place) / sigma) ** 2),
        cells={"narrow": 0.4, "typical": 0.65, "broad": 1.0},
        measure=tuning.spatial_frequency_tuning,
        places=(0.5, 1.5),
    ),
    "phase": Sweep(
        shown=np.arange(0, 360, 45.0),
        shape=_phase,
        cells={"complex": (1.0, 0.0), "between": (1.0, 0.8), "simple": (0.0, 1.0)},
        measure=tuning.phase_tuning,
        places=(0, 360),
    ),
    "contrast": Sweep(
        shown=np.geomspace(0.02, 1, 9),
        shape=lambda x, place, cell: x ** cell[1] / (x ** cell[1] + cell[0] ** cell[1]),  # noqa: ARG005
        cells={"sensitive": (0.1, 2.0), "typical": (0.3, 2.0), "steep": (0.3, 4.0)},
        measure=tuning.contrast_tuning,
    ),
    "size": Sweep(
        shown=_SIZES,
        shape=_size,
        cells={"not suppressed": 0.0, "suppressed": 1.0, "much suppressed": 4.0},
        measure=tuning.size_tuning,
    ),
}
"""Cells by the parameter that they are tuned to, each with the number (or numbers) that its shape takes."""


def _sized(read: Callable[[xr.DataArray], xr.DataArray]) -> Callable[[float, np.ndarray], float]:
    """What a definition gives on the curve that the cell has."""

    def truth(surround: float, _: np.ndarray) -> float:
        values = _size(_DIAMETERS, np.zeros(1), surround)[:, None]
        return float(read(xr.DataArray(values, dims=("size", "unit"), coords={"size": _DIAMETERS}))[0])

    return truth


def _harmonics(cell: tuple[float, float], _: np.ndarray) -> float:
    """F1/F0 over very many phases."""
    phase = np.arange(0, 360, 0.1)
    curve = xr.DataArray(_phase(phase, np.zeros(1), cell), dims="phase", coords={"phase": phase})
    return float(tuning.modulation_ratio(curve))


def _half_width(k: float, height: float) -> float:
    """Of a von Mises curve on the doubled angle; NaN if it never falls that far."""
    cosine = 1 + np.log(height) / k if k > 0 else -np.inf
    return float(np.rad2deg(np.arccos(cosine)) / 2) if cosine >= -1 else np.nan


def _both(weaker: float) -> float:
    """Response to the null direction over that to the preferred one."""
    return (weaker + np.exp(-2 * SHARPNESS)) / (1 + weaker * np.exp(-2 * SHARPNESS))


MEASURES: dict[str, tuple[str, Callable[[Any, np.ndarray], Any]]] = {
    "circular_variance": ("orientation", lambda k, _: 1 - ive(1, k) / ive(0, k)),
    "osi_pref_orth": ("orientation", lambda k, _: np.tanh(k)),
    "orthogonal_preferred_ratio": ("orientation", lambda k, _: np.exp(-2 * k)),
    "orientation_bandwidth": ("orientation", lambda k, _: _half_width(k, 2**-0.5)),
    "orientation_bandwidth_half_height": ("orientation", lambda k, _: _half_width(k, 0.5)),
    "preferred_orientation": ("orientation", lambda k, place: place if k else np.nan),
    "preferred_orientation_fitted": ("orientation", lambda k, place: place if k else np.nan),
    "direction_selectivity": ("direction", lambda weaker, _: 1 - _both(weaker)),
    "direction_vector_length": (
        "direction",
        lambda weaker, _: (1 - weaker) / (1 + weaker) * ive(1, SHARPNESS) / ive(0, SHARPNESS),
    ),
    "preferred_direction": ("direction", lambda weaker, place: place if weaker < 1 else np.nan),
    "peak_spatial_frequency": ("spatial_frequency", lambda _, place: 2.0**place),
    "spatial_frequency_bandwidth": ("spatial_frequency", lambda sigma, _: 2 * sigma * np.sqrt(2 * np.log(2))),
    "schiller_ratio": ("spatial_frequency", lambda sigma, _: 100 * 2 ** (-2 * sigma * np.sqrt(np.log(2)))),
    "modulation_ratio": ("phase", _harmonics),
    "semi_saturation_contrast": ("contrast", lambda cell, _: cell[0]),
    "exponent": ("contrast", lambda cell, _: cell[1]),
    "grating_summation_field": ("size", _sized(tuning.grating_summation_field)),
    "grating_summation_field_sampled": ("size", _sized(tuning.grating_summation_field)),
    "surround_diameter": ("size", _sized(tuning.surround_diameter)),
    "surround_diameter_sampled": ("size", _sized(tuning.surround_diameter)),
    "surround_suppression_index": ("size", _sized(tuning.surround_suppression_index)),
    "surround_suppression_index_sampled": ("size", _sized(tuning.surround_suppression_index)),
}
"""Every measure: the sweep that it comes from, and its true value for a cell at each place (NaN: it has none)."""

FIGURE = [
    "circular_variance",
    "osi_pref_orth",
    "orientation_bandwidth",
    "preferred_orientation",
    "direction_selectivity",
    "direction_vector_length",
    "peak_spatial_frequency",
    "spatial_frequency_bandwidth",
    "modulation_ratio",
    "semi_saturation_contrast",
    "grating_summation_field",
    "surround_suppression_index",
]


def main(argv: list[str] | None = None) -> pd.DataFrame:
    """Simulate, measure, write the table and the figure."""
    arguments = _arguments(argv)
    rows = []
    for name, sweep in SWEEPS.items():
        for cell in sweep.cells:
            for maximum in arguments.maximum:
                for repeats in [*arguments.repeats, np.inf]:
                    condition = {"sweep": name, "cell": cell, "maximum": maximum, "repeats": repeats}
                    rows += measured(**condition, cells=arguments.cells, fano=arguments.fano, seed=arguments.seed)
    table = pd.DataFrame(rows)
    table.to_csv(arguments.out / "estimator_bias.csv", index=False)
    _figure(table, arguments.out)
    print(printed(table))
    return table


def measured(
    sweep: str, cell: str, maximum: float, repeats: float, *, cells: int, fano: float = 1.0, seed: int = 0
) -> list[dict[str, Any]]:
    """Bias and spread of every measure in one condition: a row for each."""
    known, number = SWEEPS[sweep], SWEEPS[sweep].cells[cell]
    stream = int(content_hash(seed, sweep, cell, float(maximum), float(repeats)), 16)
    place = np.random.default_rng(stream).uniform(*known.places, cells)
    rates = responses(sweep, cell, maximum, place)
    if np.isfinite(repeats):
        rates = spikes(rates, scale="none", repeats=int(repeats), fano=fano, quantity="rates", rng=stream)
    found = known.measure(rates)
    told = {"cell": cell, "maximum": maximum, "repeats": repeats, "cells": cells}
    return [
        {"measure": name, **told, **_errors(found[name], np.broadcast_to(truth(number, place), cells))}
        for name, (of, truth) in MEASURES.items()
        if of == sweep
    ]


def responses(sweep: str, cell: str, maximum: float, place: np.ndarray) -> xr.DataArray:
    """Rates (stimulus, unit) of cells of one kind, each at its place; the last row is a blank."""
    known = SWEEPS[sweep]
    shape = known.shape(known.shown[:, None], place[None, :], known.cells[cell])
    shape = np.broadcast_to(shape, (len(known.shown), len(place)))
    rates = SPONTANEOUS + (maximum - SPONTANEOUS) * np.concatenate([shape, np.zeros((1, len(place)))])
    along = {"contrast": np.append(np.ones(len(known.shown)), 0.0), sweep: np.append(known.shown, np.nan)}
    if sweep == "contrast":
        along = {"contrast": np.append(known.shown, 0.0)}
    coords = {"stimulus": np.arange(len(rates)), "unit": np.arange(len(place))}
    return xr.DataArray(
        rates, dims=("stimulus", "unit"), coords=coords | {name: ("stimulus", each) for name, each in along.items()}
    )


def _errors(found: xr.DataArray, truth: np.ndarray) -> dict[str, float]:
    """What estimates are off by, those that there are; around the circle where the measure has a period."""
    error = found.values - truth
    if "period" in found.attrs:
        period = found.attrs["period"]
        error = (error + period / 2) % period - period / 2
    undefined = float(np.isnan(found.values).mean())
    there = error[~np.isnan(error)]
    if len(there) < 2:
        return {"truth": float(np.mean(truth)), **dict.fromkeys(_STATISTICS, np.nan), "undefined": undefined}
    spread = float(there.std(ddof=1))
    numbers = float(there.mean()), spread / np.sqrt(len(there)), float(np.median(there)), spread
    return {"truth": float(np.mean(truth)), **dict(zip(_STATISTICS, numbers, strict=True)), "undefined": undefined}


_STATISTICS = ("bias", "standard_error", "median_bias", "spread")


def printed(table: pd.DataFrame, repeats: tuple[int, ...] = (5, 20, 50)) -> str:
    """Bias ± spread as Markdown: at the usual rate by repeats, at the low rate, and without noise."""
    columns = [(RATE, number) for number in repeats] + [(LOW_RATE, 20), (RATE, np.inf)]
    heads = [f"{rate:g}/s, {'no noise' if number == np.inf else f'{number} repeats'}" for rate, number in columns]
    lines = [" | ".join(["", "measure", "cell", "truth", *heads, ""]), "|---" * (3 + len(heads)) + "|"]
    for (measure, cell), rows in table.groupby(["measure", "cell"], sort=False):
        truth, indexed = float(rows["truth"].iloc[0]), rows.set_index(["maximum", "repeats"])
        if np.isnan(truth) and not rows["undefined"].between(0, 1, inclusive="neither").any():
            continue  # an untuned cell's preference: there is nothing to be right or wrong about
        known = "none" if np.isnan(truth) else "any" if measure.startswith("preferred") else _short(truth, digits=3)
        entries = [_entry(indexed.loc[column]) if column in indexed.index else "" for column in columns]
        lines.append(" | ".join(["", measure.replace("_", " "), cell, known, *entries, ""]))
    return "\n".join(line.strip() for line in lines)


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
    figure, axes = plot.figure(3, 4, width=2.5, height=2.1)
    for ax, measure in zip(axes.flat, FIGURE, strict=True):
        own = table[(table["measure"] == measure) & table["truth"].notna() & np.isfinite(table["repeats"])]
        for cell, colour in zip(SWEEPS[MEASURES[measure][0]].cells, plot.COLOURS, strict=False):
            if (own["cell"] == cell).any():
                _line(ax, own[own["cell"] == cell], colour, cell)
        ax.axhline(0, color="black", linewidth=0.6)
        ax.set(xscale="log", title=axis_label(measure).replace(", half width at 1/√2", ""))
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
