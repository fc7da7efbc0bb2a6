"""Contrast responses: what was put in comes out, beside scipy, under the laws that must hold, with reasons."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit

from cortexcnn import tuning

CONTRAST = np.array([0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.0])


def naka_rushton(c: np.ndarray, half: float, n: float, top: float, base: float = 0.0) -> np.ndarray:
    return top * c**n / (c**n + half**n) + base


def responses(
    cells: np.ndarray, blank: float | np.ndarray | None = None, contrast: np.ndarray = CONTRAST
) -> xr.DataArray:
    shown = contrast if blank is None else np.append(contrast, 0)
    if blank is not None:
        cells = np.concatenate([cells, np.broadcast_to(blank, (1, cells.shape[1]))])
    labels = {"stimulus": range(len(shown)), "unit": range(cells.shape[1])}
    return xr.DataArray(cells, dims=("stimulus", "unit"), coords={**labels, "contrast": ("stimulus", shown)})


def test_a_step_at_one_of_the_samples_is_no_trap():
    generator = np.random.default_rng(0)
    half, n = generator.uniform(0.06, 0.6, 20000), generator.uniform(1, 5, 20000)
    cells = naka_rushton(CONTRAST[:, None], half, n, 1)
    fit = tuning.fit_curves(xr.DataArray(cells, dims=("contrast", "unit"), coords={"contrast": CONTRAST}), base=False)
    np.testing.assert_allclose(fit.position, half, rtol=1e-3)


@settings(deadline=None)
@given(st.floats(0.06, 0.6), st.floats(1, 5), st.floats(1, 100), st.floats(0, 20))
def test_what_was_put_in_comes_out(half: float, n: float, top: float, blank: float):
    cell = naka_rushton(CONTRAST, half, n, top, blank)[:, None]
    found = tuning.contrast_tuning(responses(cell, blank)).isel(unit=0)
    assert float(found.semi_saturation_contrast) == pytest.approx(half, rel=1e-3)
    assert float(found.exponent) == pytest.approx(n, rel=1e-3)
    assert float(found.maximum) == pytest.approx(top, rel=1e-3)
    assert float(found.r_squared) > 1 - 1e-6
    raw = tuning.contrast_tuning(responses(cell, blank), baseline="none").isel(unit=0)
    assert float(raw.semi_saturation_contrast) == pytest.approx(half, rel=0.01)
    assert float(raw.maximum) == pytest.approx(top + blank, rel=0.01)
    assert float(raw.base) == pytest.approx(blank, abs=0.01 * top)


@pytest.mark.parametrize("base", [False, True])
def test_no_unit_is_fitted_worse_than_by_scipy(base: bool):
    generator = np.random.default_rng(int(base))
    half, n, top = 2 ** generator.uniform(-4.5, 1, 300), generator.uniform(0.7, 6, 300), generator.uniform(5, 60, 300)
    cells = naka_rushton(CONTRAST[:, None], half, n, top, generator.uniform(0, 5, 300) * base)
    cells += generator.normal(size=cells.shape) * generator.uniform(0, 0.15, 300) * top
    coords = {"contrast": CONTRAST}
    fit = tuning.fit_curves(xr.DataArray(cells, dims=("contrast", "unit"), coords=coords), base=base)
    box = ([CONTRAST[0] / 4, 0.1, 0] + [-np.inf] * base, [CONTRAST[-1] * 16, 30, np.inf] + [np.inf] * base)
    theirs = []
    for unit in range(300):
        start = [0.2, 2, cells[:, unit].max()] + [0.0] * base
        best, _ = curve_fit(naka_rushton, CONTRAST, cells[:, unit], start, bounds=box, maxfev=20000)
        theirs.append(((naka_rushton(CONTRAST, *best) - cells[:, unit]) ** 2).sum())
    ours, scipys = fit.residual.values, np.array(theirs)
    worse, better = (first > 1.001 * second + 1e-9 for first, second in ((ours, scipys), (scipys, ours)))
    assert worse.mean() < 0.01  # nearly straight curves that never saturate have a long flat valley
    assert worse.mean() < better.mean()


def test_divisive_normalisation_gives_its_own_numbers():
    """A unit divided by the pooled contrast energy has the semi-saturation and exponent of the division."""
    drive = np.array([[20.0, 45.0]])
    cells = drive * CONTRAST[:, None] ** 2.4 / (CONTRAST[:, None] ** 2.4 + 0.25**2.4)
    found = tuning.contrast_tuning(responses(cells, 0.0))
    np.testing.assert_allclose(found.semi_saturation_contrast, 0.25, rtol=1e-3)
    np.testing.assert_allclose(found.exponent, 2.4, rtol=1e-3)
    np.testing.assert_allclose(found.maximum, drive[0], rtol=1e-3)


@settings(deadline=None)
@given(st.floats(0.01, 1000), st.permutations(range(7)))
def test_scale_and_order_are_nothing_but_scale_and_order(factor: float, order: list[int]):
    cell = naka_rushton(CONTRAST, 0.2, 2.5, 30) + np.sin(np.arange(7))
    first = tuning.contrast_tuning(responses(cell[:, None])).isel(unit=0)
    shuffled = responses(factor * cell[order, None], contrast=CONTRAST[order])
    second = tuning.contrast_tuning(shuffled).isel(unit=0)
    for name in ("semi_saturation_contrast", "exponent", "r_squared"):
        assert float(second[name]) == pytest.approx(float(first[name]), rel=1e-4)
    assert float(second.maximum) == pytest.approx(factor * float(first.maximum), rel=1e-4)


def test_reasons_are_given():
    cells = np.stack(
        [
            naka_rushton(CONTRAST, 0.2, 2, 30),
            naka_rushton(CONTRAST, 5, 1.5, 300),
            naka_rushton(CONTRAST, 0.004, 2, 30),
            naka_rushton(CONTRAST, 0.2, 3, 30) * (1 - 0.4 * CONTRAST),
            np.zeros(7),
            np.full(7, 3.0),
        ],
        axis=1,
    )
    found = tuning.contrast_tuning(responses(cells, 0.0))
    assert found.reason.values.tolist() == [
        "",
        "does not saturate (semi-saturation is a bound)",
        "saturated throughout (semi-saturation is a bound)",
        "falls at high contrast (supersaturation)",
        "never answered",
        "constant (held away from the rectifier)",
    ]
    assert found.semi_saturation_contrast.values[1] == 1
    assert found.semi_saturation_contrast.values[2] == pytest.approx(0.02)
    assert found.valid.values.tolist() == [True] * 4 + [False] * 2
    assert found.maximum.isnull().values.tolist() == [False] * 4 + [True] * 2


def test_the_fitted_curve_rises_to_a_share_of_its_maximum_and_never_falls_again():
    curve = xr.DataArray(
        naka_rushton(CONTRAST, 0.2, 2, 30)[:, None], dims=("contrast", "unit"), coords={"contrast": CONTRAST}
    )
    fit = tuning.fit_curves(curve, base=False)
    low, high = tuning.cuts(fit, 0.8)
    assert float(low[0]) == pytest.approx(0.2 * 4**0.5, rel=1e-3)
    assert np.isnan(float(high[0]))


def test_a_curve_with_the_blank_in_it_is_refused():
    curve = xr.DataArray(np.ones((4, 1)), dims=("contrast", "unit"), coords={"contrast": [0, 0.1, 0.5, 1]})
    with pytest.raises(ValueError, match="contrasts above 0"):
        tuning.semi_saturation_contrast(curve)


@pytest.mark.parametrize(("blank", "wanted"), [(0.0, 4), (None, 5)])
def test_contrasts_that_are_too_few_are_refused_and_counted(blank, wanted):
    few = CONTRAST[: wanted - 1]
    cell = naka_rushton(few, 0.2, 2, 30)[:, None]
    with pytest.raises(
        ValueError, match=rf"{wanted - 1} contrasts: .* wants {wanted} or more, from .* e\.g\. contrast="
    ):
        tuning.contrast_tuning(responses(cell, blank, contrast=few))
    enough = CONTRAST[:wanted]
    cell = naka_rushton(enough, 0.2, 2, 30)[:, None]
    assert tuning.contrast_tuning(responses(cell, blank, contrast=enough)).exponent.notnull().all()
