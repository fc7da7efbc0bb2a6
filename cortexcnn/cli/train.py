"""``cortexcnn train``: train a network on labelled images, with a log, figures, and checkpoints that resume."""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from cortexcnn.cli.arguments import add_data, add_model, load_network, names, say

__all__ = ["add", "run"]

_SETTINGS = {
    "epochs": (int, 30, "how often each image is seen"),
    "batch": (int, 128, "images a step"),
    "optimiser": (str, "sgd", "sgd (Nesterov's momentum), sgd_classical, adam, adamw or rmsprop"),
    "rate": (float, None, "peak learning rate (default: 0.1 for sgd, 0.001 for the others)"),
    "momentum": (float, 0.9, "momentum"),
    "decay": (float, 5e-4, "weight decay"),
    "schedule": (str, "cosine", "how the rate falls: constant, linear, cosine, exponential or steps"),
    "warm_up": (float, 0.15, "share of the run during which the rate rises"),
    "smoothing": (float, 0.1, "label smoothing"),
    "clip": (float, 0.0, "largest norm of a gradient, 0 for any"),
    "shift": (int, None, "pixels by which an image is moved at most (default: an eighth of its size)"),
    "precision": (str, "float32", "of products: float32, bfloat16 or float16"),
}
"""What ``train`` takes under the same name: the type, the default, and what it means."""


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser, weights="none")
    add_data(parser)
    for name, (kind, default, meaning) in _SETTINGS.items():
        told = meaning if default is None else f"{meaning} (default: {default})"
        parser.add_argument(f"--{name.replace('_', '-')}", type=kind, default=default, metavar="X", help=told)
    parser.add_argument("--no-flip", dest="flip", action="store_false", help="never mirror an image (digits, letters)")
    parser.add_argument(
        "--patience",
        type=int,
        default=0,
        metavar="N",
        help="stop after N epochs without a lower loss on a tenth of the training images that is kept aside, and go "
        "back to the best weights (default: 0, never)",
    )
    parser.add_argument(
        "--snapshots",
        type=names,
        default=[],
        metavar="E,…",
        help="epochs at which weights are kept, e.g. 0,0.1,1,10",
    )
    parser.add_argument("--tensorboard", action="store_true", help="write the log for TensorBoard too")
    parser.add_argument(
        "--devices",
        type=int,
        default=1,
        metavar="N",
        help="processes a machine, started by torchrun (default: 1)",
    )
    parser.add_argument("--nodes", type=int, default=1, metavar="N", help="machines (default: 1)")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where log, weights and figures go")
    parser.add_argument("--resume", action="store_true", help="go on with the run that is in FOLDER")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that is in FOLDER")
    parser.epilog = (
        "examples:\n"
        "  cortexcnn train cortexnet --data cifar-10-batches-py --epochs 30 --seed 0 --out runs/cortexnet\n"
        "  torchrun --nproc_per_node 2 -m cortexcnn train cortexnet --data photographs --devices 2 --out runs/two"
    )


def run(arguments: argparse.Namespace) -> None:
    """Train; log, weights and figures go to the folder, the accuracy to standard output."""
    from cortexcnn.training import evaluate, fabric, split, train

    shared = None
    if arguments.devices * arguments.nodes > 1 or "TORCHELASTIC_RUN_ID" in os.environ:
        shared = fabric(
            devices=arguments.devices,
            nodes=arguments.nodes,
            accelerator=arguments.device.partition(":")[0],
            precision=arguments.precision,
        )
    network, training, test = _network_and_images(arguments)
    say(f"{len(training)} {training.source} of {training.size} × {training.size} pixels, {len(test)} for testing")
    learned, validation = training, test
    if arguments.patience:
        learned, validation = split(training, test=0.1, seed=arguments.seed)
        learned = replace(learned, source=f"of the {len(training)} {training.source}")
    history = train(
        network,
        learned,
        validation=validation,
        **{name: getattr(arguments, name) for name in _SETTINGS},
        flip=arguments.flip,
        patience=arguments.patience,
        fabric=shared,
        seed=arguments.seed,
        out=arguments.out,
        overwrite=arguments.overwrite,
        resume=arguments.resume,
        snapshots=[float(moment) for moment in arguments.snapshots],
        tensorboard=arguments.tensorboard,
        metadata={"name": network.name, "command": _command(arguments)},
    )
    if shared is not None and shared.global_rank:
        return
    found = evaluate(network, test)
    _figures(Path(arguments.out), network, test, history)
    kept = "" if history.attrs["best_epoch"] == history.sizes["epoch"] else f", those of epoch {history.best_epoch}"
    print(f"test accuracy {found['accuracy']:.4f} after {history.sizes['epoch']} epochs{kept}")
    say(f"balanced over classes {found['balanced_accuracy']:.4f}; curves and confusions in {arguments.out}")
    say(f"weights in {arguments.out}/weights.safetensors: use them by --weights {arguments.out}/weights.safetensors")


def _network_and_images(arguments: argparse.Namespace) -> tuple[Any, Any, Any]:
    """The network with an output for each class, and the images that it learns from and is tested on."""
    from cortexcnn.training import open_images

    network = load_network(arguments)
    training, test = open_images(
        arguments.data,
        size=network.eye.pixels,
        channels=network.eye.channels,
        seed=arguments.seed,
        skip_bad=arguments.skip_bad,
    )
    if arguments.classes is None and arguments.weights == "none" and ":" not in arguments.model:
        arguments.classes = len(training.classes)
        network = load_network(arguments, silent=True)
    return network, training, test


def _figures(folder: Path, network: Any, test: Any, history: Any) -> None:
    """Curves, and which classes are taken for which."""
    from cortexcnn import plot
    from cortexcnn.training import class_scores, confusion_matrix

    drawn, axes = plot.figure(1, 2)
    for measure, ax in zip(("loss", "accuracy"), axes, strict=True):
        plot.learning_curve(history, measure=measure, ax=ax)
    plot.save(drawn, folder / "curves.png")
    matrix = confusion_matrix(network, test)
    matrix.to_pandas().to_csv(folder / "confusion.csv")
    class_scores(matrix).to_dataframe().to_csv(folder / "classes.csv")
    drawn, ax = plot.figure()
    plot.confusion(matrix, ax=ax)
    plot.save(drawn, folder / "confusion.png")


def _command(arguments: argparse.Namespace) -> str:
    """The command that makes these weights, without what does not change them."""
    settings = {name: getattr(arguments, name) for name in _SETTINGS} | {"patience": arguments.patience}
    told = f" --with {' '.join(words)}" if (words := getattr(arguments, "with")) else ""
    told += "".join(f" --{name.replace('_', '-')} {value}" for name, value in settings.items() if value is not None)
    return (
        f"cortexcnn train {arguments.model} --data {arguments.data}{told}{'' if arguments.flip else ' --no-flip'} "
        f"--seed {arguments.seed} --out {arguments.out}"
    )
