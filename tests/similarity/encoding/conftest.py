"""A layer with units more than stimuli, and cells that are linear in it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr


def pair(
    stimuli: int = 60, features: int = 90, neurons: int = 4, *, repeats: int = 0, noise: float = 0.3, seed: int = 0
):
    rng = np.random.default_rng(seed)
    hidden = rng.normal(size=(stimuli, 6))
    layer = hidden @ rng.normal(size=(6, features)) + 0.2 * rng.normal(size=(stimuli, features)) + 3
    clean = hidden @ rng.normal(size=(6, neurons)) + 5
    shape = (*clean.shape, repeats) if repeats else clean.shape
    cells = (clean[..., None] if repeats else clean) + noise * rng.normal(size=shape)
    shared = {
        "stimulus": [f"s{i}" for i in range(stimuli)],
        "movie": ("stimulus", np.arange(stimuli) // (stimuli // 10)),
    }
    names = {"unit": np.arange(features), "layer": ("unit", np.where(np.arange(features) < features // 2, "z", "a"))}
    dims = ("stimulus", "unit", "repeat")
    return (
        xr.DataArray(layer, shared | names, dims[:2]),
        xr.DataArray(cells, shared | {"unit": [f"cell{i}" for i in range(neurons)]}, dims[: cells.ndim]),
    )


@pytest.fixture
def make_pair() -> Callable[..., tuple[xr.DataArray, xr.DataArray]]:
    return pair
