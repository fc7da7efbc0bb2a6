"""The batched fitter against scipy's, one unit at a time."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from scipy.optimize import OptimizeWarning, curve_fit

from cortexcnn.tuning.forms import FORMS
from cortexcnn.tuning.solver import fit_batch

ANGLES = np.arange(0, 180, 15.0)
DIRECTIONS = np.arange(0, 360, 22.5)
OCTAVES = np.arange(-2, 4, 0.5)


def von_mises(x, position, width, amplitude, base):
    return base + amplitude * np.exp(width * (np.cos(2 * np.deg2rad(x - position)) - 1))


def gabor(x, position, width, amplitude, base):
    return base + amplitude * np.exp(width * (np.abs(np.cos(np.deg2rad(x - position))) - 1))


def gaussian(x, position, width, amplitude, base):
    return base + amplitude * np.exp(-0.5 * ((x - position) / width) ** 2)


def relative(x, position, width, amplitude, base):
    return base + amplitude * np.exp(-0.5 * ((2.0 ** (x - position) - 1) / width) ** 2)


def two_lobes(x, position, width, amplitude, *others):
    opposite, base = others
    there, back = (np.exp(width * (np.cos(np.deg2rad(x - at)) - 1)) for at in (position, position + 180))
    return base + amplitude * there + opposite * back


CASES = {
    "von mises": (von_mises, ANGLES, (0, 180), (0.3, 10)),
    "gabor": (gabor, ANGLES, (0, 180), (2, 40)),
    "log gaussian": (gaussian, OCTAVES, (-1, 3), (0.4, 1.5)),
    "gaussian": (relative, OCTAVES, (-1, 3), (0.2, 0.5)),
    "double von mises": (two_lobes, DIRECTIONS, (0, 360), (0.5, 8)),
}


def made(name, units, noise, rng):
    function, x, where, width = CASES[name]
    position, scale = rng.uniform(*where, units), np.exp(rng.uniform(*np.log(width), units))
    lobes = [rng.uniform(2, 30, units)]
    if name == "double von mises":
        lobes.append(lobes[0] * rng.uniform(0, 0.95, units))
    truth = (position, scale, *lobes, rng.uniform(0, 10, units))
    clean = function(x[:, None], *truth)
    return x, truth, clean + noise * np.sqrt(clean) * rng.standard_normal(clean.shape)


@pytest.mark.parametrize("name", CASES)
def test_clean_curves_give_back_what_was_put_in(name):
    x, (position, width, *lobes, base), y = made(name, 300, 0, np.random.default_rng(1))
    fit = fit_batch(x, y, name)
    period = FORMS[name].period
    apart = fit.position - position
    apart = apart if np.isinf(period) else (apart + period / 2) % period - period / 2
    assert np.abs(apart).max() < 1e-3 * (1 if np.isinf(period) else 90)
    np.testing.assert_allclose(fit.width, width, rtol=1e-3)
    np.testing.assert_allclose(fit.amplitude, lobes, rtol=1e-2, atol=1e-3)
    np.testing.assert_allclose(fit.base, base, atol=0.02)
    assert fit.converged.all()


@pytest.mark.slow
@pytest.mark.parametrize("bounded", [True, False])
@pytest.mark.parametrize("noise", [0.2, 1.0])
@pytest.mark.parametrize("name", CASES)
def test_no_unit_is_fitted_worse_than_by_scipy(name, noise, bounded):
    function, x, *_ = CASES[name]
    x, _, y = made(name, 60, noise, np.random.default_rng(2))
    (low, high), (narrow, wide) = FORMS[name].limits(x) if bounded else ((-np.inf, np.inf), (1e-6, 1e6))
    lobes = FORMS[name].columns
    fit = fit_batch(x, y, name, bounds=((low, high), (narrow, wide)))
    box = ([low, narrow, *[0] * lobes, -np.inf], [high, wide, *[np.inf] * lobes, np.inf])
    worse = []
    for unit, column in enumerate(y.T):
        width = np.clip(2.0 if np.isfinite(FORMS[name].period) else 1.0, narrow, wide)
        start = [x[column.argmax()], width, *[np.ptp(column)] * lobes, column.min()]
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", (OptimizeWarning, RuntimeWarning))
                found, _ = curve_fit(function, x, column, start, **({"bounds": box} if bounded else {}))
        except RuntimeError:  # scipy found nothing
            continue
        if not bounded and (found[1:-1] < 0).any():  # a trough, or a form turned inside out: no peak
            continue
        theirs = ((function(x, *found) - column) ** 2).sum()
        if fit.residual[unit] > 1.001 * theirs + 1e-9 * fit.total[unit]:
            worse.append((unit, fit.residual[unit], theirs))
    assert not worse


@pytest.mark.parametrize("name", ["von mises", "log gaussian", "double von mises"])
def test_a_missing_sample_is_the_same_as_a_sample_left_out(name):
    x, _, y = made(name, 50, 0.2, np.random.default_rng(3))
    holes = y.copy()
    holes[4] = np.nan
    limits = FORMS[name].limits(x)
    with_hole = fit_batch(x, holes, name, bounds=limits)
    without = fit_batch(np.delete(x, 4), np.delete(y, 4, axis=0), name, bounds=limits)
    np.testing.assert_allclose(with_hole.residual, without.residual, rtol=2e-3)
    np.testing.assert_allclose(with_hole.total, without.total)


def test_weights_are_as_repeated_samples():
    x, _, y = made("von mises", 50, 0.2, np.random.default_rng(4))
    weights = np.where(np.arange(12) % 2, 1.0, 2.0)[:, None]
    rows = np.repeat(np.arange(12), weights[:, 0].astype(int))
    limits = FORMS["von mises"].limits(x)
    weighted = fit_batch(x, y, "von mises", weights=weights, bounds=limits)
    repeated = fit_batch(x[rows], y[rows], "von mises", bounds=limits)
    np.testing.assert_allclose(weighted.residual, repeated.residual, rtol=1e-3)
    np.testing.assert_allclose(weighted.total, repeated.total)


def test_bounds_are_kept():
    x, _, y = made("von mises", 200, 0.5, np.random.default_rng(5))
    fit = fit_batch(x, y, "von mises", bounds=((40, 80), (0.5, 3)))
    assert ((fit.position >= 40) & (fit.position <= 80)).all()
    assert ((fit.width >= 0.5 - 1e-9) & (fit.width <= 3 + 1e-9)).all()
    assert (fit.amplitude >= 0).all()


def test_a_fit_without_base_has_none():
    x, _, y = made("log gaussian", 20, 0.1, np.random.default_rng(6))
    assert (fit_batch(x, y, "log gaussian", base=False).base == 0).all()


def test_what_can_not_be_fitted_is_nan():
    y = np.stack([np.full(12, 3.0), np.full(12, np.nan), np.where(np.arange(12) < 4, np.arange(12.0), np.nan)], axis=1)
    fit = fit_batch(ANGLES, y, "von mises")
    assert np.isnan(fit.position).all()
    assert np.isnan(fit.residual).all()
    assert not fit.converged.any()
    assert fit_batch(ANGLES, np.empty((12, 0)), "von mises").position.shape == (0,)


def test_one_unit_is_fitted_as_among_many():
    x, _, y = made("gabor", 40, 0.3, np.random.default_rng(7))
    together = fit_batch(x, y, "gabor")
    alone = [fit_batch(x, y[:, [unit]], "gabor").residual[0] for unit in range(40)]
    np.testing.assert_allclose(together.residual, alone, rtol=1e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"form": "vonmises"}, "Did you mean 'von mises'"),
        ({"form": "von mises", "bounds": ((0, 90), (3, 1))}, "each pair rising"),
        ({"form": "von mises", "weights": -np.ones((12, 1))}, "weights are 0 or more"),
    ],
)
def test_bad_input_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fit_batch(ANGLES, np.ones((12, 1)), **options)
    with pytest.raises(ValueError, match=r"got \(3, 1\)"):
        fit_batch(ANGLES, np.ones((3, 1)), "gabor")
