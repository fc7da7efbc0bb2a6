"""The three labelled tables that the whole project passes from hand to hand, and the doors that refuse bad ones.

========= ============================================== =======================================================
table     form                                           labels
========= ============================================== =======================================================
stimuli   ``Dataset (stimulus)``                         an index ``stimulus``, one variable a parameter, and
                                                         ``attrs["kind"]``
responses ``DataArray (stimulus, unit[, repeat][, time])`` indexes ``stimulus`` and ``unit``; the stimulus parameters
                                                         as flat coordinates along ``stimulus``, and ``layer`` or
                                                         ``area`` along ``unit``
rdm       ``DataArray (…, stimulus, stimulus2)``         the same labels on both sides, symmetric, zero diagonal
========= ============================================== =======================================================

A CNN unit and a V1 neuron are the same kind of column, so every analysis runs on both. Checks ask for the *set*
of dimensions, never for their order, and each returns what it was given so that it can stand at a function's door.

A **blank** is a row of contrast 0, of any kind: the grey screen. Parameters that mean nothing there are NaN.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
import xxhash

__all__ = [
    "SEPARATOR",
    "check_rdm",
    "check_responses",
    "check_stimuli",
    "content_hash",
    "groups",
    "is_blank",
    "match_stimuli",
    "matrices_of",
    "stimuli_of",
]

SEPARATOR = "/"
"""Between the parts of a unit's name: ``layer/channel/row/column``."""

_REAL = "fiu"
"""Kinds of dtype that are real numbers."""


def check_stimuli(stimuli: xr.Dataset) -> xr.Dataset:
    """Refuse what is not a table of stimuli.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        One row a presentation, one variable a parameter.

    Returns
    -------
    Dataset
        The same table.

    Raises
    ------
    TypeError
        If it is not a Dataset.
    ValueError
        If its dimensions are not exactly ``stimulus``, its labels are missing or repeated, or it has no kind.

    Examples
    --------
    >>> table = xr.Dataset({"orientation": ("stimulus", [0.0, 90.0])}, {"stimulus": [0, 1]}, {"kind": "grating"})
    >>> check_stimuli(table) is table
    True
    """
    if not isinstance(stimuli, xr.Dataset):
        raise TypeError(f"stimuli are an xarray.Dataset with the dimension stimulus; got {_kind_of(stimuli)}")
    if set(stimuli.dims) != {"stimulus"}:
        raise ValueError(f"stimuli have the one dimension stimulus; these have {_listed(stimuli.dims)}")
    _check_labels(stimuli, ("stimulus",), "stimuli")
    if not isinstance(stimuli.attrs.get("kind"), str):
        raise ValueError('stimuli name their kind in attrs["kind"], e.g. "grating"; these have none')
    return stimuli


def check_responses(responses: xr.DataArray, *, parameters: tuple[str, ...] = ()) -> xr.DataArray:
    """Refuse what is not a table of responses.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses of model units (activation) or of neurons (spikes or spikes/s). NaN marks a missing repeat.
    parameters : tuple of str
        Stimulus parameters that must stand as coordinates along ``stimulus``.

    Returns
    -------
    DataArray
        The same table.

    Raises
    ------
    TypeError
        If it is not a DataArray of real numbers.
    ValueError
        If dimensions, labels or a required stimulus parameter are missing, or labels are repeated.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "orientation": ("stimulus", [0.0, 90.0])})
    >>> check_responses(table, parameters=("orientation",)) is table
    True
    >>> check_responses(table, parameters=("contrast",))
    Traceback (most recent call last):
        ...
    ValueError: these responses have no stimulus parameter contrast; they have orientation
    """
    if not isinstance(responses, xr.DataArray):
        raise TypeError(
            f"responses are an xarray.DataArray with the dimensions stimulus and unit; got {_kind_of(responses)}"
        )
    if responses.dtype.kind not in _REAL:
        raise TypeError(f"responses are real numbers; these are {responses.dtype}")
    dims = set(responses.dims)
    if not {"stimulus", "unit"} <= dims <= {"stimulus", "unit", "repeat", "time"}:
        raise ValueError(
            "responses have the dimensions stimulus and unit, and may have repeat and time; "
            f"these have {_listed(responses.dims)}"
        )
    _check_labels(responses, ("stimulus", "unit"), "responses")
    for name in parameters:
        if name not in responses.coords or responses.coords[name].dims != ("stimulus",):
            raise ValueError(
                f"these responses have no stimulus parameter {name}; they have {_listed(_along(responses, 'stimulus'))}"
            )
    return responses


def check_rdm(rdm: xr.DataArray, *, rtol: float = 1e-6) -> xr.DataArray:
    """Refuse what is not a representational dissimilarity matrix, or a stack of them.

    Parameters
    ----------
    rdm : DataArray (…, stimulus, stimulus2)
        Dissimilarities; NaN marks a pair that is left out.
    rtol : float
        How far from symmetric, and how far from zero on the diagonal, relative to the largest dissimilarity.

    Returns
    -------
    DataArray
        The same table.

    Raises
    ------
    TypeError
        If it is not a DataArray of real numbers.
    ValueError
        If either dimension is missing, the labels differ, it is not symmetric, or its diagonal is not zero.

    Examples
    --------
    >>> rdm = xr.DataArray([[0.0, 1.0], [1.0, 0.0]], dims=("stimulus", "stimulus2"),
    ...     coords={"stimulus": ["a", "b"], "stimulus2": ["a", "b"]})
    >>> check_rdm(rdm) is rdm
    True
    """
    if not isinstance(rdm, xr.DataArray):
        raise TypeError(
            f"an rdm is an xarray.DataArray with the dimensions stimulus and stimulus2; got {_kind_of(rdm)}"
        )
    if rdm.dtype.kind not in _REAL:
        raise TypeError(f"an rdm holds real numbers; this one holds {rdm.dtype}")
    if not {"stimulus", "stimulus2"} <= set(rdm.dims):
        raise ValueError(f"an rdm has the dimensions stimulus and stimulus2; this one has {_listed(rdm.dims)}")
    first, second = _check_labels(rdm, ("stimulus", "stimulus2"), "an rdm")
    if first is not second and not np.array_equal(first.values, second.values):
        raise ValueError(
            "an rdm has the same labels, in the same order, along stimulus and stimulus2; this one differs"
        )
    values = matrices_of(rdm)
    turned, diagonal = np.swapaxes(values, -1, -2), np.diagonal(values, axis1=-2, axis2=-1)
    if np.array_equal(values, turned) and not diagonal.any():
        return rdm  # the usual case, and many times faster than the tolerant test
    largest = np.nanmax(np.abs(values), initial=0.0)
    if not np.allclose(values, turned, rtol=0, atol=rtol * largest, equal_nan=True):
        raise ValueError("an rdm is symmetric; this one is not")
    if not np.all(np.abs(diagonal) <= rtol * largest):
        raise ValueError("an rdm is zero on its diagonal; this one is not: is it a similarity matrix?")
    return rdm


def matrices_of(rdm: xr.DataArray) -> np.ndarray:
    """The values of RDMs, the stimuli last, without a copy.

    Parameters
    ----------
    rdm : DataArray (…, stimulus, stimulus2)
        RDMs, their dimensions in any order.

    Returns
    -------
    ndarray (…, stimulus, stimulus)

    Examples
    --------
    >>> matrices_of(xr.DataArray(np.zeros((3, 5, 3)), dims=("stimulus", "layer", "stimulus2"))).shape
    (5, 3, 3)
    """
    if rdm.dims[-2:] == ("stimulus", "stimulus2"):
        return rdm.values
    return np.moveaxis(rdm.values, [rdm.dims.index("stimulus"), rdm.dims.index("stimulus2")], [-2, -1])


def stimuli_of(responses: xr.DataArray) -> xr.Dataset:
    """The table of stimuli to which responses were recorded, read back from their coordinates.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, …)
        Responses with the stimulus parameters as coordinates.

    Returns
    -------
    Dataset (stimulus)
        One variable a parameter; the kind is that of the responses, "unknown" where they do not say.

    Examples
    --------
    >>> table = xr.DataArray([[1.0], [3.0]], dims=("stimulus", "unit"), attrs={"kind": "grating"},
    ...     coords={"stimulus": [0, 1], "unit": ["cell"], "orientation": ("stimulus", [0.0, 90.0])})
    >>> stimuli_of(table).orientation.values
    array([ 0., 90.])
    """
    check_responses(responses)
    variables = {name: ("stimulus", responses.coords[name].values) for name in _along(responses, "stimulus")}
    kind = responses.attrs.get("kind", "unknown")
    return xr.Dataset(variables, {"stimulus": responses["stimulus"].values}, {"kind": kind})


def is_blank(table: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """Which stimuli are blanks: the rows of contrast 0.

    Parameters
    ----------
    table : Dataset or DataArray with the dimension stimulus
        Stimuli or responses.

    Returns
    -------
    DataArray (stimulus) of bool
        All False where the table has no contrast.
    """
    if "contrast" in table.coords or (isinstance(table, xr.Dataset) and "contrast" in table):
        return (table["contrast"] == 0).rename("is_blank")
    return xr.zeros_like(table["stimulus"], dtype=bool).rename("is_blank")


def groups(responses: xr.DataArray, by: str) -> Iterator[tuple[Hashable, xr.DataArray]]:
    """The units of each label in turn (each layer, each area), in the order in which the labels first appear.

    ``xarray.groupby`` sorts its labels; layers have an order of their own.

    Parameters
    ----------
    responses : DataArray with the dimension unit
        Anything with a coordinate ``by`` along ``unit``.
    by : str
        Name of that coordinate.

    Yields
    ------
    label, DataArray
        A label and the units that bear it.

    Raises
    ------
    ValueError
        If there is no such coordinate.

    Examples
    --------
    >>> table = xr.DataArray([1, 2, 3], dims="unit", coords={"layer": ("unit", ["b", "a", "b"])})
    >>> [(label, units.values.tolist()) for label, units in groups(table, "layer")]
    [('b', [1, 3]), ('a', [2])]
    """
    if by not in responses.coords or responses.coords[by].dims != ("unit",):
        raise ValueError(f"no coordinate {by} along unit; there are {_listed(_along(responses, 'unit'))}")
    labels = responses.coords[by].values
    for label in dict.fromkeys(labels.tolist()):
        yield label, responses.isel(unit=np.flatnonzero(labels == label))


def match_stimuli(
    first: xr.DataArray, second: xr.DataArray, *, names: tuple[str, str] = ("the first", "the second")
) -> tuple[xr.DataArray, xr.DataArray]:
    """Put the stimuli of two tables in the same order, by label, and refuse tables with different stimuli.

    Parameters
    ----------
    first, second : DataArray
        Responses or rdms, with the dimension stimulus (and stimulus2).
    names : tuple of str
        What the tables are called in the error.

    Returns
    -------
    first, second : DataArray
        The first as it was; the second with its stimuli in the order of the first.

    Raises
    ------
    ValueError
        If one has stimuli that the other lacks: names them.

    Examples
    --------
    >>> a = xr.DataArray([1, 2], dims="stimulus", coords={"stimulus": ["cat", "bar"]})
    >>> b = xr.DataArray([3, 4], dims="stimulus", coords={"stimulus": ["bar", "cat"]})
    >>> match_stimuli(a, b)[1].values
    array([4, 3])
    """
    ours, theirs = first["stimulus"].values.tolist(), second["stimulus"].values.tolist()
    missing, extra = set(ours) - set(theirs), set(theirs) - set(ours)
    if missing or extra:
        parts = [
            f"{len(labels)} only in {name} ({_listed(sorted(labels, key=str)[:5])}{', …' if len(labels) > 5 else ''})"
            for labels, name in ((missing, names[0]), (extra, names[1]))
            if labels
        ]
        raise ValueError(
            f"the stimuli don't match: {' and '.join(parts)}; compare responses to the same stimuli, "
            "or select the shared ones from both by .sel(stimulus=…)"
        )
    order = {"stimulus": ours}
    if "stimulus2" in second.dims:
        order["stimulus2"] = ours
    return first, second.sel(order)


def content_hash(*parts: Any) -> str:
    """A short name for content: equal content has an equal hash, whatever it was called.

    Parameters
    ----------
    *parts : Dataset, DataArray, ndarray, mapping, str, number, None, or a sequence of these
        Labelled arrays are hashed by names, dimensions, values and coordinates; mappings in the order of their keys.

    Returns
    -------
    str
        16 hexadecimal digits of XXH3, which is as fast as memory: it tells contents apart, not forgeries.

    Examples
    --------
    >>> content_hash({"a": np.arange(3)}) == content_hash({"a": np.arange(3)})
    True
    >>> content_hash({"a": np.arange(3)}) == content_hash({"a": np.arange(4)})
    False
    """
    digest = xxhash.xxh3_64()
    for part in parts:
        _feed(digest, part)
    return digest.hexdigest()


def _feed(digest: xxhash.xxh3_64, part: Any) -> None:
    """Add one part to a digest, each with its type and shape so that no two contents run together."""
    if isinstance(part, xr.Dataset):
        _feed(
            digest,
            {**{str(name): part[name].variable for name in part.variables}, "kind": part.attrs.get("kind")},
        )
    elif isinstance(part, xr.DataArray):
        _feed(digest, part.to_dataset(name="values"))
    elif isinstance(part, xr.Variable):
        _feed(digest, [list(part.dims), part.values])
    elif isinstance(part, Mapping):
        for key in sorted(part):
            _feed(digest, [str(key), part[key]])
    elif isinstance(part, np.ndarray) and part.dtype.kind not in "OUST":
        digest.update(f"array {part.dtype.str} {part.shape}".encode())
        digest.update(np.ascontiguousarray(part).reshape(-1).view(np.uint8).data)
    elif isinstance(part, (list, tuple, np.ndarray)):
        digest.update(f"sequence {len(part)}".encode())
        for item in part:
            _feed(digest, item)
    else:
        digest.update(f"{type(part).__name__} {part!r};".encode())


def _check_labels(table: xr.Dataset | xr.DataArray, dims: tuple[str, ...], what: str) -> list[pd.Index]:
    """Refuse a dimension without labels, with repeated labels, or under a MultiIndex; return the labels of each."""
    indexes = table.indexes
    for dim in dims:
        if dim not in indexes:
            raise ValueError(f"{what}: {dim} has no labels; give it an index coordinate named {dim}")
        if indexes[dim].nlevels > 1:
            raise ValueError(
                f"{what}: {dim} is a MultiIndex, which no file can hold; flatten it by .reset_index({dim!r})"
            )
        if not indexes[dim].is_unique:
            repeated = indexes[dim][indexes[dim].duplicated()].unique().tolist()
            raise ValueError(f"{what}: the labels {_listed(repeated[:5])} of {dim} are there more than once")
    return [indexes[dim] for dim in dims]


def _along(table: xr.DataArray, dim: str) -> list[str]:
    """Names of the coordinates that run along one dimension, its index left out."""
    return [str(name) for name, coord in table.coords.items() if coord.dims == (dim,) and name != dim]


def _kind_of(thing: object) -> str:
    return f"{type(thing).__module__}.{type(thing).__qualname__}"


def _listed(names: Any) -> str:
    return ", ".join(str(name) for name in names) or "none"
