"""What the benchmarks of similarity share: times taken in turns, and a line that puts them beside each other."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import xarray as xr

__all__ = ["best", "line", "responses"]


def best(runs: int, *functions: Callable[[], object]) -> list[float]:
    """Shortest time of each function in ms; they take turns, so that each sees the same machine."""
    times = [[] for _ in functions]
    for _ in range(runs):
        for function, found in zip(functions, times, strict=True):
            start = time.perf_counter()
            function()
            found.append(1e3 * (time.perf_counter() - start))
    return [min(found) for found in times]


def line(name: str, ours: float, peer: float | None, limit: float | None = None) -> None:
    """Print our time beside a peer's and a limit's."""
    beside = f"rsatoolbox {peer:10.2f} ms  {peer / ours:8.1f}×" if peer is not None else " " * 35
    bound = f"   product {limit:8.2f} ms  {ours / limit:5.2f}×" if limit is not None else ""
    print(f"{name:46} {ours:9.2f} ms   {beside}{bound}", flush=True)


def responses(stimuli: int, units: int, repeats: int = 0, *, counts: bool = False) -> xr.DataArray:
    """Noise in float32, or counts in float64."""
    rng = np.random.default_rng(0)
    shape = (stimuli, units, repeats) if repeats else (stimuli, units)
    values = rng.poisson(3.0, shape).astype(float) if counts else rng.standard_normal(shape, dtype=np.float32)
    dims = ("stimulus", "unit", "repeat")[: len(shape)]
    return xr.DataArray(values, {"stimulus": np.arange(stimuli), "unit": np.arange(units)}, dims)
