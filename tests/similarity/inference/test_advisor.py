from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from cortexcnn.similarity import evaluate
from cortexcnn.similarity.inference.across_subjects import across_subjects
from cortexcnn.similarity.inference.advisor import advise
from cortexcnn.similarity.inference.significance import significance


@pytest.fixture(scope="module")
def design():
    rng = np.random.default_rng(0)
    shared = rng.normal(size=(20, 4))
    points = np.concatenate([shared + 0.3 * rng.normal(size=(7, 20, 4)), rng.normal(size=(1, 20, 4))])
    values = np.linalg.norm(points[:, :, None] - points[:, None], axis=-1)
    labels = {"stimulus": range(20), "stimulus2": range(20)}
    models = xr.DataArray(values[[0, 7]], labels | {"model": ["right", "wrong"]}, ("model", "stimulus", "stimulus2"))
    return models, xr.DataArray(values[1:7], labels, ("subject", "stimulus", "stimulus2"))


@pytest.mark.parametrize(
    ("stimuli", "subjects", "over"),
    [
        ("random", "random", ("stimuli", "subjects")),
        ("random", "fixed", ("stimuli",)),
    ],
)
def test_what_is_random_is_drawn_and_the_test_is_the_one_that_is_told(design, stimuli, subjects, over):
    found = advise(*design, stimuli=stimuli, subjects=subjects, draws=60, rng=1)
    expected = significance(evaluate(*design, over=over, draws=60, rng=1))
    xr.testing.assert_allclose(found.drop_attrs(), expected.drop_attrs())
    assert found.p_corrected.values[0] < 0.05
    assert found.p_corrected.values[1] > 0.05
    assert ("other subjects" in found.attrs["advice"]) == ("subjects" in over)
    assert found.attrs["methods"].startswith("RDMs were compared by spearman")


def test_for_fixed_stimuli_subjects_are_ranked(design):
    models, subjects = design
    found = advise(models, subjects, stimuli="fixed")
    xr.testing.assert_identical(found.drop_attrs(), across_subjects(models, subjects).drop_attrs())
    assert "by signed ranks" in found.attrs["advice"]
    assert "other subjects, but for these stimuli alone" in found.attrs["advice"]
    assert "Wilcoxon signed-rank tests over 6 subjects" in found.attrs["methods"]
    few = advise(models, subjects[:4], stimuli="fixed")
    xr.testing.assert_identical(few.drop_attrs(), across_subjects(models, subjects[:4], test="t").drop_attrs())
    assert "so few subjects" in few.attrs["advice"]


def test_groups_are_compared_by_exchanging_their_labels(design):
    models, subjects = design
    grouped = subjects.assign_coords(group=("subject", list("aaabbb")))
    with pytest.warns(UserWarning, match=r"corrected by holm, can be below 0\.2"):
        across_subjects(models, grouped, groups="group", test="permutation", correction="holm")
    assert advise(models, grouped, groups="group").attrs["test"] == "t"
    more = xr.concat([grouped, grouped], "subject")
    found = advise(models, more, groups="group", correction="max", rng=0)
    assert found.attrs["test"] == "permutation"
    assert found.attrs["advice"].startswith("Compare one number a subject between the groups, by exchanging")
    with pytest.raises(ValueError, match="subjects that stand for others"):
        advise(models, more, groups="group", subjects="fixed")


def test_with_nothing_random_stimuli_are_exchanged(design):
    found = advise(*design, stimuli="fixed", subjects="fixed", draws=99, rng=0)
    assert found.p.values[0] == pytest.approx(0.01)
    assert found.p.values[1] > 0.05
    assert "permutation test" in found.attrs["advice"]
    assert "99 random orders of the 20 stimuli" in found.attrs["methods"]
    largest = advise(*design, stimuli="fixed", subjects="fixed", draws=99, rng=0, correction="max")
    assert (largest.p_corrected >= largest.p).all()
    with pytest.raises(ValueError, match="can't be tested against each other"):
        advise(*design, stimuli="fixed", subjects="fixed", against="each other")


def test_one_subject_can_not_stand_for_others(design):
    models, subjects = design
    for alone in (subjects[0].drop_vars("subject", errors="ignore"), subjects[:1]):
        found = advise(models, alone, draws=60, rng=0)
        assert found.attrs["advice"].startswith("Bootstrap stimuli")
        assert "one subject" in found.attrs["advice"]


def test_few_subjects_are_warned_of(design):
    models, subjects = design
    with pytest.warns(UserWarning, match="only 3 subjects"):
        advise(models, subjects[:3], draws=40, rng=0)


def test_choices_are_named(design):
    models, subjects = design
    with pytest.raises(ValueError, match="one dimension of models; these have none"):
        advise(models[0], subjects, stimuli="fixed", subjects="fixed", draws=9)
    with pytest.raises(ValueError, match="no kind of stimuli named 'some'"):
        advise(*design, stimuli="some")
