"""Size tuning: what was put in comes out, what is read off a curve is what is there, and reasons are given."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq, least_squares
from scipy.special import erf

from cortexcnn import tuning

SIZE = np.geomspace(0.15, 10, 14)


def cell(x: np.ndarray, centre: float, wide: float, surround: float, gain: float = 30.0) -> np.ndarray:
    return gain * erf(x / centre) ** 2 / (1 + surround * erf(x / wide) ** 2)


def responses(cells: np.ndarray, size: np.ndarray = SIZE, blank: float = 0.0) -> xr.DataArray:
    values = np.concatenate([cells, np.full((1, cells.shape[1]), blank)])
    coords = {"stimulus": range(len(values)), "unit": range(cells.shape[1])}
    along = {"size": np.append(size, size[0]), "contrast": np.append(np.ones(len(size)), 0)}
    coords |= {name: ("stimulus", values) for name, values in along.items()}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.4, 2), st.floats(2, 5), st.floats(0.5, 5), st.floats(1, 100))
def test_what_was_put_in_comes_out(centre: float, ratio: float, surround: float, gain: float):
    found = tuning.size_tuning(responses(cell(SIZE, centre, centre * ratio, surround, gain)[:, None])).isel(unit=0)
    assert float(found.r_squared) > 1 - 1e-4
    fine = np.geomspace(SIZE[0], SIZE[-1], 4000)
    true = cell(fine, centre, centre * ratio, surround, gain)
    assert float(found.surround_suppression_index) == pytest.approx(1 - true[-1] / true.max(), abs=2e-3)
    first = brentq(
        lambda x: cell(x, centre, centre * ratio, surround, gain) - 0.95 * true.max(), 1e-3, fine[true.argmax()]
    )
    assert float(found.grating_summation_field) == pytest.approx(first, rel=0.02)


def test_the_numbers_of_the_form_come_back():
    numbers = [(0.6, 1.8, 1.5), (1.0, 4.0, 3.0), (1.5, 3.0, 0.8)]
    cells = np.stack([cell(SIZE, *each) for each in numbers], axis=1)
    found = tuning.size_tuning(responses(cells))
    np.testing.assert_allclose(found.centre_size, [0.6, 1.0, 1.5], rtol=2e-3)
    np.testing.assert_allclose(found.surround_size, [1.8, 4.0, 3.0], rtol=2e-3)
    np.testing.assert_allclose(found.surround_gain, [1.5, 3.0, 0.8], rtol=5e-3)


def test_no_unit_is_fitted_worse_than_by_scipy():
    generator = np.random.default_rng(0)
    cells = np.stack(
        [
            cell(SIZE, centre, centre * generator.uniform(1.2, 5), generator.exponential(2))
            for centre in generator.uniform(0.3, 3, 60)
        ],
        axis=1,
    )
    cells += generator.normal(size=cells.shape) * generator.uniform(0, 2, 60)
    ours = tuning.fit_sizes(xr.DataArray(cells, dims=("size", "unit"), coords={"size": SIZE})).residual.values
    low = [0, np.log(SIZE[0] / 8), np.log(1.02), np.log(1e-4)]
    high = [np.inf, np.log(SIZE[-1] * 4), np.log(30), np.log(1e4)]
    for unit in range(60):

        def miss(p: np.ndarray, y: np.ndarray = cells[:, unit]) -> np.ndarray:
            centre, ratio, surround = np.exp(p[1:])
            return cell(SIZE, centre, centre * ratio, surround, p[0]) - y

        starts = [(30, np.log(c), np.log(r), np.log(k)) for c in (0.4, 1.5) for r in (1.5, 4) for k in (0.3, 3)]
        theirs = min(2 * least_squares(miss, start, bounds=(low, high)).cost for start in starts)
        assert ours[unit] <= 1.001 * theirs + 1e-9


@settings(max_examples=20, deadline=None)
@given(st.floats(0.01, 1000), st.permutations(range(14)))
def test_scale_and_order_are_nothing_but_scale_and_order(factor: float, order: list[int]):
    values = (cell(SIZE, 0.8, 2.5, 2) + np.cos(np.arange(14)))[:, None]
    first = tuning.size_tuning(responses(values)).isel(unit=0)
    second = tuning.size_tuning(responses(factor * values[order], SIZE[order])).isel(unit=0)
    for name in ("grating_summation_field", "surround_diameter", "surround_suppression_index"):
        assert float(second[name]) == pytest.approx(float(first[name]), rel=0.02)
        assert float(second[f"{name}_sampled"]) == pytest.approx(float(first[f"{name}_sampled"]))
    assert float(second.maximum) == pytest.approx(factor * float(first.maximum))


def test_samples_are_read_as_they_are():
    size = np.array([0.5, 1.0, 2.0, 4.0, 8.0, 16.0])
    cells = np.array([[2.0, 9.6, 10.0, 6.2, 6.1, 6.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]).T
    found = tuning.size_tuning(responses(cells, size))
    assert found.grating_summation_field_sampled.values.tolist() == [1.0, 16.0]
    assert found.surround_diameter_sampled.values[0] == 4.0
    assert np.isnan(found.surround_diameter_sampled.values[1])
    np.testing.assert_allclose(found.surround_suppression_index_sampled, [0.4, 0.0])


def test_reasons_are_given():
    cells = np.stack([cell(SIZE, 0.8, 2.5, 2), cell(SIZE, 3, 9, 0), np.zeros(14), np.full(14, 2.0)], axis=1)
    found = tuning.size_tuning(responses(cells))
    unsuppressed = "no surround_diameter, surround_diameter_sampled (hardly suppressed by size)"
    assert found.reason.values.tolist() == [
        "",
        f"optimum at the edge of the range (a bound); {unsuppressed}",
        "never answered",
        "constant (held away from the rectifier)",
    ]
    assert np.isnan(found.surround_diameter.values[1])
    assert found.grating_summation_field.isnull().values.tolist() == [False, False, True, True]


def test_what_is_wrong_is_refused():
    curve = xr.DataArray(np.ones((6, 1)), dims=("contrast", "unit"), coords={"contrast": np.linspace(0.1, 1, 6)})
    for measure in (tuning.grating_summation_field, tuning.surround_diameter, tuning.fit_sizes):
        with pytest.raises(ValueError, match="over size is wanted; this one is over contrast"):
            measure(curve)
    few = curve.rename(contrast="size").isel(size=slice(4))
    with pytest.raises(ValueError, match="4 diameters"):
        tuning.fit_sizes(few)
    with pytest.raises(ValueError, match=r"a share of 1\.5"):
        tuning.grating_summation_field(few, share=1.5)
