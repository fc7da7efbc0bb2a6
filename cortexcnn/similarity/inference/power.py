"""How many stimuli and subjects would it take? The power of a test, from the parts of the variance of a pilot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from scipy import stats

from cortexcnn.choices import chosen
from cortexcnn.similarity.inference.factors import subsets, together, variance_components
from cortexcnn.similarity.inference.significance import AGAINST, differences, the_models

__all__ = ["power"]


def power(
    evaluation: xr.Dataset,
    sizes: Mapping[str, int | Sequence[int]],
    *,
    against: str = "zero",
    effect: float | None = None,
    alpha: float = 0.05,
    tests: int = 1,
    model: str | None = None,
) -> xr.Dataset:
    """How often a t-test of :func:`~cortexcnn.similarity.significance` would find an effect in a larger experiment.

    The variance of a pilot is shared out between stimuli, subjects and their interaction
    (:func:`~cortexcnn.similarity.inference.factors.variance_components`); each part shrinks as there are more of its
    levels.

    Parameters
    ----------
    evaluation : Dataset
        Of the pilot, from :func:`~cortexcnn.similarity.evaluate`.
    sizes : mapping of str to int or sequence of int
        How many levels of each factor that was drawn: ``{"stimuli": [50, 100], "subjects": [10, 20, 40]}``. A factor
        that is left out stays as it is.
    against : {"zero", "ceiling", "each other"}
        As for :func:`~cortexcnn.similarity.significance`.
    effect : float, optional
        The true difference; that of the pilot if not given, which is too hopeful for a model that was chosen because it
        did well in the pilot.
    alpha : float
        Of the test.
    tests : int
        How many there are: the family-wise error is kept by Bonferroni's correction.
    model : str, optional
        The dimension of the models; not needed where there is but one.

    Returns
    -------
    Dataset (factors…, model[, model2])
        ``power``, ``standard_error`` to be expected, ``effect``, ``degrees_of_freedom``.

    Raises
    ------
    ValueError
        If a factor was not drawn, a size is below 2, or alpha or tests are out of range.

    Notes
    -----
    The variance that stimuli bring is taken to fall with their number; a noise ceiling also rises with the number of
    subjects, which is not foreseen here. From a small pilot, parts of the variance are rough: take the result as one
    within a factor of about 1.5 in the number of stimuli or subjects. The power is that of the noncentral t.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(12, 3)) + 0.7 * rng.normal(size=(6, 12, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12), "subject": range(6)}
    >>> subjects = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> from cortexcnn.similarity import evaluate
    >>> pilot = evaluate(subjects[:1].rename(subject="model"), subjects[1:], draws=200, rng=0, over="subjects")
    >>> found = power(pilot, {"subjects": [5, 10, 20]}, effect=0.1)
    >>> bool((found.power.diff("subjects") > 0).all())
    True
    """
    side = chosen(AGAINST, against, what="thing to test against")
    if not 0 < alpha < 1 or tests < 1:
        raise ValueError(f"alpha={alpha}, tests={tests}: wanted a probability between 0 and 1, and 1 test or more")
    difference, draws = differences(evaluation, against, the_models(evaluation, model))
    parts = variance_components(draws, evaluation["levels"])
    grid = _grid(evaluation["levels"], sizes)
    variance = sum(
        parts.sel(part=together(some), drop=True) / math.prod(grid[name] for name in some)
        for some in subsets(tuple(grid))
    )
    error = xr.DataArray(variance) ** 0.5
    freedom = xr.concat(xr.broadcast(*grid.values()), "factor").min("factor") - 1
    true = difference if effect is None else xr.full_like(difference, effect)
    wanted = (true / error.where(error > 0)).transpose(*freedom.dims, ...)
    found = xr.apply_ufunc(_reached, wanted, freedom, kwargs={"side": side, "alpha": alpha / tests})
    result = xr.Dataset({"power": found, "standard_error": error, "effect": true, "degrees_of_freedom": freedom})
    return result.assign_attrs(against=against, side=side, alpha=alpha, tests=tests)


def _grid(levels: xr.DataArray, sizes: Mapping[str, int | Sequence[int]]) -> dict[str, xr.DataArray]:
    """How many levels of each factor, along a dimension of its name where there are several sizes to try."""
    counts = dict(zip(levels["factor"].values.tolist(), levels.values.tolist(), strict=True))
    unknown = [name for name in sizes if name not in counts]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} was not drawn in the pilot; there are {', '.join(counts)}")
    grid = {}
    for name, count in (counts | dict(sizes)).items():
        tried = np.atleast_1d(count)
        if tried.min() < 2:
            raise ValueError(f"{name}: {tried.min()}: a test needs 2 or more")
        grid[name] = (
            xr.DataArray(tried, {name: tried}, (name,)) if np.ndim(count) else xr.DataArray(tried[0], {name: tried[0]})
        )
    return grid


def _reached(wanted: np.ndarray, freedom: np.ndarray, *, side: str, alpha: float) -> np.ndarray:
    """How often t reaches its critical value when it should be so large."""
    freedom = np.reshape(freedom, np.shape(freedom) + (1,) * (np.ndim(wanted) - np.ndim(freedom)))
    wanted = -wanted if side == "less" else wanted
    critical = stats.t.isf(alpha / (1 + (side == "two-sided")), freedom)
    below = stats.nct.cdf(-critical, freedom, wanted) if side == "two-sided" else 0.0
    return np.asarray(stats.nct.sf(critical, freedom, wanted) + below)
