from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.exchange.frames import FRAMES, from_pandas, to_pandas


@pytest.mark.parametrize("form", ["wide", "long"])
def test_responses_come_back_as_they_went(responses, form):
    moving = responses * xr.DataArray([1.0, 2.0], {"time": [0.1, 0.2], "epoch": ("time", ["on", "off"])}, ("time",))
    for table in (responses, moving.assign_attrs(responses.attrs), responses.isel(repeat=1, drop=True)):
        frame = to_pandas(table, form=form)
        xr.testing.assert_identical(from_pandas(frame, form=form), table)
        shuffled = from_pandas(frame.sample(frac=1, random_state=0), form=form)
        xr.testing.assert_identical(shuffled.reindex_like(table).transpose(*table.dims), table)


@pytest.mark.parametrize("form", ["square", "pairs"])
def test_rdms_come_back_as_they_went(rdms, form):
    for table in (rdms, rdms.isel(layer=0, drop=True), rdms.isel(layer=0, subject=0, drop=True)):
        xr.testing.assert_identical(from_pandas(to_pandas(table, form=form), form=form), table)
        frame = to_pandas(table, form=form).sample(frac=1, random_state=0)
        xr.testing.assert_identical(from_pandas(frame, form=form).reindex_like(table), table)


@settings(max_examples=30)
@given(data=st.data())
def test_any_labels_and_numbers_come_back(data):
    dtype = data.draw(st.sampled_from(["float64", "float32", "int16", "uint8"]))
    sizes = {dim: data.draw(st.integers(1, 4)) for dim in data.draw(st.sampled_from([("unit",), ("unit", "repeat")]))}
    sizes["stimulus"] = data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    coords = {dim: rng.permutation(["a", "b", "c", "d"])[:size] for dim, size in sizes.items() if dim != "repeat"}
    coords["seen"] = ("stimulus", rng.random(sizes["stimulus"]) < 0.5)
    coords["when"] = ("stimulus", rng.integers(0, 2, sizes["stimulus"]).astype("datetime64[D]").astype("M8[ns]"))
    coords["depth"] = ("unit", rng.integers(0, 2, sizes["unit"]).astype(np.float32))
    coords |= {"repeat": np.arange(sizes["repeat"]) * 2} if "repeat" in sizes else {}
    dims = ("stimulus", *[dim for dim in sizes if dim != "stimulus"])
    values = rng.integers(0, 9, [sizes[dim] for dim in dims]).astype(dtype)
    table = xr.DataArray(values, coords, dims)
    for form in ("wide", "long"):
        read = from_pandas(to_pandas(table, form=form), form=form)
        xr.testing.assert_identical(read, table)
        assert read.dtype == table.dtype
        assert all(read[name].dtype == table[name].dtype for name in ("seen", "when", "depth"))


def test_frames_read_as_people_write_them(responses, rdms):
    wide = to_pandas(responses, form="wide")
    assert wide.xs("s1", level="stimulus").xs(2, level="repeat").columns.names == ["unit", "layer", "area", "channel"]
    assert wide["conv1/0"].shape == (15, 1)
    long = to_pandas(responses, form="long")
    assert list(long) == [
        *("stimulus", "orientation", "kind", "unit", "layer", "area", "channel", "repeat", "run", "response")
    ]
    assert long.groupby("layer")["response"].count().tolist() == [26, 26]
    square = to_pandas(
        rdms.drop_vars("orientation")[0, 0].drop_vars(["layer", "depth", "subject", "sex"]), form="square"
    )
    assert square.loc["s1", "blank"] == rdms.values[0, 0, 1, 4]
    layer = to_pandas(rdms, form="square").xs("conv2", level="layer").droplevel("depth")
    xr.testing.assert_identical(
        from_pandas(layer, form="square"), rdms.sel(layer="conv2").drop_vars(["layer", "depth"])
    )
    pairs = to_pandas(rdms, form="pairs")
    assert len(pairs) == 6 * 10
    row = pairs[(pairs["subject"] == 8) & (pairs["layer"] == "conv2") & (pairs["stimulus"] == "s1")].iloc[1]
    assert (row["stimulus2"], row["orientation"], row["orientation2"]) == ("s2", 45, 135)
    assert row["dissimilarity"] == rdms.sel(layer="conv2", subject=8, stimulus="s1", stimulus2="s2").item()


def test_plain_frames_are_taken_as_they_are():
    read = from_pandas(pd.DataFrame([[1, 2], [3, 4]], index=["a", "b"]), form="wide")
    assert read["unit"].values.tolist() == [0, 1]
    labels = ["b", "a"]
    square = from_pandas(pd.DataFrame([[2.0, 0.0], [0.0, 2.0]], index=["a", "b"], columns=labels), form="square")
    assert square.sel(stimulus="a", stimulus2="b").item() == 2
    pairs = pd.DataFrame({"stimulus": ["a", "c"], "stimulus2": ["b", "b"], "dissimilarity": [1, 2], "who": "x"})
    read = from_pandas(pairs, form="pairs", dims=["who"])
    assert read["stimulus"].values.tolist() == ["a", "c", "b"]
    assert read.sel(who="x", stimulus="b").values.tolist() == [1, 2, 0]
    assert np.isnan(read.sel(who="x", stimulus="a", stimulus2="c"))
    assert from_pandas(pairs, form="pairs")["who"].item() == "x"


def test_a_csv_holds_the_long_form(responses, tmp_path):
    to_pandas(responses, form="long").to_csv(tmp_path / "long.csv", index=False)
    read = from_pandas(pd.read_csv(tmp_path / "long.csv"), form="long")
    xr.testing.assert_identical(read, responses.drop_attrs())


def _pairs(**columns) -> pd.DataFrame:
    return pd.DataFrame({"stimulus": ["a", "a"], "stimulus2": ["b", "c"], "dissimilarity": [1.0, 2.0]} | columns)


@pytest.mark.parametrize(
    ("frame", "form", "told"),
    [
        (_pairs(stimulus2=["b", "a"]), "pairs", "stimulus a is paired with itself"),
        (_pairs(stimulus2=["b", "b"]), "pairs", r"1 rows have labels .* stimulus a, stimulus2 b"),
        (_pairs(stimulus2=["b", None]), "pairs", "a stimulus has no label"),
        (_pairs(size=[1, 2], size2=[1, 1]), "pairs", "stimulus a has different parameters"),
        (_pairs(same=[True, False]), "pairs", "the columns same belong to pairs"),
        (_pairs().rename(columns={"stimulus2": "other"}), "pairs", "no column named stimulus2; there are stimulus"),
        (pd.DataFrame({"stimulus": ["a"], "unit": [0]}), "long", "no column named response; there are stimulus, unit"),
        (pd.DataFrame({"stimulus": ["a", "a"], "unit": 0, "response": 1}), "long", "1 rows have labels"),
        (pd.DataFrame({"stimulus": ["a", None], "unit": 0, "response": 1}), "long", "1 rows have no label of stimulus"),
        (pd.DataFrame([[1.0], [2.0]], index=["a", "a"]), "wide", "1 rows have labels that an earlier row has"),
        (pd.DataFrame([[1.0, 2.0]], columns=["u", "u"]), "wide", "the labels u of unit"),
        (
            pd.DataFrame([[1.0]], index=pd.MultiIndex.from_tuples([("a", 1)], names=["stimulus", None])),
            "wide",
            "level 1 of stimulus, None has no name",
        ),
        (
            pd.DataFrame([[1.0]], index=pd.MultiIndex.from_tuples([("a", 1)], names=["image", "trial"])),
            "wide",
            "no level named stimulus; there are image, trial",
        ),
        (
            pd.DataFrame([["a", 0, 0, 1.0]], columns=["stimulus", "unit", "unit", "response"]),
            "long",
            "several columns are called unit",
        ),
        (
            pd.DataFrame(
                [[1.0]],
                index=pd.MultiIndex.from_tuples([("a", 1)], names=["stimulus", "area"]),
                columns=pd.MultiIndex.from_tuples([("u", 1)], names=["unit", "area"]),
            ),
            "wide",
            "area would be there twice",
        ),
        (pd.DataFrame([[0.0, 1.0]], index=["a"], columns=["a", "b"]), "square", "the same stimuli in its rows"),
        (pd.DataFrame([[0.0, 1.0], [2.0, 0.0]]), "square", "an rdm is symmetric"),
        (pd.DataFrame([[1.0]]), "tall", "no form named 'tall'; there are wide, long, square, pairs"),
    ],
)
def test_malformed_frames_are_refused(frame, form, told):
    with pytest.raises(ValueError, match=told):
        from_pandas(frame, form=form)


def test_what_is_no_frame_of_numbers_is_refused():
    with pytest.raises(TypeError, match=r"a pandas\.DataFrame is wanted; got ndarray"):
        from_pandas(np.zeros((2, 2)), form="wide")
    with pytest.raises(TypeError, match="what is no number goes into the index"):
        from_pandas(pd.DataFrame({"stimulus": ["a"], "u": [1.0]}), form="wide")


def test_what_a_form_cannot_hold_is_refused(responses, rdms):
    with pytest.raises(ValueError, match="a coordinate is called response"):
        to_pandas(responses.assign_coords(response=("unit", range(4))), form="long")
    with pytest.raises(ValueError, match="a coordinate is called orientation2"):
        to_pandas(rdms.assign_coords(orientation2=("stimulus", range(5))), form="pairs")
    with pytest.raises(ValueError, match="the coordinates phase run along stimulus and repeat"):
        to_pandas(responses.assign_coords(phase=(("stimulus", "unit"), np.zeros((5, 4)))), form="wide")
    for form, dim in (("wide", "unit"), ("long", "unit"), ("long", "stimulus")):
        with pytest.raises(ValueError, match=f"a table without any {dim} has no rows"):
            to_pandas(responses.isel({dim: slice(0)}), form=form)
    with pytest.raises(ValueError, match="an RDM of one stimulus has no pairs"):
        to_pandas(rdms[..., :1, :1], form="pairs")
    with pytest.raises(ValueError, match="an rdm has the dimensions"):
        to_pandas(responses, form="pairs")
    assert list(FRAMES) == ["wide", "long", "square", "pairs"]
