"""The share of a run's time that goes into its images, for each form that they can have, beside the usual loader.

    python benchmarks/loading.py [--quick] [--threads N]

The time is taken inside ``train``: choosing, reading, moving, mirroring and normalising each batch, while a network
learns from it. Two networks: the shipped one, and LeNet, whose steps are among the shortest. A folder is decoded once,
before the run; the usual loader (torchvision's ImageFolder behind a DataLoader with a worker for each thread) decodes
it in every epoch.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.utils.data import DataLoader
from torchvision import datasets
from torchvision.transforms import v2

from cortexcnn.models import load
from cortexcnn.training import LabelledImages, dead_leaves, hdf5_images, image_folder, save_hdf5, steps, train

PHOTOGRAPH = 256
"""Side of the pictures of a folder, in pixels."""


@contextmanager
def watched(names: tuple[str, ...]) -> Iterator[list[float]]:
    """Time spent in functions of the loop, as it runs."""
    spent = [0.0]

    def timed(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*given, **named)
            finally:
                spent[0] += time.perf_counter() - start

        return call

    before = {name: getattr(steps, name) for name in names}
    for name, function in before.items():
        setattr(steps, name, timed(function))
    try:
        yield spent
    finally:
        for name, function in before.items():
            setattr(steps, name, function)


def share(network: str, images: LabelledImages, **settings: Any) -> tuple[float, float]:
    """Images/s of a run, and the share of its time that goes into images."""
    made = load(network, weights="none", classes=len(images.classes), channels=images.channels)
    train(made, images[:256], epochs=1, rate=1e-4, progress=False)  # torch loads parts of itself at the first step
    with watched(("_part", "as_input")) as spent:
        start = time.perf_counter()
        train(made, images, epochs=1, rate=1e-4, progress=False, **settings)
        whole = time.perf_counter() - start
    return len(images) / whole, spent[0] / whole


def pictures(folder: Path, count: int) -> Path:
    """A folder of JPEG pictures in four classes."""
    for part in dead_leaves(count, size=PHOTOGRAPH, smooth=1):
        for i, (pixels, label) in enumerate(zip(part.pixels, part.labels.tolist(), strict=True)):
            file = folder / part.classes[label] / f"{part.source.split()[0]}_{i}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(file, quality=90)
    return folder


def once(folder: Path) -> float:
    """Images/s of reading a folder, which is done once."""
    start = time.perf_counter()
    n = sum(map(len, image_folder(folder, size=64)))
    return n / (time.perf_counter() - start)


def every_epoch(folder: Path, workers: int) -> float:
    """Images/s of the usual loader, in every epoch."""
    change = v2.Compose(
        [v2.Resize(64), v2.CenterCrop(64), v2.RandomHorizontalFlip(), v2.ToImage(), v2.ToDtype(torch.float32, True)]
    )
    loader = DataLoader(datasets.ImageFolder(folder, change), 128, shuffle=True, num_workers=workers)
    start = time.perf_counter()
    n = sum(len(labels) for _, labels in loader)
    return n / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few images")
    parser.add_argument(
        "--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "2")), help="default %(default)s"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    n = 1280 if options.quick else 6400
    rng = torch.Generator().manual_seed(0)
    pixels = torch.randint(256, (n, 3, 32, 32), generator=rng, dtype=torch.uint8)
    images = LabelledImages(pixels, torch.arange(n) % 10, tuple("0123456789"), "noise")
    changes = v2.Compose([v2.RandomCrop(32, padding=4, padding_mode="reflect"), v2.RandomHorizontalFlip()])
    print(f"{n} images of 32 × 32, batches of 128, {options.threads} thread(s)")
    with tempfile.TemporaryDirectory() as name:
        stored, _ = hdf5_images(save_hdf5(images, images[:10], Path(name) / "noise.h5"))
        forms: dict[str, tuple[LabelledImages, dict[str, Any]]] = {
            "in memory": (images, {}),
            "in an HDF5 file": (stored, {}),
            "in memory, transforms v2": (images, {"augment": changes}),
        }
        for network in ("cortexnet", "lenet"):
            for form, (given, settings) in forms.items():
                speed, part = share(network, given, **settings)
                print(f"  {network:10} {form:25} {speed:7.0f} images/s, {part:6.1%} of the time for the images")
        folder = pictures(Path(name) / "folder", 100 if options.quick else 800)
        ours, theirs = once(folder), every_epoch(folder, options.threads)
        print(
            f"a folder of JPEG pictures of {PHOTOGRAPH} pixels: {ours:.0f} images/s once, "
            f"{theirs:.0f} images/s in every epoch by the usual loader"
        )


if __name__ == "__main__":
    main()
