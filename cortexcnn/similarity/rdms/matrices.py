"""From responses to RDMs, for every layer, area, subject and moment at once, by label."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, groups
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import leave_out_pairs
from cortexcnn.similarity.rdms.dissimilarity import DISSIMILARITIES, Dissimilarity, finished, named
from cortexcnn.similarity.rdms.labelling import labelled
from cortexcnn.similarity.rdms.noise import NOISES
from cortexcnn.similarity.rdms.products import Products, prepared, products
from cortexcnn.similarity.rdms.whitening import noise_products

__all__ = ["Patterns", "rdm"]

Patterns = Callable[[np.ndarray], np.ndarray]
"""A dissimilarity of one's own: takes patterns (stimulus, unit), returns dissimilarities (stimulus, stimulus)."""


def rdm(
    responses: xr.DataArray,
    *,
    method: str | Patterns = "correlation",
    by: str | Sequence[str] | None = None,
    zscore: bool = False,
    noise: str | xr.DataArray | None = None,
    folds: int | str | None = None,
    same: str | None = None,
    missing: str = "refuse",
    per_unit: bool = True,
) -> xr.DataArray:
    """Representational dissimilarity matrix of responses, one for each layer, area, subject or moment.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses of model units or neurons. Repeats are averaged (NaN marks a missing one, and stimuli may have
        different numbers), except by the crossvalidated methods. Each time has RDMs of its own.
    method : str or callable
        One of ``DISSIMILARITIES``. "correlation": 1 − Pearson's r of two patterns across units. "cosine": 1 − the
        cosine of the angle between two patterns. "euclidean" and "squared euclidean": the length of their difference.
        "mahalanobis": its squared length in units of the noise. "crossnobis": the same by products of different folds
        of repeats alone, which noise doesn't lengthen [1]_: it is 0 on average for equal patterns, and so can be
        negative. "poisson": the symmetrised Kullback-Leibler divergence of Poisson spike counts, under a gamma prior of
        mean 1 and weight .1 [2]_; "crossvalidated poisson": rates and their logarithms from different folds. A function
        of one's own takes patterns (stimulus, unit) and returns dissimilarities (stimulus, stimulus), for
        example ``lambda x: squareform(pdist(x, "cityblock"))``.
    by : str or sequence of str, optional
        A coordinate along ``unit``, e.g. "layer" or "area": one RDM for each label, in the order in which the labels
        first appear. Several, e.g. ("subject", "area"): one for each combination that there is, along the dimension
        ``group``, with the labels as coordinates. None puts all units into one.
    zscore : bool
        First subtract from each unit its mean over stimuli and divide by its standard deviation, so that each unit
        counts alike. This can turn a conclusion about, so look at both; constant units are left out with a
        warning.
    noise : str or DataArray (unit, unit2), optional
        "diagonal" first divides each unit by the standard deviation between its repeats, pooled over stimuli. "full",
        "ledoit-wolf" and "diagonal shrinkage" measure lengths by the whole covariance between repeats, as does one that
        is given: see :func:`noise_covariance`. "mahalanobis" takes "ledoit-wolf" unless another is named.
    folds : int or str, optional
        For crossvalidated methods. A number: repeat number r belongs to fold r modulo ``folds``, for all units alike. A
        name: a coordinate along ``repeat``, e.g. "run", so that no two presentations of one run are multiplied. By
        default each repeat is a fold.
    same : str, optional
        Leave out the pairs of stimuli with equal labels, as :func:`leave_out_pairs`.
    missing : {"refuse", "pairwise"}
        What to do where a unit has no response to a stimulus (or none in a fold). "pairwise" takes each pair of stimuli
        over the units (and folds) that both have, and leaves out pairs that share none.
    per_unit : bool
        Divide squared lengths by the number of units, so that layers of different size can be compared
        (rsatoolbox's convention); False gives plain lengths.

    Returns
    -------
    DataArray ([by or group,] [time,] stimulus, stimulus2)
        Symmetric, zero on the diagonal, in float64. The stimulus parameters stay as coordinates along ``stimulus``;
        the coordinate ``units`` counts the units that went in.

    Raises
    ------
    ValueError
        If a method, a coordinate or a required dimension isn't there, responses are missing or not finite, a pattern
        has no direction (all units alike under "correlation", all zero under "cosine"): names the stimuli; a noise
        covariance has no inverse; or a choice doesn't go with the method.

    Warns
    -----
    UserWarning
        If ``zscore`` leaves out constant units.

    Notes
    -----
    float32 responses are multiplied in float32, and summed in float32 over 4,096 units, in float64 from there on.
    Angles are then rounded at about 1e-7 (6e-8 for features of a network shown photographs; 1e-6 where responses lie a
    hundred standard deviations from 0), and the length of the difference of two nearly equal patterns at about 3e-4 of
    theirs; ``responses.astype("float64")`` has all of it finer, in twice the time.

    References
    ----------
    .. [1] Walther et al. (2016), NeuroImage 137, 188-200; Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci.
       2, 4.
    .. [2] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566.

    Examples
    --------
    >>> responses = xr.DataArray([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [2.0, 1.0, 0.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": ["a", "b", "c"], "unit": [0, 1, 2]})
    >>> rdm(responses).sel(stimulus="a").values
    array([0., 0., 2.])
    """
    check_responses(responses)
    if "time" in responses.dims:
        options: dict[str, Any] = {"by": by, "zscore": zscore, "noise": noise, "folds": folds, "same": same}
        options |= {"missing": missing, "per_unit": per_unit}
        return _at_each_time(responses, method=method, **options)
    if callable(method):
        own, name = method, getattr(method, "__name__", "own")
        measure = Dissimilarity(None, lambda inner: inner.inner)
    else:
        own, name = None, method
        measure = chosen(DISSIMILARITIES, method, what="dissimilarity")
    noise = measure.noise if noise is None else noise
    fold = _check_options(responses, measure, name, noise, folds, zscore=zscore)
    _check_missing(measure, missing, own=own, noise=noise, zscore=zscore, per_unit=per_unit)
    stimuli, tables = responses.coords.variables["stimulus"].values, _tables(responses, by)
    matrices, counts = [], []
    for label, units in tables:
        where = "" if label is None else f" ({by if isinstance(by, str) else ', '.join(by or ())} {label})"
        if missing == "pairwise":
            matrix, count = _pairwise(responses, units, measure, name, fold=fold, where=where)
        elif own:
            matrix, count = _by_function(responses, units, own, zscore=zscore, noise=noise, where=where)
        else:
            inner = _products(responses, units, measure, fold, zscore=zscore, noise=noise, where=where)
            matrix, count = finished(inner, measure, name, stimuli, where), inner.units
            if measure.lengths and not per_unit:
                matrix = matrix * (count if measure.square else np.sqrt(count))
        matrices.append(matrix)
        counts.append(count)
    told = "given" if isinstance(noise, xr.DataArray) else noise or "none"
    described: dict[str, Any] = {"method": name, "zscore": int(zscore), "noise": told, "per_unit": int(per_unit)}
    if folds is not None:
        described["folds"] = folds
    result = _labelled(matrices, counts, responses, described, by=by, labels=[label for label, _ in tables])
    return result if same is None else leave_out_pairs(result, same=same)


def _at_each_time(responses: xr.DataArray, **options: Any) -> xr.DataArray:
    """RDMs of each moment, the time behind the labels of units."""
    moments = [rdm(responses.isel(time=i, drop=True), **options) for i in range(responses.sizes["time"])]
    index = responses["time"] if "time" in responses.coords else "time"
    together = xr.concat(moments, index, coords="minimal", compat="override")
    return together.transpose(..., "time", "stimulus", "stimulus2")


def _tables(responses: xr.DataArray, by: str | Sequence[str] | None) -> list[tuple[Hashable | None, np.ndarray]]:
    """Labels, and the positions of the units that have them."""
    positions = np.arange(responses.sizes["unit"])
    if by is None:
        return [(None, positions)]
    along = {name: coord for name, coord in responses.coords.items() if coord.dims == ("unit",)}
    table = xr.DataArray(positions, dims="unit", coords=along)
    if isinstance(by, str):
        return [(label, some.values) for label, some in groups(table, by)]
    found: dict[tuple, list[np.ndarray]] = {(): [positions]}
    for name in by:
        found = {
            (*labels, label): [units.values]
            for labels, (some,) in found.items()
            for label, units in groups(table.isel(unit=some), name)
        }
    return [(labels, some) for labels, (some,) in found.items()]


def _products(
    responses: xr.DataArray,
    units: np.ndarray,
    measure: Dissimilarity,
    fold: np.ndarray | None,
    *,
    zscore: bool,
    noise: str | xr.DataArray | None,
    where: str,
) -> Products:
    """Products of patterns of some units."""
    if noise is not None and _whole(noise):
        return noise_products(responses, units, folds=fold, noise=noise)
    chunks = prepared(responses, units, folds=fold, zscore=zscore, noise=noise is not None)
    if measure.sums:
        inner = measure.sums(chunks)
    else:
        inner = products(chunks, centre=measure.centre, differences=measure.lengths)
    _report_constant(chunks.constant, len(units), where)
    return inner


def _by_function(
    responses: xr.DataArray, units: np.ndarray, function: Patterns, *, zscore: bool, noise: object, where: str
) -> tuple[np.ndarray, int]:
    """Dissimilarities by a function of the user's."""
    chunks = prepared(responses, units, folds=None, zscore=zscore, noise=noise is not None)
    patterns = np.concatenate([chunk[0] for chunk in chunks], axis=1)
    _report_constant(chunks.constant, len(units), where)
    matrix, count = np.asarray(function(patterns), dtype=np.float64), len(patterns)
    if matrix.shape != (count, count):
        raise ValueError(
            f"a dissimilarity of one's own takes patterns (stimulus, unit) and returns (stimulus, stimulus), here "
            f"{count} × {count}; it returned {matrix.shape}: scipy's pdist goes through squareform"
        )
    if not np.isfinite(matrix).all() or not np.allclose(matrix, matrix.T) or np.abs(np.diagonal(matrix)).max() > 1e-9:
        raise ValueError(
            "a dissimilarity of one's own is finite, symmetric and 0 between a pattern and itself; it is not"
        )
    return matrix, patterns.shape[1]


def _pairwise(
    responses: xr.DataArray,
    units: np.ndarray,
    measure: Dissimilarity,
    method: str,
    *,
    fold: np.ndarray | None,
    where: str,
) -> tuple[np.ndarray, int]:
    """Dissimilarities over the units that both patterns of a pair have."""
    chunks = prepared(responses, units, folds=fold, zscore=False, noise=False, refuse=False)
    matrix = measure.shared(chunks) if measure.shared else np.empty(())
    alone = np.isnan(matrix).sum(axis=1) == len(matrix) - 1
    if alone.any():
        names = named(responses["stimulus"].values[alone])
        raise ValueError(
            f"{int(alone.sum())} stimuli share too few units with any other{where}, so their {method} is not defined: "
            f"{names}; leave them out by .drop_sel(stimulus=…)"
        )
    return matrix, len(units)


def _check_options(
    responses: xr.DataArray,
    measure: Dissimilarity,
    method: str,
    noise: str | xr.DataArray | None,
    folds: int | str | None,
    *,
    zscore: bool,
) -> np.ndarray | None:
    """Refuse what these responses can't give; return the fold of each repeat, None where nothing is crossvalidated."""
    sizes = responses.sizes
    if sizes["unit"] == 0 or sizes["stimulus"] < 2:
        raise ValueError(
            f"an rdm needs units and at least 2 stimuli; there are {sizes['unit']} units and "
            f"{sizes['stimulus']} stimuli"
        )
    repeats = sizes.get("repeat", 1)
    if isinstance(noise, str):
        chosen(NOISES, noise, what="noise")
        if repeats < 2:
            raise ValueError(
                f'noise="{noise}" is measured between repeats; these responses have none: use noise=None, or give the '
                "covariance, made by noise_covariance of residuals"
            )
    if noise is not None and _whole(noise) and zscore:
        raise ValueError("zscore=True and a whole noise covariance both say how units are scaled: choose one of them")
    if noise is not None and _whole(noise) and not measure.lengths:
        raise ValueError(
            f'{method} is no length, so a whole noise covariance does not apply to it: choose method="mahalanobis" or '
            '"crossnobis", or noise="diagonal"'
        )
    if not measure.crossvalidated:
        if folds is not None:
            raise ValueError(f'folds={folds!r} is for crossvalidated methods, e.g. "crossnobis"; {method} averages all')
        return None
    if repeats < 2:
        raise ValueError(
            f"{method} multiplies different repeats, and these responses have none: record repeats along the "
            'dimension repeat, or choose method="squared euclidean"'
        )
    return _fold_of_each(responses, folds, repeats)


def _fold_of_each(responses: xr.DataArray, folds: int | str | None, repeats: int) -> np.ndarray:
    """The fold of each repeat."""
    if isinstance(folds, str):
        if folds not in responses.coords or responses.coords[folds].dims != ("repeat",):
            there = [str(name) for name, coord in responses.coords.items() if coord.dims == ("repeat",)]
            raise ValueError(f"no coordinate {folds} along repeat; there are {', '.join(there) or 'none'}")
        labels = np.unique(responses[folds].values, return_inverse=True)[1].ravel()
        if labels.max() < 1:
            raise ValueError(f"all repeats have the same {folds}: crossvalidation needs 2 at least")
        return labels
    count = repeats if folds is None else folds
    if not 2 <= count <= repeats:
        raise ValueError(f"folds={count}: choose from 2 to the number of repeats, {repeats}")
    return np.arange(repeats) % count


def _check_missing(
    measure: Dissimilarity, missing: str, *, own: object, noise: object, zscore: bool, per_unit: bool
) -> None:
    """Refuse choices that don't go with pairs of their own units."""
    chosen(dict.fromkeys(("refuse", "pairwise")), missing, what="way with missing responses")
    if missing == "pairwise" and (own or measure.shared is None or noise is not None or zscore or not per_unit):
        names = ", ".join(name for name, one in DISSIMILARITIES.items() if one.shared)
        raise ValueError(
            f'missing="pairwise" is for {names}, without zscore and noise, per unit: leave units out that miss '
            'responses, by responses.mean("repeat").dropna("unit")'
        )


def _whole(noise: str | xr.DataArray) -> bool:
    """Whether noise is a covariance of units with each other, not of each by itself."""
    return isinstance(noise, xr.DataArray) or noise != "diagonal"


def _report_constant(constant: int, units: int, where: str) -> None:
    """Say how many units were left out; refuse if none remains."""
    if constant == units:
        raise ValueError(f"zscore=True leaves no unit: all {units} answer every stimulus alike{where}")
    if constant:
        warnings.warn(
            f"zscore=True leaves out {constant} of {units} units, which answer every stimulus alike{where}",
            UserWarning,
            stacklevel=3,
        )


def _labelled(
    matrices: list[np.ndarray],
    counts: list[int],
    responses: xr.DataArray,
    described: dict[str, Any],
    *,
    by: str | Sequence[str] | None,
    labels: list,
) -> xr.DataArray:
    """Give matrices their dims, the stimulus parameters and the attributes of the responses."""
    along = responses.coords.variables
    coords = {str(name): part for name, part in along.items() if part.dims == ("stimulus",)}
    coords["stimulus2"] = xr.IndexVariable("stimulus2", along["stimulus"])
    index, turned = responses.xindexes["stimulus"], {"stimulus": "stimulus2"}
    known: dict[Hashable, xr.Index] = {"stimulus": index, "stimulus2": index.rename(turned, turned)}
    dims: tuple[str, ...] = ("stimulus", "stimulus2")
    if by is None:
        values, coords["units"] = matrices[0], xr.Variable((), counts[0])
    else:
        dim = by if isinstance(by, str) else "group"
        columns = {by: labels} if isinstance(by, str) else dict(zip(by, zip(*labels, strict=True), strict=True))
        coords |= {name: xr.Variable(dim, list(column)) for name, column in {**columns, "units": counts}.items()}
        values, dims = np.stack(matrices), (dim, *dims)
    attrs = {**responses.attrs, **described}
    return labelled(values, coords, dims, name="dissimilarity", attrs=attrs, known=known)
