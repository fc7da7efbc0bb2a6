"""What do RDMs share beyond others? Partial correlations, and the variance of a reference shared out between models.

All of it is linear regression over pairs of stimuli. Pairs are not independent of each other, so no p value of ordinary
regression holds here: draw stimuli, or exchange their labels.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import Aligned, align
from cortexcnn.similarity.comparing.ranks import rank

__all__ = ["partial", "partition_variance"]

_TRANSFORMS = {"pearson": lambda values: values, "spearman": rank}
_MOST = 4  # sets of models: 15 parts of the variance


def partial(
    rdms: xr.DataArray, reference: xr.DataArray, *, given: xr.DataArray, method: str = "spearman", semi: bool = False
) -> xr.DataArray:
    """Correlation of RDMs with a reference that is left when other RDMs are taken out of both.

    Parameters
    ----------
    rdms, reference : DataArray (…, stimulus, stimulus2)
        As for :func:`~cortexcnn.similarity.compare`.
    given : DataArray ([control,] stimulus, stimulus2)
        What is taken out: one RDM or several, e.g. those of the pixels.
    method : {"spearman", "pearson"}
        Of the dissimilarities or of their ranks.
    semi : bool
        Take the controls out of the rdms alone: the square is the share of all variance of the reference that the RDM
        explains beyond them.

    Returns
    -------
    DataArray (leading dims of the rdms, leading dims of the reference)
        Over the pairs that none leaves out.

    Raises
    ------
    ValueError
        As :func:`~cortexcnn.similarity.compare`; if nothing is left of an RDM beyond the controls.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12)}
    >>> values = rng.random((3, 12, 12))
    >>> values = values + values.swapaxes(1, 2) - 2 * np.eye(12) * values
    >>> one, other, _ = (xr.DataArray(each, labels, ("stimulus", "stimulus2")) for each in values)
    >>> round(partial(one, one + other, given=other, method="pearson").item(), 3)
    1.0
    """
    transform = chosen(_TRANSFORMS, method, what="comparison that controls can be taken out of")
    both, controls = align(rdms, reference), align(given, reference)
    first, second, out_of = _shared([both.first, both.second, controls.first])
    first, second, out_of = (_centred(transform(values)) for values in (first, second, out_of))
    basis = np.linalg.qr(out_of.T)[0]
    ours, theirs = (values - (values @ basis) @ basis.T for values in (first, second))
    for left, whole, name in ((ours, first, "the rdms"), (theirs, second, "the reference")):
        if (np.linalg.norm(left, axis=1) <= 1e-9 * np.linalg.norm(whole, axis=1)).any():
            raise ValueError(f"nothing of an RDM of {name} is left beyond the controls: leave out it, or its control")
    if semi:
        theirs = second
    ours, theirs = (values / np.linalg.norm(values, axis=1, keepdims=True) for values in (ours, theirs))
    return both.label(np.clip(ours @ theirs.T, -1, 1), method=f"{'semi-' if semi else ''}partial {method}")


def partition_variance(rdms: xr.DataArray, reference: xr.DataArray, *, method: str = "spearman") -> xr.DataArray:
    """Share out the variance of a reference RDM that several models explain: to each alone, and to those that share it.

    Commonality analysis [1]_: with R²(S) of the regression on the models S, the part that exactly the models A have in
    common is Σ_{B ⊆ A} (−1)^{|B| + 1} R²((N ∖ A) ∪ B).

    Parameters
    ----------
    rdms : DataArray (model, stimulus, stimulus2)
        Two to four models, along a dimension of any name.
    reference : DataArray ([subject,] stimulus, stimulus2)
        What is explained.
    method : {"spearman", "pearson"}
        Of the dissimilarities or of their ranks.

    Returns
    -------
    DataArray (part[, subject])
        Parts named "a", "a & b", …: their sum is R² of all models together (attribute ``total`` of one reference). A
        shared part can be negative: of two models that suppress each other's errors.

    Raises
    ------
    ValueError
        If there are not two to four models along one dimension, or as :func:`~cortexcnn.similarity.compare`.

    References
    ----------
    .. [1] Mood (1971), Am. Educ. Res. J. 8, 191-202; Nimon & Oswald (2013), Organ. Res. Methods 16, 650-674.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = {"stimulus": range(12), "stimulus2": range(12)}
    >>> values = rng.random((2, 12, 12))
    >>> values = values + values.swapaxes(1, 2) - 2 * np.eye(12) * values
    >>> models = xr.DataArray(values, labels | {"layer": ["a", "b"]}, ("layer", "stimulus", "stimulus2"))
    >>> parts = partition_variance(models, models.sum("layer"), method="pearson")
    >>> parts.part.values.tolist(), round(parts.sum().item(), 6)
    (['a', 'b', 'a & b'], 1.0)
    """
    transform = chosen(_TRANSFORMS, method, what="comparison whose variance can be shared out")
    both = align(rdms, reference)
    if rdms.ndim != 3 or not 2 <= len(both.first) <= _MOST:
        raise ValueError(
            f"variance is shared out between 2 to {_MOST} models along one dimension; these RDMs have "
            f"{dict(rdms.sizes)}: select or average some"
        )
    dim = both.dims[0]
    names = [str(name) for name in (rdms[dim].values if dim in rdms.coords else range(len(both.first)))]
    first, second = (_centred(transform(values)) for values in _shared([both.first, both.second]))
    everyone = range(len(first))
    explained = {some: _explained(first[list(some)], second) for some in _subsets(everyone)}
    explained[()] = np.zeros(len(second))
    parts, values = [], []
    for shared in _subsets(everyone):
        others = [k for k in everyone if k not in shared]
        part = -explained[tuple(others)]
        for some in _subsets(shared):
            part = part + (-1) ** (len(some) + 1) * explained[tuple(sorted([*others, *some]))]
        parts.append(" & ".join(names[k] for k in shared))
        values.append(part)
    return _parts(both, parts, np.stack(values), method)


def _parts(both: Aligned, parts: list[str], values: np.ndarray, method: str) -> xr.DataArray:
    """Parts with the labels of the reference."""
    dims, shape = both.dims[1:], both.shape[1:]
    coords = {name: (along, each) for name, (along, each) in both.coords.items() if set(along) <= set(dims)}
    attrs = {"method": method} | ({"total": float(values.sum())} if not dims else {})
    return xr.DataArray(values.reshape(-1, *shape), {"part": parts, **coords}, ("part", *dims), "variance", attrs)


def _explained(models: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """R² of the regression of each reference on models, all centred."""
    basis = np.linalg.qr(models.T)[0]
    return ((reference @ basis) ** 2).sum(axis=1) / (reference**2).sum(axis=1)


def _subsets(items: Iterable[int]) -> list[tuple[int, ...]]:
    """All sets that are not empty, small ones first."""
    everything = tuple(items)
    return [some for size in range(1, len(everything) + 1) for some in combinations(everything, size)]


def _shared(stacks: list[np.ndarray]) -> list[np.ndarray]:
    """RDMs (k, pair) over the pairs that none of them leaves out."""
    there = np.all([~np.isnan(values).any(axis=0) for values in stacks], axis=0)
    if there.sum() < 3:
        raise ValueError(f"{int(there.sum())} pairs of stimuli are in all RDMs and not left out; at least 3 are needed")
    return [values[:, there] for values in stacks]


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean(axis=1, keepdims=True)
