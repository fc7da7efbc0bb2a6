"""Named experiments give back what handmade cells were built with, and their tables and figures hold together."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from PIL import Image

from cortexcnn.cli.probe import NAMED
from cortexcnn.models import load
from cortexcnn.protocols import PROTOCOLS, beside_neurons, preferred_stimuli, run_protocol, summarise_measures
from cortexcnn.stimuli import check_drawable, textures

LAYERS = ("simple", "complex", "normalised_simple", "normalised_complex")
N = 0.4  # standard deviations of the cells' envelopes, in periods
KAPPA = 4 * np.pi**2 * N**2  # concentration of a linear cell's orientation tuning


@pytest.fixture(scope="module")
def cells():
    return load("classical_v1", degrees=6, pixels=132, spatial_frequencies=(2.0,), n_x=N, n_y=N)


@pytest.fixture(scope="module")
def preferred(cells):
    return preferred_stimuli(cells, LAYERS, progress=False)


@pytest.fixture(scope="module")
def medians(cells, preferred):
    """Medians of a protocol in a layer, each protocol run once."""
    kept = {}

    def of(name, layer):
        if name not in kept:
            protocol = PROTOCOLS[name]
            _, measures = run_protocol(protocol, cells, preferred=preferred, progress=False)
            assert measures["valid"].all(), set(measures["reason"].values)
            kept[name] = summarise_measures(protocol, measures)
        return kept[name].sel(layer=layer)

    return of


def half_width(kappa, height):
    return np.rad2deg(np.arccos(1 + np.log(height) / kappa))


def test_skottun_tells_simple_from_complex(medians):
    for layer in LAYERS:
        found = medians("skottun1991", layer)
        if layer.endswith("complex"):
            assert found["modulation_ratio"] < 0.01
            assert found["simple"] == 0
        else:
            assert found["simple"] == 1
    assert medians("skottun1991", "simple")["modulation_ratio"] == pytest.approx(np.pi / 2, abs=0.04)


def test_ringach_and_de_valois_give_the_width_that_was_built_in(medians):
    # Discs of 95 % of the response widen the tuning of an unlimited grating by a little.
    for layer, kappa in (("simple", KAPPA), ("complex", 2 * KAPPA)):
        found = medians("ringach2002", layer)
        assert found["orientation_bandwidth"] == pytest.approx(half_width(kappa, 2**-0.5), rel=0.06)
        variance = 1 - mean_length(kappa)
        assert found["circular_variance"] == pytest.approx(variance, abs=0.03)
        assert found["orthogonal_preferred_ratio"] < 0.01
        full = medians("devalois1982a", layer)["orientation_full_width"]
        assert full == pytest.approx(2 * half_width(kappa, 0.5), rel=0.06)


def mean_length(kappa):
    """Of exp(κ cos Δ) + exp(−κ cos Δ), the tuning over orientation, on the doubled angle."""
    angle = np.deg2rad(np.arange(0, 180, 0.1))
    curve = np.exp(kappa * (np.cos(angle) - 1)) + np.exp(kappa * (-np.cos(angle) - 1))
    return abs((curve * np.exp(2j * angle)).sum() / curve.sum())


def test_frequency_peaks_and_widths_are_those_built_in(medians):
    for layer, share in (("simple", 0.1874), ("complex", 0.1325)):
        found = medians("devalois1982b", layer)
        assert found["peak_spatial_frequency"] == pytest.approx(2, rel=0.02)
        octaves = np.log2((1 + share / N) / (1 - share / N))
        assert found["spatial_frequency_bandwidth"] == pytest.approx(octaves, rel=0.06)
        assert found["low_pass"] == 0
        cut = share / N / np.sqrt(2)  # at 1/√2 of a gaussian
        schiller = medians("schiller1976", layer)
        assert schiller["spatial_frequency_bandwidth_ratio"] == pytest.approx(100 * (1 - cut) / (1 + cut), abs=4)
        assert schiller["spatial_frequency_selective"] == 1


def test_contrast_saturates_where_it_is_normalised_and_nowhere_else(medians):
    for layer in ("normalised_simple", "normalised_complex"):
        found = medians("albrecht_hamilton1982", layer)
        assert found["exponent"] == pytest.approx(2, abs=0.02)
        # .3 for a grating that fills the pool's window: in a disc there is less to normalise by.
        assert 0.3 < found["semi_saturation_contrast"] < 0.4
        assert found["saturates"] == 1
    assert medians("albrecht_hamilton1982", "simple")["exponent"] == pytest.approx(1, abs=0.05)
    assert medians("albrecht_hamilton1982", "complex")["exponent"] == pytest.approx(2, abs=0.05)
    assert medians("albrecht_hamilton1982", "simple")["saturates"] == 0
    assert np.isnan(medians("albrecht_hamilton1982", "simple")["semi_saturation_contrast"])


def test_only_normalised_cells_are_suppressed_by_size(medians):
    assert medians("cavanaugh2002a", "simple")["surround_suppression_index"] < 0.05
    for layer in ("normalised_simple", "normalised_complex"):
        assert medians("cavanaugh2002a", layer)["surround_suppression_index"] > 0.05


def test_only_normalised_cells_are_suppressed_across(medians):
    # Of the closed form with .5 and .5 in the pool's full window; in a disc there is less of both.
    whole = 0.25 / (0.09 + 0.25 + 0.25)
    for layer in LAYERS:
        found = medians("bonds1989", layer)["cross_orientation_suppression"].item()
        assert found == (
            pytest.approx(whole, abs=0.04) if layer.startswith("normalised") else pytest.approx(0, abs=0.01)
        )


def test_a_surround_that_normalises_alike_is_felt_most_across(medians):
    # The pool has no orientation, but an annulus of the centre's own adds to its drive.
    found = medians("cavanaugh2002b", "normalised_complex")
    assert found["cross_surround_suppression"] > found["iso_surround_suppression"] > 0
    assert abs(medians("cavanaugh2002b", "complex")["cross_surround_suppression"]) < 0.03


def test_bars_tell_simple_from_complex_as_gratings_do(medians):
    for layer in LAYERS:
        found = medians("hubel_wiesel1962", layer)
        assert found["simple"] == (not layer.endswith("complex"))
        assert found["discreteness"] == pytest.approx(found["simple"].item(), abs=0.02)
    assert medians("hubel_wiesel1962", "simple")["summation"] > 0.99


def test_edges_have_one_place_in_simple_cells_and_none_in_complex_ones(medians):
    position, u = np.arange(-20, 21) / 16, np.linspace(-4, 4, 4001)
    pair = (np.exp(2j * np.pi * u) - np.exp(-2 * (np.pi * N) ** 2)) * np.exp(-(u**2) / 2 / N**2)  # without a mean
    energy = np.abs(np.sign(u - position[:, None]) @ pair) ** 2
    found = medians("hubel_wiesel1962_edges", "complex")
    assert found["edge_polarity_index"] == pytest.approx(0, abs=1e-3)
    assert found["edge_position"] == pytest.approx(0, abs=0.07)
    assert found["edge_extent"] == pytest.approx(energy.sum() / energy.max() / 16, rel=0.03)
    assert medians("hubel_wiesel1962_edges", "simple")["edge_extent"] < found["edge_extent"]


def test_gabors_are_not_end_stopped(medians):
    assert medians("hubel_wiesel1965", "simple")["end_stopping"] < 0.01
    assert medians("hubel_wiesel1965", "complex")["end_stopped"] == 0


def test_a_bar_that_sweeps_over_them_finds_their_orientation(cells):
    _, found = run_protocol(PROTOCOLS["hubel_wiesel1959"], cells, ["complex"], progress=False)
    built_in = np.arange(0, 180, 22.5)
    apart = (found["preferred_orientation"].values - built_in + 90) % 180 - 90
    assert np.abs(apart).max() < 3


@pytest.mark.parametrize("name", PROTOCOLS)
def test_a_protocol_can_be_drawn_says_its_paper_and_bins_all_its_measures(name, cells):
    protocol = PROTOCOLS[name]
    assert protocol.name == name
    assert protocol.source.count("(") >= 1
    assert protocol.question.endswith("?")
    if protocol.stimuli is not None:
        check_drawable(protocol.stimuli(cells.screen), cells.screen)
    for measure in protocol.measures:
        values = xr.Dataset({measure: ("unit", [0.5, np.nan]), "valid": ("unit", [True, True])})
        counts, neurons = beside_neurons(protocol, values, measure)
        assert counts.sum() == 1
        assert (neurons is not None) == (measure in protocol.published)


def test_the_command_names_all_of_them():
    assert tuple(PROTOCOLS) == NAMED


def test_textures_are_brought_along_and_cells_that_take_amplitudes_alone_do_not_tell_them_from_noise(cells, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("sand", "gravel"):
        Image.fromarray(rng.integers(0, 256, (200, 200), dtype=np.uint8)).save(tmp_path / f"{name}.png")
    protocol = PROTOCOLS["freeman_ziemba2013"]
    with pytest.raises(ValueError, match=r"no pictures of its own: give photographs of textures, .*textures\(folder\)"):
        run_protocol(protocol, cells, ["complex"], progress=False)
    _, found = run_protocol(protocol, cells, ["complex"], stimuli=textures(tmp_path, samples=20), progress=False)
    assert found["valid"].all()
    assert abs(found["texture_modulation_index"].mean()) < 0.1  # these textures are noise themselves


def test_what_the_search_had_to_say_goes_with_the_measures(cells, preferred):
    some = preferred.isel(unit=[0, 1, 2])
    some = some.assign(
        edge=("unit", ["", "spatial_frequency; size", ""]),
        valid=("unit", [True, True, False]),
        reason=("unit", ["", "", "never answered"]),
    )
    _, measures = run_protocol(PROTOCOLS["skottun1991"], cells, preferred=some, progress=False)
    assert measures["reason"].values.tolist() == [
        "",
        "preferred spatial_frequency, size at the edge of the range",
        "no optimum: never answered",
    ]
    assert measures["valid"].values.tolist() == [True, True, False]
    assert np.isnan(measures["modulation_ratio"].values).tolist() == [False, False, True]


def test_it_runs_without_a_search_before_it(cells):
    responses, measures = run_protocol(PROTOCOLS["skottun1991"], cells, units={"complex": [(0, 4, 4)]}, progress=False)
    assert responses.attrs["protocol"] == "skottun1991"
    assert measures["modulation_ratio"].item() < 0.01
