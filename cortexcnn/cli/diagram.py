"""``cortexcnn diagram``: a network as a picture, drawn from the network itself."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, cast

from cortexcnn.cli.arguments import add_model, load_network, names, say

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure

    from cortexcnn.models import Network

__all__ = ["add", "run"]

FORMATS = ("svg", "png", "pdf")
"""What a diagram can be written as."""

READABLE = 40
"""Boxes that are drawn unless a depth is asked for."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser, weights="none")
    parser.set_defaults(weights=None)  # random ones where others would have to be fetched: the picture is the same
    parser.add_argument("--out", required=True, metavar="FILE", help=f"where to draw: .{', .'.join(FORMATS)}")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE")
    parser.add_argument(
        "--depth",
        type=int,
        metavar="N",
        help=f"unfold modules N names deep: 1 draws layer1 as one box, 2 layer1.0 (default: at most {READABLE} boxes)",
    )
    parser.add_argument("--layers", type=names, default=[], metavar="NAME,…", help="mark electrodes in these layers")
    parser.add_argument("--width", type=float, default=10.0, metavar="INCHES", help="of a row of boxes (default: 10)")
    parser.epilog = "example: cortexcnn diagram resnet18 --depth 2 --layers conv1,layer1.0 --out resnet18.svg"


def run(arguments: argparse.Namespace) -> None:
    """Draw the diagram."""
    from cortexcnn import plot
    from cortexcnn.models.load import BY_HAND, TRAINED

    file = Path(arguments.out)
    if file.suffix.removeprefix(".") not in FORMATS:
        raise ValueError(f"can't draw to {file}: the file must end in .{', .'.join(FORMATS)}")
    if file.exists() and not arguments.overwrite:
        raise FileExistsError(f"{file} is there already; choose another --out, or say --overwrite")
    if arguments.weights is None:
        comes_with_its_own = ":" in arguments.model or arguments.model in (*BY_HAND, *TRAINED)
        arguments.weights = "default" if comes_with_its_own else "none"
    network = load_network(arguments)
    graph = network.graph(arguments.depth) if arguments.depth is not None else _readable(network)
    ax = plot.diagram(graph, electrodes=[network.resolve(name) for name in arguments.layers], width=arguments.width)
    plot.save(cast("Figure", ax.figure), file, formats=[file.suffix.removeprefix(".")])
    say(f"{network.name}, {_boxes(graph)} boxes, drawn to {file}")


def _readable(network: Network) -> xr.Dataset:
    """The deepest graph that has no more boxes than a person reads; if none has, that of depth 1."""
    deepest = max(name.count(".") + 1 for name in network.layers()["layer"].values.tolist())
    graphs = (network.graph(depth) for depth in range(deepest, 0, -1))
    for graph in graphs:
        if _boxes(graph) <= READABLE:
            break
    return graph


def _boxes(graph: xr.Dataset) -> int:
    from cortexcnn.plot.boxes import STRIPS

    return int((~graph["kind"].isin(STRIPS)).sum())
