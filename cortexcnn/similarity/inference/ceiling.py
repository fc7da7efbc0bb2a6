"""What could the best model score? Subjects differ, and no model can be nearer to each of them than their mean is."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_rdm
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import similarities
from cortexcnn.similarity.comparing.measures import COMPARISONS, Comparison
from cortexcnn.similarity.comparing.pairs import Pairs, leading, vectors

__all__ = ["bounds_of_each", "noise_ceiling"]

_LEAST = 0.1
"""A reference whose subjects predict each other worse than this (1 % of variance) has no ceiling to speak of."""


def noise_ceiling(
    rdms: xr.DataArray,
    *,
    method: str = "spearman",
    over: str = "subject",
    average: str = "suited",
    squared: bool = False,
) -> xr.Dataset:
    """Bounds of the mean similarity to subjects that the best possible model could reach [1]_.

    The upper bound is the mean similarity of the subjects to their own mean RDM, the lower that of each subject to the
    mean of the others. Compare like with like: they bound the *mean over subjects* of a model's similarity to each
    subject, by the same measure; similarity to the group-mean RDM can be above them.

    Parameters
    ----------
    rdms : DataArray (…, subject, stimulus, stimulus2)
        One RDM a subject.
    method : str
        One of ``COMPARISONS``.
    over : str
        The dimension of the subjects.
    average : {"suited", "plain"}
        "suited" takes the mean after the transform that suits the measure: ranks for the rank measures, z-scores
        for pearson, unit length for cosine. "plain" averages the dissimilarities as they are.
    squared : bool
        Average squared similarities, the share of variance that was published for some data sets.

    Returns
    -------
    Dataset (…)
        ``lower`` and ``upper``, and ``standard_error`` of the lower bound over subjects.

    Raises
    ------
    ValueError
        If there is no such dimension, fewer than 2 subjects, or an option that is not there.

    Warns
    -----
    UserWarning
        If the subjects don't predict each other: the lower bound is below 0.1 or within two standard errors of 0.
        Such a reference ranks no models. (For cosine, which is high for unrelated RDMs also, pearson is asked.)

    References
    ----------
    .. [1] Nili et al. (2014), PLoS Comput. Biol. 10, e1003553.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(8, 3)) + 0.1 * rng.normal(size=(4, 8, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> rdms = xr.DataArray(values, dims=("subject", "stimulus", "stimulus2"),
    ...     coords={"stimulus": range(8), "stimulus2": range(8)})
    >>> ceiling = noise_ceiling(rdms)
    >>> bool(0.9 < ceiling.lower < ceiling.upper < 1)
    True
    """
    measure = chosen(COMPARISONS, method, what="comparison")
    suited = chosen({"suited": measure.suited, "plain": None}, average, what="average")
    check_rdm(rdms)
    if over not in leading(rdms):
        raise ValueError(f"no dimension {over} in these rdms; there are {', '.join(leading(rdms)) or 'none'}")
    count = rdms.sizes[over]
    if count < 2:
        raise ValueError(
            f"a noise ceiling needs at least 2 along {over}; there is {count}: "
            "for one subject with repeats use split_half"
        )
    others = tuple(dim for dim in leading(rdms) if dim != over)
    stacked = vectors(rdms.transpose(*others, over, "stimulus", "stimulus2")).reshape(
        *(rdms.sizes[dim] for dim in others), count, -1
    )
    pairs = Pairs.of(rdms.sizes["stimulus"])
    bounds = np.empty((*stacked.shape[:-2], 3))
    for index in np.ndindex(stacked.shape[:-2]):
        lower, upper = _bounds(stacked[index], pairs, measure, suited)
        where = "".join(f" ({dim} {rdms[dim].values[i]})" for dim, i in zip(others, index, strict=True))
        asked = lower if measure.centred else _bounds(stacked[index], pairs, COMPARISONS["pearson"], suited)[0]
        _warn_without_ceiling(asked, method if measure.centred else "pearson", where)
        if squared:
            lower, upper = lower**2, upper**2
        bounds[index] = lower.mean(), upper.mean(), _standard_error(lower)
    coords = {name: coord for name, coord in rdms.coords.items() if coord.dims and set(coord.dims) <= set(others)}
    names = ("lower", "upper", "standard_error")
    return xr.Dataset(
        {name: (others, bounds[..., i]) for i, name in enumerate(names)},
        coords,
        {"method": method, "average": average, "squared": int(squared), "over": over, "count": count},
    )


def bounds_of_each(values: np.ndarray, stimuli: int, method: str) -> tuple[np.ndarray, np.ndarray]:
    """Each subject's share of the two bounds: similarity to the mean of the others, and to the mean of all.

    Parameters
    ----------
    values : ndarray (subject, pair)
        Their RDMs.
    stimuli : int
        What they are of.
    method : str
        One of ``COMPARISONS``; the mean is the one that suits it.

    Returns
    -------
    lower, upper : ndarray (subject)
    """
    measure = COMPARISONS[method]
    return _bounds(values, Pairs.of(stimuli), measure, measure.suited)


def _bounds(values: np.ndarray, pairs: Pairs, measure: Comparison, suited: object) -> tuple[np.ndarray, np.ndarray]:
    """Similarity of each subject to the mean of the others, and to the mean of all."""
    transformed = values if suited is None else _each(values, measure)
    present = ~np.isnan(transformed)
    filled = np.where(present, transformed, 0.0)
    total, number = filled.sum(axis=0), present.sum(axis=0)
    with np.errstate(invalid="ignore"):
        group = total / number
        rest = (total - filled) / (number - present)
    upper = similarities(values, group[None], pairs, measure)[:, 0]
    each = [similarities(values[i : i + 1], rest[i : i + 1], pairs, measure)[0, 0] for i in range(len(values))]
    lower = np.array(each)
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise ValueError("an RDM is constant, so it can't be compared: leave that subject out")
    return lower, upper


def _each(values: np.ndarray, measure: Comparison) -> np.ndarray:
    """Transform each RDM over the pairs that it has."""
    result = np.full_like(values, np.nan)
    for row, ours in zip(result, values, strict=True):
        present = ~np.isnan(ours)
        row[present] = measure.suited(ours[None, present])[0]
    return result


def _standard_error(values: np.ndarray) -> float:
    return float(values.std(ddof=1) / np.sqrt(len(values)))


def _warn_without_ceiling(lower: np.ndarray, method: str, where: str) -> None:
    """Warn where the subjects don't predict each other."""
    mean, error = lower.mean(), _standard_error(lower)
    if mean < _LEAST or mean < 2 * error:
        warnings.warn(
            f"no ceiling to speak of{where}: each of {len(lower)} RDMs is predicted by the mean of the others with "
            f"{method} {mean:.3f} ± {error:.3f}; this reference can't rank models. The upper bound says little here: "
            f"{len(lower)} RDMs of noise alone correlate with their own mean by about {len(lower) ** -0.5:.2f}",
            UserWarning,
            stacklevel=3,
        )
