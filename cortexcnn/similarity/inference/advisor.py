"""Which test do I use? It follows from what is random: to what other stimuli and subjects the answer shall hold."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.pairs import leading
from cortexcnn.similarity.inference.across_subjects import across_subjects
from cortexcnn.similarity.inference.evaluation import evaluate
from cortexcnn.similarity.inference.null import permutation_null
from cortexcnn.similarity.inference.significance import AGAINST, CORRECTIONS, corrected, significance

__all__ = ["advise"]

_ALPHA = 0.05

_ADVICE = {
    ("stimuli", "subjects"): (
        "Bootstrap stimuli and subjects together (dual bootstrap), and test by t on the corrected variance: the answer "
        "holds for other stimuli and other subjects of the same kinds."
    ),
    ("subjects",): (
        "Test one number a subject, {test}: the answer holds for other subjects, but for these stimuli alone. If the "
        'stimuli stand for others, say stimuli="random": a test over subjects alone would then find too much.'
    ),
    ("stimuli",): (
        "Bootstrap stimuli, and test by t: the answer holds for other stimuli, but for these subjects alone."
    ),
    (): (
        "Nothing is random, so nothing can be drawn: exchange the labels of the stimuli (permutation test). It says "
        "that the RDMs of these stimuli in these subjects are related, not that others would be."
    ),
}

_BETWEEN = (
    "Compare one number a subject between the groups, {test}: the answer holds for other subjects of these groups, "
    "but for these stimuli alone."
)
_BY = {
    "rank": "by signed ranks",
    "t": "by Student's t, as so few subjects allow no small p by ranks or permutations",
    "permutation": "by exchanging the labels of the groups",
}


def advise(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    stimuli: str = "random",
    subjects: str = "random",
    against: str = "zero",
    groups: str | None = None,
    correction: str = "fdr",
    method: str = "spearman",
    draws: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Choose the test that fits the design, do it, and write it up.

    Parameters
    ----------
    rdms : DataArray (model, stimulus, stimulus2)
        Models, along a dimension of any name.
    reference : DataArray ([subject,] stimulus, stimulus2)
        The data.
    stimuli, subjects : {"random", "fixed"}
        Whether they stand for others of their kind, to which the answer shall hold. One subject is always fixed.
    against, correction
        As for :func:`~cortexcnn.similarity.significance`; "max" where labels are exchanged.
    groups : str, optional
        A coordinate along ``subject`` with two values: do the models' similarities differ between them?
    method, draws, rng
        As for :func:`~cortexcnn.similarity.evaluate`; ``draws`` is also the number of orders of the stimuli.

    Returns
    -------
    Dataset (model) or (model, model2)
        What :func:`~cortexcnn.similarity.significance` returns, or
        :func:`~cortexcnn.similarity.across_subjects`; of orders of the stimuli ``difference``
        (the similarity), ``p`` and ``p_corrected``. The attribute ``advice`` says which test this is and why,
        ``methods`` is the sentence for the paper.

    Raises
    ------
    ValueError
        If models are to be tested against each other or the ceiling and nothing is random, groups are to be compared
        whose subjects are fixed, or a choice isn't there.

    Warns
    -----
    UserWarning
        If there are too few stimuli or subjects for the test to be sure.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(20, 3)) + 0.3 * rng.normal(size=(6, 20, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(20), "stimulus2": range(20), "subject": range(6)}
    >>> subjects = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> models = subjects[:1].drop_vars("subject").rename(subject="model")
    >>> found = advise(models, subjects[1:], subjects="fixed", draws=100, rng=0)
    >>> found.attrs["advice"]
    'Bootstrap stimuli, and test by t: the answer holds for other stimuli, but for these subjects alone.'
    """
    for name, given in (("stimuli", stimuli), ("subjects", subjects)):
        chosen(dict.fromkeys(("random", "fixed")), given, what=f"kind of {name}")
    several = "subject" in leading(reference) and reference.sizes["subject"] > 1
    over = tuple(
        name
        for name, given, there in (("stimuli", stimuli, True), ("subjects", subjects, several))
        if given == "random" and there
    )
    chosen(AGAINST, against, what="thing to test against")
    if groups is not None and "subjects" not in over:
        raise ValueError(
            "groups are compared by subjects that stand for others, and there are none: give a reference with the "
            'dimension subject, and subjects="random"'
        )
    if groups is not None or over == ("subjects",):
        test = _over_subjects(reference, against, groups)
        options: dict[str, Any] = {"test": test, "against": against, "groups": groups, "correction": correction}
        found = across_subjects(rdms, reference, method=method, rng=rng, **options)
        return found.assign_attrs(advice=(_ADVICE[over] if groups is None else _BETWEEN).format(test=_BY[test]))
    advice = _ADVICE[over]
    if subjects == "random" and not several:
        advice += " There is one subject, which can't stand for others: record more, or say so."
    if over:
        evaluation = evaluate(rdms, reference, over=over, method=method, draws=draws, rng=rng)
        found = significance(evaluation, against=against, correction=correction)
        return found.assign_attrs(advice=advice)
    if against != "zero":
        raise ValueError(
            f"with fixed stimuli and subjects models can't be tested against {against}: a permutation says only "
            'whether there is a relation; choose against="zero", or let stimuli or subjects be random'
        )
    return _permuted(rdms, reference, correction, method=method, draws=draws, rng=rng).assign_attrs(advice=advice)


def _over_subjects(reference: xr.DataArray, against: str, groups: str | None) -> str:
    """The test over subjects that needs the least to be assumed, if there are subjects enough for it."""
    count = reference.sizes["subject"]
    if groups is None:
        return "rank" if 0.5**count * (1 + (AGAINST[against] == "two-sided")) < _ALPHA else "t"
    first = int((reference[groups] == reference[groups][0]).sum()) if groups in reference.coords else 0
    return "permutation" if 2 / math.comb(count, first) < _ALPHA else "t"


def _permuted(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    correction: str,
    *,
    method: str,
    draws: int,
    rng: int | np.random.Generator | None,
) -> xr.Dataset:
    """The permutation test of each model."""
    found = compare(rdms, reference, method=method)
    null = permutation_null(rdms, reference, method=method, permutations=draws, rng=rng)
    gone = [dim for dim in leading(reference) if dim in found.dims]
    found, null = found.mean(gone), null.mean(gone)
    if len(found.dims) != 1:
        raise ValueError(f"rdms have one dimension of models; these have {', '.join(map(str, found.dims)) or 'none'}")
    p, largest = ((1 + (of >= found - 1e-12).sum("permutation")) / (1 + draws) for of in (null, null.max(found.dims)))
    if correction != "max":
        largest = corrected(p, chosen(CORRECTIONS, correction, what="correction"), str(found.dims[0]))
    sentence = (
        f"RDMs were compared by {method}, and each similarity was tested against those of {draws} random orders of the "
        f"{reference.sizes['stimulus']} stimuli (one-sided; p values corrected: {correction})."
    )
    result = xr.Dataset({"difference": found, "p": p, "p_corrected": largest})
    return result.assign_attrs(against="zero", correction=correction, method=method, methods=sentence)
