"""From responses to RDMs: how differently a population answers to two stimuli, for every pair of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Hashable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses, groups
from cortexcnn.choices import chosen
from cortexcnn.similarity.products import Products, prepared, products

__all__ = ["DISSIMILARITIES", "Dissimilarity", "rdm"]


@dataclass(frozen=True)
class Dissimilarity:
    """A way to turn products of patterns into dissimilarities.

    Parameters
    ----------
    centre : None, "unit" or "pattern"
        What is subtracted before the products are taken, as in :func:`cortexcnn.similarity.products.products`.
    finish : callable
        Takes :class:`~cortexcnn.similarity.products.Products`, returns the dissimilarities (stimulus, stimulus).
    crossvalidated : bool
        Multiply only patterns of different folds of repeats.
    lengths : bool
        It is a length or its square, which grows with the number of units unless it is divided by it.
    square : bool
        It is a squared length.
    """

    centre: str | None
    finish: Callable[[Products], np.ndarray]
    crossvalidated: bool = False
    lengths: bool = False
    square: bool = False


def rdm(
    responses: xr.DataArray,
    *,
    method: str = "correlation",
    by: str | None = None,
    zscore: bool = False,
    noise: str | None = None,
    folds: int | None = None,
    per_unit: bool = True,
) -> xr.DataArray:
    """Representational dissimilarity matrix of responses, one for each layer or area.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Responses of model units or neurons. Repeats are averaged (NaN marks a missing one), except by "crossnobis".
    method : str
        One of ``DISSIMILARITIES``. "correlation": 1 − Pearson's r of two patterns across units. "cosine": 1 − the
        cosine of the angle between two patterns. "euclidean" and "squared euclidean": the length of their difference.
        "crossnobis": the squared length by products of different folds of repeats alone, which noise
        doesn't lengthen [1]_: it is 0 on average for equal patterns, and so can be negative.
    by : str, optional
        A coordinate along ``unit``, e.g. "layer" or "area": one RDM for each label, in the order in which the labels
        first appear. None puts all units into one.
    zscore : bool
        First subtract from each unit its mean over stimuli and divide by its standard deviation, so that each unit
        counts alike. This can turn a conclusion about, so look at both; constant units are left out with a
        warning.
    noise : None or "diagonal"
        "diagonal" first divides each unit by the standard deviation between its repeats, pooled over stimuli.
    folds : int, optional
        For "crossnobis": repeat number r belongs to fold r modulo ``folds``, for all units alike. By default each
        repeat is a fold.
    per_unit : bool
        Divide squared lengths by the number of units, so that layers of different size can be compared
        (rsatoolbox's convention); False gives plain lengths.

    Returns
    -------
    DataArray ([by,] stimulus, stimulus2)
        Symmetric, zero on the diagonal, in float64. The stimulus parameters stay as coordinates along ``stimulus``;
        the coordinate ``units`` counts the units that went in.

    Raises
    ------
    ValueError
        If a method, a coordinate or a required dimension isn't there, responses are missing or not finite, or
        a pattern has no direction (all units alike under "correlation", all zero under "cosine"): names the stimuli.

    Warns
    -----
    UserWarning
        If ``zscore`` leaves out constant units.

    Notes
    -----
    float32 responses are multiplied in float32 and summed in float64. Angles are then rounded at about 1e-6, and the
    length of the difference of two nearly equal patterns at about 3e-4 of theirs; ``responses.astype("float64")`` has
    both finer.

    References
    ----------
    .. [1] Walther et al. (2016), NeuroImage 137, 188-200; Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci.
       2, 4.

    Examples
    --------
    >>> responses = xr.DataArray([[0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [2.0, 1.0, 0.0]], dims=("stimulus", "unit"),
    ...     coords={"stimulus": ["a", "b", "c"], "unit": [0, 1, 2]})
    >>> rdm(responses).sel(stimulus="a").values
    array([0., 0., 2.])
    """
    measure = chosen(DISSIMILARITIES, method, what="dissimilarity")
    check_responses(responses)
    folds = _check_options(responses, measure, method, noise, folds)
    positions = np.arange(responses.sizes["unit"])
    if by is None:
        tables: list[tuple[Hashable | None, np.ndarray]] = [(None, positions)]
    else:
        along = {name: coord for name, coord in responses.coords.items() if coord.dims == ("unit",)}
        labelled = xr.DataArray(positions, dims="unit", coords=along)
        tables = [(label, table.values) for label, table in groups(labelled, by)]
    matrices, counts = [], []
    for label, units in tables:
        where = "" if label is None else f" ({by} {label})"
        chunks = prepared(responses, units, folds=folds, zscore=zscore, noise=noise)
        inner = products(chunks, centre=measure.centre)
        _report_constant(chunks.constant, len(units), where)
        if method == "correlation" and inner.units < 2:
            raise ValueError(
                f"correlation across units needs at least 2 of them; there is {inner.units}{where}: "
                'choose method="euclidean"'
            )
        _check_directions(inner, measure, responses["stimulus"].values, method, where)
        matrix = measure.finish(inner)
        if measure.lengths and not per_unit:
            matrix = matrix * (inner.units if measure.square else np.sqrt(inner.units))
        matrices.append(matrix)
        counts.append(inner.units)
    described = {"method": method, "zscore": int(zscore), "noise": noise or "none", "per_unit": int(per_unit)}
    if folds is not None:
        described["folds"] = folds
    result = _labelled(matrices, counts, responses, by=by, labels=[label for label, _ in tables])
    return result.assign_attrs(described)


def _angles(inner: Products) -> np.ndarray:
    """One minus the cosine of the angle between patterns."""
    length = np.sqrt(np.diagonal(inner.inner))
    matrix = inner.inner / length[:, None]
    matrix /= length
    np.subtract(1, matrix, out=matrix)
    np.clip(matrix, 0, 2, out=matrix)
    np.fill_diagonal(matrix, 0)
    return matrix


def _differences(inner: Products) -> np.ndarray:
    """Squared length of the difference of patterns, a unit; below zero only where crossvalidated."""
    square = np.diagonal(inner.inner)
    matrix = square[:, None] + square
    matrix -= inner.inner
    matrix -= inner.inner
    matrix /= inner.units
    return matrix


DISSIMILARITIES: dict[str, Dissimilarity] = {
    "correlation": Dissimilarity("pattern", _angles),
    "cosine": Dissimilarity(None, _angles),
    "euclidean": Dissimilarity("unit", lambda inner: np.sqrt(np.maximum(_differences(inner), 0)), lengths=True),
    "squared euclidean": Dissimilarity(
        "unit", lambda inner: np.maximum(_differences(inner), 0), lengths=True, square=True
    ),
    "crossnobis": Dissimilarity("unit", _differences, crossvalidated=True, lengths=True, square=True),
}
"""Dissimilarities by name; another one is one more entry."""


def _check_options(
    responses: xr.DataArray, measure: Dissimilarity, method: str, noise: str | None, folds: int | None
) -> int | None:
    """Refuse what these responses can't give; return the number of folds, None where nothing is crossvalidated."""
    if "time" in responses.dims:
        raise ValueError('responses have a time axis; average over it or select from it first, e.g. .mean("time")')
    if responses.sizes["unit"] == 0 or responses.sizes["stimulus"] < 2:
        raise ValueError(
            f"an rdm needs units and at least 2 stimuli; there are {responses.sizes['unit']} units and "
            f"{responses.sizes['stimulus']} stimuli"
        )
    if noise not in {None, "diagonal"}:
        raise ValueError(f'noise={noise!r}: choose None or "diagonal"')
    repeats = responses.sizes.get("repeat", 1)
    if noise and repeats < 2:
        raise ValueError('noise="diagonal" is measured between repeats; these responses have none: use noise=None')
    if not measure.crossvalidated:
        if folds is not None:
            raise ValueError(f'folds={folds} is for method="crossnobis"; {method} averages all repeats')
        return None
    if repeats < 2:
        raise ValueError(
            f"{method} multiplies different repeats, and these responses have none: record repeats along the "
            'dimension repeat, or choose method="squared euclidean"'
        )
    folds = repeats if folds is None else folds
    if not 2 <= folds <= repeats:
        raise ValueError(f"folds={folds}: choose from 2 to the number of repeats, {repeats}")
    return folds


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


def _check_directions(inner: Products, measure: Dissimilarity, stimuli: np.ndarray, method: str, where: str) -> None:
    """Refuse patterns without a direction, for measures of angles."""
    if measure.lengths:
        return
    least = inner.units * (16 * inner.eps * inner.mean) ** 2 if measure.centre == "pattern" else 0.0
    flat = np.diagonal(inner.inner) <= least
    if flat.any():
        named = ", ".join(str(label) for label in stimuli[flat][:5]) + (", …" if flat.sum() > 5 else "")
        what = "answered alike by all units" if measure.centre == "pattern" else "answered by no unit"
        raise ValueError(
            f"{int(flat.sum())} stimuli are {what}{where}, so their {method} is not defined: {named}; "
            'leave them out by .drop_sel(stimulus=…), or choose method="euclidean"'
        )


def _labelled(
    matrices: list[np.ndarray], counts: list[int], responses: xr.DataArray, *, by: str | None, labels: list
) -> xr.DataArray:
    """Give matrices their dims, the stimulus parameters and the attributes of the responses."""
    coords = {name: coord for name, coord in responses.coords.items() if coord.dims == ("stimulus",)}
    coords["stimulus2"] = ("stimulus2", responses["stimulus"].values)
    if by is None:
        coords["units"] = counts[0]
        return xr.DataArray(matrices[0], coords, ("stimulus", "stimulus2"), "dissimilarity", responses.attrs)
    coords |= {by: labels, "units": (by, counts)}
    return xr.DataArray(np.stack(matrices), coords, (by, "stimulus", "stimulus2"), "dissimilarity", responses.attrs)
