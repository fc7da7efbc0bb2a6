"""One verb for a whole comparison: similarities, how far to trust them, and what the best model could have scored."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from scipy import stats

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import leading
from cortexcnn.similarity.inference.ceiling import noise_ceiling
from cortexcnn.similarity.inference.ceiling_draws import drawn_ceilings
from cortexcnn.similarity.inference.crossed import Crossed
from cortexcnn.similarity.inference.factors import corrected_variance, dimension, subsets, together

__all__ = ["INTERVALS", "evaluate"]

INTERVALS = ("t", "percentile")
"""How an interval is made of draws."""

_FEW = {"stimuli": 15, "subjects": 5}
"""With fewer than these, intervals of 95 % held the truth in 98 to 100 of 100 simulated experiments: too wide."""


def evaluate(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    over: str | Sequence[str] = ("stimuli", "subjects"),
    method: str = "spearman",
    dissimilarity: str = "correlation",
    by: str | None = None,
    draws: int = 1000,
    level: float = 0.95,
    interval: str = "t",
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Similarity of RDMs to a reference, with intervals that hold for other stimuli and subjects, and noise ceilings.

    Every subset of the factors is drawn, with the same draws, so that the variance counts each source of noise once
    [1]_ (:func:`~cortexcnn.similarity.corrected_variance`). The draws are all kept: the variance of any
    difference is that of the difference of draws.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        As for :func:`~cortexcnn.similarity.bootstrap`: to draw units, responses stand in place of the rdms.
    over : str or sequence of str
        What is random, as for :func:`~cortexcnn.similarity.bootstrap`. What is left out is taken as fixed: the
        interval then doesn't hold beyond these stimuli, or these subjects.
    method, dissimilarity, by, draws, rng
        As for :func:`~cortexcnn.similarity.bootstrap`.
    level : float
        Of the interval, between 0 and 1.
    interval : {"t", "percentile"}
        "t": the similarity ± Student's t of as many degrees of freedom as the smallest factor has levels less one,
        times the root of the corrected variance. "percentile": percentiles of the draws of all factors, which
        is too wide where several are drawn.

    Returns
    -------
    Dataset
        ``similarity`` (leading dims; the mean over ``subject`` and over what is drawn), ``variance``, ``lower``,
        ``upper``; ``drawn`` (resampled, draw, leading dims), for each subset of the factors; ``levels`` (factor),
        how many there are. Where the reference has subjects, ``ceiling`` (bound), its ``ceiling_from`` and
        ``ceiling_to``, and ``ceiling_drawn`` (resampled, draw, bound), for the bounds lower and upper of
        :func:`~cortexcnn.similarity.noise_ceiling`. Attributes say all that was chosen, and ``degrees_of_freedom``.

    Raises
    ------
    ValueError
        As :func:`~cortexcnn.similarity.bootstrap`; if the level is out of range, or fewer than half of
        the draws leave anything to compare.

    Warns
    -----
    UserWarning
        If there are so few stimuli or subjects that the interval is rough, and what to do about it.

    Notes
    -----
    In simulated experiments with new stimuli and new subjects each time, 95 % intervals held the truth in 96 to 97.5
    of 100 with 20 or 30 stimuli, and in some 99 with 10 (``analyses/interval_coverage.py``).

    In draws, the mean of ranks is not ranked anew: the ceilings' draws are those of the mean of ranks itself, moved by
    what ranking changes without a draw. "pearson" and "cosine" need no such thing.

    References
    ----------
    .. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(20, 3)) + 0.3 * rng.normal(size=(6, 20, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(20), "stimulus2": range(20)}
    >>> rdms = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> result = evaluate(rdms[0], rdms[1:], draws=200, rng=0)
    >>> bool(result.lower < result.similarity < result.upper), result.attrs["degrees_of_freedom"]
    (True, 4)

    Is it below the lower bound of the ceiling? The variance of the difference is that of its draws:

    >>> below = result.ceiling_drawn.sel(bound="lower") - result.drawn
    >>> bool(corrected_variance(below, result.levels) > 0)
    True
    """
    if not 0 < level < 1:
        raise ValueError(f"level={level}: choose a share between 0 and 1, such as 0.95")
    chosen(dict.fromkeys(INTERVALS), interval, what="interval")
    crossed = Crossed.of(
        rdms, reference, over=over, method=method, dissimilarity=dissimilarity, by=by, draws=draws, rng=rng
    )
    names = tuple(crossed.times)
    levels = crossed.levels
    freedom = int(levels.min()) - 1
    gone = [dim for dim in crossed.similarity.dims if dim in {"subject", *map(dimension, names)}]
    similarity = crossed.similarity.mean(gone)
    drawn = _all_draws(crossed, gone)
    _warn_of_few(levels, drawn, draws)
    options: Any = {"freedom": freedom, "level": level, "interval": interval}
    result = _with_interval(similarity, drawn, levels, **options, ends=("lower", "upper"))
    result = result.assign(similarity=similarity, drawn=drawn, levels=levels)
    subjects = [dim for dim in leading(reference) if dim in gone]
    if len(subjects) == 1 and reference.sizes[subjects[0]] > 1 and crossed.measure.bounds[1] == 1:
        bounds = noise_ceiling(reference, method=method, over=subjects[0])
        ceiling = bounds[["lower", "upper"]].to_dataarray("bound").drop_attrs()
        ceiling_drawn = drawn_ceilings(crossed, reference, ceiling, over=subjects[0])
        told = _with_interval(ceiling, ceiling_drawn, levels, **options, ends=("ceiling_from", "ceiling_to"))
        result = result.assign(told.drop_vars("variance")).assign(ceiling=ceiling, ceiling_drawn=ceiling_drawn)
    return result.assign_attrs(
        method=method,
        over=together(names),
        draws=draws,
        level=level,
        interval=interval,
        stimuli=crossed.both.stimuli,
        degrees_of_freedom=freedom,
        **({"seed": rng} if isinstance(rng, int) else {}),
    )


def _all_draws(crossed: Crossed, gone: Sequence[object]) -> xr.DataArray:
    """Draws of every subset of the factors (resampled, draw, …), averaged over the dims that are gone."""
    inner, results = {}, {}
    for names in subsets(tuple(crossed.times)):
        anew = tuple(name for name in names if name in {"stimuli", "units"})
        if anew not in inner:
            inner[anew] = crossed.anew(anew)
        drawn = crossed.weigh(inner[anew], names)
        results[together(names)] = drawn.mean([dim for dim in gone if dim in drawn.dims])
    return xr.concat(results.values(), xr.Variable("resampled", list(results)), coords="minimal", compat="override")


def _with_interval(
    value: xr.DataArray,
    drawn: xr.DataArray,
    levels: xr.DataArray,
    *,
    freedom: int,
    level: float,
    interval: str,
    ends: tuple[str, str],
) -> xr.Dataset:
    """Corrected variance, and the two ends of the interval by their names."""
    variance = corrected_variance(drawn, levels)
    if interval == "percentile":
        tails = drawn.isel(resampled=-1, drop=True).quantile([(1 - level) / 2, (1 + level) / 2], "draw", skipna=True)
        low, high = (tails.isel(quantile=end, drop=True) for end in (0, 1))
    else:
        half = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(variance)
        low, high = value - half, value + half
    return xr.Dataset({"variance": variance, ends[0]: low, ends[1]: high})


def _warn_of_few(levels: xr.DataArray, drawn: xr.DataArray, draws: int) -> None:
    """Say what an interval over few levels is worth, and refuse draws that leave nothing to compare."""
    for name, count in zip(levels["factor"].values.tolist(), levels.values.tolist(), strict=True):
        least = _FEW.get(name, 2)
        if count < least:
            warnings.warn(
                f"only {count} {name}: the interval is rough, and wider than it need be; collect {least} or more, "
                f'or leave "{name}" out of over=… and say that the result holds for these {name} alone',
                UserWarning,
                stacklevel=3,
            )
    valid = int(drawn.notnull().sum("draw").min())
    if 2 * valid < draws:
        raise ValueError(f"only {valid} of {draws} draws leave anything to compare: too few stimuli")
