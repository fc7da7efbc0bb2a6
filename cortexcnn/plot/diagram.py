"""A network as a picture: layers as boxes with shapes, filters, parameters and receptive fields, and who feeds whom.

As in the figure of Krizhevsky et al. [1]_ a box is as high as its map and as thick as it has channels.

References
----------
.. [1] Krizhevsky, Sutskever & Hinton (2012), Adv. Neural Inf. Process. Syst. 25, figure 2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.plot.boxes import KIND_COLOURS, NAME, STRIPS, Box
from cortexcnn.plot.captions import LINE, extent
from cortexcnn.plot.key import Key
from cortexcnn.plot.lanes import Edge, neighbours
from cortexcnn.plot.pen import Pen
from cortexcnn.plot.routes import layout
from cortexcnn.plot.style import style

__all__ = ["diagram"]

_TITLE, _TOP, _EDGE = 10.0, 0.42, 0.06
"""Points: the network's name. Inches: the title line, the margin."""

_COLUMNS = (
    "kind", "type", "module", "answers", "output_shape", "channels", "rows", "columns", "parameters", "filters",
    "kernel", "stride", "padding", "dilation", "groups", "contents", "whole_image", "rf_pixels", "rf_degrees",
    "source", "target",
)  # fmt: skip
_ATTRIBUTES = ("model", "weights", "pixels", "degrees", "parameters")

Nodes = dict[str, dict[str, Any]]


@style()
def diagram(graph: xr.Dataset, *, electrodes: Sequence[str] = (), width: float = 10.0, ax: Axes | None = None) -> Axes:
    """Draw the graph of a network.

    Parameters
    ----------
    graph : Dataset (node, edge)
        As :meth:`cortexcnn.models.Network.graph` makes it.
    electrodes : sequence of str
        Layers to mark; one that is folded in a box marks the box, one that is drawn as several the last of them.
    width : float
        Inches; the drawing goes on in a new row where it would be wider. Branches are never torn apart, so a network
        with very many of them is wider.
    ax : Axes, optional
        Where to draw; letters and lines shrink with the boxes. By default a figure as large as is needed.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If something is missing in the table, an edge leads nowhere, an electrode is in no layer, or the width is not
        above 0.

    Notes
    -----
    Heights go with the logarithm of the map's rows (of the units, where there is no map), widths with that of the
    channels. A normalisation, activation, dropout or change of shape is a strip on the box before it, unless
    something else reads that box too. Lines above a row of boxes are skips.

    Examples
    --------
    >>> from torch import nn
    >>> from cortexcnn.models import Eye, wrap
    >>> module = nn.Sequential(nn.Conv2d(1, 8, 5), nn.ReLU(), nn.MaxPool2d(2))
    >>> ax = diagram(wrap(module, Eye(channels=1, pixels=16), name="mine").graph())
    >>> [text.get_text() for text in ax.texts if text.get_weight() == "bold"]
    ['mine', 'image', '0', '2']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    nodes, edges = _checked(graph)
    if not width > 0:
        raise ValueError(f"width {width}: a diagram is wider than 0 inches")
    hosts = _hosts(nodes, edges)
    boxes = _boxes(nodes, hosts, _marked(electrodes, nodes))
    joined = list(dict.fromkeys((hosts[a], hosts[b]) for a, b in edges if hosts[a] != hosts[b]))
    placed = layout(list(boxes), joined, {name: box.size() for name, box in boxes.items()}, width=width)
    wide = max(placed.width, _title_width(graph))
    key = Key(nodes.values(), electrodes=bool(electrodes), width=wide)
    pen = Pen(ax, wide + 2 * _EDGE, _TOP + placed.height + key.height + _EDGE, origin=(_EDGE, _TOP))
    _write_title(pen, graph)
    pen.lines(placed.turns, colour="0.6")
    pen.lines(placed.routes.values(), colour="0.3", heads=True)
    for name, box in boxes.items():
        box.draw(pen, placed.centres[name], placed.captions[name])
    key.draw(pen, placed.height)
    return pen.axes


def _checked(graph: xr.Dataset) -> tuple[Nodes, list[Edge]]:
    """The nodes by name and the edges of a graph that can be drawn."""
    missing = [name for name in _COLUMNS if name not in graph] + [
        name for name in _ATTRIBUTES if name not in graph.attrs
    ]
    if missing:
        raise ValueError(f"the graph lacks {', '.join(missing)}: draw what Network.graph() makes")
    kinds = sorted(set(graph["kind"].values.tolist()) - {"joint", *KIND_COLOURS})
    if kinds:
        raise ValueError(f"no colour for nodes of kind {', '.join(kinds)}; there are joint, {', '.join(KIND_COLOURS)}")
    names = graph["node"].values.tolist()
    edges = list(zip(graph["source"].values.tolist(), graph["target"].values.tolist(), strict=True))
    order = {name: k for k, name in enumerate(names)}
    wrong = [edge for edge in edges if not order.get(edge[0], len(names)) < order.get(edge[1], -1)]
    if wrong:
        source, target = wrong[0]
        raise ValueError(f"an edge leads from {source} to {target}: each node must come after those that lead to it")
    view = {name: graph.attrs[name] for name in ("pixels", "degrees")}
    columns = {name: graph[name].values.tolist() for name in _COLUMNS[:-2]}
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return {name: {"node": name, "view": view, **row} for name, row in zip(names, rows, strict=True)}, edges


def _hosts(nodes: Nodes, edges: Sequence[Edge]) -> dict[str, str]:
    """The box that each node is drawn on: its own, or for a strip that of the node before it."""
    before, after = neighbours(list(nodes), edges)
    hosts: dict[str, str] = {}
    for name, node in nodes.items():
        hosts[name] = name
        if node["kind"] in STRIPS and len(before[name]) == 1:
            (source,) = before[name]
            if len(after[source]) == 1 and nodes[source]["kind"] != "image":
                hosts[name] = hosts[source]
    return hosts


def _marked(electrodes: Iterable[str], nodes: Nodes) -> list[str]:
    """The nodes that electrodes go into: a layer's last call, the box that it is folded in, or the one that ends it."""
    found = []
    for layer in electrodes:
        holding = [name for name, node in nodes.items() if f"{layer}.".startswith(f"{node['module']}.")]
        ending = [name for name, node in nodes.items() if layer in node["answers"].split(",")]
        if not holding + ending:
            near = get_close_matches(layer, [node["module"] for node in nodes.values()], n=5, cutoff=0.4)
            raise ValueError(
                f"no layer {layer!r} is drawn; nearest are {', '.join(dict.fromkeys(near)) or 'none'} (graph.module)"
            )
        found.append((holding + ending)[-1])
    return list(dict.fromkeys(found))


def _boxes(nodes: Nodes, hosts: Mapping[str, str], marked: Iterable[str]) -> dict[str, Box]:
    boxes = {name: Box(node) for name, node in nodes.items() if hosts[name] == name}
    for name, node in nodes.items():
        if hosts[name] != name:
            boxes[hosts[name]].strips.append(node)
    for name in marked:
        boxes[hosts[name]].electrodes.append(name)
    return boxes


def _about(graph: xr.Dataset) -> str:
    about = graph.attrs
    return (
        f"input {about['pixels']} × {about['pixels']} pixels, {about['degrees']:g}° of visual angle   ·   "
        f"{about['parameters']:,} parameters   ·   weights {about['weights']}"
    )


def _title_width(graph: xr.Dataset) -> float:
    return extent([graph.attrs["model"]], size=_TITLE, bold=True)[0] + 0.3 + extent([_about(graph)], size=NAME)[0]


def _write_title(pen: Pen, graph: xr.Dataset) -> None:
    name, top = graph.attrs["model"], _EDGE - _TOP
    pen.write((0.0, top), name, size=_TITLE, bold=True)
    beside = extent([name], size=_TITLE, bold=True)[0] + 0.15
    pen.write((beside, top + 0.78 * LINE * (_TITLE - NAME) / 72), _about(graph), size=NAME, colour="0.25")
