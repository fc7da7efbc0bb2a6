from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import pdist, squareform

from cortexcnn.exchange.plain import from_array, from_plain, to_plain


def test_an_array_with_names_is_a_table():
    table = from_array(np.ones((2, 3, 4)), dims=("unit", "stimulus", "repeat"), coords={"layer": ("unit", ["a", "b"])})
    assert table["stimulus"].values.tolist() == [0, 1, 2]
    assert table["layer"].dims == ("unit",)


def test_pairs_stand_as_scipy_has_them():
    patterns = np.random.default_rng(0).normal(size=(2, 5, 3))
    vectors = np.stack([pdist(each) for each in patterns])
    read = from_array(vectors.T, dims=("pair", "subject"), coords={"stimulus": list("abcde"), "subject": ["x", "y"]})
    assert read.dims == ("subject", "stimulus", "stimulus2")
    np.testing.assert_array_equal(read.sel(subject="y"), squareform(vectors[1]))
    with pytest.raises(ValueError, match="9 pairs are not those of any number of stimuli"):
        from_array(np.zeros(9), dims=["pair"])


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"dims": ["stimulus"]}, "2 dimensions of 2 × 3, and 1 names"),
        ({"dims": ["stimulus", "neuron"]}, "responses have the dimensions stimulus and unit"),
        ({"dims": ["stimulus", "stimulus2"]}, "conflicting sizes"),
        ({"dims": ["stimulus", "unit"], "coords": {"stimulus": [1, 2, 3]}}, "3 values of stimulus along stimulus"),
        ({"dims": ["stimulus", "unit"], "coords": {"size": ("repeat", [1])}}, "1 values of size along repeat"),
        ({"dims": ["stimulus", "unit"], "coords": {"stimulus": ["a", "a"]}}, "the labels a of stimulus"),
    ],
)
def test_names_that_do_not_fit_are_refused(options, told):
    with pytest.raises(ValueError, match=told):
        from_array(np.zeros((2, 3)), **options)


def test_a_table_taken_apart_can_be_put_together(responses, rdms):
    for table in (responses, rdms):
        xr.testing.assert_identical(from_plain(to_plain(table), what="this"), table)
    with pytest.raises(ValueError, match="this is no table written by cortexcnn: it has no coords, attrs"):
        from_plain({"values": np.zeros((1, 1)), "dims": []}, what="this")
