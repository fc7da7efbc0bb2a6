"""``cortexcnn probe``: electrodes into a network, stimuli before its eye, and a study of what they tell."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from cortexcnn.cli.arguments import add_model, add_table, emit, load_network, names, new_folder, parameters, say

__all__ = ["NAMED", "PROTOCOLS", "add", "run", "units"]

NAMED = (
    "hubel_wiesel1959",
    "hubel_wiesel1962",
    "hubel_wiesel1962_edges",
    "hubel_wiesel1965",
    "schiller1976",
    "albrecht_hamilton1982",
    "devalois1982a",
    "devalois1982b",
    "drifting",
    "bonds1989",
    "skottun1991",
    "ringach2002",
    "ringach2002b",
    "cavanaugh2002a",
    "cavanaugh2002b",
    "freeman_ziemba2013",
)
"""Experiments named after their papers: ``protocols.PROTOCOLS``, whose names are written here too so that the help
need not wait for torch."""

PROTOCOLS = ("grating_tuning", *NAMED, "marques2020")
"""What can be shown and measured by name."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser)
    parser.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="grating_tuning",
        metavar="NAME",
        help="grating_tuning: orientation, frequency and phase (default); a paper's experiment, at each unit's own "
        f"optimum: {', '.join(NAMED)}; marques2020: 22 properties of macaque V1, with units and stimuli of its own",
    )
    parser.add_argument("--layers", type=names, metavar="NAME,…", help="which layers (default: every convolution)")
    parser.add_argument(
        "--units",
        default="centre",
        metavar="centre|all|mean|N",
        help="the unit at the centre of each map, every unit, the mean of a map, or N at random (default: centre)",
    )
    parser.add_argument(
        "--stimuli",
        nargs="+",
        metavar=("KIND", "NAME=VALUES"),
        help="what to show (default: gratings of 12 orientations, 8 phases and 8 spatial frequencies, and a blank)",
    )
    parser.add_argument(
        "--photographs",
        metavar="FOLDER",
        help="for freeman_ziemba2013: a folder or .zip file of photographs of textures, each a family",
    )
    parser.add_argument(
        "--compat",
        choices=("marques2020", "none"),
        default="marques2020",
        help="how marques2020 measures: the published way, canvas and all (default), or none: by fits, under noise",
    )
    parser.add_argument(
        "--repeats",
        type=int,
        metavar="N",
        help="also write intervals.csv: 95 %% intervals of all measures, were the units neurons at V1's rates that "
        "were shown each stimulus N times (200 draws: 200 times as long as measuring once)",
    )
    parser.add_argument("--out", required=True, metavar="FOLDER", help="folder of the study")
    parser.add_argument("--overwrite", action="store_true", help="replace what FOLDER holds")
    parser.add_argument("--resume", action="store_true", help="go on with an interrupted recording in FOLDER")
    add_table(parser)
    parser.epilog = (
        "examples:\n"
        "  cortexcnn probe squeezenet1_1 --weights FILE --layers features.0,features.3 --out study\n"
        "  cortexcnn probe squeezenet1_1 --weights FILE --protocol cavanaugh2002a --layers features.0 --out size\n"
        "  cortexcnn probe squeezenet1_1 --weights FILE --protocol marques2020 --layers features.3 --out v1\n"
        "  cortexcnn probe alexnet --weights none --units 200 --stimuli bar orientation=0:180:15 x=-1:1:0.1 --out bars"
    )


def run(arguments: argparse.Namespace) -> None:
    """Record, measure, write the study, and print a line for each layer."""
    if arguments.repeats is not None and arguments.repeats < 2:
        raise ValueError(f"--repeats {arguments.repeats}: an interval over repeats takes 2 or more, e.g. 20")
    if arguments.protocol == "marques2020":
        _battery(arguments)
        return
    if arguments.protocol in NAMED:
        _named(arguments)
        return
    from cortexcnn import stimuli as kinds
    from cortexcnn.protocols import grating_battery, grating_tuning, summarise
    from cortexcnn.recording import record
    from cortexcnn.report import tuning_study

    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    if arguments.stimuli is None:
        shown = grating_battery(network.screen)
    else:
        shown = kinds.sweep(arguments.stimuli[0], blank=True, **parameters(arguments.stimuli[1:]))
    folder = new_folder(arguments.out, overwrite=arguments.overwrite or arguments.resume)
    responses = record(
        network,
        shown,
        layers=layers,
        **units(arguments.units),
        rng=arguments.seed,
        out=folder / "responses.nc",
        overwrite=arguments.overwrite,
        resume=arguments.resume,
    )
    sizes = responses.sizes
    say(f"{sizes['unit']} units of {len(layers)} layers, {sizes['stimulus']} stimuli: {folder}/responses.nc")
    if "orientation" not in responses.coords:
        return
    measures = grating_tuning(responses)
    _intervals(arguments, grating_tuning, responses, folder)
    measures.to_dataframe().reset_index().to_csv(folder / "measures.csv", index=False)
    page = tuning_study(folder, network, shown, responses, measures)
    emit(summarise(measures).to_dataframe().reset_index(), arguments)
    say(f"the study: {page}")


def _named(arguments: argparse.Namespace) -> None:
    """The experiment of a paper: a line for each layer."""
    from cortexcnn.protocols import PROTOCOLS, preferred_stimuli, run_protocol, summarise_measures
    from cortexcnn.recording import keep_responses
    from cortexcnn.report import protocol_study
    from cortexcnn.stimuli import textures

    protocol = PROTOCOLS[arguments.protocol]
    if arguments.stimuli is not None:
        raise ValueError(f"{protocol.name} has stimuli of its own: leave out --stimuli")
    if arguments.photographs is None and protocol.stimuli is None:
        raise ValueError(f"{protocol.name} shows textures that you have: name --photographs FOLDER")
    if arguments.photographs is not None and protocol.stimuli is not None:
        raise ValueError(f"{protocol.name} shows no photographs: leave out --photographs")
    pictures = None if arguments.photographs is None else textures(arguments.photographs)
    network = _loaded(arguments)
    layers = arguments.layers or (None if protocol.film else convolutions(network))
    folder = new_folder(arguments.out, overwrite=arguments.overwrite)
    where = {"layers": layers, **units(arguments.units), "rng": arguments.seed}
    preferred = preferred_stimuli(network, **where) if protocol.own else None
    responses, measures = run_protocol(protocol, network, **where, preferred=preferred, stimuli=pictures)
    keep_responses(responses, folder / "responses.nc", overwrite=arguments.overwrite)
    _intervals(arguments, protocol.measure, responses, folder)
    emit(summarise_measures(protocol, measures).to_dataframe().reset_index(), arguments)
    say(f"the study: {protocol_study(folder, network, protocol, responses, measures, preferred=preferred)}")


def _intervals(arguments: argparse.Namespace, measure: Any, responses: Any, folder: Path) -> None:
    """Intervals under the noise of as many repeats as are assumed, where the user asks for them."""
    if arguments.repeats is None:
        return
    from cortexcnn.protocols import assumed_intervals

    found = assumed_intervals(measure, responses, repeats=arguments.repeats, rng=arguments.seed)
    found.to_dataframe().reset_index().to_csv(folder / "intervals.csv", index=False)
    say(f"intervals, were each stimulus shown {arguments.repeats} times: {folder}/intervals.csv")


def _loaded(arguments: argparse.Namespace) -> Any:
    """The network that the arguments name, one that sees films if it is one."""
    from cortexcnn.models import film_names, load_film

    if arguments.model not in film_names():
        return load_network(arguments)
    names = ("weights", "degrees", "device", "seed")
    network = load_film(arguments.model, **{name: getattr(arguments, name) for name in names})
    say(str(network))
    return network


def _battery(arguments: argparse.Namespace) -> None:
    """The battery of 2021: a line for each property, with its score in each layer."""
    from cortexcnn.protocols import (
        PROPERTIES,
        looking_near,
        marques2020_network,
        marques2020_properties,
        marques2020_rates,
        marques2020_scores,
        marques2020_stimuli,
    )
    from cortexcnn.recording import record
    from cortexcnn.report import battery_study

    if arguments.stimuli is not None or arguments.units != "centre":
        raise ValueError("marques2020 has units and stimuli of its own: leave out --units and --stimuli")
    if arguments.repeats is not None:
        raise ValueError("marques2020 assumes noise of its own (--compat none): leave out --repeats")
    compat = None if arguments.compat == "none" else arguments.compat
    network = load_network(arguments)
    layers = arguments.layers or convolutions(network)
    network = marques2020_network(network, compat=compat)
    shown = marques2020_stimuli(network.screen, compat=compat)
    if shown.attrs["left_out"]:
        say(f"{shown.attrs['left_out']} gratings beyond {network.screen.nyquist:.3g} cycles/degree are left out")
    near = looking_near(network, layers)
    folder = new_folder(arguments.out, overwrite=arguments.overwrite or arguments.resume)
    responses = record(
        network,
        shown,
        layers=layers,
        units=near,
        out=folder / "responses.nc",
        overwrite=arguments.overwrite,
        resume=arguments.resume,
    )
    rates = marques2020_rates(responses)
    properties = marques2020_properties(rates, compat=compat, rng=arguments.seed)
    properties = properties.assign_attrs({**responses.attrs, **properties.attrs})
    scores = marques2020_scores(properties, layers=layers, rng=arguments.seed)
    emit(scores["ceiled"].to_series().unstack("layer").loc[list(PROPERTIES), layers].reset_index(), arguments)
    say(f"the study: {battery_study(folder, network, properties, scores)}")


def convolutions(network: Any) -> list[str]:
    """Names of the convolutions of a network whose units see less than the whole image, or of all if none does."""
    table = network.layers()
    convolution = table["type"].str.startswith("Conv")
    local = table["layer"].values[(convolution & ~table["whole_image"]).values]
    found = local if len(local) else table["layer"].values[convolution.values]
    if not len(found):
        raise ValueError(
            f"{network.name} has no convolution; name --layers (cortexcnn layers {network.name} lists them)"
        )
    return [str(name) for name in found]


def units(text: str) -> dict[str, Any]:
    """The electrode that a word names, as options of ``record``.

    Examples
    --------
    >>> units("centre"), units("200")
    ({'units': 'centre'}, {'units': 'random', 'count': 200})
    """
    if text.isdigit():
        return {"units": "random", "count": int(text)}
    return {"units": text}
