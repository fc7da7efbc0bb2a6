"""Tables that have everything which another form might lose."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr


@pytest.fixture
def responses() -> xr.DataArray:
    """Text and numbers along each dimension, parameters that never change, a blank, and missing presentations."""
    rng = np.random.default_rng(0)
    values = rng.poisson(5.0, (5, 4, 3)).astype(float)
    values[1, :, 2] = values[0, :, 0] = np.nan
    return xr.DataArray(
        values,
        {
            "stimulus": ["s4", "s1", "s3", "s2", "blank"],
            "orientation": ("stimulus", [0.0, 45.0, 90.0, 135.0, np.nan]),
            "kind": ("stimulus", ["bar"] * 5),
            "unit": ["conv1/0", "conv1/1", "conv2/0", "conv2/1"],
            "layer": ("unit", ["conv1", "conv1", "conv2", "conv2"]),
            "area": ("unit", ["model"] * 4),
            "channel": ("unit", [0, 1, 0, 1]),
            "repeat": [1, 2, 3],
            "run": ("repeat", ["am", "am", "pm"]),
        },
        ("stimulus", "unit", "repeat"),
        attrs={"model": "made", "degrees": 8.0, "pixels": 64},
    )


@pytest.fixture
def rdms() -> xr.DataArray:
    """A stack (layer, subject) of RDMs with parameters of all, and a pair left out."""
    rng = np.random.default_rng(1)
    values = np.triu(rng.uniform(1, 2, (2, 3, 5, 5)), 1)
    values[..., 0, 3] = np.nan
    labels = ["s4", "s1", "s3", "s2", "blank"]
    return xr.DataArray(
        values + np.swapaxes(values, -1, -2),
        {
            "layer": ["conv1", "conv2"],
            "depth": ("layer", [1, 2]),
            "subject": [7, 8, 9],
            "sex": ("subject", ["f", "m", "f"]),
            "stimulus": labels,
            "orientation": ("stimulus", [0.0, 45.0, 90.0, 135.0, np.nan]),
            "stimulus2": labels,
        },
        ("layer", "subject", "stimulus", "stimulus2"),
        "dissimilarity",
        {"method": "correlation", "model": "made"},
    )
