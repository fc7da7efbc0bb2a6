"""``cortexcnn layers``: the layers of a network with their exact receptive fields."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_model, add_table, emit, load_network

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser)
    add_table(parser)
    parser.add_argument(
        "--all", action="store_true", help="every column, for scripts (always so with --json and --csv)"
    )
    parser.epilog = "example: cortexcnn layers googlenet --weights none --json"


def run(arguments: argparse.Namespace) -> None:
    """Print the table of layers."""
    table = load_network(arguments).layers().to_dataframe().reset_index()
    if not (arguments.all or arguments.json or arguments.csv):
        shown = [
            "layer",
            "type",
            "output_shape",
            "parameters",
            "rf_pixels",
            "rf_stride_pixels",
            "rf_degrees",
            "rf_x",
            "rf_y",
        ]
        table = table[[*shown, "whole_image"]]
        table["whole_image"] = table["whole_image"].map({True: "whole image", False: ""})
    emit(table, arguments)
