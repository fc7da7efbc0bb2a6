"""How far would a similarity move with other stimuli or other subjects? Bootstrap draws, all in one matrix product."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparison import compare
from cortexcnn.similarity.measures import COMPARISONS, Comparison
from cortexcnn.similarity.pairs import Aligned, Pairs, align, shared_pairs, taken

__all__ = ["OVER", "bootstrap", "interval"]

_BLOCK = 2**22
"""Weights of pairs that are held at a time: 32 MiB."""

OVER = {"stimuli": (True, False), "subjects": (False, True), "both": (True, True)}
"""What can be drawn, and whether that draws stimuli and subjects."""


def bootstrap(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    over: str = "stimuli",
    method: str = "spearman",
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Similarities of RDMs in bootstrap draws of stimuli, of subjects, or of both.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        As for :func:`~cortexcnn.similarity.compare`. To draw subjects, one of them has the dimension ``subject``.
    over : {"stimuli", "subjects", "both"}
        What is drawn with replacement. A stimulus that is drawn twice makes a pair of itself, which is left out;
        ranks are taken anew in each draw. Subjects: the mean similarity over the subjects of the draw.
    method : str
        One of ``COMPARISONS``.
    draws : int
        How many.
    rng : int, Generator or None
        Seed or source of the draws.

    Returns
    -------
    DataArray (draw, leading dims of the rdms, leading dims of the reference)
        Without ``subject`` where subjects are drawn. NaN in a draw of stimuli that leaves nothing to compare,
        which happens with few stimuli.

    Raises
    ------
    ValueError
        As :func:`~cortexcnn.similarity.compare`; if there are no subjects to draw, or fewer than 2.

    Notes
    -----
    Bootstrap draws of stimuli repeat pairs, so their mean is not the similarity itself: take the interval from
    the draws and the value from :func:`~cortexcnn.similarity.compare`. With "both", the variance counts measurement
    noise twice; the correction of Schütt et al. (2023) needs all three kinds of draws.

    Examples
    --------
    >>> points = np.random.default_rng(0).normal(size=(12, 3))
    >>> values = np.linalg.norm(points[:, None] - points[None], axis=-1)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12)}
    >>> rdms = xr.DataArray(values, labels, ("stimulus", "stimulus2"))
    >>> bootstrap(rdms, rdms**2, draws=5, rng=0).values
    array([1., 1., 1., 1., 1.])
    """
    measure = chosen(COMPARISONS, method, what="comparison")
    with_stimuli, with_subjects = chosen(OVER, over, what="way to draw")
    if draws < 1:
        raise ValueError(f"draws={draws}: at least 1 is needed")
    result = compare(rdms, reference, method=method)
    if with_subjects:
        _check_subjects(result)
    source = np.random.default_rng(rng)
    if with_stimuli:
        both = align(rdms, reference)
        result = both.label(_draw_stimuli(both, measure, _times(source, both.stimuli, draws)), method=method)
    if with_subjects:
        count = result.sizes["subject"]
        weights = xr.DataArray(_times(source, count, draws) / count, dims=("draw", "subject"))
        result = xr.dot(weights, result, dim="subject").transpose("draw", ...).assign_attrs(result.attrs)
    result = result.assign_coords(draw=np.arange(draws)).rename("similarity")
    return result.assign_attrs(over=over, draws=draws, **({"seed": rng} if isinstance(rng, int) else {}))


def interval(draws: xr.DataArray, *, level: float = 0.95) -> xr.Dataset:
    """Percentile interval of bootstrap draws.

    Parameters
    ----------
    draws : DataArray (draw, …)
        From :func:`bootstrap`; NaN draws are left out.
    level : float
        Share of the draws within, between 0 and 1.

    Returns
    -------
    Dataset (…)
        ``lower``, ``upper``, ``standard_error`` (the standard deviation of the draws), and ``valid``, the number
        of draws that went in.

    Raises
    ------
    ValueError
        If there is no dimension ``draw``, the level is out of range, or fewer than half of the draws are valid.

    Examples
    --------
    >>> interval(xr.DataArray(np.linspace(0, 1, 101), dims="draw"), level=0.9).upper.item()
    0.95
    """
    if "draw" not in draws.dims:
        raise ValueError(f"bootstrap draws have the dimension draw; these have {', '.join(map(str, draws.dims))}")
    if not 0 < level < 1:
        raise ValueError(f"level={level}: choose a share between 0 and 1, such as 0.95")
    valid = draws.notnull().sum("draw")
    if bool((2 * valid < draws.sizes["draw"]).any()):
        raise ValueError(
            f"only {int(valid.min())} of {draws.sizes['draw']} draws leave anything to compare: too few stimuli"
        )
    tails = draws.quantile([(1 - level) / 2, (1 + level) / 2], dim="draw", skipna=True)
    return xr.Dataset(
        {
            "lower": tails.isel(quantile=0, drop=True),
            "upper": tails.isel(quantile=1, drop=True),
            "standard_error": draws.std("draw", ddof=1, skipna=True),
            "valid": valid,
        },
        attrs={**draws.attrs, "level": level},
    )


def _draw_stimuli(both: Aligned, measure: Comparison, times: np.ndarray) -> np.ndarray:
    """Similarities (draw, k, l) where stimulus i is there times[draw, i] times."""
    everywhere = Pairs.of(both.stimuli)
    result = np.empty((len(times), len(both.first), len(both.second)))
    for rows, columns, shared in shared_pairs(both.first, both.second):
        first, second = taken(both.first, rows, shared), taken(both.second, columns, shared)
        pairs = everywhere.take(shared)
        step = max(1, _BLOCK // len(shared))
        for start in range(0, len(times), step):
            some = times[start : start + step]
            found = np.clip(measure.draw(first, second, pairs, some), *measure.bounds)
            here = some.T > 0
            found[(here[pairs.row] & here[pairs.column]).sum(axis=0) < 3] = np.nan
            result[np.ix_(np.arange(start, start + len(some)), rows, columns)] = found
    return result


def _times(source: np.random.Generator, count: int, draws: int) -> np.ndarray:
    """How many times each of ``count`` is drawn, in each draw of as many (draw, count)."""
    return source.multinomial(count, np.full(count, 1 / count), size=draws)


def _check_subjects(similarity: xr.DataArray) -> None:
    """Refuse to draw subjects where they are not there exactly once, or are too few."""
    if "subject" not in similarity.dims:
        raise ValueError(
            "subjects are drawn along the dimension subject; the dimensions here are "
            f'{", ".join(map(str, similarity.dims)) or "none"}: draw over="stimuli", or rename the dimension'
        )
    if "subject2" in similarity.dims:
        raise ValueError(
            "the rdms and the reference both have subjects, so it is not clear whom to draw: "
            'average one by .mean("subject")'
        )
    if similarity.sizes["subject"] < 2:
        raise ValueError('one can draw from 2 subjects or more; there is 1: draw over="stimuli"')
