"""``cortexcnn demo``: the main job on the network that comes with the project, without any other data."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_table, emit, new_folder, say

__all__ = ["add", "run"]

LAYERS = ["conv1", "relu1", "relu2", "relu3", "relu4"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument("--out", default="demo", metavar="FOLDER", help="folder of the study (default: demo)")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    add_table(parser)
    parser.epilog = "example: cortexcnn demo --out demo"


def run(arguments: argparse.Namespace) -> None:
    """Record, measure, compare, and write the study."""
    from safetensors import safe_open

    from cortexcnn.models import load
    from cortexcnn.protocols import compare_networks, grating_battery, grating_tuning, summarise, swept_bars, target
    from cortexcnn.recording import record
    from cortexcnn.report import bar_section, similarity_section, tuning_study
    from cortexcnn.shipped import shipped

    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    network = load("cortexnet")
    eye = network.eye
    with safe_open(shipped("cortexnet.safetensors"), framework="pt") as file:
        notes = file.metadata()
    say(
        f"cortexnet, trained by its own command (test accuracy {notes['test_accuracy']} on {notes['data']}): "
        f"{eye.pixels} pixels are taken to span {eye.degrees:g}° of visual angle"
    )
    battery = grating_battery(network.screen)
    responses = record(network, battery, layers=LAYERS, out=folder / "responses.nc", overwrite=True)
    measures = grating_tuning(responses)
    measures.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    bars = record(network, swept_bars(network.screen), layers=["relu1", "relu2"])
    say("comparing layers with the classical V1, beside random weights")
    networks = {"trained": network, "random weights": load("cortexnet", weights="none")}
    table = compare_networks(networks, target("classical_v1", network.screen), layers=LAYERS)
    table.to_csv(folder / "scores.csv", index=False)
    figures = folder / "figures"
    page = tuning_study(
        folder,
        network,
        battery,
        responses,
        measures,
        more=[bar_section(figures, bars), similarity_section(figures, table)],
    )
    emit(summarise(measures).to_dataframe().reset_index(), arguments)
    say(f"open {page}")
