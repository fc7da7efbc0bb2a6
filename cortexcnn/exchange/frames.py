"""Responses and RDMs as pandas data frames, wide and long, with all that is known of their labels, and back.

======= ========= ====================================== ===================================
form    holds     rows                                   columns
======= ========= ====================================== ===================================
wide    responses an index of stimulus, repeat and time  a level each of units and of what
                  with what is known of each             is known of them
long    responses one a number                           stimulus, unit, repeat, time, what
                                                         is known of each, and ``response``
square  RDMs      an index of the leading dimensions and the stimuli
                  the stimuli
pairs   RDMs      one a pair, in one order               stimulus, stimulus2, parameters of
                                                         both (with a 2 behind those of the
                                                         second), and ``dissimilarity``
======= ========= ====================================== ===================================

The attributes go into ``frame.attrs``, and so do coordinates without a dimension. The name of a table has no place
there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.exchange.frames_of_rdms import NOTED, from_pairs, from_square, to_pairs, to_square
from cortexcnn.exchange.frames_of_responses import from_long, from_wide, to_long, to_wide
from cortexcnn.exchange.rows import whole

__all__ = ["FRAMES", "from_pandas", "to_pandas"]


def to_pandas(table: xr.DataArray, *, form: str) -> pd.DataFrame:
    """A table as a data frame.

    Parameters
    ----------
    table : DataArray
        Responses for "wide" and "long", RDMs for "square" and "pairs" (what is above the diagonal).
    form : {"wide", "long", "square", "pairs"}
        See above. An index or columns with nothing but labels have one level.

    Returns
    -------
    DataFrame
        NaN is kept: leave rows out by ``.dropna()``.

    Raises
    ------
    ValueError
        If there is no such form, a coordinate has no place in it or the name of a column; or there are no pairs.

    Examples
    --------
    >>> table = xr.DataArray([[1.0, 2.0], [3.0, 4.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": ["a", "b"], "unit": ["u", "v"], "size": ("stimulus", [1, 2])})
    >>> to_pandas(table, form="long")
      stimulus  size unit  response
    0        a     1    u       1.0
    1        a     1    v       2.0
    2        b     2    u       3.0
    3        b     2    v       4.0
    """
    frame = chosen(FRAMES, form, "form")[0](table)
    frame.attrs |= whole(table)
    return frame


def from_pandas(frame: pd.DataFrame, *, form: str, dims: Sequence[str] | None = None) -> xr.DataArray:
    """The table out of a data frame, which may be of your own make; rows may be in any order.

    Parameters
    ----------
    frame : DataFrame
        Labels are called stimulus, unit, repeat and time, as in :func:`to_pandas`: rename others by ``.rename``. An
        index of one level is that of the stimuli, and columns of one level are the units, whatever they are called. A
        level or column that is not a label belongs to the stimuli, units, repeats or times in which it is constant.
    form : {"wide", "long", "square", "pairs"}
        Which it is.
    dims : sequence of str, optional
        For RDMs: which levels or columns are leading dimensions. By default those that :func:`to_pandas` noted in
        ``frame.attrs``, else none.

    Returns
    -------
    DataArray
        NaN where there is no row.

    Raises
    ------
    TypeError
        If it is no frame, or does not hold numbers.
    ValueError
        If a label is missing or nameless, two rows have the same labels, or the table is no RDM: says which.

    Examples
    --------
    >>> frame = pd.DataFrame({"u": [1.0, 3.0], "v": [2.0, 4.0]}, index=["a", "b"])
    >>> from_pandas(frame, form="wide").sel(stimulus="b", unit="u").item()
    3.0
    """
    if not isinstance(frame, pd.DataFrame):
        raise TypeError(f"a pandas.DataFrame is wanted; got {type(frame).__qualname__}")
    if dims is None:
        dims = [dim for dim in frame.attrs.get(NOTED, ()) if dim in {*frame.columns, *frame.index.names}]
    table = chosen(FRAMES, form, "form")[1](frame, [str(dim) for dim in dims])
    attrs = {str(name): value for name, value in frame.attrs.items() if name != NOTED}
    return table.assign_attrs(attrs)


FRAMES: dict[str, tuple[Callable[[xr.DataArray], pd.DataFrame], Callable[[pd.DataFrame, list[str]], xr.DataArray]]] = {
    "wide": (to_wide, from_wide),
    "long": (to_long, from_long),
    "square": (to_square, from_square),
    "pairs": (to_pairs, from_pairs),
}
"""Forms by name: how a table becomes one, and how it comes back."""
