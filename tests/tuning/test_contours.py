"""Angles and arcs: handmade cells with known answers, laws, neurons with repeats, and bad input."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from cortexcnn.recording import spikes
from cortexcnn.tuning import angle_tuning, curvature_tuning, interval

DIRECTIONS, OPENINGS = np.arange(0, 360, 30.0), np.arange(0, 181, 30.0)
CURVATURES = np.array([0.0, 0.4, 0.8, 1.2, 1.6])


def shown(values, names, places, blank=0.0):
    """Responses (unit columns) at places, and a blank."""
    values = np.vstack(
        [np.asarray(values, float).reshape(len(places), -1), np.full((1, np.size(values) // len(places)), blank)]
    )
    columns = np.vstack([places, [np.nan] * 2]).T
    coords = {name: ("stimulus", column) for name, column in zip(names, columns, strict=True)}
    coords |= {"contrast": ("stimulus", np.append(np.ones(len(places)), 0)), "stimulus": np.arange(len(values))}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords={**coords, "unit": np.arange(values.shape[1])})


def angles(answer, openings=OPENINGS, blank=0.0):
    """What a cell gives to half-lines: ``answer(first, second)``, the second NaN where there is one alone."""
    places = np.array(list(product(DIRECTIONS, openings)))
    first, second = places[:, 0], np.where(places[:, 1] > 0, places.sum(1) % 360, np.nan)
    return shown(
        np.array([answer(*pair) for pair in zip(first, second, strict=True)]), ("direction", "opening"), places, blank
    )


def arcs(*cells, base=1.0):
    """Cells of (direction, curvature, concentration, width), 5 above their base at most."""
    places = np.array(list(product(DIRECTIONS, CURVATURES)))
    direction, curvature = np.deg2rad(places[:, :1]), places[:, 1:]
    d, c, k, s = np.array(cells).T
    bumps = np.exp(k * (np.cos(direction - np.deg2rad(d)) - 1) - ((curvature - c) / s) ** 2 / 2)
    return shown(base + 5 * bumps, ("direction", "curvature"), places)


def of(found):
    return {name: found[name].item() for name in found.data_vars}


def test_a_cell_of_one_corner():
    found = of(angle_tuning(angles(lambda a, b: 10.0 * ((a, b) == (60, 150)))))
    assert (found["best_angle"], found["best_direction"], found["maximum"]) == (90, 105, 10)
    assert found["peak_area"] == pytest.approx(1 / 66)  # 66 angles: 12 directions × 5 openings, and 6 straight lines
    assert (found["half_line_ratio"], found["straight_ratio"]) == (0, 0)
    assert np.isnan(found["bilateral_asymmetry"])  # it answers to no other angle
    assert found["valid"]


def test_a_cell_of_one_half_line_answers_to_all_angles_that_have_it():
    found = of(angle_tuning(angles(lambda a, b: 4.0 * (60 in (a, b)) + (150 in (a, b)) * (60 in (a, b)))))
    assert (found["best_angle"], found["best_direction"]) == (90, 105)
    assert found["bilateral_asymmetry"] == 1
    assert found["half_line_ratio"] == found["straight_ratio"] == pytest.approx(4 / 5)
    assert found["peak_area"] == pytest.approx(11 / 66)


@given(st.integers(0, 11), st.integers(1, 5), st.floats(0.5, 3), st.floats(0.5, 3))
def test_a_sum_of_two_half_lines_is_as_lopsided_as_its_weights(turn, steps, one, other):
    first, second = 30.0 * turn, (30.0 * turn + 30 * steps) % 360
    found = of(angle_tuning(angles(lambda a, b: one * (first in (a, b)) + other * (second in (a, b)))))
    assert found["best_angle"] == 30 * steps
    assert found["best_direction"] == pytest.approx((first + 15 * steps) % 360)
    assert found["bilateral_asymmetry"] == pytest.approx(abs(one - other) / (one + other))
    assert found["half_line_ratio"] == pytest.approx(max(one, other) / (one + other))


def test_a_straight_line_counts_once_whichever_half_comes_first():
    both = angle_tuning(angles(lambda a, b: 2.0 + {a, b}.issubset({30.0, 210.0})))
    rows = both.maximum.item(), both.best_angle.item(), both.best_direction.item() % 180
    assert rows == (3, 180, 120)
    once = angles(lambda a, b: 2.0 + {a, b}.issubset({30.0, 210.0}))
    keep = ~((once.opening.values == 180) & (once.direction.values >= 180))
    once = angle_tuning(once.isel(stimulus=np.flatnonzero(keep)))
    for name in ("peak_area", "bilateral_asymmetry", "straight_ratio", "best_angle"):
        assert once[name].item() == pytest.approx(both[name].item()), name


def test_what_was_not_shown_has_no_ratio_and_silent_cells_say_so():
    found = angle_tuning(angles(lambda a, b: [a / 30 + b / 90, 0, 2, -1], openings=[30.0, 60.0], blank=2.0))
    assert found.reason.values[1:].tolist() == ["never answered", "never above the blank", "never answered"]
    assert np.isnan(found.half_line_ratio.values).all()
    assert np.isnan(found.straight_ratio.values).all()
    assert found.best_angle.notnull().values.tolist() == [True, False, False, False]


@given(st.floats(0, 359), st.floats(0.1, 1.5), st.floats(1, 8), st.floats(0.25, 0.6))
def test_tuning_to_arcs_comes_back(direction, curvature, concentration, width):
    found = of(curvature_tuning(arcs((direction, curvature, concentration, width))))
    assert (found["preferred_direction"] - direction + 180) % 360 - 180 == pytest.approx(0, abs=1e-3)
    assert found["preferred_curvature"] == pytest.approx(curvature, abs=1e-4)
    assert found["direction_bandwidth"] == pytest.approx(np.rad2deg(np.arccos(1 - np.log(2) / concentration)), abs=1e-2)
    assert found["curvature_bandwidth"] == pytest.approx(2.35482 * width, abs=1e-3)
    assert (found["amplitude"], found["base"]) == pytest.approx((5, 1), abs=1e-3)
    assert found["r_squared"] == pytest.approx(1)


def test_no_noisy_cell_is_fitted_worse_than_by_scipy_from_the_truth():
    rng = np.random.default_rng(0)
    cells = np.column_stack(
        [rng.uniform(0, 360, 40), rng.uniform(0.2, 1.4, 40), rng.uniform(1, 6, 40), rng.uniform(0.25, 0.6, 40)]
    )
    table = arcs(*cells)
    table = table + rng.normal(0, 0.4, table.shape) * (table.contrast.values > 0)[:, None]
    found = curvature_tuning(table, baseline="none", rectify=False)
    at = np.stack([np.deg2rad(table.direction.values), table.curvature.values])[:, :-1]

    def bump(at, *numbers):
        d, c, k, s, a, b = numbers
        return b + a * np.exp(np.exp(k) * (np.cos(at[0] - d) - 1) - ((at[1] - c) / np.exp(s)) ** 2 / 2)

    for unit, (d, c, k, s) in enumerate(cells):
        values = table.values[:-1, unit]
        low, high = [-10, 0, np.log(0.05), np.log(0.17), -99, -99], [10, 1.6, np.log(20), np.log(8), 99, 99]
        start = [np.deg2rad(d), c, np.log(k), np.log(s), 5, 1]
        best, _ = curve_fit(bump, at, values, start, bounds=(low, high))
        left = ((values - bump(at, *best)) ** 2).sum()
        ours = (1 - found.r_squared.values[unit]) * values.var() * values.size
        assert ours <= left * (1 + 1e-6)


def test_a_cell_that_prefers_straight_lines_says_that_it_lies_at_the_end():
    found = curvature_tuning(arcs((90, -0.5, 2, 0.5), (90, 0.8, 0.2, 0.4)))
    assert found.preferred_curvature.values[0] == pytest.approx(0)
    assert found.reason.values[0] == "a fitted number lies at its bound"
    assert found.reason.values[1] == "no direction_bandwidth (no fitted curve falls so far)"
    assert found.straight_ratio.values[0] == 1
    assert np.isnan(found.direction_bandwidth.values[1])  # κ = .2 never falls to half


def test_a_peak_is_no_narrower_than_can_be_seen():
    lone = arcs((120, 0.8, 500, 0.01))  # answers to one arc alone
    found = of(curvature_tuning(lone))
    assert found["reason"] == "a fitted number lies at its bound"
    assert found["direction_bandwidth"] == pytest.approx(15)
    assert found["curvature_bandwidth"] == pytest.approx(0.4)
    assert (found["preferred_direction"], found["preferred_curvature"]) == pytest.approx((120, 0.8))


def test_repeats_give_intervals_that_hold_the_truth():
    bent = spikes(arcs(*[(120, 0.7, 2, 0.4)] * 60) * 5, scale="none", repeats=20, rng=0)
    bounds = interval(curvature_tuning, bent, draws=40, rng=0)
    corner = angles(lambda a, b: np.full(60, 9.0 * (60 in (a, b)) + 5.0 * (150 in (a, b)) + 3))
    told = interval(angle_tuning, spikes(corner, scale="none", repeats=50, rng=0), draws=40, rng=0)
    truths = {"preferred_direction": 120, "preferred_curvature": 0.7, "amplitude": 25, "best_direction": 105}
    truths["bilateral_asymmetry"] = 4 / 20
    for name, truth in truths.items():
        low, high = (bounds if name in bounds else told)[name].values
        assert 0.85 < ((low <= truth) & (truth <= high)).mean() <= 1, name


@settings(max_examples=20)
@given(st.integers(0, 99))
def test_order_and_scale_change_nothing(seed):
    rng = np.random.default_rng(seed)
    corner = angles(lambda *_: rng.gamma(2, 5, 3))
    order = rng.permutation(corner.sizes["stimulus"])
    xr.testing.assert_allclose(angle_tuning(corner), angle_tuning(corner.isel(stimulus=order)))
    for name in ("bilateral_asymmetry", "peak_area", "straight_ratio"):
        np.testing.assert_allclose(angle_tuning(corner)[name], angle_tuning(3 * corner)[name])


def test_what_is_no_set_of_angles_or_arcs_is_refused():
    corner, bent = angles(lambda a, b: np.nan_to_num(a + b)), arcs((90, 0.5, 2, 0.4))
    with pytest.raises(ValueError, match="opening"):
        angle_tuning(bent)
    twice = corner.isel(stimulus=[*range(10), 9]).assign_coords(stimulus=range(11))
    with pytest.raises(ValueError, match="direction 30 and opening 60 were shown more than once: choose one length"):
        angle_tuning(twice)
    with pytest.raises(ValueError, match="0 angle of an opening above 0"):
        angle_tuning(corner.isel(stimulus=np.flatnonzero(corner.opening.values == 0)))
    with pytest.raises(
        ValueError, match="5 arcs of 1 directions and 5 curvatures: show more than seven, of several each"
    ):
        curvature_tuning(bent.isel(stimulus=slice(5)))
    with pytest.raises(ValueError, match="12 arcs of 12 directions and 1 curvatures"):
        curvature_tuning(bent.isel(stimulus=np.flatnonzero(bent.curvature.values == 0.4)))
