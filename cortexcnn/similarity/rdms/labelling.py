"""Results get their labels here, quickly, from parts that are known to fit.

xarray's constructor checks and copies every coordinate, which takes longer than the RDM of 92 stimuli does.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import xarray as xr
from xarray.indexes import PandasIndex

__all__ = ["labelled"]


def labelled(
    values: np.ndarray,
    coords: Mapping[str, xr.Variable],
    dims: tuple[str, ...],
    *,
    name: str,
    attrs: Mapping[str, Any],
    known: Mapping[Hashable, xr.Index] | None = None,
) -> xr.DataArray:
    """What ``xarray.DataArray`` makes of the same arguments, unchecked, and sharing the coordinates' memory.

    Parameters
    ----------
    values : ndarray
        One axis a dimension.
    coords : mapping
        Variables by name.
    dims : tuple of str
        Names of the axes.
    name : str
        What the values are.
    attrs : mapping
        How they were made.
    known : mapping, optional
        Indexes of dimensions whose coordinates have one; others are made.

    Returns
    -------
    DataArray

    Examples
    --------
    >>> coords = {"layer": xr.Variable("layer", ["V1", "V2"])}
    >>> labelled(np.array([0.3, 0.4]), coords, ("layer",), name="similarity", attrs={}).sel(layer="V2").item()
    0.4
    """
    variables, indexes = dict(coords), dict(known or {})
    for key, variable in coords.items():
        if key not in dims:
            variables[key] = variable.to_base_variable()
        elif key not in indexes:
            indexes[key] = PandasIndex.from_variables({key: variable}, options={})
            variables |= indexes[key].create_variables({key: variable})
    return xr.DataArray(xr.Variable(dims, values, attrs), variables, name=name, indexes=indexes, fastpath=True)
