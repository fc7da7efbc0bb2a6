"""``cortexcnn stimuli``: a set of stimuli as a table, or as PNG files that a laboratory can replay."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_table, emit, parameters, say

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument("kind", metavar="KIND", help="grating, drifting_grating, gabor, bar, swept_bar, edge or blank")
    parser.add_argument(
        "parameters", nargs="*", metavar="NAME=VALUES", help="a number, a list 1,2,4 or a range start:stop:step"
    )
    parser.add_argument("--blank", action="store_true", help="add a blank")
    parser.add_argument("--degrees", type=float, default=8.0, help="visual angle of the screen (default: 8)")
    parser.add_argument("--pixels", type=int, default=224, help="pixels of the screen, edge to edge (default: 224)")
    parser.add_argument("--out", metavar="FOLDER", help="write PNG files and stimuli.csv there; else print the table")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    add_table(parser)
    parser.epilog = (
        "example: cortexcnn stimuli grating orientation=0:180:15 spatial_frequency=1,2,4 --blank --out gratings"
    )


def run(arguments: argparse.Namespace) -> None:
    """Make the set; print it or write it."""
    from cortexcnn import stimuli
    from cortexcnn.screen import Screen

    table = stimuli.sweep(arguments.kind, blank=arguments.blank, **parameters(arguments.parameters))
    screen = Screen(arguments.degrees, arguments.pixels)
    if arguments.out is None:
        stimuli.check_drawable(table, screen)
        emit(table.to_dataframe().reset_index(), arguments)
        return
    stimuli.export(table, screen, arguments.out, overwrite=arguments.overwrite)
    say(f"{table.sizes['stimulus']} stimuli on {screen.degrees:g}° × {screen.pixels} pixels written to {arguments.out}")
