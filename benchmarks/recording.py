"""The electrode beside a plain loop over whole images, and every unit beside a bare loop that stops at the same layer.

Both loops draw their images with the same code, a batch at a time. A plain loop runs the whole network and keeps the
centre unit by a hook. Ours also check the windows, label the units and hash the weights (with and without is printed).
Loops keep torch's own memory layout. Random weights.
Both are timed in turn, and the middle of the ratios is printed with the lowest and highest.

    python benchmarks/recording.py --quick
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr

from cortexcnn.models import Network, load
from cortexcnn.recording import record
from cortexcnn.stimuli import render, sweep

BARS = [
    ("alexnet", "features.0", 30.0),
    ("alexnet", "features.3", 8.0),
    ("alexnet", "features.8", 1.0),
    ("alexnet", "classifier.4", 1.0),
    ("resnet18", "layer1", 7.0),
    ("resnet18", "layer3", 1.0),
    ("resnet18", "layer4", 1.0),
    ("vgg16", "features.7", 50.0),
    ("vgg16", "features.28", 1.0),
]
EVERY = [("alexnet", "features.0"), ("resnet18", "layer1"), ("resnet18", "layer3")]


class EnoughError(Exception):
    """Stops the bare loop."""


CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}
_clock = [time.perf_counter]


@contextmanager
def known_hashes(network: Network) -> Iterator[None]:
    """The network with its hashes at hand, to time the recording without them."""
    hashes = network.hashes()
    network.hashes = lambda: hashes  # type: ignore[method-assign]
    try:
        yield
    finally:
        del network.hashes


def seconds(task: Callable[[], object]) -> float:
    start = _clock[0]()
    task()
    return _clock[0]() - start


def plain(network: Network, stimuli: xr.Dataset, layer: str, batch: int) -> None:
    """The whole network, a hook on the layer, the centre unit kept."""
    kept = []

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
        at = (output.shape[2] // 2, output.shape[3] // 2) if output.dim() == 4 else ()
        kept.append(output[(slice(None), slice(None), *at)].clone())

    handle = network.module_of(layer).register_forward_hook(keep)
    with torch.no_grad():
        for rows in batches(stimuli, batch):
            network.module(network.eye(render(stimuli, network.screen, rows=rows)))
    handle.remove()


def bare(network: Network, stimuli: xr.Dataset, layer: str, batch: int, units: int) -> None:
    """Every unit of a layer, and no more of the network than that needs."""
    into = torch.empty(stimuli.sizes["stimulus"], units)
    place = [0]

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> None:
        into[place[0] : place[0] + len(output)] = output.flatten(1)
        place[0] += len(output)
        raise EnoughError

    handle = network.module_of(layer).register_forward_hook(keep)
    with torch.no_grad():
        for rows in batches(stimuli, batch):
            try:
                network.module(network.eye(render(stimuli, network.screen, rows=rows)))
            except EnoughError:
                continue
    handle.remove()


def batches(stimuli: xr.Dataset, batch: int) -> list[slice]:
    return [slice(start, start + batch) for start in range(0, stimuli.sizes["stimulus"], batch)]


def middle(values: list[float]) -> str:
    return f"{np.median(values):7.2f} ({min(values):.2f}–{max(values):.2f})"


def gratings(phases: int = 8) -> xr.Dataset:
    return sweep(
        "grating",
        orientation=np.arange(12) * 15.0,
        phase=np.arange(phases) * 360 / phases,
        spatial_frequency=[0.875, 1.75, 3.5, 7],
    )


def centre_units(name: str, bars: list[tuple[str, float]], batch: int, repeats: int, images: int) -> None:
    """Print how many times faster than a plain loop centre units are recorded."""
    network, stimuli = load(name, weights="none"), gratings()
    some = stimuli.isel(stimulus=slice(0, images))
    network.layers()
    scale = stimuli.sizes["stimulus"] / images
    for layer, bar in bars:
        plain(network, some.isel(stimulus=slice(0, batch)), layer, batch)
        ratios: dict[str, list[float]] = {"whole call": [], "without hashes": [], f"batch {batch}": []}
        options = {"layers": [layer], "progress": False}
        for _ in range(repeats):
            loop = scale * seconds(lambda layer=layer: plain(network, some, layer, batch))
            ratios["whole call"].append(loop / seconds(lambda options=options: record(network, stimuli, **options)))
            with known_hashes(network):
                own = seconds(lambda options=options: record(network, stimuli, **options))
                same = seconds(lambda options=options: record(network, stimuli, batch=batch, **options))
            ratios["without hashes"].append(loop / own)
            ratios[f"batch {batch}"].append(loop / same)
        parts = ", ".join(f"{what} {middle(values)}" for what, values in ratios.items())
        rate = stimuli.sizes["stimulus"] / loop
        print(f"{name} {layer}: × plain loop ({rate:.1f} images/s): {parts}; wanted {bar:g}", flush=True)


def every_unit(name: str, layer: str, batch: int, repeats: int) -> None:
    """Print the share of a bare loop's images a second that recording every unit reaches, and thingsvision's."""
    network, stimuli = load(name, weights="none"), gratings(phases=16)
    images = stimuli.sizes["stimulus"]
    units = record(network, stimuli.isel(stimulus=[0]), layers=[layer], units="all", progress=False).sizes["unit"]
    options: dict[str, Any] = {"layers": [layer], "units": "all", "progress": False, "batch": batch}
    shares: dict[str, list[float]] = {"memory": [], "file": []}
    bare(network, stimuli.isel(stimulus=slice(0, batch)), layer, batch, units)
    with tempfile.TemporaryDirectory() as folder, known_hashes(network):
        options["out"] = Path(folder) / "responses.nc"
        for _ in range(repeats):
            loop = seconds(lambda: bare(network, stimuli, layer, batch, units))
            shares["memory"].append(loop / seconds(lambda: record(network, stimuli, **{**options, "out": None})))
            shares["file"].append(loop / seconds(lambda: record(network, stimuli, **options).close()))
            options["out"].unlink()
    parts = ", ".join(f"to {what} {middle(values)}" for what, values in shares.items())
    print(
        f"{name} {layer}, {units} units: share of a bare loop's {images / loop:.1f} images/s: {parts}; wanted 0.95",
    )
    beside_thingsvision(network, stimuli, layer, batch, images / loop * float(np.median(shares["memory"])))


def beside_thingsvision(network: Network, stimuli: xr.Dataset, layer: str, batch: int, own: float) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from thingsvision.core.extraction.torch import PyTorchExtractor  # noqa: PLC0415
    except ImportError:
        return
    peer = PyTorchExtractor(network.name, pretrained=False, device="cpu", model=network.module)
    luminance = render(stimuli, network.screen)
    shown = [network.eye(part) for part in luminance.split(batch)]
    taken = seconds(lambda: peer.extract_features(batches=shown, module_name=layer, flatten_acts=True))
    rate = len(luminance) / taken
    print(f"    thingsvision {rate:.1f} images/s: {own / rate:.2f} × (wanted 2.5 for resnet18 layer1)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="AlexNet and ResNet-18, once")
    parser.add_argument("--batch", type=int, default=32, help="images at once in the plain loop")
    parser.add_argument("--images", type=int, default=64, help="images in the plain loop; the rest is extrapolated")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--networks", nargs="+", help="only these")
    parser.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: processor time, with --threads 1 on a busy machine"
    )
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    _clock[0] = CLOCKS[given.clock]
    repeats = 1 if given.quick else given.repeats
    names = given.networks or (["alexnet", "resnet18"] if given.quick else ["alexnet", "resnet18", "vgg16"])
    for name in names:
        centre_units(name, [(layer, bar) for n, layer, bar in BARS if n == name], given.batch, repeats, given.images)
    for name, layer in EVERY:
        if name in names:
            every_unit(name, layer, given.batch, repeats)


if __name__ == "__main__":
    main()
