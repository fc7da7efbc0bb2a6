"""A wrong name is answered with the right ones, the nearest first."""

from __future__ import annotations

import pytest

from cortexcnn.choices import chosen, nearest


def test_a_right_name_gives_its_choice():
    assert chosen({"pearson": 1, "cosine": 2}, "cosine", "comparison") == 2


def test_a_wrong_name_lists_them_and_suggests_one_that_is_near():
    with pytest.raises(
        ValueError, match=r"no comparison named 'person'; there are pearson, cosine. Did you mean 'pearson'\?"
    ):
        chosen({"pearson": 1, "cosine": 2}, "person", "comparison")


def test_nothing_is_suggested_where_nothing_is_near():
    assert nearest("xyz", ["pearson"]) == ""
