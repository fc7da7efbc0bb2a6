"""Units are measured each by itself, so many of them are measured some at a time: memory does not grow with them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import xarray as xr

__all__ = ["by_unit"]

VALUES = 2**22  # responses at a time: 16 MB as recorded, some times that while they are measured

Options = ParamSpec("Options")
Table = TypeVar("Table", xr.DataArray, xr.Dataset)


def by_unit(
    measure: Callable[Concatenate[xr.DataArray, Options], Table],
) -> Callable[Concatenate[xr.DataArray, Options], Table]:
    """Let a measure that looks at each unit alone work on some units at a time.

    Responses that lie in a file are then read from it block by block.

    Parameters
    ----------
    measure : callable
        From responses (stimulus, unit, …) to a table along ``unit``.

    Returns
    -------
    callable
        The same, for any number of units.

    Examples
    --------
    >>> doubled = by_unit(lambda responses: 2 * responses.max("stimulus"))
    >>> doubled(xr.DataArray([[1.0, 3.0], [2.0, 0.0]], dims=("stimulus", "unit"))).values
    array([4., 6.])
    """

    @wraps(measure)
    def measured(responses: xr.DataArray, /, *args: Options.args, **options: Options.kwargs) -> Table:
        if not isinstance(responses, xr.DataArray) or "unit" not in responses.dims or responses.size <= VALUES:
            return measure(responses, *args, **options)
        units = responses.sizes["unit"]
        step = max(1, VALUES * units // responses.size)
        parts = [
            measure(responses.isel(unit=slice(first, first + step)), *args, **options)
            for first in range(0, units, step)
        ]
        how: dict[str, Any] = dict.fromkeys(("compat", "join", "combine_attrs"), "override") | {"coords": "minimal"}
        if isinstance(parts[0], xr.Dataset):
            how["data_vars"] = "minimal"
        return xr.concat(parts, "unit", **how)

    return measured
