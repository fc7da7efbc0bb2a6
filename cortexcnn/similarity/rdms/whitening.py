"""Products of patterns in units of noise: X Σ⁻¹ Xᵀ, by the smaller of units and observations.

Where units are few, Σ is factored and patterns are whitened. Where they are many, all that is needed follows from the
products G of observations with each other. With residuals R = C O of observations O and Σ = d I + w RᵀR,

    O Σ⁻¹ Oᵀ = (G − G Cᵀ (d/w I + C G Cᵀ)⁻¹ C G) / d,

and the means of stimuli, or of folds of their repeats, are sums of observations.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr
from scipy import linalg, sparse

from cortexcnn.similarity.rdms.noise import NOISES, Observed, residuals, shrunk
from cortexcnn.similarity.rdms.products import Products, fold_means, products, refuse_missing, widths

__all__ = ["noise_products"]


def noise_products(
    responses: xr.DataArray, units: np.ndarray, *, folds: np.ndarray | None, noise: str | xr.DataArray
) -> Products:
    """Products of patterns, or mean products between folds of repeats, under the inverse of a noise covariance.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        May lie on disk where units are many.
    units : ndarray of int
        Positions of the units.
    folds : ndarray of int (repeat), optional
        The fold of each repeat; None averages all repeats.
    noise : str or DataArray (unit, unit2)
        A key of ``NOISES``, or the covariance of all units.

    Returns
    -------
    Products

    Raises
    ------
    ValueError
        If the covariance can't be inverted, its units are not those of the responses, or a response is missing.
    """
    repeats = responses.sizes.get("repeat", 1)
    few = len(units) <= responses.sizes["stimulus"] * repeats
    if isinstance(noise, xr.DataArray) or noise == "full" or few:
        order = ("stimulus", "unit", "repeat") if "repeat" in responses.dims else ("stimulus", "unit")
        values = responses.variable[{"unit": units}].transpose(*order).values.astype(np.float64, copy=False)
        covariance = _given(noise, responses, units) if isinstance(noise, xr.DataArray) else _estimated(values, noise)
        patterns = fold_means(values, folds) if values.ndim == 3 else values[None]
        refuse_missing(patterns, repeated=values.ndim == 3)
        return products([_whitened(patterns, covariance)], centre="unit", differences=True)
    return _from_observations(responses, units, folds, noise)


def _given(noise: xr.DataArray, responses: xr.DataArray, units: np.ndarray) -> np.ndarray:
    """The covariance of these units, by label."""
    labels = responses["unit"].values[units]
    if set(noise.dims) != {"unit", "unit2"} or not set(labels.tolist()) <= set(noise["unit"].values.tolist()):
        raise ValueError(
            f"noise has the dimensions unit and unit2, with the labels of all {len(units)} units; this one has "
            f"{dict(noise.sizes)}: make it by noise_covariance"
        )
    square = noise.transpose("unit", "unit2")
    if not all(np.array_equal(square[dim].values, labels) for dim in square.dims):
        square = square.sel(unit=labels, unit2=labels)
    return square.values.astype(np.float64, copy=False)


def _estimated(values: np.ndarray, noise: str) -> np.ndarray:
    rows, freedom = residuals(values)
    if noise == "full" and freedom < rows.shape[1]:
        raise ValueError(
            f"the full noise covariance of {rows.shape[1]} units can't be inverted: there are {freedom} degrees of "
            'freedom; choose noise="ledoit-wolf", or "diagonal"'
        )
    target, weight, _ = shrunk(rows, freedom, noise)
    return np.diag(target) + weight * rows.T @ rows


def _whitened(patterns: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Patterns (fold, stimulus, unit) times the inverse of the covariance's factor."""
    try:
        factor = np.linalg.cholesky(covariance)
    except np.linalg.LinAlgError as error:
        raise ValueError(
            "this noise covariance is not positive definite, so it has no inverse: shrink it, by "
            'noise_covariance(…, method="ledoit-wolf")'
        ) from error
    flat = linalg.solve_triangular(factor, patterns.reshape(-1, len(factor)).T, lower=True, check_finite=False)
    return flat.T.reshape(patterns.shape)


def _from_observations(responses: xr.DataArray, units: np.ndarray, folds: np.ndarray | None, noise: str) -> Products:
    """By the products of observations: units may be many, and lie on disk."""
    standardised, share = NOISES[noise]
    gram, stimulus, repeat, fourth = _observation_products(responses, units, standardised=standardised)
    stimuli, count = responses.sizes["stimulus"], len(stimulus)
    freedom = count - len(np.unique(stimulus))
    averaging = _means(stimulus, np.arange(count), (stimuli, count))
    across = gram - (averaging @ gram)[stimulus]  # C G
    among = across - (across @ averaging.T)[:, stimulus]  # C G Cᵀ
    length = np.diagonal(among)
    seen = Observed(
        count, freedom, len(units), *map(float, (length.sum(), (among**2).sum(), (length**2).sum(), fourth))
    )
    shrinkage = share(seen)
    target = shrinkage * (1.0 if standardised else seen.trace / freedom / len(units))
    weight = (1 - shrinkage) / freedom
    if target <= 0:
        raise ValueError(
            f'{noise} does not shrink here, and {len(units)} units have no full covariance: choose "diagonal"'
        )
    kernel = gram
    if weight > 0:
        among[np.diag_indices(count)] += target / weight
        kernel = gram - across.T @ np.linalg.solve(among, across)
    kernel = kernel / target
    if folds is None:
        return Products(averaging @ kernel @ averaging.T, len(units), np.zeros(stimuli), np.finfo(np.float64).eps)
    means = []
    for fold in np.unique(folds):
        inside = folds[repeat] == fold
        number = np.bincount(stimulus[inside], minlength=stimuli)
        if not number.all():
            raise ValueError(
                f"{int((number == 0).sum())} stimuli have no repeat in fold {fold}: choose fewer folds, so that each "
                "holds a repeat of every stimulus"
            )
        means.append(_means(stimulus[inside], np.flatnonzero(inside), (stimuli, count)))
    together = sum(means[1:], means[0])
    inner = together @ kernel @ together.T - sum(mean @ kernel @ mean.T for mean in means)
    inner /= len(means) * (len(means) - 1)
    return Products(inner, len(units), np.zeros(stimuli), np.finfo(np.float64).eps)


def _means(stimulus: np.ndarray, observation: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    """What makes means of stimuli (stimulus, observation) of their observations."""
    number = np.bincount(stimulus, minlength=shape[0])
    return sparse.csr_array((1 / number[stimulus], (stimulus, observation)), shape=shape)


def _observation_products(
    responses: xr.DataArray, units: np.ndarray, *, standardised: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Products of observations, the stimulus and the repeat of each, and the sum of their residuals' fourth powers."""
    gram, fourth, there = np.zeros(1), 0.0, None
    for values in _chunks(responses, units):
        present = np.isfinite(values)
        here = present.any(axis=1)
        if (present != here[:, None]).any() or (there is not None and not np.array_equal(there, here)):
            raise ValueError(
                f"units miss different repeats, and the noise covariance of {len(units)} units is too large to be made "
                'as a matrix: choose noise="diagonal", or fewer units'
            )
        there = here
        rows, freedom = residuals(values)
        observed = values.transpose(0, 2, 1)[here] - np.nanmean(values, axis=(0, 2))
        if standardised:
            scale = np.sqrt((rows**2).sum(axis=0) / freedom)
            if not scale.all():
                raise ValueError(
                    f"{int((scale == 0).sum())} units do not vary between repeats, so responses can't be measured in "
                    "units of their noise; leave these units out, or use noise=None"
                )
            rows, observed = rows / scale, observed / scale
        fourth += float((rows**4).sum())
        gram = gram if gram.ndim == 2 else np.zeros((len(observed), len(observed)))
        gram += observed @ observed.T
    stimulus, repeat = np.nonzero(np.asarray(there))
    return gram, stimulus, repeat, fourth


def _chunks(responses: xr.DataArray, units: np.ndarray) -> Iterator[np.ndarray]:
    """Responses (stimulus, unit, repeat) of some units at a time, in their own precision or float64."""
    dtype = np.float32 if responses.dtype == np.float32 else np.float64
    for some in widths(responses, units):
        yield (
            responses.variable[{"unit": some}].transpose("stimulus", "unit", "repeat").values.astype(dtype, copy=False)
        )
