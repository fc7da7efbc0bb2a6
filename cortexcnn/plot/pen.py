"""Drawing in inches, y downwards, on axes of any size: lines with rounded corners, solid boxes, writing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import dist
from typing import Any

from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, PathPatch, Polygon
from matplotlib.path import Path

from cortexcnn.plot.captions import LINE
from cortexcnn.plot.style import figure

__all__ = ["INK", "Pen", "Point", "shaded"]

INK = "0.12"
"""What writing and outlines are drawn in."""

_ROUND, _HEAD = 0.06, 0.065
"""Inches: radius of corners, length of arrowheads."""

Point = tuple[float, float]


class Pen:
    """Draws on axes as if they were a sheet of so many inches; everything shrinks alike where they are smaller.

    Parameters
    ----------
    ax : Axes or None
        Where to draw; None makes a figure of the sheet's size.
    width, height : float
        Of the sheet, in inches.
    origin : (float, float)
        Where on it (0, 0) lies.
    """

    def __init__(self, ax: Axes | None, width: float, height: float, *, origin: Point = (0.0, 0.0)) -> None:
        if ax is None:
            drawn, ax = figure(width=width, height=height)
            drawn.set_layout_engine("none")
            ax.set_position((0.0, 0.0, 1.0, 1.0))
        self.axes = ax
        room = ax.get_window_extent()
        dots = ax.get_figure(root=True).dpi  # type: ignore[union-attr]
        self.scale = min(room.width / width, room.height / height) / dots
        left, top = origin
        ax.set(xlim=(-left, width - left), ylim=(height - top, -top), aspect="equal", anchor="NW")
        ax.set_axis_off()

    def write(
        self, at: Point, text: str, *, size: float, bold: bool = False, colour: str = INK, middle: bool = False
    ) -> None:
        """A line of text whose upper left corner, or the middle of whose upper edge, lies at a point."""
        x, top = at
        self.axes.text(
            x, top + 0.78 * LINE * size / 72, text, fontsize=size * self.scale, color=colour, parse_math=False,
            weight="bold" if bold else "normal", ha="center" if middle else "left", va="baseline",
        )  # fmt: skip

    def lines(self, routes: Iterable[Sequence[Point]], *, colour: str, heads: bool = False) -> None:
        """Lines with rounded corners, each with an arrowhead where it ends; what several share is drawn once."""
        straight: dict[tuple[int, float], list[tuple[float, float]]] = {}
        bends: dict[tuple[Point, ...], None] = {}
        tips: dict[tuple[Point, Point], None] = {}
        for route in routes:
            corners = [(round(x, 4), round(y, 4)) for x, y in route]
            ends = [corners[0]]
            for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
                radius = min(_ROUND, dist(before, corner) / 2, dist(corner, after) / 2)
                bend = (_towards(corner, before, radius), corner, _towards(corner, after, radius))
                bends[bend] = None
                ends += [bend[0], bend[2]]
            ends.append(_towards(corners[-1], corners[-2], _HEAD / 2 if heads else 0.0))
            for start, end in zip(ends[::2], ends[1::2], strict=True):
                axis = int(start[0] == end[0])  # 0 runs along x, 1 along y
                straight.setdefault((axis, start[1 - axis]), []).append((start[axis], end[axis]))
            tips[corners[-2], corners[-1]] = None
        points: list[Point] = []
        codes: list[Any] = []
        for (axis, across), spans in straight.items():
            for low, high in _union(spans):
                points += [(low, across), (high, across)] if axis == 0 else [(across, low), (across, high)]
                codes += [Path.MOVETO, Path.LINETO]
        for curve in bends:
            points += curve
            codes += [Path.MOVETO, Path.CURVE3, Path.CURVE3]
        if points:
            self._stroke(Path(points, codes), colour, 0.8, zorder=1)
        for before, tip in tips if heads else ():
            x, y = _towards(tip, before, _HEAD)
            side = ((tip[1] - y) * 0.42, (tip[0] - x) * 0.42)
            self._fill([tip, (x + side[0], y + side[1]), (x - side[0], y - side[1])], colour, edge="none")

    def solid(
        self, left: float, middle: float, size: tuple[float, float, float], colour: str, *, last: bool, parts: int = 1
    ) -> None:
        """A box that is seen a little from above and from the right.

        Parameters
        ----------
        left, middle : float
            Of its front.
        size : (float, float, float)
            Width and height of the front, and how far it leans back.
        colour : str
            Of the front; the top is lighter, the side darker.
        last : bool
            Whether nothing stands on its right side.
        parts : int
            Into how many parts, one above the other, its front is cut.
        """
        width, height, back = size
        right, top, bottom = left + width, middle - height / 2, middle + height / 2
        lid = [(left, top), (left + back, top - back), (right + back, top - back), (right, top)]
        self._fill(lid, shaded(colour, 0.45))
        if last:
            side = [(right, top), (right + back, top - back), (right + back, bottom - back), (right, bottom)]
            self._fill(side, shaded(colour, -0.22))
        self._fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour)
        for k in range(1, parts):
            cut = top + k * height / parts
            self._stroke(Path([(left, cut), (right, cut)]), "white", 0.9, zorder=3)

    def sign(self, centre: Point, sign: str, diameter: float) -> None:
        """A sign in a white circle, which stays empty for a word."""
        self.axes.add_patch(
            Circle(
                centre, diameter / 2, facecolor="white", edgecolor=INK, linewidth=0.7 * self.scale, zorder=2,
                clip_on=False,
            )
        )  # fmt: skip
        x, y = centre
        reach = diameter * 0.27
        strokes = {
            "+": [((x - reach, y), (x + reach, y)), ((x, y - reach), (x, y + reach))],
            "×": [((x - 0.7 * reach, y + k * 0.7 * reach), (x + 0.7 * reach, y - k * 0.7 * reach)) for k in (-1, 1)],
            "‖": [((x + k * 0.4 * reach, y - reach), (x + k * 0.4 * reach, y + reach)) for k in (-1, 1)],
        }
        if len(sign) == 1 and sign not in strokes:
            self.write((x, y - LINE * 7 / 144), sign, size=7, middle=True)
        for start, end in strokes.get(sign, []):
            self._stroke(Path([start, end]), INK, 1.0, zorder=3)

    def needle(self, tip: Point, length: float) -> None:
        """An electrode that comes from above."""
        x, y = tip
        self._fill([(x, y), (x - 0.028, y - length), (x + 0.028, y - length)], INK, edge="none", zorder=4)

    def _stroke(self, shape: Path, colour: str, width: float, *, zorder: float) -> None:
        patch = PathPatch(
            shape, fill=False, edgecolor=colour, linewidth=width * self.scale, zorder=zorder, clip_on=False
        )
        self.axes.add_patch(patch)

    def _fill(
        self, corners: Sequence, colour: str | tuple[float, float, float], *, edge: str = INK, zorder: float = 2
    ) -> None:
        shape = Polygon(
            corners, closed=True, facecolor=colour, edgecolor=edge, linewidth=0.35 * self.scale, zorder=zorder,
            clip_on=False,
        )  # fmt: skip
        shape.set_joinstyle("round")
        self.axes.add_patch(shape)


def _towards(start: Point, end: Point, by: float) -> Point:
    """The point at a distance from one towards another."""
    part = by / max(dist(start, end), 1e-9)
    return round(start[0] + part * (end[0] - start[0]), 4), round(start[1] + part * (end[1] - start[1]), 4)


def _union(spans: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Stretches of a line without overlaps."""
    found: list[tuple[float, float]] = []
    for low, high in sorted((min(span), max(span)) for span in spans):
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def shaded(colour: str, by: float) -> tuple[float, float, float]:
    """A colour moved towards white (by > 0) or black (by < 0).

    Examples
    --------
    >>> shaded("0.5", 0.5), shaded("0.5", -0.5)
    ((0.75, 0.75, 0.75), (0.25, 0.25, 0.25))
    """
    red, green, blue = (part + (1 - part) * by if by > 0 else part * (1 + by) for part in to_rgb(colour))
    return red, green, blue
