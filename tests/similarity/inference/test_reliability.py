from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cortexcnn.similarity import (
    compare,
    halves,
    leave_out_pairs,
    noise_ceiling,
    rdm,
    spearman_brown,
    split_half,
    split_half_rdms,
)


def test_halves_are_even_and_odd_repeats_alike_for_all_units(make_population):
    responses = make_population(repeats=5)
    [(even, odd)] = list(halves(responses))
    assert np.allclose(even, responses.isel(repeat=[0, 2, 4]).mean("repeat"))
    assert np.allclose(odd, responses.isel(repeat=[1, 3]).mean("repeat"))
    assert even.attrs == responses.attrs
    for one, other in halves(responses, splits=3, rng=0):
        assert np.allclose(2 * one + 3 * other, 5 * responses.mean("repeat"))


def test_split_half_is_the_similarity_of_the_halves(make_population):
    responses = make_population(repeats=6).assign_coords(movie=("stimulus", np.repeat(["a", "b", "c"], 4)))
    even, odd = (responses.isel(repeat=slice(k, None, 2)).mean("repeat") for k in (0, 1))
    whole = split_half(responses, zscore=True, comparison="pearson")
    assert whole.dims == ("split",)
    assert whole.item() == compare(rdm(even, zscore=True), rdm(odd, zscore=True), method="pearson").item()
    apart = split_half(responses, same="movie")
    assert apart.item() == compare(*(leave_out_pairs(rdm(half), same="movie") for half in (even, odd))).item()
    layers = split_half(responses, by="layer", splits=3, rng=0)
    assert layers.dims == ("split", "layer")
    assert layers["layer"].values.tolist() == ["z", "a"]
    some = split_half(responses.isel(unit=responses.layer == "a"), splits=3, rng=0)
    assert np.allclose(layers.sel(layer="a"), some)


def test_reliability_grows_with_repeats_as_spearman_brown_says():
    """Halves of parallel measurements: the formula predicts the correlation of whole ones."""
    rng = np.random.default_rng(0)
    truth, noise = rng.normal(size=200_000), rng.normal(size=(4, 200_000))
    short = np.corrcoef(truth + noise[0], truth + noise[1])[0, 1]
    long = np.corrcoef(2 * truth + noise[0] + noise[1], 2 * truth + noise[2] + noise[3])[0, 1]
    assert spearman_brown(short) == pytest.approx(long, abs=0.005)
    assert spearman_brown(long, factor=0.5) == pytest.approx(short, abs=0.005)


def test_split_half_of_subjects(make_rdms):
    rdms = make_rdms(5, 9)
    expected = compare(rdms[[0, 2, 4]].mean("subject"), rdms[[1, 3]].mean("subject"))
    assert split_half_rdms(rdms).item() == expected.item()
    both = xr.concat([rdms, make_rdms(5, 9, seed=1)], "area").assign_coords(area=["EVC", "IT"])
    result = split_half_rdms(both, splits=4, rng=0)
    assert result.dims == ("split", "area")
    assert np.allclose(result.sel(area="EVC"), split_half_rdms(rdms, splits=4, rng=0))


def test_bad_input_is_refused(make_population, make_rdms):
    with pytest.raises(ValueError, match="fewer than 2 along the dimension repeat"):
        split_half(make_population())
    with pytest.raises(ValueError, match="splits=0"):
        split_half(make_population(repeats=4), splits=0)
    responses = make_population(repeats=4)
    responses[2, 3, 1::2] = np.nan
    with pytest.raises(ValueError, match="1 responses of 1 units are missing"):
        split_half(responses)
    with pytest.raises(ValueError, match="halves are made along subject"):
        split_half_rdms(make_rdms(1))
    with pytest.raises(ValueError, match="one dimension may stand beside subject"):
        split_half_rdms(make_rdms(3).expand_dims(("area", "hemisphere")))


# Other people's data: the figures that a right reader and a right measure reproduce.


def human92(shared_data, name: str) -> xr.DataArray:
    with xr.open_dataset(shared_data / "neural/human92_evc_it/human92.nc") as table:
        values = table[name].load().drop_vars(list(table[name].coords))
    labels = np.arange(values.sizes["stimulus"])
    return values.assign_coords(stimulus=labels, stimulus2=labels)


def test_92_objects(shared_data):
    expected = {"evc_rdm": (0.425, 0.1589), "it_rdm": (0.686, 0.3075)}
    for name, (reliability, upper) in expected.items():
        rdms = human92(shared_data, name)
        assert split_half_rdms(rdms, splits=200, rng=0).mean().item() == pytest.approx(reliability, abs=0.01)
        ceiling = noise_ceiling(rdms, average="plain", squared=True)
        assert ceiling.upper.item() == pytest.approx(upper, abs=5e-5)


def test_monkey_and_human_it(shared_data):
    human = human92(shared_data, "hit_rdm_kriegeskorte2008").mean(("subject_k", "session"))
    monkey = human92(shared_data, "mit_rdm_kriegeskorte2008")
    assert compare(human, monkey, method="pearson").item() == pytest.approx(0.491, abs=5e-4)


def test_an_unreliable_reference_is_warned_of(shared_data):
    with h5py.File(shared_data / "neural/human78_low_reliability/target_fmri.mat") as file:
        values = {name: np.array(file[f"{name}_RDMs"]).transpose(2, 1, 0) for name in ("EVC", "IT")}
    labels = {"stimulus": np.arange(78), "stimulus2": np.arange(78)}
    for name, table in values.items():
        rdms = xr.DataArray(table, labels, ("subject", "stimulus", "stimulus2"))
        with pytest.warns(UserWarning, match=r"no ceiling to speak of: each of 15 RDMs .* by about 0\.26"):
            result = noise_ceiling(rdms, average="plain")
        with pytest.warns(UserWarning, match="no ceiling"):
            squared = noise_ceiling(rdms, average="plain", squared=True)
        assert squared.upper.item() == pytest.approx(0.064, abs=1e-3)
        if name == "EVC":
            assert result.lower.item() == pytest.approx(0.016, abs=5e-4)
            assert result.standard_error.item() == pytest.approx(0.021, abs=1e-3)


@pytest.mark.slow
def test_henaff_pooled(shared_data):
    with xr.open_dataset(shared_data / "neural/henaff2021_v1/henaff2021_v1_responses_images.nc") as table:
        counts, movies = table["spike_count"].values.astype(np.float32), table["movie"].values
    responses = xr.DataArray(
        np.where(counts < 0, np.nan, counts),
        {"stimulus": np.arange(440), "unit": np.arange(360), "movie": ("stimulus", movies)},
        ("stimulus", "unit", "repeat"),
    )
    alternate = split_half(responses, zscore=True).item()
    assert alternate == pytest.approx(0.757, abs=1e-3)
    random = split_half(responses, zscore=True, splits=4, rng=0)
    assert 0.755 < random.mean().item() < 0.775
    across = split_half(responses, zscore=True, same="movie").item()
    assert across == pytest.approx(0.723, abs=1e-3)
    even, odd = (rdm(half, zscore=True).values for half in next(halves(responses)))
    upper = np.triu_indices(440, 1)
    assert alternate == pytest.approx(stats.spearmanr(even[upper], odd[upper]).statistic, abs=1e-9)
