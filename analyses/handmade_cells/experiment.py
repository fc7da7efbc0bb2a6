"""An experiment on handmade cells: what is shown, how each kind of cell answers, what measures it, and what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import product
from types import SimpleNamespace
from typing import Any

import numpy as np
import xarray as xr

SPONTANEOUS = 0.82  # spikes/s

Cells = SimpleNamespace
"""Cells of one kind: the numbers of their kind, ``peak`` (spikes/s above the blank), and each cell's own, by name."""

Truth = Callable[[Cells], Any]


def by_definition(cells: Cells) -> Any:
    """Stands for the truth of a measure that is defined on what was shown: what it gives without noise."""
    raise NotImplementedError("Experiment.true measures the responses without noise in place of this")


@dataclass(frozen=True)
class Experiment:
    """What is shown, to which cells, what measures them, and what it should find."""

    shown: dict[str, np.ndarray]  # a column for each parameter, without the blank
    shape: Callable[[SimpleNamespace, Cells], np.ndarray]  # (columns (stimulus, 1), cells): responses from 0 to 1
    kinds: dict[str, dict[str, Any]]
    measure: Callable[[xr.DataArray], xr.Dataset]
    truths: dict[str, Truth]  # NaN: there is nothing to be right or wrong about
    own: dict[str, tuple[float, float]] = field(default_factory=dict)  # between which each cell's own numbers lie
    seconds: float = 1.0  # of a presentation
    most: int = 500  # cells, where fits take long

    def cells(self, kind: str, maximum: float, count: int, rng: np.random.Generator) -> Cells:
        """Cells of a kind that fire at a maximum rate."""
        drawn = {name: rng.uniform(*between, count) for name, between in self.own.items()}
        return Cells(**self.kinds[kind], peak=np.full(count, maximum - SPONTANEOUS), **drawn)

    def responses(self, cells: Cells) -> xr.DataArray:
        """Rates (stimulus, unit); the last row is a blank."""
        columns = {"contrast": np.ones(len(next(iter(self.shown.values()))))} | self.shown
        seen = SimpleNamespace(**{name: column[:, None] for name, column in columns.items()})
        shape = np.broadcast_to(self.shape(seen, cells), (len(columns["contrast"]), len(cells.peak)))
        rates = SPONTANEOUS + cells.peak * np.concatenate([shape, np.zeros((1, len(cells.peak)))])
        coords: dict[str, Any] = {"stimulus": np.arange(len(rates)), "unit": np.arange(len(cells.peak))}
        for name, column in columns.items():
            nothing = 0.0 if name == "contrast" else "" if column.dtype.kind == "U" else np.nan
            coords[name] = ("stimulus", np.append(column, nothing))
        return xr.DataArray(rates, dims=("stimulus", "unit"), coords=coords)

    def true(self, cells: Cells) -> dict[str, np.ndarray]:
        """The true value of every measure (unit)."""
        without = self.measure(self.responses(cells)) if by_definition in self.truths.values() else {}
        return {
            name: np.broadcast_to(without[name] if truth is by_definition else truth(cells), cells.peak.shape)
            for name, truth in self.truths.items()
        }


def every(**levels: Any) -> dict[str, np.ndarray]:
    """Every combination of some levels, a column for each parameter."""
    columns = zip(*product(*levels.values()), strict=True)
    return {name: np.array(column) for name, column in zip(levels, columns, strict=True)}
