"""Positions are found by label, whatever their order; blanks, repeats and other parameters are taken as they should."""

from __future__ import annotations

import numpy as np
import pytest

from cortexcnn import load, record, sweep, tuning

AT = np.linspace(-1, 1, 9)


def cells(x, y, orientation, **_):
    """Gaussian fields at two places, tuned to an orientation, one with a base of 3."""
    field = [np.exp(-((x - a) ** 2 + (y - b) ** 2) / 2 / 0.2**2) for a, b in ((0.25, -0.5), (0.0, 0.0))]
    tuned = 0.5 + 0.5 * np.cos(2 * np.deg2rad(orientation - 45))
    return np.concatenate([10 * field[0] * tuned, 3 + 4 * field[1] * tuned], axis=1)


@pytest.mark.parametrize("seed", [0, 1])
def test_the_map_is_the_best_over_other_parameters_above_the_blank(table, seed):
    responses = table(cells, units=2, x=AT, y=AT[:7], orientation=[0, 45, 90, 135], blank=3.0)
    order = np.random.default_rng(seed).permutation(responses.sizes["stimulus"])
    made = tuning.position_map(responses.isel(stimulus=order))
    y, x = np.meshgrid(AT[:7], AT, indexing="ij")
    wanted = cells(x.ravel()[:, None], y.ravel()[:, None], 45.0).reshape(7, 9, 2) - 3
    np.testing.assert_allclose(made.values, wanted, atol=1e-12)
    assert made.attrs["baseline"] == "blank rows"
    assert made.baseline.values.tolist() == [3, 3]


def test_the_mean_leaves_out_what_is_missing(table):
    responses = table(cells, units=2, x=AT, y=AT, orientation=[0, 90]).copy()
    responses[0, 0] = np.nan
    mean = tuning.position_map(responses, over="mean", baseline="none")
    whole = responses.values.reshape(9, 9, 2, 2)  # x, y, orientation, unit
    np.testing.assert_allclose(mean.values, np.nanmean(whole, axis=2).transpose(1, 0, 2))


def test_a_position_without_any_response_is_said_to_be_missing(table):
    responses = table(cells, units=2, x=AT, y=AT, orientation=[45]).copy()
    responses[0, 0] = np.nan
    found = tuning.receptive_field(tuning.position_map(responses))
    assert found.reason.values[0] == "samples missing"
    assert found.valid.values.tolist() == [False, True]


def test_light_and_dark(table):
    def simple(x, y, light, **_):
        on, off = (np.exp(-((x - a) ** 2 + y**2) / 2 / 0.2**2) for a in (-0.25, 0.25))
        return np.where(light == 1, on, 2 * off)

    responses = table(simple, x=AT, y=AT, light=[0, 1])
    names = np.where(responses.light.values == 1, "light", "dark")
    responses = responses.assign_coords(polarity=("stimulus", names)).drop_vars("light")
    maps = tuning.polarity_maps(responses)
    best = maps.isel(unit=0).values.reshape(2, -1).argmax(1) % len(AT)
    assert AT[best].tolist() == [-0.25, 0.25]
    assert maps.max(["y", "x", "unit"]).values == pytest.approx([1, 2])
    with pytest.raises(ValueError, match="no stimulus is dark"):
        tuning.polarity_maps(responses.isel(stimulus=np.flatnonzero(names == "light")))
    half = (names == "light") | (responses.x.values > -1)
    with pytest.raises(ValueError, match="at different positions"):
        tuning.polarity_maps(responses.isel(stimulus=np.flatnonzero(half)))


def test_what_is_refused(table):
    responses = table(cells, units=2, x=AT, y=AT, orientation=[0, 90])
    with pytest.raises(ValueError, match="80 of the 9 × 9 positions"):
        tuning.position_map(responses.isel(stimulus=slice(2, None)))
    with pytest.raises(ValueError, match="no stimulus parameter y"):
        tuning.position_map(responses.drop_vars("y"))
    with pytest.raises(ValueError, match="Did you mean 'maximum'"):
        tuning.position_map(responses, over="maximun")
    with pytest.raises(ValueError, match="2 positions along x"):
        tuning.position_map(table(cells, units=2, x=AT[:2], y=AT, orientation=[0]))


def test_the_classical_v1_is_found_where_it_lies():
    network = load("classical_v1", orientations=[0, 90], spatial_frequencies=[2.0], n_x=0.5, n_y=0.5)
    at = np.linspace(-1, 1, 15)
    spots = sweep(
        "grating",
        x=at,
        y=at,
        orientation=[0, 90],
        phase=[0, 90, 180, 270],
        spatial_frequency=2,
        size=0.4,
        aperture="disc",
        blank=True,
    )
    layer = {"simple": 8, "complex": 2}
    found = tuning.receptive_field(tuning.position_map(record(network, spots, layers=list(layer), progress=False)))
    assert found.valid.all()
    np.testing.assert_allclose([found.centre_x, found.centre_y], 0, atol=0.02)
    assert (found.diameter > 0.6).all()
