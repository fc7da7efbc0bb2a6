"""The doors of the three tables: what passes, what is refused, and what the refusal says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn import arrays


def responses(stimuli: int = 4, units: int = 3) -> xr.DataArray:
    return xr.DataArray(
        np.arange(stimuli * units, dtype=float).reshape(stimuli, units),
        dims=("stimulus", "unit"),
        coords={
            "stimulus": np.arange(stimuli),
            "unit": [f"cell {i}" for i in range(units)],
            "orientation": ("stimulus", np.linspace(0, 180, stimuli, endpoint=False)),
            "layer": ("unit", ["b", "a", "b"][:units]),
        },
        attrs={"kind": "grating"},
    )


def multi_index() -> xr.Coordinates:
    pairs = pd.MultiIndex.from_product([[0.0, 90.0], [1.0, 2.0]], names=("angle", "frequency"))
    return xr.Coordinates.from_pandas_multiindex(pairs, "stimulus")


def rdm() -> xr.DataArray:
    values = np.array([[0.0, 1, 2], [1, 0, 3], [2, 3, 0]])
    labels = ["x", "y", "z"]
    return xr.DataArray(values, dims=("stimulus", "stimulus2"), coords={"stimulus": labels, "stimulus2": labels})


def test_the_order_of_dimensions_does_not_matter():
    assert arrays.check_responses(responses().transpose("unit", "stimulus")).dims == ("unit", "stimulus")


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda r: r.values, "xarray.DataArray"),
        (lambda r: r.rename(unit="neuron"), "stimulus and unit"),
        (lambda r: r.drop_vars("unit"), "unit has no labels"),
        (lambda r: r.assign_coords(unit=["a", "a", "b"]), "labels a of unit are there more than once"),
        (lambda r: r.astype(complex), "real numbers"),
        (lambda r: r.drop_vars("stimulus").assign_coords(multi_index()), "MultiIndex"),
    ],
)
def test_bad_responses_are_refused_with_the_reason(bad, says):
    with pytest.raises((TypeError, ValueError), match=says):
        arrays.check_responses(bad(responses()))


def test_a_missing_parameter_is_named_beside_those_that_are_there():
    with pytest.raises(ValueError, match=r"no stimulus parameter phase; they have orientation"):
        arrays.check_responses(responses(), parameters=("phase",))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda s: s["orientation"], "xarray.Dataset"),
        (lambda s: s.expand_dims("time"), "the one dimension stimulus"),
        (lambda s: s.drop_vars("stimulus"), "no labels"),
        (lambda s: s.drop_attrs(), 'attrs\\["kind"\\]'),
    ],
)
def test_bad_stimuli_are_refused_with_the_reason(bad, says):
    stimuli = arrays.stimuli_of(responses())
    with pytest.raises((TypeError, ValueError), match=says):
        arrays.check_stimuli(bad(stimuli))


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (lambda r: r.values, "xarray.DataArray"),
        (lambda r: r.rename(stimulus2="other"), "stimulus and stimulus2"),
        (lambda r: r.assign_coords(stimulus2=["x", "z", "y"]), "same labels"),
        (lambda r: r + xr.DataArray([0.0, 0, 1], dims="stimulus"), "symmetric"),
        (lambda r: 1 - r, "similarity matrix"),
        (lambda r: r.where(r > 0), "zero on its diagonal"),
    ],
)
def test_bad_rdms_are_refused_with_the_reason(bad, says):
    with pytest.raises((TypeError, ValueError), match=says):
        arrays.check_rdm(bad(rdm()))


def test_pairs_may_be_left_out_of_an_rdm():
    holed = rdm()
    holed[0, 1] = holed[1, 0] = np.nan
    assert arrays.check_rdm(holed) is holed


def test_stimuli_are_read_back_from_responses():
    stimuli = arrays.stimuli_of(responses())
    assert arrays.check_stimuli(stimuli) is stimuli
    assert stimuli.attrs["kind"] == "grating"
    assert list(stimuli.data_vars) == ["orientation"]


def test_blanks_are_the_rows_of_no_contrast():
    table = responses().assign_coords(contrast=("stimulus", [1.0, 0.0, 1.0, np.nan]))
    assert arrays.is_blank(table).values.tolist() == [False, True, False, False]
    assert not arrays.is_blank(responses()).any()


def test_groups_keep_the_order_of_first_appearance():
    assert [label for label, _ in arrays.groups(responses(), "layer")] == ["b", "a"]
    with pytest.raises(ValueError, match="no coordinate area along unit; there are layer"):
        list(arrays.groups(responses(), "area"))


def test_matching_follows_labels_and_names_what_does_not_match():
    shuffled = rdm().isel(stimulus=[2, 0, 1], stimulus2=[2, 0, 1])
    xr.testing.assert_equal(arrays.match_stimuli(rdm(), shuffled)[1], rdm())
    with pytest.raises(ValueError, match=r"1 only in the layer \(z\) and 1 only in V1 \(w\)"):
        arrays.match_stimuli(
            rdm(),
            rdm().assign_coords(stimulus=["x", "y", "w"], stimulus2=["x", "y", "w"]),
            names=("the layer", "V1"),
        )


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=6), st.integers(0, 5))
def test_content_hashes_follow_content_and_nothing_else(values, where):
    table = xr.Dataset({"a": ("stimulus", values)}, {"stimulus": np.arange(len(values))}, {"kind": "grating"})
    same = table.copy(deep=True).assign_attrs(note="a note is not content")
    assert arrays.content_hash(table) == arrays.content_hash(same)
    changed = table.copy(deep=True)
    changed["a"][where % len(values)] = 1.0 if values[where % len(values)] != 1.0 else 2.0
    assert arrays.content_hash(table) != arrays.content_hash(changed)
    assert arrays.content_hash(table) != arrays.content_hash(table.rename(a="b"))


def test_content_hashes_look_at_values_alone_however_they_lie():
    grid = np.arange(12.0).reshape(3, 4)
    assert arrays.content_hash(grid[:, ::2]) == arrays.content_hash(grid[:, ::2].copy())
    assert arrays.content_hash(grid.T.copy().T) == arrays.content_hash(grid)
    days = np.array(["1959-10-01", "1962-01-01"], "M8[D]")
    assert arrays.content_hash(days) != arrays.content_hash(days[::-1])
    assert arrays.content_hash(np.array(1.0)) != arrays.content_hash(np.array(2.0))


def test_content_hashes_do_not_run_together():
    assert arrays.content_hash("ab", "c") != arrays.content_hash("a", "bc")
    assert arrays.content_hash(np.zeros(4)) != arrays.content_hash(np.zeros((2, 2)))
    assert arrays.content_hash(np.zeros(2, "f4")) != arrays.content_hash(np.zeros(1, "f8"))
    assert arrays.content_hash(xr.Dataset(attrs={"kind": "a"})) != arrays.content_hash(xr.Dataset(attrs={"kind": "b"}))
