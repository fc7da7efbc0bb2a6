"""Options from a file: ``--config FILE.toml`` says what the flags of any command say, and flags win over it.

::

    model = "lenet"          # what several commands share
    seed = 3

    [train]                  # and what one of them needs
    data = "digits"
    epochs = 20
    flip = false

What a command really used is printed, and written beside its results as ``config.toml``, with which it can be run
again. Names at the top are settings of the command that is run, or stand in the tables of others.
"""

from __future__ import annotations

import argparse
import json
import textwrap
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cortexcnn.choices import nearest

__all__ = ["as_toml", "keep", "shown", "take", "used"]

_APART = ("help", "config", "debug", "run", "command")
"""What is no setting of a command."""

_ONCE = ("resume", "overwrite")
"""What is said for one run and not for its repetition."""


def take(parser: argparse.ArgumentParser, words: Sequence[str], commands: Iterable[str]) -> None:
    """Make the settings of the file that ``words`` name the defaults of a command.

    Parameters
    ----------
    parser : ArgumentParser
        The command, with all its options.
    words : sequence of str
        What was typed.
    commands : iterable of str
        Every command: tables of these names are allowed in the file.

    Raises
    ------
    ValueError
        If the file can't be read, names what the command has not, or gives a value of a wrong kind.
    """
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--config")
    path = early.parse_known_args(list(words))[0].config
    if path is None:
        return
    command = parser.prog.split()[-1]
    known = _settings(parser)
    for key, value in _read(path, command, commands).items():
        name = key.replace("-", "_")
        if name not in known:
            raise ValueError(f"{path}: cortexcnn {command} has no setting {key!r}.{nearest(name, known)}")
        action = known[name]
        told = _checked(action, name, value, path)
        parser.set_defaults(**{action.dest: told})
        action.default, action.required = told, False
        if not action.option_strings and action.nargs is None:
            action.nargs = "?"
    _let_flags_win(parser, words)


def used(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> dict[str, Any]:
    """The settings that a command really has, by name; those that are not given and have no default are left out."""
    dests = dict.fromkeys(action.dest for action in _settings(parser).values())
    found = {name: getattr(arguments, name) for name in dests}
    return {name: value for name, value in found.items() if value is not None}


def as_toml(settings: Mapping[str, Any]) -> str:
    """Settings as TOML: text, numbers, truth values and lists of these.

    Examples
    --------
    >>> print(as_toml({"model": "lenet", "rate": 0.1, "flip": False, "layers": ["conv1", "conv2"]}), end="")
    model = "lenet"
    rate = 0.1
    flip = false
    layers = ["conv1", "conv2"]
    """
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in settings.items())


def shown(command: str, settings: Mapping[str, Any], *, width: int = 120) -> str:
    """Settings in a paragraph.

    Examples
    --------
    >>> shown("train", {"model": "lenet", "flip": False})
    'configuration of train: model = "lenet", flip = false'
    """
    told = [line.replace(" = ", "\xa0=\xa0", 1) for line in as_toml(settings).splitlines()]
    text = f"configuration of {command}: {', '.join(told)}"
    filled = textwrap.wrap(text, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(filled).replace("\xa0", " ")


def keep(settings: Mapping[str, Any], command: str) -> None:
    """Write ``config.toml`` into the folder that a command has written, if it has written one."""
    folder = Path(str(settings.get("out", "")))
    if "out" in settings and folder.is_dir():
        lasting = {name: value for name, value in settings.items() if name not in _ONCE}
        said = f"# cortexcnn {command} --config config.toml --out ANOTHER_FOLDER runs this again\n"
        (folder / "config.toml").write_text(said + as_toml(lasting), encoding="utf-8")


def _read(path: str, command: str, commands: Iterable[str]) -> dict[str, Any]:
    """What the file says to this command."""
    try:
        content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"the configuration {path} can't be read: {error.strerror or error}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML: {error}") from error
    tables = {name: value for name, value in content.items() if isinstance(value, dict)}
    strange = [name for name in tables if name not in commands]
    if strange:
        raise ValueError(f"{path}: the table [{strange[0]}] is named after no command.{nearest(strange[0], commands)}")
    return {name: value for name, value in content.items() if name not in tables} | tables.get(command, {})


def _settings(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    """Everything that a command can be told, by the names that a file may use."""
    found: dict[str, argparse.Action] = {}
    for action in parser._actions:  # noqa: SLF001 (argparse has no other list of them)
        if action.dest not in _APART:
            flags = [flag for flag in action.option_strings if flag.startswith("--")]
            names = (action.dest, *(flag.removeprefix("--").replace("-", "_") for flag in flags))
            found |= dict.fromkeys(names, action)
    return found


def _checked(action: argparse.Action, name: str, value: Any, path: str) -> Any:
    """A value from the file as the option has it, or an error that says what is wanted."""
    wanted = ""
    if action.nargs == 0:  # a flag
        if isinstance(value, bool):
            return value if name == action.dest else value == action.const
        wanted = "true or false"
    elif action.nargs in ("*", "+"):
        if isinstance(value, list):
            return [str(item) for item in value]
        wanted = "a list"
    elif isinstance(value, (bool, dict)):
        wanted = {int: "a whole number", float: "a number"}.get(action.type, "text")  # type: ignore[call-overload]
    elif action.type in (int, float):
        if isinstance(value, int) or (isinstance(value, float) and action.type is float):
            return action.type(value)
        wanted = "a whole number" if action.type is int else "a number"
    else:
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        return action.type(text) if callable(action.type) else text
    raise ValueError(f"{path}: {name} = {json.dumps(value, default=str)}; it is {wanted}")


def _let_flags_win(parser: argparse.ArgumentParser, words: Sequence[str]) -> None:
    """Of options that exclude each other, one that was typed puts out those of the file."""
    for group in parser._mutually_exclusive_groups:  # noqa: SLF001 (nor of these)
        if any(flag in words for action in group._group_actions for flag in action.option_strings):  # noqa: SLF001
            for action in group._group_actions:  # noqa: SLF001
                action.default = False if action.nargs == 0 else None
                parser.set_defaults(**{action.dest: action.default})
