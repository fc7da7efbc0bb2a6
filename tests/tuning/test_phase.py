"""Simple and complex cells: F1, F0 and their ratio."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.tuning import modulation_ratio, phase_tuning, preferred_phase

PHASES = np.arange(0, 360, 45.0)


def simple(phase, preferred=0.0):
    return np.maximum(np.cos(np.deg2rad(phase - preferred)), 0)


def test_half_rectified_linear_cells(curve):
    many = np.arange(0, 360, 0.5)
    assert float(modulation_ratio(curve("phase", many, simple(many)))[0]) == pytest.approx(np.pi / 2, rel=1e-4)
    assert float(modulation_ratio(curve("phase", PHASES, simple(PHASES)))[0]) == pytest.approx(1.657, abs=5e-4)


def test_a_complex_cell_has_no_f1_and_no_preferred_phase(curve):
    made = curve("phase", PHASES, np.full(8, 3.0))
    assert float(modulation_ratio(made)[0]) == pytest.approx(0, abs=1e-12)
    assert np.isnan(preferred_phase(made)[0])


def test_a_linear_unit_that_is_not_rectified_is_measured_where_it_modulates_most(table):
    def linear(orientation, phase, **_):
        weight = np.where(orientation == 60, 1.0, 0.3)
        return weight * np.cos(np.deg2rad(phase - 90)) + np.where(orientation == 0, 1e-7, 0.0)  # F0 is rounding noise

    found = phase_tuning(table(linear, orientation=[0, 60, 120], phase=PHASES), rectify=False)
    assert found.at_orientation.values.tolist() == [60]
    assert found.f1.values == pytest.approx([1])
    assert found.preferred_phase.values == pytest.approx([90])
    assert np.isnan(found.modulation_ratio.values).all()


def test_the_best_grating_is_found_before_phase_is_looked_at(table):
    def cells(orientation, phase, **_):
        weight = np.where(orientation == 60, 1.0, 0.3)
        linear = weight * (2 + np.cos(np.deg2rad(phase - 200)))
        return np.concatenate([linear, weight * simple(phase, 90), weight + 0 * phase, -weight + 0 * phase], axis=1)

    found = phase_tuning(table(cells, units=4, orientation=[0, 60, 120], phase=PHASES))
    assert found.modulation_ratio.values == pytest.approx([0.5, 1.657, 0, np.nan], abs=1e-3, nan_ok=True)
    assert found.preferred_phase.values == pytest.approx([200, 90, np.nan, np.nan], nan_ok=True)
    assert found.at_orientation.values[:3].tolist() == [60, 60, 60]
    assert found.attrs["phases"] == 8
    assert found.reason.values.tolist() == ["", "", "no preferred_phase (does not modulate)", "never answered"]


def test_f0_is_above_the_blank(table):
    responses = table(lambda phase, **_: 3 + np.cos(np.deg2rad(phase)), phase=PHASES, blank=2.0)
    assert float(phase_tuning(responses).modulation_ratio[0]) == pytest.approx(1)
    assert float(phase_tuning(responses, baseline="none").modulation_ratio[0]) == pytest.approx(1 / 3)


@pytest.mark.parametrize("frequency", [2.0, 3.3])
def test_a_drifting_grating_over_time(frequency):
    """F1 is exact although the recording doesn't hold a whole number of cycles."""
    time = np.arange(73) / 60
    wave = 3 + 2 * np.cos(2 * np.pi * frequency * time - np.deg2rad(50))
    responses = xr.DataArray(
        np.stack([wave, 0.5 * wave])[:, None],
        dims=("stimulus", "unit", "time"),
        coords={
            "stimulus": [0, 1],
            "unit": ["cell"],
            "time": time,
            "direction": ("stimulus", [0.0, 90.0]),
            "temporal_frequency": ("stimulus", [frequency] * 2),
        },
    )
    found = phase_tuning(responses.assign_coords(spontaneous=("unit", [1.0])))
    assert float(found.modulation_ratio[0]) == pytest.approx(1)
    assert float(found.preferred_phase[0]) == pytest.approx(50)
    with pytest.raises(ValueError, match="less than one cycle"):
        phase_tuning(responses.assign_coords(temporal_frequency=("stimulus", [0.5, 0.5])))
    with pytest.raises(ValueError, match="needs the stimulus parameter temporal_frequency"):
        phase_tuning(responses.drop_vars("temporal_frequency"))
    with pytest.raises(ValueError, match="evenly spaced samples along time"):
        phase_tuning(responses.assign_coords(time=time**2))


@pytest.mark.parametrize("phases", [[0.0, 180.0], [0.0, 45.0, 90.0], [0.0, 90.0, 180.0, 275.0]])
def test_phases_without_a_first_harmonic_are_refused(curve, phases):
    with pytest.raises(ValueError, match="F1 needs at least 3 phases evenly spaced over 360 degrees"):
        modulation_ratio(curve("phase", np.array(phases), np.ones(len(phases))))


def test_a_linear_unit_away_from_its_rectifier_has_no_ratio(table):
    responses = table(lambda phase, **_: 5 + np.cos(np.deg2rad(phase)) + 1e-6, phase=PHASES, blank=5.0)
    found = phase_tuning(responses)
    assert np.isnan(found.modulation_ratio[0])
    assert float(found.f1[0]) == pytest.approx(1)
    assert found.reason.values.tolist()[0].endswith("no modulation_ratio (mean not above the blank)")


def test_a_grating_that_holds_a_unit_down_more_than_up_has_no_ratio_either(table):
    responses = table(lambda phase, **_: np.where(phase == 45, 6.0, 1.0), phase=PHASES, blank=5.0)
    found = phase_tuning(responses)
    assert found.valid.all()
    assert np.isnan(found.modulation_ratio[0])
    assert "no modulation_ratio (mean not above the blank)" in found.reason.values[0]


def test_too_few_phases_say_how_many_are_wanted_and_that_their_number_matters(table):
    responses = table(lambda phase, **_: simple(phase, 90), phase=[0, 180])
    with pytest.raises(ValueError, match=r"at least 3 phases .* 1\.41 to 2 with 4, 1\.53 to 1\.66 with 8"):
        phase_tuning(responses)
    for count, low, high in ((3, 1, 2), (4, 1.41, 2), (8, 1.53, 1.66)):
        turned = np.arange(count) * 360 / count
        ratios = [
            float(phase_tuning(table(lambda phase, at=at, **_: simple(phase, at), phase=turned)).modulation_ratio[0])
            for at in np.arange(0, 360 / count, 0.5)
        ]
        assert (min(ratios), max(ratios)) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01))
