"""Files that come with the project are found, and missing ones are named."""

from __future__ import annotations

import pytest

from cortexcnn.shipped import shipped


def test_published_figures_are_there():
    assert shipped("published_v1.csv").read_text().startswith("property,")


def test_a_missing_file_is_named_beside_those_that_are_there():
    with pytest.raises(FileNotFoundError, match=r"no file nothing.csv .* published_v1.csv"):
        shipped("nothing.csv")
