"""Where responses are put as they come: a table in memory. (Its twin in :mod:`cortexcnn.recording.store` is a file.)"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import torch
import xarray as xr

from cortexcnn.recording.electrode import Site

__all__ = ["Collector", "InMemory", "NotFinite", "Receiver", "columns_of", "in_order", "moving"]


class Receiver(Protocol):
    """Takes responses batch by batch."""

    def done(self, sites: Sequence[Site]) -> int:
        """How many stimuli have been recorded at all of some sites."""

    def targets(self, sites: Sequence[Site], rows: slice) -> dict[str, torch.Tensor]:
        """Where to write the responses (row × time, unit) of each layer to the next stimuli."""

    def commit(self, sites: Sequence[Site], rows: slice, targets: Mapping[str, torch.Tensor]) -> None:
        """Take what was written to the targets."""


class Collector(Receiver, Protocol):
    """Takes responses and keeps them as a table."""

    def finish(self) -> xr.DataArray:
        """The whole table."""

    def close(self) -> None:
        """Let go of everything, finished or not."""


class NotFinite:
    """Remembers which units gave NaN or infinity, so that each layer is named once."""

    def __init__(self) -> None:
        self._bad: dict[str, np.ndarray] = {}

    def look(self, site: Site, values: torch.Tensor) -> None:
        """Look at responses (n, unit) of a layer; a sum tells in one sweep whether any is not finite."""
        if torch.isfinite(values.sum()):
            return
        bad = ~torch.isfinite(values).all(dim=0).numpy()
        if bad.any():
            self._bad[site.layer] = self._bad.get(site.layer, False) | bad

    def warn(self, sites: Sequence[Site], units: np.ndarray) -> None:
        """Warn of each layer with such units, naming the first."""
        columns = columns_of(sites)
        for layer, bad in self._bad.items():
            first = units[columns[layer].start + int(np.flatnonzero(bad)[0])]
            warnings.warn(
                f"{layer}: {int(bad.sum())} of {len(bad)} units gave NaN or infinity to some stimuli, first {first}; "
                "they are recorded as they are",
                UserWarning,
                stacklevel=4,
            )


class InMemory:
    """Responses in memory.

    Parameters
    ----------
    table : Dataset without variables
        Coordinates and attributes.
    sites : sequence of Site
        In the order of the units.
    frames : int
        Images of each stimulus.
    dtype : torch.dtype
        Of the responses.
    """

    def __init__(self, table: xr.Dataset, sites: Sequence[Site], frames: int, dtype: torch.dtype) -> None:
        self._table = table
        self._columns = columns_of(sites)
        self._frames = frames
        self._sites = sites
        self._bad = NotFinite()
        self._values = torch.empty((table.sizes["stimulus"] * frames, table.sizes["unit"]), dtype=dtype)

    def done(self, sites: Sequence[Site]) -> int:  # noqa: ARG002 - a table in memory is always new
        """None yet."""
        return 0

    def targets(self, sites: Sequence[Site], rows: slice) -> dict[str, torch.Tensor]:
        """The table itself."""
        part = self._values[rows.start * self._frames : rows.stop * self._frames]
        return {site.layer: part[:, self._columns[site.layer]] for site in sites}

    def commit(self, sites: Sequence[Site], rows: slice, targets: Mapping[str, torch.Tensor]) -> None:  # noqa: ARG002
        """Look for NaN."""
        for site in sites:
            self._bad.look(site, targets[site.layer])

    def finish(self) -> xr.DataArray:
        """The table."""
        self._bad.warn(self._sites, self._table["unit"].values)
        values = self._values.numpy()
        if "time" in self._table.coords:
            values = values.reshape(-1, self._frames, values.shape[-1])
        return in_order(xr.DataArray(values, self._table.coords, moving(self._table), "responses", self._table.attrs))

    def close(self) -> None:
        """Nothing to let go of."""


def columns_of(sites: Sequence[Site]) -> dict[str, slice]:
    """Which units of the table belong to each layer."""
    ends = np.cumsum([len(site) for site in sites]).tolist()
    return {site.layer: slice(end - len(site), end) for site, end in zip(sites, ends, strict=True)}


def moving(table: xr.Dataset) -> tuple[str, ...]:
    """Dimensions in the order in which responses come: the frames of a stimulus one after the other."""
    return ("stimulus", "time", "unit") if "time" in table.coords else ("stimulus", "unit")


def in_order(responses: xr.DataArray) -> xr.DataArray:
    """The dimensions in the order in which people read them."""
    return responses.transpose("stimulus", "unit", ...)
