"""What a module is, in words that a table and a diagram share: its kind, its filters, what a folded one holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from torch import nn

__all__ = ["KINDS", "contents", "describe", "kind", "window"]

KINDS = (
    "image", "convolution", "connected", "pool", "normalisation", "activation", "dropout", "reshape", "block", "joint",
    "other",
)  # fmt: skip
"""Every kind of node of a network's graph."""

_CLASSES: tuple[tuple[type[nn.Module], str], ...] = (
    (nn.Identity, "reshape"),  # torch keeps it among the linear layers,
    (nn.MultiheadAttention, "other"),  # and this one among the activations
    (nn.Sequential, "reshape"),  # an empty one, as shortcuts are
)

_FAMILIES = {
    "conv": "convolution", "linear": "connected", "pooling": "pool", "batchnorm": "normalisation",
    "instancenorm": "normalisation", "normalization": "normalisation", "activation": "activation",
    "dropout": "dropout", "flatten": "reshape", "padding": "reshape", "pixelshuffle": "reshape",
    "channelshuffle": "reshape",
}  # fmt: skip
"""The file of ``torch.nn.modules`` that a class comes from, or inherits from."""

_WORDS = {
    "norm": "normalisation", "drop": "dropout", "stochasticdepth": "dropout", "pool": "pool", "permute": "reshape",
    "flatten": "reshape", "relu": "activation",
}  # fmt: skip
"""Parts of the name of a class that is none of torch's."""


def describe(module: nn.Module, inside: Sequence[nn.Module]) -> dict[str, Any]:
    """A module as a node of a graph.

    Parameters
    ----------
    module : nn.Module
        A layer, or a box that holds several.
    inside : sequence of nn.Module
        The modules that it calls and that call no others; none for a layer.

    Returns
    -------
    dict
        ``kind``, ``type`` (its class), ``parameters``, what :func:`window` tells of it or of the only convolution
        inside, else ``contents``.

    Examples
    --------
    >>> convolution, norm = nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4)
    >>> row = describe(nn.Sequential(convolution, norm), [convolution, norm])
    >>> row["kind"], row["kernel"], row["parameters"], row["contents"]
    ('block', '3×3', 44, '')
    """
    filtering = [part for part in inside if kind(part) == "convolution"]
    return {
        "kind": "block" if inside else kind(module),
        "type": type(module).__name__,
        "parameters": sum(parameter.numel() for parameter in module.parameters()),
        **window(filtering[0] if len(filtering) == 1 else module),
        "contents": contents(inside) if len(filtering) != 1 else "",
    }


def kind(module: nn.Module) -> str:
    """What a module that calls no others is.

    Parameters
    ----------
    module : nn.Module
        One of torch's by its family; any other by what it has (a ``kernel_size`` with weights or without), else by
        its name.

    Returns
    -------
    str
        One of :data:`KINDS`.

    Examples
    --------
    >>> [kind(module) for module in (nn.Conv2d(1, 1, 1), nn.LocalResponseNorm(5), nn.Identity())]
    ['convolution', 'normalisation', 'reshape']
    """
    for known, name in _CLASSES:
        if isinstance(module, known):
            return name
    for base in type(module).__mro__:
        place, _, family = base.__module__.rpartition(".")
        if place == "torch.nn.modules" and family in _FAMILIES:
            return _FAMILIES[family]
    if hasattr(module, "kernel_size"):
        return "convolution" if any(True for _ in module.parameters()) else "pool"
    word = type(module).__name__.lower()
    return next((name for part, name in _WORDS.items() if part in word), "other")


def window(module: nn.Module) -> dict[str, Any]:
    """The filters of a module, as it states them itself.

    Parameters
    ----------
    module : nn.Module
        Anything with ``kernel_size``; of anything else nothing is known.

    Returns
    -------
    dict
        ``filters`` and ``groups`` (int, 0 where there are none); ``kernel``, ``stride``, ``padding`` and ``dilation``
        (text, vertical × horizontal; one number where both are alike, empty where there is none).

    Examples
    --------
    >>> window(nn.Conv2d(3, 96, 11, stride=4, padding=(2, 0)))
    {'filters': 96, 'groups': 1, 'kernel': '11×11', 'stride': '4', 'padding': '2×0', 'dilation': '1'}
    >>> window(nn.ReLU())["kernel"]
    ''
    """
    found: dict[str, Any] = {"filters": 0, "groups": 0, "kernel": "", "stride": "", "padding": "", "dilation": ""}
    size = getattr(module, "kernel_size", None)
    if size is None:
        return found
    sizes = size if isinstance(size, Iterable) else [size] * 2
    found["kernel"] = "×".join(str(k) for k in sizes)
    for name, default in (("stride", size), ("padding", 0), ("dilation", 1)):
        value = getattr(module, name, default)
        found[name] = _short(default if value is None else value)
    if kind(module) == "convolution":
        found["filters"] = int(getattr(module, "out_channels", 0))
        found["groups"] = int(getattr(module, "groups", 1))
    return found


def contents(modules: Iterable[nn.Module]) -> str:
    """What a folded box holds: its convolutions, fully connected layers and other modules with weights, counted.

    Parameters
    ----------
    modules : iterable of nn.Module
        Those inside that call no others.

    Returns
    -------
    str
        The counts, most frequent first; empty where there are none.

    Examples
    --------
    >>> contents([nn.Conv2d(1, 1, 3), nn.ReLU(), nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 1), nn.Linear(1, 1)])
    '2 conv 3×3, 1 conv 1×1, 1 linear'
    """
    named = Counter(word for module in modules if (word := _word(module)))
    return ", ".join(f"{count} {word}" for word, count in named.most_common())


def _word(module: nn.Module) -> str:
    """What a module counts as in a folded box; nothing for those that only rectify, pool, normalise or drop."""
    what = kind(module)
    if what == "convolution":
        return f"conv {window(module)['kernel']}".rstrip()
    if what == "other" and next(module.parameters(), None) is not None:
        return type(module).__name__
    return "linear" if what == "connected" else ""


def _short(value: Any) -> str:
    """A number for each direction, one where they are alike: "4", "2×0", "same"."""
    if isinstance(value, Iterable) and not isinstance(value, str):
        each = [str(v) for v in value]
        return each[0] if len(set(each)) == 1 else "×".join(each)
    return str(value)
