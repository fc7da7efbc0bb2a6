from __future__ import annotations

import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from scipy import stats

from cortexcnn.similarity import bootstrap, compare, interval, noise_ceiling
from cortexcnn.similarity.inference.ceiling_draws import bounds_between
from cortexcnn.similarity.inference.evaluation import evaluate
from cortexcnn.similarity.inference.factors import corrected_variance

BOTH = "stimuli × subjects"


@pytest.fixture
def made(make_rdms):
    return make_rdms(3, 16, dim="layer"), make_rdms(6, 16)


def test_it_holds_the_similarities_and_draws_of_the_verbs_it_is_made_of(made):
    rdms, reference = made
    result = evaluate(rdms, reference, method="pearson", draws=50, rng=3)
    assert np.allclose(result.similarity, compare(rdms, reference, method="pearson").mean("subject"))
    drawn = bootstrap(rdms, reference, over=("stimuli", "subjects"), method="pearson", draws=50, rng=3)
    assert np.allclose(result.drawn.sel(resampled=BOTH), drawn)
    alone = bootstrap(rdms, reference, over="stimuli", method="pearson", draws=50, rng=3).mean("subject")
    assert np.allclose(result.drawn.sel(resampled="stimuli"), alone)
    bounds = noise_ceiling(reference, method="pearson")
    assert np.allclose(result.ceiling, [bounds.lower, bounds.upper])
    assert result.attrs == {
        "method": "pearson", "over": BOTH, "draws": 50, "level": 0.95, "interval": "t", "stimuli": 16,
        "degrees_of_freedom": 5, "seed": 3,
    }  # fmt: skip


def test_intervals_are_students_on_the_corrected_variance_or_percentiles(made):
    rdms, reference = made
    result = evaluate(rdms, reference, draws=60, level=0.9, rng=0)
    half = stats.t.ppf(0.95, 5) * np.sqrt(corrected_variance(result.drawn, result.levels))
    assert np.allclose(result.upper - result.similarity, half)
    assert np.allclose(result.similarity - result.lower, half)
    shares = evaluate(rdms, reference, draws=60, level=0.9, interval="percentile", rng=0)
    expected = interval(result.drawn.sel(resampled=BOTH), level=0.9)
    assert np.allclose(shares.lower, expected.lower)
    assert np.allclose(shares.upper, expected.upper)
    assert (shares.ceiling_from < shares.ceiling_to).all()


@pytest.mark.parametrize("method", ["pearson", "cosine", "spearman", "rho-a"])
@pytest.mark.parametrize("over", ["stimuli", "subjects", ("stimuli", "subjects")])
def test_ceilings_in_draws_are_the_ceilings_of_the_drawn_rdms(made, method, over):
    rdms, reference = made
    result = evaluate(rdms, reference, over=over, method=method, draws=4, rng=1)
    names = (over,) if isinstance(over, str) else over
    source, times = np.random.default_rng(1), {}
    for name in names:
        count = {"stimuli": 16, "subjects": 6}[name]
        times[name] = source.multinomial(count, np.full(count, 1 / count), size=4)
    for draw in range(4):
        picked = np.repeat(np.arange(16), times["stimuli"][draw]) if "stimuli" in names else np.arange(16)
        weights = times["subjects"][draw] if "subjects" in names else np.ones(6)
        there = np.flatnonzero(weights)
        data = rsatoolbox.rdm.RDMs(reference.values).subsample_pattern("index", picked)
        vectors = data.get_vectors()
        vectors = vectors[:, ~np.isnan(vectors[0])]
        if method != "cosine":
            vectors = stats.rankdata(vectors, axis=1) if method != "pearson" else vectors
            vectors = vectors - vectors.mean(axis=1, keepdims=True)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        lower, upper = [], []
        for i in there:
            rest = sum(weights[j] * unit[j] for j in there if j != i)
            group = sum(weights[j] * unit[j] for j in there)
            lower.append(unit[i] @ rest / np.linalg.norm(rest))
            upper.append(unit[i] @ group / np.linalg.norm(group))
        expected = [np.average(found, weights=weights[there]) for found in (lower, upper)]
        exact = method in {"pearson", "cosine"}  # else the mean of ranks is not ranked anew, and copies tie
        found = result.ceiling_drawn.isel(resampled=-1, draw=draw)
        assert np.allclose(found, expected, rtol=0, atol=1e-6 if exact else 0.02)


def test_ceilings_keep_areas_apart(make_rdms):
    rdms, areas = make_rdms(2, 15, dim="layer"), [make_rdms(5, 15), make_rdms(5, 15, seed=2)]
    both = xr.concat(areas, "area").assign_coords(area=["EVC", "IT"])
    result = evaluate(rdms, both, method="pearson", draws=20, rng=0)
    assert result.similarity.dims == ("layer", "area")
    for area, reference in zip(["EVC", "IT"], areas, strict=True):
        alone = evaluate(rdms, reference, method="pearson", draws=20, rng=0)
        for name in ("drawn", "ceiling_drawn", "lower", "ceiling_to"):
            assert np.allclose(result[name].sel(area=area), alone[name], rtol=0, atol=1e-6)


def test_units_and_seeds_are_drawn_beside_the_others(make_population, make_rdms):
    responses, reference = make_population(15, 40), make_rdms(5, 15)
    result = evaluate(responses, reference, over=("units", "subjects"), by="layer", method="pearson", draws=30, rng=0)
    assert result.resampled.values.tolist() == ["units", "subjects", "units × subjects"]
    assert result.levels.values.tolist() == [13, 5]
    assert result.ceiling_drawn.dims == ("resampled", "draw", "bound")
    assert np.allclose(result.ceiling_drawn.sel(resampled="units"), result.ceiling)
    seeds = evaluate(make_rdms(6, 15, dim="seed"), reference, over=("seeds", "subjects"), draws=30, rng=0)
    assert seeds.similarity.dims == ()
    assert seeds.upper > seeds.similarity > seeds.lower


@pytest.mark.parametrize(
    ("method", "named"),
    [
        ("pearson", "corr"),
        ("cosine", "cosine"),
        ("spearman", "spearman"),
        ("rho-a", "rho-a"),
        ("whitened cosine", "cosine_cov"),
    ],
)
@pytest.mark.parametrize(
    ("resampled", "theirs"),
    [
        ("stimuli × subjects", rsatoolbox.inference.eval_bootstrap),
        ("stimuli", rsatoolbox.inference.eval_bootstrap_pattern),
        ("subjects", rsatoolbox.inference.eval_bootstrap_rdm),
    ],
)
def test_draws_agree_with_rsatoolbox_in_mean_and_variance(make_rdms, method, named, resampled, theirs):
    """Different draws, the same distribution: theirs and ours differ by no more than chance."""
    rdms, reference = make_rdms(2, 12, dim="layer", noise=1.0), make_rdms(5, 12, noise=1.0)
    models = [rsatoolbox.model.ModelFixed(f"m{i}", rsatoolbox.rdm.RDMs(rdms.values[i : i + 1])) for i in range(2)]
    np.random.seed(0)  # noqa: NPY002 - theirs knows no other source
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        drawn = theirs(
            models, rsatoolbox.rdm.RDMs(reference.values), method=named, N=200, boot_noise_ceil=False
        ).evaluations
    drawn = drawn if drawn.ndim == 2 else drawn.mean(axis=-1)
    with pytest.warns(UserWarning, match="only 12 stimuli"):
        ours = evaluate(rdms, reference, method=method, draws=2000, rng=0).drawn.sel(resampled=resampled)
    error = drawn.std(axis=0) / np.sqrt(200)
    assert (np.abs(ours.mean("draw") - drawn.mean(axis=0)) < 4 * error).all()
    assert np.allclose(ours.std("draw"), drawn.std(axis=0), rtol=4 / np.sqrt(400))


def test_one_subject_has_no_lower_bound():
    lower, upper = bounds_between(np.ones((1, 2, 2)), np.array([[2, 0]]))
    assert np.isnan(lower).all()
    assert upper == pytest.approx(1)


@pytest.mark.slow
def test_dual_intervals_hold_the_truth_in_95_of_100_experiments():
    """A small version of analyses/interval_coverage.py."""
    script = Path(__file__).parents[3] / "analyses/interval_coverage.py"
    held, true, estimated = runpy.run_path(str(script))["coverage"](
        np.random.default_rng(1), 30, 12, experiments=200, draws=100
    )
    assert 0.91 <= held <= 0.99
    assert estimated == pytest.approx(true, rel=0.15)


def test_few_stimuli_or_subjects_are_warned_of_and_few_draws_refused(make_rdms):
    rdms, reference = make_rdms(2, 20, dim="layer"), make_rdms(3, 20)
    with pytest.warns(UserWarning, match='only 3 subjects: .* collect 5 or more, or leave "subjects" out'):
        evaluate(rdms, reference, draws=20, rng=0)
    star = reference[0, :4, :4].copy()
    star.values[1:, 1:] = np.where(np.eye(3), 0, np.nan)  # a draw needs all four
    with (
        pytest.warns(UserWarning, match="only 4 stimuli"),
        pytest.raises(ValueError, match="draws leave anything to compare: too few stimuli"),
    ):
        evaluate(rdms[:, :4, :4], star, over="stimuli", draws=20, rng=0)
    with pytest.raises(ValueError, match="level=95"):
        evaluate(rdms, reference, level=95)
    with pytest.raises(ValueError, match="no interval named 'T'"):
        evaluate(rdms, reference, interval="T")
