"""``cortexcnn diagram``: files of each kind, nothing overwritten, depths, electrodes, refusals."""

from __future__ import annotations

import pytest

from cortexcnn.cli import main
from cortexcnn.cli.diagram import READABLE


@pytest.mark.parametrize(("ending", "start"), [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF")])
def test_a_diagram_is_written_in_each_format(ending, start, tmp_path, capsys):
    file = tmp_path / "new" / f"cortexnet.{ending}"
    assert main(["diagram", "cortexnet", "--layers", "relu1,conv2", "--out", str(file)]) == 0
    assert file.read_bytes().startswith(start)
    told = capsys.readouterr()
    assert told.out == ""
    assert f"cortexnet, 12 boxes, drawn to {file}" in told.err


def test_the_picture_says_what_was_asked_for(tmp_path):
    file = tmp_path / "picture.svg"
    assert (
        main(["diagram", "resnet18", "--depth", "1", "--degrees", "4", "--layers", "layer2", "--out", str(file)]) == 0
    )
    written = file.read_text(encoding="utf-8")
    for text in (">resnet18<", "4° of visual angle", "11,689,512 parameters", ">layer4<", "4 conv 3×3", ">electrode<"):
        assert text in written
    assert "layer1.0" not in written
    assert file.stat().st_size < 150_000


def test_large_networks_are_folded_until_a_person_can_read_them(tmp_path, capsys):
    assert main(["diagram", "googlenet", "--out", str(tmp_path / "googlenet.svg")]) == 0
    told = capsys.readouterr().err
    boxes = int(told.split(" boxes")[0].split()[-1])
    assert 10 < boxes <= READABLE
    assert ">inception4e<" in (tmp_path / "googlenet.svg").read_text(encoding="utf-8")


def test_networks_built_by_hand_need_no_word_about_weights(tmp_path):
    assert main(["diagram", "classical_v1", "--out", str(tmp_path / "v1.svg")]) == 0


def test_a_file_is_not_overwritten_unless_asked(tmp_path, capsys):
    file = tmp_path / "mine.svg"
    file.write_text("mine")
    words = ["diagram", "cortexnet", "--out", str(file)]
    assert main(words) == 1
    assert "say --overwrite" in capsys.readouterr().err
    assert file.read_text() == "mine"
    assert main([*words, "--overwrite"]) == 0
    assert file.read_text(encoding="utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--out", "picture.bmp"], "picture.bmp: the file must end in .svg, .png, .pdf"),
        (["--out", "picture"], "the file must end in .svg, .png, .pdf"),
        (["--out", "picture.svg", "--depth", "0"], "depth 0: a network unfolds to a depth of 1 or more"),
        (["--out", "picture.svg", "--layers", "conv9"], "no layer named 'conv9'"),
        (["--out", "picture.svg", "--width", "0"], "wider than 0 inches"),
    ],
)
def test_refusals_write_nothing(words, says, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["diagram", "cortexnet", *words]) == 1
    assert says in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
