"""Responses become spikes/s: medians land where they are sent, and what has no scale is refused."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.recording import firing_rates
from cortexcnn.recording import rates as module


def made(values, *, blank=True, layers=None):
    """Responses (stimulus, unit), the last row a blank."""
    values = np.asarray(values, float)
    contrast = np.ones(len(values))
    contrast[-1] = 0 if blank else 1
    coords = {
        "stimulus": np.arange(len(values)),
        "unit": [f"cell{i}" for i in range(values.shape[1])],
        "layer": ("unit", layers or ["conv"] * values.shape[1]),
        "contrast": ("stimulus", contrast),
    }
    return xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)


def random(units=9, seed=0):
    values = np.random.default_rng(seed).normal(1, 2, (12, units))
    values[-1] = 0.3 * np.abs(values[-1])
    return made(values, layers=["one"] * 4 + ["two"] * (units - 4))


@pytest.mark.parametrize("scale", ["layer", "all", "unit"])
def test_medians_land_on_the_given_rates(scale):
    responses = random()
    rates = firing_rates(responses, maximum=40, spontaneous=2, scale=scale)
    parts = [rates] if scale == "all" else [rates.sel(unit=rates.layer == name) for name in ("one", "two")]
    for part in parts:
        highest, blank = part[:-1].max("stimulus"), part[-1]
        assert float(highest.median()) == pytest.approx(40, rel=1e-6)
        assert float(blank.median()) == pytest.approx(2, rel=1e-6)
        if scale == "unit":
            np.testing.assert_allclose(highest, 40, rtol=1e-6)
            np.testing.assert_allclose(blank, 2, rtol=1e-6)
    assert rates.dtype == np.float32
    assert rates.attrs["units"] == "spikes/s"
    assert (rates.attrs["maximum"], rates.attrs["spontaneous"], rates.attrs["scale"]) == (40, 2, scale)


@settings(max_examples=30, deadline=None)
@given(gain=st.floats(0.01, 100), seed=st.integers(0, 100))
def test_the_unit_of_activation_does_not_matter(gain, seed):
    responses = random(seed=seed)
    np.testing.assert_allclose(firing_rates(gain * responses), firing_rates(responses), rtol=1e-4, atol=1e-4)


def test_order_of_dimensions_and_size_of_blocks_change_nothing(monkeypatch):
    whole = firing_rates(random())
    xr.testing.assert_identical(firing_rates(random().T), whole)
    monkeypatch.setattr(module, "_BLOCK", 7)
    xr.testing.assert_identical(firing_rates(random()), whole)


def test_units_that_never_answer_take_no_part_in_the_median():
    responses = made([[4.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 1.0, 0.0]])
    rates = firing_rates(responses, maximum=30, spontaneous=0)
    np.testing.assert_allclose(rates[0], [45, 15, 0], atol=1e-5)  # 3 and 1 lie 2 ± 1 above the blank
    np.testing.assert_allclose(firing_rates(responses, scale="unit")[:, 2], 0.82, rtol=1e-6)


def test_the_maximum_is_that_of_the_mean_over_time():
    responses = made([[1.0], [0.0]]).expand_dims(time=[0.0, 0.1]) * xr.DataArray([0.0, 2.0], dims="time")
    rates = firing_rates(responses, maximum=10, spontaneous=0)
    np.testing.assert_allclose(rates.sel(stimulus=0, unit="cell0"), [0, 20], atol=1e-6)


def test_what_is_spikes_per_second_already_is_only_rectified():
    responses = made([[4.0], [-2.0], [1.0]], blank=False)
    np.testing.assert_array_equal(firing_rates(responses, scale="none").values.ravel(), [4, 0, 1])


def test_without_a_blank():
    responses = made([[4.0], [2.0]], blank=False)
    with pytest.raises(ValueError, match=r"no blank among these stimuli.*spontaneous=None"):
        firing_rates(responses)
    np.testing.assert_allclose(firing_rates(responses, maximum=10, spontaneous=None).values.ravel(), [10, 5])
    known = responses.assign_coords(spontaneous=("unit", [2.0]))
    np.testing.assert_allclose(firing_rates(known, maximum=10, spontaneous=1).values.ravel(), [10, 1])


def test_refusals_name_the_unit_and_the_remedy():
    bad = made([[4.0, 1.0], [2.0, np.nan], [0.0, 0.0]])
    with pytest.raises(ValueError, match=r"NaN or infinite, first of unit cell1.*dropna"):
        firing_rates(bad)
    with pytest.raises(ValueError, match=r"down to -3, first those of unit cell1.*rectify=True"):
        firing_rates(made([[4.0, 1.0], [2.0, -3.0], [0.0, 0.0]]), rectify=False)
    with pytest.raises(ValueError, match=r"have repeats already.*mean"):
        firing_rates(made([[4.0], [0.0]]).expand_dims(repeat=[0, 1]))
    with pytest.raises(ValueError, match="no unit of layer two exceeds its response to the blank"):
        firing_rates(made([[4.0, 1.0], [0.0, 1.0]], layers=["one", "two"]))
    with pytest.raises(ValueError, match="only blanks"):
        firing_rates(made([[4.0]]))
    with pytest.raises(ValueError, match="maximum=1, spontaneous=2"):
        firing_rates(made([[4.0], [0.0]]), maximum=1, spontaneous=2)
    with pytest.raises(ValueError, match="Did you mean 'layer'"):
        firing_rates(made([[4.0], [0.0]]), scale="layers")
