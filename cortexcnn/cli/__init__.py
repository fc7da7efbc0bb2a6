"""The command line: one thin file a command, and errors that say the remedy instead of a traceback.

Exit codes: 0 done, 1 refused or failed (the reason is on standard error), 2 wrong usage, 130 interrupted.
Results go to standard output, everything said on the way to standard error, so that a script can read the one
without the other.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from cortexcnn.cli.config import keep, shown, take, used

__all__ = ["COMMANDS", "main"]

COMMANDS = {
    "demo": "run the main job on the shipped network and write a folder with an index.html",
    "layers": "list the layers of a network with their exact receptive fields",
    "diagram": "draw a network as a picture: shapes, filters, parameters, receptive fields, branches",
    "stimuli": "make a set of stimuli: a table, or PNG files that a laboratory can replay",
    "probe": "lower electrodes into a network, show it gratings, and measure its tuning",
    "tuning": "measure tuning from recorded responses",
    "compare": "compare the layers of a network with visual cortex",
    "train": "train a network on a folder of images, CIFAR-10 or digits",
    "search": "look for a network and a recipe of training that do well",
}
"""What there is: each command is a module of the same name with ``add(parser)`` and ``run(arguments)``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Words after ``cortexcnn``; those of the process by default.

    Returns
    -------
    int
        The exit code.

    Examples
    --------
    >>> main(["layers", "no_such_network", "--weights", "none"])
    1
    """
    parser, command = _parser(argv)
    arguments = parser.parse_args(argv)
    settings = used(command, arguments)
    speaks = os.environ.get("RANK", "0") == "0"  # of several processes, the first
    if speaks:
        print(shown(arguments.command, settings), file=sys.stderr)
    try:
        arguments.run(arguments)
        if speaks:
            keep(settings, arguments.command)
    except KeyboardInterrupt:
        if speaks:
            keep(settings, arguments.command)
        print(f"cortexcnn {arguments.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # the reader of our output has seen enough
        sys.stderr.close()
        return 0
    except Exception as error:  # noqa: BLE001 - the last door: a person gets the reason, not a traceback
        if arguments.debug:
            traceback.print_exc()
        reason = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f"cortexcnn {arguments.command}: {reason or type(error).__name__}", file=sys.stderr)
        return 1
    return 0


def _parser(argv: Sequence[str] | None) -> tuple[argparse.ArgumentParser, argparse.ArgumentParser]:
    """The parser with every command named, and that of the one that was asked for, with its options.

    Only that command's module is imported, so that ``cortexcnn --help`` does not wait for torch.
    """
    parser = argparse.ArgumentParser(
        prog="cortexcnn", description="Electrophysiology for convolutional networks.", epilog="Each command has --help."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    words = list(sys.argv[1:] if argv is None else argv)
    asked = parser
    chosen = next((word for word in words if not word.startswith("-")), None)
    for name, purpose in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=purpose,
            description=purpose[0].upper() + purpose[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        command.add_argument("--config", metavar="FILE.toml", help="options from a file; flags win over it")
        if name == chosen:
            asked = command
            module = import_module(f"cortexcnn.cli.{name}")
            module.add(command)
            command.set_defaults(run=module.run)
            try:
                take(command, words, COMMANDS)
            except ValueError as error:
                command.error(str(error))
    return parser, asked
