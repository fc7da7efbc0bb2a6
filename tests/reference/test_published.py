from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings

from cortexcnn.reference import histogram_like, properties, published

EVERY = [(name, group) for name, groups in properties().items() for group in groups]


@pytest.mark.parametrize(("name", "group"), EVERY)
def test_every_table_is_whole(name, group):
    cells = published(name, group=group)
    assert int(cells.sum()) == cells.attrs["n"]
    assert (cells >= 0).all()
    assert cells.attrs["source"]
    assert cells.attrs["group"] == group
    for low, high in (("bin_low", "bin_high"), ("bin2_low", "bin2_high"))[: cells.ndim]:
        assert np.array_equal(cells[low].values[1:], cells[high].values[:-1])
        assert (cells[low] < cells[high]).all()


@pytest.mark.parametrize("name", [name for name, groups in properties().items() if len(groups) > 1])
def test_groups_add_up_to_all_cells(name):
    groups = [group for group in properties()[name] if group != "all"]
    total = sum(published(name, group=group) for group in groups)
    assert np.array_equal(total.values, published(name).values)


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("circular_variance", np.linspace(0, 1, 14)),
        ("orientation_bandwidth", np.linspace(0, 90, 18)),
        ("orthogonal_preferred_ratio", np.linspace(0, 1, 14)),
        ("modulation_ratio", np.linspace(0, 2, 11)),
        ("maximum", np.logspace(0, 3, 10)),
        ("circular_variance_over_orientation_bandwidth", np.logspace(-3, 0, 16)),
        ("orthogonal_preferred_ratio_minus_circular_variance", np.linspace(-1, 1, 20)),
    ],
)
def test_bins_are_those_of_the_battery(name, edges):
    cells = published(name)
    assert np.allclose(np.append(cells.bin_low, cells.bin_high[-1]), edges, rtol=1e-12)


def test_suppressed_cells_are_those_whose_summation_field_was_published():
    assert published("surround_suppressed").values[1] == published("grating_summation_field").attrs["n"]


def test_joint_table_keeps_its_rows():
    cells = published("n_x_by_n_y")
    assert cells.dims == ("bin", "bin2")
    assert cells.values.sum(axis=1).tolist() == [3, 22, 42, 12, 0]
    assert cells.values[1].tolist() == [8, 9, 4, 1, 0]


def test_unknown_names_and_groups_are_refused_with_what_there_is():
    with pytest.raises(ValueError, match="nearest is 'modulation_ratio'"):
        published("modulation_ration")
    with pytest.raises(ValueError, match=r"group 'foveal'; there are all, simple foveal"):
        published("peak_spatial_frequency", group="foveal")


@settings(deadline=None, max_examples=40)
@given(st.lists(st.one_of(st.just(float("nan")), st.floats(-10, 10)), max_size=50))
def test_every_unit_is_counted_once(values):
    units = xr.DataArray(np.array(values, dtype=float), dims="unit")
    target = published("modulation_ratio")
    ends, dropped = histogram_like(units, target), histogram_like(units, target, outside="drop")
    assert ends.attrs["n"] + ends.attrs["missing"] == len(values)
    assert dropped.attrs["n"] + dropped.attrs["missing"] + dropped.attrs["outside"] == len(values)
    assert ends.attrs["outside"] == dropped.attrs["outside"]
    assert int(ends.sum()) == ends.attrs["n"]


def test_bins_hold_their_lower_edge_and_the_last_both():
    target = published("surround_suppression_index")
    counts = histogram_like(xr.DataArray([0.0, 0.2, 2.0], dims="unit"), target)
    assert counts.values.nonzero()[0].tolist() == [0, 1, 9]


def test_yes_and_no_are_counted():
    counts = histogram_like(xr.DataArray([True, False, True], dims="unit"), published("spatial_frequency_selective"))
    assert counts.values.tolist() == [1, 2]


def test_bad_histograms_are_refused():
    units = xr.DataArray([0.5], dims="unit")
    with pytest.raises(ValueError, match="n_x_by_n_y has bin, bin2"):
        histogram_like(units, published("n_x_by_n_y"))
    with pytest.raises(ValueError, match="outside is one of ends, drop; got 'clip'"):
        histogram_like(units, published("maximum"), outside="clip")
