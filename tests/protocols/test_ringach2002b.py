"""Lobes are counted as they were built in, through noise on the screen; what has no map says so."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn import reference
from cortexcnn.models import load
from cortexcnn.protocols import beside_neurons, run_protocol
from cortexcnn.protocols.ringach2002b import (
    RINGACH2002B,
    own_checks,
    ringach2002b_beside,
    ringach2002b_maps,
    ringach2002b_measures,
    ringach2002b_stimuli,
)
from cortexcnn.recording import record, record_own
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render, sweep
from cortexcnn.tuning import fit_gabors, polarity_maps

LAYERS = ["linear", "simple", "complex"]
ANGLES = (0.0, 30.0, 90.0)


@pytest.fixture(scope="module")
def cells():
    options = {"degrees": 4, "pixels": 48, "spatial_frequencies": (1.5,), "n_x": 0.35, "n_y": 0.5, "stride": 3}
    return load("classical_v1", **options, orientations=ANGLES)


@pytest.fixture(scope="module")
def responses(cells):
    return record(cells, ringach2002b_stimuli(cells.screen, check=1 / 6, count=3000), layers=LAYERS, progress=False)


@pytest.fixture(scope="module")
def measures(responses):
    return ringach2002b_measures(responses)


def test_what_was_built_in_comes_back(cells, responses, measures):
    for layer in ("linear", "simple"):
        found = measures.isel(unit=np.flatnonzero(measures.layer.values == layer))
        assert found.valid.all()
        assert float(found.n_x.median()) == pytest.approx(0.35, rel=0.06)
        assert float(found.n_y.median()) == pytest.approx(0.5, rel=0.06)
        assert float(found.spatial_frequency.median()) == pytest.approx(1.5, rel=0.03)
        truth = np.array(ANGLES).repeat(4)  # of 4 phases each
        assert (np.abs((found.orientation.values - truth + 90) % 180 - 90) < 4).all()
        assert float(found.r_squared_above_noise.median()) == pytest.approx(1, abs=0.03)
        assert float(found.r_squared.max()) < 0.98
        off = np.hypot(found.centre_x - found.rf_x, found.centre_y - found.rf_y)
        assert off.max() < 0.05
    np.testing.assert_array_equal(measures.unit, responses.unit)


def test_complex_cells_have_no_average(measures):
    found = measures.isel(unit=np.flatnonzero(measures.layer.values == "complex"))
    assert not found.valid.any()
    assert np.isnan(found.n_x).all()
    assert all("average no different from chance" in str(reason) for reason in found.reason.values)


def test_each_with_checks_of_its_own_finds_the_same(cells, responses):
    some = responses.isel(unit=[0, 5, 10])
    shown = ringach2002b_stimuli(cells.screen, count=3000)
    own = own_checks(some["unit"].coords.to_dataset(), shown)
    own["check"][:] = [1 / 12, 1 / 6, 1 / 4]
    found = ringach2002b_measures(record_own(cells, shown, own, progress=False))
    np.testing.assert_array_equal(found.unit, some.unit)
    np.testing.assert_allclose(found.n_y, 0.5, rtol=0.2)
    together = ringach2002b_measures(some)
    assert float(found.n_x[1]) == pytest.approx(float(together.n_x[1]), rel=1e-6)


@pytest.mark.parametrize("check", [1 / 6, 0.3])
def test_frames_lie_where_the_noise_was_shown(check):
    screen = Screen(4, 48)
    shown = ringach2002b_stimuli(screen, check=check, count=800)
    at = 31, 12  # a pixel in the lower left
    values = render(shown, screen)[:, 0, at[0], at[1]].numpy()
    x, y = (part[index] for part, index in zip(screen.centres(), (at[1], at[0]), strict=True))
    coords = {name: ("stimulus", shown[name].values) for name in ("seed", "check", "distribution", "contrast")}
    coords |= {name: ("unit", [value]) for name, value in {"rf_x": x, "rf_y": y, "rf_size": 0.5}.items()}
    labels = {"stimulus": shown.stimulus.values, "unit": ["pixel"], "layer": ("unit", ["a"])}
    attrs = {"kind": "white_noise", "degrees": 4.0, "pixels": 48}
    pixel = xr.DataArray(values[:, None], dims=("stimulus", "unit"), coords=coords | labels, attrs=attrs)
    (maps,) = ringach2002b_maps(pixel)
    best = abs(maps.average[..., 0]).argmax(("y", "x"))
    assert abs(float(maps.x[best["x"]]) - x) <= check / 2 + 1 / 24
    assert abs(float(maps.y[best["y"]]) - y) <= check / 2 + 1 / 24
    assert maps.sizes["x"] <= round(0.5 / check) + 4


@pytest.mark.slow
def test_it_runs_as_a_named_experiment_with_checks_for_each_frequency():
    cells = load("classical_v1", degrees=4, pixels=64, spatial_frequencies=(1.5, 3.0), orientations=(0, 60), stride=4)
    responses, measures = run_protocol(RINGACH2002B, cells, ["simple"], progress=False)
    assert np.unique(responses.own_check).tolist() == [1 / 16, 1 / 8]
    assert measures.valid.all()
    np.testing.assert_allclose(measures.n_x, 0.4, rtol=0.2)
    assert float(measures.n_x.median()) == pytest.approx(0.4, rel=0.06)
    for name in RINGACH2002B.measures:
        units, _ = beside_neurons(RINGACH2002B, measures, name)
        assert units.values.tolist() == [0, 0, 16, 0, 0]


def test_sparse_noise_finds_the_same_field(cells):
    at = np.arange(-1.5, 1.51, 0.125)
    spots = sweep("spot", x=at, y=at, size=0.125, polarity=["light", "dark"], blank=True)
    light = polarity_maps(record(cells, spots, layers=["simple"], progress=False))
    fit = fit_gabors(light.sel(polarity="light") - light.sel(polarity="dark"))
    assert float(fit.r_squared.min()) > 0.99
    # The sine parts are Gabors; of the cosine parts the grey is taken off, so that they are wider.
    np.testing.assert_allclose(fit.n_x[1::2], 0.35, rtol=0.03)
    np.testing.assert_allclose(fit.n_y, 0.5, rtol=0.05)
    turned = (fit.orientation.values - np.array(ANGLES).repeat(4) + 90) % 180 - 90
    assert np.abs(turned).max() < 1


@pytest.mark.slow
def test_noise_finds_the_gabors_that_real_weights_are(shared_data):
    file = shared_data / "weights" / "caffenet_imagenet_PARTIAL_conv1_conv2.pth"
    network = load("cortexcnn.models.caffenet:caffenet", weights=file)
    shown = ringach2002b_stimuli(network.screen, count=3000)
    found = ringach2002b_measures(record(network, shown, layers=["conv1"], progress=False))
    colour = network.module.conv1.weight.detach().double().numpy()
    light = (colour / np.array([0.229, 0.224, 0.225])[:, None, None]).sum(1)[:, ::-1]  # y points up
    at = (np.arange(13) - 6) * 8 / 227
    weights = xr.DataArray(
        np.pad(light, ((0, 0), (1, 1), (1, 1))), dims=("unit", "y", "x"), coords={"unit": found.unit, "y": at, "x": at}
    )
    truth = fit_gabors(weights)
    told = np.flatnonzero(found.valid.values & ~truth.reason.str.contains("bound").values)
    assert len(told) > 50
    for name in ("n_x", "n_y"):
        ratio = found[name].values[told] / truth[name].values[told]
        assert np.median(ratio) == pytest.approx(1, abs=0.02)
        assert np.percentile(np.abs(np.log(ratio)), 90) < 0.15


def test_units_are_counted_in_the_published_bins():
    rng = np.random.default_rng(0)
    pairs = np.exp(rng.normal(-1, 0.8, (2, 500)))
    measures = xr.Dataset({"n_x": ("unit", pairs[0]), "n_y": ("unit", pairs[1]), "valid": ("unit", pairs[0] > 0.1)})
    units, neurons = ringach2002b_beside(measures)
    assert int(units.sum()) == units.attrs["n"] == int((pairs[0] > 0.1).sum())
    assert int(neurons.sum()) == 79
    edge = 10 ** (-1 + 1.2 * np.arange(1, 5) / 5)
    kept = np.searchsorted(edge, pairs[:, pairs[0] > 0.1], side="right")
    np.testing.assert_array_equal(
        units, [[((kept[0] == i) & (kept[1] == j)).sum() for j in range(5)] for i in range(5)]
    )
    xr.testing.assert_identical(neurons, reference.published("n_x_by_n_y"))


def test_what_is_refused(cells, responses):
    with pytest.raises(ValueError, match="1 pictures of noise"):
        ringach2002b_stimuli(cells.screen, count=1)
    gratings = record(cells, sweep("grating", phase=[0, 90]), layers=["linear"], progress=False)
    with pytest.raises(ValueError, match=r"white noise are wanted.*these are to grating"):
        ringach2002b_measures(gratings)
    with pytest.raises(ValueError, match="units without rf_size"):
        ringach2002b_measures(responses.drop_vars("rf_size"))
    two = responses.assign_coords(check=("stimulus", np.where(responses.stimulus < 9, 0.1, 0.2)))
    with pytest.raises(ValueError, match="checks of 2 sizes"):
        ringach2002b_measures(two)
