"""Training beside a bare torch loop, which bounds it, and beside the usual loader that changes images one by one.

    python benchmarks/training.py [--quick] [--threads N]

All train the shipped architecture on the same number of random images and take turns in one process; a ratio is the
median over rounds. The bare loop finds its whole input ready, normalised and unmoved, so what we add to it is the cost
of cropping, mirroring, normalising and book-keeping. A ratio above 1 is in our favour.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision import transforms

from cortexcnn.models.cortexnet import cortexnet
from cortexcnn.training import LabelledImages, Standardise, train
from cortexcnn.training.augment import crop_and_flip
from cortexcnn.training.evaluate import as_input

BATCH = 128


def bare(images: LabelledImages, *, channels_last: bool) -> float:
    """Images/s of a loop without anything around it."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    ready = [
        ((pixels / 255 - 0.5).div_(0.25).contiguous(memory_format=layout), labels)
        for pixels, labels in zip(images.pixels.split(BATCH), images.labels.split(BATCH), strict=True)
    ]
    return timed(cortexnet(), ready, len(images))


class OneByOne(Dataset):
    """Images as the usual loader takes them: one at a time, through torchvision's transforms."""

    def __init__(self, images: LabelledImages) -> None:
        self.images = [transforms.functional.to_pil_image(pixels) for pixels in images.pixels]
        self.labels = images.labels.tolist()
        self.change = transforms.Compose(
            [
                transforms.RandomCrop(32, padding=4, padding_mode="reflect"),
                transforms.RandomHorizontalFlip(),
                transforms.ToTensor(),
                transforms.Normalize((0.5,) * 3, (0.25,) * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, int]:
        return self.change(self.images[i]), self.labels[i]


def usual(images: LabelledImages) -> float:
    """Images/s of the loop of the tutorials."""
    return timed(cortexnet(), DataLoader(OneByOne(images), BATCH, shuffle=True), len(images))


def timed(network: nn.Module, batches: list | DataLoader, n: int) -> float:
    mover = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, nesterov=True, weight_decay=5e-4)
    start = time.perf_counter()
    for pixels, labels in batches:
        loss = functional.cross_entropy(network(pixels), labels, label_smoothing=0.1)
        mover.zero_grad()
        loss.backward()
        mover.step()
    return n / (time.perf_counter() - start)


def ours(images: LabelledImages) -> float:
    start = time.perf_counter()
    train(cortexnet(), images, epochs=1, batch=BATCH, rate=0.01, progress=False)
    return len(images) / (time.perf_counter() - start)


def between(mine: Callable[[], float], theirs: Callable[[], float]) -> float:
    """Ratio of speeds; ours is taken before and after theirs, because the machine's own speed drifts."""
    before, peer, after = mine(), theirs(), mine()
    return (before + after) / 2 / peer


def share_of_drawing(images: LabelledImages) -> float:
    """Share of a run's time that goes into drawing batches: choosing, moving, mirroring, normalising."""
    rng, eye = torch.Generator().manual_seed(0), Standardise((0.5,) * 3, (0.25,) * 3)
    start = time.perf_counter()
    for which in torch.randperm(len(images), generator=rng).split(BATCH):
        as_input(crop_and_flip(images.pixels, which, shift=4, flip=True, rng=rng), eye)
    return (time.perf_counter() - start) * ours(images) / len(images)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument(
        "--threads", type=int, default=int(os.environ.get("OMP_NUM_THREADS", "1")), help="default %(default)s"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    n, rounds = 1280, 2 if options.quick else 15
    rng = torch.Generator().manual_seed(0)
    images = LabelledImages(
        torch.randint(256, (n, 3, 32, 32), generator=rng, dtype=torch.uint8),
        torch.randint(10, (n,), generator=rng),
        tuple("0123456789"),
    )
    peers = {
        "bare loop, channels last (the limit)": lambda: bare(images, channels_last=True),
        "bare loop": lambda: bare(images, channels_last=False),
        "loader and transforms one by one": lambda: usual(images),
    }
    ours(images[:BATCH])  # torch loads parts of itself at the first step
    ratios: dict[str, list[float]] = {name: [] for name in peers}
    for _ in range(rounds):
        for name, run in peers.items():
            ratios[name].append(between(lambda: ours(images), run))
    print(
        f"{n} images of 32 × 32, batches of {BATCH}, {options.threads} thread(s), {rounds} rounds; cortexcnn.train is"
    )
    for name, found in ratios.items():
        low, middle, high = np.percentile(found, (25, 50, 75))
        print(f"  {middle:5.2f} times ({low:.2f}–{high:.2f}) as fast as: {name}")
    print(f"drawing the batches takes {share_of_drawing(images):.1%} of its time")


if __name__ == "__main__":
    main()
