"""How near the distribution of a measure over units is to the published one over neurons."""

from __future__ import annotations

import numpy as np
import xarray as xr

__all__ = ["distribution_similarity"]


def distribution_similarity(
    units: xr.DataArray,
    neurons: xr.DataArray,
    *,
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """One minus the Kolmogorov-Smirnov distance of two histograms, over the largest that the neurons' allows [1]_.

    As many units are drawn, with replacement, as there were neurons, again and again. Neurons drawn from their own
    histogram in the same way give the ceiling: what a population of that very distribution would score.

    Parameters
    ----------
    units : DataArray (bin) of int
        Counts in the neurons' bins, from :func:`histogram_like`: its attribute ``missing`` counts the units for which
        the measure was NaN; they are drawn too, and count for nothing.
    neurons : DataArray (bin) of int
        From :func:`published`.
    draws : int
        How often units are drawn.
    rng : int or Generator, optional
        Of the draws.

    Returns
    -------
    Dataset ()
        ``score`` (the mean over draws), ``lower`` and ``upper`` (its 95 % interval), ``ceiling``, and ``ceiled``
        (score / ceiling): 1 is a population that can't be told from the neurons. A population of which more than a
        tenth of the draws hold no number scores 0. Attribute ``n``: units without NaN.

    Raises
    ------
    ValueError
        If the bins are not the same, or there are no neurons or no draws.

    References
    ----------
    .. [1] Marques, Schrimpf & DiCarlo (2021), bioRxiv 2021.03.01.433495.

    Examples
    --------
    >>> from cortexcnn.reference import histogram_like, published
    >>> neurons = published("modulation_ratio")
    >>> simple = histogram_like(xr.DataArray(np.full(100, 1.55), dims="unit"), neurons)
    >>> found = distribution_similarity(simple, neurons, rng=0)
    >>> round(float(found.score), 2), round(float(found.ceiling), 2)
    (0.27, 0.96)
    """
    if units.dims != ("bin",) or neurons.dims != ("bin",) or units.sizes != neurons.sizes:
        raise ValueError(
            f"two histograms with the same bins are compared: histogram_like(values, neurons); got {dict(units.sizes)} "
            f"and {dict(neurons.sizes)}"
        )
    count = int(neurons.sum())
    if not count or draws < 1:
        raise ValueError(f"{count} neurons, {draws} draws: one or more of each")
    generator = np.random.default_rng(rng)
    goal = neurons.values.cumsum() / count
    ours = _scores(np.append(units.values, units.attrs.get("missing", 0)), goal, count, draws, generator)
    theirs = _scores(np.append(neurons.values, 0), goal, count, draws, generator)
    if np.isnan(ours).sum() > draws / 10:
        ours = np.zeros(draws)
    lower, upper = np.nanquantile(ours, (0.025, 0.975))
    score, ceiling = np.nanmean(ours), np.nanmean(theirs)
    found = {"score": score, "lower": lower, "upper": upper, "ceiling": ceiling, "ceiled": score / ceiling}
    return xr.Dataset({name: ((), value) for name, value in found.items()}, attrs={"n": int(units.sum())})


def _scores(counts: np.ndarray, goal: np.ndarray, size: int, draws: int, generator: np.random.Generator) -> np.ndarray:
    """The score of each draw; the last of the counts is of what was NaN. NaN where a draw holds nothing else."""
    if not counts.sum():
        return np.full(draws, np.nan)
    drawn = generator.multinomial(size, counts / counts.sum(), size=draws)[:, :-1].astype(float)
    with np.errstate(invalid="ignore"):
        distance = np.abs(drawn.cumsum(1) / drawn.sum(1, keepdims=True) - goal).max(1)
    furthest = max(1 - goal[0], goal[-2]) if len(goal) > 1 else 1.0
    return 1 - distance / furthest
