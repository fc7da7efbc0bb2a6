"""Line weighting of handmade simple and complex cells: regions, summation, and bars that do not fit."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.tuning import discreteness, line_weighting, line_weighting_tuning, summation

STEP = 1 / 16
POSITIONS = np.arange(-20, 21) * STEP
FINE = np.arange(-2.5, 2.5, STEP / 16)


def gabor(x, phase=0.0, sigma=0.4):
    return np.exp(-(x**2) / 2 / sigma**2) * np.cos(2 * np.pi * x + phase)


def drive(weights, width):
    """Response of a linear cell to a light bar at each position: its weights under the bar."""
    return np.array([weights[np.abs(FINE - at) < width / 2].sum() for at in POSITIONS]) * STEP / 16


def bars(*cells, widths=(2 * STEP, 6 * STEP)):
    """Responses of cells, each ``cell(width, sign)`` (position)."""
    rows, columns = [], {"position": [], "width": [], "polarity": []}
    for width in widths:
        for sign, name in ((1, "light"), (-1, "dark")):
            rows.append(np.stack([cell(width, sign) for cell in cells], axis=1))
            columns["position"] += POSITIONS.tolist()
            columns["width"] += [width] * len(POSITIONS)
            columns["polarity"] += [name] * len(POSITIONS)
    values = np.concatenate(rows)
    coords = {name: ("stimulus", np.array(column)) for name, column in columns.items()}
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={"stimulus": np.arange(len(values)), "unit": np.arange(len(cells)), **coords},
    )


def simple(phase):
    return lambda width, sign: np.maximum(sign * drive(gabor(FINE, phase), width), 0)


def complex_(width, _sign):
    return drive(gabor(FINE), width) ** 2 + drive(gabor(FINE, np.pi / 2), width) ** 2


@settings(max_examples=8, deadline=None)
@given(st.floats(0, 2 * np.pi))
def test_a_rectified_filter_is_simple_whatever_its_phase(phase):
    found = line_weighting_tuning(bars(simple(phase)))
    assert found["discreteness"].item() == pytest.approx(1, abs=1e-6)
    assert found["summation"].item() == pytest.approx(1, abs=1e-3)
    assert found["simple"].item() == 1


def test_an_energy_cell_is_complex():
    found = line_weighting_tuning(bars(complex_))
    assert found["discreteness"].item() == pytest.approx(0, abs=1e-6)
    assert found["summation"].item() < 0.5
    assert found["simple"].item() == 0
    assert found["on_off_balance"].item() == pytest.approx(0, abs=1e-6)


def test_on_and_off_cells_and_where_they_look():
    def at(place, wanted):
        return lambda width, sign: (sign == wanted) * np.exp(-((POSITIONS - place) ** 2) / 2 / (0.1 + width) ** 2)

    found = line_weighting_tuning(bars(at(0.5, 1), at(-0.25, -1)))
    assert found["on_off_balance"].values == pytest.approx([1, -1])
    assert found["best_position"].values == pytest.approx([0.5, -0.25])
    assert all("one subregion only" in reason for reason in found["reason"].values)
    assert found["valid"].all()


def test_cells_between_the_two_are_ranked():
    def mixed(share):
        return lambda width, sign: (1 - share) * simple(0)(width, sign) + share * 20 * complex_(width, sign)

    found = line_weighting_tuning(bars(*(mixed(share) for share in (0, 0.3, 0.6, 1))))
    assert (np.diff(found["discreteness"].values) < 0).all()


def test_bars_of_one_width_tell_nothing_of_summation():
    found = line_weighting_tuning(bars(simple(0), complex_, widths=(2 * STEP,)))
    assert found["summation"].isnull().all()
    assert found["simple"].values.tolist() == [1, 0]
    even = line_weighting_tuning(bars(simple(0), widths=(2 * STEP, 4 * STEP)))
    assert even["summation"].isnull().all()


def test_shuffled_rows_give_the_same_profiles():
    table = bars(simple(1.0), complex_)
    order = np.random.default_rng(0).permutation(table.sizes["stimulus"])
    xr.testing.assert_allclose(line_weighting(table), line_weighting(table.isel(stimulus=order)))


def test_what_does_not_fit_is_refused():
    table = bars(simple(0))
    with pytest.raises(ValueError, match="polarity"):
        line_weighting(table.drop_vars("polarity"))
    with pytest.raises(ValueError, match="no stimulus has polarity dark"):
        line_weighting(table.isel(stimulus=np.flatnonzero(table["polarity"].values == "light")))
    some = np.flatnonzero((table["polarity"].values == "light") | (table["position"].values > 0))
    with pytest.raises(ValueError, match="different positions"):
        line_weighting(table.isel(stimulus=some))
    narrow = line_weighting(table)
    with pytest.raises(ValueError, match="2 times as wide"):
        summation(narrow, narrow, times=2)
    with pytest.raises(ValueError, match="4 positions: 7 are needed"):
        summation(narrow.isel(position=slice(4)), narrow.isel(position=slice(4)), times=3)
    assert discreteness(narrow * 0).isnull().all()
