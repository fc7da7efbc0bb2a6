"""What the commands share: how a model is named, how values are written, how a table is printed."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from cortexcnn.models import Network

__all__ = [
    "add_data",
    "add_model",
    "add_table",
    "emit",
    "load_network",
    "names",
    "new_folder",
    "options",
    "parameters",
    "say",
    "values",
]


def add_data(parser: argparse.ArgumentParser) -> None:
    """Give a command the arguments that name labelled images, alike everywhere."""
    parser.add_argument(
        "--data",
        required=True,
        metavar="PATH",
        help="images to learn from: a folder with a folder for each class; CIFAR-10, CIFAR-100, STL-10, MNIST or "
        "Fashion-MNIST as published; a .npz of JPEG images; a .h5 of images and labels; or the word digits or "
        "dead_leaves. Images of another size than the network's are resized",
    )
    parser.add_argument(
        "--skip-bad", action="store_true", help="leave out images of a folder that can't be read, and say which"
    )


def add_model(parser: argparse.ArgumentParser, *, weights: str = "default") -> None:
    """Give a command the arguments that name a model, alike everywhere."""
    parser.add_argument(
        "model",
        metavar="MODEL",
        help="a torchvision classification network, package.module:factory, or one of the project's: cortexnet "
        "(trained), classical_v1, lenet, alexnet_2012, vgg_style, resnet_style, plain_cnn, tapered_cnn, v1_front",
    )
    parser.add_argument(
        "--with",
        nargs="+",
        action="extend",
        metavar="NAME=VALUES",
        help="options of one of the project's networks or of a factory, e.g. depth=20 filters=32,64 dropout=0.5",
    )
    parser.add_argument(
        "--weights",
        default=weights,
        metavar="default|none|FILE",
        help=f"published weights, random ones, or a local .pth, .pt or .safetensors file (default: {weights})",
    )
    parser.add_argument(
        "--classes", type=int, metavar="N", help="outputs of the last layer, with weights none or a FILE"
    )
    parser.add_argument("--partial", action="store_true", help="accept a FILE that lacks some of the layers")
    parser.add_argument(
        "--degrees", type=float, metavar="D", help="visual angle that the network's input spans (default: 8)"
    )
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps, … (default: cpu)")
    parser.add_argument(
        "--seed", type=int, default=0, help="of random weights, random units and bootstraps (default: 0)"
    )


def load_network(arguments: argparse.Namespace, *, silent: bool = False) -> Network:
    """Load the model that the arguments name, and say on standard error what it is and how much it sees."""
    from cortexcnn.models import load

    flags = ("weights", "degrees", "device", "seed", "partial", "classes")
    asked = {name: getattr(arguments, name) for name in flags} | options(getattr(arguments, "with") or [])
    network = load(arguments.model, **asked)
    eye = network.eye
    if silent:
        return network
    say(
        f"{network.name}, weights {network.weights}: an input of {eye.pixels} pixels is taken to span "
        f"{eye.degrees:g}° of visual angle ({network.screen.pixels_per_degree:.4g} pixels/°; change it with --degrees)"
    )
    return network


def add_table(parser: argparse.ArgumentParser) -> None:
    """Give a command the choice of how its table is printed."""
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print a JSON list of records")
    form.add_argument("--csv", action="store_true", help="print comma-separated values")


def emit(table: pd.DataFrame, arguments: argparse.Namespace) -> None:
    """Print a table in the form that was asked for: JSON, CSV, or columns for people."""
    if arguments.json:
        # pandas writes NaN as null, which is what JSON has for it
        json.dump(json.loads(table.to_json(orient="records", double_precision=10)), sys.stdout, indent=1)
        print()
    elif arguments.csv:
        table.to_csv(sys.stdout, index=False)
    else:
        with pd.option_context("display.max_rows", None, "display.max_columns", None, "display.width", None):
            print(table.to_string(index=False, na_rep="–", float_format="{:.4g}".format))


def names(text: str) -> list[str]:
    """Comma-separated names.

    Examples
    --------
    >>> names("features.0, features.3")
    ['features.0', 'features.3']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def values(text: str) -> Any:
    """Values of one parameter: a number, a word, a list ``1,2,4``, or a range ``start:stop:step`` (stop left out).

    Examples
    --------
    >>> values("0:180:45")
    [0.0, 45.0, 90.0, 135.0]
    >>> values("1,2,4"), values("square"), values("0.5")
    ([1.0, 2.0, 4.0], 'square', 0.5)
    """
    if ":" in text:
        try:
            start, stop, step = (float(part) for part in text.split(":"))
        except ValueError:
            raise ValueError(f"{text!r} is no range; write start:stop:step, e.g. 0:180:15") from None
        if step == 0 or (stop - start) / step <= 0:
            raise ValueError(f"the range {text!r} is empty: from {start:g} to {stop:g} in steps of {step:g}")
        return (start + step * np.arange(np.ceil(round((stop - start) / step, 9)))).tolist()
    words = [word.strip() for word in text.split(",")]
    try:
        listed: list[Any] = [float(word) for word in words]
    except ValueError:
        listed = list(words)
    return listed if len(listed) > 1 else listed[0]


def parameters(words: list[str]) -> dict[str, Any]:
    """Stimulus parameters written as ``name=values``.

    Examples
    --------
    >>> parameters(["orientation=0:180:90", "contrast=1"])
    {'orientation': [0.0, 90.0], 'contrast': 1.0}
    """
    wrong = [word for word in words if "=" not in word]
    if wrong:
        raise ValueError(f"{wrong[0]!r} is no parameter; write name=values, e.g. orientation=0:180:15")
    return {name.strip(): values(text) for name, text in (word.split("=", 1) for word in words)}


def options(words: list[str]) -> dict[str, Any]:
    """Options of a network written as ``name=values``: whole numbers stay whole, ``name=`` is an empty list.

    Examples
    --------
    >>> options(["depth=20", "filters=32,64", "dropout=0.5", "normalised=true", "head="])
    {'depth': 20, 'filters': [32, 64], 'dropout': 0.5, 'normalised': True, 'head': []}
    """
    return {name: _exact(value) for name, value in parameters(words).items()}


def _exact(value: Any) -> Any:
    """A number, whole if it is, a truth value, or the word."""
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if value in ("true", "false", ""):
        return [] if value == "" else value == "true"
    try:
        number = float(value)
    except ValueError:
        return value
    return int(number) if number.is_integer() else number


def new_folder(path: str | Path, *, overwrite: bool) -> Path:
    """A folder to write to; one that holds files already is refused unless overwriting was asked for."""
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise FileExistsError(f"{folder} is a file, not a folder; choose another --out")
    if folder.is_dir() and any(folder.iterdir()) and not overwrite:
        raise FileExistsError(f"{folder} holds files already; choose another --out, or say --overwrite")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def say(text: str) -> None:
    """Tell the person, on standard error, so that standard output stays a table."""
    print(text, file=sys.stderr, flush=True)
