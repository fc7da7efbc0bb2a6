from __future__ import annotations

import warnings

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from cortexcnn.arrays import check_rdm
from cortexcnn.similarity import DISSIMILARITIES, leave_out_pairs, rdm
from cortexcnn.similarity.rdms import products as products_module

PLAIN = [name for name, measure in DISSIMILARITIES.items() if not (measure.crossvalidated or measure.noise)]
REPEATED = [name for name in DISSIMILARITIES if name not in PLAIN]


def by_rsatoolbox(responses: xr.DataArray, method: str, **options) -> np.ndarray:
    if "repeat" in responses.dims:
        flat = responses.stack(observation=("stimulus", "repeat")).transpose("observation", "unit")
        number = {label: i for i, label in enumerate(responses["stimulus"].values)}
        descriptors = {
            "stimulus": np.array([f"{number[label]:03d}" for label in flat["stimulus"].values]),
            "repeat": flat["repeat"].values.astype(float),
        }
        options |= {"descriptor": "stimulus", "cv_descriptor": "repeat"}
    else:
        flat, descriptors = responses, {}
    data = rsatoolbox.data.Dataset(flat.values, obs_descriptors=descriptors)
    return rsatoolbox.rdm.calc_rdm(data, method=method, **options).get_matrices()[0]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [("correlation", "correlation"), ("squared euclidean", "euclidean"), ("crossnobis", "crossnobis")],
)
def test_equals_rsatoolbox(make_population, ours, theirs):
    responses = make_population(repeats=4 if ours == "crossnobis" else 0)
    responses = responses.assign_coords(repeat=range(4)) if ours == "crossnobis" else responses
    assert np.allclose(rdm(responses, method=ours).values, by_rsatoolbox(responses, theirs), rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("correlation", "correlation"),
        ("cosine", "cosine"),
        ("euclidean", "euclidean"),
        ("squared euclidean", "sqeuclidean"),
    ],
)
def test_equals_scipy(make_population, ours, theirs):
    responses = make_population()
    expected = squareform(pdist(responses.values, theirs))
    assert np.allclose(rdm(responses, method=ours, per_unit=False).values, expected, rtol=0, atol=1e-12)


def test_per_unit_divides_squared_lengths(make_population):
    responses = make_population(units=25)
    for method, factor in (("squared euclidean", 25), ("euclidean", 5)):
        assert np.allclose(rdm(responses, method=method) * factor, rdm(responses, method=method, per_unit=False))


@pytest.mark.parametrize("method", list(DISSIMILARITIES))
def test_is_an_rdm_with_the_stimulus_parameters(make_population, method, tmp_path):
    responses = np.abs(make_population(repeats=2 if method in REPEATED else 0))
    responses = responses.assign_attrs(model="made")
    result = check_rdm(rdm(responses, method=method))
    assert result.dims == ("stimulus", "stimulus2")
    assert np.array_equal(result["orientation"], responses["orientation"])
    assert result["orientation"].dims == ("stimulus",)
    assert result.attrs["method"] == method
    assert result.attrs["model"] == "made"
    assert result["units"].item() == 30
    result.to_netcdf(tmp_path / "rdm.nc", engine="h5netcdf")
    with xr.open_dataarray(tmp_path / "rdm.nc", engine="h5netcdf") as read:
        xr.testing.assert_equal(check_rdm(read.load()), result)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), method=st.sampled_from(list(DISSIMILARITIES)), width=st.integers(1, 40))
def test_order_of_units_and_size_of_chunks_change_nothing(seed, method, width):
    rng = np.random.default_rng(seed)
    shape = (7, 20, 3) if method in REPEATED else (7, 20)
    dims = ("stimulus", "unit", "repeat")[: len(shape)]
    responses = xr.DataArray(rng.gamma(1.0, size=shape), {"stimulus": range(7), "unit": range(20)}, dims)
    whole = rdm(responses, method=method)
    shuffled = rdm(responses.isel(unit=rng.permutation(20)), method=method)
    kept = products_module._CHUNK_BYTES
    try:
        products_module._CHUNK_BYTES = width * 7 * 8 * (3 if method in REPEATED else 1)
        chunked = rdm(responses.isel(unit=rng.permutation(20)).transpose(), method=method)
    finally:
        products_module._CHUNK_BYTES = kept
    for other in (shuffled, chunked):
        assert np.allclose(whole.values, other.values, rtol=0, atol=1e-7 if method == "euclidean" else 1e-12)


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 1000), factor=st.floats(0.1, 10), offset=st.floats(-5, 5))
def test_invariances(seed, factor, offset):
    rng = np.random.default_rng(seed)
    responses = xr.DataArray(rng.normal(size=(6, 9)), {"stimulus": range(6), "unit": range(9)}, ("stimulus", "unit"))
    gains = xr.DataArray(rng.uniform(0.2, 5, 6), dims="stimulus")
    units = xr.DataArray(rng.normal(size=9), dims="unit")
    same = {
        "correlation": gains * responses + offset,  # each pattern's own gain, one base for all units
        "cosine": gains * responses,
        "euclidean": responses + units,  # each unit's own base
        "squared euclidean": responses + units,
    }
    for method, other in same.items():
        assert np.allclose(rdm(responses, method=method), rdm(other, method=method), rtol=0, atol=1e-9)
    assert np.allclose(rdm(factor * responses, method="euclidean"), factor * rdm(responses, method="euclidean"))
    gain = xr.DataArray(rng.uniform(0.2, 5, 9), dims="unit")
    assert np.allclose(rdm(responses, zscore=True), rdm(gain * responses + units, zscore=True), rtol=0, atol=1e-9)


def test_stimuli_in_another_order_give_the_same_rdm_by_label(make_population):
    responses = make_population()
    shuffled = rdm(responses.isel(stimulus=[3, 1, 0, 2, *range(4, 12)]))
    assert np.allclose(rdm(responses), shuffled.sel(stimulus=responses.stimulus, stimulus2=responses.stimulus.values))


def test_float32_stays_near_float64(make_population):
    responses = make_population(40, 3000) + 100.0
    for method in PLAIN:
        exact = rdm(responses, method=method)
        rough = rdm(responses.astype(np.float32), method=method)
        assert rough.dtype == np.float64
        assert np.allclose(rough, exact, rtol=0, atol=2e-6 + 1e-5 * (method in {"euclidean", "squared euclidean"}))


def test_float32_rounds_little_over_many_rectified_units():
    values = np.maximum(np.random.default_rng(0).standard_normal((12, 40_000), dtype=np.float32) - 1, 0)
    responses = xr.DataArray(values, {"stimulus": range(12), "unit": range(40_000)}, ("stimulus", "unit"))
    for method in ("correlation", "cosine", "squared euclidean"):
        exact = rdm(responses.astype(np.float64), method=method)
        assert np.allclose(rdm(responses, method=method), exact, rtol=0, atol=2e-8)


def test_rdms_are_symmetric_to_the_last_bit(make_population):
    responses = make_population(30, 50)
    for method in PLAIN:
        values = rdm(responses, method=method).values
        assert np.array_equal(values, values.T)


def test_one_rdm_a_label_in_their_own_order(make_population):
    responses = make_population()
    result = rdm(responses, by="layer")
    assert result.dims == ("layer", "stimulus", "stimulus2")
    assert result["layer"].values.tolist() == ["z", "a"]
    assert result["units"].values.tolist() == [10, 20]
    assert np.allclose(result.sel(layer="a"), rdm(responses.isel(unit=responses.layer == "a")))
    with pytest.raises(ValueError, match="no coordinate area along unit; there are layer"):
        rdm(responses, by="area")


def test_crossnobis_is_unbiased_and_euclidean_is_not():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(4, 20))
    truth[1] = truth[0]
    expected = ((truth[:, None] - truth[None]) ** 2).mean(axis=-1)
    found = {"crossnobis": [], "squared euclidean": []}
    for _ in range(400):
        noisy = truth[..., None] + 2 * rng.normal(size=(4, 20, 3))
        responses = xr.DataArray(noisy, {"stimulus": range(4), "unit": range(20)}, ("stimulus", "unit", "repeat"))
        for method, results in found.items():
            results.append(rdm(responses, method=method).values)
    mean = {method: np.mean(results, axis=0) for method, results in found.items()}
    error = np.std(found["crossnobis"], axis=0) / np.sqrt(400) + 1e-12
    assert (np.abs(mean["crossnobis"] - expected) < 4 * error).all()
    assert np.min(found["crossnobis"]) < 0
    bias = (mean["squared euclidean"] - expected)[np.triu_indices(4, 1)]
    assert np.allclose(bias, 2 * 4 / 3, rtol=0.15)  # twice the variance of a mean of 3


def test_crossnobis_equals_the_sum_over_pairs_of_folds(make_population):
    responses = make_population(repeats=6)
    folds = np.stack([responses.isel(repeat=slice(k, None, 3)).mean("repeat").values for k in range(3)])
    difference = folds[:, :, None] - folds[:, None]
    expected = sum((difference[k] * difference[l]).mean(axis=-1) for k in range(3) for l in range(3) if k != l) / 6
    assert np.allclose(rdm(responses, method="crossnobis", folds=3), expected, rtol=0, atol=1e-12)


def test_diagonal_noise_equals_rsatoolbox_with_a_diagonal_precision(make_population):
    responses = make_population(repeats=4).assign_coords(repeat=range(4))
    variance = responses.var("repeat", ddof=1).mean("stimulus").values
    expected = by_rsatoolbox(responses, "crossnobis", noise=np.diag(1 / variance))
    assert np.allclose(rdm(responses, method="crossnobis", noise="diagonal"), expected, rtol=0, atol=1e-12)


def test_missing_repeats_are_left_out_of_means_and_folds(make_population):
    responses = make_population(repeats=5)
    responses[0, 0, 3:] = np.nan
    assert np.allclose(rdm(responses), rdm(responses.mean("repeat")), rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="1 responses of 1 units are missing or not finite; choose fewer folds"):
        rdm(responses, method="crossnobis")
    assert np.isfinite(rdm(responses, method="crossnobis", folds=2)).all()
    rdm(responses, method="squared euclidean", noise="diagonal")
    responses[2, 4] = np.nan
    with pytest.raises(ValueError, match=r'1 responses of 1 units are missing .* responses.mean\("repeat"\).dropna'):
        rdm(responses, zscore=True)


def test_missing_responses_are_refused_with_the_remedy(make_population):
    responses = make_population()
    responses[1, 2] = np.nan
    responses[0, 2:4] = np.inf
    with pytest.raises(ValueError, match=r'3 responses of 2 units .* responses.dropna\("unit"\)'):
        rdm(responses)


def test_patterns_without_direction_are_refused_by_name(make_population):
    responses = make_population()
    responses[3] = 0.1
    for dtype in (np.float32, np.float64):
        with pytest.raises(ValueError, match=r'1 stimuli are answered alike by all units, .* s3; .*method="euclidean"'):
            rdm(responses.astype(dtype))
    rdm(responses, method="cosine")
    responses[5] = 0
    with pytest.raises(ValueError, match=r"answered by no unit \(layer z\), .*cosine is not defined: s5;"):
        rdm(responses, method="cosine", by="layer")
    assert np.isfinite(rdm(responses, method="euclidean")).all()


def test_constant_units_are_left_out_of_z_scores_with_a_warning(make_population):
    responses = make_population()
    responses[:, 7] = 0.3
    with pytest.warns(UserWarning, match="leaves out 1 of 30 units"):
        result = rdm(responses, zscore=True)
    assert result["units"].item() == 29
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.allclose(result, rdm(responses.drop_sel(unit=7), zscore=True))
    with pytest.raises(ValueError, match="zscore=True leaves no unit"):
        rdm(xr.ones_like(responses), zscore=True)


def test_z_scores_can_turn_a_conclusion_about():
    """One loud unit hides what all others say, until each unit counts alike."""
    rng = np.random.default_rng(0)
    quiet = np.repeat(rng.normal(size=(2, 40)), 3, axis=0) + 0.1 * rng.normal(size=(6, 40))  # two groups of three
    loud = 100 * np.array([0.0, 1, 2, 0, 1, 2])[:, None]  # groups them across
    coords = {"stimulus": range(6), "unit": range(41)}
    responses = xr.DataArray(np.hstack([quiet, loud]), coords, ("stimulus", "unit"))
    raw, scored = rdm(responses, method="euclidean"), rdm(responses, method="euclidean", zscore=True)
    assert raw[0, 1] > raw[0, 3]
    assert scored[0, 1] < scored[0, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "corelation"}, "no dissimilarity named 'corelation'.*Did you mean 'correlation'"),
        ({"method": "crossnobis"}, "these responses have none: record repeats"),
        ({"folds": 3}, "folds=3 is for crossvalidated methods"),
        ({"noise": "whole"}, "no noise named 'whole'"),
        ({"noise": "full"}, "measured between repeats; these responses have none"),
        ({"missing": "skip"}, "no way with missing responses named 'skip'"),
        ({"method": "poisson", "missing": "pairwise"}, "is for correlation, cosine, euclidean"),
        ({"noise": "diagonal"}, "measured between repeats; these responses have none"),
    ],
)
def test_wrong_options_are_refused(make_population, options, message):
    with pytest.raises(ValueError, match=message):
        rdm(make_population(), **options)


def test_wrong_shapes_are_refused(make_population):
    responses = make_population()
    with pytest.raises(ValueError, match="at least 2 stimuli"):
        rdm(responses.isel(stimulus=[0]))
    with pytest.raises(ValueError, match="needs at least 2 of them; there is 1"):
        rdm(responses.isel(unit=[0]))
    with pytest.raises(ValueError, match="folds=7: choose from 2 to the number of repeats, 3"):
        rdm(make_population(repeats=3), method="crossnobis", folds=7)
    silent = make_population(repeats=3)
    silent[:, 4] = 0.0
    with pytest.raises(ValueError, match="1 units do not vary between repeats"):
        rdm(silent, noise="diagonal")


def test_responses_on_disk_are_read_in_chunks(make_population, tmp_path, monkeypatch):
    responses = make_population()
    responses.to_netcdf(tmp_path / "responses.nc", engine="h5netcdf")
    monkeypatch.setattr(products_module, "_CHUNK_BYTES", 12 * 8 * 7)
    with xr.open_dataarray(tmp_path / "responses.nc", engine="h5netcdf", cache=False) as lazy:
        assert np.allclose(rdm(lazy, by="layer"), rdm(responses, by="layer"), rtol=0, atol=1e-12)


def test_responses_are_left_as_they_were(make_population):
    responses = make_population(repeats=3)
    before = responses.copy(deep=True)
    rdm(responses, method="crossnobis", zscore=True, noise="diagonal")
    xr.testing.assert_identical(responses, before)


def test_each_moment_has_its_rdm(make_population):
    moments = xr.concat([make_population(seed=seed) for seed in range(3)], "time").assign_coords(time=[0.0, 0.1, 0.2])
    result = rdm(moments.transpose("stimulus", "time", "unit"), by="layer")
    assert result.dims == ("layer", "time", "stimulus", "stimulus2")
    assert result.time.values.tolist() == [0.0, 0.1, 0.2]
    for moment in range(3):
        xr.testing.assert_allclose(result.isel(time=moment, drop=True), rdm(make_population(seed=moment), by="layer"))


def test_groups_are_the_combinations_of_labels_that_there_are(make_population):
    responses = make_population().assign_coords(subject=("unit", np.repeat(["b", "a"], 15)))
    result = rdm(responses, by=["subject", "layer"])
    assert result.dims == ("group", "stimulus", "stimulus2")
    assert list(zip(result.subject.values, result.layer.values, strict=True)) == [("b", "z"), ("b", "a"), ("a", "a")]
    assert result.units.values.tolist() == [10, 5, 15]
    some = responses.isel(unit=(responses.subject == "b").values & (responses.layer == "a").values)
    assert np.allclose(result.isel(group=1), rdm(some))


def test_pairs_with_a_label_in_common_are_left_out(make_population):
    responses = make_population().assign_coords(movie=("stimulus", np.arange(12) // 4))
    result = rdm(responses, same="movie")
    assert np.isnan(result.values).sum() == 3 * 12
    xr.testing.assert_identical(result, leave_out_pairs(rdm(responses), same="movie"))


def test_folds_may_be_the_labels_of_repeats(make_population):
    responses = make_population(repeats=4).assign_coords(run=("repeat", ["a", "b", "a", "b"]))
    by_run = rdm(responses, method="crossnobis", folds="run")
    assert np.allclose(by_run, rdm(responses, method="crossnobis", folds=2))
    assert not np.allclose(by_run, rdm(responses, method="crossnobis"))
    with pytest.raises(ValueError, match="no coordinate day along repeat; there are run"):
        rdm(responses, method="crossnobis", folds="day")
    with pytest.raises(ValueError, match="all repeats have the same run"):
        rdm(responses.isel(repeat=[0, 2]), method="crossnobis", folds="run")


def test_a_function_of_ones_own_is_a_dissimilarity(make_population):
    responses = make_population()

    def city_block(patterns):
        return squareform(pdist(patterns, "cityblock"))

    result = rdm(responses, method=city_block, by="layer")
    assert result.attrs["method"] == "city_block"
    assert np.allclose(result.sel(layer="z"), city_block(responses.values[:, :10]))
    with pytest.raises(ValueError, match=r"returned \(66,\): scipy's pdist goes through squareform"):
        rdm(responses, method=pdist)
    with pytest.raises(ValueError, match="finite, symmetric and 0"):
        rdm(responses, method=lambda patterns: patterns @ patterns.T)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int64])
def test_whole_numbers_do_not_overflow(make_population, dtype):
    counts = (make_population() * 40).clip(0, 250).astype(dtype)
    for method in PLAIN:
        assert np.allclose(rdm(counts, method=method), rdm(counts.astype(float), method=method))


def test_complex_and_infinite_responses_are_refused(make_population):
    responses = make_population()
    with pytest.raises(TypeError, match="real numbers; these are complex"):
        rdm(responses.astype(complex))
    with pytest.raises(ValueError, match="missing or not finite"):
        rdm(responses.where(responses.unit != 3, np.inf))
