"""Columns, lanes and rows of a diagram: longest paths, nobody's place taken, rows that end where they may."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.plot.lanes import columns, lanes, rows


@st.composite
def graphs(draw):
    names = [f"n{k}" for k in range(draw(st.integers(2, 12)))]
    near = [
        draw(st.lists(st.integers(max(0, k - 4), k - 1), min_size=1, max_size=3, unique=True))
        for k in range(1, len(names))
    ]
    return names, [(names[source], names[k]) for k, sources in enumerate(near, start=1) for source in sources]


def paths(name: str, edges) -> list[int]:
    """Length of every path that ends in a node, walked one by one."""
    before = [source for source, target in edges if target == name]
    return [1 + length for source in before for length in paths(source, edges)] or [0]


@settings(deadline=None)
@given(graphs())
def test_a_column_is_the_longest_path(graph):
    names, edges = graph
    assert columns(names, edges) == {name: max(paths(name, edges)) for name in names}


def test_what_nothing_leads_to_stands_just_before_its_reader():
    edges = [("in", "a"), ("a", "b"), ("b", "sum"), ("constant", "sum")]
    assert columns(["in", "constant", "a", "b", "sum"], edges)["constant"] == 2


@settings(deadline=None)
@given(graphs())
def test_no_place_is_taken_twice(graph):
    names, edges = graph
    column, lane = columns(names, edges), lanes(names, edges)
    assert len({(column[name], lane[name]) for name in names}) == len(names)
    assert lane[names[0]] == 0


def test_the_first_branch_runs_straight_on_and_the_join_comes_back():
    names = ["in", "one", "two", "two again", "join", "out"]
    edges = [
        ("in", "one"),
        ("in", "two"),
        ("two", "two again"),
        ("one", "join"),
        ("two again", "join"),
        ("join", "out"),
    ]
    assert list(lanes(names, edges).values()) == [0, 0, 1, 1, 0, 0]


@settings(deadline=None)
@given(graphs(), st.floats(0.5, 12.0))
def test_rows_hold_every_column_once_and_end_only_after_a_single_source(graph, width):
    names, edges = graph
    place = columns(names, edges)
    lengths = [1.0] * (1 + max(place.values()))
    found = rows(place, edges, lengths, width=width)
    assert [k for row in found for k in row] == list(range(len(lengths)))
    for row in found[1:]:
        crossing = {source for source, target in edges if place[source] < row.start <= place[target]}
        assert {place[source] for source in crossing} == {row.start - 1}
        assert len(crossing) == 1


@pytest.mark.parametrize(
    ("count", "width", "expected"), [(7, 4.0, [4, 3]), (9, 4.0, [3, 3, 3]), (3, 10.0, [3]), (4, 1.0, [1] * 4)]
)
def test_rows_are_as_few_and_then_as_even_as_can_be(count, width, expected):
    names = [str(k) for k in range(count)]
    edges = list(pairwise(names))
    assert [len(row) for row in rows(columns(names, edges), edges, [1.0] * count, width=width)] == expected
