"""Each unit with its own stimuli answers as it does when these are shown to all, and nothing is mixed up."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.models import Eye, wrap
from cortexcnn.recording import keep_responses, open_responses, record, record_own
from cortexcnn.recording import own as room
from cortexcnn.stimuli import sweep


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    layers = torch.nn.Sequential(torch.nn.Conv2d(1, 5, 7), torch.nn.ReLU(), torch.nn.Conv2d(5, 4, 5))
    return wrap(layers, Eye(channels=1, pixels=32, degrees=4), name="small")


def units_of(network, layers=("0", "2")):
    shown = record(network, sweep("blank"), layers=list(layers), progress=False)
    return shown["unit"].coords.to_dataset()


def one_by_one(network, stimuli, own, unit):
    """The slow way: the unit's own table, shown to it alone."""
    here = own.sel(unit=[unit])
    table = stimuli.drop_vars("mask_orientation", errors="ignore")
    table = table.assign(
        {name: ("stimulus", np.broadcast_to(here[name].values[0], table.sizes["stimulus"])) for name in own.data_vars}
    )
    return record(network, table, units=here, progress=False).values[:, 0]


def test_it_is_what_each_unit_says_to_its_own_table_shown_alone(network):
    rng = np.random.default_rng(1)
    units = units_of(network)
    count = units.sizes["unit"]
    own = units.assign(
        orientation=("unit", rng.uniform(0, 180, count)), spatial_frequency=("unit", rng.uniform(0.5, 3, count))
    )
    stimuli = sweep("plaid", mask_angle=[30, 90], mask_contrast=[0, 0.5], phase=[0, 90])
    found = record_own(network, stimuli, own, progress=False)
    assert found.unit.values.tolist() == units.unit.values.tolist()
    for unit in found.unit.values:
        np.testing.assert_allclose(found.sel(unit=unit), one_by_one(network, stimuli, own, unit), rtol=1e-5, atol=1e-6)
    assert found.own_orientation.values == pytest.approx(own.orientation.values)
    assert "orientation" not in found.coords
    assert "mask_orientation" not in found.coords
    assert found.mask_angle.dims == ("stimulus",)
    assert found.attrs["electrode"] == "own"


@settings(deadline=None, max_examples=10)
@given(st.randoms(use_true_random=False), st.integers(1, 9))
def test_the_order_of_units_and_how_many_go_at_once_change_nothing(network, random, chunk):
    units = units_of(network)
    count = units.sizes["unit"]
    own = units.assign(orientation=("unit", np.arange(count) * 17.0), x=("unit", np.linspace(-1, 1, count)))
    stimuli = sweep("bar", length=[0.5, 1, 2], blank=True)
    order = list(range(count))
    random.shuffle(order)
    usual = record_own(network, stimuli, own, progress=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_LARGEST", 4 * chunk**2)
        shuffled = record_own(network, stimuli, own.isel(unit=order), progress=False)
    assert shuffled.unit.values.tolist() == usual.unit.values[order].tolist()
    np.testing.assert_allclose(shuffled.sel(unit=usual.unit).values, usual.values, rtol=1e-5, atol=1e-6)


def test_a_parameter_by_unit_and_stimulus_is_kept_in_the_units_own_frame(network):
    units = units_of(network, ["0"])
    stimuli = sweep("bar", orientation=40, x=[-0.5, 0, 0.5], width=0.3, blank=True)
    shift = np.linspace(-0.5, 0.5, units.sizes["unit"])
    own = units.assign(x=(("stimulus", "unit"), stimuli.x.fillna(0).values[:, None] + shift))
    found = record_own(network, stimuli, own, progress=False)
    assert found.x.values[:3].tolist() == [-0.5, 0, 0.5]
    assert "own_x" not in found.coords
    moved = sweep("bar", orientation=40, x=[-0.5, 0.0, 0.5, -0.25], width=0.3)
    answers = record(network, moved, units=units, progress=False)
    middle = int(np.argmin(abs(shift)))
    np.testing.assert_allclose(found.values[:3, middle], answers.values[:3, middle], rtol=1e-5, atol=1e-6)


def test_what_moves_keeps_its_frames(network):
    own = units_of(network, ["0"]).assign(direction=("unit", np.arange(5) * 60.0))
    stimuli = sweep("drifting_grating", temporal_frequency=[2, 4], duration=0.5, frame_rate=8)
    found = record_own(network, stimuli, own, progress=False)
    assert found.dims == ("stimulus", "unit", "time")
    alone = record(
        network,
        sweep("drifting_grating", direction=120, temporal_frequency=[2, 4], duration=0.5, frame_rate=8),
        layers=["0"],
        progress=False,
    )
    np.testing.assert_allclose(
        found.isel(unit=2).transpose("stimulus", "time"),
        alone.isel(unit=2).transpose("stimulus", "time"),
        rtol=1e-5,
        atol=1e-6,
    )


def test_equal_rows_are_shown_once():
    own = xr.Dataset({"orientation": ("unit", [0.0, 90.0, 0.0])}, {"unit": ["a", "b", "c"]})
    rows, which = room.own_stimuli(sweep("grating", phase=[0, 90], contrast=[0.5, 1], blank=True), own)
    assert rows.sizes["stimulus"] == 2 * 4 + 1
    assert (which[:, 0] == which[:, 2]).all()
    assert which[4].tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"orientaton": ("unit", np.zeros(5))}, "no parameter of a grating orientaton .did you mean orientation"),
        ({"orientation": ("time", np.zeros(3))}, r"orientation is each unit's own, \(unit\) or \(unit, stimulus\)"),
        ({"orientation": ("unit", np.full(5, 200.0))}, "orientation 200.0 of stimulus 0"),
        ({"spatial_frequency": ("unit", np.full(5, 30.0))}, "beyond 4 cycles/degree"),
    ],
)
def test_bad_tables_are_refused(network, change, message):
    own = units_of(network, ["0"]).assign(change)
    with pytest.raises(ValueError, match=message):
        record_own(network, sweep("grating"), own, progress=False)


def test_no_units_are_refused(network):
    with pytest.raises(ValueError, match="table of units with labels"):
        record_own(network, sweep("grating"), units_of(network).isel(unit=[]), progress=False)


def test_what_was_recorded_is_kept_and_read_again(network, tmp_path):
    own = units_of(network, ["0"]).assign(orientation=("unit", np.arange(5) * 30.0))
    found = record_own(network, sweep("grating", contrast=[0.1, 1], blank=True), own, progress=False)
    path = keep_responses(found, tmp_path / "below" / "own.nc")
    with open_responses(path, network=network) as read:
        xr.testing.assert_allclose(read.load(), found.rename("responses"))
        assert read.attrs == found.attrs
    with pytest.raises(FileExistsError, match="overwrite=True"):
        keep_responses(found, path)
    keep_responses(found + 1, path, overwrite=True)
    with open_responses(path) as read:
        assert read.values == pytest.approx(found.values + 1)
    assert [file.name for file in path.parent.iterdir()] == ["own.nc"]
