"""How units vary together from repeat to repeat: the noise covariance, and dissimilarities in units of noise.

Every estimate here has the form Σ = D + w RᵀR, with D diagonal, R the residuals (observation × unit) that are left when
each stimulus' mean is taken off, and w a weight. With many units and few observations, Σ⁻¹ then needs no matrix of
units × units: X Σ⁻¹ Xᵀ follows from the products of observations with each other [1]_, which are made in one pass over
the units.

References
----------
.. [1] Woodbury (1950), Statistical Research Group, Memo. Rep. 42, Princeton University.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr

from cortexcnn.arrays import check_responses
from cortexcnn.choices import chosen

__all__ = ["NOISES", "Observed", "noise_covariance", "residuals", "shrunk"]


@dataclass(frozen=True)
class Observed:
    """Sums over residuals R (observation, unit), from which shrinkage follows.

    Parameters
    ----------
    observations, freedom, units : int
        Rows of R, its degrees of freedom, and its columns.
    trace, square : float
        Of RᵀR: the sum of its diagonal, and of all its squared entries.
    lengths : float
        Sum over rows of the fourth power of their length.
    fourth : float
        Sum of the fourth powers of all entries.
    """

    observations: int
    freedom: int
    units: int
    trace: float
    square: float
    lengths: float
    fourth: float

    @classmethod
    def of(cls, rows: np.ndarray, freedom: int) -> Observed:
        """From the residuals themselves, by the smaller of the two products."""
        product = rows.T @ rows if rows.shape[1] <= len(rows) else rows @ rows.T
        length = np.einsum("ij,ij->i", rows, rows)
        sums = length.sum(), (product**2).sum(), (length**2).sum(), (rows**4).sum()
        return cls(len(rows), freedom, rows.shape[1], *(float(value) for value in sums))


def _ledoit_wolf(seen: Observed) -> float:
    """Share of the identity that makes the expected squared error least."""
    mean = seen.trace / seen.observations / seen.units
    spread = seen.square / seen.observations**2
    noise = (seen.lengths / seen.observations - spread) / seen.observations
    distance = spread - mean**2 * seen.units
    return 1.0 if distance <= 0 else float(min(noise / distance, 1.0))


def _diagonal_shrinkage(seen: Observed) -> float:
    """Share of the diagonal: the variance of the correlations over their squares; of standardised residuals."""
    count, freedom = seen.observations, seen.freedom
    squares = (seen.square - seen.units * freedom**2) / (count - 1) ** 2
    products = (seen.lengths - seen.fourth) / (count - 1)
    return float(np.clip(count / freedom**2 * (products - squares) / squares, 0, 1)) if squares > 0 else 1.0


NOISES: dict[str, tuple[bool, Callable[[Observed], float]]] = {
    "diagonal": (True, lambda _: 1.0),
    "full": (True, lambda _: 0.0),
    "ledoit-wolf": (False, _ledoit_wolf),
    "diagonal shrinkage": (True, _diagonal_shrinkage),
}
"""Estimates of the noise covariance: whether residuals are standardised first, and how far they shrink to their target.

The target is the diagonal of the variances where residuals are standardised, else their mean times the identity.
"""


def noise_covariance(
    responses: xr.DataArray, *, method: str = "ledoit-wolf", freedom: int | None = None
) -> xr.DataArray:
    """Covariance of the noise of units, from repeats or from residuals.

    Parameters
    ----------
    responses : DataArray (stimulus, unit, repeat) or (sample, unit)
        With repeats: residuals are what is left of each when the mean of its stimulus is taken off; NaN marks
        a missing repeat, and stimuli may have different numbers of them. Without: residuals of a model, one row a
        sample; the dimension of the samples may have any name.
    method : {"ledoit-wolf", "diagonal shrinkage", "diagonal", "full"}
        "full": the sample covariance. "diagonal": its diagonal. "ledoit-wolf": shrunk towards a multiple of the
        identity [1]_. "diagonal shrinkage": shrunk towards its diagonal [2]_. Both estimate how far.
    freedom : int, optional
        Degrees of freedom, if residuals have fewer than their rows less one: a model with p regressors leaves n − p.
        Repeats have those of their number less that of the stimuli, each unit its own.

    Returns
    -------
    DataArray (unit, unit2)
        Labelled on both sides; ``rdm(…, noise=…)`` takes it. The attribute ``shrinkage`` says how far it was shrunk.

    Raises
    ------
    ValueError
        If there is no such method, a unit never varies, or there is nothing to estimate noise from.

    Notes
    -----
    Where units miss different repeats, missing residuals count as 0 and the rest are scaled to the unit's own degrees
    of freedom: variances are right, covariances a little too small.

    References
    ----------
    .. [1] Ledoit & Wolf (2004), J. Multivar. Anal. 88, 365-411.
    .. [2] Schäfer & Strimmer (2005), Stat. Appl. Genet. Mol. Biol. 4, 32.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = rng.normal(size=(50, 3, 8)) * np.array([1.0, 2.0, 3.0])[:, None]
    >>> responses = xr.DataArray(noise, {"stimulus": range(50), "unit": list("abc")}, ("stimulus", "unit", "repeat"))
    >>> np.diag(noise_covariance(responses, method="full")).round()
    array([1., 4., 9.])
    """
    chosen(NOISES, method, what="noise covariance")
    if "unit" not in responses.dims or len(set(responses.dims) - {"unit"}) not in {1, 2}:
        raise ValueError(
            f"responses (stimulus, unit, repeat) or residuals (sample, unit) are wanted; these have {responses.dims}"
        )
    if "repeat" in responses.dims:
        values = check_responses(responses).transpose("stimulus", "unit", "repeat").values.astype(np.float64)
        rows, freedom = residuals(values)
    else:
        rows = responses.transpose(..., "unit").values.astype(np.float64)
        rows = rows - rows.mean(axis=0)
        freedom = len(rows) - 1 if freedom is None else freedom
    if freedom < 1 or not np.isfinite(rows).all():
        raise ValueError(f"{len(rows)} residuals with {freedom} degrees of freedom, all of them finite, make no noise")
    target, weight, shrinkage = shrunk(rows, freedom, method)
    labels = responses["unit"].values
    coords = {name: coord for name, coord in responses.coords.items() if coord.dims == ("unit",)}
    coords["unit2"] = ("unit2", labels)
    covariance = np.diag(target) + weight * rows.T @ rows
    told = {"method": method, "shrinkage": shrinkage, "degrees_of_freedom": freedom}
    return xr.DataArray(covariance, coords, ("unit", "unit2"), "noise_covariance", told)


def shrunk(rows: np.ndarray, freedom: int, method: str) -> tuple[np.ndarray, float, float]:
    """The diagonal D, the weight w and the shrinkage of Σ = D + w RᵀR.

    Parameters
    ----------
    rows : ndarray (observation, unit)
        Residuals.
    freedom : int
        Their degrees of freedom.
    method : str
        One of ``NOISES``.

    Returns
    -------
    target : ndarray (unit)
    weight, shrinkage : float
    """
    standardised, share = NOISES[method]
    variance = (rows**2).sum(axis=0) / freedom
    _refuse_still(variance)
    scale = np.sqrt(variance) if standardised else np.ones_like(variance)
    target = variance if standardised else np.full_like(variance, variance.mean())
    shrinkage = share(Observed.of(rows / scale, freedom))
    return shrinkage * target, (1 - shrinkage) / freedom, shrinkage


def residuals(values: np.ndarray) -> tuple[np.ndarray, int]:
    """What repeats are beyond the mean of their stimulus.

    Parameters
    ----------
    values : ndarray (stimulus, unit, repeat)
        NaN marks a missing repeat.

    Returns
    -------
    rows : ndarray (observation, unit)
        0 where a unit misses the repeat, the others scaled to the unit's own degrees of freedom.
    freedom : int
        Observations less stimuli, of the unit that has most.
    """
    present = ~np.isnan(values)
    count = present.sum(axis=2, keepdims=True)
    filled = np.where(present, values, 0.0)
    deviation = np.where(present, filled - filled.sum(axis=2, keepdims=True) / np.maximum(count, 1), 0.0)
    freedom = np.maximum(count - 1, 0).sum(axis=(0, 2))
    if not freedom.all():
        raise ValueError(
            f"{int((freedom == 0).sum())} units have no stimulus with 2 repeats, so their noise is not known: "
            "leave them out, or give noise=None"
        )
    most = int(freedom.max())
    deviation *= np.sqrt(most / freedom)[:, None]
    rows = deviation.transpose(0, 2, 1).reshape(-1, values.shape[1])
    return rows[present.any(axis=1).ravel()], most


def _refuse_still(variance: np.ndarray) -> None:
    """Refuse units that never vary: nothing can be measured in units of their noise."""
    if not (variance > 0).all():
        raise ValueError(
            f"{int((variance <= 0).sum())} units do not vary between repeats, so responses can't be measured in units "
            "of their noise; leave these units out, or use noise=None"
        )
