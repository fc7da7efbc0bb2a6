"""What is written under each box of a diagram, and how much room it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

__all__ = ["LINE", "caption", "extent", "wrapped"]

LINE = 1.28
"""Distance between lines of writing, in sizes of the font."""

_MOST = 20
"""Letters in a line before it is broken."""

_PLAIN = ("Conv2d", "Sequential", "Conv2dNormActivation", "BasicConv2d")
"""Types that say no more than the filters do."""

_USUAL = {"stride": "1", "padding": "0", "dilation": "1"}
"""What goes without saying."""


def caption(node: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """The name of a node, and what there is to say of it, in short lines.

    Parameters
    ----------
    node : mapping
        A node's row in the table of a graph, with its name as ``node``, and ``view``: pixels and degrees of the image.

    Returns
    -------
    name, lines : list of str
        A joint has a name where it has no sign, and its shape where channels were put side by side.

    Examples
    --------
    >>> node = {"node": "features.0", "kind": "convolution", "type": "Conv2d", "filters": 96, "kernel": "11×11",
    ...     "stride": "4", "padding": "2", "dilation": "1", "groups": 1, "contents": "", "output_shape": "96×55×55",
    ...     "parameters": 34944, "whole_image": False, "module": "features.0", "rf_pixels": 11, "rf_degrees": 0.39,
    ...     "view": {"pixels": 224, "degrees": 8.0}}
    >>> caption(node)
    (['features.0'],
     ['96 filters 11×11', 'stride 4, padding 2', '96 × 55 × 55', '34,944 parameters', 'sees 11 px, 0.39°'])
    """
    shape = node["output_shape"].replace("×", " × ")
    if node["kind"] == "joint":
        return [node["type"]] if len(node["type"]) > 1 else [], [shape] if node["type"] == "‖" else []
    if node["kind"] == "image":
        return ["image"], [shape, f"{node['view']['degrees']:.3g}° wide"]
    lines = [*_made_of(node), shape if " " in shape else f"{shape} units"]
    if node["parameters"]:
        lines.append(_count(node["parameters"]))
    return wrapped(node["node"], ".", _MOST - 3), [*lines, _sight(node)]


def _made_of(node: Mapping[str, Any]) -> list[str]:
    """The type, filters and what is folded, without what goes without saying."""
    words = [f"{node['filters']} filters" if node["filters"] else "", node["kernel"]]
    filters = " ".join(word for word in words if word)
    inside = wrapped(node["contents"], ", ", _MOST)
    named = node["type"].strip("_")
    if not node["module"] or (named in _PLAIN and (node["filters"] or inside)):
        named = ""  # an operation bears its name already
    elif not node["filters"]:
        named, filters = f"{named} {filters}".rstrip(), ""
    return [line for line in (named, filters, *inside, *wrapped(_details(node), ", ", _MOST)) if line]


def _details(node: Mapping[str, Any]) -> str:
    told = [f"{name} {node[name]}" for name, usual in _USUAL.items() if node[name] not in ("", usual)]
    if node["groups"] > 1:
        told.append("depthwise" if node["groups"] == node["filters"] else f"{node['groups']} groups")
    return ", ".join(told)


def _count(parameters: int) -> str:
    return f"{parameters:,} parameters" if parameters < 1e6 else f"{parameters / 1e6:.3g} M parameters"


def _sight(node: Mapping[str, Any]) -> str:
    if node["whole_image"] and node["rf_pixels"] >= node["view"]["pixels"]:
        return "sees whole image"
    return f"sees {node['rf_pixels']} px, {node['rf_degrees']:.2g}°"


def wrapped(text: str, separator: str, most: int) -> list[str]:
    """Text in as few lines as possible, broken after separators alone.

    Parameters
    ----------
    text : str
        Nothing gives no lines.
    separator : str
        Where it may be broken; it stays at the end of its line, without blanks.
    most : int
        Letters in a line, separator included; as many as the longest part has, if that is more.

    Returns
    -------
    list of str
        Each as long as it may be, but so that the last one is no single letter, if that can be had.

    Examples
    --------
    >>> wrapped("features.3.squeeze", ".", 17), wrapped("stage2.0.branch2.3", ".", 17)
    (['features.3.', 'squeeze'], ['stage2.0.', 'branch2.3'])
    """
    parts = [part + separator for part in text.split(separator)] if text else []
    if not parts:
        return []
    parts[-1] = parts[-1].removesuffix(separator)
    longest = max(len(part.rstrip()) for part in parts)
    tries = [_filled(parts, size) for size in range(max(most, longest), longest - 1, -1)]
    short = [lines for lines in tries if len(lines) == len(tries[0])]
    return next((lines for lines in short if len(lines[-1]) > 3), short[0])


def _filled(parts: Sequence[str], most: int) -> list[str]:
    lines: list[str] = []
    for part in parts:
        if lines and len((lines[-1] + part).rstrip()) <= most:
            lines[-1] += part
        else:
            lines.append(part)
    return [line.rstrip() for line in lines]


@cache
def _width(text: str, bold: bool) -> float:
    font = FontProperties(size=10, weight="bold" if bold else "normal")
    return text_to_path.get_text_width_height_descent(text, font, ismath=False)[0] / 10


def extent(lines: Sequence[str], *, size: float, bold: bool = False) -> tuple[float, float]:
    """Width and height of lines of writing.

    Parameters
    ----------
    lines : sequence of str
        One under the other.
    size : float
        Of the font, in points.
    bold : bool
        Whether in bold letters.

    Returns
    -------
    width, height : float
        In inches.

    Examples
    --------
    >>> extent([], size=7)
    (0.0, 0.0)
    """
    # letters are set a little wider on screens of few dots
    widest = max((_width(line, bold) for line in lines), default=0.0)
    return 1.04 * widest * size / 72, len(lines) * LINE * size / 72
