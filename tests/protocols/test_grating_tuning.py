"""The main job: batteries that fit the screen, one table of measures, and histograms beside V1."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.protocols import PUBLISHED, beside_published, grating_battery, grating_tuning, summarise
from cortexcnn.screen import Screen
from cortexcnn.stimuli import check_drawable

KAPPA = 4.0


@pytest.fixture(scope="module")
def battery() -> xr.Dataset:
    return grating_battery(Screen(8, 224))


@pytest.fixture(scope="module")
def responses(battery: xr.Dataset) -> xr.DataArray:
    """Handmade units: simple and complex cells of known orientation and frequency, one that is dead, one held up."""
    preferred, peak = np.array([30.0, 75, 120]), np.array([1.5, 3.0, 2.0])
    shown = battery.isel(stimulus=slice(0, -1))
    angle = np.deg2rad(shown.orientation.values[:, None] - preferred)
    octaves = np.log2(shown.spatial_frequency.values[:, None] / peak)
    gain = np.exp(KAPPA * (np.cos(2 * angle) - 1) - octaves**2)
    simple = np.maximum(gain * np.cos(np.deg2rad(shown.phase.values[:, None])), 0)
    values = np.concatenate([simple[:, :1], gain[:, 1:], np.zeros((len(gain), 1)), np.full((len(gain), 1), 2.0)], 1)
    values = np.concatenate([values, [[0, 0, 0, 0, 2.0]]])
    return xr.DataArray(
        values,
        dims=("stimulus", "unit"),
        coords={
            "stimulus": battery.stimulus,
            "unit": ["simple", "complex", "complex 2", "dead", "held"],
            "layer": ("unit", ["late", "late", "early", "early", "early"]),
        }
        | {name: ("stimulus", battery[name].values) for name in battery.data_vars},
        attrs={"kind": "grating"},
    )


def test_frequencies_follow_the_screen(battery):
    assert float(battery.spatial_frequency.max()) == Screen(8, 224).nyquist / 2
    small = Screen(2, 32)
    assert float(grating_battery(small).spatial_frequency.max()) == small.nyquist / 2
    check_drawable(grating_battery(small), small)


def test_frequencies_can_be_chosen():
    chosen = grating_battery(Screen(8, 224), orientations=4, phases=4, spatial_frequencies=[1.0, 2.0])
    assert chosen.sizes["stimulus"] == 4 * 4 * 2 + 1
    assert np.unique(chosen.spatial_frequency.dropna("stimulus")).tolist() == [1.0, 2.0]


def test_all_measures_come_in_one_table_with_reasons(responses):
    table = grating_tuning(responses)
    assert table.preferred_orientation.sel(unit=["simple", "complex", "complex 2"]).values == pytest.approx(
        [30, 75, 120]
    )
    assert table.peak_spatial_frequency.sel(unit=["complex", "complex 2"]).values == pytest.approx([3, 2], rel=0.01)
    assert float(table.modulation_ratio.sel(unit="simple")) > 1
    assert float(table.modulation_ratio.sel(unit="complex")) == pytest.approx(0, abs=1e-9)
    assert table.valid.values.tolist() == [True, True, True, False, False]
    assert "never answered" in str(table.reason.sel(unit="dead").values)
    assert "constant" in str(table.reason.sel(unit="held").values)


def test_what_does_not_vary_is_not_measured(responses):
    one = responses.isel(stimulus=np.flatnonzero((responses.spatial_frequency == 3.5).values))
    table = grating_tuning(one)
    assert "peak_spatial_frequency" not in table
    assert "modulation_ratio" in table


def test_layers_keep_their_order_in_the_summary(responses):
    table = summarise(grating_tuning(responses))
    assert table.layer.values.tolist() == ["late", "early"]
    assert table.units.values.tolist() == [2, 3]
    assert table.valid.values.tolist() == [2, 1]
    assert table.simple.values.tolist() == [0.5, 0.0]


@pytest.mark.parametrize("measure", PUBLISHED)
def test_units_are_counted_in_the_published_bins(responses, measure):
    units, neurons = beside_published(grating_tuning(responses), measure)
    assert int(units.sum()) == 3
    assert np.array_equal(units.bin_low, neurons.bin_low)
    assert int(neurons.sum()) > 290


def test_horizontal_is_one_bin_on_both_sides_of_zero(responses):
    measures = grating_tuning(responses).assign(preferred_orientation=("unit", [170.0, 10.0, 90.0, np.nan, np.nan]))
    units, _ = beside_published(measures, "preferred_orientation")
    assert units.values.tolist() == [2, 0, 1, 0]


def test_a_measure_without_published_figures_is_refused(responses):
    with pytest.raises(ValueError, match="no published histogram for 'r_squared'"):
        beside_published(grating_tuning(responses), "r_squared")
