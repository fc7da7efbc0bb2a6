"""How alike are two sets of responses to the same stimuli, up to what does not matter? Kernels, shapes, matched units.

Kernels and shapes are computed from stimulus × stimulus products, so that units may be many; matching looks at single
units. What each measure is invariant to, and which way is nearer, stands in :data:`ALIGNMENTS`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.optimize import linear_sum_assignment

from cortexcnn.arrays import check_responses, groups, match_stimuli
from cortexcnn.choices import chosen
from cortexcnn.similarity.canonical import cca, pwcca, svcca
from cortexcnn.similarity.products import prepared, products

__all__ = ["ALIGNMENTS", "Alignment", "alignment"]

_MOST = 2**27
"""Correlations of units with units that are made at most: 1 GiB."""


@dataclass(frozen=True)
class Alignment:
    """A measure of alignment.

    Parameters
    ----------
    kernels : callable, optional
        Takes two centred stimulus × stimulus kernels.
    units : callable, optional
        Takes two centred tables (stimulus, unit).
    higher : bool
        Whether higher is nearer.
    bounds : tuple of float
        Lowest and highest value.
    ignores : str
        What can be done to either side without changing the result.
    symmetric : bool
        Whether the two sides can change places.
    """

    kernels: Callable[[np.ndarray, np.ndarray], float] | None = None
    units: Callable[[np.ndarray, np.ndarray], float] | None = None
    higher: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    ignores: str = ""
    symmetric: bool = True

    def __post_init__(self) -> None:
        if (self.kernels is None) == (self.units is None):
            raise ValueError("an alignment takes either kernels or units: give the function of one of them")

    def __call__(self, ours: np.ndarray, theirs: np.ndarray) -> float:
        """The measure of two kernels, or of two tables."""
        if self.kernels is not None:
            return self.kernels(ours, theirs)
        return self.units(ours, theirs)  # type: ignore[misc]


def alignment(
    responses: xr.DataArray, reference: xr.DataArray, *, method: str = "linear cka", by: str | None = None
) -> xr.DataArray:
    """Alignment of responses with a reference.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Repeats are averaged.
    reference : DataArray (stimulus, unit[, repeat])
        Responses to the same stimuli, in any order.
    method : str
        One of ``ALIGNMENTS``. "linear cka": centred kernel alignment [1]_, which is high for any two small samples of
        many units. "unbiased cka": from unbiased estimates of its terms [2]_, 0 on average for unrelated responses.
        "rbf cka": with gaussian kernels as wide as the median distance. "procrustes": the distance that is left after
        the best rotation, both sides scaled to length 1 [3]_. "angular": the angle of the same, a metric. "one-to-one":
        mean correlation of units matched in pairs; "semi-matching": of each unit of the responses with its best of the
        reference [4]_. "cca": mean canonical correlation; "svcca": of the components that hold 99 % of the variance;
        "pwcca": weighted by what they account for in the responses (:mod:`cortexcnn.similarity.canonical`).
    by : str, optional
        A coordinate along the units of the responses, e.g. "layer".

    Returns
    -------
    DataArray ([by])
        Attributes ``higher_is_nearer``, ``lowest``, ``highest`` and ``ignores`` say how to read it.

    Warns
    -----
    UserWarning
        If units that do not vary are left out, by measures that look at units.

    Raises
    ------
    ValueError
        If the stimuli differ (names them) or are fewer than 4, responses are missing, one side does not vary, or has
        too many units for canonical correlations.

    References
    ----------
    .. [1] Kornblith, Norouzi, Lee & Hinton (2019), ICML 97, 3519-3529.
    .. [2] Song, Smola, Gretton, Bedo & Borgwardt (2012), J. Mach. Learn. Res. 13, 1393-1434.
    .. [3] Williams, Kunz, Kornblith & Linderman (2021), NeurIPS 34, 4738-4750.
    .. [4] Li, Yosinski, Clune, Lipson & Hopcroft (2015), PMLR 44, 196-212.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = {"stimulus": range(20), "unit": range(5)}
    >>> one = xr.DataArray(rng.normal(size=(20, 5)), labels, ("stimulus", "unit"))
    >>> turned = one.copy(data=one.values @ np.linalg.qr(rng.normal(size=(5, 5)))[0])
    >>> round(alignment(one, turned).item(), 6), round(alignment(one, turned, method="angular").item(), 3)
    (1.0, 0.0)
    """
    measure = chosen(ALIGNMENTS, method, what="alignment")
    for table in (responses, reference):
        check_responses(table)
        if "time" in table.dims:
            raise ValueError('responses have a time axis; average over it or select from it first, e.g. .mean("time")')
    responses, reference = match_stimuli(responses, reference, names=("the responses", "the reference"))
    if responses.sizes["stimulus"] < 4:
        raise ValueError(f"alignment takes 4 stimuli at least; there are {responses.sizes['stimulus']}")
    tables = {None: responses} if by is None else dict(groups(responses, by))
    prepare = _kernel if measure.kernels else _units
    theirs = prepare(reference, "the reference")
    values = []
    for label, table in tables.items():
        ours = prepare(table, "the responses" if label is None else f"{by} {label}")
        values.append(measure(ours, theirs))
    told = {
        "method": method,
        "higher_is_nearer": int(measure.higher),
        "lowest": measure.bounds[0],
        "highest": measure.bounds[1],
        "ignores": measure.ignores,
    }
    if by is None:
        return xr.DataArray(values[0], name="alignment", attrs=told)
    return xr.DataArray(values, {by: list(tables)}, (by,), name="alignment", attrs=told)


def _kernel(table: xr.DataArray, where: str) -> np.ndarray:
    """Products of patterns, each unit less its mean over stimuli."""
    chunks = prepared(table, np.arange(table.sizes["unit"]), folds=None, zscore=False, noise=False)
    inner = products(chunks, centre="unit").inner
    _refuse_still(np.trace(inner), where)
    return inner


def _units(table: xr.DataArray, where: str) -> np.ndarray:
    """Units that vary, less their mean."""
    chunks = prepared(table, np.arange(table.sizes["unit"]), folds=None, zscore=False, noise=False)
    values = np.concatenate([chunk[0] for chunk in chunks], axis=1, dtype=np.float64)
    values -= values.mean(axis=0)
    length = np.linalg.norm(values, axis=0)
    _refuse_still(length.max(initial=0.0), where)
    kept = length > 1e-12 * length.max()
    if not kept.all():
        warnings.warn(
            f"{int((~kept).sum())} of {len(kept)} units of {where} answer every stimulus alike and are left out",
            UserWarning,
            stacklevel=3,
        )
    return values[:, kept]


def _refuse_still(size: float, where: str) -> None:
    if not size > 0:
        raise ValueError(f"no unit of {where} varies over the stimuli, so there is nothing to align")


def _cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float((ours * theirs).sum() / np.sqrt((ours**2).sum() * (theirs**2).sum()))


def _unbiased_cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    """NaN where a term of the denominator is estimated below 0."""
    square = _hsic(ours, ours) * _hsic(theirs, theirs)
    return float(_hsic(ours, theirs) / np.sqrt(square)) if square > 0 else float("nan")


def _hsic(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Unbiased estimate of the Hilbert-Schmidt independence criterion: no product of a stimulus with itself."""
    count = len(ours)
    k, m = (kernel - np.diag(np.diagonal(kernel)) for kernel in (ours, theirs))
    rows, columns = k.sum(axis=0), m.sum(axis=0)
    total = (k * m).sum() + rows.sum() * columns.sum() / ((count - 1) * (count - 2)) - 2 / (count - 2) * rows @ columns
    return float(total / (count * (count - 3)))


def _rbf_cka(ours: np.ndarray, theirs: np.ndarray) -> float:
    return _cka(_gaussian(ours), _gaussian(theirs))


def _gaussian(kernel: np.ndarray) -> np.ndarray:
    """The centred gaussian kernel, as wide as the median distance."""
    square = np.diagonal(kernel)[:, None] + np.diagonal(kernel) - 2 * kernel
    width = np.median(square[np.triu_indices(len(square), 1)])
    if not width > 1e-12 * square.max():
        raise ValueError(
            "most pairs of patterns are equal, so a gaussian kernel has no width: leave out the stimuli that are "
            'answered alike, or choose method="linear cka"'
        )
    result = np.exp(-square / (2 * width))
    mean = result.mean(axis=0)
    return result - mean - mean[:, None] + mean.mean()


def _overlap(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest inner product of two unit-length shapes over all rotations: the nuclear norm of XᵀY, from kernels."""
    values, vectors = np.linalg.eigh(ours / np.trace(ours))
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    found = np.linalg.eigvalsh(root @ (theirs / np.trace(theirs)) @ root)
    found = np.where(found > 1e-13 * found.max(), found, 0.0)  # the root of mere rounding is not small
    return float(min(np.sqrt(found).sum(), 1.0))


def _correlation(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Of every unit of the one with every unit of the other."""
    if ours.shape[1] * theirs.shape[1] > _MOST:
        raise ValueError(
            f"{ours.shape[1]} and {theirs.shape[1]} units are too many to be matched one by one: draw some of them, or "
            'choose method="linear cka"'
        )
    first, second = (values / np.linalg.norm(values, axis=0) for values in (ours, theirs))
    return first.T @ second


def _one_to_one(ours: np.ndarray, theirs: np.ndarray) -> float:
    correlation = _correlation(ours, theirs)
    return float(correlation[linear_sum_assignment(correlation, maximize=True)].mean())


def _semi_matching(ours: np.ndarray, theirs: np.ndarray) -> float:
    return float(_correlation(ours, theirs).max(axis=1).mean())


_ROTATIONS = "rotations, one factor for all units, an offset of each unit"
_LINEAR = "any invertible linear map of the units, an offset of each"
_SINGLE = "the order of units, a positive factor and an offset of each unit"

ALIGNMENTS: dict[str, Alignment] = {
    "linear cka": Alignment(_cka, ignores=_ROTATIONS),
    "unbiased cka": Alignment(_unbiased_cka, bounds=(-np.inf, np.inf), ignores=_ROTATIONS),
    "rbf cka": Alignment(_rbf_cka, ignores=_ROTATIONS),
    "procrustes": Alignment(
        lambda k, m: float(np.sqrt(2 - 2 * _overlap(k, m))), higher=False, bounds=(0, np.sqrt(2)), ignores=_ROTATIONS
    ),
    "angular": Alignment(
        lambda k, m: float(np.arccos(_overlap(k, m))), higher=False, bounds=(0, np.pi / 2), ignores=_ROTATIONS
    ),
    "cca": Alignment(units=cca, ignores=_LINEAR),
    "svcca": Alignment(units=svcca, ignores=_ROTATIONS),
    "pwcca": Alignment(units=pwcca, ignores="any invertible linear map of the reference, an offset", symmetric=False),
    "one-to-one": Alignment(units=_one_to_one, bounds=(-1, 1), ignores=_SINGLE),
    "semi-matching": Alignment(units=_semi_matching, bounds=(-1, 1), ignores=_SINGLE, symmetric=False),
}
"""Measures of alignment by name; another one is one more entry."""
