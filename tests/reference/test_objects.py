from __future__ import annotations

import h5py
import numpy as np
import pytest
import scipy.io
import scipy.stats
from PIL import Image
from scipy.spatial.distance import squareform

from cortexcnn.arrays import check_rdm
from cortexcnn.reference import human78, objects92, objects92_images
from cortexcnn.reference.objects import REGIONS


def matlab73(path, **arrays):
    """A MATLAB 7.3 file of plain arrays."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in arrays.items():
            file[name] = values
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")


@pytest.fixture
def handmade(tmp_path):
    """Three objects, two people in the scanner, one monkey; distances that name their pair and person."""
    base = np.array([[0, 12, 13], [12, 0, 23], [13, 23, 0]], dtype=float)
    stack = np.stack([base, base + 100 * (base > 0)], axis=-1)
    matlab73(tmp_path / "algonauts2019_92_target_fmri.mat", EVC_RDMs=stack, IT_RDMs=stack * 2)
    pictures = [np.full((4, 4, 3), shade, dtype=np.uint8) for shade in (0, 100, 200)]
    objects = np.array(
        [(f"kind {k}", 1, 0, 1, k % 2, picture) for k, picture in enumerate(pictures)],
        dtype=[(name, "O") for name in ("category", "human", "face", "animal", "natural", "image")],
    )
    figure = np.array(
        [("monkey", squareform(base)), ("human", squareform(base * 3))], dtype=[("name", "O"), ("RDM", "O")]
    )
    scipy.io.savemat(
        tmp_path / "Kriegeskorte_Neuron2008_supplementalData.mat",
        {"stimuli_92objs": objects, "RDMs_mIT_hIT_fig1": figure},
    )
    sessions = np.empty((2, 2), dtype=[("RDM", "O"), ("name", "O")])
    for person, letters in enumerate(("AA", "BB")):
        for session in range(2):
            sessions[person, session] = (base * (1 + person * 2 + session), f"hIT | {letters} | Session: {session + 1}")
    scipy.io.savemat(tmp_path / "92_brainRDMs.mat", {"RDMs": sessions[np.newaxis]})
    return tmp_path


@pytest.mark.parametrize("region", REGIONS)
def test_format(handmade, region):
    rdm = check_rdm(objects92(handmade, region=region))
    assert rdm.stimulus.values.tolist() == ["object01", "object02", "object03"]
    assert rdm.category.values.tolist() == ["kind 0", "kind 1", "kind 2"]
    assert rdm.natural.values.tolist() == [False, True, False]
    assert rdm.attrs["source"]
    assert rdm.attrs["licence"]
    pair = rdm.sel(stimulus="object01", stimulus2="object02").values
    wanted = {
        "EVC": [12, 112],
        "IT": [24, 224],
        "monkey IT 2008": 12,
        "human IT 2008": 36,
        "human IT 2008 sessions": [[12, 24], [36, 48]],
    }
    assert np.array_equal(pair, wanted[region])


def test_people_of_2008_keep_their_names(handmade):
    rdm = objects92(handmade, region="human IT 2008 sessions")
    assert rdm.subject.values.tolist() == ["AA", "BB"]
    assert rdm.session.values.tolist() == [1, 2]


def test_any_of_the_files_stands_for_the_folder(handmade):
    file = handmade / "92_brainRDMs.mat"
    assert objects92(file).identical(objects92(handmade))
    with pytest.raises(FileNotFoundError, match="nowhere is neither a file nor a folder; wanted algonauts2019"):
        objects92(handmade / "nowhere")


def test_unknown_regions_are_refused(handmade):
    with pytest.raises(ValueError, match="no region 'ITC'; the nearest is 'IT'"):
        objects92(handmade, region="ITC")
    with pytest.raises(ValueError, match="region is EVC or IT; got 'V1'"):
        human78(handmade, region="V1")


def test_photographs_are_named_as_the_stimuli(handmade, tmp_path):
    folder = objects92_images(handmade, tmp_path / "photographs")
    names = sorted(path.stem for path in folder.iterdir())
    assert names == objects92(handmade).stimulus.values.tolist()
    with Image.open(folder / "object02.png") as picture:
        assert np.array_equal(np.asarray(picture), np.full((4, 4, 3), 100))
    with pytest.raises(FileExistsError, match=r"holds object01.png already \(3 files\)"):
        objects92_images(handmade, folder)
    assert objects92_images(handmade, folder, overwrite=True) == folder


def test_unreliable_reference_warns(tmp_path):
    matlab73(tmp_path / "target_fmri.mat", EVC_RDMs=np.zeros((3, 3, 2)), IT_RDMs=np.zeros((3, 4)))
    with pytest.warns(UserWarning, match="do not repeat from person to person"):
        assert human78(tmp_path).sizes == {"subject": 2, "stimulus": 3, "stimulus2": 3}
    with pytest.raises(ValueError, match=r"IT_RDMs has the shape \(3, 4\)"):
        human78(tmp_path, region="IT")


# What is known of the real files


def pairs(rdm):
    upper = np.triu_indices(rdm.sizes["stimulus"], 1)
    return rdm.values[..., upper[0], upper[1]]


def ceiling(subjects):
    """Mean squared Spearman correlation of each person with the mean of all."""
    mean = subjects.mean(axis=0)
    return np.mean([scipy.stats.spearmanr(mean, person).statistic ** 2 for person in subjects])


@pytest.mark.parametrize(("region", "upper", "halves"), [("EVC", 0.1589, 0.425), ("IT", 0.3075, 0.686)])
def test_people_of_2014(shared_data, region, upper, halves):
    subjects = pairs(check_rdm(objects92(shared_data / "neural/human92_evc_it", region=region)))
    assert subjects.shape == (15, 92 * 91 // 2)
    assert ceiling(subjects) == pytest.approx(upper, abs=5e-5)
    rng = np.random.default_rng(0)
    draws = [rng.permutation(15) for _ in range(200)]
    split = [
        scipy.stats.spearmanr(subjects[draw[:7]].mean(axis=0), subjects[draw[7:]].mean(axis=0)).statistic
        for draw in draws
    ]
    assert np.mean(split) == pytest.approx(halves, abs=0.005)


def test_monkey_and_human(shared_data):
    folder = shared_data / "neural/human92_evc_it"
    monkey, human = (pairs(objects92(folder, region=f"{species} IT 2008")) for species in ("monkey", "human"))
    assert np.corrcoef(monkey, human)[0, 1] == pytest.approx(0.491, abs=5e-4)
    people = pairs(objects92(folder, region="human IT 2008 sessions"))
    assert people.shape[:2] == (4, 2)
    assert np.corrcoef(people.mean(axis=(0, 1)), human)[0, 1] == pytest.approx(1, abs=1e-6)


def test_real_photographs(shared_data, tmp_path):
    folder = objects92_images(shared_data / "neural/human92_evc_it", tmp_path / "objects")
    assert len(list(folder.iterdir())) == 92
    with Image.open(folder / "object92.png") as picture:
        assert picture.size == (175, 175)


def test_the_78_images_have_no_ceiling(shared_data):
    with pytest.warns(UserWarning, match="do not repeat"):
        rdm = check_rdm(human78(shared_data / "neural/human78_low_reliability"))
    subjects = pairs(rdm)
    assert ceiling(subjects) == pytest.approx(0.064, abs=5e-4)
    others = (subjects.sum(axis=0) - subjects) / (len(subjects) - 1)
    left_out = [scipy.stats.spearmanr(*both).statistic for both in zip(subjects, others, strict=True)]
    assert np.mean(left_out) == pytest.approx(rdm.attrs["reliability"], abs=5e-4)
