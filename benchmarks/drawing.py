"""Images a second of gratings: ours, a naive numpy one, stimupy's, and what filling the buffer alone takes.

stimupy is GPL and no dependency: it runs as a separate program in an environment of its own, named by --stimupy or made
in a temporary folder by --install.

    python benchmarks/drawing.py --install
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep

PEER = """
import json, sys, time
from stimupy.stimuli.waves import sine_linear
count, degrees, pixels = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
def draw(n):
    for k in range(n):
        sine_linear(visual_size=degrees, ppd=pixels / degrees, frequency=2, rotation=180 * k / n + 1, phase_shift=45.0,
                    period="ignore", origin="mean", round_phase_width=False)
draw(1)
start = time.perf_counter(); draw(count)
print(json.dumps(count / (time.perf_counter() - start)))
"""


def best(draw: Callable[[], object], count: int, *, repeats: int = 7) -> float:
    """Images a second of the best of several runs, after one to warm up."""
    draw()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        draw()
        seconds.append(time.perf_counter() - start)
    return count / min(seconds)


def naive(screen: Screen, orientations: np.ndarray) -> np.ndarray:
    """A sine for every pixel, an image at a time."""
    right, up = np.meshgrid(*screen.centres())
    pictures = []
    for orientation in np.deg2rad(orientations):
        u = -np.sin(orientation) * right + np.cos(orientation) * up
        pictures.append((0.5 + 0.5 * np.sin(2 * np.pi * 2 * u + np.pi / 4)).astype(np.float32))
    return np.stack(pictures)


def peer(python: str, screen: Screen) -> float:
    """Images a second of stimupy, by its own interpreter."""
    command = [python, "-c", PEER, "50", str(screen.degrees), str(screen.pixels)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def install(folder: str) -> str:
    """An environment with stimupy in a folder; returns its interpreter."""
    venv.create(folder, with_pip=True)
    python = str(Path(folder) / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "stimupy"], check=True)
    return python


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stimupy", metavar="PYTHON", help="interpreter of an environment that has stimupy")
    parser.add_argument("--install", action="store_true", help="make such an environment in a temporary folder")
    parser.add_argument("--count", type=int, default=512, help="gratings at once (default: 512)")
    parser.add_argument("--pixels", type=int, default=224, help="pixels a side (default: 224)")
    options = parser.parse_args()
    screen = Screen(degrees=8, pixels=options.pixels)
    orientations = np.arange(options.count) * 180 / options.count
    table = sweep("grating", orientation=orientations, phase=45)
    disc = sweep("grating", orientation=orientations, phase=45, aperture="disc", size=4)
    square = sweep("grating", orientation=orientations, phase=45, waveform="square")
    bars = sweep("bar", orientation=orientations)
    out = torch.empty(options.count, 1, options.pixels, options.pixels)
    rates = {
        "filling the buffer": best(lambda: out.fill_(0.5), options.count),
        "gratings into a reused buffer": best(lambda: render(table, screen, out=out), options.count),
        "gratings into a new buffer": best(lambda: render(table, screen), options.count),
        "gratings under a disc": best(lambda: render(disc, screen, out=out), options.count),
        "square waves": best(lambda: render(square, screen, out=out), options.count, repeats=2),
        "bars": best(lambda: render(bars, screen, out=out), options.count, repeats=2),
        "naive numpy gratings": best(lambda: naive(screen, orientations), options.count, repeats=1),
    }
    if options.install:
        with tempfile.TemporaryDirectory() as folder:
            rates["stimupy gratings"] = peer(install(folder), screen)
    elif options.stimupy:
        rates["stimupy gratings"] = peer(options.stimupy, screen)
    else:
        print(
            "stimupy left out: name an interpreter that has it by --stimupy, or make one by --install", file=sys.stderr
        )
    ours = rates["gratings into a reused buffer"]
    print(f"{options.count} pictures of {options.pixels} px, {torch.get_num_threads()} threads")
    for name, rate in rates.items():
        print(f"  {name:32} {rate:9,.0f} images/s   gratings / this: {ours / rate:8.2f}×")


if __name__ == "__main__":
    main()
