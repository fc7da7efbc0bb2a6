"""Choices are names in a dict, so that an error can list them and suggest the nearest."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import TypeVar

__all__ = ["chosen", "nearest"]

T = TypeVar("T")


def chosen(options: Mapping[str, T], name: str, what: str) -> T:
    """The option of a name, or an error that lists them all.

    Parameters
    ----------
    options : mapping
        Choices by name.
    name : str
        What was asked for.
    what : str
        What is being chosen, for the error.

    Returns
    -------
    object
        The option.

    Raises
    ------
    ValueError
        If there is none of that name.

    Examples
    --------
    >>> chosen({"vector": 1, "fitted": 2}, "fit", "method")
    Traceback (most recent call last):
        ...
    ValueError: no method named 'fit'; there are vector, fitted. Did you mean 'fitted'?
    """
    if name in options:
        return options[name]
    raise ValueError(f"no {what} named {name!r}; there are {', '.join(options)}.{nearest(name, options)}")


def nearest(name: object, options: Iterable[object]) -> str:
    """The end of an error: " Did you mean …?", or nothing where no name is near.

    Examples
    --------
    >>> nearest("contrst", ["contrast", "size"])
    " Did you mean 'contrast'?"
    """
    near = difflib.get_close_matches(str(name), [str(option) for option in options], 1, cutoff=0.5)
    return f" Did you mean {near[0]!r}?" if near else ""
