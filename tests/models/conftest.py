"""An independent judge of receptive fields: gradients of a network in which nothing can hide or cancel."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn


def revealing(module: nn.Module) -> nn.Module:
    """The module changed in place so that every connection shows in the gradient: positive weights, no selection."""
    generator = torch.Generator().manual_seed(0)
    for parent in list(module.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.MaxPool2d):
                pool = nn.AvgPool2d(child.kernel_size, child.stride, child.padding, ceil_mode=child.ceil_mode)
                setattr(parent, name, pool)
            elif isinstance(child, (nn.BatchNorm2d, nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.Dropout)):
                setattr(parent, name, nn.Identity())
            elif isinstance(child, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
                fan = child.weight[0].numel()
                child.weight.data = (0.5 + torch.rand(child.weight.shape, generator=generator)) / fan
                if child.bias is not None:
                    child.bias.data.fill_(0.1)
    return module.double().eval()


@pytest.fixture
def gradient_extent() -> Callable[..., tuple[int, int, int, int]]:
    """(module, layer, pixels, row, column) → first and last image row, first and last image column with gradient."""

    def extent(module: nn.Module, layer: str, image: torch.Tensor, row: int, column: int) -> tuple[int, int, int, int]:
        kept: list[torch.Tensor] = []
        handle = module.get_submodule(layer).register_forward_hook(lambda _m, _i, output: kept.append(output))
        image = image.clone().requires_grad_()
        module(image)
        handle.remove()
        maps = kept[-1]
        (gradient,) = torch.autograd.grad(maps[0, :, row, column].sum(), image)
        seen = gradient[0].abs().sum(dim=0).numpy() > 0
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        return int(rows[0]), int(rows[-1]), int(columns[0]), int(columns[-1])

    return extent


@pytest.fixture
def reveal() -> Callable[[nn.Module], nn.Module]:
    return revealing
