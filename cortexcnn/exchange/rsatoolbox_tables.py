"""Responses and RDMs as the objects of rsatoolbox, and back, so that either tool can go on where the other stopped.

Values are never changed. Both tools divide squared lengths by the number of channels or units (ours unless
``per_unit=False``), and the same dissimilarities have the values of the other's under these names:

======================== ======================= =========================================
here                     rsatoolbox              ``calc_rdm(…, method=…)`` that makes it
======================== ======================= =========================================
correlation              correlation             correlation
squared euclidean        squared euclidean       euclidean
euclidean                euclidean               euclidean, then ``sqrt_transform``
mahalanobis              squared mahalanobis     mahalanobis
root of mahalanobis      mahalanobis             mahalanobis, then ``sqrt_transform``
crossnobis               crossnobis              crossnobis
poisson                  poisson                 poisson
crossvalidated poisson   poisson_cv              poisson_cv, which keeps the last fold only
======================== ======================= =========================================

Other names stay as they are. ``calc_rdm_movie`` notes down the name that it was called by, so that its "euclidean"
holds squared lengths. ``calc_rdm`` hands a Dataset's ``descriptors`` on as ``rdm_descriptors``: coordinates, when they
are read back.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.arrays import check_rdm, check_responses, matrices_of
from cortexcnn.exchange.rows import column, gather, spread, whole

__all__ = ["from_rsatoolbox_dataset", "from_rsatoolbox_rdms", "to_rsatoolbox_dataset", "to_rsatoolbox_rdms"]

_THEIRS = {
    "mahalanobis": "squared mahalanobis",
    "root of mahalanobis": "mahalanobis",
    "crossvalidated poisson": "poisson_cv",
}
_OURS = {theirs: ours for ours, theirs in _THEIRS.items()}

_COUNT = "index"
"""What rsatoolbox numbers RDMs and patterns by."""


def to_rsatoolbox_dataset(responses: xr.DataArray) -> Any:
    """A ``Dataset`` of responses, one observation a presentation, or with time a ``TemporalDataset``.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        A presentation that no unit has is left out. What only some units miss stays NaN, which
        ``calc_rdm_unbalanced`` takes.

    Returns
    -------
    rsatoolbox.data.Dataset or TemporalDataset
        ``obs_descriptors`` hold ``stimulus``, its parameters, ``repeat`` and what is known of repeats;
        ``channel_descriptors`` hold ``unit`` and what is known of units; ``descriptors`` the attributes. The name of
        the table has no place there, and coordinates without a dimension become attributes.

    Raises
    ------
    ImportError
        If rsatoolbox is not installed.
    ValueError
        If a stimulus has no presentation, or a coordinate has no place there: names them.

    Examples
    --------
    >>> responses = xr.DataArray([[[1.0, 2.0]], [[3.0, np.nan]]], dims=("stimulus", "unit", "repeat"),
    ...     coords={"stimulus": ["a", "b"], "unit": ["cell"]})
    >>> dataset = to_rsatoolbox_dataset(responses)
    >>> dataset.measurements.ravel().tolist(), dataset.obs_descriptors["stimulus"].tolist()
    ([1.0, 2.0, 3.0], ['a', 'a', 'b'])
    """
    data = _rsatoolbox().data
    check_responses(responses)
    rows = [dim for dim in ("stimulus", "repeat") if dim in responses.dims]
    if "repeat" not in rows and "repeat" in responses.coords:
        raise ValueError("these responses have a coordinate repeat that is no dimension; call it otherwise by .rename")
    channels = [dim for dim in ("unit", "time") if dim in responses.dims]
    values = responses.transpose(*rows, *channels).values
    values = values.reshape(-1, *values.shape[len(rows) :])
    shown = ~np.isnan(values).all(axis=tuple(range(1, values.ndim)))
    observed = {name: each[shown] for name, each in _descriptors(responses, rows).items()}
    _refuse_absent(responses["stimulus"].values, observed["stimulus"])
    described: dict[str, Any] = {
        "descriptors": whole(responses),
        "obs_descriptors": observed,
        "channel_descriptors": _descriptors(responses, ["unit"]),
    }
    if "time" not in responses.dims:
        return data.Dataset(values[shown], **described)
    return data.TemporalDataset(values[shown], **described, time_descriptors=_descriptors(responses, ["time"]))


def from_rsatoolbox_dataset(
    dataset: Any, *, stimulus: str = "stimulus", repeat: str | None = None, unit: str = "unit"
) -> xr.DataArray:
    """Responses out of a ``Dataset`` or ``TemporalDataset``.

    Parameters
    ----------
    dataset : rsatoolbox.data.Dataset or TemporalDataset
        Observations in any order; stimuli may have different numbers of them.
    stimulus : str
        The obs_descriptor that names stimuli (conditions).
    repeat : str, optional
        The obs_descriptor that tells repeats (runs, sessions) apart. By default "repeat", if there is one; else the
        observations of a stimulus are numbered as they come, if any has several.
    unit : str
        The channel_descriptor that names units. By default channels are numbered if there is no "unit".

    Returns
    -------
    DataArray (stimulus, unit[, repeat][, time])
        NaN where a stimulus lacks a repeat. Descriptors are coordinates of what they describe, and attributes.

    Raises
    ------
    TypeError
        If it is no Dataset.
    ValueError
        If there is no such descriptor, or two observations are the same stimulus and repeat.

    Warns
    -----
    UserWarning
        If a descriptor has several values for one observation, channel or moment: it is left out.
    """
    data = _rsatoolbox().data
    if not isinstance(dataset, data.Dataset):
        raise TypeError(f"a Dataset or TemporalDataset of rsatoolbox is wanted; got {type(dataset).__qualname__}")
    observed, channels = _columns(dataset.obs_descriptors), _columns(dataset.channel_descriptors)
    moments = _columns(getattr(dataset, "time_descriptors", {}))
    observed = _joined({"stimulus": _taken(observed, stimulus, "obs_descriptor")}, observed)
    repeats = _repeats(observed, repeat)
    if repeats is not None:
        observed = _joined(observed, {"repeat": repeats})
    rows = ["stimulus"] if repeats is None else ["stimulus", "repeat"]
    if unit == "unit" and unit not in channels:
        channels["unit"] = np.arange(dataset.n_channel)
    channels = _joined({"unit": _taken(channels, unit, "channel_descriptor")}, channels)
    values, coords = gather(np.asarray(dataset.measurements), observed, rows)
    dims = (*rows, "unit", *(["time"] if moments else []))
    coords = _joined(coords, _along(channels, "unit"), _along(moments, "time"))
    table = xr.DataArray(values, coords, dims, attrs=dict(dataset.descriptors))
    return check_responses(table.transpose("stimulus", "unit", ...))


def to_rsatoolbox_rdms(rdm: xr.DataArray) -> Any:
    """An ``RDMs`` of one RDM or a stack of them.

    Parameters
    ----------
    rdm : DataArray (…, stimulus, stimulus2)
        Any leading dimensions; NaN marks a pair that is left out. What is above the diagonal is taken.

    Returns
    -------
    rsatoolbox.rdm.RDMs
        One RDM for each combination of the leading dimensions, the last fastest; ``rdm_descriptors`` hold their labels
        and coordinates, ``pattern_descriptors`` the stimuli and their parameters, ``descriptors`` the attributes, and
        under ``dims`` the names of the leading dimensions.

    Raises
    ------
    ImportError
        If rsatoolbox is not installed.
    ValueError
        If a coordinate has no place there, or is called "index", which rsatoolbox uses itself.

    Examples
    --------
    >>> labels = ["a", "b", "c"]
    >>> rdm = xr.DataArray([[0.0, 1.0, 2.0], [1.0, 0.0, 4.0], [2.0, 4.0, 0.0]], dims=("stimulus", "stimulus2"),
    ...     coords={"stimulus": labels, "stimulus2": labels}, attrs={"method": "mahalanobis"})
    >>> rdms = to_rsatoolbox_rdms(rdm)
    >>> rdms.dissimilarities, rdms.dissimilarity_measure
    (array([[1., 2., 4.]]), 'squared mahalanobis')
    """
    toolbox = _rsatoolbox()
    check_rdm(rdm)
    if _COUNT in rdm.coords:
        raise ValueError(f"rsatoolbox numbers RDMs and stimuli by {_COUNT}; rename this coordinate by .rename")
    leading = [str(dim) for dim in rdm.dims if dim not in {"stimulus", "stimulus2"}]
    above = np.triu_indices(rdm.sizes["stimulus"], 1)
    described = {**whole(rdm), "dims": leading}
    method = described.pop("method", None)
    return toolbox.rdm.RDMs(
        matrices_of(rdm)[(..., *above)].reshape(-1, len(above[0])),
        dissimilarity_measure=_THEIRS.get(method, method),
        descriptors=described,
        rdm_descriptors=_descriptors(rdm, leading) if leading else {},
        pattern_descriptors=_descriptors(rdm.drop_vars("stimulus2"), ["stimulus"]),
    )


def from_rsatoolbox_rdms(
    rdms: Any, *, stimulus: str = "stimulus", dims: str | Sequence[str] | None = None
) -> xr.DataArray:
    """RDMs out of an ``RDMs``.

    Parameters
    ----------
    rdms : rsatoolbox.rdm.RDMs
        Any number of RDMs.
    stimulus : str
        The pattern_descriptor that names stimuli (conditions).
    dims : str or sequence of str, optional
        The rdm_descriptors that together tell RDMs apart: the leading dimensions. By default those that
        :func:`to_rsatoolbox_rdms` noted down; else one RDM has none, and several have the dimension ``rdm``, numbered.

    Returns
    -------
    DataArray (…, stimulus, stimulus2)
        NaN where a combination of the leading dimensions has no RDM. The attribute ``method`` is our name of the
        dissimilarity measure.

    Raises
    ------
    TypeError
        If it is no RDMs.
    ValueError
        If there is no such descriptor, or a stimulus or an RDM is there twice: names it.
    """
    toolbox = _rsatoolbox()
    if not isinstance(rdms, toolbox.rdm.RDMs):
        raise TypeError(f"RDMs of rsatoolbox are wanted; got {type(rdms).__qualname__}")
    patterns, stack = _columns(rdms.pattern_descriptors), _columns(rdms.rdm_descriptors)
    labels = _taken(patterns, stimulus, "pattern_descriptor")
    number = stack.pop(_COUNT, np.arange(rdms.n_rdm))
    if stimulus != _COUNT:
        patterns.pop(_COUNT, None)
    attrs = dict(rdms.descriptors)
    noted = attrs.pop("dims", None)
    dims = noted if dims is None else [dims] if isinstance(dims, str) else dims
    if dims is None:
        dims = ["rdm"] if rdms.n_rdm > 1 else []
        stack = {"rdm": number, **stack}
    leading = [str(dim) for dim in dims]
    vectors, coords = _stacked(rdms.get_vectors(), stack, leading)
    above = np.triu_indices(rdms.n_cond, 1)
    matrices = np.zeros((*vectors.shape[:-1], rdms.n_cond, rdms.n_cond), vectors.dtype)
    matrices[(..., *above)] = vectors
    matrices[(..., *above[::-1])] = vectors
    patterns = _joined({"stimulus": labels}, patterns)
    coords = _joined(coords, _along(patterns, "stimulus"), {"stimulus2": labels})
    if rdms.dissimilarity_measure is not None:
        attrs["method"] = _OURS.get(rdms.dissimilarity_measure, rdms.dissimilarity_measure)
    return check_rdm(xr.DataArray(matrices, coords, (*leading, "stimulus", "stimulus2"), "dissimilarity", attrs))


def _stacked(
    vectors: np.ndarray, stack: Mapping[str, np.ndarray], leading: list[str]
) -> tuple[np.ndarray, dict[str, Any]]:
    """Vectors of pairs (…, pair) by their leading dimensions; one RDM without any keeps its descriptors bare."""
    if not leading:
        if len(vectors) != 1:
            raise ValueError(f"these are {len(vectors)} RDMs: name the rdm_descriptors that tell them apart as dims")
        return vectors[0], {name: each[0] for name, each in stack.items()}
    for dim in leading:
        _taken(dict(stack), dim, "rdm_descriptor")
    return gather(vectors, stack, leading)


def _rsatoolbox() -> Any:
    try:
        import rsatoolbox  # noqa: PLC0415 - not needed by anything else
    except ImportError as error:
        raise ImportError("objects of rsatoolbox need it: pip install rsatoolbox") from error
    return rsatoolbox


def _descriptors(table: xr.DataArray, dims: Sequence[str]) -> dict[str, np.ndarray]:
    return {name: column(values) for name, values in spread(table, dims).items()}


def _refuse_absent(stimuli: np.ndarray, shown: np.ndarray) -> None:
    absent = stimuli[~np.isin(stimuli, shown)].tolist()
    if absent:
        raise ValueError(
            f"{len(absent)} stimuli have no presentation that any unit has, so no observation could hold them: "
            f"{', '.join(map(str, absent[:5]))}; leave them out by .drop_sel(stimulus=…)"
        )


def _columns(descriptors: Mapping[str, Iterable[Any]]) -> dict[str, np.ndarray]:
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


def _taken(columns: dict[str, np.ndarray], name: str, what: str) -> np.ndarray:
    """The column of a name; it is no longer among the others."""
    if name not in columns:
        raise ValueError(f"no {what} named {name!r}; there are {', '.join(columns) or 'none'}")
    return columns.pop(name)


def _repeats(observed: dict[str, np.ndarray], repeat: str | None) -> np.ndarray | None:
    """The labels of repeats, None where each stimulus is there once and nothing was asked for."""
    if repeat is not None or "repeat" in observed:
        return _taken(observed, repeat or "repeat", "obs_descriptor")
    nth = pd.Series(observed["stimulus"]).groupby(observed["stimulus"]).cumcount().to_numpy()
    return nth if nth.any() else None


def _along(columns: Mapping[str, np.ndarray], dim: str) -> dict[str, Any]:
    return {name: (dim, values) for name, values in columns.items()}


def _joined(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Columns together, unless two have one name."""
    together: dict[str, Any] = {}
    for part in parts:
        if both := together.keys() & part.keys():
            raise ValueError(f"{', '.join(sorted(both))} would be there twice; rename one of the descriptors")
        together |= part
    return together
