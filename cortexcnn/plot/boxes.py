"""The boxes of a diagram: as high as the map, as thick as it has channels, with strips for what changes no shape."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any

from cortexcnn.plot.captions import LINE, caption, extent
from cortexcnn.plot.pen import Pen, Point
from cortexcnn.plot.routes import Size
from cortexcnn.plot.style import COLOURS

__all__ = ["KIND_COLOURS", "NAME", "STRIPS", "Box"]

KIND_COLOURS = {
    "image": "0.86", "convolution": COLOURS[0], "connected": COLOURS[1], "pool": COLOURS[2], "block": COLOURS[5],
    "other": "0.45", "normalisation": COLOURS[4], "activation": COLOURS[7], "dropout": COLOURS[3], "reshape": "0.75",
}  # fmt: skip
"""What each kind of node is drawn in."""

STRIPS = ("normalisation", "activation", "dropout", "reshape")
"""Kinds that are drawn as a thin strip on the box that they follow."""

NAME, _TEXT = 7.0, 6.4
"""Points: names, and what is said under them."""

_STRIP, _DISC, _NEEDLE = 0.06, 0.18, 0.32
"""Inches: width of a strip, of a joint, length of an electrode."""

_OCTAVE, _CHANNEL, _BACK = 0.13, 0.04, 0.15
"""Inches for each doubling of the map's side, of the channels; and how far a box leans back by its height."""


class Box:
    """A node with the strips and the electrodes on it: how large it is, and how it is drawn.

    Parameters
    ----------
    node : mapping
        Its row in the table of a graph, as :func:`cortexcnn.plot.captions.caption` takes it.

    Attributes
    ----------
    strips : list of mapping
        The nodes on it, from left to right.
    electrodes : list of str
        Which nodes are marked: its own name, those of strips.
    """

    def __init__(self, node: Mapping[str, Any]) -> None:
        self.node = node
        self.strips: list[Mapping[str, Any]] = []
        self.electrodes: list[str] = []
        self.name, self.lines = caption(node)
        if node["kind"] == "joint":
            self.front = (_DISC, _DISC, 0.0)
        elif node["rows"] == node["columns"] == 1:  # no map: a bar, as high as it has units
            self.front = (0.1, min(1.1, 0.1 + 0.075 * log2(node["channels"])), 0.05)
        else:
            height, depth = (max(0.12, _OCTAVE * log2(node[side])) for side in ("rows", "columns"))
            self.front = (0.05 + _CHANNEL * log2(node["channels"]), height, _BACK * depth)
        if node["kind"] in STRIPS:
            self.front = (_STRIP, *self.front[1:])

    def size(self) -> Size:
        """The room that all of it takes."""
        names, rest = extent(self.name, size=NAME, bold=True), extent(self.lines, size=_TEXT)
        width, height, back = self.front
        return Size(
            width=width + _STRIP * len(self.strips) + back,
            above=height / 2 + back + (_NEEDLE if self.electrodes else 0.0),
            below=height / 2,
            caption_width=max(names[0], rest[0]),
            caption_height=names[1] + rest[1],
        )

    def draw(self, pen: Pen, centre: Point, caption_top: float) -> None:
        """Draw it around a point, and what is said of it under a line; of a joint right under it."""
        (x, y), (width, height, back) = centre, self.front
        left = x - self.size().width / 2
        places = {}
        for k, node in enumerate([self.node, *self.strips]):
            wide = _STRIP if k else width
            if node["kind"] == "joint":
                pen.sign((left + wide / 2, y), node["type"], _DISC)
                caption_top = y + _DISC / 2 + 0.03
            else:
                parts = node["groups"] if 1 < node["groups"] <= 4 else 1
                last = k == len(self.strips)
                pen.solid(left, y, (wide, height, back), KIND_COLOURS[node["kind"]], last=last, parts=parts)
            places[node["node"]] = left + (wide + back) / 2
            left += wide
        for name in self.electrodes:
            pen.needle((places[name], y - (height + back) / 2), _NEEDLE)
        for line in self.name:
            pen.write((x, caption_top), line, size=NAME, bold=True, middle=True)
            caption_top += LINE * NAME / 72
        for line in self.lines:
            pen.write((x, caption_top), line, size=_TEXT, colour="0.25", middle=True)
            caption_top += LINE * _TEXT / 72
