r"""How near does each layer of a network come to recorded macaque V1?

Representational similarity analysis against two recordings: the natural and synthetic frames of Hénaff et al. (2021),
and the static gratings of Ecker et al. (2010). Controls are always there: the pixels, the same network with random
weights, and the classical V1 (Gabor simple and complex cells). Frames of one movie are near-duplicates, so the score
over pairs from different movies stands beside the score over all pairs; units are compared raw and z-scored, because
that can turn a conclusion round; whether Ecker's angles turn clockwise is not known, so both readings are scored.

    python analyses/layers_vs_v1.py squeezenet1_1 --weights squeezenet1_1.pth --henaff henaff2021_v1 \
        --images stimulus_png_original.zip --ecker ecker2010_v1_gratings --out layers_vs_v1
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from cortexcnn import load, plot
from cortexcnn.cli.arguments import add_model, load_network, names, new_folder, say
from cortexcnn.cli.probe import convolutions
from cortexcnn.models import Network
from cortexcnn.protocols import Target, compare_networks, layer_rdms, target
from cortexcnn.report import Section, page, similarity_section
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render


def main(argv: list[str] | None = None) -> Path:
    """Compare, print the table, and write it with its figures and page."""
    arguments = _arguments(argv)
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    networks = {"random weights" if arguments.weights == "none" else "trained": network}
    if arguments.weights != "none":
        networks["random weights"] = load(
            arguments.model, weights="none", degrees=network.eye.degrees, device=arguments.device
        )
    targets = []
    if arguments.henaff:
        targets.append(target("henaff2021", network.screen, data=arguments.henaff, images=arguments.images))
    if arguments.ecker:
        targets.append(target("ecker2010", network.screen, data=arguments.ecker))
    tables, sections = [], []
    for one in targets:
        say(f"against {one.name}")
        options = {"units": arguments.units, "draws": arguments.draws, "rng": arguments.seed}
        tables.append(compare_networks(networks, one, layers=layers, **options))
        sections.append(similarity_section(folder / "figures", tables[-1]))
    table = pd.concat(tables, ignore_index=True)
    table.to_csv(folder / "scores.csv", index=False)
    print(table.drop(columns="reference").to_string(index=False, float_format="{:.3f}".format))
    for section in sections:
        print(f"{section.heading}: {section.text}")
    if arguments.henaff:
        ours = tables[0][tables[0]["network"] == next(iter(networks))]
        best = str(ours.sort_values("score")["layer"].iloc[-1])
        sections.insert(1, _rdm_section(folder / "figures", targets[0], network, best, arguments))
    written = page(
        folder,
        title=f"{network.name} against V1",
        lead="Representational similarity of every layer to recorded macaque V1.",
        sections=sections,
        provenance={"weights": network.weights, "degrees": network.eye.degrees, **network.hashes()},
    )
    say(f"page: {written}")
    return written


def _rdm_section(folder: Path, cortex: Target, network: Network, layer: str, arguments: argparse.Namespace) -> Section:
    """V1's RDM beside that of one layer, every tenth frame along the axes."""
    rdms = layer_rdms(network, cortex.stimuli, layers=[layer], units=arguments.units, zscore=True, rng=arguments.seed)
    few = cortex.stimuli.isel(stimulus=slice(0, None, 10))
    labels = few["stimulus"].values
    pictures = render(few, Screen(network.screen.degrees, 48)).mean(dim=1).numpy()
    figure, axes = plot.figure(1, 2, width=4.4, height=3.8)
    stack = {"macaque V1": cortex.rdms["all pairs"], layer: rdms.sel(layer=layer)}
    for ax, (title, one) in zip(axes, stack.items(), strict=True):
        plot.rdm(one.sel(stimulus=labels, stimulus2=labels), thumbnails=pictures, most=22, title=title, ax=ax)
    files = plot.save(figure, folder / "rdms.png")
    text = f"Every tenth frame: the RDM of all cells of V1, and that of {layer}, units z-scored."
    return Section("The two geometries", text, {files[0]: "RDMs with the frames along their axes"})


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_model(parser)
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument("--henaff", type=Path, metavar="PATH", help="responses of Hénaff et al. 2021 (needs --images)")
    parser.add_argument("--images", type=Path, metavar="PATH", help="their images: the .zip or its folder")
    parser.add_argument("--ecker", type=Path, metavar="PATH", help="folder of Ecker et al. 2010")
    parser.add_argument("--units", type=int, default=1000, help="units drawn from each layer (default: 1000)")
    parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap over stimuli (default: 1000)")
    parser.add_argument("--out", type=Path, default=Path("layers_vs_v1"), metavar="FOLDER", help="of the results")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    arguments = parser.parse_args(argv)
    if not (arguments.henaff or arguments.ecker):
        parser.error("name at least one recording: --henaff with --images, or --ecker")
    if arguments.henaff and not arguments.images:
        parser.error("--henaff needs the images that V1 was shown: --images")
    return arguments


if __name__ == "__main__":
    main()
