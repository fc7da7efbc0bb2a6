"""A bar turned in steps and swept to and fro: which units of a layer answer as the cell of 1959 did?

The stimulus is that of Hubel & Wiesel (1959), J. Physiol. 148, 574-591, figure 3. Each chosen unit is drawn as a
raster (its response turned into regular spikes, both sweeps of the bar in a row) and a polar plot, beside the published
spikes.

    python analyses/hubel_wiesel_1959.py cortexnet --layers relu1,relu2,relu3
"""

from __future__ import annotations

import argparse
from pathlib import Path

from cortexcnn import plot, tuning
from cortexcnn.arrays import groups
from cortexcnn.cli.arguments import add_model, load_network, names
from cortexcnn.protocols import above_blank, swept_bars
from cortexcnn.recording import record
from cortexcnn.report import draw_bars, most_selective


def main(argv: list[str] | None = None) -> Path:
    """Record, print what was found, and write the figure."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    bars = swept_bars(network.screen, steps=arguments.steps, length=arguments.length, width=arguments.width)
    responses = above_blank(record(network, bars, layers=arguments.layers))
    measures = tuning.orientation_tuning(responses, baseline="none")
    for layer, here in groups(measures["circular_variance"].where(measures["valid"]), "layer"):
        answer = int(here.notnull().sum())
        median = f", median circular variance {float(here.median()):.2f}" if answer else ""
        print(f"{layer}: {answer} of {here.sizes['unit']} units answer to the bar{median}")
    chosen = most_selective(measures, arguments.units)
    for unit in chosen:
        one = measures.sel(unit=unit)
        angle, variance = float(one["preferred_orientation"]), float(one["circular_variance"])
        print(f"{unit}: prefers {angle:.0f}°, circular variance {variance:.2f}")
    files = plot.save(draw_bars(responses, chosen, spikes=arguments.spikes), arguments.out)
    print(f"figure: {files[0]}")
    return files[0]


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, required=True, metavar="NAME,…", help="where the electrodes go")
    parser.add_argument("--units", type=int, default=1, help="units to draw from each layer (default: 1)")
    parser.add_argument("--steps", type=int, default=8, help="orientations of the bar (default: 8)")
    parser.add_argument("--length", type=float, help="of the bar, degrees (default: half of the screen)")
    parser.add_argument("--width", type=float, help="of the bar, degrees (default: a sixteenth of the screen)")
    parser.add_argument("--spikes", type=Path, metavar="FILE.ods", help="the digitised spike times of 1959")
    parser.add_argument("--out", type=Path, default=Path("hubel_wiesel_1959.png"), help="the figure")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main()
