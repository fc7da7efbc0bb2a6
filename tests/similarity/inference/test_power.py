"""Power is what larger experiments reach, and closed forms hold."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cortexcnn.similarity import compare, evaluate
from cortexcnn.similarity.inference.factors import corrected_variance, variance_components
from cortexcnn.similarity.inference.power import power
from cortexcnn.similarity.inference.significance import significance


def experiment(rng, stimuli, subjects):
    """A model that sees a little of what subjects share."""
    shared = rng.normal(size=(stimuli, 4))
    felt = shared + 0.9 * rng.normal(size=(subjects, stimuli, 4))
    seen = shared + 1.6 * rng.normal(size=(1, stimuli, 4))
    labels = {"stimulus": range(stimuli), "stimulus2": range(stimuli)}
    model, brains = (((x[:, :, None] - x[:, None]) ** 2).sum(axis=-1) for x in (seen, felt))
    return (
        xr.DataArray(model, labels, ("model", "stimulus", "stimulus2")),
        xr.DataArray(brains, labels, ("subject", "stimulus", "stimulus2")),
    )


@pytest.fixture(scope="module")
def pilot():
    return evaluate(*experiment(np.random.default_rng(0), 30, 12), method="pearson", draws=400, rng=0)


def test_parts_of_the_variance_add_up_to_the_corrected_one(pilot):
    parts = variance_components(pilot.drawn, pilot.levels)
    sizes = xr.DataArray([30, 12, 360], {"part": ["stimuli", "subjects", "stimuli × subjects"]}, ("part",))
    np.testing.assert_allclose((parts / sizes).sum("part"), corrected_variance(pilot.drawn, pilot.levels))
    assert (parts >= 0).all()


def test_parts_of_a_sum_of_effects_are_found():
    rng = np.random.default_rng(0)
    n, m, draws = 40, 30, 3000
    table = 1.0 * rng.normal(size=(n, 1)) + 2.0 * rng.normal(size=(1, m)) + 3.0 * rng.normal(size=(n, m))
    rows, columns = (rng.multinomial(k, np.full(k, 1 / k), draws) / k for k in (n, m))
    drawn = np.stack([
        rows @ table.mean(axis=1), columns @ table.mean(axis=0), np.einsum("di,dj,ij->d", rows, columns, table),
    ])  # fmt: skip
    names = ["rows", "columns", "rows × columns"]
    levels = xr.DataArray([n, m], {"factor": names[:2]}, ("factor",))
    parts = variance_components(xr.DataArray(drawn, {"resampled": names}, ("resampled", "draw")), levels)
    spread = table.mean(axis=1).var(ddof=1), table.mean(axis=0).var(ddof=1)
    rest = table - table.mean(axis=0) - table.mean(axis=1)[:, None] + table.mean()
    residual = (rest**2).sum() / ((n - 1) * (m - 1))
    expected = [spread[0] - residual / m, spread[1] - residual / n, residual]
    np.testing.assert_allclose(parts.sel(part=names), expected, rtol=0.2)


def test_power_of_one_factor_is_that_of_the_t_test(pilot):
    only = evaluate(*experiment(np.random.default_rng(0), 30, 12), method="pearson", over="subjects", draws=200, rng=0)
    found = power(only, {"subjects": [6, 24]}, effect=0.05)
    spread = float(only.variance.item()) * 12
    for count in (6, 24):
        expected = stats.nct.sf(stats.t.isf(0.05, count - 1), count - 1, 0.05 / np.sqrt(spread / count))
        assert found.power.sel(subjects=count).item() == pytest.approx(expected)
    assert found.degrees_of_freedom.values.tolist() == [5, 23]


def test_at_the_pilot_s_own_size_the_error_is_its_own(pilot):
    found = power(pilot, {})
    np.testing.assert_allclose(found.standard_error, significance(pilot).standard_error)
    assert found.standard_error.dims == ("model",)
    assert found.degrees_of_freedom.item() == 11


def test_more_of_anything_and_fewer_tests_find_more(pilot):
    found = power(pilot, {"stimuli": [15, 30, 60], "subjects": [6, 12, 24]}, effect=0.05)
    assert found.power.dims == ("stimuli", "subjects", "model")
    assert (found.power.diff("stimuli") > 0).all()
    assert (found.power.diff("subjects") > 0).all()
    assert (power(pilot, {}, effect=0.05, tests=10).power < power(pilot, {}, effect=0.05).power).all()
    assert power(pilot, {}, effect=0.0).power.item() == pytest.approx(0.05)
    assert power(pilot, {}, effect=0.0, against="ceiling").power.item() == pytest.approx(0.05)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:no ceiling")
def test_it_is_what_larger_experiments_reach():
    rng = np.random.default_rng(1)
    effect = float(np.mean([compare(*experiment(rng, 24, 10), method="pearson").mean() for _ in range(400)]))
    promised = np.mean([
        power(
            evaluate(*experiment(rng, 20, 8), method="pearson", draws=200, rng=rng),
            {"stimuli": 24, "subjects": 10}, effect=effect,
        ).power.item()
        for _ in range(20)
    ])  # fmt: skip
    reached = np.mean([
        significance(evaluate(*experiment(rng, 24, 10), method="pearson", draws=200, rng=rng)).p.item() < 0.05
        for _ in range(120)
    ])  # fmt: skip
    assert 0.3 < reached < 0.98, "an experiment that always or never finds says nothing"
    assert abs(promised - reached) < 0.15


def test_what_was_not_drawn_can_not_be_enlarged(pilot):
    with pytest.raises(ValueError, match="seeds was not drawn in the pilot; there are stimuli, subjects"):
        power(pilot, {"seeds": 5})
    with pytest.raises(ValueError, match="subjects: 1: a test needs 2 or more"):
        power(pilot, {"subjects": [1, 5]})
    with pytest.raises(ValueError, match=r"alpha=1\.5"):
        power(pilot, {}, alpha=1.5)
