"""Selectivity side by side: each index is its own function's, and they disagree where they must."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.tuning import INDICES, disagreement, orientation_tuning, selectivity_indices

ANGLES = np.arange(0, 180, 15.0)


def cells(curves, blank):
    values = np.concatenate([np.asarray(curves, float).T, np.reshape(blank, (1, -1)).astype(float)])
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={
            "stimulus": np.arange(len(values)),
            "unit": np.arange(values.shape[1]),
            "orientation": ("stimulus", np.append(ANGLES, np.nan)),
            "contrast": ("stimulus", np.append(np.ones(len(ANGLES)), 0.0)),
        },
    )


def population(units=80):
    rng = np.random.default_rng(0)
    kappa, base, floor = rng.uniform(0.2, 6, units), rng.uniform(0, 20, units), rng.uniform(0, 5, units)
    shape = np.exp(kappa[:, None] * (np.cos(2 * np.deg2rad(ANGLES - rng.uniform(0, 180, (units, 1)))) - 1))
    return cells(20 * shape + base[:, None] + floor[:, None], floor)


def test_each_index_is_what_its_own_function_gives():
    table = population()
    found = selectivity_indices(table)
    for baseline in ("blank", "none"):
        alone, here = orientation_tuning(table, baseline=baseline), found.sel(baseline=baseline)
        np.testing.assert_allclose(here["osi_pref_orth"], alone["osi_pref_orth"])
        np.testing.assert_allclose(here["one_minus_circular_variance"], 1 - alone["circular_variance"])
        np.testing.assert_allclose(
            here["one_minus_orthogonal_preferred_ratio"], 1 - alone["orthogonal_preferred_ratio"]
        )
    assert (found["osi_pref_orth"].sel(baseline="none") <= found["osi_pref_orth"].sel(baseline="blank") + 1e-9).all()


def test_indices_of_one_family_agree_and_baselines_do_not():
    found = disagreement(selectivity_indices(population()))
    by = dict(zip(found["pair"].values.tolist(), found["rank_correlation"].values, strict=True))
    same = by["osi_pref_orth (blank) / one_minus_orthogonal_preferred_ratio (blank)"]
    assert same == pytest.approx(1)  # one is a function of the other
    across = by["one_minus_circular_variance (blank) / one_minus_circular_variance (none)"]
    assert 0.5 < across < 0.999
    classes = dict(zip(found["pair"].values.tolist(), found["other_class"].values, strict=True))
    assert classes["osi_pref_orth (blank) / osi_pref_orth (none)"] > 0.05
    assert len(by) == len(INDICES) * (2 * len(INDICES) - 1)


def test_units_that_say_nothing_are_left_out_and_too_few_give_none():
    table = cells([np.zeros(12), 5 + np.cos(2 * np.deg2rad(ANGLES))], [0, 1])
    indices = selectivity_indices(table)
    assert indices["valid"].values.tolist() == [[False, True], [False, True]]
    found = disagreement(indices)
    assert (found["units"] == 1).all()
    assert found["rank_correlation"].isnull().all()


def test_without_a_blank_there_is_nothing_to_subtract():
    found = selectivity_indices(population().isel(stimulus=slice(0, 12)))
    np.testing.assert_array_equal(
        found["osi_pref_orth"].sel(baseline="blank"), found["osi_pref_orth"].sel(baseline="none")
    )
    with pytest.raises(ValueError, match="orientation"):
        selectivity_indices(population().drop_vars("orientation"))
