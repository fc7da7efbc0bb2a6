"""``cortexcnn tuning``: the tuning of every unit, measured from recorded responses."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_table, emit, names, say

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument("responses", metavar="FILE", help="responses.nc, as cortexcnn probe writes it")
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="only these layers")
    parser.add_argument(
        "--baseline", default="blank", help="blank: above the response to the blank; none: raw (default: blank)"
    )
    parser.add_argument("--summary", action="store_true", help="a line for each layer instead of one for each unit")
    add_table(parser)
    parser.epilog = "example: cortexcnn tuning study/responses.nc --summary"


def run(arguments: argparse.Namespace) -> None:
    """Print the table of measures."""
    from cortexcnn.protocols import grating_tuning, summarise
    from cortexcnn.recording import open_responses

    responses = open_responses(arguments.responses)
    if arguments.layers:
        there = list(dict.fromkeys(responses["layer"].values.tolist()))
        missing = [name for name in arguments.layers if name not in there]
        if missing:
            raise ValueError(f"{arguments.responses} has no layers {', '.join(missing)}; it has {', '.join(there)}")
        responses = responses.isel(unit=responses["layer"].isin(arguments.layers).values)
    measures = grating_tuning(responses, baseline=arguments.baseline)
    if arguments.baseline == "blank" and measures.attrs["baseline"] == "none":
        say("no blank was shown: responses are measured from 0, not above a blank (a row of contrast 0 is one)")
    emit((summarise(measures) if arguments.summary else measures).to_dataframe().reset_index(), arguments)
