"""The V1 battery of 2021 with its analysis, beside a plain loop with hooks over whole images, on AlexNet.

All gratings of the battery (textures excepted) are shown to the units at the centre of each map, and the 15 properties
are measured. The plain loop draws the same images with the same code, runs the whole network and keeps the same units
by hooks; it measures nothing. It is run on a sample of the images, and extrapolated. Random weights. The two take turns
every three thousand images; the middle of the ratios is printed with the lowest and highest, of processor time on one
thread unless said otherwise, so that other work on the machine disturbs less. Peak memory is taken of a recording that
streams to a file, and of an analysis.

    python benchmarks/battery.py
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from cortexcnn.models import Network, load
from cortexcnn.protocols import grating_battery, grating_tuning, marques2020_properties, marques2020_stimuli
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep

LAYERS = ("features.0", "features.3", "features.6", "features.8", "features.10")
BARS = ((2, 15.0), (5, 5.0))
PHASES = 8


def plain(network: Network, stimuli: xr.Dataset, layers: Sequence[str], batch: int) -> None:
    """The whole network on whole images, with a hook on each layer that keeps the centre units."""
    kept: dict[str, list[torch.Tensor]] = {layer: [] for layer in layers}

    def keeper(layer: str) -> Callable[[object, object, torch.Tensor], None]:
        def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
            kept[layer].append(output[:, :, output.shape[2] // 2, output.shape[3] // 2].clone())

        return keep

    handles = [network.module_of(layer).register_forward_hook(keeper(layer)) for layer in layers]
    with torch.no_grad():
        for start in range(0, stimuli.sizes["stimulus"], batch):
            rows = slice(start, start + batch)
            network.module(network.eye(render(stimuli, network.screen, rows=rows)))
    for handle in handles:
        handle.remove()


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
_clock = [time.process_time]


def seconds(task: Callable[[], object]) -> float:
    start = _clock[0]()
    task()
    return _clock[0]() - start


def middle(values: list[float]) -> str:
    return f"{np.median(values):.1f} ({min(values):.1f}–{max(values):.1f})"


def compare(turns: int, sample: int, batch: int) -> None:
    network = load("alexnet", weights="none")
    stimuli = marques2020_stimuli(network.screen, compat=None)
    count = stimuli.sizes["stimulus"]
    # Phases stay together, as the battery has them: they are worked out together.
    eights = np.split(np.arange(count), range(PHASES, count, PHASES))
    np.random.default_rng(0).shuffle(eights)
    parts = [np.concatenate(eights[turn::turns]) for turn in range(turns)]
    network.layers()
    for layers, bar in ((LAYERS[:number], bar) for number, bar in BARS):
        plain(network, stimuli.isel(stimulus=parts[0][:batch]), layers, batch)
        loops, recorded, answers = [], [], []
        for part in parts:
            some = stimuli.isel(stimulus=part)
            loop = seconds(partial(plain, network, some.isel(stimulus=slice(0, sample)), layers, batch))
            loops.append(loop * len(part) / sample)
            start = _clock[0]()
            answers.append(record(network, some, layers=layers, progress=False))
            recorded.append(_clock[0]() - start)
        responses = xr.concat(answers, "stimulus").clip(min=0)
        analysed = seconds(partial(marques2020_properties, responses))
        ours = np.array(recorded) + analysed / turns
        print(
            f"{len(layers)} layers, {responses.sizes['unit']} units, {count} images: {ours.sum():.1f} s with analysis, "
            f"{middle(list(np.array(loops) / ours))} × a plain loop ({sum(loops):.0f} s; "
            f"{sum(loops) / ours.sum():.1f} × over all), wanted {bar:g}; "
            f"analysis / recording {analysed / sum(recorded):.3f}",
            flush=True,
        )


def memory(task: str, amount: float) -> None:
    """Print the memory that a task of a process of its own takes at most."""
    code = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import battery; battery.{task}({amount})"
    print(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout, end="")


def analysed(gibibytes: float) -> None:
    """Measure orientation, frequency and phase of as many units as responses to 769 gratings fill this memory with."""
    gratings = grating_battery(Screen(8, 224))
    count = gratings.sizes["stimulus"]
    values = np.random.default_rng(0).random((count, int(gibibytes * 2**30 / 4 / count)), dtype=np.float32)
    coords = {str(name): ("stimulus", gratings[name].values) for name in gratings.variables}
    responses = xr.DataArray(values, coords | {"unit": np.arange(values.shape[1])}, ("stimulus", "unit"))
    grating_tuning(responses.isel(unit=slice(0, 8)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grating_tuning(responses)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{values.nbytes / 2**30:.2f} GiB of responses of {values.shape[1]} units measured: "
        f"peak {peak / 2**20:.2f} GiB with the libraries, {(peak - before) / 2**20:.2f} GiB more than before: "
        f"{peak * 1024 / values.nbytes:.2f} × their size; wanted 4 at most"
    )


def streamed(images: int) -> None:
    """Record every unit of a layer to a file, in a process of its own."""
    network = load("alexnet", weights="none", pixels=112)
    stimuli = sweep("grating", orientation=np.linspace(0, 179, images), spatial_frequency=2)
    network.layers()
    record(network, stimuli.isel(stimulus=slice(0, 8)), layers=["features.0"], units="all", progress=False)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "responses.nc"
        responses = record(network, stimuli, layers=["features.0"], units="all", out=out, progress=False)
        size = responses.size * 4
        responses.close()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{size / 2**30:.2f} GiB of responses to a file: peak {peak / 2**30:.2f} GiB with the libraries, "
        f"{grown / 2**30:.2f} GiB more than before: {peak / size:.2f} × their size; wanted 4 at most"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=3, help="in how many parts the battery is shown (3)")
    parser.add_argument("--sample", type=int, default=144, help="images of the plain loop in each turn (144)")
    parser.add_argument("--batch", type=int, default=16, help="images at once in the plain loop (16)")
    parser.add_argument("--images", type=int, default=6000, help="of the recording whose memory is measured (6000)")
    parser.add_argument("--gibibytes", type=float, default=1.0, help="of responses that are measured for memory (1)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--clock", choices=CLOCKS, default="cpu")
    given = parser.parse_args()
    _clock[0] = CLOCKS[given.clock]
    torch.set_num_threads(given.threads)
    compare(given.turns, given.sample, given.batch)
    memory("streamed", given.images)
    memory("analysed", given.gibibytes)


if __name__ == "__main__":
    main()
