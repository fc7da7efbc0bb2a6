"""What the README shows runs as it stands."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

README = Path(__file__).parent.parent / "README.md"


def test_the_example_runs(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), flags=re.DOTALL)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    assert set(names["rdms"].dims) == {"layer", "stimulus", "stimulus2"}
    assert names["measures"].sizes["unit"] == 96
    assert "relu2" in capsys.readouterr().out
    plt.close("all")


@pytest.mark.parametrize("word", ["make demo", "make test"])
def test_the_two_commands_are_tasks(word):
    text = README.read_text(encoding="utf-8")
    assert word in text
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{word.split()[1]}:", makefile, flags=re.MULTILINE)


def test_every_file_that_it_names_is_there():
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []


@pytest.mark.parametrize("page", sorted((README.parent / "docs").glob("*.md")), ids=lambda page: page.name)
def test_pages_show_what_is_so_and_name_what_is_there(page: Path):
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
    assert doctest.testfile(str(page), module_relative=False, encoding="utf-8").failed == 0
