"""Hooks on the layers that are recorded: read at once, stop when the last has answered, leave no trace.

An output is copied the moment it is there, before the next module may overwrite it in place (AlexNet's first layer is
followed by such a rectifier). When all have answered, the rest of the network is not run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import nn

from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.cutting import Cutter
from cortexcnn.recording.electrode import Site
from cortexcnn.recording.window import Pass

__all__ = ["AllHeard", "Listen", "first_tensor", "left_as_found", "listening"]


class Listen(Protocol):
    """Show pictures and write the responses of each layer to the tensor given for it."""

    def __call__(
        self, luminance: torch.Tensor, into: Mapping[str, torch.Tensor], weights: torch.Tensor | None = None
    ) -> None:
        """Luminance (picture, channel, y, x), of which weights (image, picture) make images; into (image, unit)."""


class AllHeard(BaseException):
    """Ends a forward pass. No Exception, so that a network that catches those lets it through."""


@contextmanager
def listening(network: Recordable, step: Pass, calls: Mapping[str, int]) -> Iterator[Listen]:
    """Lower the electrode for one pass.

    Parameters
    ----------
    network : Recordable
        The network; its hooks are removed at the end, whatever happened.
    step : Pass
        What is recorded, and through which window.
    calls : mapping
        How often each layer's module runs in one forward pass; its last answer is the layer's.

    Yields
    ------
    callable
        ``listen(luminance, into)``: runs luminance (n, channel, y, x) of the pass's window and writes the responses
        of each layer to ``into[layer]`` (n, unit). With weights, of a pass that has an entrance, images are sums of
        pictures, and are summed behind it.

    Raises
    ------
    RuntimeError
        If a layer did not answer, or not once for each image.
    """
    heard: Counter[str] = Counter()
    targets: dict[str, torch.Tensor] = {}
    sums = _Sums()
    last = step.sites[-1].layer

    def hook(site: Site) -> Callable[[nn.Module, Any, Any], None]:
        def read(_module: nn.Module, _inputs: Any, output: Any) -> None:
            heard[site.layer] += 1
            if heard[site.layer] < calls[site.layer]:
                return
            _copy(site, site.read(first_tensor(output), step.origin(site)), targets[site.layer])
            if site.layer == last:
                raise AllHeard

        return read

    def listen(luminance: torch.Tensor, into: Mapping[str, torch.Tensor], weights: torch.Tensor | None = None) -> None:
        heard.clear()
        sums.weights = weights
        targets.update(into)
        try:
            network(luminance)
        except AllHeard:
            pass
        finally:
            targets.clear()
        silent = [site.layer for site in step.sites if heard[site.layer] < calls[site.layer]]
        if silent:
            raise RuntimeError(
                f"{', '.join(silent)} did not run as in the forward pass that listed the layers of {network.name}"
            )

    cuts = [Cutter(network.module_of(cut.layer), cut, network.receptive_field(cut.layer).dims) for cut in step.cuts]
    handles = [network.module_of(name).register_forward_hook(sums) for name in (step.entrance,) if name]
    handles += [network.module_of(site.layer).register_forward_hook(hook(site)) for site in step.sites]
    try:
        yield listen
    finally:
        for handle in handles:
            handle.remove()
        for cut in cuts:
            cut.remove()


@contextmanager
def left_as_found(module: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients, and every module back in its own mode afterwards."""
    modes = [(child, child.training) for child in module.modules()]
    for child, _ in modes:
        child.training = False
    try:
        with torch.no_grad():
            yield
    finally:
        for child, mode in modes:
            child.training = mode


class _Sums:
    """Makes of a layer's output for each picture (picture, …) that for images which are weighted sums of them."""

    def __init__(self) -> None:
        self.weights: torch.Tensor | None = None
        self._room = torch.empty(0)

    def __call__(self, _module: nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
        if self.weights is None:
            return None
        dense = output if output.stride(0) == output[0].numel() else output.contiguous()
        each, count = dense.stride(0), len(self.weights)
        if self._room.shape != (count, each):
            self._room = dense.new_empty(count, each)
        torch.mm(self.weights, dense.as_strided((len(dense), each), (each, 1)), out=self._room)
        return self._room.as_strided((count, *dense.shape[1:]), dense.stride())  # in the order that it had in memory


def _copy(site: Site, responses: torch.Tensor, target: torch.Tensor) -> None:
    shape = (len(responses), responses[0].numel())
    if shape != target.shape:
        raise RuntimeError(
            f"{site.layer} gave {shape} responses (image, unit), not {tuple(target.shape)}: "
            "its answers to a batch are not one for each image"
        )
    target.unflatten(1, responses.shape[1:]).copy_(responses)


def first_tensor(output: Any) -> torch.Tensor:
    """A layer's answer: the first tensor in whatever holds it.

    Parameters
    ----------
    output : Any
        What a module returned: a tensor, or nested tuples, lists and mappings.

    Returns
    -------
    Tensor

    Raises
    ------
    RuntimeError
        If there is none.
    """
    found = next(_tensors(output), None)
    if found is None:
        raise RuntimeError(f"a layer returned no tensor but {type(output).__name__}")
    return found


def _tensors(output: Any) -> Iterator[torch.Tensor]:
    if isinstance(output, torch.Tensor):
        yield output
    elif isinstance(output, (Mapping, list, tuple)):
        for part in output.values() if isinstance(output, Mapping) else output:
            yield from _tensors(part)
