"""``cortexcnn train``: train a network on labelled images, with a log and checkpoints that resume."""

from __future__ import annotations

import argparse

from cortexcnn.cli.arguments import add_model, load_network, say

__all__ = ["add", "run"]


def add(parser: argparse.ArgumentParser) -> None:
    """Describe the command."""
    add_model(parser, weights="none")
    parser.add_argument(
        "--data",
        required=True,
        metavar="PATH",
        help="a folder with a folder for each class, CIFAR-10's files, a .npz of JPEG images, or the word digits",
    )
    parser.add_argument("--epochs", type=int, default=30, help="how often each image is seen (default: 30)")
    parser.add_argument("--batch", type=int, default=128, help="images a step (default: 128)")
    parser.add_argument("--optimiser", default="sgd", help="sgd or adamw (default: sgd)")
    parser.add_argument("--rate", type=float, default=0.1, help="peak learning rate (default: 0.1)")
    parser.add_argument("--decay", type=float, default=5e-4, help="weight decay (default: 0.0005)")
    parser.add_argument("--no-flip", dest="flip", action="store_false", help="never mirror an image (digits, letters)")
    parser.add_argument("--out", required=True, metavar="FOLDER", help="where log.csv and weights.safetensors go")
    parser.add_argument("--resume", action="store_true", help="go on with the run that is in FOLDER")
    parser.add_argument("--overwrite", action="store_true", help="replace the run that is in FOLDER")
    parser.epilog = (
        "example: cortexcnn train cortexnet --data cifar-10-batches-py --epochs 30 --seed 0 --out runs/cortexnet"
    )


def run(arguments: argparse.Namespace) -> None:
    """Train; the log goes to the folder, its last line to standard output."""
    from cortexcnn.training import open_images, train

    network = load_network(arguments)
    size = None if arguments.data == "digits" else network.eye.pixels
    training, test = open_images(arguments.data, size=size, channels=network.eye.channels, seed=arguments.seed)
    say(f"{len(training)} {training.source} of {training.size} × {training.size} pixels, {len(test)} for testing")
    history = train(
        network,
        training,
        validation=test,
        epochs=arguments.epochs,
        batch=arguments.batch,
        optimiser=arguments.optimiser,
        rate=arguments.rate,
        decay=arguments.decay,
        flip=arguments.flip,
        seed=arguments.seed,
        out=arguments.out,
        overwrite=arguments.overwrite,
        resume=arguments.resume,
        metadata={"name": network.name, "command": _command(arguments)},
    )
    print(f"test accuracy {float(history.validation_accuracy[-1]):.4f} after {history.sizes['epoch']} epochs")
    say(f"weights in {arguments.out}/weights.safetensors: use them by --weights {arguments.out}/weights.safetensors")


def _command(arguments: argparse.Namespace) -> str:
    """The command that makes these weights, without what does not change them."""
    flip = "" if arguments.flip else " --no-flip"
    settings = " ".join(
        f"--{name} {getattr(arguments, name)}" for name in ("epochs", "batch", "optimiser", "rate", "decay")
    )
    return (
        f"cortexcnn train {arguments.model} --data {arguments.data} {settings}{flip} "
        f"--seed {arguments.seed} --out {arguments.out}"
    )
