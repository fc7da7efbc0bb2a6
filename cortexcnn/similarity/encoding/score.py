"""How much of a neuron was predicted, of what could be: held-out scores beside the reliability of the neuron.

A response averaged over repeats is signal + noise, and reliability is the signal's share of its variance: the
correlation of two such averages. Noise of held-out repeats correlates with no prediction, so that

- correlation: r(ŷ, response) = √reliability · r(ŷ, signal),
- explained variance: R²(ŷ, response) = reliability · R²(ŷ, signal).

Correlations are therefore divided by the root of the reliability, variances by the reliability itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from cortexcnn.similarity.encoding.banded import contributions
from cortexcnn.similarity.encoding.heldout import HeldOut
from cortexcnn.similarity.inference.reliability import halves, spearman_brown
from cortexcnn.similarity.inference.resampling import interval

__all__ = ["by_fold", "median_score", "scored", "unit_reliability"]


def unit_reliability(
    responses: xr.DataArray, *, splits: int = 20, rng: int | np.random.Generator | None = 0
) -> xr.DataArray:
    """Correlation over stimuli of each unit's mean response with what another such experiment would find.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        NaN marks a missing repeat; a stimulus that a half misses is left out for that unit.
    splits : int
        Random halvings of the repeats, alike for all units.
    rng : int, Generator or None
        Seed or source of the halvings.

    Returns
    -------
    DataArray (unit)
        Mean correlation of two halves, corrected by :func:`~cortexcnn.similarity.spearman_brown`; 0 where halves don't
        agree at all, NaN where there are fewer than 2 repeats or the unit answers all stimuli alike.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> values = rng.normal(size=(2000, 1, 1)) + rng.normal(size=(2000, 1, 4))
    >>> labels = {"stimulus": range(2000), "unit": ["cell"]}
    >>> cell = xr.DataArray(values, labels, ("stimulus", "unit", "repeat"))
    >>> round(unit_reliability(cell).item(), 1)
    0.8
    """
    if responses.sizes.get("repeat", 1) < 2:
        return xr.full_like(responses["unit"], np.nan, dtype=float).rename("reliability")
    found = [xr.corr(one, other, "stimulus") for one, other in halves(responses, splits=splits, rng=rng)]
    agreed = xr.concat(found, "split").mean("split").clip(min=0).drop_attrs()
    return xr.DataArray(spearman_brown(agreed), name="reliability")


def scored(result: HeldOut, reliability: np.ndarray, *, least: float) -> dict[str, np.ndarray]:
    """Scores of each neuron.

    Parameters
    ----------
    result : HeldOut
        Predictions.
    reliability : ndarray (neuron)
        Of the neurons; NaN where it is not known.
    least : float
        Reliability below which nothing is divided by it.

    Returns
    -------
    dict of ndarray (neuron)
        ``correlation``, ``explained_variance``, ``normalised_correlation``, ``normalised`` and ``reason``.
    """
    predicted, wanted = result.parts.sum(axis=0), result.wanted
    constant = np.ptp(wanted + result.mean, axis=0) == 0
    ours, theirs = (values - values.mean(axis=0) for values in (predicted, wanted))
    with np.errstate(divide="ignore", invalid="ignore"):
        lengths = np.sqrt((ours**2).sum(axis=0) * (theirs**2).sum(axis=0))
        correlation = np.where(constant | (lengths == 0), np.nan, (ours * theirs).sum(axis=0) / lengths)
        explained = np.where(constant, np.nan, contributions(result.parts, wanted).sum(axis=0))
        divisor = np.where(reliability >= least, reliability, np.nan)
    normalised = explained / divisor
    reasons = {
        "answers all stimuli alike": constant,
        "no repeats: reliability not known": np.isnan(reliability) & ~constant,
        f"reliability below {least:g}: not divided by it": reliability < least,
        "above 1: reliability is itself an estimate, here too low by chance": normalised > 1,
    }
    reason = np.select(list(reasons.values()), list(reasons), default="")
    return {
        "correlation": correlation,
        "explained_variance": explained,
        "normalised_correlation": correlation / np.sqrt(divisor),
        "normalised": normalised,
        "reason": reason,
    }


def by_fold(result: HeldOut, folds: np.ndarray) -> dict[str, np.ndarray]:
    """Sums of squares over the stimuli of each fold: R² is 1 − their ratio, over all folds or those of a draw.

    Parameters
    ----------
    result : HeldOut
        Predictions.
    folds : ndarray (stimulus)
        The fold of each stimulus.

    Returns
    -------
    dict of ndarray (fold, neuron)
        ``squared_error`` of the predictions and ``squared_deviation`` from the training mean.
    """
    members = (np.unique(folds)[:, None] == folds).astype(np.float64)
    residual = result.wanted - result.parts.sum(axis=0)
    return {"squared_error": members @ residual**2, "squared_deviation": members @ result.wanted**2}


def median_score(
    scores: xr.Dataset,
    *,
    score: str = "normalised",
    over: str | Sequence[str] = "units",
    draws: int = 1000,
    level: float = 0.95,
    rng: int | np.random.Generator | None = 0,
) -> xr.Dataset:
    """Median over neurons, with an interval that holds for other neurons of the same kind, other stimuli, or both.

    Parameters
    ----------
    scores : Dataset ([by,] unit)
        From :func:`~cortexcnn.similarity.encode`.
    score : str
        Which of its variables.
    over : {"units", "folds"} or both
        What is drawn with replacement. Folds, which are whole movies where those were held out together, stand for
        stimuli; they can be drawn for "explained_variance" and "normalised".
    draws : int
        Bootstrap draws, the same for all layers: differences of layers are paired.
    level : float
        Of the percentile interval, between 0 and 1.
    rng : int, Generator or None
        Seed or source of the draws.

    Returns
    -------
    Dataset ([by])
        The median under the score's own name, ``lower``, ``upper``, and ``units``: how many neurons had a score in all
        layers.

    Raises
    ------
    ValueError
        If there is no such score, fewer than 2 neurons have one, or what is to be drawn isn't there.

    Notes
    -----
    Neurons are taken as independent: cells of one session share more than that. Models are not fitted anew in a draw
    of folds, and reliabilities stay as they are.

    Examples
    --------
    >>> scores = xr.Dataset({"normalised": ("unit", np.linspace(0, 1, 101))})
    >>> found = median_score(scores)
    >>> found.normalised.item(), bool(found.lower < 0.5 < found.upper)
    (0.5, True)
    """
    numbers = [
        str(name)
        for name, values in scores.items()
        if "unit" in values.dims and "fold" not in values.dims and values.dtype.kind == "f"
    ]
    if score not in numbers:
        raise ValueError(f"no score named {score!r}; there are {', '.join(numbers)}")
    names = [over] if isinstance(over, str) else list(over)
    if not names or not set(names) <= {"units", "folds"}:
        raise ValueError(f'over={over!r}: choose "units", "folds" or ["units", "folds"]')
    values = scores[score]
    known = values.notnull().all([dim for dim in values.dims if dim != "unit"])
    values = values.isel(unit=np.flatnonzero(known))
    count = values.sizes["unit"]
    if count < 2:
        raise ValueError(
            f"a median with an interval needs at least 2 neurons with a {score}; {count} of {known.size} have one: see "
            'their reason, or choose score="explained_variance"'
        )
    source = np.random.default_rng(rng)
    drawn = _with_folds_drawn(scores, score, draws, source).isel(unit=known.values) if "folds" in names else values
    if "units" in names:
        chosen = xr.DataArray(source.integers(count, size=(draws, count)), dims=("draw", "one"))
        places = {"unit": chosen, **({"draw": xr.DataArray(range(draws), dims="draw")} if "draw" in drawn.dims else {})}
        drawn = drawn.drop_vars("unit", errors="ignore").isel(places).rename(one="unit")
    drawn = drawn.median("unit")
    found = xr.Dataset({score: values.median("unit")})
    found = found.assign(interval(drawn, level=level)[["lower", "upper"]]).assign(units=count)
    return found.assign_attrs(draws=draws, level=level)


def _with_folds_drawn(scores: xr.Dataset, score: str, draws: int, rng: np.random.Generator) -> xr.DataArray:
    """The score (draw, [by,] unit) over the folds of each draw."""
    if score not in ("explained_variance", "normalised") or "squared_error" not in scores:
        raise ValueError(
            f"folds are drawn for explained_variance and normalised of the table that encode returns, not for {score} "
            f"of {', '.join(map(str, scores))}"
        )
    count = scores.sizes["fold"]
    times = xr.DataArray(rng.multinomial(count, np.full(count, 1 / count), size=draws), dims=("draw", "fold"))
    explained = 1 - times.dot(scores["squared_error"]) / times.dot(scores["squared_deviation"])
    return explained if score == "explained_variance" else explained / scores["reliability"]
