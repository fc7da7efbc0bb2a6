"""Populations and RDMs of known make."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr


def population(stimuli: int = 12, units: int = 30, repeats: int = 0, *, noise: float = 1.0, seed: int = 0):
    rng = np.random.default_rng(seed)
    values = rng.gamma(1.0, 1.0, size=(stimuli, units))
    dims = ("stimulus", "unit")
    if repeats:
        values = values[..., None] + noise * rng.normal(size=(stimuli, units, repeats))
        dims = ("stimulus", "unit", "repeat")
    coords = {
        "stimulus": [f"s{i}" for i in range(stimuli)],
        "orientation": ("stimulus", np.linspace(0, 180, stimuli, endpoint=False)),
        "unit": np.arange(units),
        "layer": ("unit", np.where(np.arange(units) < units // 3, "z", "a")),
    }
    return xr.DataArray(values, coords, dims, attrs={"model": "made"})


def stack(values: np.ndarray, dim: str = "subject") -> xr.DataArray:
    labels = [f"s{i}" for i in range(values.shape[-1])]
    dims = (dim, "stimulus", "stimulus2") if values.ndim == 3 else ("stimulus", "stimulus2")
    return xr.DataArray(values, {"stimulus": labels, "stimulus2": labels}, dims)


def distances(count: int, stimuli: int = 10, *, noise: float = 0.5, decimals: int | None = None, seed: int = 0):
    """Symmetric matrices with something in common, with ties if they are rounded."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(4.0, 0.25, (stimuli, stimuli)) + noise * rng.gamma(4.0, 0.25, (count, stimuli, stimuli))
    values = np.triu(values, 1)
    values = values + np.swapaxes(values, 1, 2)
    return values if decimals is None else np.round(values, decimals)


@pytest.fixture
def make_population() -> Callable[..., xr.DataArray]:
    return population


@pytest.fixture
def make_rdms() -> Callable[..., xr.DataArray]:
    def make(count: int = 3, stimuli: int = 10, *, dim: str = "subject", **options) -> xr.DataArray:
        return stack(distances(count, stimuli, **options), dim)

    return make
