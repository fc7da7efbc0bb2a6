"""Choices are names in a dictionary; a wrong name is answered with the nearest right one."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import TypeVar

__all__ = ["chosen"]

Choice = TypeVar("Choice")


def chosen(choices: Mapping[str, Choice], name: str, *, what: str) -> Choice:
    """What stands under a name, or an error that lists the names.

    Parameters
    ----------
    choices : mapping of str
        What can be chosen.
    name : str
        What was asked for.
    what : str
        What is chosen, for the error.

    Returns
    -------
    object
        The entry.

    Raises
    ------
    ValueError
        If there is no such name.

    Examples
    --------
    >>> chosen({"cosine": 1, "pearson": 2}, "person", what="comparison")
    Traceback (most recent call last):
        ...
    ValueError: no comparison named 'person'; there are cosine, pearson. Did you mean 'pearson'?
    """
    if name in choices:
        return choices[name]
    near = difflib.get_close_matches(str(name), list(choices), n=1)
    hint = f". Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"no {what} named {name!r}; there are {', '.join(choices)}{hint}")
