"""A page shows what it was given, escapes it, and refuses figures that are not there."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from cortexcnn.report import Section, page


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):  # noqa: ARG002 - the parser's signature
        self.found += [value for name, value in attrs if name in {"href", "src"}]


def test_a_page_links_what_lies_in_its_folder(tmp_path):
    figure = tmp_path / "figures" / "tuning.png"
    figure.parent.mkdir()
    figure.write_bytes(b"png")
    figure.with_suffix(".svg").write_text("<svg/>")
    table = pd.DataFrame({"layer": ["conv<1>"], "score": [np.nan]})
    section = Section("What <it> likes", "First.\n\nSecond.", {figure: "tuning & more"}, table, {figure: "the figure"})
    written = page(tmp_path, title="A & B", lead="lead", sections=[section], provenance={"seed": 3})
    text = written.read_text(encoding="utf-8")
    links = Links()
    links.feed(text)
    assert {"figures/tuning.png", "figures/tuning.svg", "#what--it--likes"} <= set(links.found)
    assert all((tmp_path / link).is_file() for link in links.found if not link.startswith("#"))
    assert "A &amp; B" in text
    assert "conv&lt;1&gt;" in text
    assert "<p>First.</p>\n<p>Second.</p>" in text
    assert "seed: <code>3</code>" in text
    assert "–" in text
    assert "http" not in text


def test_a_missing_figure_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"missing\.png, which does not exist"):
        page(
            tmp_path,
            title="t",
            lead="l",
            sections=[Section("s", figures={tmp_path / "missing.png": ""})],
            provenance={},
        )
