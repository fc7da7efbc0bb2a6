"""Tests over subjects: is a model's similarity above zero, below the ceiling, other than another's, other in a group?

Each subject gives one number for each question, and the numbers are tested as such: the stimuli are taken as fixed.
Ranks and permutations ask for no distribution [1]_, [2]_.

References
----------
.. [1] Nili et al. (2014), PLoS Comput. Biol. 10, e1003553, for signed ranks.
.. [2] Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1-25, for the largest statistic of permutations.
"""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.pairs import align, leading
from cortexcnn.similarity.inference.ceiling import bounds_of_each
from cortexcnn.similarity.inference.sample_tests import Outcome, one_sample, two_samples
from cortexcnn.similarity.inference.significance import AGAINST, CORRECTIONS, minus_each_other

__all__ = ["TESTS", "across_subjects"]

_ALPHA = 0.05

TESTS = {
    "t": ("t-tests", "Welch's t-tests"),
    "rank": ("Wilcoxon signed-rank tests", "Mann-Whitney U tests"),
    "permutation": ("permutation tests", "permutation tests"),
}
"""Tests over subjects, and between two groups of them."""


def across_subjects(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    test: str = "rank",
    against: str = "zero",
    groups: str | None = None,
    correction: str = "fdr",
    method: str = "spearman",
    permutations: int = 10_000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Test the models over subjects, or between two groups of them, for these stimuli alone.

    Parameters
    ----------
    rdms : DataArray (model, stimulus, stimulus2)
        Models, along a dimension of any name.
    reference : DataArray (subject, stimulus, stimulus2)
        An RDM of each subject.
    test : {"t", "rank", "permutation"}
        One of ``TESTS``.
    against : {"zero", "ceiling", "each other"}
        Whether a model is above 0 (one-sided), below the lower noise ceiling (one-sided: each subject's similarity to
        the mean of the others), or two models differ (two-sided). Not asked of ``groups``.
    groups : str, optional
        A coordinate along ``subject`` with two values: do the models' similarities differ between them (two-sided)?
    correction : str
        One of ``CORRECTIONS``, over all tests that are made; of a permutation test also "max", the family-wise error by
        the largest statistic of each arrangement.
    method : str
        One of ``COMPARISONS``.
    permutations : int
        Random arrangements, if there are more than these; otherwise each of them is taken once.
    rng : int, Generator or None
        Source of the random ones.

    Returns
    -------
    Dataset (model) or (model, model2)
        ``difference``: mean similarity, less what it is tested against (of groups, that of the first less that of
        the second); ``statistic`` (t, of a permutation test also; W or U); ``p`` and ``p_corrected``; ``each``
        (subject, …), what was tested. The diagonal of "each other" is NaN. Two models that score the same in every
        subject have p = 1. Attributes say what was done, and in ``methods`` a sentence for the paper.

    Raises
    ------
    ValueError
        If there are no 2 subjects (in each group), not two groups, groups are to be tested against something, "max" is
        asked of another test, or the choice isn't there.

    Warns
    -----
    UserWarning
        If there are so few subjects that no p of this test, as it is corrected, can be below .05.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(20, 3)) + 0.3 * rng.normal(size=(7, 20, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(20), "stimulus2": range(20), "subject": range(7)}
    >>> subjects = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> models = subjects[:1].rename(subject="model")
    >>> found = across_subjects(models, subjects[1:])
    >>> found.p.item()  # all of 6 subjects above zero: one arrangement of signs in 64
    0.015625
    """
    chosen(TESTS, test, what="test over subjects")
    side = "two-sided" if groups else chosen(AGAINST, against, what="thing to test against")
    if groups and against != "zero":
        raise ValueError(
            f"groups of {groups} are compared by the models' similarities as they are, not by how these stand against "
            f"{against}: leave against= out, or test each group by itself"
        )
    each = _each(rdms, reference, against, method)
    columns = each.values.reshape(each.sizes["subject"], -1)
    tested = np.arange(columns.shape[1]) if each.ndim == 2 else np.flatnonzero(np.triu(np.ones(each.shape[1:]), 1))
    values = columns[:, tested]
    if groups is None:
        found = one_sample(values, side, test, permutations=permutations, rng=rng)
        difference, who = values.mean(axis=0), f"{len(values)} subjects"
    else:
        first, who = _two_groups(reference, groups)
        found = two_samples(values[first], values[~first], test, permutations=permutations, rng=rng)
        difference = values[first].mean(axis=0) - values[~first].mean(axis=0)
        against = f"groups of {groups}"
    p_corrected = _corrected(found, correction, test, who)
    figures = {"difference": difference, "statistic": found.statistic, "p": found.p, "p_corrected": p_corrected}
    turned = {"difference"} if test == "rank" else {"difference", "statistic"}
    result = xr.Dataset({name: _placed(each, tested, one, name in turned) for name, one in figures.items()})
    told = {"test": test, "against": against, "side": side, "correction": correction, "method": method}
    return result.assign(each=each).assign_attrs(told, methods=_sentence(told, who, found.exchanges))


def _each(rdms: xr.DataArray, reference: xr.DataArray, against: str, method: str) -> xr.DataArray:
    """What each subject says (subject, model[, model2])."""
    dims = leading(rdms)
    if len(dims) != 1 or dims[0] == "subject" or leading(reference) != ("subject",):
        raise ValueError(
            f"rdms have one dimension of models, these {', '.join(dims) or 'none'}; the reference has the dimension "
            f"subject alone, this one {', '.join(leading(reference)) or 'none'}: select, or take the mean"
        )
    if reference.sizes["subject"] < 2:
        raise ValueError(
            'one subject can\'t be tested over subjects: bootstrap stimuli (evaluate, over="stimuli"), or exchange '
            "their labels (permutation_null)"
        )
    found = compare(rdms, reference, method=method).transpose("subject", dims[0])
    if against == "each other":
        return minus_each_other(found, dims[0]).transpose("subject", dims[0], ...)
    if against == "ceiling":
        both = align(rdms, reference)
        return found - xr.DataArray(bounds_of_each(both.second, both.stimuli, method)[0], dims="subject")
    return found


def _corrected(found: Outcome, correction: str, test: str, who: str) -> np.ndarray:
    """Probabilities for several tests at once; a warning where so few subjects can't make it small."""
    number = len(found.p)
    if correction == "max":
        if found.largest is None:
            raise ValueError(f'"max" corrects a permutation test alone, not {test!r}: choose another correction')
        corrected, least = found.largest, found.least
    else:
        correct = chosen(CORRECTIONS, correction, what="correction")
        corrected, least = correct(found.p), float(correct(np.full(number, found.least)).min())
    if least > _ALPHA:
        warnings.warn(
            f"with {who} no p of {number} {test} tests, corrected by {correction}, can be below {least:.2g}: test more "
            'subjects, ask less, or choose test="t", which assumes a normal distribution',
            UserWarning,
            stacklevel=3,
        )
    return corrected


def _placed(each: xr.DataArray, tested: np.ndarray, values: np.ndarray, turned: bool) -> xr.DataArray:
    """A figure of each test where it belongs; of pairs of models also below the diagonal, where some turn round."""
    table = each.isel(subject=0, drop=True)
    full = np.full(table.size, np.nan)
    full[tested] = values
    full = full.reshape(table.shape)
    if full.ndim == 2:
        full = np.where(np.isnan(full), (-1 if turned else 1) * full.T, full)
    return table.copy(data=full)


def _two_groups(reference: xr.DataArray, groups: str) -> tuple[np.ndarray, str]:
    """Who is in the first group, and how many there are of each."""
    if groups not in reference.coords or reference[groups].dims != ("subject",):
        raise ValueError(f"no coordinate {groups!r} along subject; there are {', '.join(map(str, reference.coords))}")
    members = reference[groups].values
    sizes = {name: int((members == name).sum()) for name in dict.fromkeys(members.tolist())}
    if len(sizes) != 2 or min(sizes.values()) < 2:
        told = ", ".join(f"{name} ({size})" for name, size in sizes.items())
        raise ValueError(f"two groups of 2 subjects or more are compared; {groups} has {told}: select two of them")
    return members == next(iter(sizes)), " and ".join(f"{size} subjects of {name}" for name, size in sizes.items())


def _sentence(told: dict[str, str], who: str, exchanges: str) -> str:
    """For the methods section."""
    between = told["against"].startswith("groups")
    asked = {
        "zero": "whether each model's similarity to the data was above zero (one-sided)",
        "ceiling": "whether each model lay below the lower bound of the noise ceiling (one-sided; Nili et al. 2014)",
        "each other": "whether models differed (two-sided)",
    }.get(told["against"], "whether models' similarities to the data differed between the groups (two-sided)")
    how = f" with {exchanges} exchanges of {'group labels' if between else 'signs'}" if exchanges else ""
    by = {"max": "by the largest statistic (Nichols & Holmes 2002)"}.get(told["correction"], told["correction"])
    return (
        f"RDMs were compared by {told['method']}; {TESTS[told['test']][between]} over {who}{how} asked {asked}, for "
        f"these stimuli alone; correction for several tests: {by}."
    )
