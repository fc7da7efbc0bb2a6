"""Tables of textures: what is in them, and what makes none."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from cortexcnn.arrays import check_stimuli, content_hash
from cortexcnn.screen import Screen
from cortexcnn.stimuli import KINDS, check_drawable, sweep, textures


@pytest.fixture
def folder(tmp_path):
    for seed, (name, shape) in enumerate({"bark": (40, 60), "sand": (64, 48)}.items()):
        pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


def test_every_family_has_every_sample_in_both_versions(folder):
    table = check_stimuli(textures(folder, samples=5, size=2, x=0.5, y=-0.5))
    assert table.sizes["stimulus"] == 2 * 5 * 2 + 1
    assert table.stimulus.values[[0, 1, -1]].tolist() == ["bark/0/texture", "bark/0/noise", "blank"]
    shown = table.isel(stimulus=slice(0, -1))
    assert set(shown.family.values) == {"bark", "sand"}
    assert (shown.side == 20).all()  # half of the shortest side
    assert {name: float(shown[name][0]) for name in ("size", "x", "y", "contrast")} == {
        "size": 2,
        "x": 0.5,
        "y": -0.5,
        "contrast": 1,
    }
    pairs = shown.to_dataframe().groupby(["family", "sample"])
    assert (pairs.size() == 2).all()
    assert (pairs[["left", "top", "seed"]].nunique() == 1).all().all()  # a texture and its noise are of one piece
    places = shown.to_dataframe().query("version == 'texture'")
    assert not places.duplicated(["family", "left", "top"]).any()
    assert places.seed.is_unique
    for family, (height, width) in {"bark": (40, 60), "sand": (64, 48)}.items():
        here = places[places.family == family]
        assert here.left.between(0, width - 20).all()
        assert here.top.between(0, height - 20).all()
    assert np.isnan(table.left.values[-1])
    assert table.contrast.values[-1] == 0
    check_drawable(table, Screen(4, 32))


def test_pieces_are_spread_over_the_photograph(folder):
    table = textures(folder, samples=15, blank=False).to_dataframe().query("family == 'bark'")
    assert (table.left.min(), table.left.max()) == (0, 40)
    assert (table.top.min(), table.top.max()) == (0, 20)
    one = textures(folder, samples=1, side=30, blank=False).to_dataframe().query("family == 'bark'")
    assert (one.left.iloc[0], one.top.iloc[0]) == (15, 5)


def test_the_seed_names_the_noise(folder):
    assert content_hash(textures(folder, seed=1)) == content_hash(textures(folder, seed=1))
    assert content_hash(textures(folder, seed=1)) != content_hash(textures(folder, seed=2))


def test_what_makes_no_textures_is_refused(folder, tmp_path_factory):
    with pytest.raises(ValueError, match="one piece of each photograph at least"):
        textures(folder, samples=0)
    with pytest.raises(ValueError, match="pieces of 50 pixels: the smallest photograph has 40"):
        textures(folder, side=50)
    with pytest.raises(ValueError, match=r"bark has 21 different pieces .* ask for fewer samples or a smaller side"):
        textures(folder, samples=40, side=40)
    with pytest.raises(ValueError, match="size"):
        textures(folder, size=-1)
    with pytest.raises(ValueError, match="contrast"):
        textures(folder, contrast=1.5)
    with pytest.raises(FileNotFoundError):
        textures(tmp_path_factory.mktemp("empty"))
    with pytest.raises(ValueError, match=r"make their table by textures\(folder\)"):
        sweep("texture")
    assert KINDS["texture"].parameters["version"].choices == ("texture", "noise")
