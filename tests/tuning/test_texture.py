"""Texture tuning: cells with known answers, laws, neurons with repeats, and bad input."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.tuning import interval, sparseness, texture_tuning

FAMILIES, SAMPLES = ("bark", "sand", "wool", "fur"), 6


def answers(texture, noise, blank=0.0, repeats=None, window=0.1):
    """Responses of one unit, (family, sample) to textures and to noise; Poisson rates of a window for repeats."""
    texture, noise = (np.broadcast_to(values, (len(FAMILIES), SAMPLES)) for values in (texture, noise))
    version, family, sample = zip(*product(("texture", "noise"), FAMILIES, range(SAMPLES)), strict=True)
    values = np.append(np.stack([texture, noise]).ravel(), blank)[:, None]
    dims = ("stimulus", "unit")
    if repeats:
        rng = np.random.default_rng(0)
        values, dims = rng.poisson(values[..., None] * window, (*values.shape, repeats)) / window, (*dims, "repeat")
    columns = {"version": [*version, ""], "family": [*family, ""], "sample": [*sample, -1]}
    coords = {name: ("stimulus", np.array(column)) for name, column in columns.items()}
    coords |= {"contrast": ("stimulus", np.append(np.ones(len(version)), 0)), "stimulus": np.arange(len(values))}
    return xr.DataArray(values, dims=dims, coords={**coords, "unit": ["cell"]})


def of(responses, **options):
    found = texture_tuning(responses, **options)
    return {name: found[name].item() for name in found.data_vars}


def test_a_cell_that_prefers_textures_and_one_that_takes_amplitudes_alone():
    prefers = of(answers(14.0, 8.0, blank=2.0))
    assert prefers["texture_modulation_index"] == pytest.approx((12 - 6) / (12 + 6))
    assert prefers["maximum_to_texture"] == 12
    assert prefers["maximum_to_noise"] == 6
    assert prefers["texture_selectivity"] == pytest.approx(0, abs=1e-12)
    assert prefers["texture_sparseness"] == pytest.approx(0, abs=1e-12)
    assert np.isnan(prefers["texture_variance_ratio"])  # nothing varies
    assert of(answers(8.0, 8.0))["texture_modulation_index"] == 0
    turned = of(answers(3.0, 9.0))
    assert turned["texture_modulation_index"] == -turned["absolute_texture_modulation_index"] == -0.5


def test_families_count_alike_and_those_that_give_nothing_are_left_out():
    texture = np.array([9.0, 4.0, 0.0, 0.0])[:, None]
    noise = np.array([3.0, 4.0, 5.0, 0.0])[:, None]
    found = of(answers(texture, noise))
    assert found["texture_modulation_index"] == pytest.approx((0.5 + 0 - 1) / 3)
    one_family = np.array([7.0, 0, 0, 0])[:, None]
    found = of(answers(one_family, np.eye(4, SAMPLES) * 5))
    assert found["texture_selectivity"] == pytest.approx(1)
    assert found["noise_selectivity"] == pytest.approx(0)
    assert found["noise_sparseness"] == pytest.approx((1 - (4 / 24) ** 2 / (4 / 24)) / (1 - 1 / 24))


def test_variance_between_families_or_between_samples_is_told_apart():
    families, samples = np.array([1.0, 5, 20, 50])[:, None], np.array([1.0, 5, 20, 30, 50, 90])
    by_family, by_sample = of(answers(families, 1.0)), of(answers(samples, 1.0))
    assert (by_family["family_variance"], by_family["sample_variance"]) == pytest.approx((1, 0))
    assert by_family["texture_variance_ratio"] == pytest.approx(1.02 / 0.02)
    # families that do not differ: their estimate lies as far below 0 as the sample's mean square asks
    assert by_sample["sample_variance"] == pytest.approx(1 / (1 - 1 / SAMPLES))
    assert by_sample["family_variance"] == pytest.approx(-1 / SAMPLES / (1 - 1 / SAMPLES))


@settings(max_examples=30)
@given(st.integers(0, 500))
def test_shares_are_those_of_a_nested_analysis_of_variance(seed):
    """Written out with loops over families, samples and repeats."""
    rates = np.random.default_rng(seed).gamma(2, 20, (4, 1)) * np.ones(SAMPLES)
    shown = answers(rates + np.arange(SAMPLES), 5.0, repeats=3)
    found = of(shown)
    counts = shown.values[: 4 * SAMPLES, 0].reshape(4, SAMPLES, 3) * 0.1
    values = np.sqrt(counts) + np.sqrt(counts + 1)
    family, sample, repeat = 0.0, 0.0, 0.0
    for one in values:
        family += SAMPLES * 3 * (one.mean() - values.mean()) ** 2 / 3
        for trials in one:
            sample += 3 * (trials.mean() - one.mean()) ** 2 / (4 * (SAMPLES - 1))
            repeat += ((trials - trials.mean()) ** 2).sum() / (4 * SAMPLES * 2)
    parts = np.array([(family - sample) / (SAMPLES * 3), (sample - repeat) / 3, repeat])
    shares = parts / parts.sum()
    assert (found["family_variance"], found["sample_variance"]) == pytest.approx(tuple(shares[:2]))


def test_poisson_counts_leave_nothing_to_samples_that_are_alike():
    shown = answers(np.array([20.0, 60, 100, 180])[:, None], 5.0, repeats=400)
    found = of(shown)
    assert found["sample_variance"] == pytest.approx(0, abs=0.01)
    assert 0.5 < found["family_variance"] < 0.95  # the rest is the spikes'


@settings(max_examples=20)
@given(st.floats(0.1, 100), st.integers(0, 99))
def test_scale_order_and_names_change_nothing(scale, seed):
    rng = np.random.default_rng(seed)
    shown = answers(rng.gamma(2, 5, (4, SAMPLES)), rng.gamma(2, 5, (4, SAMPLES)), blank=1.0)
    one = texture_tuning(shown)
    other = texture_tuning(shown.isel(stimulus=rng.permutation(shown.sizes["stimulus"])))
    xr.testing.assert_allclose(one, other)
    scaled = texture_tuning(shown * scale)
    for name in ("texture_modulation_index", "texture_selectivity", "noise_sparseness"):
        np.testing.assert_allclose(one[name], scaled[name])
    raw = answers(rng.gamma(2, 5, (4, SAMPLES)), 3.0)
    textures = raw.isel(stimulus=slice(0, 4 * SAMPLES))
    assert of(raw)["texture_sparseness"] == pytest.approx(sparseness(textures).item())


def test_what_lies_below_the_blank_counts_only_unrectified():
    shown = answers(np.array([9.0, 9.0, 9.0, 2.0])[:, None], 5.0, blank=3.0)
    assert of(shown)["texture_modulation_index"] == pytest.approx((3 * 4 / 8 - 1) / 4)
    assert of(shown, rectify=False)["texture_modulation_index"] == pytest.approx((3 * 4 / 8 - 3) / 4)


def test_a_spiking_unit_has_an_interval():
    shown = answers(30.0, 15.0, repeats=20)
    low, high = interval(lambda r: texture_tuning(r).texture_modulation_index, shown, draws=50, rng=0).values[:, 0]
    assert low < 1 / 3 < high
    assert high - low < 0.1


def test_units_that_tell_nothing_say_why():
    shown = xr.concat([answers(5.0, 5.0, blank=blank).assign_coords(unit=[blank]) for blank in (0.0, 5.0)], "unit")
    dead = answers(-1.0, -1.0).assign_coords(unit=[9.0])
    gap = answers(5.0, 3.0).assign_coords(unit=[10.0])
    gap[3] = np.nan
    found = texture_tuning(xr.concat([shown, dead, gap], "unit"))
    assert found.valid.values.tolist() == [True, False, False, False]
    assert found.reason.values.tolist() == ["", "never above the blank", "never answered", "samples missing"]
    assert np.isnan(found.texture_modulation_index.values[1:]).all()
    assert found.attrs["baseline"] == "blank rows"


def test_one_sample_or_one_family_has_no_variance_to_share():
    shown = answers(5.0 + np.arange(SAMPLES), 3.0)
    for name, value in {"sample": 0, "family": "sand"}.items():
        part = shown.isel(stimulus=np.flatnonzero(shown[name].values == value))
        found = of(part)
        assert np.isnan(found["texture_variance_ratio"])
        assert np.isfinite(found["texture_modulation_index"])


def test_what_was_not_shown_is_named():
    shown = answers(5.0, 3.0)
    with pytest.raises(ValueError, match="texture of family bark, sample 1, was not shown, and 0 more"):
        texture_tuning(shown.isel(stimulus=[0, *range(2, 49)]))
    twice = shown.isel(stimulus=[0, *range(49)]).assign_coords(stimulus=range(50))
    with pytest.raises(ValueError, match="texture of family bark, sample 0, is there more than once: stack repeats"):
        texture_tuning(twice)
    with pytest.raises(ValueError, match="version 'photo': it is texture or noise"):
        texture_tuning(shown.assign_coords(version=("stimulus", ["photo", *shown.version.values[1:]])))
    with pytest.raises(ValueError, match="family"):
        texture_tuning(shown.drop_vars("family"))
    with pytest.raises(ValueError, match="count_window=0: seconds, above 0"):
        texture_tuning(shown, count_window=0)
