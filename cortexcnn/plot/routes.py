"""Where the boxes of a diagram stand and how the lines between them run; lengths in inches, y downwards.

An edge runs along the lane of its source, or that of its target, where no other node is in its way; else it is lifted
onto a rail above the lane of its source, as the skip of a residual block is. Upright lines stand in the gaps between
columns, where nothing is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cortexcnn.plot.lanes import Edge, columns, lanes, neighbours, rows

__all__ = ["Layout", "Point", "Size", "layout"]

GAP, TRACK, RAIL, CLEAR = 0.20, 0.05, 0.09, 0.10
"""Between two columns, more for each upright line there, between two rails, around everything."""

Point = tuple[float, float]
Level = tuple[int, int]
"""A line that runs along a row: a lane and 0, or a lane and the number of the rail above it."""


Upright = tuple[str, Level, Level, Edge]
"""Whose upright line, from what level, to what level, for which edge."""


@dataclass(frozen=True)
class Size:
    """Room that a node needs.

    Parameters
    ----------
    width : float
        Of its drawing, which stands on the line of its lane.
    above, below : float
        How far the drawing reaches from that line.
    caption_width, caption_height : float
        Of what is written under it.
    """

    width: float
    above: float
    below: float
    caption_width: float = 0.0
    caption_height: float = 0.0


@dataclass
class Layout:
    """Where everything is.

    Parameters
    ----------
    centres : dict of str to (float, float)
        Middle of each node's drawing, on the line of its lane.
    captions : dict of str to float
        Upper edge of each node's caption.
    routes : dict of (str, str) to list of (float, float)
        Corners of each edge's line, from the right of a node, or the start of a row, to where it enters another: its
        left, or its top.
    turns : list of list of (float, float)
        Corners of the lines that lead from a row to the start of the next.
    width, height : float
        Of all of it.
    """

    centres: dict[str, Point] = field(default_factory=dict)
    captions: dict[str, float] = field(default_factory=dict)
    routes: dict[Edge, list[Point]] = field(default_factory=dict)
    turns: list[list[Point]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def layout(names: Sequence[str], edges: Sequence[Edge], sizes: Mapping[str, Size], *, width: float) -> Layout:
    """Place nodes, and lead lines between them.

    Parameters
    ----------
    names : sequence of str
        Each after all that lead to it.
    edges : sequence of (str, str)
        From, to; none twice.
    sizes : mapping of str to Size
        Of each node.
    width : float
        Rows are no longer, unless branches keep one from ending earlier.

    Returns
    -------
    Layout

    Examples
    --------
    >>> sizes = dict.fromkeys("abc", Size(0.2, 0.1, 0.1, 1.0, 0.5))
    >>> placed = layout("abc", [("a", "b"), ("b", "c")], sizes, width=2.8)
    >>> placed.centres["b"][1] == placed.centres["a"][1] < placed.centres["c"][1]
    True
    """
    plan = _Plan(names, edges, sizes)
    lengths = [slot + gap for slot, gap in zip(plan.slots, plan.gaps, strict=True)]
    found = Layout()
    for row in rows(plan.column, edges, lengths, width=width):
        _Row(plan, row).lay(found)
    return found


class _Plan:
    """The columns and lanes of a graph, and the room that its columns need."""

    def __init__(self, names: Sequence[str], edges: Sequence[Edge], sizes: Mapping[str, Size]) -> None:
        self.edges, self.sizes = edges, sizes
        self.column, self.lane = columns(names, edges), lanes(names, edges)
        self.before, self.after = neighbours(names, edges)
        count = 1 + max(self.column.values())
        self.members = [[name for name in names if self.column[name] == k] for k in range(count)]
        self.slots = [max(max(sizes[one].width, sizes[one].caption_width) for one in there) for there in self.members]
        self.gaps = [self._gap(k) for k in range(count)]

    def _gap(self, k: int) -> float:
        """Room before column k, for the upright lines of what forks there and of what comes together."""
        forks = sum(len(self.after[name]) > 1 for name in (self.members[k - 1] if k else []))
        joins = sum(len(self.before[name]) > 1 for name in self.members[k])
        return GAP + TRACK * (forks + joins) if k else 0.0


@dataclass
class _Way:
    """How an edge runs: the level that it travels on, the gaps where it gets onto it and off it."""

    level: Level
    rise: int | None = None
    fall: int | None = None
    from_above: bool = False


class _Row:
    """One row: which way each of its edges takes, then where that is."""

    def __init__(self, plan: _Plan, row: range) -> None:
        self.plan, self.row = plan, row
        self.names = [name for k in row for name in plan.members[k]]
        inside = set(self.names)
        self.edges = [(source, target) for source, target in plan.edges if target in inside]
        self.entry = next((source for source, _ in self.edges if source not in inside), None)
        self.taken = {(plan.lane[name], plan.column[name]): name for name in self.names}
        self.edges.sort(key=lambda edge: self._column(edge[1]) - self._column(edge[0]))
        direct = {edge: way for edge in self.edges if (way := self._direct(*edge)) is not None}
        lifted = set(self.edges) - set(direct)
        while True:
            self.rails = self._rails([edge for edge in self.edges if edge in lifted])
            self.ways = {edge: self._over(*edge) if edge in lifted else direct[edge] for edge in self.edges}
            self.tracks, crossed = self._tracks()
            if not crossed:
                break
            lifted |= crossed

    def _column(self, name: str) -> int:
        return self.row.start - 1 if name == self.entry else self.plan.column[name]

    def _lane(self, name: str) -> int:
        return 0 if name == self.entry else self.plan.lane[name]

    def _direct(self, source: str, target: str) -> _Way | None:
        """Along the lane of the source or of the target, where nothing is in the way."""
        start, end = self._column(source), self._column(target)
        own, other = self._lane(source), self._lane(target)
        between = range(start + 1, end)
        for lane in (own, other):
            if all(self.taken.get((lane, k), source) == source for k in between):
                self.taken.update({(lane, k): source for k in between})
                if own == other:
                    return _Way((lane, 0))
                return _Way((lane, 0), fall=end - 1) if lane == own else _Way((lane, 0), rise=start)
        return None

    def _over(self, source: str, target: str) -> _Way:
        """On a rail; down onto a target that reads little else, else into its left with the other lines to it."""
        start, end, lane = self._column(source), self._column(target), self._lane(source)
        way = _Way((lane, self.rails[source]), rise=start)
        if lane == self._lane(target) and len(self.plan.before[target]) <= 2:
            way.from_above = True
        else:
            way.fall = end - 1
        return way

    def _rails(self, edges: Sequence[Edge]) -> dict[str, int]:
        """The rail of each source that needs one, short ones lowest: 1, 2, … upwards from its lane."""
        reach: dict[str, int] = {}
        for source, target in edges:
            reach[source] = max(reach.get(source, 0), self._column(target))
        used: dict[Level, list[tuple[int, int]]] = {}
        found: dict[str, int] = {}
        for source in sorted(reach, key=lambda one: reach[one] - self._column(one)):
            start, end, rail = self._column(source), reach[source], 1
            while any(start < b and a < end for a, b in used.get((self._lane(source), rail), [])):
                rail += 1
            used.setdefault((self._lane(source), rail), []).append((start, end))
            found[source] = rail
        return found

    def _uprights(self) -> dict[int, list[Upright]]:
        """The upright lines of each gap."""
        found: dict[int, list[Upright]] = {}
        for (source, target), way in self.ways.items():
            own, other = (self._lane(source), 0), (self._lane(target), 0)
            for gap, start, end in ((way.rise, own, way.level), (way.fall, way.level, other)):
                if gap is not None:
                    key = self._key(source, target, way, falls=end == other)
                    found.setdefault(gap, []).append((key, start, end, (source, target)))
        return found

    def _key(self, source: str, target: str, way: _Way, *, falls: bool) -> str:
        """Lines of a fork share an upright line, and so do lines that come together."""
        forks = not falls if way.level[1] else len(self.plan.after[source]) > 1
        return f"from {source}" if forks else f"to {target}"

    def _tracks(self) -> tuple[dict[int, list[str]], set[Edge]]:
        """The upright lines of each gap from left to right: what leaves a lane does so before others join it.

        Where that can't be, as when two nodes change lanes with each other: the edges that are to be lifted.
        """
        found: dict[int, list[str]] = {}
        for gap, lines in self._uprights().items():
            left = list(dict.fromkeys(key for key, *_ in lines))
            pairs = {
                (one[0], other[0]) for one in lines for other in lines if one[0] != other[0] and _first(one, other)
            }
            found[gap] = []
            while left:
                clear = [key for key in left if not any((one, key) in pairs for one in left)]
                if not clear:
                    direct = [line for line in lines if line[0] in left and not self.ways[line[3]].level[1]]
                    return found, {edge for key, _, _, edge in direct if key == direct[0][0]}
                found[gap].append(clear[0])
                left.remove(clear[0])
        return found, set()

    def lay(self, found: Layout) -> None:
        """Write the places of this row's nodes and lines under what is there."""
        top = found.height
        self._place(found)
        for edge, way in self.ways.items():
            found.routes[edge] = self._route(found, edge, way)
        if self.entry is not None:
            self._turn(found, top)

    def _place(self, found: Layout) -> None:
        plan = self.plan
        self.left, self.right = {}, {self.row.start - 1: 0.0}
        for k in self.row:
            self.left[k] = self.right[k - 1] + plan.gaps[k]
            self.right[k] = self.left[k] + plan.slots[k]
        found.width = max(found.width, self.right[self.row.stop - 1])
        self.line: dict[Level, float] = {}
        for lane in range(1 + max(plan.lane[name] for name in self.names)):
            names = [name for name in self.names if plan.lane[name] == lane]
            sizes = [plan.sizes[name] for name in names]
            count = max((rail for source, rail in self.rails.items() if self._lane(source) == lane), default=0)
            top = found.height + CLEAR + RAIL * count
            line = top + max((size.above for size in sizes), default=0.0)
            self.line |= {(lane, rail): top - RAIL * (rail - 0.4) if rail else line for rail in range(count + 1)}
            caption = line + max((size.below for size in sizes), default=0.0) + CLEAR / 2
            for name in names:
                k = plan.column[name]
                found.centres[name] = ((self.left[k] + self.right[k]) / 2, line)
                found.captions[name] = caption
            found.height = caption + max((size.caption_height for size in sizes), default=0.0) + CLEAR / 2
        found.height += CLEAR

    def _x(self, gap: int, key: str) -> float:
        """Where in a gap an upright line stands."""
        start, end = self.right[gap], self.left.get(gap + 1, self.right[gap] + GAP)
        return start + (end - start) * (self.tracks[gap].index(key) + 1) / (len(self.tracks[gap]) + 1)

    def _route(self, found: Layout, edge: Edge, way: _Way) -> list[Point]:
        source, target = edge
        sizes = self.plan.sizes
        x, y = found.centres[target]
        points = [(0.0, self.line[0, 0])]
        if source != self.entry:
            points = [(found.centres[source][0] + sizes[source].width / 2, found.centres[source][1])]
        if way.rise is not None:
            rise = self._x(way.rise, self._key(source, target, way, falls=False))
            points += [(rise, points[-1][1]), (rise, self.line[way.level])]
        if way.from_above:
            return [*points, (x, self.line[way.level]), (x, y - sizes[target].above)]
        if way.fall is not None:
            fall = self._x(way.fall, self._key(source, target, way, falls=True))
            points += [(fall, self.line[way.level]), (fall, y)]
        return [*points, (x - sizes[target].width / 2, y)]

    def _turn(self, found: Layout, top: float) -> None:
        x, y = found.centres[str(self.entry)]
        size = self.plan.sizes[str(self.entry)]
        end = x + max(size.width, size.caption_width) / 2 + CLEAR
        found.width = max(found.width, end)
        found.turns.append([(x + size.width / 2, y), (end, y), (end, top), (0.0, top), (0.0, self.line[0, 0])])


def _first(one: Upright, other: Upright) -> bool:
    """Whether one must stand left of the other: it leaves a lane that the other joins, or joins a rail it leaves."""
    (_, leaves, joins, _), (_, left, joined, _) = one, other
    return (joined == leaves and not leaves[1]) or (joins == left and bool(left[1]))
