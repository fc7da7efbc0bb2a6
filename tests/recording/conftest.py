"""A small network with branches, strides, padding and an in-place rectifier, and gratings for it."""

from __future__ import annotations

import pytest
import torch
import xarray as xr
from torch import nn

from cortexcnn.models import Eye, Network
from cortexcnn.stimuli import sweep


class Branching(nn.Module):
    """Two branches of other reach, added up; then something global."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 6, 5, stride=2, padding=2)
        self.relu = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, padding=1)
        self.wide = nn.Conv2d(6, 8, 3, padding=1)
        self.narrow = nn.Conv2d(6, 8, 1)
        self.head = nn.Linear(8, 5)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        maps = self.pool(self.relu(self.stem(image)))
        maps = self.relu(self.wide(maps) + self.narrow(maps))
        return self.head(maps.mean(dim=(2, 3)))


def behind_eye(module: nn.Module, pixels: int = 48) -> Network:
    """A grey eye of 12 pixels per degree."""
    return Network(module, Eye(channels=1, mean=0.5, std=0.25, pixels=pixels, degrees=pixels / 12), name="small")


@pytest.fixture
def wrapped():
    """Puts a module behind an eye."""
    return behind_eye


@pytest.fixture
def network() -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(1)
        return behind_eye(Branching())


@pytest.fixture
def gratings() -> xr.Dataset:
    return sweep("grating", orientation=[0, 40, 80, 120, 160], spatial_frequency=[1, 2.5], phase=[0, 90], blank=True)
