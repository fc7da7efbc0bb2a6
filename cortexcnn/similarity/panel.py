"""Several measures on the same held-out stimuli: which layer is nearest by each, and where do measures disagree?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations, permutations

import numpy as np
import xarray as xr
from scipy.stats import kendalltau, rankdata, t

from cortexcnn.choices import chosen
from cortexcnn.similarity.alignments.alignment import ALIGNMENTS, alignment
from cortexcnn.similarity.alignments.sides import LEAST, matched
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.measures import COMPARISONS
from cortexcnn.similarity.encoding import ENCODERS, encode
from cortexcnn.similarity.folds import folds_of
from cortexcnn.similarity.rdms.matrices import rdm

__all__ = ["disagreements", "panel"]

_MEASURES = ("spearman", "linear cka", "unbiased cka", "procrustes", "soft matching", "ridge")


def panel(
    responses: xr.DataArray,
    reference: xr.DataArray,
    *,
    measures: Sequence[str] = _MEASURES,
    by: str = "layer",
    folds: int | xr.DataArray = 5,
    same: str | None = None,
    dissimilarity: str = "correlation",
    rng: int | np.random.Generator | None = 0,
) -> xr.Dataset:
    """Layers compared with a reference by several measures, each on the same held-out folds of stimuli.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Of all layers.
    reference : DataArray (stimulus, unit[, repeat])
        Responses to the same stimuli, in any order.
    measures : sequence of str
        Names of ``COMPARISONS`` (of RDMs over the pairs within a fold), of ``ALIGNMENTS`` (held out where they fit
        anything, see :func:`~cortexcnn.similarity.alignment`), or of ``ENCODERS`` (the median over the units
        of the reference of R² over the stimuli of a fold, fitted on all others).
    by : str
        The coordinate along the units of the responses whose labels are compared, 2 at least.
    folds : int or DataArray (stimulus)
        How many, or the fold of each stimulus: 4 stimuli at least in each.
    same : str, optional
        A coordinate along ``stimulus`` of either table, e.g. "movie": stimuli with equal labels are held out together,
        and their pairs are left out of RDMs, so that each fold must hold several labels.
    dissimilarity : str
        By which RDMs are made, of ``DISSIMILARITIES``.
    rng : int, Generator or None
        Seed or source of the folds.

    Returns
    -------
    Dataset
        ``score`` (measure, by, fold); ``higher_is_nearer`` (measure); ``rank`` (measure, by) of the mean over folds, 1
        for the nearest; ``agreement`` (measure, measure2): Kendall's tau-b between their orders of the labels.

    Raises
    ------
    ValueError
        If there is no such measure, it is named twice or makes one model of all layers, there are fewer than 2 labels,
        or one of the measures refuses the responses.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(60, 12))
    >>> labels = {"stimulus": range(60), "unit": range(12), "layer": ("unit", np.repeat(["near", "far"], 6))}
    >>> layers = xr.DataArray(values, labels, ("stimulus", "unit"))
    >>> cells = layers.isel(unit=slice(6)).drop_vars("layer") + 0.5 * rng.normal(size=(60, 6))
    >>> found = panel(layers, cells, measures=["spearman", "procrustes", "ridge"])
    >>> found["rank"].sel(layer="near").values, found.agreement.values.min()
    (array([1., 1., 1.]), np.float64(1.0))
    """
    _check(measures)
    responses, reference = matched(responses, reference)
    fold = folds_of(responses, reference, folds, same=same, least=LEAST, rng=rng)
    tables = {}
    for name in measures:
        if name in ALIGNMENTS:
            tables[name] = alignment(responses, reference, method=name, by=by, folds=fold)
        elif name in COMPARISONS:
            tables[name] = _rsa(responses, reference, name, by=by, fold=fold, same=same, dissimilarity=dissimilarity)
        else:
            tables[name] = _encoding(responses, reference, name, by=by, fold=fold, same=same)
    score = xr.concat([table.drop_attrs().reset_coords(drop=True) for table in tables.values()], "measure")
    score = score.transpose("measure", by, "fold").assign_coords(measure=list(tables))
    if score.sizes[by] < 2:
        raise ValueError(f"a panel compares 2 labels of {by} at least; there is {score[by].item()} alone")
    higher = [name not in ALIGNMENTS or ALIGNMENTS[name].higher for name in tables]
    found = xr.Dataset({"score": score, "higher_is_nearer": ("measure", higher)})
    mean = nearness(found).mean("fold", skipna=False).values
    tau = [[kendalltau(one, other).statistic for other in mean] for one in mean]
    return found.assign(
        rank=(("measure", by), rankdata(-mean, axis=1)), agreement=(("measure", "measure2"), tau)
    ).assign_coords(measure2=list(tables))


def disagreements(found: xr.Dataset, *, level: float = 0.95) -> xr.Dataset:
    """Pairs of layers that two measures order the opposite way, each beyond the spread over its folds.

    Parameters
    ----------
    found : Dataset
        From :func:`panel`.
    level : float
        Of the interval around the mean difference of two layers over folds that must leave out 0, for each measure.

    Returns
    -------
    Dataset (disagreement)
        ``measure`` puts ``nearer`` before ``farther``, ``measure2`` puts them the other way; ``t`` and ``t2`` are the
        differences over their standard errors. Empty where all measures may agree. The attribute ``by_chance`` is how
        many there would be if no layers differed and measures were independent.

    Notes
    -----
    Folds share most of what is fitted, so that the variance of the mean of k folds is taken to be 1/k + 1/(k − 1) times
    the variance between folds, not 1/k [1]_.

    References
    ----------
    .. [1] Nadeau & Bengio (2003), Machine Learning 52, 239-281.

    Examples
    --------
    >>> scores = [[[0.8, 0.9, 0.8], [0.1, 0.2, 0.2]], [[1.2, 1.2, 1.3], [0.5, 0.4, 0.5]]]
    >>> found = xr.Dataset({"score": (("measure", "layer", "fold"), scores), "higher_is_nearer": ("measure", [1, 0])},
    ...     {"measure": ["linear cka", "procrustes"], "layer": ["conv1", "conv2"]})
    >>> table = disagreements(found)
    >>> table.measure.item(), table.nearer.item(), table.farther.item(), table.measure2.item()
    ('linear cka', 'conv1', 'conv2', 'procrustes')
    """
    near = nearness(found)
    (by,) = set(near.dims) - {"measure", "fold"}
    k, labels = near.sizes["fold"], near[by].values
    values = near.transpose("measure", by, "fold").values
    differences = values[:, :, None] - values[:, None]
    error = differences.std(axis=-1, ddof=1) * np.sqrt(1 / k + 1 / (k - 1))
    ratio = np.divide(differences.mean(axis=-1), error, out=np.zeros_like(error), where=error > 0)
    least = t.ppf((1 + level) / 2, k - 1)
    rows = [
        (found["measure"].values[a], found["measure"].values[b], labels[i], labels[j], ratio[a, i, j], ratio[b, i, j])
        for a, b in combinations(range(len(values)), 2)
        for i, j in permutations(range(len(labels)), 2)
        if ratio[a, i, j] > least and ratio[b, i, j] < -least
    ]
    columns = zip(*rows, strict=True) if rows else [()] * 6
    tried = math.comb(len(values), 2) * math.comb(len(labels), 2)
    names = ("measure", "measure2", "nearer", "farther", "t", "t2")
    return xr.Dataset(
        {name: ("disagreement", list(column)) for name, column in zip(names, columns, strict=True)},
        attrs={"level": level, "by_chance": tried * (1 - level) ** 2 / 2},
    )


def nearness(found: xr.Dataset) -> xr.DataArray:
    """Scores turned so that higher is nearer for all measures.

    Parameters
    ----------
    found : Dataset
        From :func:`panel`.

    Returns
    -------
    DataArray (measure, by, fold)
    """
    return found["score"] * xr.where(found["higher_is_nearer"], 1, -1)


def _check(measures: Sequence[str]) -> None:
    for name in measures:
        chosen({**COMPARISONS, **ALIGNMENTS, **ENCODERS}, name, what="measure")
    if not measures or len(set(measures)) < len(measures):
        raise ValueError(f"measures={list(measures)}: name at least one, and each once")
    if "banded ridge" in measures:
        raise ValueError('"banded ridge" makes one model of all layers and ranks none: choose "ridge"')


def _rsa(
    responses: xr.DataArray,
    reference: xr.DataArray,
    method: str,
    *,
    by: str,
    fold: xr.DataArray,
    same: str | None,
    dissimilarity: str,
) -> xr.DataArray:
    """Similarity of RDMs over the pairs of different labels of ``same`` within each fold."""
    ours, theirs = (
        rdm(table, method=dissimilarity, by=label, same=same if same in table.coords else None)
        for table, label in ((responses, by), (reference, None))
    )
    found = []
    kinds = None if same is None else (responses if same in responses.coords else reference)[same].values
    for label in np.unique(fold):
        if kinds is not None and len(np.unique(kinds[fold == label])) < 2:
            raise ValueError(
                f"fold {label} holds one {same} alone, and pairs within it are left out of RDMs: choose fewer folds"
            )
        some = {dim: np.flatnonzero(fold == label) for dim in ("stimulus", "stimulus2")}
        found.append(compare(ours.isel(some), theirs.isel(some), method=method).assign_coords(fold=label))
    return xr.concat(found, "fold")


def _encoding(
    responses: xr.DataArray, reference: xr.DataArray, method: str, *, by: str, fold: xr.DataArray, same: str | None
) -> xr.DataArray:
    """Median over units of R² in each fold, of the units that vary there."""
    cells = reference.mean("repeat") if "repeat" in reference.dims else reference
    sums = encode(responses, cells, method=method, by=by, folds=fold, same=same)
    varies = sums["squared_deviation"] > 0
    explained = 1 - sums["squared_error"].where(varies) / sums["squared_deviation"].where(varies)
    return explained.median("unit").assign_coords(fold=np.unique(fold))
