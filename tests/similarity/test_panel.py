"""The panel: one set of folds for every measure, orders as they are, disagreements only where the folds are sure."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kendalltau

from cortexcnn.similarity.alignments.alignment import alignment
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.encoding import encode
from cortexcnn.similarity.folds import stimulus_folds
from cortexcnn.similarity.panel import disagreements, nearness, panel
from cortexcnn.similarity.rdms.matrices import rdm

MEASURES = ["spearman", "whitened cosine", "unbiased cka", "procrustes", "soft matching", "cca", "ridge"]


@pytest.fixture
def sides() -> tuple[xr.DataArray, xr.DataArray]:
    """Three layers that share less and less with eight cells, and movies of four frames."""
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(120, 8))
    layers = [hidden @ rng.normal(size=(8, 8)) + noise * rng.normal(size=(120, 8)) for noise in (0.5, 3.0, 10.0)]
    labels = {
        "stimulus": [f"s{i}" for i in range(120)],
        "movie": ("stimulus", np.arange(120) // 4),
        "unit": np.arange(24),
        "layer": ("unit", np.repeat(["z", "m", "a"], 8)),
    }
    responses = xr.DataArray(np.concatenate(layers, axis=1), labels, ("stimulus", "unit"))
    cells = hidden[..., None] + 0.5 * rng.normal(size=(120, 8, 5))
    named = {"stimulus": labels["stimulus"], "unit": list("abcdefgh")}
    return responses, xr.DataArray(cells, named, ("stimulus", "unit", "repeat"))


def test_every_measure_sees_the_same_held_out_stimuli(sides):
    responses, cells = sides
    found = panel(responses, cells[::-1], measures=MEASURES, folds=3, same="movie")
    fold = stimulus_folds(responses, folds=3, same="movie")
    assert found.score.dims == ("measure", "layer", "fold")
    assert found.layer.values.tolist() == ["z", "m", "a"]
    for method in ("unbiased cka", "procrustes", "soft matching", "cca"):
        alone = alignment(responses, cells, method=method, by="layer", folds=fold)
        np.testing.assert_allclose(found.score.sel(measure=method), alone)
    some = np.flatnonzero(fold == 1)
    ours, theirs = (table.isel(stimulus=some) for table in (responses, cells))
    pairs = rdm(ours, by="layer", same="movie")
    for method in ("spearman", "whitened cosine"):
        expected = compare(pairs, rdm(theirs), method=method)
        np.testing.assert_allclose(found.score.sel(measure=method, fold=1), expected)
    shown = encode(responses, cells.mean("repeat"), by="layer", folds=fold, same="movie", keep_predictions=True)
    train = cells.mean("repeat").isel(stimulus=np.flatnonzero(fold != 1)).mean("stimulus")
    wanted = theirs.mean("repeat")
    error = ((wanted - shown.prediction.isel(stimulus=some)) ** 2).sum("stimulus")
    expected = (1 - error / ((wanted - train) ** 2).sum("stimulus")).median("unit")
    np.testing.assert_allclose(found.score.sel(measure="ridge", fold=1), expected)


def test_layers_are_ranked_by_what_is_nearer_and_no_measure_disagrees(sides):
    found = panel(*sides, measures=MEASURES)
    assert (found["rank"].sel(layer=["z", "m", "a"]) == [1, 2, 3]).all()
    assert found.higher_is_nearer.sel(measure="procrustes").item() is False
    assert found.higher_is_nearer.drop_sel(measure="procrustes").all()
    assert (found.agreement == 1).all()
    assert disagreements(found).sizes["disagreement"] == 0


def test_measures_disagree_where_gains_matter_to_one_and_not_to_the_other():
    """Layer "gains" has the very cells, one 30 times as large; layer "turned" has a rotation of them."""
    rng = np.random.default_rng(1)
    hidden = rng.normal(size=(150, 10))
    gains = hidden * np.where(np.arange(10) < 1, 30.0, 1.0)
    turned = hidden @ np.linalg.qr(rng.normal(size=(10, 10)))[0]
    labels = {"stimulus": range(150), "unit": range(20), "layer": ("unit", np.repeat(["gains", "turned"], 10))}
    responses = xr.DataArray(np.concatenate([gains, turned], axis=1), labels, ("stimulus", "unit"))
    cells = xr.DataArray(hidden, {"stimulus": range(150), "unit": range(10)}, ("stimulus", "unit"))
    table = disagreements(panel(responses, cells, measures=["soft matching", "procrustes", "linear cka"]))
    assert table.measure.values.tolist() == ["soft matching", "soft matching"]
    assert table.measure2.values.tolist() == ["procrustes", "linear cka"]
    assert (table.nearer == "gains").all()
    assert (table.farther == "turned").all()
    assert (table.t > 2.8).all()
    assert (table.t2 < -2.8).all()


def test_a_difference_within_the_folds_spread_is_no_disagreement():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(6, 5, 4))
    coords = {"measure": list("abcdef"), "layer": range(5)}
    found = xr.Dataset({"score": (("measure", "layer", "fold"), scores)}, coords)
    found = found.assign(higher_is_nearer=("measure", [True, False] * 3))
    table = disagreements(found)
    assert table.attrs["by_chance"] == pytest.approx(15 * 10 * 0.05**2 / 2)
    assert table.sizes["disagreement"] <= 2
    mean = nearness(found).mean("fold").values
    assert (mean[1] == -scores[1].mean(axis=-1)).all()
    sure = found.assign(score=found.score.mean("fold") + 1e-3 * found.score)
    tau = [kendalltau(mean[i], mean[j]).statistic for i in range(6) for j in range(i)]
    discordant = sum(round((1 - value) / 2 * 10) for value in tau)
    assert disagreements(sure).sizes["disagreement"] == discordant


def test_bad_input_is_refused(sides):
    with pytest.raises(ValueError, match="no measure named 'cka'"):
        panel(*sides, measures=["cka"])
    with pytest.raises(ValueError, match="each once"):
        panel(*sides, measures=["ridge", "ridge"])
    with pytest.raises(ValueError, match='choose "ridge"'):
        panel(*sides, measures=["banded ridge"])
    with pytest.raises(ValueError, match="2 labels of layer at least; there is z alone"):
        panel(sides[0].isel(unit=slice(8)), sides[1])
    with pytest.raises(ValueError, match=r"these have .* stimuli: choose other folds, or fewer"):
        panel(*sides, folds=60)
    with pytest.raises(ValueError, match=r"fold 0 holds one movie alone, .* choose fewer folds"):
        panel(*sides, folds=30, same="movie", measures=["spearman"])
