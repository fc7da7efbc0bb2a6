"""Which stimuli are held out together: the folds of every crossvalidation over stimuli."""

from __future__ import annotations

import heapq

import numpy as np
import xarray as xr

from cortexcnn.arrays import match_stimuli

__all__ = ["folds_of", "stimulus_folds"]


def stimulus_folds(
    table: xr.DataArray, *, folds: int = 10, same: str | None = None, rng: int | np.random.Generator | None = 0
) -> xr.DataArray:
    """Share stimuli out to folds at random, as evenly as can be.

    Parameters
    ----------
    table : DataArray with the dimension stimulus
        Responses or an rdm.
    folds : int
        How many.
    same : str, optional
        A coordinate along ``stimulus``, e.g. "movie": stimuli with equal labels stay in one fold, so that no stimulus
        is predicted from its near-duplicates. The largest groups are placed first, each in the smallest fold yet.
    rng : int, Generator or None
        Seed or source of the order in which stimuli, or groups, are placed.

    Returns
    -------
    DataArray (stimulus) of int
        The fold of each stimulus, from 0 to ``folds`` − 1, with the coordinates along ``stimulus``. None is empty.

    Raises
    ------
    ValueError
        If there is no such dimension or coordinate, folds are fewer than 2, or more than there are stimuli or labels.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((6, 1)), dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(6), "unit": ["cell"], "movie": ("stimulus", ["a", "a", "a", "b", "b", "c"])})
    >>> fold = stimulus_folds(table, folds=2, same="movie")
    >>> np.bincount(fold).tolist(), len(set(fold[:3].values.tolist()))
    ([3, 3], 1)
    """
    if "stimulus" not in table.dims:
        raise ValueError(f"folds are of stimuli; this table has the dimensions {', '.join(map(str, table.dims))}")
    members = _members(table, same)
    if not 2 <= folds <= len(members):
        what = "stimuli" if same is None else f"different labels of {same}"
        raise ValueError(f"folds={folds}: choose from 2 to the number of {what}, which is {len(members)}")
    order = np.random.default_rng(rng).permutation(len(members))
    result = np.empty(table.sizes["stimulus"], dtype=int)
    smallest = [(0, fold) for fold in range(folds)]
    for group in sorted(order, key=lambda i: -len(members[i])):
        size, fold = smallest[0]
        result[members[group]] = fold
        heapq.heapreplace(smallest, (size + len(members[group]), fold))
    coords = {name: coord for name, coord in table.coords.items() if coord.dims == ("stimulus",)}
    return xr.DataArray(result, coords, ("stimulus",), "fold")


def folds_of(
    responses: xr.DataArray,
    reference: xr.DataArray,
    folds: int | xr.DataArray,
    *,
    same: str | None = None,
    least: int = 1,
    rng: int | np.random.Generator | None = 0,
) -> xr.DataArray:
    """The fold of each stimulus of two tables: drawn, or as they are given.

    Parameters
    ----------
    responses, reference : DataArray
        Tables of the same stimuli in the same order.
    folds : int or DataArray (stimulus)
        How many, to be drawn, or the fold of each stimulus, in any order.
    same : str, optional
        A coordinate of either table: stimuli with equal labels are held out together.
    least : int
        How many stimuli a fold must have.
    rng : int, Generator or None
        For the draw.

    Returns
    -------
    DataArray (stimulus)
        In the order of the tables.

    Raises
    ------
    ValueError
        If there are not at least 2 folds of so many stimuli each, or they are of other stimuli.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((4, 1)), {"stimulus": list("abcd"), "unit": [0]}, ("stimulus", "unit"))
    >>> given = xr.DataArray([1, 1, 0, 0], {"stimulus": list("dcba")}, ("stimulus",))
    >>> folds_of(table, table, given).values
    array([0, 0, 1, 1])
    """
    if isinstance(folds, xr.DataArray):
        if folds.dims != ("stimulus",):
            raise ValueError(f"folds are numbered along stimulus; these have {dict(folds.sizes)}")
        found = match_stimuli(responses, folds, names=("the responses", "the folds"))[1]
    else:
        found = stimulus_folds(responses if same in responses.coords else reference, folds=folds, same=same, rng=rng)
    _, sizes = np.unique(found, return_counts=True)
    if len(sizes) < 2 or sizes.min() < least:
        raise ValueError(
            f"at least 2 folds are wanted, with at least {least} held-out stimuli in each; these have {sizes.tolist()} "
            "stimuli: choose other folds, or fewer"
        )
    return found


def _members(table: xr.DataArray, same: str | None) -> list[np.ndarray]:
    """Positions of the stimuli that stay together."""
    if same is None:
        return list(np.arange(table.sizes["stimulus"])[:, None])
    if same not in table.coords or table.coords[same].dims != ("stimulus",):
        along = [str(name) for name, coord in table.coords.items() if coord.dims == ("stimulus",)]
        raise ValueError(f"no coordinate {same} along stimulus; there are {', '.join(along) or 'none'}")
    _, labels = np.unique(table.coords[same].values, return_inverse=True)
    return [np.flatnonzero(labels == label) for label in range(labels.max() + 1)]
