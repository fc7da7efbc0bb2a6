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
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_rdm, check_responses, matrices_of
from cortexcnn.choices import chosen
from cortexcnn.exchange.rows import column, gather, spread, whole

__all__ = ["FRAMES", "from_pandas", "to_pandas"]

_RESPONSE, _DISSIMILARITY = "response", "dissimilarity"
_ROWS = ("stimulus", "repeat", "time")
_NOTED = "dims"
"""The attribute of a frame of RDMs that names their leading dimensions."""


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
    noted = frame.attrs.get(_NOTED, ()) if dims is None else dims
    table = chosen(FRAMES, form, "form")[1](frame, [str(dim) for dim in noted])
    attrs = {str(name): value for name, value in frame.attrs.items() if name != _NOTED}
    return table.assign_attrs(attrs)


def _to_wide(responses: xr.DataArray) -> pd.DataFrame:
    check_responses(responses)
    rows = [dim for dim in _ROWS if dim in responses.dims]
    values = responses.transpose(*rows, "unit").values.reshape(-1, responses.sizes["unit"])
    return pd.DataFrame(values, _index(spread(responses, rows)), _index(spread(responses, ["unit"])))


def _from_wide(frame: pd.DataFrame, _: list[str]) -> xr.DataArray:
    presented, units = _levels(frame.index, "stimulus"), _levels(frame.columns, "unit")
    rows = [dim for dim in _ROWS if dim in presented]
    values, coords = gather(_numbers(frame), presented, rows)
    coords |= {name: ("unit", column(each.to_numpy())) for name, each in units.items()}
    table = xr.DataArray(values, coords, (*rows, "unit"))
    return check_responses(table.transpose("stimulus", "unit", ...))


def _to_long(responses: xr.DataArray) -> pd.DataFrame:
    check_responses(responses)
    dims = [dim for dim in ("stimulus", "unit", "repeat", "time") if dim in responses.dims]
    columns = spread(responses, dims)
    _refuse_names(columns, {_RESPONSE})
    return pd.DataFrame(columns | {_RESPONSE: responses.transpose(*dims).values.reshape(-1)})


def _from_long(frame: pd.DataFrame, _: list[str]) -> xr.DataArray:
    columns = _columns(frame, ("stimulus", "unit", _RESPONSE))
    dims = [dim for dim in ("stimulus", "unit", "repeat", "time") if dim in columns]
    values, coords = gather(_numbers(columns.pop(_RESPONSE)), columns, dims)
    return check_responses(xr.DataArray(values, coords, dims))


def _to_square(rdm: xr.DataArray) -> pd.DataFrame:
    leading = _leading(rdm)
    labels = pd.Index(rdm["stimulus"].values, name="stimulus2")
    values = matrices_of(rdm).reshape(-1, len(labels))
    frame = pd.DataFrame(values, _index(spread(rdm.drop_vars("stimulus2"), [*leading, "stimulus"])), labels)
    frame.attrs[_NOTED] = leading
    return frame


def _from_square(frame: pd.DataFrame, leading: list[str]) -> xr.DataArray:
    dims = [*leading, "stimulus"]
    rows = _levels(frame.index, "stimulus", *leading)
    values, coords = gather(_numbers(frame), rows, dims)
    coords["stimulus2"] = column(_levels(frame.columns, "stimulus2")["stimulus2"].to_numpy())
    table = xr.DataArray(values, coords, (*dims, "stimulus2"), _DISSIMILARITY)
    labels = coords["stimulus"].tolist()
    if sorted(labels, key=str) != sorted(coords["stimulus2"].tolist(), key=str):
        raise ValueError("a square frame has the same stimuli in its rows and its columns; these differ")
    return check_rdm(table.sel(stimulus2=labels))


def _to_pairs(rdm: xr.DataArray) -> pd.DataFrame:
    leading = _leading(rdm)
    row, other = np.triu_indices(rdm.sizes["stimulus"], 1)
    if not row.size:
        raise ValueError("an RDM of one stimulus has no pairs; form='square' holds it")
    stimuli = spread(rdm.drop_vars("stimulus2"), ["stimulus"])
    stack = spread(rdm, leading) if leading else {}
    count = int(np.prod([rdm.sizes[dim] for dim in leading]))
    columns = {name: np.repeat(each, row.size) for name, each in stack.items()}
    pairs = {name: np.tile(each[row], count) for name, each in stimuli.items()}
    pairs |= {f"{name}2": np.tile(each[other], count) for name, each in stimuli.items()}
    _refuse_names(columns, pairs.keys() | {_DISSIMILARITY})
    _refuse_names(stimuli, {f"{name}2" for name in stimuli} | {_DISSIMILARITY})
    frame = pd.DataFrame(columns | pairs | {_DISSIMILARITY: matrices_of(rdm)[..., row, other].reshape(-1)})
    frame.attrs[_NOTED] = leading
    return frame


def _from_pairs(frame: pd.DataFrame, leading: list[str]) -> xr.DataArray:
    columns = _columns(frame, ("stimulus", "stimulus2", _DISSIMILARITY, *leading))
    values = _numbers(columns.pop(_DISSIMILARITY))
    both = [name for name in columns if f"{name}2" in columns]
    sides = {name: pd.concat([columns.pop(name), columns.pop(f"{name}2")], ignore_index=True) for name in both}
    stimuli = _stimuli(pd.DataFrame(sides))
    labels = stimuli["stimulus"]
    first, second = np.sort(pd.Index(labels).get_indexer(pd.Index(sides["stimulus"])).reshape(2, -1), axis=0)
    if (first == second).any():
        raise ValueError(f"stimulus {labels[first[first == second][0]]} is paired with itself; leave such rows out")
    alone = {} if leading else {name: each.iloc[0] for name, each in columns.items() if (each == each.iloc[0]).all()}
    rows = {name: each for name, each in columns.items() if name not in alone}
    rows |= {"stimulus": labels[first], "stimulus2": labels[second]}
    some, coords = gather(values, rows, [*leading, "stimulus", "stimulus2"])
    above, below = (pd.Index(labels).get_indexer(pd.Index(coords.pop(name))) for name in ("stimulus", "stimulus2"))
    _refuse_of_pairs(coords, leading)
    matrices = np.full((*some.shape[:-2], len(labels), len(labels)), np.nan, np.result_type(some.dtype, np.float16))
    matrices[..., above[:, None], below] = some
    matrices = np.where(np.isnan(matrices), np.swapaxes(matrices, -1, -2), matrices)
    np.einsum("...ii->...i", matrices)[...] = 0
    coords |= alone | {name: ("stimulus", each) for name, each in stimuli.items()} | {"stimulus2": labels}
    return check_rdm(xr.DataArray(matrices, coords, (*leading, "stimulus", "stimulus2"), _DISSIMILARITY))


def _stimuli(sides: pd.DataFrame) -> dict[str, np.ndarray]:
    """Labels and parameters of stimuli, once each."""
    once = sides.drop_duplicates()
    twice = once["stimulus"][once["stimulus"].duplicated()]
    if once["stimulus"].isna().any() or len(twice):
        told = f"stimulus {twice.iloc[0]} has different parameters" if len(twice) else "a stimulus has no label"
        raise ValueError(f"{told} in some rows of these pairs")
    return {str(name): column(once[name].to_numpy()) for name in once}


def _refuse_of_pairs(coords: dict[str, Any], leading: list[str]) -> None:
    of_pairs = [name for name, coord in coords.items() if name not in leading and coord[0] not in leading]
    if of_pairs:
        raise ValueError(f"the columns {', '.join(of_pairs)} belong to pairs, where an RDM has nothing; leave them out")


FRAMES: dict[str, tuple[Callable[[xr.DataArray], pd.DataFrame], Callable[[pd.DataFrame, list[str]], xr.DataArray]]] = {
    "wide": (_to_wide, _from_wide),
    "long": (_to_long, _from_long),
    "square": (_to_square, _from_square),
    "pairs": (_to_pairs, _from_pairs),
}
"""Forms by name: how a table becomes one, and how it comes back."""


def _leading(rdm: xr.DataArray) -> list[str]:
    return [str(dim) for dim in check_rdm(rdm).dims if dim not in {"stimulus", "stimulus2"}]


def _index(columns: dict[str, np.ndarray]) -> pd.Index:
    """Levels of an index, or its one level."""
    if len(columns) > 1:
        return pd.MultiIndex.from_arrays(list(columns.values()), names=list(columns))
    return next(pd.Index(values, name=name) for name, values in columns.items())


def _levels(index: pd.Index, label: str, *others: str) -> dict[str, pd.Index]:
    """Values of each level by name; the one level of a plain index bears the labels."""
    if index.nlevels == 1:
        return {label: index}
    if None in index.names:
        raise ValueError(f"level {index.names.index(None)} of {', '.join(map(str, index.names))} has no name")
    levels = {str(name): index.get_level_values(number) for number, name in enumerate(index.names)}
    _refuse_absent(levels, (label, *others), "level")
    return levels


def _columns(frame: pd.DataFrame, wanted: Sequence[str]) -> dict[str, pd.Series]:
    columns = {str(name): frame[name] for name in frame.columns}
    _refuse_absent(columns, wanted, "column")
    return columns


def _refuse_absent(there: dict[str, Any], wanted: Sequence[str], what: str) -> None:
    absent = [name for name in wanted if name not in there]
    if absent:
        raise ValueError(f"no {what} named {', '.join(absent)}; there are {', '.join(there)}: rename them by .rename")


def _refuse_names(columns: dict[str, np.ndarray], taken: set[str]) -> None:
    both = sorted(columns.keys() & taken)
    if both:
        raise ValueError(f"a coordinate is called {', '.join(both)}, as a column of this form is; call it otherwise")


def _numbers(some: pd.DataFrame | pd.Series) -> np.ndarray:
    values = some.to_numpy()
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"responses and dissimilarities are real numbers; these are {values.dtype}: what is no number goes into "
            "the index or a column of its own"
        )
    return values
