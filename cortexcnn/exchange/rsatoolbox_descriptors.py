"""The descriptors of rsatoolbox's objects: dicts of lists beside the numbers, which here are coordinates."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.exchange.rows import column, spread

__all__ = ["along", "columns_of", "descriptors_of", "taken", "the_toolbox"]


def the_toolbox() -> Any:
    """The package, or an error that asks for it."""
    try:
        import rsatoolbox  # noqa: PLC0415 - not needed by anything else
    except ImportError as error:
        raise ImportError("objects of rsatoolbox need it: pip install rsatoolbox") from error
    return rsatoolbox


def descriptors_of(table: xr.DataArray, dims: Sequence[str]) -> dict[str, np.ndarray]:
    """Labels and coordinates of some dimensions, as descriptors."""
    return {name: column(values) for name, values in spread(table, dims).items()}


def columns_of(descriptors: Mapping[str, Iterable[Any]]) -> dict[str, np.ndarray]:
    """Descriptors as arrays; those with several values for one thing are left out, with a warning."""
    columns = {str(name): column(values) for name, values in descriptors.items()}
    several = [name for name, values in columns.items() if values.ndim != 1 or _nested(values)]
    if several:
        warnings.warn(
            f"the descriptors {', '.join(several)} have several values for one thing, and are left out",
            UserWarning,
            stacklevel=3,
        )
    return {name: values for name, values in columns.items() if name not in several}


def _nested(values: np.ndarray) -> bool:
    return values.dtype.kind == "O" and any(isinstance(value, (list, tuple, dict, np.ndarray)) for value in values)


def taken(columns: dict[str, np.ndarray], name: str, what: str) -> np.ndarray:
    """The column of a name; it is no longer among the others."""
    if name not in columns:
        raise ValueError(f"no {what} named {name!r}; there are {', '.join(columns) or 'none'}")
    return columns.pop(name)


def along(columns: Mapping[str, np.ndarray], dim: str) -> dict[str, Any]:
    """Columns as coordinates of one dimension."""
    return {name: (dim, values) for name, values in columns.items()}
