"""A window inside a network while it runs: of a layer's output only a part is computed, or only a part goes on.

A convolution whose output is cut computes no more than what is kept: it is given the part of its input that this needs,
and pads nothing, for the edges of that part are no edges of the map. Any other layer's output is cut when it is there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from cortexcnn.recording.window import Cut, reach

__all__ = ["Cutter"]


class Cutter:
    """Hooks on the module of a layer that is cut; ``remove`` leaves it as it was found.

    Parameters
    ----------
    module : nn.Module
        The layer's.
    cut : Cut
        What is kept.
    dims : (int or None, int or None)
        Which dimensions of the output are its rows and columns.

    Examples
    --------
    >>> layer = nn.Conv2d(1, 1, 3, padding=1)
    >>> image = torch.rand(1, 1, 9, 9)
    >>> whole = layer(image)
    >>> cutter = Cutter(layer, Cut("0", slice(2, 6), slice(0, 3), 2, 0, frozenset()), (2, 3))
    >>> torch.testing.assert_close(layer(image), whole[..., 2:6, 0:3])
    >>> cutter.remove()
    >>> layer(image).shape
    torch.Size([1, 1, 9, 9])
    """

    def __init__(self, module: nn.Module, cut: Cut, dims: tuple[int | None, int | None]) -> None:
        self._module, self._parts, self._dims = module, (cut.rows, cut.columns), dims
        self._padding, self._done = getattr(module, "padding", None), False
        self._handles = [module.register_forward_hook(self._after)]
        self._ends = reach(module, cut.rows, cut.columns)
        self._given = cut.shown is not None
        if self._ends is not None:
            self._handles.append(module.register_forward_pre_hook(self._before))

    def remove(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._restore()

    def _before(self, module: nn.Conv2d, inputs: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The part of a convolution's input that what is kept needs, if no padding is among it, or if it is all."""
        image, index = inputs[0], []
        for (first, last), side in zip(self._ends or (), image.shape[-2:], strict=True):
            if not self._given and (first < 0 or last >= side):
                return None
            index.append(slice(first, last + 1))
        module.padding, self._done = (0, 0), True
        return inputs if self._given else (image[..., index[0], index[1]],)

    def _after(self, _module: nn.Module, _inputs: Any, output: Any) -> torch.Tensor | None:
        if self._done:
            self._restore()
            return None
        index: list[slice] = [slice(None)] * output.dim()
        for dim, part in zip(self._dims, self._parts, strict=True):
            index[dim or 0] = part
        return output[tuple(index)]

    def _restore(self) -> None:
        if self._done:
            self._module.padding, self._done = self._padding, False  # type: ignore[assignment]
