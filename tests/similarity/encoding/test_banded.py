from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.similarity.encoding import encode
from cortexcnn.similarity.encoding.banded import band_weights


def test_weights_begin_with_all_alike_and_each_alone():
    weights = band_weights(3, 20, np.random.default_rng(0))
    assert np.allclose(weights[:4], [[1 / 3] * 3, [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    assert len(weights) == 24
    assert np.allclose(weights.sum(axis=1), 1)


def test_one_band_is_ridge(make_pair):
    layer, cells = make_pair()
    layer = layer.assign_coords(layer=("unit", np.full(90, "only")))
    options = {"by": "layer", "folds": 5, "keep_predictions": True}
    plain, one = (encode(layer, cells, method=method, **options) for method in ("ridge", "banded ridge"))
    assert np.allclose(plain.prediction.sel(layer="only"), one.prediction)
    assert np.allclose(one.contribution.sel(layer="only"), one.explained_variance)


def test_contributions_add_up_and_name_the_layer_that_the_cells_listen_to(make_pair):
    layer, _ = make_pair(features=40)
    rng = np.random.default_rng(3)
    layer = layer.copy(data=rng.normal(size=layer.shape))
    ours = layer.isel(unit=np.flatnonzero(layer.layer == "z")[:6])
    cells = xr.DataArray(
        ours.values @ rng.normal(size=(6, 3)), {"stimulus": layer.stimulus, "unit": list("abc")}, ("stimulus", "unit")
    )
    found = encode(layer, cells, by="layer", method="banded ridge", candidates=6, folds=5)
    assert found.contribution.dims == ("layer", "unit")
    assert found["layer"].values.tolist() == ["z", "a"]
    assert np.allclose(found.contribution.sum("layer"), found.explained_variance)
    assert (found.contribution.sel(layer="z") > 0.8 * found.explained_variance).all()
    assert (found.penalty.sel(layer="a") > found.penalty.sel(layer="z")).all()
    together = encode(layer, cells, folds=5)
    assert (found.explained_variance > together.explained_variance).all()


def test_bands_have_a_name(make_pair):
    with pytest.raises(ValueError, match='penalty for each label of a coordinate along unit: name it, by="layer"'):
        encode(*make_pair(), method="banded ridge")
