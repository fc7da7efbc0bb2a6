"""What the electrode needs of a network: anything that offers this can be recorded from.

``cortexcnn.models.Network`` does; recording never imports it, so that either can change without the other.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
import xarray as xr
from torch import nn

from cortexcnn.screen import Screen

__all__ = ["Field", "Recordable"]


class Field(Protocol):
    """What the units of one layer see of the image; see ``cortexcnn.models.ReceptiveField``."""

    @property
    def channels(self) -> int:
        """Channels of the map; units of a layer that has no map."""

    @property
    def rows(self) -> int:
        """Rows of the map, 1 where there is none."""

    @property
    def columns(self) -> int:
        """Columns of the map, 1 where there is none."""

    @property
    def whole_image(self) -> bool:
        """No window can be used."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""

    @property
    def stride(self) -> tuple[int, int]:
        """Pixels from unit to unit, down and across."""

    @property
    def lowest(self) -> tuple[np.ndarray, np.ndarray]:
        """First pixel row of each row of units, first pixel column of each column of units."""

    @property
    def highest(self) -> tuple[np.ndarray, np.ndarray]:
        """Last pixel row of each row of units, last pixel column of each column of units."""

    @property
    def alignment(self) -> int:
        """A crop must start at a multiple of this."""

    @property
    def dims(self) -> tuple[int | None, int | None]:
        """Which dimensions of the output are rows and columns."""

    def centre(self, row: int, column: int) -> tuple[float, float]:
        """Pixel row and column of the middle of a unit's receptive field."""

    def as_maps(self, output: torch.Tensor) -> torch.Tensor:
        """The layer's output as (n, channels, rows, columns)."""


class Recordable(Protocol):
    """A network behind its eye; see ``cortexcnn.models.Network``."""

    name: str
    weights: str
    module: nn.Module

    @property
    def screen(self) -> Screen:
        """The screen that fills its view."""

    @property
    def device(self) -> torch.device:
        """Where it runs."""

    @property
    def dtype(self) -> torch.dtype:
        """In what precision it runs."""

    def layers(self) -> xr.Dataset:
        """Its layers in the order in which outputs are ready: channels, rows, columns, parameters, calls."""

    def resolve(self, layer: str) -> str:
        """The name of a layer as :meth:`layers` lists it."""

    def receptive_field(self, layer: str) -> Field:
        """What the units of a layer see."""

    def bottlenecks(self, layer: str) -> list[str]:
        """Modules through whose output everything passes that a layer is computed from, in their order."""

    def module_of(self, layer: str) -> nn.Module:
        """The module whose output is the layer."""

    def hashes(self) -> dict[str, str]:
        """Content hashes of weights and eye."""

    def __call__(self, luminance: torch.Tensor) -> Any:
        """Run on luminance (row, channel, y, x)."""
