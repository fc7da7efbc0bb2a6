"""How few stimuli drive a unit, or how few units a stimulus drives."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.choices import nearest
from cortexcnn.tuning.blocks import by_unit
from cortexcnn.tuning.responses import mean_over_repeats

__all__ = ["sparseness"]


@by_unit
def sparseness(responses: xr.DataArray, *, over: str = "stimulus") -> xr.DataArray:
    """(1 − (Σ r / n)² / (Σ r² / n)) / (1 − 1/n), of Vinje & Gallant [1]_ after Rolls & Tovee.

    Parameters
    ----------
    responses : DataArray
        Responses, not negative: rectify or subtract the blank first, and say which. Their mean over ``repeat`` is
        taken, where there is one: single trials are sparse because spikes are few. NaN is left out.
    over : str
        "stimulus" (default) for the lifetime sparseness of each unit, "unit" for the population sparseness of each
        stimulus, or any other dimension.

    Returns
    -------
    DataArray
        Without that dimension: 0 where all are alike, 1 where one alone answers; NaN where none does, or there is one
        only.

    Raises
    ------
    ValueError
        If there is no such dimension, or a response is negative.

    References
    ----------
    .. [1] Vinje & Gallant (2000), Science 287, 1273-1276.

    Examples
    --------
    >>> responses = xr.DataArray([[1.0, 0.0], [1.0, 0.0], [1.0, 7.0]], dims=("stimulus", "unit"))
    >>> sparseness(responses).values
    array([0., 1.])
    """
    if over not in responses.dims:
        dims = [str(dim) for dim in responses.dims]
        raise ValueError(f"no dimension {over!r} to be sparse over; there are {', '.join(dims)}.{nearest(over, dims)}")
    lowest = float(responses.min())
    if lowest < 0:
        raise ValueError(
            f"a response is {lowest:.3g}, and sparseness is defined for rates: rectify them first, .clip(min=0)"
        )
    table = (responses if over == "repeat" else mean_over_repeats(responses)).astype(float)
    count = table.notnull().sum(over)
    mean, square = table.mean(over), (table**2).mean(over)
    alike = (mean**2 / square.where(square > 0)).where(count > 1)
    return ((1 - alike) / (1 - 1 / count.where(count > 1, np.nan))).clip(0, 1).rename("sparseness")
