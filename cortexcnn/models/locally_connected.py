"""Layers that share no weights: each position of the map has filters of its own.

A retina and a cortex have no way to copy a synapse from one place to another; convolution does nothing else. Trained
side by side, the two show what weight sharing is for.
"""

from __future__ import annotations

import copy
import math
from itertools import product

import torch
from torch import nn
from torch.nn import functional
from torch.nn.modules.utils import _pair

from cortexcnn.models.textbook import output_size

__all__ = ["LocallyConnected2d", "unshared"]


class LocallyConnected2d(nn.Module):
    """A convolution whose filters differ from position to position, for maps of one size.

    Parameters
    ----------
    in_channels, out_channels : int
        Maps before and after.
    kernel_size : int or (int, int)
        Rows and columns of a filter.
    size : int or (int, int)
        Rows and columns of the map that it looks at.
    stride, padding : int or (int, int)
        Steps between positions, and the frame of zeros.
    bias : bool
        Whether each position has biases of its own too.

    Raises
    ------
    ValueError
        If a number is not positive, or windows don't fit the map.

    Notes
    -----
    ``weight`` is (position, rows × columns of the filter × in_channels, out_channels), positions row by row, and
    ``bias`` (position, out_channels); both are drawn as ``nn.Conv2d`` draws its own.

    Examples
    --------
    >>> layer = LocallyConnected2d(3, 6, 5, size=32)
    >>> layer(torch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 6, 28, 28])
    >>> shared = nn.Conv2d(3, 6, 5)
    >>> [sum(weight.numel() for weight in one.parameters()) for one in (shared, layer)]
    [456, 357504]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if in_channels < 1 or out_channels < 1:
            raise ValueError(f"{in_channels} maps to {out_channels}: one or more of each")
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size, self.size = _pair(kernel_size), _pair(size)
        self.stride, self.padding = _pair(stride), _pair(padding)
        self.rows, self.columns = (
            output_size(side, kernel, padding=frame, stride=step, exact=False)
            for side, kernel, frame, step in zip(self.size, self.kernel_size, self.padding, self.stride, strict=True)
        )
        positions, inputs = self.rows * self.columns, in_channels * math.prod(self.kernel_size)
        self.weight = nn.Parameter(torch.empty(positions, inputs, out_channels))
        self.bias = nn.Parameter(torch.empty(positions, out_channels)) if bias else None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weights as ``nn.Conv2d`` does: evenly between plus and minus one over the root of a filter's inputs."""
        bound = 1 / math.sqrt(self.weight.shape[1])
        for weight in self.parameters():
            nn.init.uniform_(weight, -bound, bound)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (n, in_channels, *size) to (n, out_channels, rows, columns)."""
        if maps.shape[-2:] != self.size:
            raise ValueError(
                f"a map of {maps.shape[-2]} × {maps.shape[-1]}: these filters belong to the positions of one of "
                f"{self.size[0]} × {self.size[1]}; make the layer for the other size"
            )
        # positions go first in memory, so that each finds its windows in a row and one batched product does the rest
        (rows, columns), (down, right) = self.padding, self.stride
        framed = functional.pad(maps, (columns, columns, rows, rows)).permute(2, 3, 0, 1).contiguous()
        taps = [
            framed[
                row : row + (self.rows - 1) * down + 1 : down, column : column + (self.columns - 1) * right + 1 : right
            ]
            for row, column in product(*map(range, self.kernel_size))
        ]
        windows = torch.stack(taps, dim=3).reshape(self.rows * self.columns, len(maps), -1)
        found = torch.bmm(windows, self.weight)
        if self.bias is not None:
            found = found + self.bias[:, None]
        return found.reshape(self.rows, self.columns, len(maps), self.out_channels).permute(2, 3, 0, 1)

    @torch.no_grad()
    def share(self, convolution: nn.Conv2d) -> None:
        """Give every position the weights of a convolution."""
        self.weight.copy_(convolution.weight.permute(2, 3, 1, 0).flatten(0, 2))
        if self.bias is not None and convolution.bias is not None:
            self.bias.copy_(convolution.bias)

    def extra_repr(self) -> str:
        """For the printed module, which is part of the content hash."""
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, size={self.size}, "
            f"stride={self.stride}, padding={self.padding}, bias={self.bias is not None}"
        )


def unshared(module: nn.Module, pixels: int, *, channels: int = 3, keep_weights: bool = False) -> nn.Module:
    """A network with a locally connected layer in place of each convolution.

    Parameters
    ----------
    module : nn.Module
        The network; it is not changed. Everything but its convolutions is copied, weights too.
    pixels, channels : int
        Of the images that it takes.
    keep_weights : bool
        Give each position the weights of the convolution, so that both answer alike; else they are drawn anew from
        torch's random numbers.

    Returns
    -------
    Module
        In the mode (training or evaluation) of the first.

    Raises
    ------
    ValueError
        If a convolution has groups, dilation or a padding other than zeros, or looks at maps of several sizes: names
        it.

    Examples
    --------
    >>> network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(144, 10))
    >>> image = torch.rand(1, 1, 8, 8)
    >>> other = unshared(network, 8, channels=1, keep_weights=True)
    >>> torch.allclose(network(image), other(image), atol=1e-6)
    True
    """
    sizes = _sizes(module, pixels, channels)
    made = copy.deepcopy(module)
    for name, convolution in list(made.named_modules()):
        if not isinstance(convolution, nn.Conv2d):
            continue
        plain = convolution.groups == 1 and convolution.dilation == (1, 1) and convolution.padding_mode == "zeros"
        if not plain or isinstance(convolution.padding, str):
            raise ValueError(f"{name} has groups, dilation or a special padding: {convolution}; only plain ones are")
        if len(sizes.get(name, ())) != 1:
            raise ValueError(f"{name} looks at maps of {len(sizes.get(name, ()))} sizes: one is needed")
        local = LocallyConnected2d(
            convolution.in_channels,
            convolution.out_channels,
            convolution.kernel_size,  # type: ignore[arg-type] # a pair, says torch itself
            size=next(iter(sizes[name])),
            stride=convolution.stride,  # type: ignore[arg-type]
            padding=convolution.padding,  # type: ignore[arg-type]
            bias=convolution.bias is not None,
        ).to(convolution.weight)
        if keep_weights:
            local.share(convolution)
        if not name:
            return local.train(module.training)
        parent, _, child = name.rpartition(".")
        setattr(made.get_submodule(parent), child, local)
    return made.train(module.training)


def _sizes(module: nn.Module, pixels: int, channels: int) -> dict[str, set[tuple[int, int]]]:
    """The sizes of the maps that each convolution looks at."""
    found: dict[str, set[tuple[int, int]]] = {}

    def look(name: str) -> object:
        return lambda _, given: found.setdefault(name, set()).add(tuple(given[0].shape[-2:]))

    probe = copy.deepcopy(module).eval()
    for name, part in probe.named_modules():
        if isinstance(part, nn.Conv2d):
            part.register_forward_pre_hook(look(name))  # type: ignore[arg-type]
    weight = next(probe.parameters(), torch.empty(0))
    with torch.no_grad():
        probe(weight.new_zeros(1, channels, pixels, pixels))
    return found
