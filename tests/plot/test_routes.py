"""Boxes of a diagram never lie on each other, and lines say without doubt what leads where."""

from __future__ import annotations

from itertools import combinations, pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from cortexcnn.plot.routes import Layout, Size, layout

SMALL = Size(0.4, 0.4, 0.3, 0.9, 0.5)


@st.composite
def graphs(draw):
    """Any graph in which each node is made of up to three of those before it."""
    names = [f"n{k}" for k in range(draw(st.integers(2, 10)))]
    edges = []
    for k in range(1, len(names)):
        reach = draw(st.sampled_from([2, 4, 10]))
        near = st.integers(max(0, k - reach), k - 1)
        sources = draw(st.lists(near, min_size=1, max_size=3, unique=True))
        edges += [(names[source], names[k]) for source in sources]
    return names, edges


def boxes_of(placed: Layout, sizes: dict[str, Size]) -> list[tuple[str, float, float, float, float]]:
    """Left, top, right and bottom of every drawing and of every caption."""
    found = []
    for name, (x, y) in placed.centres.items():
        size, caption = sizes[name], placed.captions[name]
        found.append((name, x - size.width / 2, y - size.above, x + size.width / 2, y + size.below))
        half = size.caption_width / 2
        found.append((name, x - half, caption, x + half, caption + size.caption_height))
    return found


def meets(one, other) -> bool:
    """Whether two rectangles share more than an edge."""
    return all(
        max(one[axis], other[axis]) < min(one[axis + 2], other[axis + 2]) - 1e-9
        or (one[axis] == one[axis + 2] and other[axis] + 1e-9 < one[axis] < other[axis + 2] - 1e-9)
        for axis in (0, 1)
    )


def stretches(points) -> list[tuple[float, float, float, float]]:
    return [(min(a[0], b[0]), min(a[1], b[1]), max(a[0], b[0]), max(a[1], b[1])) for a, b in pairwise(points)]


def overlap(one, other) -> bool:
    """Whether two stretches of lines run along each other."""
    for axis in (0, 1):
        flat = 1 - axis
        if one[flat] == one[flat + 2] == other[flat] == other[flat + 2]:
            return min(one[axis + 2], other[axis + 2]) - max(one[axis], other[axis]) > 1e-9
    return False


@settings(deadline=None, max_examples=100)
@given(graphs(), st.sampled_from([2.0, 5.0, 20.0]))
def test_nothing_lies_on_anything_else(graph, width):
    names, edges = graph
    sizes = dict.fromkeys(names, SMALL)
    placed = layout(names, edges, sizes, width=width)
    things = boxes_of(placed, sizes)
    assert not [pair for pair in combinations(things, 2) if meets(pair[0][1:], pair[1][1:])]
    for points in [*placed.routes.values(), *placed.turns]:
        for stretch in stretches(points):
            assert not [name for name, *box in things if meets(stretch, box)]
            assert stretch[2] <= placed.width
            assert stretch[3] <= placed.height


@settings(deadline=None, max_examples=100)
@given(graphs())
def test_lines_that_run_together_share_an_end(graph):
    names, edges = graph
    placed = layout(names, edges, dict.fromkeys(names, SMALL), width=20.0)
    for (one, a), (other, b) in combinations(placed.routes.items(), 2):
        if any(overlap(p, q) for p in stretches(a) for q in stretches(b)):
            assert one[0] == other[0] or one[1] == other[1], (one, other)
