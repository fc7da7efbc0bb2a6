"""``cortexcnn search``: look for a network and a recipe that do well, by many short runs of training."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cortexcnn.cli.arguments import add_data, add_table, emit, say

if TYPE_CHECKING:
    import xarray as xr
    from torch import nn

    from cortexcnn.training import Range

__all__ = ["add", "choices", "run"]

SPACE = [
    "depth=2:6",
    "width=8:48:log",
    "first_size=3,5,7,9,11",
    "later_size=3,5",
    "first_stride=1,2",
    "dropout=0.0:0.5",
    "rate=0.005:0.5:log",
    "decay=0.00001:0.01:log",
]
"""What is searched by default: the shape of a ``tapered_cnn``, and the recipe of its training."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    parser.add_argument(
        "model",
        nargs="?",
        default="tapered_cnn",
        metavar="MODEL",
        help="a network of the project or package.module:factory, whose options are searched (default: tapered_cnn)",
    )
    add_data(parser)
    parser.add_argument(
        "--space",
        nargs="+",
        default=SPACE,
        metavar="NAME=CHOICES",
        help="a range low:high or low:high:log (of whole numbers, if both ends are), or a list 3,5,7; options of MODEL "
        f"and settings of training (default: {' '.join(SPACE)})",
    )
    parser.add_argument("--trials", type=int, default=30, help="networks to try (default: 30)")
    parser.add_argument("--epochs", type=int, default=8, help="how long each is trained at most (default: 8)")
    parser.add_argument("--no-flip", dest="flip", action="store_false", help="never mirror an image (digits, letters)")
    parser.add_argument("--seed", type=int, default=0, help="of choices, weights and training (default: 0)")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where the study, tables and figures go")
    parser.add_argument("--resume", action="store_true", help="go on with the search that is in FOLDER")
    parser.add_argument("--overwrite", action="store_true", help="replace the search that is in FOLDER")
    add_table(parser)
    parser.epilog = (
        "examples:\n"
        "  cortexcnn search --data cifar-10-batches-py --trials 50 --epochs 8 --out runs/search\n"
        "  cortexcnn search lenet --data digits --no-flip --space rate=0.001:1:log batch=32,64,128 --out runs/lenet\n"
        "When a search helps and when it does not: docs/search.md."
    )


def run(arguments: argparse.Namespace) -> None:
    """Search; the best trials go to standard output, everything else to the folder."""
    from cortexcnn.models import load, rules_of_thumb, wrap
    from cortexcnn.training import evaluate, open_images, search
    from cortexcnn.training.search import RECIPE

    space = {name: choices(text) for name, _, text in (word.partition("=") for word in arguments.space)}
    fits = arguments.model == "tapered_cnn"  # to images of any size; others take those of their own
    size = None if fits else load(arguments.model, weights="none").eye.pixels
    training, test = open_images(arguments.data, size=size, seed=arguments.seed, skip_bad=arguments.skip_bad)
    shape: dict[str, Any] = {"channels": training.channels} | ({"pixels": training.size} if fits else {})
    classes: dict[str, Any] = {"classes": len(training.classes)}

    def build(**chosen: Any) -> nn.Module:
        return load(arguments.model, weights="none", seed=arguments.seed, **classes | shape | chosen).module

    def describe(module: nn.Module) -> Mapping[str, float]:
        eye: Any = module.eye
        found = rules_of_thumb(wrap(module, eye, name=arguments.model)).attrs
        return {name: value for name, value in found.items() if name != "report"}

    found = search(
        build,
        training,
        space=space,
        out=arguments.out,
        trials=arguments.trials,
        epochs=arguments.epochs,
        seed=arguments.seed,
        describe=describe,
        overwrite=arguments.overwrite,
        resume=arguments.resume,
        flip=arguments.flip,
    )
    folder = Path(arguments.out)
    _figure(found, list(space), folder)
    best = found.isel(trial=found.attrs["best"])
    chosen = {name: best[name].item() for name in space}
    built = shape | {name: value for name, value in chosen.items() if name not in RECIPE}
    recipe = {name: value for name, value in chosen.items() if name in RECIPE}
    _keep(folder, arguments, built, recipe)
    network = load(arguments.model, weights=folder / "best.safetensors", **classes, **built)
    tested = evaluate(network, test)["accuracy"]
    table = found.to_dataframe().sort_values("validation_accuracy", ascending=False).reset_index()
    emit(table.head(10), arguments)
    say(
        f"the best, trial {best.trial.item()}: validation accuracy {best.validation_accuracy.item():.4f}, "
        f"test accuracy {tested:.4f} (the first was looked for, the second was not)"
    )
    say(f"train it longer: cortexcnn train --config {folder}/best.toml --out {folder}/best")


def choices(text: str) -> Range | list[Any]:
    """What a setting may be: a range ``low:high`` or ``low:high:log``, or a list ``3,5,7``.

    Examples
    --------
    >>> choices("2:6")
    Range(low=2, high=6, log=False, whole=True)
    >>> choices("0.001:1:log")
    Range(low=0.001, high=1.0, log=True, whole=False)
    >>> choices("3,5.5,adam")
    [3, 5.5, 'adam']
    """
    from cortexcnn.training import Range

    if ":" not in text:
        return [_number(word) for word in text.split(",")]
    low, high, *more = (_number(word) for word in text.split(":"))
    if more not in ([], ["log"]) or isinstance(low, str) or isinstance(high, str):
        raise ValueError(f"{text!r} is no range; write low:high or low:high:log, e.g. 0.001:1:log")
    whole = isinstance(low, int) and isinstance(high, int)
    return Range(low if whole else float(low), high if whole else float(high), log=bool(more), whole=whole)


def _number(word: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(word)
        except ValueError:
            continue
    return word.strip()


def _figure(found: xr.Dataset, names: list[str], folder: Path) -> None:
    """The history of the search, and each choice against accuracy."""
    from cortexcnn import plot

    columns = 3
    rows = math.ceil((1 + len(names)) / columns)
    drawn, axes = plot.figure(rows, columns, width=2.6, height=2.1)
    plot.search_history(found, ax=axes.flat[0])
    for name, ax in zip(names, axes.flat[1:], strict=False):
        plot.search_choice(found, name, ax=ax)
    for ax in axes.flat[1 + len(names) :]:
        ax.axis("off")
    plot.save(drawn, folder / "search.png")


def _keep(folder: Path, arguments: argparse.Namespace, built: Mapping[str, Any], recipe: Mapping[str, Any]) -> None:
    """Write what was chosen as a configuration of ``cortexcnn train``."""
    from cortexcnn.cli.config import as_toml

    settings = {
        "model": arguments.model,
        "with": [f"{name}={value}" for name, value in built.items()],
        "data": arguments.data,
        "skip-bad": arguments.skip_bad,
        "seed": arguments.seed,
        "flip": arguments.flip,
        **recipe,
    }
    said = "# the best trial of a search; give it more epochs\n"
    (folder / "best.toml").write_text(said + as_toml(settings), encoding="utf-8")
