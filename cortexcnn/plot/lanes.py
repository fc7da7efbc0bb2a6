"""In which column, lane and row each box of a diagram stands.

A node stands in the column that its longest path from the start gives it. Branches run in lanes below each other, the
first one straight on. Where all edges between two columns come from one node, a row may end and the next begin.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["Edge", "columns", "lanes", "neighbours", "rows"]

Edge = tuple[str, str]
"""From, to."""


def neighbours(names: Sequence[str], edges: Sequence[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """What leads to each node, and where each leads.

    Examples
    --------
    >>> neighbours("ab", [("a", "b")])
    ({'a': [], 'b': ['a']}, {'a': ['b'], 'b': []})
    """
    before: dict[str, list[str]] = {name: [] for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for source, target in edges:
        before[target].append(source)
        after[source].append(target)
    return before, after


def columns(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The column of each node: edges on its longest path from the start.

    Parameters
    ----------
    names : sequence of str
        Each after all that lead to it. The first is the start; others that nothing leads to stand just before the
        first node that reads them.
    edges : sequence of (str, str)
        From, to.

    Returns
    -------
    dict of str to int

    Examples
    --------
    >>> columns(["in", "a", "b", "sum"], [("in", "a"), ("a", "b"), ("b", "sum"), ("in", "sum")])
    {'in': 0, 'a': 1, 'b': 2, 'sum': 3}
    """
    before, after = neighbours(names, edges)
    found: dict[str, int] = {}
    for name in names:
        found[name] = max((found[one] + 1 for one in before[name]), default=0)
    for name in names[1:]:
        if not before[name] and after[name]:
            found[name] = max(0, min(found[one] for one in after[name]) - 1)
    return found


def lanes(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The lane of each node: that of the first node that leads to it and whose lane is free, else a new one below.

    Parameters
    ----------
    names : sequence of str
        Each after all that lead to it.
    edges : sequence of (str, str)
        From, to.

    Returns
    -------
    dict of str to int
        0 for every node that stands alone in its column and that no edge passes.

    Examples
    --------
    >>> lanes(["in", "a", "b", "sum"], [("in", "a"), ("in", "b"), ("a", "sum"), ("b", "sum")])
    {'in': 0, 'a': 0, 'b': 1, 'sum': 0}
    """
    before, after = neighbours(names, edges)
    place = columns(names, edges)
    alone = _alone(place, edges)
    found: dict[str, int] = {}
    last: dict[int, str] = {}  # the last node of each lane

    def is_free(lane: int, column: int) -> bool:
        """Whether nothing runs in a lane from the column before: lines that turn into it and out of it would cross."""
        return lane not in last or max(place[one] for one in [last[lane], *after[last[lane]]]) < column

    for name in sorted(names, key=lambda one: place[one]):
        column = place[name]
        straight = [found[one] for one in before[name] if last[found[one]] == one]
        lowest = max((found[one] for one in before[name]), default=0)
        new = next(lane for lane in range(lowest, 2 * len(names)) if is_free(lane, column))
        found[name] = 0 if column in alone else min(straight, default=new)
        last[found[name]] = name
    return {name: found[name] for name in names}


def rows(place: Mapping[str, int], edges: Sequence[Edge], lengths: Sequence[float], *, width: float) -> list[range]:
    """The columns of each row: as few rows as possible, and then as even as possible.

    Parameters
    ----------
    place : mapping of str to int
        Column of each node.
    edges : sequence of (str, str)
        From, to.
    lengths : sequence of float
        Room that each column takes along a row.
    width : float
        Rows are no longer, unless branches keep one from ending earlier.

    Returns
    -------
    list of range

    Examples
    --------
    >>> rows({"a": 0, "b": 1, "c": 2, "d": 3}, [("a", "b"), ("b", "c"), ("c", "d")], [1, 1, 1, 1], width=3)
    [range(0, 2), range(2, 4)]
    """
    starts = [k for k in range(1, len(lengths)) if _may_begin(k, place, edges)]
    parts = [range(a, b) for a, b in zip([0, *starts], [*starts, len(lengths)], strict=True)]
    whole = [sum(lengths[k] for k in part) for part in parts]
    least = max(whole)
    most = width if least <= width else 1.15 * least
    count = len(_packed(whole, most))
    even = next(size for step in range(41) if len(_packed(whole, size := least + (most - least) * step / 40)) == count)
    return [range(parts[group[0]].start, parts[group[-1]].stop) for group in _packed(whole, even)]


def _may_begin(k: int, place: Mapping[str, int], edges: Sequence[Edge]) -> bool:
    """Whether all that leads to column k and beyond comes from one node just before it."""
    crossing = {source for source, target in edges if place[source] < k <= place[target]}
    return len(crossing) == 1 and place[next(iter(crossing))] == k - 1


def _packed(lengths: Sequence[float], width: float) -> list[list[int]]:
    """Numbers of the parts of each row, filled from the first on."""
    found: list[list[int]] = []
    room = 0.0
    for k, length in enumerate(lengths):
        if not found or length > room + 1e-9:
            found.append([])
            room = width
        found[-1].append(k)
        room -= length
    return found


def _alone(place: Mapping[str, int], edges: Sequence[Edge]) -> set[int]:
    """Columns of one node, beside which no edge passes."""
    there = list(place.values())
    passed = {k for source, target in edges for k in range(place[source] + 1, place[target])}
    return {k for k in there if there.count(k) == 1} - passed
