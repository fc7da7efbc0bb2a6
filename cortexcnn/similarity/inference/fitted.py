"""Models with weights to fit, judged on stimuli and subjects that the weights have not seen, inside the bootstrap.

A draw holds mᵢ copies of stimulus i. Folds are shared out among stimuli, not among copies, so that no stimulus stands
on both sides: the training set of a fold has the copies mᵢ of the stimuli outside it and none of the others, and its
test set the rest. Both are draws like any other, so all fits and tests of all draws come from one weighted product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy import stats
from scipy.optimize import nnls

from cortexcnn.choices import chosen
from cortexcnn.similarity.comparing.pairs import Pairs, align, leading
from cortexcnn.similarity.comparing.weighted import WEIGHTED, weighted_sums
from cortexcnn.similarity.inference.crossed import times
from cortexcnn.similarity.inference.factors import corrected_variance, factors, subsets, together

__all__ = ["evaluate_fitted"]

_SCORES = ("similarity", "lower", "upper")
"""Of the mixture, and of the means of subjects that bound it."""

_POINT_SPLITS = 20
"""Random folds of the data themselves, so that the similarity hardly depends on them."""


def evaluate_fitted(
    components: xr.DataArray,
    reference: xr.DataArray,
    *,
    component: str = "layer",
    over: str | Sequence[str] = ("stimuli", "subjects"),
    method: str = "pearson",
    folds: int = 4,
    subject_folds: int = 1,
    splits: int = 2,
    draws: int = 1000,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Crossvalidated similarity of a weighted sum of RDMs, with an interval that holds for other stimuli and subjects.

    In each fold, non-negative weights of the components are fitted to the pairs of training stimuli in the
    training subjects and judged on the pairs of held-out stimuli in the held-out subjects. Each draw is split
    into folds several times, and the variance that the choice of folds adds is subtracted [1]_.

    Parameters
    ----------
    components : DataArray (component, stimulus, stimulus2)
        The RDMs to be weighted, for example all layers of a network.
    reference : DataArray (subject, stimulus, stimulus2)
        One RDM a subject. Pairs that any RDM leaves out are left out of all.
    component : str
        The dimension of the components.
    over : str or sequence of str
        "stimuli", "subjects" or both: what is random.
    method : {"pearson", "cosine"}
        How the prediction is compared, and what the weights maximise.
    folds : int
        Of stimuli; a draw with fewer than 3 different stimuli a fold is left out.
    subject_folds : int
        Of subjects; 1 fits and judges all of them, on different stimuli.
    splits : int
        Random sharing out into folds, for each draw: 2 or more, so that their variance is known.
    draws : int
        How many.
    level : float
        Of the interval, between 0 and 1.
    rng : int, Generator or None
        Seed or source of draws and folds.

    Returns
    -------
    Dataset
        ``similarity``, its corrected ``variance``, ``lower`` and ``upper`` (Student's t); ``drawn`` (resampled, draw,
        split) and ``levels`` (factor), as :func:`~cortexcnn.similarity.evaluate`; ``weights`` (component),
        fitted to all the data, for components of mean square 1. Of several subjects, ``ceiling`` (bound) with its
        ``ceiling_from`` and ``ceiling_to``, and ``ceiling_drawn`` (resampled, draw, split, bound): what the mean of the
        training subjects (lower; of the others, if ``subject_folds`` is 1) or of all subjects (upper) scores on the
        same held-out pairs.

    Raises
    ------
    ValueError
        If dimensions are not those above, folds, splits or the level are out of range, or there are too few stimuli
        or subjects for as many folds.

    Notes
    -----
    A mixture is tested by :func:`~cortexcnn.similarity.significance` as any model: give the result a dimension of
    models, ``result.expand_dims(model=["mixture"])``. Ceilings of held-out pairs are those of rsatoolbox's
    ``cv_noise_ceiling``, but that subjects are given unit length over the held-out pairs, not over all of them, so that
    the upper bound is one.

    References
    ----------
    .. [1] Schütt, Kipnis, Diedrichsen & Kriegeskorte (2023), eLife 12, e82566.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> points = rng.normal(size=(3, 30, 2))
    >>> values = np.square(points[:, :, None] - points[:, None]).sum(-1)
    >>> labels = {"stimulus": range(30), "stimulus2": range(30)}
    >>> layers = xr.DataArray(values, labels, ("layer", "stimulus", "stimulus2"))
    >>> brains = (layers[0] + 2 * layers[1]).expand_dims(subject=5)
    >>> result = evaluate_fitted(layers, brains, draws=20, rng=0)
    >>> result.similarity.round(3).item(), bool(result.weights[2] < 1e-3)
    (1.0, True)
    """
    chosen(WEIGHTED, method, what="comparison that weights can be fitted to")
    if leading(components) != (component,) or leading(reference) != ("subject",):
        raise ValueError(
            f"components have the dimension {component} beside the stimuli and the reference has subject; these have "
            f"{', '.join(leading(components)) or 'none'} and {', '.join(leading(reference)) or 'none'}"
        )
    if folds < 2 or subject_folds < 1 or splits < 2 or not 0 < level < 1:
        raise ValueError(
            f"folds={folds}, subject_folds={subject_folds}, splits={splits}, level={level}: at least 2, 1 and 2 are "
            "needed, and a share between 0 and 1"
        )
    stimuli, subjects = reference.sizes["stimulus"], reference.sizes["subject"]
    if stimuli < 6 * folds or subjects < 2 * subject_folds * (subject_folds > 1):
        raise ValueError(
            f"{stimuli} stimuli and {subjects} subjects are too few for {folds} and {subject_folds} folds: "
            "a fold needs 6 stimuli and 2 subjects, of which a draw leaves about two thirds"
        )
    names = factors(over)
    if set(names) - {"stimuli", "subjects"}:
        raise ValueError(f"stimuli and subjects can be drawn around a fit; over={over!r} asks for something else")
    both = align(components, reference)
    sums = _Sums.of(both.first, both.second, Pairs.of(stimuli), centred=method == "pearson")
    source = np.random.default_rng(rng)
    counts = {"stimuli": stimuli, "subjects": subjects}
    drawn_times = {name: times(source, counts[name], draws) for name in names}
    plain = {name: np.ones((1, count), int) for name, count in counts.items()}

    def crossvalidated(some: tuple[str, ...], repeats: int) -> np.ndarray:
        taken = {name: drawn_times[name] if name in some else plain[name] for name in counts}
        found = _crossvalidated(
            sums,
            taken["stimuli"],
            taken["subjects"],
            folds=folds,
            subject_folds=subject_folds,
            splits=repeats,
            source=source,
        )
        valid = int(np.isfinite(found[:, 0, 0]).sum())
        if 2 * valid < len(found):
            raise ValueError(
                f"only {valid} of {len(found)} draws have 3 different stimuli for each of {folds} folds and a subject "
                f"for each of {subject_folds}: choose fewer folds"
            )
        return found

    scores = xr.DataArray(crossvalidated((), _POINT_SPLITS).mean(axis=(0, 1)), {"score": list(_SCORES)}, ("score",))
    results = {together(some): crossvalidated(some, splits) for some in subsets(names)}
    drawn = xr.DataArray(
        np.stack(list(results.values())),
        {"resampled": list(results), "draw": np.arange(draws), "score": list(_SCORES)},
        ("resampled", "draw", "split", "score"),
    )
    levels = xr.DataArray([counts[name] for name in names], {"factor": list(names)}, ("factor",))
    variance = corrected_variance(drawn, levels)
    freedom = int(levels.min()) - 1
    half = stats.t.ppf((1 + level) / 2, freedom) * np.sqrt(variance)
    weights = _weights(*sums.fit(sums.over(np.ones((1, stimuli))), np.ones((1, subjects))))[0]
    coords = {component: components[component].values} if component in components.coords else {}
    told = xr.Dataset(
        {"": scores, "variance": variance, "lower": scores - half, "upper": scores + half, "drawn": drawn}
    )
    result = told.sel(score="similarity", drop=True).rename({"": "similarity"})
    result = result.assign(levels=levels, weights=xr.DataArray(weights, coords, (component,)))
    if subjects > 1:
        bounds = told.sel(score=["lower", "upper"]).rename(score="bound").drop_vars("variance")
        names_of_bounds = {"": "ceiling", "lower": "ceiling_from", "upper": "ceiling_to", "drawn": "ceiling_drawn"}
        result = result.assign(bounds.rename(names_of_bounds))
    return result.assign_attrs(
        method=method,
        over=together(names),
        draws=draws,
        splits=splits,
        folds=folds,
        subject_folds=subject_folds,
        level=level,
        degrees_of_freedom=freedom,
        **({"seed": rng} if isinstance(rng, int) else {}),
    )


@dataclass(frozen=True)
class _Sums:
    """What a fit and a test need of the pairs of a draw, as sums of products of RDMs."""

    rows: np.ndarray
    components: int
    pairs: Pairs
    centred: bool

    @classmethod
    def of(cls, first: np.ndarray, second: np.ndarray, pairs: Pairs, *, centred: bool) -> _Sums:
        """Stack the RDMs, of mean square 1, over the pairs that all have."""
        stacked = np.concatenate([first, second])
        present = np.flatnonzero(~np.isnan(stacked).any(axis=0))
        stacked = stacked[:, present]
        if centred:
            stacked = stacked - stacked.mean(axis=1, keepdims=True)
        stacked = stacked / np.sqrt((stacked**2).mean(axis=1, keepdims=True))
        return cls(stacked.astype(np.float32), len(first), pairs.take(present), centred)

    def over(self, drawn: np.ndarray) -> np.ndarray:
        """Products of all RDMs with each other over the pairs of each draw of stimuli (draw, rdm, rdm)."""
        count = len(self.rows)
        one, other = np.triu_indices(count)
        rows = self.rows

        def columns(some: slice) -> np.ndarray:
            values = rows[:, some]
            return np.concatenate([values[one] * values[other], values, np.ones_like(values[:1])])

        sums = weighted_sums(columns, len(one) + count + 1, self.pairs, drawn)
        products = np.empty((len(drawn), count, count))
        products[:, one, other] = products[:, other, one] = sums[:, : len(one)]
        if self.centred:
            with np.errstate(invalid="ignore", divide="ignore"):
                mean = sums[:, len(one) : -1] / sums[:, -1:]
            products -= sums[:, -1:, None] * mean[:, :, None] * mean[:, None]
        return products

    def fit(self, products: np.ndarray, subjects: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Products of the components, and of each with the mean of the subjects, each of unit length."""
        k = self.components
        return products[:, :k, :k], np.einsum("dcs,ds->dc", self.towards(products), subjects)

    def towards(self, products: np.ndarray) -> np.ndarray:
        """Products of the components with the subjects' RDMs, each of unit length (draw, component, subject)."""
        k = self.components
        length = np.sqrt(np.diagonal(products, axis1=1, axis2=2)[:, k:])
        with np.errstate(invalid="ignore", divide="ignore"):
            return products[:, :k, k:] / length[:, None]

    def test(self, products: np.ndarray, weights: np.ndarray, subjects: np.ndarray) -> np.ndarray:
        """Mean similarity of the weighted components to the subjects (draw); 0 where all weights are."""
        k = self.components
        square = np.einsum("dc,dce,de->d", weights, products[:, :k, :k], weights)
        inner = np.einsum("dc,dcs,ds->d", weights, self.towards(products), subjects)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(weights.any(axis=1), inner / np.sqrt(square), 0.0) / subjects.sum(axis=1)

    def ceilings(
        self, products: np.ndarray, kept: np.ndarray | None, held: np.ndarray, every: np.ndarray
    ) -> np.ndarray:
        """Mean similarity (draw, bound) of held-out subjects to the mean of those that are kept, and of every one.

        Subjects are given by how many times they are there (draw, subject). If none are kept apart, each held-out one
        is compared with the others.
        """
        between = products[:, self.components :, self.components :]
        length = np.sqrt(np.diagonal(between, axis1=1, axis2=2))
        with np.errstate(invalid="ignore", divide="ignore"):
            between = between / length[:, :, None] / length[:, None, :]
            inner = (between @ every[..., None])[..., 0]
            square = (inner * every).sum(axis=1, keepdims=True)
            upper = inner / np.sqrt(square)
            if kept is None:
                lower = (inner - every) / np.sqrt(square - 2 * every * inner + every**2)
            else:
                towards = (between @ kept[..., None])[..., 0]
                lower = towards / np.sqrt((towards * kept).sum(axis=1, keepdims=True))
            return np.stack([np.where(held > 0, of * held, 0).sum(axis=1) for of in (lower, upper)], axis=1) / (
                held.sum(axis=1, keepdims=True)
            )


def _crossvalidated(
    sums: _Sums,
    stimuli: np.ndarray,
    subjects: np.ndarray,
    *,
    folds: int,
    subject_folds: int,
    splits: int,
    source: np.random.Generator,
) -> np.ndarray:
    """Scores (draw, split, score), the mean over folds; NaN for a draw with too few different stimuli or subjects."""
    draws = max(len(stimuli), len(subjects))
    stimuli, subjects = (np.broadcast_to(drawn, (draws, drawn.shape[1])) for drawn in (stimuli, subjects))
    enough = ((stimuli > 0).sum(axis=1) >= 3 * folds) & ((subjects > 0).sum(axis=1) >= subject_folds)
    result = np.full((draws, splits, len(_SCORES)), np.nan)
    stimuli, subjects = stimuli[enough], subjects[enough]
    for split in range(splits):
        which, whose = _folds(stimuli, folds, source), _folds(subjects, subject_folds, source)
        total = np.zeros((len(stimuli), len(_SCORES)))
        for fold in range(folds):
            train, test = (sums.over(stimuli * there) for there in (which != fold, which == fold))
            for group in range(subject_folds):
                held = subjects * (whose == group)
                kept = subjects - held if subject_folds > 1 else None
                weights = _weights(*sums.fit(train, subjects if kept is None else kept))
                total[:, 0] += sums.test(test, weights, held)
                total[:, 1:] += sums.ceilings(test, kept, held, subjects)
        result[enough, split] = total / (folds * subject_folds)
    return result


def _folds(drawn: np.ndarray, folds: int, source: np.random.Generator) -> np.ndarray:
    """The fold of each level in each draw (draw, level): those that are there are shared out evenly, at random."""
    order = np.argsort(np.where(drawn > 0, source.random(drawn.shape), 2), axis=1)
    place = np.empty_like(order)
    np.put_along_axis(place, order, np.broadcast_to(np.arange(drawn.shape[1]), order.shape), axis=1)
    return place % folds


def _weights(products: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Non-negative least squares (draw, component) from the products of components and with their target."""
    ridge = (
        1e-6 * np.trace(products, axis1=1, axis2=2)[:, None, None] / products.shape[1]
    )  # components may be collinear
    root = np.linalg.cholesky(products + ridge * np.eye(products.shape[1]))
    turned = np.linalg.solve(root, target[..., None])[..., 0]
    return np.stack([nnls(one.T, other)[0] for one, other in zip(root, turned, strict=True)])
