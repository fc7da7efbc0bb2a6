from __future__ import annotations

import h5py
import numpy as np
import pytest
import xarray as xr
from scipy import stats

from cortexcnn.similarity import compare
from cortexcnn.similarity.inference.shared_signal import ceiling_test


def noise(rng: np.random.Generator, subjects: int, stimuli: int) -> xr.DataArray:
    """RDMs of points of one's own for each subject: structured, and shared by nobody."""
    points = rng.normal(size=(subjects, stimuli, 2))
    labels = {"stimulus": range(stimuli), "stimulus2": range(stimuli)}
    values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    return xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))


@pytest.mark.parametrize("method", ["spearman", "pearson", "cosine"])
def test_agreement_is_the_mean_correlation_between_subjects(make_rdms, method):
    rdms = make_rdms(4, 9)
    found = ceiling_test(rdms, method=method, permutations=9, rng=0)
    plain = compare(rdms, rdms, method="spearman" if method == "spearman" else "pearson").values
    assert found.agreement.item() == pytest.approx(plain[np.triu_indices(4, 1)].mean(), abs=1e-12)
    assert found.p.item() == pytest.approx(0.1)


def test_subjects_that_share_nothing_seem_to_once_in_twenty_experiments():
    rng = np.random.default_rng(0)
    p = [ceiling_test(noise(rng, 5, 8), method="pearson", permutations=19, rng=rng).p.item() for _ in range(150)]
    assert stats.binomtest(int(np.sum(np.array(p) <= 0.05)), 150, 0.05).pvalue > 0.01
    assert np.mean(p) == pytest.approx(0.525, abs=0.07)


def test_other_dims_and_left_out_pairs_are_kept(make_rdms):
    rdms = make_rdms(4, 9)
    both = xr.concat(
        [noise(np.random.default_rng(1), 4, 9).assign_coords(stimulus=rdms.stimulus, stimulus2=rdms.stimulus2), rdms],
        "area",
    )
    both[:, :, 0, 1] = both[:, :, 1, 0] = np.nan
    found = ceiling_test(both.assign_coords(area=["none", "some"]), permutations=49, rng=0)
    assert found.sel(area="some").p.item() == pytest.approx(0.02)
    assert found.sel(area="none").p.item() > 0.05


def test_bad_input_is_refused(make_rdms):
    with pytest.raises(ValueError, match="for one subject with repeats use split_half"):
        ceiling_test(make_rdms(1))
    with pytest.raises(ValueError, match="permutations=0"):
        ceiling_test(make_rdms(3), permutations=0)
    rdms = make_rdms(3)
    rdms[1] = 1 - np.eye(10)
    with pytest.raises(ValueError, match="an RDM is constant"):
        ceiling_test(rdms)


def test_78_objects_have_no_ceiling_and_92_have(shared_data):
    with h5py.File(shared_data / "neural/human78_low_reliability/target_fmri.mat") as file:
        poor = np.array(file["EVC_RDMs"]).transpose(2, 1, 0)
    with xr.open_dataset(shared_data / "neural/human92_evc_it/human92.nc") as table:
        good = table["evc_rdm"].values
    for values, exists in ((poor, False), (good, True)):
        labels = {"stimulus": np.arange(values.shape[-1]), "stimulus2": np.arange(values.shape[-1])}
        rdms = xr.DataArray(values, labels, ("subject", "stimulus", "stimulus2"))
        assert (ceiling_test(rdms, permutations=99, rng=0).p.item() <= 0.05) is exists
