"""What each process of a shared run does; started by torchrun from test_engine.py."""

from __future__ import annotations

import sys

import torch
from torch import nn

from cortexcnn.training import digits, fabric, train


def network() -> nn.Sequential:
    """A small network without normalisation, so that it does not matter how a batch is divided."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 8, 3), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(72, 10))


def go(out: str, **options: object) -> None:
    """Train on the digits, batches of 51 and 50 images, which two processes can't divide equally."""
    training, test = digits()
    train(
        network(),
        training[:404],
        validation=test[:55],
        epochs=3,
        batch=51,
        flip=False,
        clip=1.0,
        patience=2,
        out=out,
        progress=False,
        **options,
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    go(sys.argv[1], fabric=fabric(devices=2))
