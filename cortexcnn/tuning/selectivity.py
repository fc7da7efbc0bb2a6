"""The indices of orientation selectivity side by side, and how much they disagree."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import xarray as xr
from scipy.stats import spearmanr

from cortexcnn.tuning.orientation import orientation_tuning

__all__ = ["INDICES", "disagreement", "selectivity_indices"]

INDICES = {
    "one_minus_circular_variance": 0.2,
    "osi_pref_orth": 0.33,
    "one_minus_orthogonal_preferred_ratio": 0.5,
    "falls_to_half": 0.5,
}
"""Indices that are larger for sharper tuning, and above which value a unit is mostly called selective."""


def selectivity_indices(responses: xr.DataArray, **options: object) -> xr.Dataset:
    """Every index of orientation selectivity, above the blank and raw.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat][, time])
        Responses to a sweep of orientation, and to a blank: without one the two baselines are the same.
    **options
        As of ``orientation_tuning``, but for the baseline.

    Returns
    -------
    Dataset (baseline, unit)
        Those of :data:`INDICES`: 1 − circular variance, (R_pref − R_orth) / (R_pref + R_orth), 1 − R_orth / R_pref, and
        whether the fitted curve falls to half of its peak (1 or 0). ``baseline`` is "blank" and "none". valid, reason.

    Raises
    ------
    ValueError
        If orientation does not vary.

    Examples
    --------
    >>> angle = np.append(np.arange(0, 180, 15.0), np.nan)
    >>> curve = np.append(2 + np.cos(2 * np.deg2rad(angle[:-1])), 1.0)
    >>> responses = xr.DataArray(curve[:, None], dims=("stimulus", "unit"), coords={"stimulus": range(13),
    ...     "unit": ["cell"], "orientation": ("stimulus", angle), "contrast": ("stimulus", [1.0] * 12 + [0.0])})
    >>> selectivity_indices(responses).osi_pref_orth.values.ravel()  # of 2 and 0 above the blank, of 3 and 1 raw
    array([1. , 0.5])
    """
    tables = []
    for baseline in ("blank", "none"):
        found = orientation_tuning(responses, baseline=baseline, **options)  # type: ignore[arg-type]
        valid = found["valid"]
        width = found["orientation_bandwidth_half_height"]
        columns = {
            "one_minus_circular_variance": found["one_minus_circular_variance"],
            "osi_pref_orth": found["osi_pref_orth"],
            "one_minus_orthogonal_preferred_ratio": 1 - found["orthogonal_preferred_ratio"],
            "falls_to_half": width.notnull().where(valid).astype(float),
            "valid": valid,
            "reason": found["reason"],
        }
        tables.append(xr.Dataset({name: column.drop_vars(_how(column)) for name, column in columns.items()}))
    return xr.concat(tables, xr.IndexVariable("baseline", ["blank", "none"]))


def disagreement(indices: xr.Dataset) -> xr.Dataset:
    """How far the indices, and their two baselines, tell different stories of the same units.

    Parameters
    ----------
    indices : Dataset (baseline, unit)
        From :func:`selectivity_indices`.

    Returns
    -------
    Dataset (pair)
        ``rank_correlation`` (Spearman) over the units that both are valid for, NaN with fewer than 3 or where one is
        constant; ``other_class``, the share of these units that one index calls selective and the other does not, by
        the thresholds of :data:`INDICES`; ``units``. A pair is named "index (baseline) / index (baseline)".

    Examples
    --------
    >>> columns = {name: (("baseline", "unit"), [[0.1, 0.4, 0.9], [0.0, 0.1, 0.6]]) for name in INDICES}
    >>> columns["valid"] = ("baseline", "unit"), [[True] * 3] * 2
    >>> found = disagreement(xr.Dataset(columns, {"baseline": ["blank", "none"], "unit": range(3)}))
    >>> found.sizes["pair"], float(found.rank_correlation.min())
    (28, 1.0)
    """
    valid = indices["valid"]
    names = [(name, str(baseline)) for baseline in indices["baseline"].values for name in INDICES]
    rows = []
    for first, second in combinations(names, 2):
        one, other = (indices[name].sel(baseline=baseline).values for name, baseline in (first, second))
        both = valid.sel(baseline=first[1]).values & valid.sel(baseline=second[1]).values
        both = both & ~np.isnan(one) & ~np.isnan(other)
        one, other = one[both], other[both]
        varied = len(one) > 2 and np.ptp(one) > 0 and np.ptp(other) > 0
        classes = (one > INDICES[first[0]]) != (other > INDICES[second[0]])
        rows.append(
            {
                "rank_correlation": float(spearmanr(one, other).statistic) if varied else np.nan,
                "other_class": float(classes.mean()) if len(one) else np.nan,
                "units": len(one),
            }
        )
    labels = [" / ".join(f"{name} ({baseline})" for name, baseline in pair) for pair in combinations(names, 2)]
    return xr.Dataset({key: ("pair", [row[key] for row in rows]) for key in rows[0]}, {"pair": labels})


def _how(column: xr.DataArray) -> list[str]:
    """What says how one curve was made."""
    return [str(name) for name in column.coords if str(name).startswith("at_") or name == "baseline"]
