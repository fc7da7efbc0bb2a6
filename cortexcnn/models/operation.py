"""One operation of a network as it ran: what the rules about geometry are given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cortexcnn.models.geometry import Geometry

__all__ = ["Call", "Rule"]


@dataclass(frozen=True)
class Call:
    """One operation as it ran: its name, arguments by their names, and the tensors that went in and came out.

    Parameters
    ----------
    name : str
        The operation's name without its namespace and overload.
    arguments : dict
        What it was given, by parameter name, with the defaults filled in.
    of : callable
        Tensor → its geometry, or None where it does not depend on the image.
    parts : list of Geometry
        Of all inputs that depend on the image.
    constants : list of tuple of int
        Shapes of the inputs that don't.
    shapes : list of tuple of int
        Of the results.
    pointwise : bool
        Whether torch says that it acts on each element by itself.
    """

    name: str
    arguments: dict[str, Any]
    of: Callable[[Any], Geometry | None]
    parts: list[Geometry]
    constants: list[tuple[int, ...]]
    shapes: list[tuple[int, ...]]
    pointwise: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first result."""
        return self.shapes[0]

    @property
    def source(self) -> Geometry:
        """Geometry of the operation's first argument."""
        return self.of(next(iter(self.arguments.values()))) or self.parts[0]

    def dims(self, value: int | Sequence[int] | None) -> list[int]:
        """Dimensions of the first argument, counted from the front; all of them for None and for an empty list."""
        rank = len(self.source.dims)
        if value is None or value == []:
            return list(range(rank))
        return [k % rank for k in ([value] if isinstance(value, int) else value)]


Rule = Callable[[Call], Geometry | list[Geometry] | None]
"""What becomes of geometry in an operation: that of its result, of each of its results, None for constants."""
