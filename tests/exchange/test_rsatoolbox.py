from __future__ import annotations

import sys

import numpy as np
import pytest
import rsatoolbox
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.exchange.rsatoolbox_datasets import from_rsatoolbox_dataset, to_rsatoolbox_dataset
from cortexcnn.exchange.rsatoolbox_rdms import from_rsatoolbox_rdms, to_rsatoolbox_rdms
from cortexcnn.similarity import compare, noise_covariance, rdm

OF_THEIRS = pytest.mark.filterwarnings("ignore:invalid value encountered in cast")  # NaN into whole numbers


def population(*, repeats: int = 0, seed: int = 0) -> xr.DataArray:
    """Counts above 0, of stimuli that are not in the order of the alphabet."""
    rng = np.random.default_rng(seed)
    dims = ("stimulus", "unit", "repeat")[: 3 if repeats else 2]
    means = rng.gamma(2.0, 2.0, (6, 9, 1))
    values = rng.poisson(means, (6, 9, max(repeats, 1))) + 1.0
    labels = {"stimulus": list("fbadec"), "unit": [f"u{i}" for i in range(9)], "repeat": range(repeats)}
    values = values if repeats else values[..., 0]
    return xr.DataArray(values, {dim: labels[dim] for dim in dims}, dims, attrs={"model": "made"})


def test_responses_come_back_as_they_went(responses):
    xr.testing.assert_identical(from_rsatoolbox_dataset(to_rsatoolbox_dataset(responses)), responses)
    one = responses.isel(repeat=1, drop=True)
    xr.testing.assert_identical(from_rsatoolbox_dataset(to_rsatoolbox_dataset(one)), one)


def test_responses_over_time_come_back_as_they_went(responses):
    moving = responses * xr.DataArray([1.0, 2.0], {"time": [0.1, 0.2], "epoch": ("time", ["on", "off"])}, ("time",))
    moving.attrs = responses.attrs
    dataset = to_rsatoolbox_dataset(moving)
    assert isinstance(dataset, rsatoolbox.data.TemporalDataset)
    assert dataset.measurements.shape == (13, 4, 2)
    xr.testing.assert_identical(from_rsatoolbox_dataset(dataset), moving)


def test_rdms_come_back_as_they_went(rdms):
    for some in (rdms, rdms.isel(layer=0, drop=True), rdms.isel(layer=0, subject=0, drop=True)):
        xr.testing.assert_identical(from_rsatoolbox_rdms(to_rsatoolbox_rdms(some)), some)


@settings(max_examples=30)
@given(data=st.data())
def test_any_set_of_presentations_comes_back(data):
    stimuli, repeats = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 4))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    shown = rng.random((stimuli, repeats)) < 0.7
    shown[:, 0] |= ~shown.any(axis=1)
    values = np.where(shown[:, None], rng.normal(size=(stimuli, 2, repeats)), np.nan)
    labels = {"stimulus": rng.permutation(stimuli), "unit": ["a", "b"], "repeat": range(repeats)}
    table = xr.DataArray(values, labels, ("stimulus", "unit", "repeat"))
    table = table.assign_coords(size=("stimulus", rng.integers(0, 2, stimuli).astype(float)))
    there = table.isel(repeat=shown.any(axis=0))
    dataset = to_rsatoolbox_dataset(table)
    assert dataset.n_obs == shown.sum()
    xr.testing.assert_identical(from_rsatoolbox_dataset(dataset), there)
    order = rng.permutation(dataset.n_obs)
    dataset.measurements = dataset.measurements[order]
    dataset.obs_descriptors = {name: each[order] for name, each in dataset.obs_descriptors.items()}
    xr.testing.assert_identical(from_rsatoolbox_dataset(dataset).reindex_like(there), there)


def test_their_files_hold_all_of_it(responses, rdms, tmp_path):
    to_rsatoolbox_dataset(responses).save(str(tmp_path / "data.h5"), "hdf5")
    read = from_rsatoolbox_dataset(rsatoolbox.data.load_dataset(str(tmp_path / "data.h5"), "hdf5"))
    xr.testing.assert_identical(read, responses)
    to_rsatoolbox_rdms(rdms).save(str(tmp_path / "rdms.h5"), "hdf5")
    xr.testing.assert_identical(from_rsatoolbox_rdms(rsatoolbox.rdm.load_rdm(str(tmp_path / "rdms.h5"), "hdf5")), rdms)


@OF_THEIRS
@pytest.mark.parametrize(
    ("ours", "theirs", "repeats"),
    [
        ("correlation", "correlation", 0),
        ("squared euclidean", "euclidean", 0),
        ("poisson", "poisson", 3),
        ("crossnobis", "crossnobis", 3),
        ("mahalanobis", "mahalanobis", 12),
    ],
)
def test_their_dissimilarities_of_our_responses_are_ours(ours, theirs, repeats):
    responses = population(repeats=repeats)
    options: dict = {"cv_descriptor": "repeat"} if ours == "crossnobis" else {}
    if ours == "mahalanobis":
        covariance = noise_covariance(responses)
        options["noise"] = np.linalg.inv(covariance.values)
    calculated = rsatoolbox.rdm.calc_rdm(to_rsatoolbox_dataset(responses), theirs, "stimulus", **options)
    read, expected = from_rsatoolbox_rdms(calculated), rdm(responses, method=ours)
    assert read.attrs["method"] == ours
    assert read["model"].item() == "made"
    read = read.sel(stimulus=expected["stimulus"], stimulus2=expected["stimulus2"])
    np.testing.assert_allclose(read.values, expected.values, rtol=0, atol=1e-10)


@OF_THEIRS
def test_their_dissimilarities_of_unbalanced_responses():
    responses = population(repeats=4)
    responses = responses.where(~((responses["stimulus"] == "a") & (responses["repeat"] > 1)))
    dataset = to_rsatoolbox_dataset(responses)

    def theirs(calc, method: str) -> np.ndarray:
        read = from_rsatoolbox_rdms(calc(dataset, method, "stimulus"))
        return read.sel(stimulus=responses["stimulus"], stimulus2=responses["stimulus"].values).values

    plain, unbalanced = rsatoolbox.rdm.calc_rdm, rsatoolbox.rdm.calc_rdm_unbalanced
    ours = {method: rdm(responses, method=method).values for method in ("squared euclidean", "correlation")}
    for calc in (plain, unbalanced):
        np.testing.assert_allclose(theirs(calc, "euclidean"), ours["squared euclidean"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(theirs(plain, "correlation"), ours["correlation"], rtol=0, atol=1e-10)
    single = responses - responses.mean("unit")
    lengthless = (single / np.sqrt((single**2).sum("unit"))).mean("repeat").values
    halved = ((lengthless[:, None] - lengthless) ** 2).sum(axis=2) / 2  # not of the means, but of each presentation
    np.testing.assert_allclose(theirs(unbalanced, "correlation"), halved, rtol=0, atol=1e-10)
    assert unbalanced(dataset, "euclidean", "stimulus").dissimilarity_measure == "euclidean"  # and it is squared


def test_the_root_of_their_squared_euclidean_is_our_euclidean():
    responses = population()
    squared = rsatoolbox.rdm.calc_rdm(to_rsatoolbox_dataset(responses), "euclidean", "stimulus")
    read, expected = from_rsatoolbox_rdms(rsatoolbox.rdm.sqrt_transform(squared)), rdm(responses, method="euclidean")
    assert read.attrs["method"] == "euclidean"
    np.testing.assert_allclose(read.sel(stimulus=expected["stimulus"], stimulus2=expected["stimulus2"]), expected)


@OF_THEIRS
def test_their_crossvalidated_poisson_is_of_the_last_fold_alone():
    responses = population(repeats=3)
    calculated = rsatoolbox.rdm.calc_rdm(
        to_rsatoolbox_dataset(responses), "poisson_cv", "stimulus", cv_descriptor="repeat"
    )
    read, expected = from_rsatoolbox_rdms(calculated), rdm(responses, method="crossvalidated poisson")
    assert read.attrs["method"] == "crossvalidated poisson"
    rates = (responses + 0.1) / 1.1
    rest, last = rates.isel(repeat=[0, 1]).mean("repeat"), rates.isel(repeat=2)
    products = rest.sortby("stimulus").values @ np.log(last.sortby("stimulus").values).T
    one = np.diag(products)[:, None] + np.diag(products) - products - products.T
    np.testing.assert_allclose(read.values, one / 9, rtol=0, atol=1e-12)
    assert not np.allclose(read.sel(stimulus=expected["stimulus"], stimulus2=expected["stimulus2"]), expected)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("pearson", "corr"),
        ("spearman", "spearman"),
        ("cosine", "cosine"),
        ("kendall tau-a", "tau-a"),
        ("kendall tau-b", "tau-b"),
        ("rho-a", "rho-a"),
        ("whitened pearson", "corr_cov"),
        ("whitened cosine", "cosine_cov"),
    ],
)
def test_comparisons_of_exchanged_rdms_are_theirs(ours, theirs):
    first, second = (to_rsatoolbox_rdms(rdm(population(seed=seed))) for seed in (0, 1))
    expected = rsatoolbox.rdm.compare(first, second, theirs).item()
    assert compare(from_rsatoolbox_rdms(first), from_rsatoolbox_rdms(second), method=ours).item() == pytest.approx(
        expected, abs=1e-8
    )


def test_a_subset_that_they_make_keeps_its_dimensions(rdms):
    theirs = to_rsatoolbox_rdms(rdms)
    read = from_rsatoolbox_rdms(theirs.subset("subject", [7, 9]))
    xr.testing.assert_identical(read, rdms.sel(subject=[7, 9]))
    one_short = from_rsatoolbox_rdms(theirs[[0, 1, 2, 3, 4]])
    assert np.isnan(one_short.sel(layer="conv2", subject=9).values[0, 1])
    xr.testing.assert_identical(one_short.sel(layer="conv1"), rdms.sel(layer="conv1"))


def test_rdms_of_their_own_make():
    theirs = rsatoolbox.rdm.RDMs(
        np.arange(6.0).reshape(2, 3),
        rdm_descriptors={"subject": ["x", "y"]},
        pattern_descriptors={"conds": ["a", "b", "c"]},
    )
    read = from_rsatoolbox_rdms(theirs, stimulus="conds", dims="subject")
    assert read.dims == ("subject", "stimulus", "stimulus2")
    assert read.sel(subject="y", stimulus="a", stimulus2="c").item() == 4
    numbered = from_rsatoolbox_rdms(theirs, stimulus="conds")
    assert numbered.dims == ("rdm", "stimulus", "stimulus2")
    assert numbered["subject"].values.tolist() == ["x", "y"]
    by_number = from_rsatoolbox_rdms(theirs[0], stimulus="index")
    assert by_number["stimulus"].values.tolist() == [0, 1, 2]
    assert by_number["subject"].item() == "x"
    with pytest.raises(ValueError, match=r"no pattern_descriptor named 'stimulus'; there are conds"):
        from_rsatoolbox_rdms(theirs)
    with pytest.raises(ValueError, match=r"no rdm_descriptor named 'layer'; there are subject"):
        from_rsatoolbox_rdms(theirs, stimulus="conds", dims="layer")
    with pytest.raises(ValueError, match="these are 2 RDMs"):
        from_rsatoolbox_rdms(theirs, stimulus="conds", dims=[])


def test_datasets_of_their_own_make():
    theirs = rsatoolbox.data.Dataset(
        np.arange(8.0).reshape(4, 2), obs_descriptors={"conds": ["b", "a", "b", "a"], "run": [1, 1, 2, 2]}
    )
    read = from_rsatoolbox_dataset(theirs, stimulus="conds", repeat="run")
    assert dict(read.sizes) == {"stimulus": 2, "unit": 2, "repeat": 2}
    assert read.sel(stimulus="a", unit=1, repeat=2).item() == 7
    numbered = from_rsatoolbox_dataset(theirs, stimulus="conds")
    assert numbered["repeat"].values.tolist() == [0, 1]
    assert numbered["run"].dims == ("repeat",)
    theirs.obs_descriptors["run"] = [1, 1, 1, 1]
    with pytest.raises(ValueError, match=r"2 rows have labels .* stimulus b, repeat 1"):
        from_rsatoolbox_dataset(theirs, stimulus="conds", repeat="run")
    with pytest.raises(ValueError, match=r"no obs_descriptor named 'stimulus'; there are conds, run"):
        from_rsatoolbox_dataset(theirs)
    theirs.obs_descriptors["pixels"] = np.zeros((4, 3))
    with pytest.warns(UserWarning, match="pixels have several values"):
        assert "pixels" not in from_rsatoolbox_dataset(theirs, stimulus="conds").coords
    theirs.obs_descriptors = {"conds": list("abcd"), "stimulus": list("abcd")}
    with pytest.raises(ValueError, match="stimulus would be there twice"):
        from_rsatoolbox_dataset(theirs, stimulus="conds")


def test_what_they_cannot_hold_is_refused(responses, rdms):
    with pytest.raises(ValueError, match=r"1 stimuli have no presentation .* s3; leave them out"):
        to_rsatoolbox_dataset(responses.where(responses["stimulus"] != "s3"))
    crossing = responses.assign_coords(depth=(("unit", "repeat"), np.zeros((4, 3))))
    with pytest.raises(ValueError, match="the coordinates depth run along"):
        to_rsatoolbox_dataset(crossing)
    with pytest.raises(ValueError, match="the coordinate repeat is no dimension of this table"):
        to_rsatoolbox_dataset(responses.isel(repeat=1, drop=True).assign_coords(repeat=("stimulus", range(5))))
    with pytest.raises(ValueError, match="a table without any unit has no rows"):
        to_rsatoolbox_dataset(responses.isel(unit=slice(0)))
    with pytest.raises(ValueError, match="rsatoolbox numbers RDMs"):
        to_rsatoolbox_rdms(rdms.assign_coords(index=("layer", [4, 5])))
    with pytest.raises(TypeError, match="a Dataset or TemporalDataset of rsatoolbox is wanted; got RDMs"):
        from_rsatoolbox_dataset(to_rsatoolbox_rdms(rdms))
    with pytest.raises(TypeError, match="RDMs of rsatoolbox are wanted; got Dataset"):
        from_rsatoolbox_rdms(to_rsatoolbox_dataset(responses))


def test_without_rsatoolbox_it_is_asked_for(monkeypatch, rdms):
    monkeypatch.setitem(sys.modules, "rsatoolbox", None)
    with pytest.raises(ImportError, match="pip install rsatoolbox"):
        to_rsatoolbox_rdms(rdms)
