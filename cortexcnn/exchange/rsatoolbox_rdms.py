"""RDMs as the RDMs of rsatoolbox, and back, so that either tool can go on where the other stopped.

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

Other names stay as they are. ``calc_rdm_movie`` and ``calc_rdm_unbalanced`` note down the name that they were called
by, so that their "euclidean" and "mahalanobis" hold squared lengths. ``calc_rdm`` hands a Dataset's ``descriptors`` on
as ``rdm_descriptors``: coordinates, when they are read back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_rdm, matrices_of
from cortexcnn.exchange.rows import gather, joined, whole
from cortexcnn.exchange.rsatoolbox_descriptors import along, columns_of, descriptors_of, taken, the_toolbox

__all__ = ["from_rsatoolbox_rdms", "to_rsatoolbox_rdms"]

_THEIRS = {
    "mahalanobis": "squared mahalanobis",
    "root of mahalanobis": "mahalanobis",
    "crossvalidated poisson": "poisson_cv",
}
_OURS = {theirs: ours for ours, theirs in _THEIRS.items()}

_COUNT = "index"
"""What rsatoolbox numbers RDMs and patterns by."""


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
    toolbox = the_toolbox()
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
        rdm_descriptors=descriptors_of(rdm, leading) if leading else {},
        pattern_descriptors=descriptors_of(rdm.drop_vars("stimulus2"), ["stimulus"]),
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
    toolbox = the_toolbox()
    if not isinstance(rdms, toolbox.rdm.RDMs):
        raise TypeError(f"RDMs of rsatoolbox are wanted; got {type(rdms).__qualname__}")
    patterns, stack = columns_of(rdms.pattern_descriptors), columns_of(rdms.rdm_descriptors)
    labels = taken(patterns, stimulus, "pattern_descriptor")
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
    patterns = joined({"stimulus": labels}, patterns)
    coords = joined(coords, along(patterns, "stimulus"), {"stimulus2": labels})
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
        taken(dict(stack), dim, "rdm_descriptor")
    return gather(vectors, stack, leading)
