"""A network whose first layer is V1: fixed simple and complex cells with noise, and behind them whatever can learn.

The idea is that of VOneNet [1]_, written here from its paper and from the distributions that it draws from:

============== =====================================================================================================
layer          what it is
============== =====================================================================================================
``linear``     Gabors drawn from published distributions of macaque V1; fixed. One for each simple cell, a quadrature
               pair for each complex one; the best grating of contrast 1 gives ``gain``
``simple``     those of the simple cells, half-rectified
``complex``    the amplitudes of the quadrature pairs: the best grating gives the same, whatever its phase
``noise``      both, with noise whose variance is proportional to their mean, if it is asked for
``bottleneck`` a 1 × 1 convolution, which can learn: few channels for what follows
``back.…``     any network
============== =====================================================================================================

What differs from that paper: Gabors have their mean taken off and are as large as they need to be; each cell's spatial
frequency is drawn from those of its own kind, simple or complex; cells look at luminance unless colour is asked for.

.. [1] Dapello, Marques, Schrimpf, Geiger, Cox & DiCarlo (2020), Simulating a primary visual cortex at the front of CNNs
   improves robustness to image perturbations, NeurIPS 33.
"""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr
from torch import nn

from cortexcnn.models.eye import Eye
from cortexcnn.models.gabors import kernel_side, quadrature
from cortexcnn.models.plain import plain_cnn
from cortexcnn.models.sampled_v1 import sampled_gabors
from cortexcnn.models.stages import truth, whole
from cortexcnn.models.v1_noise import PoissonLike
from cortexcnn.models.v1_stages import Amplitude

__all__ = ["V1Fronted", "v1_front"]


def v1_front(
    classes: int = 10,
    channels: int = 1,
    *,
    simple_cells: int = 64,
    complex_cells: int = 64,
    stride: int = 4,
    gain: float = 1.0,
    noise: float = 0.0,
    noise_always: bool = False,
    noise_seed: int = 0,
    bottleneck: int = 32,
    back: nn.Module | None = None,
    rng: int | np.random.Generator | None = 0,
    degrees: float = 2.0,
    pixels: int = 64,
) -> V1Fronted:
    """A V1 of fixed cells in front of a network that learns.

    Parameters
    ----------
    classes : int
        Outputs of the default back end.
    channels : int
        1: cells look at luminance. 3: each cell looks at one of red, green and blue, drawn at random.
    simple_cells, complex_cells : int
        How many of each at every position.
    stride : int
        Pixels between positions.
    gain : float
        What a cell answers to its best grating of contrast 1. If answers are to be spikes in some time, the number of
        them: half of macaque V1's cells reach 34 spikes/s, about one in 25 ms.
    noise : float
        Variance of the noise over the mean answer: 0 for none, 1 for that of a Poisson process.
    noise_always : bool
        In evaluation too, not in training alone.
    noise_seed : int
        Of the noise.
    bottleneck : int
        Channels that the back end gets.
    back : nn.Module, optional
        Takes (n, bottleneck, pixels / stride, pixels / stride). By default two stages of
        :func:`~cortexcnn.models.plain.plain_cnn` with 64 and 128 filters.
    rng : int or Generator, optional
        Of the draw of the cells, and of their colours.
    degrees, pixels : float, int
        The screen that it looks at: they decide which of the published cells fit, and how large they are.

    Returns
    -------
    V1Fronted
        With attributes ``eye`` and ``gabors``, the table of its cells. Only ``bottleneck`` and ``back`` have random
        weights, and only they learn.

    Raises
    ------
    ValueError
        If a number makes no sense, or hardly any published cell fits the screen.
    TypeError
        If the back end is no module.

    Examples
    --------
    >>> network = v1_front(simple_cells=6, complex_cells=4).eval()
    >>> network(torch.zeros(2, 1, 64, 64)).shape
    torch.Size([2, 10])
    >>> network.gabors.cell.values.tolist() == ["simple"] * 6 + ["complex"] * 4
    True
    >>> sorted({name.split(".")[0] for name, weight in network.named_parameters() if weight.requires_grad})
    ['back', 'bottleneck']
    """
    whole(classes=classes, simple_cells=simple_cells, complex_cells=complex_cells, stride=stride, bottleneck=bottleneck)
    truth(noise_always=noise_always)
    if channels not in (1, 3):
        raise ValueError(f"channels={channels}: cells look at luminance (1) or at one of three colours (3)")
    eye = Eye(channels=channels, mean=0.5, pixels=pixels, degrees=degrees)
    generator = np.random.default_rng(rng)
    tables = []
    for kind, count in (("simple", simple_cells), ("complex", complex_cells)):
        cells = sampled_gabors(count, rng=generator, degrees=degrees, pixels=pixels, cells=kind)
        tables.append(cells.assign(cell=("gabor", [kind] * count)))
    gabors = xr.concat(tables, "gabor")
    gabors["colour"] = "gabor", generator.integers(channels, size=gabors.sizes["gabor"])
    if back is None:
        rows = pixels // stride
        if rows < 2:
            raise ValueError(f"stride={stride}: {pixels} pixels leave {rows} positions, and the back end needs two")
        back = plain_cnn((64, 128), pooled=(True, False), classes=classes, channels=bottleneck, pixels=rows)
    noisy = PoissonLike(noise, seed=noise_seed, always=noise_always)
    return V1Fronted(gabors, eye, back, stride=stride, gain=gain, noise=noisy, bottleneck=bottleneck)


class V1Fronted(nn.Module):
    """Fixed cells from a table of Gabors, noise, a bottleneck, and a back end.

    Parameters
    ----------
    gabors : Dataset (gabor)
        As :mod:`cortexcnn.models.gabors` has it, with ``cell`` ("simple", all before "complex") and ``colour`` (the
        channel of the image that it looks at).
    eye : Eye
        What it looks through; luminance .5 becomes 0.
    back : nn.Module
        Takes (n, bottleneck, rows, columns).
    stride : int
        Pixels between positions.
    gain : float
        What a cell answers to its best grating of contrast 1.
    noise : nn.Module
        Of cells.
    bottleneck : int
        Channels for the back end.
    """

    def __init__(
        self,
        gabors: xr.Dataset,
        eye: Eye,
        back: nn.Module,
        *,
        stride: int,
        gain: float = 1.0,
        noise: nn.Module,
        bottleneck: int,
    ) -> None:
        super().__init__()
        if not isinstance(back, nn.Module):
            raise TypeError(f"back is a torch.nn.Module that takes {bottleneck} channels; got {type(back).__name__}")
        if not gain > 0:
            raise ValueError(f"gain={gain}: what a cell answers at its best is above 0")
        self.gabors, self.eye = gabors, eye
        self.alone = int((gabors["cell"] == "simple").sum())
        self.linear = Gabors(gabors, eye, stride=stride, gain=gain)
        self.simple = nn.ReLU()
        self.complex = Amplitude()
        self.noise = noise
        self.bottleneck = nn.Conv2d(gabors.sizes["gabor"], bottleneck, 1, bias=False)
        self.back = back

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """Images (n, channels, y, x) around 0 to what the back end makes of the cells."""
        filtered = self.linear(image)
        cells = self.simple(filtered[:, : self.alone]), self.complex(filtered[:, self.alone :])
        return self.back(self.bottleneck(self.noise(torch.cat(cells, dim=1))))


class Gabors(nn.Conv2d):
    """The filters: one for each simple cell, and for each complex one its cosine and its sine part."""

    def __init__(self, gabors: xr.Dataset, eye: Eye, *, stride: int, gain: float) -> None:
        side = kernel_side(gabors, eye.screen, 1)
        side += (side - stride) % 2  # as much of the image before a position as after it
        if stride > side:
            raise ValueError(f"stride={stride}: the largest cell spans {side} pixels; leave no gaps between cells")
        pairs = gain * quadrature(gabors, eye.screen, side)
        simple = (gabors["cell"] == "simple").values
        turned = (pairs * np.exp(1j * np.deg2rad(gabors["phase"].values))[:, None, None])[simple].real
        quadratures = np.stack((pairs[~simple].real, pairs[~simple].imag), axis=1).reshape(-1, side, side)
        kernels = np.concatenate((turned, quadratures))
        colour = np.repeat(gabors["colour"].values, np.where(simple, 1, 2))
        super().__init__(eye.channels, len(kernels), side, stride=stride, padding=(side - stride) // 2, bias=False)
        weight = torch.zeros(len(kernels), eye.channels, side, side)
        weight[torch.arange(len(kernels)), torch.from_numpy(colour)] = torch.from_numpy(kernels).float()
        self.weight = nn.Parameter(weight, requires_grad=False)

    def reset_parameters(self) -> None:
        """Nothing: these are not random."""
