"""How many lobes do the receptive fields of each layer have, beside those of macaque V1?

White noise through the electrode, the spike-triggered average of each unit, and a Gabor fitted to it: n_x and n_y, the
standard deviations of its envelope across and along the stripes in periods of its wave, over the published joint
histogram of simple cells (Ringach 2002b). Complex units have no average, and say so.

    python analyses/receptive_field_shapes.py cortexnet --layers relu1 --out shapes
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import xarray as xr

from cortexcnn import plot, tuning
from cortexcnn.arrays import groups
from cortexcnn.cli.arguments import add_model, emit, load_network, names, new_folder
from cortexcnn.cli.probe import convolutions
from cortexcnn.protocols import preferred_stimuli
from cortexcnn.protocols.ringach2002b import (
    own_checks,
    ringach2002b_beside,
    ringach2002b_maps,
    ringach2002b_measures,
    ringach2002b_stimuli,
)
from cortexcnn.recording import record_own

SHOWN = 24
"""Units of a layer that are drawn."""


def main(argv: list[str] | None = None) -> Path:
    """Show noise, fit, print a line for each layer, and write a figure for each."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)[:2]
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    shown = ringach2002b_stimuli(network.screen, count=arguments.count, seed=arguments.seed)
    preferred = preferred_stimuli(network, layers)
    responses = record_own(network, shown, own_checks(preferred, shown))
    measures = ringach2002b_measures(responses)
    measures.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    rows = []
    for name, some in groups(responses, "layer"):
        fit = measures.sel(unit=some["unit"].values)
        rows.append(_row(str(name), fit))
        _draw(some, fit, folder / f"{str(name).replace('.', '_')}.png")
    emit(
        xr.Dataset({key: ("layer", [row[key] for row in rows]) for key in rows[0]}).to_dataframe().reset_index(),
        arguments,
    )
    for reason, count in zip(*np.unique(measures["reason"].values.astype(str), return_counts=True), strict=True):
        print(f"{count:5d} {reason or 'nothing to say'}")
    return folder


def _row(name: str, fit: xr.Dataset) -> dict[str, object]:
    """Medians of the units that have a Gabor, and the share of these that lies where neurons do."""
    units, neurons = ringach2002b_beside(fit)
    return {
        "layer": name,
        "units": fit.sizes["unit"],
        "valid": int(fit["valid"].sum()),
        "n_x": float(fit["n_x"].median()),
        "n_y": float(fit["n_y"].median()),
        "r_squared": float(fit["r_squared_above_noise"].where(fit["valid"]).median()),
        "in_bins_of_v1": float(units.where(neurons > 0, 0).sum() / max(int(units.sum()), 1)),
    }


@plot.style()
def _draw(responses: xr.DataArray, fit: xr.Dataset, path: Path) -> None:
    """The best-fitted maps of a layer, and all its units over the published histogram."""
    figure, _ = plot.figure(1, 2, width=4.6, height=3.6)
    figure.clear()
    left, right = figure.subfigures(1, 2, width_ratios=(1.7, 1))
    maps = {unit: one for found in ringach2002b_maps(responses) for unit, one in found["average"].groupby("unit")}
    order = fit["r_squared_above_noise"].where(fit["valid"], -1.0).argsort().values[::-1]
    best = order[np.unique(np.linspace(0, len(order) - 1, SHOWN).round().astype(int))]
    for i, ax in zip(best, np.ravel(left.subplots(4, -(-len(best) // 4))), strict=False):
        one = fit.isel(unit=[i])
        table = maps[one["unit"].item()]
        fine = [np.linspace(float(table[name][0]), float(table[name][-1]), 80) for name in ("x", "y")]
        title = f"{one['r_squared_above_noise'].item():.2f}" if one["valid"] else "–"
        plot.receptive_field(table, fitted=tuning.fitted_maps(one, *fine), title=title, ax=ax)
        ax.set(xticks=[], yticks=[], xlabel="", ylabel="")
    side = float(responses["rf_size"][0])
    left.suptitle(
        f"{responses['layer'].values[0]}: maps, contours and r² of the Gabor; the dashed box is {side:.2g}° wide"
    )
    good = fit.isel(unit=np.flatnonzero(fit["valid"].values))
    plot.joint(good["n_x"], good["n_y"], neurons=ringach2002b_beside(fit)[1], ax=right.subplots())
    plot.save(figure, path)


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: two first convolutions)")
    parser.add_argument("--count", type=int, default=4096, help="pictures of noise (4096)")
    parser.add_argument("--out", type=Path, default=Path("shapes"), metavar="FOLDER", help="of figures and table")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    parser.set_defaults(json=False, csv=False)
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
