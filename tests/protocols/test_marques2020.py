"""The battery of 2021: its stimuli are those of the paper, its steps find what was built in, its scores behave."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import xarray as xr
from scipy.special import erf

from cortexcnn import load, record, reference, tuning
from cortexcnn.protocols import (
    PROPERTIES,
    looking_near,
    marques2020_network,
    marques2020_properties,
    marques2020_rates,
    marques2020_scores,
    marques2020_stimuli,
)
from cortexcnn.protocols.marques2020 import PLACE
from cortexcnn.screen import Screen

FINE = Screen(degrees=8, pixels=448)


def test_the_sets_are_those_of_the_paper():
    shown = marques2020_stimuli(FINE)
    names, counts = np.unique(shown["set"], return_counts=True)
    assert dict(zip(names.tolist(), counts.tolist(), strict=True)) == {
        "position": 3528,
        "orientation": 1152,
        "spatial_frequency": 2112,
        "size": 2304,
        "blank": 1,
    }
    part = {name: shown.isel(stimulus=np.flatnonzero(shown["set"] == name)) for name in names}
    assert np.unique(part["orientation"].spatial_frequency).round(3).tolist() == [0.771, 1.542, 3.084, 6.169]
    cycles = part["orientation"]["size"] * part["orientation"].spatial_frequency
    assert set(cycles.values.round(9)) == {2, 3, 4}
    assert np.unique(part["spatial_frequency"].spatial_frequency)[[0, -1]].round(2).tolist() == [0.39, 14.67]
    assert np.unique(part["size"]["size"] / 2)[[0, -1]].round(3).tolist() == [0.105, 4.757]
    assert set(part["spatial_frequency"]["size"].values) == {1.5, 4.5}
    assert {(float(x), float(y)) for x, y in zip(part["size"].x, part["size"].y, strict=True)} == {PLACE}
    assert len(np.unique(part["position"].x)) == len(np.unique(part["position"].y)) == 21


def test_the_published_way_draws_hard_rims_on_a_canvas_of_56_pixels_a_degree():
    network = load("alexnet", weights="none")
    fine, same = (marques2020_network(network, compat=compat) for compat in ("marques2020", None))
    assert fine.screen.pixels_per_degree == 56
    assert same is network
    rims = [set(marques2020_stimuli(fine.screen, compat=compat)["aperture"].values) for compat in ("marques2020", None)]
    assert rims == [{"hard disc"}, {"disc"}]
    assert marques2020_stimuli(fine.screen).attrs["left_out"] == 0
    for ask in (partial(marques2020_network, network), partial(marques2020_stimuli, FINE)):
        with pytest.raises(ValueError, match="no way to measure"):
            ask(compat="published")


def test_what_the_screen_cannot_show_is_left_out_and_said():
    shown = marques2020_stimuli(Screen(degrees=8, pixels=224))
    assert shown.attrs["left_out"] == 96
    assert shown.sizes["stimulus"] == 9097 - 96
    for screen in (Screen(degrees=8, pixels=32), Screen(degrees=1, pixels=64)):
        with pytest.raises(ValueError, match="change degrees"):
            marques2020_stimuli(screen)


def test_units_are_sought_where_gratings_are_shown():
    network = load("classical_v1")
    found = looking_near(network, ["simple"], within=0.3)["simple"]
    row = network.layers().sel(layer="simple")
    step, middle = float(row.rf_stride_degrees), (int(row.rows) // 2, int(row["columns"]) // 2)
    for _, down, right in found:
        x = float(row.rf_x) + (right - middle[1]) * step
        y = float(row.rf_y) - (down - middle[0]) * step
        assert np.hypot(x - PLACE[0], y - PLACE[1]) <= 0.3
    assert len({channel for channel, _, _ in found}) == int(row.channels)
    with pytest.raises(ValueError, match=r"no unit of simple looks within 0\.001°"):
        looking_near(network, ["simple"], within=0.001)


def cells(centres: np.ndarray, gains: np.ndarray) -> xr.DataArray:
    """Cells of two layers that answer to any grating by how near it is, a little of it to the blank."""
    shown = marques2020_stimuli(FINE)
    far = np.hypot(shown.x.values[:, None] - centres[:, 0], shown.y.values[:, None] - centres[:, 1])
    angle, phase = (np.deg2rad(shown[name].fillna(0).values[:, None]) for name in ("orientation", "phase"))
    tuned = np.exp(-((far / 0.5) ** 2)) * np.exp(np.cos(2 * (angle - 0.7)) - 1) * (1 + 0.5 * np.cos(phase))
    values = gains * (tuned * (shown["set"].values != "blank")[:, None] + 0.05) - 0.01
    names = ("orientation", "phase", "spatial_frequency", "size", "x", "y", "contrast", "set")
    coords = {name: ("stimulus", shown[name].values) for name in names}
    layer = ["one"] * (len(gains) - 2) + ["two"] * 2
    labels = {"stimulus": np.arange(values.shape[0]), "unit": np.arange(values.shape[1]), "layer": ("unit", layer)}
    return xr.DataArray(values, dims=("stimulus", "unit"), coords={**coords, **labels})


def test_units_that_look_elsewhere_are_left_out_and_the_others_scaled():
    centres = np.array([PLACE, (0.6, -0.5), (0.5, -0.9), (0.45, -0.45), PLACE, PLACE])
    rates = marques2020_rates(cells(centres, np.array([1.0, 3.0, 1.0, 2.0, 10.0, 11.0])))
    assert rates.sizes["unit"] == 5  # the third looks elsewhere
    np.testing.assert_allclose(rates.field_x, [0.5, 0.6, 0.45, 0.5, 0.5], atol=0.02)
    np.testing.assert_allclose(rates.field_y, [-0.5, -0.5, -0.45, -0.5, -0.5], atol=0.02)
    properties = marques2020_properties(rates)
    blank = rates.values[rates["set"].values == "blank"][0]
    for layer in ("one", "two"):
        units = rates.layer.values == layer
        assert np.median(blank[units]) == pytest.approx(0.82)
        assert np.median(properties.maximum.values[units]) == pytest.approx(33.8)
    assert properties.maximum.values[1] > properties.maximum.values[2] > properties.maximum.values[0]


def test_properties_are_the_measures_of_their_sets_and_weak_units_say_why():
    rates = marques2020_rates(cells(np.array([PLACE] * 5), np.array([1.0, 1.0, 0.02, 1.0, 1.0])))
    found = marques2020_properties(rates)
    shown = rates.isel(stimulus=np.flatnonzero(rates["set"].isin(["orientation", "blank"]).values))
    direct = tuning.marques2020_orientation(shown)
    np.testing.assert_array_equal(found.circular_variance[[0, 1, 3, 4]], direct.circular_variance[[0, 1, 3, 4]])
    assert np.isnan(found.circular_variance[2])
    assert found.reason.values[2].startswith("orientation: no response exceeds")
    assert "orientation: " not in found.reason.values[0]
    assert "no grating_summation_field, surround_diameter" in found.reason.values[0]  # the same to all sizes


def test_units_drawn_from_the_neurons_score_as_neurons_do():
    generator = np.random.default_rng(0)
    columns: dict[str, tuple[str, np.ndarray]] = {}
    for name in wanted():
        neurons = reference.published(name)
        middle = (neurons.bin_low + neurons.bin_high).values / 2
        columns[name] = "unit", generator.choice(middle, 3000, p=neurons.values / neurons.values.sum())
        columns[f"valid_{name}"] = "unit", np.ones(3000, bool)
    scores = marques2020_scores(xr.Dataset(columns, {"layer": ("unit", ["conv1"] * 3000)}), draws=200)
    drawn = scores.sel(property=list(wanted()))
    np.testing.assert_allclose(drawn.ceiled, 1, atol=0.03)
    assert (drawn.reason == "").all()
    rest = scores.drop_sel(property=list(wanted()))
    assert rest.sizes["property"] == 7
    assert set(rest.reason.values.ravel()) == {"the paper's textures can't be synthesised yet"}
    assert rest.score.isnull().all()


def test_a_layer_without_a_unit_that_counts_says_so():
    rates = marques2020_rates(cells(np.array([PLACE] * 4), np.ones(4)))
    scores = marques2020_scores(marques2020_properties(rates), layers=["one", "three"], draws=10)
    assert scores.layer.values.tolist() == ["one", "three"]
    assert scores.sel(layer="three", property="maximum").reason.item().startswith("no unit that looks there")


def test_responses_to_other_stimuli_are_refused():
    shown = cells(np.array([PLACE] * 3), np.ones(3))
    with pytest.raises(ValueError, match="coordinate set"):
        marques2020_rates(shown.drop_vars("set"))
    with pytest.raises(ValueError, match="nothing to measure"):
        marques2020_rates(cells(np.array([(2.0, 2.0)] * 3), np.ones(3)))


@pytest.mark.slow
def test_the_classical_v1_is_measured_as_it_was_built():
    network = load("classical_v1")
    near = looking_near(network, ["simple", "complex"])
    responses = record(network, marques2020_stimuli(network.screen), units=near, progress=False)
    properties = marques2020_properties(marques2020_rates(responses))
    simple = properties.isel(unit=np.flatnonzero(properties.layer == "simple"))
    whole = properties.isel(unit=np.flatnonzero(properties.layer == "complex"))
    np.testing.assert_allclose(simple.modulation_ratio, 1.57, atol=0.12)
    np.testing.assert_allclose(whole.modulation_ratio, 0, atol=0.02)
    preferred = (90 - whole.preferred_orientation.values) % 180
    built = network.module.gabors["orientation"].values
    apart = (preferred[:, None] - built + 90) % 180 - 90
    assert (np.abs(apart).min(1) <= 2).all()


def wanted() -> Iterator[str]:
    return (name for name, (of, _) in PROPERTIES.items() if of != "texture")


def made_up(units=60, seed=0):
    """Rates to the orientation, frequency and size sets of cells whose properties are known, with no noise."""
    rng = np.random.default_rng(seed)
    shown = marques2020_stimuli(FINE)
    shown = shown.isel(stimulus=np.flatnonzero(shown["set"].values != "position"))
    angle, peak = rng.uniform(0, 180, units), np.exp(rng.uniform(np.log(1), np.log(4), units))
    width, centre = rng.uniform(2, 6, units), rng.uniform(0.4, 1.2, units)
    gain, simple = rng.uniform(0, 2, units), rng.random(units) < 0.5
    theta, f, size, phase = (
        shown[name].values[:, None] for name in ("orientation", "spatial_frequency", "size", "phase")
    )
    tuned = np.exp(width * (np.cos(2 * np.deg2rad(theta - angle)) - 1)) * np.exp(-(np.log2(f / peak) ** 2) / 2 / 0.8**2)
    field = erf(size / centre) ** 2 / (1 + gain * erf(size / (3 * centre)) ** 2)
    wave = np.where(simple, np.maximum(np.cos(np.deg2rad(phase)), 0), 0.5)
    rates = np.where((shown["contrast"].values == 0)[:, None], 0, 80 * tuned * field * wave) + 0.8
    coords = {name: ("stimulus", shown[name].values) for name in shown.variables}
    table = xr.DataArray(
        rates,
        dims=("stimulus", "unit"),
        coords={**coords, "unit": np.arange(units), "layer": ("unit", ["made"] * units)},
    )
    return table, {"angle": angle, "width": width, "peak": peak, "centre": centre, "gain": gain, "simple": simple}


def test_without_compat_what_was_built_in_comes_back():
    rates, truth = made_up()
    ours = marques2020_properties(rates, compat=None, repeats=None)
    compat = marques2020_properties(rates)
    assert ours.attrs["compat"] == "none"
    assert compat.attrs["compat"] == "marques2020"
    half = np.rad2deg(np.arccos(1 + np.log(2**-0.5) / truth["width"])) / 2
    counts = ours["valid_orientation_bandwidth"].values
    errors = {
        name: np.abs(table["orientation_bandwidth"].values - half)[counts]
        for name, table in (("ours", ours), ("compat", compat))
    }
    assert np.median(errors["ours"]) < 1
    assert np.median(errors["ours"]) < np.median(errors["compat"]) / 2
    turned = (ours["preferred_orientation"].values - (90 - truth["angle"]) + 90) % 180 - 90
    assert np.abs(turned[counts]).max() < 2
    assert ours["preferred_orientation"].min() >= -22.5
    assert np.array_equal(ours["modulation_ratio"].values[counts] > 1, truth["simple"][counts])
    valid = ours["valid_peak_spatial_frequency"].values
    assert np.median(np.abs(np.log2(ours["peak_spatial_frequency"].values / truth["peak"]))[valid]) < 0.05


def test_noise_is_that_of_so_many_repeats_and_follows_its_seed():
    rates, _ = made_up(20)
    one, again, other = (marques2020_properties(rates, compat=None, repeats=5, rng=seed) for seed in (1, 1, 2))
    xr.testing.assert_identical(one, again)
    assert not one.equals(other)
    assert one.attrs["repeats"] == 5
    quiet = marques2020_properties(rates, compat=None, repeats=None)["circular_variance"]
    away = [
        float(abs(marques2020_properties(rates, compat=None, repeats=n)["circular_variance"] - quiet).median())
        for n in (1, 100)
    ]
    assert away[1] < away[0] / 3
    with pytest.raises(ValueError, match="0 repeats"):
        marques2020_properties(rates, compat=None, repeats=0)
    with pytest.raises(ValueError, match="no way to measure"):
        marques2020_properties(rates, compat="marques")


def test_the_nearest_positions_are_taken_where_there_are_many():
    network = load("classical_v1")
    every, few = (looking_near(network, ["simple"], most=most)["simple"] for most in (None, 2))
    assert len({unit[1:] for unit in few}) == 2
    assert set(few) <= set(every)
