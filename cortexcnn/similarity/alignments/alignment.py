"""How alike are two sets of responses to the same stimuli, up to what does not matter? Kernels, shapes, matched units.

What each measure is invariant to, which way is nearer, its bounds and whether it is a metric stand in
:data:`ALIGNMENTS`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.arrays import groups
from cortexcnn.choices import chosen
from cortexcnn.similarity.alignments.canonical import cca, pwcca, svcca
from cortexcnn.similarity.alignments.kernels import cka, crossvalidated_cka, rbf_cka, rotation, unbiased_cka
from cortexcnn.similarity.alignments.matching import one_to_one, semi_matching, soft_matching
from cortexcnn.similarity.alignments.sides import LEAST, SIDES, matched
from cortexcnn.similarity.folds import folds_of

__all__ = ["ALIGNMENTS", "INVARIANCES", "Alignment", "alignment"]

Score = Callable[[np.ndarray, np.ndarray], float]

INVARIANCES: dict[str, str] = {
    "permutation": "another order of the units",
    "translation": "an offset added to each unit",
    "isotropic scaling": "one positive factor for all units",
    "unit scaling": "a positive factor for each unit",
    "rotation": "any orthogonal map of the units",
    "invertible linear": "any invertible linear map of the units",
}
"""What can be done to either side, by name, and what it is."""


@dataclass(frozen=True)
class Alignment:
    """A measure of alignment.

    Parameters
    ----------
    takes : str
        What it takes of each side: "units", mean responses (stimulus, unit) less their mean over stimuli; "axes", the
        same turned into no more columns than stimuli; "kernels", products of these (stimulus, stimulus); "repeats",
        kernels between groups of repeats (:func:`~cortexcnn.similarity.alignments.kernels.crossvalidated_cka`).
    measure : callable
        Takes the two sides and returns a number; or, if it ``fits``, a function of two sides that returns a number, so
        that what was found on some stimuli can be scored on others.
    fits : bool
        Which of the two.
    higher : bool
        Whether higher is nearer.
    bounds : tuple of float
        Lowest and highest value.
    held_out : tuple of float, optional
        The same on other stimuli than it was fitted to, if they differ.
    invariances : tuple of str
        Names of ``INVARIANCES``: what can be done to either side without changing the result.
    symmetric : bool
        Whether the two sides can change places.
    metric : bool
        Whether it is symmetric, 0 for a side and itself, and obeys the triangle inequality.
    """

    takes: str
    measure: Callable[[np.ndarray, np.ndarray], float] | Callable[[np.ndarray, np.ndarray], Score]
    fits: bool = False
    higher: bool = True
    bounds: tuple[float, float] = (0.0, 1.0)
    held_out: tuple[float, float] | None = None
    invariances: tuple[str, ...] = ()
    symmetric: bool = True
    metric: bool = False

    def __post_init__(self) -> None:
        chosen(SIDES, self.takes, what="side of an alignment")
        for name in self.invariances:
            chosen(INVARIANCES, name, what="invariance")

    def fitted(self, ours: np.ndarray, theirs: np.ndarray) -> Score:
        """The function of two sides that scores them, with what was to be found found on these."""
        return self.measure(ours, theirs) if self.fits else self.measure  # type: ignore[return-value]


def alignment(
    responses: xr.DataArray,
    reference: xr.DataArray,
    *,
    method: str = "linear cka",
    by: str | None = None,
    folds: int | xr.DataArray | None = None,
    same: str | None = None,
    rng: int | np.random.Generator | None = 0,
) -> xr.DataArray:
    """Alignment of responses with a reference.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Repeats are averaged, except by "crossvalidated cka".
    reference : DataArray (stimulus, unit[, repeat])
        Responses to the same stimuli, in any order.
    method : str
        One of ``ALIGNMENTS``. "linear cka": centred kernel alignment [1]_, which is high for any two small samples of
        many units. "unbiased cka": from unbiased estimates of its terms [2]_, 0 on average for unrelated responses.
        "crossvalidated cka": from products of different repeats alone, so that noise does not lower it
        (:mod:`cortexcnn.similarity.alignments.kernels`). "rbf cka": with gaussian kernels, as wide as the median
        distance.
        "procrustes": the distance that is left after the best rotation, both sides scaled to length 1 [3]_. "angular":
        the angle of the same. "one-to-one": mean correlation of units matched in pairs; "semi-matching": of each unit
        of the responses with its best of the reference [4]_; "soft matching": of shares of units, all of both sides
        used up alike, and "soft matching distance", √(2 − 2 × the same), a metric [5]_. "cca": mean canonical
        correlation; "svcca": of the components that hold 99 % of the variance; "pwcca": weighted by what they account
        for in the responses (:mod:`cortexcnn.similarity.alignments.canonical`).
    by : str, optional
        A coordinate along the units of the responses, e.g. "layer".
    folds : int or DataArray (stimulus), optional
        How many folds, drawn by :func:`~cortexcnn.similarity.stimulus_folds`, or the fold of each stimulus. Maps
        and matchings are then found on all other stimuli and scored on those of the fold; measures that find none take
        the stimuli of the fold alone. None finds and scores on the same stimuli, which favours many units.
    same : str, optional
        A coordinate along ``stimulus`` of either table, e.g. "movie": stimuli with equal labels are held out together.
    rng : int, Generator or None
        Seed or source of the folds.

    Returns
    -------
    DataArray ([by,] [fold])
        Attributes ``higher_is_nearer``, ``lowest``, ``highest``, ``metric`` and ``invariances`` say how to read it.

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
    .. [5] Khosla & Williams (2024), Proc. UniReps, PMLR 243, 133-143.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> labels = {"stimulus": range(40), "unit": range(5)}
    >>> one = xr.DataArray(rng.normal(size=(40, 5)), labels, ("stimulus", "unit"))
    >>> turned = one.copy(data=one.values @ np.linalg.qr(rng.normal(size=(5, 5)))[0])
    >>> round(alignment(one, turned).item(), 6), round(alignment(one, turned, method="angular").item(), 3)
    (1.0, 0.0)
    >>> alignment(one, turned, method="cca", folds=4).round(3).values
    array([1., 1., 1., 1.])
    """
    measure = chosen(ALIGNMENTS, method, what="alignment")
    responses, reference = matched(responses, reference)
    held_out = None if folds is None else folds_of(responses, reference, folds, same=same, least=LEAST, rng=rng)
    tables = {None: responses} if by is None else dict(groups(responses, by))
    side = SIDES[measure.takes]
    theirs = side.make(reference, "the reference")
    values: list[float | list[float]] = []
    for label, table in tables.items():
        where = "the responses" if label is None else f"{by} {label}"
        ours = side.make(table, where)
        if held_out is None:
            values.append(measure.fitted(ours, theirs)(ours, theirs))
        else:
            values.append(_held_out(measure, ours, theirs, held_out.values, where))
    dims: dict[str, Any] = {} if by is None else {by: list(tables)}
    if held_out is not None:
        dims["fold"] = np.unique(held_out)
    found = np.array(values if by is not None else values[0])
    bounds = measure.bounds if held_out is None else measure.held_out or measure.bounds
    told = {
        "method": method,
        "higher_is_nearer": int(measure.higher),
        "lowest": bounds[0],
        "highest": bounds[1],
        "metric": int(measure.metric),
        "invariances": ", ".join(measure.invariances),
    }
    return xr.DataArray(found, dims, tuple(dims), name="alignment", attrs=told)


def _held_out(measure: Alignment, ours: np.ndarray, theirs: np.ndarray, folds: np.ndarray, where: str) -> list[float]:
    """Scores of each fold, with what is to be found found on all others."""
    side, found = SIDES[measure.takes], []
    for fold in np.unique(folds):
        train, test = (
            (side.part(ours, rows, f"{where}, fold {fold}"), side.part(theirs, rows, f"the reference, fold {fold}"))
            for rows in (np.flatnonzero(folds != fold), np.flatnonzero(folds == fold))
        )
        found.append(measure.fitted(*train)(*test))
    return found


def _from(fit: Callable[[np.ndarray, np.ndarray], Score], change: Callable[[float], float]) -> Callable[..., Score]:
    """The same fit, its score changed."""

    def measure(ours: np.ndarray, theirs: np.ndarray) -> Score:
        score = fit(ours, theirs)
        return lambda ours, theirs: float(change(score(ours, theirs)))

    return measure


def _chord(cosine: float) -> float:
    return float(np.sqrt(max(2 - 2 * cosine, 0.0)))


_ORDER = ("permutation", "translation", "isotropic scaling")
_ROTATION = (*_ORDER, "rotation")
_EACH = (*_ORDER, "unit scaling")
_LINEAR = tuple(INVARIANCES)
_distance = partial(Alignment, fits=True, higher=False, metric=True)
_shape = partial(_distance, "axes", invariances=_ROTATION)
_canonical = partial(Alignment, "units", fits=True, held_out=(-1.0, 1.0))
_matching = partial(Alignment, "units", fits=True, bounds=(-1.0, 1.0), invariances=_EACH)

ALIGNMENTS: dict[str, Alignment] = {
    "linear cka": Alignment("kernels", cka, invariances=_ROTATION),
    "unbiased cka": Alignment("kernels", unbiased_cka, bounds=(-np.inf, np.inf), invariances=_ROTATION),
    "crossvalidated cka": Alignment("repeats", crossvalidated_cka, bounds=(-np.inf, np.inf), invariances=_ROTATION),
    "rbf cka": Alignment("kernels", rbf_cka, invariances=_ROTATION),
    "procrustes": _shape(_from(rotation, _chord), bounds=(0.0, np.sqrt(2)), held_out=(0.0, 2.0)),
    "angular": _shape(_from(rotation, np.arccos), bounds=(0.0, np.pi / 2), held_out=(0.0, np.pi)),
    "cca": _canonical(cca, invariances=_LINEAR),
    "svcca": _canonical(svcca, invariances=_ROTATION),
    "pwcca": _canonical(pwcca, invariances=_ORDER, symmetric=False),
    "one-to-one": _matching(one_to_one),
    "semi-matching": _matching(semi_matching, symmetric=False),
    "soft matching": _matching(soft_matching),
    "soft matching distance": _distance("units", _from(soft_matching, _chord), bounds=(0.0, 2.0), invariances=_EACH),
}
"""Measures of alignment by name; another one is one more entry."""
