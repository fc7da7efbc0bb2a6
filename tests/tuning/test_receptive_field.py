"""Centres, extents, overlap and effective sizes against closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erfinv

from cortexcnn import tuning

AT = np.linspace(-2, 2, 81)
EDGE = "receptive field touches the edge of the map (its extent is a bound)"


def made(*maps: np.ndarray, **coords: object) -> xr.DataArray:
    labels = {"y": AT, "x": AT, "unit": [f"cell{i}" for i in range(len(maps))]}
    return xr.DataArray(np.stack(maps, axis=-1), dims=("y", "x", "unit"), coords=labels | coords)


def gaussian(x: float, y: float, sigma: float) -> np.ndarray:
    return np.exp(-((AT - x) ** 2 + (AT[:, None] - y) ** 2) / 2 / sigma**2)


@settings(max_examples=30, deadline=None)
@given(st.floats(-0.5, 0.5), st.floats(-0.5, 0.5), st.floats(0.2, 0.5), st.floats(0.05, 0.6))
def test_centre_and_diameter_of_a_gaussian(x, y, sigma, share):
    found = tuning.receptive_field(made(7 * gaussian(x, y, sigma)), share=share).isel(unit=0)
    assert float(found.centre_x) == pytest.approx(x, abs=0.01)
    assert float(found.centre_y) == pytest.approx(y, abs=0.01)
    assert float(found.diameter) == pytest.approx(2 * sigma * np.sqrt(-2 * np.log(share)), abs=0.06)
    assert found.reason == ""


def test_edges_and_silence():
    found = tuning.receptive_field(made(gaussian(1.8, 0, 0.2), np.zeros((81, 81)), -gaussian(0, 0, 0.2)))
    assert found.reason.values.tolist() == [EDGE, "never answered", "never above the blank"]
    assert found.valid.values.tolist() == [True, False, False]
    assert np.isnan(found.diameter.values).tolist() == [False, True, True]
    assert tuning.receptive_field(made(-gaussian(0, 0, 0.2)), either_sign=True).valid.all()


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0])
def test_a_share_lies_between_0_and_1(share):
    for call in (tuning.receptive_field, tuning.effective_field):
        with pytest.raises(ValueError, match="a share of"):
            call(made(gaussian(0, 0, 0.2)).assign_coords(rf_size=("unit", [1.0])), share=share)
    with pytest.raises(ValueError, match="a share of"):
        tuning.subregions(
            xr.concat([made(gaussian(0, 0, 0.2))] * 2, "polarity").assign_coords(polarity=["light", "dark"]),
            share=share,
        )


def pair(light: np.ndarray, dark: np.ndarray) -> xr.DataArray:
    return xr.concat([made(light), made(dark)], "polarity").assign_coords(polarity=["light", "dark"])


def test_overlap_from_one_place_to_two():
    # discs of radius r at a distance d: (2r − d) / (2r + d)
    radius = 0.3 * np.sqrt(-2 * np.log(0.3))
    found = [tuning.subregions(pair(gaussian(-d / 2, 0, 0.3), gaussian(d / 2, 0, 0.3))) for d in (0, 0.4, 1.2)]
    for one, d in zip(found, (0, 0.4, 1.2), strict=True):
        assert float(one.overlap_index[0]) == pytest.approx((2 * radius - d) / (2 * radius + d), abs=0.03)
        assert float(one.on_off_balance[0]) == pytest.approx(0, abs=0.01)
        assert one.reason.values.tolist() == [""]
    assert [float(one.shared_area[0]) for one in found] == pytest.approx([1, 0.45, 0], abs=0.03)


def test_one_subregion_has_no_overlap_and_says_so():
    found = tuning.subregions(pair(gaussian(0, 0, 0.3), 0.1 * gaussian(0, 0, 0.3)))
    assert found.reason.values.tolist() == ["one subregion only (no overlap)"]
    assert np.isnan(found.overlap_index[0])
    assert float(found.on_off_balance[0]) == pytest.approx(0.9 / 1.1)
    silent = tuning.subregions(pair(np.zeros((81, 81)), np.zeros((81, 81))))
    assert silent.reason.values.tolist() == ["never answered"]
    with pytest.raises(ValueError, match="see polarity_maps"):
        tuning.subregions(made(gaussian(0, 0, 0.3)))


@settings(max_examples=20, deadline=None)
@given(st.floats(0.15, 0.4), st.floats(-0.3, 0.3), st.floats(0.5, 0.98))
def test_the_effective_size_of_a_gaussian(sigma, x, share):
    # energy exp(−r²/σ²): erf(h/σ)² of it lies within ±h on both axes
    wanted = 2 * sigma * erfinv(np.sqrt(share))
    found = tuning.effective_field(made(-3 * gaussian(x, 0, sigma)), 4.0, share=share)
    assert float(found.effective_size[0]) == pytest.approx(wanted, rel=0.02, abs=0.01)
    assert float(found.effective_share[0]) == pytest.approx(wanted / 4, rel=0.02, abs=0.01)


def test_an_even_field_is_used_throughout():
    square = ((np.abs(AT) <= 1) & (np.abs(AT[:, None]) <= 1)).astype(float)
    table = made(square, rf_size=("unit", [2.05]))  # 41 positions of 0.05 degrees
    assert float(tuning.effective_field(table).effective_share[0]) == pytest.approx(np.sqrt(0.95), abs=1e-3)


@pytest.mark.parametrize("count", [1, 3, 5])
def test_the_side_is_known_within_a_position(count):
    values = np.zeros((15, 15))
    around = slice(7 - count // 2, 8 + count // 2)
    values[around, around] = 1
    labels = {"y": np.arange(15.0), "x": np.arange(15.0), "unit": ["cell"]}
    table = xr.DataArray(values[..., None], dims=("y", "x", "unit"), coords=labels)
    side = float(tuning.effective_field(table, 15.0).effective_size[0])
    assert side == pytest.approx(count * np.sqrt(0.95), rel=1e-3)


def test_noise_is_taken_off():
    noise = np.random.default_rng(0).normal(0, 0.05, (81, 81))
    truth = float(tuning.effective_field(made(gaussian(0, 0, 0.3)), 4.0).effective_size[0])
    noisy = made(gaussian(0, 0, 0.3) + noise)
    error = xr.full_like(noisy, 0.05)
    assert float(tuning.effective_field(noisy, 4.0).effective_size[0]) > 1.5 * truth
    assert float(tuning.effective_field(noisy, 4.0, noise=error).effective_size[0]) == pytest.approx(truth, rel=0.15)
    drowned = tuning.effective_field(made(noise), 4.0, noise=2 * error)
    assert drowned.reason.values.tolist() == ["no energy above the noise"]
    assert np.isnan(drowned.effective_share[0])


def test_a_theoretical_field_is_needed_and_may_exceed_the_map():
    table = made(gaussian(0, 0, 0.3))
    with pytest.raises(ValueError, match="no rf_size"):
        tuning.effective_field(table)
    with pytest.raises(ValueError, match="a positive number of degrees"):
        tuning.effective_field(table, -1.0)
    with pytest.raises(ValueError, match="one shape"):
        tuning.effective_field(table, 1.0, noise=table.isel(x=slice(5)))
    found = tuning.effective_field(table, 9.0)
    assert found.reason.values.tolist() == ["theoretical field is larger than the map (the share is a bound)"]
