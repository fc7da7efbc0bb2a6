"""``cortexcnn compare``: the layers of a network against visual cortex, with controls."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_model, add_table, emit, load_network, names, new_folder, say

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument(
        "--reference",
        default="classical_v1",
        metavar="NAME",
        help="classical_v1 (needs no data), henaff2021, ecker2010, evc or it (default: classical_v1)",
    )
    parser.add_argument("--data", metavar="PATH", help="the recording")
    parser.add_argument(
        "--images", metavar="PATH", help="the photographs that were shown, where the recording lacks them"
    )
    parser.add_argument("--method", default="spearman", help="how RDMs are compared (default: spearman)")
    parser.add_argument(
        "--controls",
        type=names,
        metavar="NAME,…",
        help="what stands beside the network (default: all; none declines them): random weights, shuffled weights, "
        "pixels, classical V1, classical V2, permutation null",
    )
    parser.add_argument(
        "--units", type=int, default=1000, help="units drawn from each layer for photographs (default: 1000)"
    )
    parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap over stimuli (default: 1000)")
    parser.add_argument("--out", metavar="FOLDER", help="write the table, the figure and a page there")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    add_table(parser)
    parser.epilog = (
        "examples:\n"
        "  cortexcnn compare cortexnet --layers relu1,relu2,relu3\n"
        "  cortexcnn compare alexnet --reference henaff2021 --data henaff2021_v1 --images stimulus_png.zip --out v1"
    )


def run(arguments: argparse.Namespace) -> None:
    """Print the score of every layer, with those of its controls."""
    from cortexcnn.cli.probe import convolutions
    from cortexcnn.models import load
    from cortexcnn.protocols import CONTROLS, compare_networks, target
    from cortexcnn.report import page, similarity_section

    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    cortex = target(arguments.reference, network.screen, data=arguments.data, images=arguments.images)
    networks = {"random weights" if arguments.weights == "none" else "trained": network}
    asked = arguments.controls
    controls = CONTROLS if asked is None else [name for name in asked if name != "none"]
    if arguments.weights != "none" and "random weights" in controls:
        networks["random weights"] = load(
            arguments.model, weights="none", degrees=network.eye.degrees, device=arguments.device, seed=arguments.seed
        )
    folder = new_folder(arguments.out, overwrite=arguments.overwrite) if arguments.out else None
    table = compare_networks(
        networks,
        cortex,
        layers=layers,
        controls=controls,
        units=arguments.units,
        method=arguments.method,
        draws=arguments.draws,
        rng=arguments.seed,
    )
    emit(table, arguments)
    if folder is not None:
        table.to_csv(folder / "scores.csv", index=False)
        section = similarity_section(folder / "figures", table)
        written = page(
            folder,
            title=f"{network.name} against {cortex.name}",
            lead="Representational similarity of every layer, with controls.",
            sections=[section],
            provenance={"weights": network.weights, "degrees": network.eye.degrees, **network.hashes()},
        )
        say(f"page: {written}")
