"""RDMs as data frames: square, or a row a pair of stimuli."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_rdm, matrices_of
from cortexcnn.exchange.frame_parts import columns_of, index_of, levels_of, numbers_of, refuse_names
from cortexcnn.exchange.rows import column, gather, spread

__all__ = ["NOTED", "from_pairs", "from_square", "to_pairs", "to_square"]

_DISSIMILARITY = "dissimilarity"
NOTED = "dims"
"""The attribute of a frame of RDMs that names their leading dimensions."""


def to_square(rdm: xr.DataArray) -> pd.DataFrame:
    """Matrices, one below the other."""
    leading = _leading(rdm)
    labels = pd.Index(rdm["stimulus"].values, name="stimulus2")
    values = matrices_of(rdm).reshape(-1, len(labels))
    frame = pd.DataFrame(values, index_of(spread(rdm.drop_vars("stimulus2"), [*leading, "stimulus"])), labels)
    frame.attrs[NOTED] = leading
    return frame


def from_square(frame: pd.DataFrame, leading: list[str]) -> xr.DataArray:
    """The RDMs of :func:`to_square`."""
    dims = [*leading, "stimulus"]
    rows = levels_of(frame.index, "stimulus", *leading)
    values, coords = gather(numbers_of(frame), rows, dims)
    coords["stimulus2"] = column(levels_of(frame.columns, "stimulus2")["stimulus2"].to_numpy())
    table = xr.DataArray(values, coords, (*dims, "stimulus2"), _DISSIMILARITY)
    labels = coords["stimulus"].tolist()
    if sorted(labels, key=str) != sorted(coords["stimulus2"].tolist(), key=str):
        raise ValueError("a square frame has the same stimuli in its rows and its columns; these differ")
    return check_rdm(table.sel(stimulus2=labels))


def to_pairs(rdm: xr.DataArray) -> pd.DataFrame:
    """A row a pair above the diagonal, with the parameters of both stimuli."""
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
    refuse_names(columns, pairs.keys() | {_DISSIMILARITY})
    refuse_names(stimuli, {f"{name}2" for name in stimuli} | {_DISSIMILARITY})
    frame = pd.DataFrame(columns | pairs | {_DISSIMILARITY: matrices_of(rdm)[..., row, other].reshape(-1)})
    frame.attrs[NOTED] = leading
    return frame


def from_pairs(frame: pd.DataFrame, leading: list[str]) -> xr.DataArray:
    """The RDMs of :func:`to_pairs`; a pair may be there in either order, but once. What isn't there is NaN."""
    columns = columns_of(frame, ("stimulus", "stimulus2", _DISSIMILARITY, *leading))
    values = numbers_of(columns.pop(_DISSIMILARITY))
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
    matrices = np.fmax(matrices, np.swapaxes(matrices, -1, -2))  # of each pair, one is NaN
    matrices[..., range(len(labels)), range(len(labels))] = 0
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
    """Refuse what is known of pairs."""
    of_pairs = [name for name, coord in coords.items() if name not in leading and coord[0] not in leading]
    if of_pairs:
        raise ValueError(f"the columns {', '.join(of_pairs)} belong to pairs, where an RDM has nothing; leave them out")


def _leading(rdm: xr.DataArray) -> list[str]:
    return [str(dim) for dim in check_rdm(rdm).dims if dim not in {"stimulus", "stimulus2"}]
