"""The lines under a diagram that say what its colours and signs mean, of those that are there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from cortexcnn.plot.boxes import KIND_COLOURS, NAME, STRIPS
from cortexcnn.plot.captions import LINE, extent
from cortexcnn.plot.pen import Pen

__all__ = ["Key"]

_KINDS = {
    "image": "image", "convolution": "convolution", "connected": "fully connected", "pool": "pool",
    "block": "several layers", "other": "other", "normalisation": "normalisation", "activation": "activation",
    "dropout": "dropout", "reshape": "change of shape",
}  # fmt: skip

_SIGNS = {"+": "sum", "−": "difference", "×": "product", "÷": "quotient", "‖": "channels side by side"}

_SIZES = (
    "height: rows of the map (units, where there is none); width: channels (both logarithmic); sees: receptive field"
)

_LINE = 0.2
"""Inches between two lines of the key."""


class Key:
    """What is to be explained, and where it stands.

    Parameters
    ----------
    nodes : iterable of mapping
        All that is drawn.
    electrodes : bool
        Whether any are.
    width : float
        Inches; broken into lines that are no longer.
    """

    def __init__(self, nodes: Iterable[Mapping[str, Any]], *, electrodes: bool, width: float) -> None:
        types: dict[str, dict[str, None]] = {}
        for node in nodes:
            types.setdefault(node["kind"], {})[node["type"]] = None
        self.entries = [(kind, _meaning(kind, list(types[kind]))) for kind in _KINDS if kind in types]
        self.entries += [(sign, meaning) for sign, meaning in _SIGNS.items() if sign in types.get("joint", {})]
        if electrodes:
            self.entries.append(("electrode", "electrode"))
        self.notes = [f"{note}{';' if k < 2 else ''}" for k, note in enumerate(_SIZES.split("; "))]
        self.places = _flow([_length(text) + 0.4 for _, text in self.entries], width)
        self.notes_at = _flow([_length(note) + 0.15 for note in self.notes], width)

    @property
    def height(self) -> float:
        """Inches of all of it."""
        return _LINE * (2.2 + self.places[-1][1] + self.notes_at[-1][1])

    def draw(self, pen: Pen, top: float) -> None:
        """Draw it under a line."""
        for (swatch, text), (x, line) in zip(self.entries, self.places, strict=True):
            _explain(pen, swatch, text, x, top + _LINE * (line + 0.5))
        top += _LINE * (1.2 + self.places[-1][1])
        for note, (x, line) in zip(self.notes, self.notes_at, strict=True):
            pen.write((x, top + _LINE * line), note, size=NAME, colour="0.4")


def _meaning(kind: str, types: list[str]) -> str:
    listed = ", ".join(name.strip("_") for name in types[:3]) + (", …" if len(types) > 3 else "")
    return _KINDS[kind] if kind in ("image", "block") else f"{_KINDS[kind]} ({listed})"


def _explain(pen: Pen, swatch: str, text: str, x: float, middle: float) -> None:
    if swatch in KIND_COLOURS:
        pen.solid(x, middle, (0.06 if swatch in STRIPS else 0.1, 0.1, 0.025), KIND_COLOURS[swatch], last=True)
    elif swatch == "electrode":
        pen.needle((x + 0.07, middle + 0.07), 0.15)
    else:
        pen.sign((x + 0.07, middle), swatch, 0.14)
    pen.write((x + 0.19, middle - LINE * NAME / 144), text, size=NAME, colour="0.25")


def _length(text: str) -> float:
    return extent([text], size=NAME)[0]


def _flow(widths: Iterable[float], wide: float) -> list[tuple[float, int]]:
    """Places of things that follow each other in lines: from the left, and in which line."""
    found, x, line = [], 0.0, 0
    for width in widths:
        if x and x + width > wide:
            x, line = 0.0, line + 1
        found.append((x, line))
        x += width
    return found
