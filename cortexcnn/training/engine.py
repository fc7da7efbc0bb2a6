"""What a step of training runs on: one device by itself, or several that share the work through Lightning Fabric.

Fabric was chosen over Accelerate because it is only asked for its engine here: it takes the loop as it stands, brings
no configuration files and no model hub, and needs half as much to be installed.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import nn

from cortexcnn.training.evaluate import device_of

if TYPE_CHECKING:
    from lightning_fabric import Fabric

__all__ = ["PRECISIONS", "Alone", "Engine", "Shared", "fabric"]

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
"""What products are computed in; weights are float32 always. ``float16`` scales the loss, lest gradients vanish."""

_IN_FABRIC: dict[str, Any] = {"float32": "32-true", "bfloat16": "bf16-mixed", "float16": "16-mixed"}


class Engine(Protocol):
    """What the loop asks of whatever it runs on."""

    rank: int
    """Which of the processes this is."""
    world: int
    """How many processes share the work."""
    forward: nn.Module
    """What is called in place of the network."""

    def autocast(self) -> AbstractContextManager:
        """The precision of a forward pass."""
        ...

    def step(self, loss: torch.Tensor, clip: float) -> None:
        """Move the weights down the gradient of a loss; a gradient of a norm above ``clip`` is shortened to it."""
        ...

    def total(self, numbers: torch.Tensor) -> torch.Tensor:
        """The sum over all processes."""
        ...

    def state(self) -> dict[str, Any]:
        """By how much losses are scaled, as a checkpoint keeps it; empty where they are not."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from such a state."""
        ...


class Alone:
    """One process, one device.

    Parameters
    ----------
    module, mover : nn.Module, Optimizer
        The network and what moves its weights.
    precision : str
        A key of :data:`PRECISIONS`.
    """

    rank, world = 0, 1

    def __init__(self, module: nn.Module, mover: torch.optim.Optimizer, precision: str) -> None:
        self.forward, self._mover, self._dtype = module, mover, PRECISIONS[precision]
        self._device = device_of(module).type
        self._scaler = torch.amp.GradScaler(self._device, enabled=precision == "float16")

    def autocast(self) -> AbstractContextManager:
        """Products in the chosen precision."""
        return torch.autocast(self._device, self._dtype, enabled=self._dtype != torch.float32)

    def step(self, loss: torch.Tensor, clip: float) -> None:
        """One step."""
        self._mover.zero_grad()
        self._scaler.scale(loss).backward()
        if clip:
            self._scaler.unscale_(self._mover)
            nn.utils.clip_grad_norm_(self.forward.parameters(), clip)
        self._scaler.step(self._mover)
        self._scaler.update()

    def total(self, numbers: torch.Tensor) -> torch.Tensor:
        """The numbers themselves."""
        return numbers

    def state(self) -> dict[str, Any]:
        """The scaler's."""
        return self._scaler.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Give the scaler its state back."""
        self._scaler.load_state_dict(state)


class Shared:
    """A process among several, each with a part of every batch.

    Parameters
    ----------
    module, mover : nn.Module, Optimizer
        The network and what moves its weights.
    fabric : Fabric
        Launched; its strategy averages gradients over the processes, as ``ddp`` does.
    """

    def __init__(self, module: nn.Module, mover: torch.optim.Optimizer, fabric: Fabric) -> None:
        self.rank, self.world = fabric.global_rank, fabric.world_size
        self._fabric = fabric
        self.forward, self._mover = fabric.setup(module, mover)

    def autocast(self) -> AbstractContextManager:
        """The precision that Fabric was made with."""
        return self._fabric.autocast()

    def step(self, loss: torch.Tensor, clip: float) -> None:
        """One step on all devices."""
        self._mover.zero_grad()
        self._fabric.backward(loss)
        if clip:
            self._fabric.clip_gradients(self.forward, self._mover, max_norm=clip, error_if_nonfinite=False)
        self._mover.step()

    def total(self, numbers: torch.Tensor) -> torch.Tensor:
        """The sum over all processes."""
        summed: Any = self._fabric.all_reduce(numbers, reduce_op="sum")
        return summed

    def state(self) -> dict[str, Any]:
        """That of Fabric's scaler."""
        return self._fabric.strategy.precision.state_dict()

    def restore(self, state: dict[str, Any]) -> None:
        """Give Fabric's scaler its state back."""
        self._fabric.strategy.precision.load_state_dict(state)


def fabric(*, devices: int = 1, nodes: int = 1, accelerator: str = "cpu", precision: str = "float32") -> Fabric:
    """Join the processes that ``torchrun`` started.

    Parameters
    ----------
    devices, nodes : int
        Processes on each machine, and machines: what ``torchrun`` was told as ``--nproc_per_node`` and ``--nnodes``.
    accelerator : str
        ``cpu``, ``cuda`` or ``mps``.
    precision : str
        A key of :data:`PRECISIONS`.

    Returns
    -------
    Fabric
        Launched; goes to :func:`~cortexcnn.training.train` as ``fabric``.

    Raises
    ------
    ImportError
        If Lightning Fabric is not installed: says how.
    ValueError
        If the processes were not started by ``torchrun``, or not as many as are asked for, or are to share float16 on
        processors.

    Examples
    --------
    >>> fabric(devices=2)
    Traceback (most recent call last):
        ...
    ValueError: 2 processes are asked for and 1 was started: torchrun --nproc_per_node 2 -m cortexcnn train …
    """
    started = torch.distributed.is_torchelastic_launched()
    found = int(os.environ["WORLD_SIZE"]) if started else 1
    if found != devices * nodes:
        machines = f"--nnodes {nodes} " if nodes > 1 else ""
        raise ValueError(
            f"{devices * nodes} processes are asked for and {found} {'was' if found == 1 else 'were'} started: "
            f"torchrun {machines}--nproc_per_node {devices} -m cortexcnn train …"
        )
    if accelerator == "cpu" and precision == "float16":
        raise ValueError("Fabric has no float16 on processors: take bfloat16, or an accelerator")
    try:
        from lightning_fabric import Fabric  # noqa: PLC0415 (an extra that few need)
    except ImportError as error:
        raise ImportError("several devices need Lightning Fabric: pip install cortexcnn[fabric]") from error
    made = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        strategy="ddp" if started else "auto",
        precision=_IN_FABRIC[precision],
    )
    made.launch()
    return made
