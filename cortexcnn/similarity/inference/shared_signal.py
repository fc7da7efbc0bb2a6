"""Do subjects share anything? A ceiling exists only if their RDMs agree about which stimuli are alike.

A sign test over subjects won't do: each subject's similarity to the mean of the others is made of the others' RDMs too,
so that subjects are not independent. If subjects share nothing, though, the labels of the stimuli in each RDM
can be exchanged without changing anything, and that is a test that holds for any number of subjects and of stimuli.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_rdm
from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.measures import COMPARISONS
from cortexcnn.similarity.comparing.pairs import leading, vectors

__all__ = ["ceiling_test"]


def ceiling_test(
    rdms: xr.DataArray,
    *,
    method: str = "spearman",
    over: str = "subject",
    permutations: int = 1000,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Test whether a noise ceiling exists: do the RDMs of subjects agree more than with their stimuli shuffled?

    Parameters
    ----------
    rdms : DataArray (…, subject, stimulus, stimulus2)
        One RDM a subject; pairs that are left out stay out of the mean.
    method : str
        One of ``COMPARISONS``. RDMs are transformed as suits it, and agreement is the mean correlation between
        subjects of what comes out.
    over : str
        The dimension of the subjects.
    permutations : int
        How many times the stimuli of every subject are shuffled, each subject's for itself.
    rng : int, Generator or None
        Seed or source of the permutations.

    Returns
    -------
    Dataset (…)
        ``agreement``, what it is ``by_chance`` (the 95th percentile of the permutations), and ``p``, one-sided:
        the share of permutations with as much agreement, the data counted among them.

    Raises
    ------
    ValueError
        If there is no such dimension, fewer than 2 subjects or 4 stimuli, or fewer than 1 permutation.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(12, 3)) + 0.1 * rng.normal(size=(4, 12, 3))
    >>> values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12)}
    >>> rdms = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
    >>> ceiling_test(rdms, permutations=99, rng=0).p.item()
    0.01
    """
    measure = chosen(COMPARISONS, method, what="comparison")
    check_rdm(rdms)
    if over not in leading(rdms) or rdms.sizes[over] < 2 or rdms.sizes["stimulus"] < 4:
        raise ValueError(
            f"agreement is between 2 or more along {over}, over 4 stimuli or more; there is {dict(rdms.sizes)}: "
            "for one subject with repeats use split_half"
        )
    if permutations < 1:
        raise ValueError(f"permutations={permutations}: at least 1 is needed")
    others = [dim for dim in leading(rdms) if dim != over]
    count, stimuli = rdms.sizes[over], rdms.sizes["stimulus"]
    shape = tuple(rdms.sizes[dim] for dim in others)
    stacked = vectors(rdms.transpose(*others, over, "stimulus", "stimulus2")).reshape(*shape, count, -1)
    source = np.random.default_rng(rng)
    found = np.empty((*shape, 3))
    for index in np.ndindex(shape):
        unit = np.stack([_unit(row, measure.suited) for row in stacked[index]])
        agreement = _agreement(unit.sum(axis=0)[None], count)[0]
        chance = _agreement(_shuffled_sums(unit, stimuli, permutations, source), count)
        p = (1 + (chance >= agreement - 1e-12).sum()) / (1 + permutations)
        found[index] = agreement, np.quantile(chance, 0.95), p
    coords = {name: coord for name, coord in rdms.coords.items() if coord.dims and set(coord.dims) <= set(others)}
    names = ("agreement", "by_chance", "p")
    told = {"method": method, "over": over, "permutations": permutations, "count": count}
    return xr.Dataset({name: (others, found[..., i]) for i, name in enumerate(names)}, coords, told)


def _unit(values: np.ndarray, suited: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """An RDM (pair) transformed, less its mean, of unit length; zero at pairs that are left out."""
    present = ~np.isnan(values)
    kept = suited(values[None, present])[0]
    kept = kept - kept.mean()
    if not np.any(kept):
        raise ValueError("an RDM is constant, so it can't be compared: leave that subject out")
    result = np.zeros(len(values))
    result[present] = kept / np.linalg.norm(kept)
    return result


def _agreement(total: np.ndarray, count: int) -> np.ndarray:
    """Mean product of different subjects' unit vectors, from their sum (…, pair)."""
    return ((total**2).sum(axis=-1) - count) / (count * (count - 1))


def _shuffled_sums(unit: np.ndarray, stimuli: int, permutations: int, source: np.random.Generator) -> np.ndarray:
    """Sums over subjects (permutation, pair), the stimuli of each shuffled for itself."""
    row, column = np.triu_indices(stimuli, 1)
    number = np.zeros((stimuli, stimuli), np.intp)
    number[row, column] = number[column, row] = np.arange(len(row))
    total = np.tile(unit[0], (permutations, 1))  # shuffling all but one shuffles them against each other
    for permutation in range(permutations):
        for values in unit[1:]:
            order = source.permutation(stimuli)
            total[permutation] += values[number[order[row], order[column]]]
    return total
