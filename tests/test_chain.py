"""Ground truth through the whole chain: what is built into the classical V1 comes back out of the measures.

Sweep, drawing, electrode, windows, curves, fits and flags, each from its own room, against the closed forms.
"""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.optimize import curve_fit

from cortexcnn import load, record, sweep, tuning, wrap
from cortexcnn.arrays import groups
from cortexcnn.models import Network
from cortexcnn.models.classical_v1 import classical_v1
from cortexcnn.models.gabors import modulation
from cortexcnn.protocols import grating_battery, grating_tuning

CELLS = ["simple", "complex", "normalised_simple", "normalised_complex"]
N, OWN = 0.5, [1.1, 1.9, 3.3]
C50, EXPONENT, MAXIMUM = 0.23, 2.4, 30.0
POWER = {"linear": 1.0, "simple": 1.0, "complex": 2.0, "normalised_simple": EXPONENT, "normalised_complex": EXPONENT}


def handmade(**changes: object) -> Network:
    """Cells whose orientations lie between those that are shown, so that nothing is right by luck."""
    options: dict = {
        "orientations": [4.0, 26.5, 51.2, 70.1, 88.8, 113.3, 137.0, 171.9],
        "spatial_frequencies": OWN,
        "n_x": N,
        "n_y": N,
        "semi_saturation_contrast": C50,
        "exponent": EXPONENT,
        "maximum": MAXIMUM,
    }
    v1 = classical_v1(**(options | changes))
    return wrap(v1, v1.eye, name="handmade")


def shown(network: Network, *, layers: list[str], **parameters: object) -> xr.DataArray:
    return record(network, sweep("grating", blank=True, **parameters), layers=layers, progress=False)


def apart(found: xr.DataArray, wanted: xr.DataArray | np.ndarray, period: float) -> np.ndarray:
    return np.abs((found.values - np.asarray(wanted) + period / 2) % period - period / 2)


@pytest.fixture(scope="module")
def network() -> Network:
    return handmade()


@pytest.fixture(scope="module")
def responses(network: Network) -> xr.DataArray:
    """Frequencies about half an octave apart, those that the cells prefer among them."""
    return shown(
        network,
        layers=["linear", *CELLS],
        orientation=np.arange(0, 180, 15),
        spatial_frequency=[0.5, 0.8, 1.1, 1.5, 1.9, 2.5, 3.3, 4.4, 5.8],
        phase=np.arange(0, 360, 45),
    )


@pytest.fixture(params=CELLS)
def layer(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def here(responses: xr.DataArray, layer: str) -> xr.DataArray:
    return dict(groups(responses, "layer"))[layer]


@pytest.fixture
def truth(network: Network, layer: str) -> xr.Dataset:
    return network.module.cells(layer)


def test_the_units_recorded_are_the_cells_described(here, truth):
    assert here.unit.values.tolist() == truth.unit.values.tolist()
    assert here.rf_x.values == pytest.approx(truth.rf_x.values, abs=1e-9)
    assert here.rf_y.values == pytest.approx(truth.rf_y.values, abs=1e-9)


def test_orientation(here, truth, layer):
    table = tuning.orientation_tuning(here)
    assert table.valid.all()
    assert set(table.reason.values) == {""}
    assert table.at_spatial_frequency.values == pytest.approx(truth.spatial_frequency.values)
    assert apart(table.preferred_orientation, truth.orientation, 180).max() < 0.5
    assert apart(table.preferred_orientation_fitted, truth.orientation, 180).max() < 0.5
    # science.md: acos(1 − ln 2 / κ), κ = 4π²σ²f², doubled for energy
    kappa = POWER[layer] * (2 * np.pi * N) ** 2
    half_height, half_power = (np.rad2deg(np.arccos(1 - fall / kappa)) for fall in (np.log(2), np.log(2) / 2))
    assert truth.orientation_bandwidth.values == pytest.approx(half_power)
    assert table.orientation_bandwidth.values == pytest.approx(half_power, abs=0.1)
    assert table.orientation_bandwidth_half_height.values == pytest.approx(half_height, abs=0.1)
    assert table.circular_variance.values == pytest.approx(truth.circular_variance.values, abs=0.005)


def test_orientation_at_another_frequency_is_narrower_or_wider_by_it(here, truth, layer):
    # of r times the cell's frequency κ is r κ
    for frequency in (1.5, 2.5):
        found = tuning.orientation_tuning(here, at={"spatial_frequency": frequency})
        kappa = POWER[layer] * (2 * np.pi * N) ** 2 * frequency / truth.spatial_frequency.values
        near = np.abs(np.log2(frequency / truth.spatial_frequency.values)) < 0.5
        assert near.any()
        wanted = np.rad2deg(np.arccos(1 - np.log(2) / 2 / kappa))
        assert found.orientation_bandwidth.values[near] == pytest.approx(wanted[near], abs=0.2)


def test_spatial_frequency(here, truth):
    table = tuning.spatial_frequency_tuning(here)
    assert table.valid.all()
    assert set(table.reason.values) == {""}
    assert table.peak_spatial_frequency.values == pytest.approx(truth.spatial_frequency.values, rel=0.03)
    assert table.spatial_frequency_low.values == pytest.approx(truth.spatial_frequency_low.values, rel=0.03)
    assert table.spatial_frequency_high.values == pytest.approx(truth.spatial_frequency_high.values, rel=0.03)
    octaves = np.log2(truth.spatial_frequency_high / truth.spatial_frequency_low).values
    assert table.spatial_frequency_bandwidth.values == pytest.approx(octaves, abs=0.05)
    assert not table.low_pass.any()


def test_science_gives_the_half_heights_of_simple_and_complex_cells(network):
    # f ± .1874/σ of F1 and f ± .1325/σ of energy
    for layer, share in (("simple", 0.1874), ("complex", 0.1325)):
        truth = network.module.cells(layer)
        high = truth.spatial_frequency + share / truth.sigma_u
        assert truth.spatial_frequency_high.values == pytest.approx(high.values, rel=1e-3)


def test_frequencies_that_are_not_among_those_shown_are_found_too(network, layer):
    found = tuning.spatial_frequency_tuning(
        shown(
            network,
            layers=[layer],
            orientation=np.arange(0, 180, 15),
            spatial_frequency=0.5 * 2.0 ** (np.arange(8) / 2),
            phase=np.arange(0, 360, 45),
        )
    )
    truth = network.module.cells(layer)
    assert found.peak_spatial_frequency.values == pytest.approx(truth.spatial_frequency.values, rel=0.03)


def test_phase_with_eight_phases(here, truth, layer):
    table = tuning.phase_tuning(here)
    assert table.attrs["phases"] == 8
    flat = np.isnan(table.preferred_phase.values)
    assert (table.reason.values == np.where(flat, "no preferred_phase (does not modulate)", "")).all()
    if layer.endswith("complex"):
        assert table.modulation_ratio.values == pytest.approx(0, abs=0.01)
        return
    wave = np.maximum(np.cos(np.deg2rad(np.arange(0, 360, 45))), 0) ** POWER[layer]
    wanted = 2 * np.abs(wave @ np.exp(1j * np.deg2rad(np.arange(0, 360, 45)))) / wave.sum()
    if layer == "simple":
        assert wanted == pytest.approx(1.657, abs=5e-4)
    assert table.modulation_ratio.values == pytest.approx(wanted, rel=0.02)
    assert apart(table.preferred_phase, truth.preferred_phase, 360).max() < 1


def test_phase_with_many_phases(layer):
    network = handmade(orientations=[30, 100], spatial_frequencies=[2], phases=[20, 110, 200, 290])
    found = tuning.phase_tuning(
        shown(network, layers=[layer], orientation=[30, 100], spatial_frequency=2, phase=np.arange(0, 360, 5))
    )
    wanted = 0 if layer.endswith("complex") else modulation(POWER[layer])
    if layer == "simple":
        assert wanted == pytest.approx(np.pi / 2)
    assert found.modulation_ratio.values == pytest.approx(wanted, rel=0.02, abs=0.01)


def test_contrast_response(network, layer):
    truth = network.module.cells(layer)
    for channel in range(0, truth.sizes["unit"], 17):
        cell = truth.isel(unit=channel)
        contrast = np.geomspace(0.02, 1, 9)
        phase = 0.0 if layer.endswith("complex") else float(cell.preferred_phase)
        found = shown(
            network,
            layers=[layer],
            orientation=float(cell.orientation),
            spatial_frequency=float(cell.spatial_frequency),
            phase=phase,
            contrast=contrast,
        )
        curve = tuning.tuning_curve(found, "contrast").sel(unit=str(cell.unit.values))
        assert curve.contrast.values == pytest.approx(contrast)
        if not layer.startswith("normalised"):
            assert curve.values == pytest.approx(contrast ** POWER[layer], rel=5e-3)
            continue

        def naka_rushton(c, c50, n, maximum):
            return maximum * c**n / (c50**n + c**n)

        fitted, _ = curve_fit(naka_rushton, contrast, curve.values, p0=(0.3, 2, 20))
        assert fitted == pytest.approx((C50, EXPONENT, MAXIMUM), rel=0.01)


def test_linear_cells_by_their_first_harmonic(responses, network):
    here, truth = dict(groups(responses, "layer"))["linear"], network.module.cells("linear")
    orientation = tuning.orientation_tuning(here, component="f1", rectify=False)
    assert apart(orientation.preferred_orientation, truth.orientation, 180).max() < 0.5
    assert orientation.orientation_bandwidth.values == pytest.approx(truth.orientation_bandwidth.values, abs=0.1)
    assert orientation.maximum.values == pytest.approx(1, abs=0.1)
    frequency = tuning.spatial_frequency_tuning(here, component="f1", rectify=False)
    assert frequency.peak_spatial_frequency.values == pytest.approx(truth.spatial_frequency.values, rel=0.03)
    flat = tuning.tuning_curve(here, "orientation", at="mean", rectify=False)
    assert np.abs(flat.values).max() < 1e-3  # F0 of a linear cell is nothing at all


def test_windows_give_what_whole_images_give(network):
    gratings = sweep("grating", orientation=[0, 40, 115], spatial_frequency=[1, 2.2], phase=[0, 90, 200])
    small, whole = (
        record(network, gratings, layers=["linear", *CELLS], window=window, progress=False) for window in (True, False)
    )
    assert np.abs(small.values - whole.values).max() < 1e-5 * MAXIMUM


def test_every_unit_of_the_map_is_the_cell_of_its_channel():
    network = handmade(orientations=[20, 65, 110, 155], spatial_frequencies=[2])
    gratings = sweep(
        "grating", orientation=np.arange(0, 180, 15), spatial_frequency=2, phase=np.arange(0, 360, 45), blank=True
    )
    found = record(network, gratings, layers=["simple"], units="random", count=60, rng=1, progress=False)
    truth = network.module.cells("simple").isel(unit=found.channel.values)
    orientation = tuning.orientation_tuning(found)
    assert apart(orientation.preferred_orientation, truth.orientation, 180).max() < 0.5
    # away from the centre the best phase turns by a cycle a period, across the stripes of the grating that was shown
    best = tuning.tuning_curve(found, "phase")
    near = best.at_orientation
    assert apart(near, truth.orientation, 180).max() <= 7.5
    angle = np.deg2rad(near.values)
    u = np.cos(angle) * found.rf_y.values - np.sin(angle) * found.rf_x.values
    assert np.ptp(u) > 2
    assert apart(tuning.preferred_phase(best), truth.preferred_phase.values - 360 * 2 * u, 360).max() < 5


def test_drifting_gratings(layer):
    network = handmade(orientations=[0, 45, 90, 135], spatial_frequencies=[2])
    gratings = sweep(
        "drifting_grating",
        direction=np.arange(0, 360, 22.5),
        spatial_frequency=2,
        temporal_frequency=4,
        duration=0.5,
        frame_rate=64,
        blank=True,
    )
    found = record(network, gratings, layers=[layer], progress=False)
    truth = network.module.cells(layer)
    orientation = tuning.orientation_tuning(found)
    assert apart(orientation.preferred_orientation, truth.orientation, 180).max() < 0.5
    direction = tuning.direction_tuning(found)
    assert direction.direction_selectivity.values == pytest.approx(0, abs=0.01)
    phase = tuning.phase_tuning(found)
    assert phase.modulation_ratio.values == pytest.approx(truth.modulation_ratio.values, rel=0.02, abs=0.01)


def test_the_default_population_under_the_default_battery():
    network = load("classical_v1")
    power = POWER | dict.fromkeys(("normalised_simple", "normalised_complex"), network.module.exponent)
    found = record(network, grating_battery(network.screen), layers=CELLS, progress=False)
    for layer, here in groups(found, "layer"):
        table, truth = grating_tuning(here), network.module.cells(str(layer))
        assert table.valid.all()
        assert not any("edge" in reason or "never" in reason for reason in table.reason.values)
        assert apart(table.preferred_orientation, truth.orientation, 180).max() < 0.5
        assert table.peak_spatial_frequency.values == pytest.approx(truth.spatial_frequency.values, rel=0.03)
        best = tuning.tuning_curve(here, "orientation").at_spatial_frequency.values / truth.spatial_frequency.values
        kappa = power[str(layer)] * (2 * np.pi * 0.4) ** 2 * best
        wanted = np.rad2deg(np.arccos(1 - np.log(2) / 2 / kappa))
        assert table.orientation_bandwidth.values == pytest.approx(wanted, abs=0.2)
        simple = table.modulation_ratio.values > 1
        assert simple.all() if str(layer).endswith("simple") else not simple.any()
