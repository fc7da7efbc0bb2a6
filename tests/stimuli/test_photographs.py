"""Tables of photographs: names, contents, and files that are refused."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest
from PIL import Image

from cortexcnn.arrays import check_stimuli, content_hash
from cortexcnn.screen import Screen
from cortexcnn.stimuli import check_drawable, photographs, render


def save(path, shape=(8, 8, 3), seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)).save(path)


def test_a_folder_is_a_table_sorted_by_name_and_known_by_content(tmp_path):
    for seed, name in enumerate(["cat.png", "apple.bmp", "deep/bird.png"]):
        save(tmp_path / name, seed=seed)
    (tmp_path / "labels.csv").write_text("no picture")
    save(tmp_path / ".hidden.png")
    table = check_stimuli(photographs(tmp_path, size=4, x=1, blank=True))
    assert table.stimulus.values.tolist() == ["apple", "bird", "cat", "blank"]
    assert table.file.values.tolist() == ["apple.bmp", "deep/bird.png", "cat.png", ""]
    assert (table.attrs["kind"], table.attrs["channels"]) == ("image", 3)
    before = content_hash(table)
    save(tmp_path / "cat.png", seed=9)
    assert content_hash(photographs(tmp_path, size=4, x=1, blank=True)) != before
    with pytest.raises(
        ValueError, match=r"cat.png in .* is not what it was when the table was made: .* make the table"
    ):
        render(table, Screen(8, 16))
    assert render(table, Screen(8, 16), rows=[0, 3]).shape == (2, 3, 16, 16)


def test_an_archive_is_the_same_as_a_folder(tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for seed, name in enumerate(["b.png", "a.png"]):
            save(tmp_path / "folder" / name, seed=seed)
            archive.write(tmp_path / "folder" / name, name)
        archive.writestr("__MACOSX/a.png", "junk")
    by_archive, by_folder = photographs(tmp_path / "all.zip"), photographs(tmp_path / "folder")
    assert content_hash(by_archive) == content_hash(by_folder)
    np.testing.assert_array_equal(render(by_archive, Screen(8, 32)), render(by_folder, Screen(8, 32)))


def test_names_that_stand_for_two_files_are_refused_and_paths_help(tmp_path):
    for name in ("set/one/frame.png", "set/two/frame.png"):
        save(tmp_path / name)
    with pytest.raises(ValueError, match=r"frame.png and .*frame.png would both be called 'frame'; .* labels=\"path\""):
        photographs(tmp_path)
    assert photographs(tmp_path, labels="path").stimulus.values.tolist() == ["one/frame", "two/frame"]
    with pytest.raises(ValueError, match="labels are by stem or path; got 'name'"):
        photographs(tmp_path, labels="name")
    save(tmp_path / "other" / "blank.png")
    with pytest.raises(ValueError, match=r"blank.png and the blank would both be called 'blank'"):
        photographs(tmp_path / "other", blank=True)


def test_damaged_files_are_refused_by_name(tmp_path):
    save(tmp_path / "good.png", (64, 64, 3))
    whole = (tmp_path / "good.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"cut.png is no readable image: .*; mend it or take it out"):
        photographs(tmp_path)
    (tmp_path / "cut.png").write_text("not at all")
    with pytest.raises(ValueError, match=r"cut.png is no readable image"):
        photographs(tmp_path)
    (tmp_path / "text.zip").write_text("not at all")
    with pytest.raises(ValueError, match=r"text.zip is neither a folder nor a .zip file"):
        photographs(tmp_path / "text.zip")


def test_what_is_not_there_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no photographs in .*; they end in .png, .jpg"):
        photographs(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"no folder or .zip file .*nowhere"):
        photographs(tmp_path / "nowhere")
    save(tmp_path / "in" / "a.png")
    table = photographs(tmp_path / "in")
    (tmp_path / "in" / "a.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"a.png"):
        render(table, Screen(8, 16))


@pytest.mark.parametrize(("name", "value"), [("size", 0), ("size", np.nan), ("contrast", 1.5), ("x", np.inf)])
def test_bad_sizes_and_places_are_refused(tmp_path, name, value):
    save(tmp_path / "a.png")
    with pytest.raises(ValueError, match=f"{name} .* of stimulus a: {name} of a image is a number"):
        photographs(tmp_path, **{name: value})


def test_real_archives_of_photographs(shared_data):
    table = photographs(shared_data / "images" / "bsds500_val100.zip", size=8)
    assert table.sizes["stimulus"] == 100
    assert table.attrs["channels"] == 3
    assert not check_drawable(table, Screen(8, 64)).off_screen.any()
    pictures = render(table, Screen(8, 64), rows=range(3))
    assert pictures.shape == (3, 3, 64, 64)
    for picture in pictures:  # 481 × 321 or 321 × 481: on two sides the screen is grey
        beside = (picture[:, :8], picture[:, :, :8])
        assert any(np.all(strip.numpy() == 0.5) for strip in beside)
        assert not all(np.all(strip.numpy() == 0.5) for strip in beside)


@pytest.mark.slow
def test_names_agree_with_those_of_recorded_responses(shared_data):
    folder = shared_data / "neural" / "henaff2021_v1"
    table = photographs(folder / "stimulus_png_original.zip", labels="path", size=4)
    assert table.sizes["stimulus"] == 440
    assert "stimSelected-zoom1x/movie1/natural01" in table.stimulus.values
