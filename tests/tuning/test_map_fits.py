"""Gaussians and Gabors come back as they were put in, and no map is fitted worse than by scipy."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares

from cortexcnn import tuning
from cortexcnn.tuning.map_forms import GABOR, GAUSSIAN

AT = np.linspace(-1, 1, 21)
NUMBERS = ("centre_x", "centre_y", "sigma_u", "sigma_v", "orientation", "spatial_frequency", "phase", "amplitude")


def gabor(*numbers: float, at: np.ndarray = AT) -> np.ndarray:
    """Independent of the code under test: in complex numbers."""
    x0, y0, su, sv, orientation, f, phase, amplitude = numbers
    z = ((at - x0) + 1j * (at[:, None] - y0)) * np.exp(-1j * np.deg2rad(orientation))
    wave = np.cos(2 * np.pi * f * z.imag + np.deg2rad(phase))
    return amplitude * np.exp(-((z.imag / su) ** 2 + (z.real / sv) ** 2) / 2) * wave


def made(*maps: np.ndarray, at: np.ndarray = AT) -> xr.DataArray:
    labels = {"y": at, "x": at, "unit": [f"cell{i}" for i in range(len(maps))]}
    return xr.DataArray(np.stack(maps, axis=-1), dims=("y", "x", "unit"), coords=labels)


def drawn(rng: np.random.Generator, count: int) -> list[tuple[float, ...]]:
    cells = []
    for _ in range(count):
        f = rng.uniform(0.8, 3.0)
        cells.append(
            (
                *rng.uniform(-0.3, 0.3, 2),
                *np.minimum(rng.uniform(0.25, 0.9, 2) / f, 0.45),
                rng.uniform(0, 180),
                f,
                rng.uniform(0, 360),
                rng.uniform(0.5, 5),
            )
        )
    return cells


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6))
def test_gabors_come_back(seed):
    truth = drawn(np.random.default_rng(seed), 1)[0]
    fit = tuning.fit_gabors(made(gabor(*truth))).isel(unit=0)
    assert float(fit.r_squared) > 1 - 1e-9
    found = gabor(*(float(fit[name]) for name in NUMBERS))
    np.testing.assert_allclose(found, gabor(*truth), atol=1e-3 * truth[-1])
    if truth[2] * truth[5] > 0.35:  # below, numbers stand in for each other
        wanted = dict(zip(NUMBERS, truth, strict=True))
        for name in ("orientation", "phase"):
            period = 180 if name == "orientation" else 360
            off = (float(fit[name]) - wanted.pop(name) + period / 2) % period - period / 2
            # stripes at 179.99° and 0.01° are alike, but light and dark change places
            assert abs(off) < 0.06 or (name == "phase" and min(truth[4], 180 - truth[4]) < 0.1)
        for name, value in wanted.items():
            assert float(fit[name]) == pytest.approx(value, rel=1e-3, abs=1e-3)
        assert float(fit.n_x) == pytest.approx(truth[2] * truth[5], rel=1e-3)
        assert float(fit.n_y) == pytest.approx(truth[3] * truth[5], rel=1e-3)


def test_gaussians_come_back_with_base_and_either_sign():
    rng = np.random.default_rng(0)
    cells = [(*rng.uniform(-0.3, 0.3, 2), *np.sort(rng.uniform(0.15, 0.4, 2)), rng.uniform(0, 180)) for _ in range(20)]
    maps = [(-1) ** i * gabor(x, y, a, b, angle, 0, 0, 3.0) + 0.7 for i, (x, y, a, b, angle) in enumerate(cells)]
    fit = tuning.fit_gaussians(made(*maps), base=True)
    for name, wanted in zip(
        ("centre_x", "centre_y", "sigma_minor", "sigma_major"), zip(*cells, strict=True), strict=False
    ):
        np.testing.assert_allclose(fit[name], wanted, atol=1e-3)
    off = (fit.angle.values - np.array(cells)[:, 4] + 90) % 180 - 90
    assert (np.abs(off) < 0.1).all()
    np.testing.assert_allclose(fit.base, 0.7, atol=1e-4)
    np.testing.assert_allclose(fit.amplitude, 3.0 * (-1.0) ** np.arange(20), rtol=1e-3)
    np.testing.assert_allclose(tuning.fitted_maps(fit, AT, AT).values, made(*maps).values, atol=1e-3)


@pytest.mark.parametrize("form", [GAUSSIAN, GABOR])
def test_slopes_are_those_of_finite_differences(form):
    rng = np.random.default_rng(1)
    theta = rng.uniform(-0.5, 0.5, (3, len(form.names)))
    linear = rng.normal(size=(3, form.columns))
    x, y = rng.uniform(-1, 1, (2, 30))

    def value(at):
        return np.einsum("rc,rcp->rp", linear, form.shape(at, x, y)[0])

    slopes = form.slopes(theta, *form.shape(theta, x, y), linear)
    for i in range(theta.shape[1]):
        step = 1e-6 * np.eye(theta.shape[1])[i]
        np.testing.assert_allclose(slopes[:, i], (value(theta + step) - value(theta - step)) / 2e-6, atol=1e-7)


def by_scipy(values: np.ndarray, starts: list[np.ndarray]) -> float:
    """The smallest sum of squares of fits that stay wider than .4 of a step, as ours do."""
    x, y = (part.ravel() for part in np.meshgrid(AT, AT))

    def off(p):
        z = ((x - p[0]) + 1j * (y - p[1])) * np.exp(-1j * p[4])
        envelope = np.exp(-((z.imag / p[2]) ** 2 + (z.real / p[3]) ** 2) / 2)
        wave = 2 * np.pi * p[5] * z.imag
        return envelope * (p[6] * np.cos(wave) - p[7] * np.sin(wave)) - values.ravel()

    fits = [least_squares(off, start, method="lm", max_nfev=3000) for start in starts]
    return min([2 * fit.cost for fit in fits if np.abs(fit.x[2:4]).min() > 0.04], default=np.inf)


@pytest.mark.slow
@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_no_noisy_map_is_fitted_worse_than_by_scipy_from_the_truth(noise):
    rng = np.random.default_rng(int(10 * noise))
    cells = drawn(rng, 100)
    maps = [gabor(*cell) + noise * cell[-1] * rng.standard_normal((21, 21)) for cell in cells]
    fit = tuning.fit_gabors(made(*maps))
    worse, compared = [], 0
    for i, (*place, orientation, f, phase, amplitude) in enumerate(cells):
        parts = amplitude * np.cos(np.deg2rad(phase)), amplitude * np.sin(np.deg2rad(phase))
        truth = np.array([*place, np.deg2rad(orientation), f, *parts])
        best = by_scipy(maps[i], [truth, truth * rng.uniform(0.9, 1.1, 8)])
        worse.append(float(fit.residual[i]) / best - 1)
        compared += np.isfinite(best)
    assert max(worse) < 1e-3
    assert compared >= 95


def test_flags():
    rng = np.random.default_rng(2)
    good = gabor(0, 0, 0.2, 0.3, 30, 2, 0, 1)
    maps = made(
        good,
        rng.standard_normal((21, 21)),
        gabor(0.9, 0, 0.2, 0.3, 30, 2, 0, 1),
        np.zeros((21, 21)),
        np.ones((21, 21)),
        good * np.nan,
    )
    fit = tuning.fit_gabors(maps)
    reasons = fit.reason.values.tolist()
    assert reasons[0] == ""
    assert "fit explains too little (see r_squared)" in reasons[1]
    assert "fitted field leaves the map" in reasons[2]
    assert reasons[3:] == ["never answered", "constant (held away from the rectifier)", "samples missing"]
    assert fit.valid.values.tolist() == [True, True, True, False, False, False]
    for name in fit.data_vars:
        if fit[name].dtype.kind == "f":
            assert np.isfinite(fit[name].values).tolist() == fit.valid.values.tolist()
    tiny = tuning.fit_gaussians(made(np.pad([[1.0]], 10)))
    assert "a fitted number lies at its bound" in str(tiny.reason.values[0])
    round_one = tuning.fit_gaussians(made(gabor(0, 0, 0.3, 0.3, 0, 0, 0, 1)))
    assert round_one.reason.values.tolist() == ["round (its angle means little)"]


def test_the_error_of_the_frequency_is_the_spread_over_noise():
    rng = np.random.default_rng(4)
    clean = gabor(0, 0, 0.3, 0.3, 30, 1.5, 60, 1)
    fit = tuning.fit_gabors(made(*(clean + 0.2 * rng.standard_normal((21, 21)) for _ in range(80))))
    assert float(fit.spatial_frequency_error.median()) == pytest.approx(float(fit.spatial_frequency.std()), rel=0.25)


def test_a_single_lobe_tells_no_frequency():
    rng = np.random.default_rng(5)
    noise = 0.1 * rng.standard_normal((21, 21))
    fit = tuning.fit_gabors(
        made(gabor(0, 0, 0.3, 0.3, 0, 0, 0, 1) + noise, gabor(0, 0, 0.3, 0.3, 0, 1.5, 0, 1) + noise)
    )
    assert "frequency untold (see spatial_frequency_error)" in str(fit.reason[0].values)
    assert str(fit.reason[1].values) == ""


def test_turning_the_map_turns_the_fit():
    field = gabor(0.1, -0.2, 0.2, 0.3, 20, 1.8, 50, 2)
    fit = tuning.fit_gabors(made(field, np.rot90(field, -1)))  # rows rise: np.rot90 the other way round
    assert fit.orientation.values == pytest.approx([20, 110], abs=0.01)
    assert fit.centre_x.values == pytest.approx([0.1, 0.2], abs=1e-3)
    assert fit.n_y.values == pytest.approx([0.54, 0.54], abs=1e-3)


def test_units_don_t_depend_on_their_neighbours_nor_on_scale():
    rng = np.random.default_rng(3)
    maps = [gabor(*cell) + 0.2 * rng.standard_normal((21, 21)) for cell in drawn(rng, 6)]
    together = tuning.fit_gabors(made(*maps))
    alone = [tuning.fit_gabors(made(1e6 * one)) for one in maps]
    np.testing.assert_allclose([float(one.residual[0]) / 1e12 for one in alone], together.residual, rtol=1e-6)


def test_what_is_refused():
    small = made(np.eye(3), at=np.arange(3.0))
    with pytest.raises(ValueError, match="9 positions; 9 numbers are fitted"):
        tuning.fit_gabors(small, base=True)
    with pytest.raises(ValueError, match="a fit of fit_gabors or fit_gaussians is wanted"):
        tuning.fitted_maps(xr.Dataset({"width": ("unit", [1.0])}), AT, AT)
