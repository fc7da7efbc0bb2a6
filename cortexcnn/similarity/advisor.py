"""Which test do I use? It follows from what is random: to what other stimuli and subjects the answer shall hold."""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparison import compare
from cortexcnn.similarity.evaluation import evaluate
from cortexcnn.similarity.null import permutation_null
from cortexcnn.similarity.pairs import leading
from cortexcnn.similarity.significance import CORRECTIONS, corrected, significance

__all__ = ["advise"]

_ADVICE = {
    ("stimuli", "subjects"): (
        "Bootstrap stimuli and subjects together (dual bootstrap), and test by t on the corrected variance: the answer "
        "holds for other stimuli and other subjects of the same kinds."
    ),
    ("subjects",): (
        "Bootstrap subjects, and test by t: the answer holds for other subjects, but for these stimuli alone. If the "
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


def advise(
    rdms: xr.DataArray,
    reference: xr.DataArray,
    *,
    stimuli: str = "random",
    subjects: str = "random",
    against: str = "zero",
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
        As for :func:`~cortexcnn.similarity.significance.significance`.
    method, draws, rng
        As for :func:`~cortexcnn.similarity.evaluate`; ``draws`` is also the number of permutations.

    Returns
    -------
    Dataset (model) or (model, model2)
        What :func:`~cortexcnn.similarity.significance.significance` returns; of a permutation test ``difference``
        (the similarity), ``p`` and ``p_corrected``. The attribute ``advice`` says which test this is and why,
        ``methods`` is the sentence for the paper.

    Raises
    ------
    ValueError
        If models are to be tested against each other or the ceiling and nothing is random, or a choice isn't there.

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
    correct = chosen(CORRECTIONS, correction, what="correction")
    found = compare(rdms, reference, method=method)
    null = permutation_null(rdms, reference, method=method, permutations=draws, rng=rng)
    gone = [dim for dim in leading(reference) if dim in found.dims]
    found, null = found.mean(gone), null.mean(gone)
    p = (1 + (null >= found - 1e-12).sum("permutation")) / (1 + draws)
    sentence = (
        f"RDMs were compared by {method}, and each similarity was tested against those of {draws} random orders of the "
        f"{reference.sizes['stimulus']} stimuli (one-sided; p values corrected: {correction})."
    )
    result = xr.Dataset({"difference": found, "p": p, "p_corrected": corrected(p, correct, str(found.dims[0]))})
    return result.assign_attrs(against="zero", correction=correction, method=method, methods=sentence)
