"""Is a model above zero, below the ceiling, nearer than another? By the draws of the bootstrap.

Student's t on their variance [1]_, or the share of them on the wrong side.

References
----------
.. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from cortexcnn.choices import chosen
from cortexcnn.similarity.inference.factors import corrected_variance

__all__ = ["AGAINST", "CORRECTIONS", "corrected", "differences", "minus_each_other", "significance", "the_models"]

AGAINST = {"zero": "greater", "ceiling": "less", "each other": "two-sided"}
"""What models can be tested against, and on which side."""


def _holm(p: np.ndarray) -> np.ndarray:
    order = np.argsort(p)
    adjusted = np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1))
    result = np.empty_like(p)
    result[order] = adjusted
    return np.minimum(result, 1.0)


CORRECTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "fdr": lambda p: stats.false_discovery_control(p, method="bh"),
    "fdr by": lambda p: stats.false_discovery_control(p, method="by"),
    "holm": _holm,
    "bonferroni": lambda p: np.minimum(p * len(p), 1.0),
    "none": lambda p: p,
}
"""Corrections for several tests: false discovery rate (Benjamini & Hochberg 1995, Benjamini & Yekutieli 2001), or the
family-wise error (Holm 1979, Bonferroni)."""


_TESTS = ("t", "bootstrap")

_TAILS: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "greater": stats.t.sf,
    "less": stats.t.cdf,
    "two-sided": lambda t, freedom: 2 * stats.t.sf(np.abs(t), freedom),
}


def significance(
    evaluation: xr.Dataset,
    *,
    against: str = "zero",
    test: str = "t",
    correction: str = "fdr",
    model: str | None = None,
) -> xr.Dataset:
    """Test the models of an evaluation.

    Parameters
    ----------
    evaluation : Dataset
        From :func:`~cortexcnn.similarity.evaluate`.
    against : {"zero", "ceiling", "each other"}
        Whether a model is above 0 (one-sided), below the lower noise ceiling (one-sided), or two models differ
        (two-sided).
    test : {"t", "bootstrap"}
        "t": Student's t, on the corrected variance. "bootstrap": the share of the draws of all factors together that
        lie on the wrong side, which counts some parts of the variance more than once: where several factors are drawn
        it finds too little. No p is below 1 / (draws + 1).
    correction : str
        One of ``CORRECTIONS``, over all tests that are made.
    model : str, optional
        The dimension of the models; not needed where there is but one.

    Returns
    -------
    Dataset (model) or (model, model2)
        ``difference``, its ``standard_error`` (of the corrected variance of the difference of draws), ``t`` (if that is
        the test), ``p`` and ``p_corrected``. The diagonal of "each other" is NaN. Attributes say what was done,
        ``degrees_of_freedom``, and in ``methods`` a sentence for the paper.

    Raises
    ------
    ValueError
        If there is no such dimension, ceiling or correction.

    Notes
    -----
    The result holds beyond what was drawn and only there: ``over`` of the evaluation says for what. Where a difference
    never varies (a model beside itself) t and p are NaN.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(20, 3)) + 0.3 * rng.normal(size=(6, 20, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(20), "stimulus2": range(20), "subject": range(6)}
    >>> subjects = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> models = subjects[:1].drop_vars("subject").rename(subject="model").assign_coords(model=["one of them"])
    >>> from cortexcnn.similarity import evaluate
    >>> found = significance(evaluate(models, subjects[1:], draws=200, rng=0))
    >>> bool(found.p.item() < 0.01)
    True
    """
    side = chosen(AGAINST, against, what="thing to test against")
    chosen(dict.fromkeys(_TESTS), test, what="test")
    correct = chosen(CORRECTIONS, correction, what="correction")
    dim = the_models(evaluation, model)
    difference, draws = differences(evaluation, against, dim)
    error = corrected_variance(draws, evaluation["levels"]) ** 0.5
    result = xr.Dataset({"difference": difference, "standard_error": error})
    freedom = evaluation.attrs["degrees_of_freedom"]
    if test == "t":
        t = difference / error.where(error > 0)
        p = t.copy(data=_TAILS[side](t.values, freedom))
        result = result.assign(t=t)
    else:
        p = _share(draws.isel(resampled=-1, drop=True), side).where(error > 0).transpose(*difference.dims)
    result = result.assign(p=p, p_corrected=corrected(p, correct, dim))
    told = {"against": against, "side": side, "test": test, "correction": correction, "degrees_of_freedom": freedom}
    told |= {name: evaluation.attrs[name] for name in ("method", "over", "draws") if name in evaluation.attrs}
    return result.assign_attrs(**told, methods=_sentence(evaluation, against, test, correction))


def differences(evaluation: xr.Dataset, against: str, dim: str) -> tuple[xr.DataArray, xr.DataArray]:
    """What is tested: similarities less zero, the lower bound of the ceiling, or each other.

    Parameters
    ----------
    evaluation : Dataset
        From :func:`~cortexcnn.similarity.evaluate`.
    against : str
        One of ``AGAINST``.
    dim : str
        The dimension of the models.

    Returns
    -------
    difference : DataArray (model[, model2])
    draws : DataArray (resampled, draw, model[, model2])
    """
    similarity, drawn = evaluation["similarity"], evaluation["drawn"]
    if against == "each other":
        return minus_each_other(similarity, dim), minus_each_other(drawn, dim)
    if against == "zero":
        return similarity, drawn
    if "ceiling" not in evaluation:
        raise ValueError("this evaluation has no noise ceiling: its reference has no subjects to predict each other")
    lower = evaluation[["ceiling", "ceiling_drawn"]].sel(bound="lower", drop=True)
    return similarity - lower["ceiling"], drawn - lower["ceiling_drawn"]


def minus_each_other(values: xr.DataArray, dim: str) -> xr.DataArray:
    """Differences of all pairs along a dimension (…, dim, dim2)."""
    named = {name: f"{name}2" for name in values.coords if values[name].dims == (dim,)}
    return values - values.rename({dim: f"{dim}2", **named})


def _share(draws: xr.DataArray, side: str) -> xr.DataArray:
    """The share of draws on the wrong side of zero."""
    count = draws.notnull().sum("draw") + 1
    above, below = (((draws >= 0).sum("draw") + 1) / count, ((draws <= 0).sum("draw") + 1) / count)
    if side == "two-sided":
        return (2 * above.where(above < below, below)).clip(max=1)
    return (below if side == "greater" else above).clip(max=1)


def corrected(p: xr.DataArray, correct: Callable[[np.ndarray], np.ndarray], dim: str) -> xr.DataArray:
    """Probabilities corrected over all tests; of two that are the same test, such as a and b, b and a, one counts.

    Parameters
    ----------
    p : DataArray (model[, model2])
        NaN where there is no test.
    correct : callable
        From ``CORRECTIONS``.
    dim : str
        The dimension of the models.

    Returns
    -------
    DataArray
    """
    values = p.transpose(dim, ...).values
    tested = ~np.isnan(values)
    mirrored = f"{dim}2" in p.dims
    if mirrored:
        tested &= np.triu(np.ones(values.shape, bool), 1)
    result = np.full_like(values, np.nan)
    if tested.any():
        result[tested] = correct(values[tested])
    if mirrored:
        result = np.where(np.isnan(result), result.T, result)
    return p.transpose(dim, ...).copy(data=result)


def the_models(evaluation: xr.Dataset, model: str | None = None) -> str:
    """The dimension of the models of an evaluation, which has one; ``model`` is the name that it should have."""
    dims = [str(dim) for dim in evaluation["similarity"].dims] if "similarity" in evaluation else []
    if model is None and len(dims) == 1:
        return dims[0]
    if model not in dims or len(dims) != 1:
        raise ValueError(
            f"one dimension of models is wanted; this evaluation has {', '.join(dims) or 'none'}: select from it, or "
            "give rdms with a dimension of models"
        )
    return model


def _sentence(evaluation: xr.Dataset, against: str, test: str, correction: str) -> str:
    """For the methods section."""
    attrs, levels = evaluation.attrs, evaluation["levels"]
    sizes = " and ".join(
        f"{count} {name}" for name, count in zip(levels["factor"].values, levels.values.tolist(), strict=True)
    )
    what = {
        "zero": "whether each model's similarity to the data was above zero (one-sided)",
        "ceiling": "whether each model lay below the lower bound of the noise ceiling (one-sided; Nili et al. 2014)",
        "each other": "whether models differed (two-sided)",
    }[against]
    several = {
        "fdr": "the false discovery rate was controlled by the procedure of Benjamini and Hochberg (1995)",
        "fdr by": "the false discovery rate was controlled by the procedure of Benjamini and Yekutieli (2001)",
        "holm": "the family-wise error was controlled by Holm's procedure (1979)",
        "bonferroni": "the family-wise error was controlled by Bonferroni's correction",
        "none": "no correction was made for the number of tests",
    }[correction]
    by = {
        "t": f"t-tests with {attrs['degrees_of_freedom']} degrees of freedom asked {what}, on variances from "
        f"{attrs['draws']} bootstrap draws of {sizes}, each source of variance counted once (Schütt et al. 2023)",
        "bootstrap": f"{attrs['draws']} bootstrap draws of {sizes} asked {what}",
    }[test]
    return f"RDMs were compared by {attrs['method']}; {by}; {several}."
