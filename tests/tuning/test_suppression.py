"""Suppression by masks and surrounds: closed forms of normalisation, laws, neurons with repeats, and bad input."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from cortexcnn.tuning import (
    FAULTS,
    cross_orientation_suppression,
    cross_orientation_tuning,
    interval,
    surround_orientation_tuning,
)

MASKS = np.array([0.0, 0.1, 0.2, 0.4])
PHASES = np.arange(0, 360, 45.0)


def plaids(drive, *, angles=(90.0,), phases=PHASES, blank=True):
    """Responses to plaids; ``drive(mask, angle, phase)`` gives (unit)."""
    mask, angle, phase = (part.ravel() for part in np.meshgrid(MASKS, angles, phases, indexing="ij"))
    values = np.stack([np.atleast_1d(drive(*row)) for row in zip(mask, angle, phase, strict=True)]).astype(float)
    columns = {"mask_contrast": mask, "mask_angle": angle, "phase": phase, "contrast": mask + 0.4}
    if blank:
        values = np.concatenate([values, np.zeros((1, values.shape[1]))])
        columns = {name: np.append(column, 0.0) for name, column in columns.items()}
    coords = {name: ("stimulus", column) for name, column in columns.items()}
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={"stimulus": np.arange(len(values)), "unit": np.arange(values.shape[1]), **coords},
    )


@given(st.floats(0.05, 1), st.floats(1, 4), st.floats(0.1, 0.9))
def test_of_divisive_normalisation_it_is_the_closed_form(c50, n, test):
    found = cross_orientation_tuning(plaids(lambda mask, *_: 30 * test**n / (c50**n + test**n + mask**n)))
    strongest = MASKS[-1] ** n
    assert found["cross_orientation_suppression"].item() == pytest.approx(strongest / (c50**n + test**n + strongest))
    assert found["strongest_suppression"].item() == pytest.approx(found["cross_orientation_suppression"].item())
    assert found["maximum"].item() == pytest.approx(30 * test**n / (c50**n + test**n))
    assert found["cross_orientation_suppression"].attrs["mask_contrast"] == 0.4


def test_a_rectified_filter_is_not_suppressed_and_its_f1_ignores_what_the_mask_adds():
    def drive(mask, _angle, phase):
        wave = np.cos(np.deg2rad(phase))
        return [max(wave, 0), wave + 1 + 3 * mask]

    found = cross_orientation_tuning(plaids(drive), component="f1")
    assert found["cross_orientation_suppression"].values == pytest.approx([0, 0], abs=1e-9)
    mean = cross_orientation_tuning(plaids(drive))
    assert mean["cross_orientation_suppression"].values == pytest.approx([0, -1.2])


def test_the_mask_that_was_asked_for_counts_and_over_its_phase_is_averaged():
    def drive(mask, angle, _phase):
        return 10 - 10 * mask * (angle == 90)

    table = plaids(drive, angles=(0.0, 90.0))
    assert cross_orientation_tuning(table)["cross_orientation_suppression"].item() == pytest.approx(0.4)
    assert cross_orientation_tuning(table, angle=0)["cross_orientation_suppression"].item() == pytest.approx(0)
    with pytest.raises(ValueError, match=r"no stimulus has mask_angle 45; there are 0\.0, 90\.0"):
        cross_orientation_tuning(table, angle=45)
    second = table.copy(data=table.values * np.where(table["mask_contrast"] > 0, 0.5, 1)[:, None])
    both = xr.concat(
        [
            part.assign_coords(mask_phase=("stimulus", np.full(part.sizes["stimulus"], phase)))
            for part, phase in ((table, 0.0), (second, 90.0))
        ],
        "stimulus",
    ).assign_coords(stimulus=np.arange(2 * table.sizes["stimulus"]))
    assert cross_orientation_tuning(both)["cross_orientation_suppression"].item() == pytest.approx(1 - 0.6 * 0.75)


def test_units_that_answer_to_the_mask_alone_are_flagged():
    table = plaids(lambda mask, *_: [mask, 1.0, 0.0])
    found = cross_orientation_tuning(table)
    assert found["valid"].values.tolist() == [False, True, False]
    assert found["reason"].values.tolist() == ["no response without the mask", "", "never answered"]
    assert np.isnan(found["cross_orientation_suppression"].values).tolist() == [True, False, True]
    assert "no response without the mask" in FAULTS


def test_repeats_give_an_interval_around_the_truth():
    table = plaids(lambda mask, *_: np.full(60, 60 * (1 - mask)), phases=[0.0])
    rng = np.random.default_rng(0)
    noisy = xr.concat([table.copy(data=rng.poisson(table.values).astype(float)) for _ in range(30)], "repeat")
    bounds = interval(lambda r: cross_orientation_tuning(r)["cross_orientation_suppression"], noisy, draws=100, rng=0)
    low, high = bounds.transpose("bound", "unit").values
    assert 0.85 < np.mean((low < 0.4) & (high > 0.4)) <= 1
    assert np.median(high - low) < 0.1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop_vars("mask_contrast"), "mask_contrast"),
        (
            lambda t: t.isel(stimulus=np.flatnonzero(t["mask_contrast"].values > 0)),
            "the test alone, at mask_contrast 0",
        ),
        (lambda t: t.isel(stimulus=slice(0, 2)).assign_coords(phase=("stimulus", [0.0, 90.0])), "phases"),
    ],
)
def test_bad_plaids_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        cross_orientation_tuning(change(plaids(lambda mask, *_: 1 - mask, blank=False)), component="larger")


def test_a_curve_over_something_else_is_refused():
    curve = xr.DataArray([[1.0]], dims=("contrast", "unit"), coords={"contrast": [1.0]})
    with pytest.raises(ValueError, match="this one is over contrast"):
        cross_orientation_suppression(curve)


def surrounds(alone, by_angle, *, angles=(0.0, 45.0, 90.0, 135.0)):
    """Responses to a centre alone and under surrounds, at one contrast between and the highest."""
    angle, contrast = (part.ravel() for part in np.meshgrid(angles, [0.0, 0.5, 1.0], indexing="ij"))
    alone = np.asarray(alone, float)
    values = np.stack(
        [
            alone if c == 0 else (1 - c) * alone + c * np.asarray(by_angle(a), float)
            for a, c in zip(angle, contrast, strict=True)
        ]
    )
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={
            "stimulus": np.arange(len(values)),
            "unit": np.arange(values.shape[1]),
            "surround_angle": ("stimulus", angle),
            "surround_contrast": ("stimulus", contrast),
        },
    )


def test_a_surround_that_dislikes_its_like():
    found = surround_orientation_tuning(surrounds([10, 10], lambda a: [4 if a == 0 else 8, 10]))
    assert found["iso_surround_suppression"].values == pytest.approx([0.6, 0])
    assert found["cross_surround_suppression"].values == pytest.approx([0.2, 0])
    assert found["iso_orientation_surround_ratio"].values[0] == pytest.approx(3)
    assert found["iso_cross_index"].values == pytest.approx([4 / 12, 0])
    assert found["weakest_surround"].values[0] in (45.0, 90.0, 135.0)
    assert np.isnan(found["iso_orientation_surround_ratio"].values[1])
    assert found["reason"].values.tolist() == [
        "",
        "no iso_orientation_surround_ratio (hardly suppressed across)",
    ]
    assert found["valid"].all()


@given(st.floats(0.5, 50), st.floats(0, 1), st.floats(0.06, 1))
def test_the_scale_of_responses_changes_nothing(scale, iso, cross):
    def of(factor):
        return surround_orientation_tuning(surrounds([factor], lambda a: [factor * (1 - (iso if a == 0 else cross))]))

    one, other = of(1.0), of(scale)
    for name in ("iso_surround_suppression", "iso_orientation_surround_ratio", "iso_cross_index"):
        np.testing.assert_allclose(one[name], other[name], atol=1e-9)
    assert one["iso_orientation_surround_ratio"].item() == pytest.approx(iso / cross, abs=1e-9)


def test_a_surround_that_silences_is_an_answer():
    found = surround_orientation_tuning(surrounds([5], lambda _: [0]))
    assert found["valid"].item()
    assert found["iso_surround_suppression"].item() == found["iso_orientation_surround_ratio"].item() == 1


def test_a_centre_that_says_nothing_is_flagged_and_missing_surrounds_are_refused():
    found = surround_orientation_tuning(surrounds([0, 5], lambda _: [3, 2]))
    assert found["reason"].values.tolist() == ["no response without the surround", ""]
    assert found["valid"].values.tolist() == [False, True]
    table = surrounds([5], lambda _: [2])
    with pytest.raises(ValueError, match="no surround at 90° from the centre's orientation; there are 0, 45"):
        surround_orientation_tuning(surrounds([5], lambda _: [2], angles=(0.0, 45.0)))
    with pytest.raises(ValueError, match="surround_contrast 0, and one above 0"):
        surround_orientation_tuning(table.isel(stimulus=np.flatnonzero(table["surround_contrast"].values > 0)))
    with pytest.raises(ValueError, match="surround_angle"):
        surround_orientation_tuning(table.drop_vars("surround_angle"))
