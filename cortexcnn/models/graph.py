"""The graph of a network: which layer was computed from which, read off one real forward pass.

As for receptive fields, every tensor operation is watched while the module runs once; here each tensor carries the
node that made it. A node is a module that was called, or an operation between modules that brings several of them
together (an addition, a concatenation) or does what a layer does (a rectification, a pool). Everything else that runs
between modules (views, slices, products with numbers) passes on what it was given.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from cortexcnn.models.receptive_fields import Follower, ReceptiveField, address, tensors

__all__ = ["JOINTS", "OPERATIONS", "Node", "bottlenecks", "boxes", "follow"]

JOINTS = {"add": "+", "sub": "−", "rsub": "−", "mul": "×", "div": "÷", "cat": "‖", "stack": "‖", "copy": "‖"}
"""Signs of the operations that bring nodes together; others go by their name."""

OPERATIONS = {
    **dict.fromkeys(("relu", "hardtanh", "leaky_relu", "elu", "gelu", "silu", "mish", "sigmoid", "tanh"), "activation"),
    **dict.fromkeys(("hardsigmoid", "hardswish", "softplus", "_softmax", "_log_softmax"), "activation"),
    **dict.fromkeys(("max_pool2d_with_indices", "avg_pool2d", "_adaptive_avg_pool2d", "mean", "amax"), "pool"),
    **dict.fromkeys(("native_batch_norm", "native_layer_norm", "native_group_norm"), "normalisation"),
    **dict.fromkeys(("convolution", "addmm", "mm"), "other"),
}
"""Operations outside modules that are nodes by themselves, and of which kind."""


@dataclass(frozen=True)
class Node:
    """A layer, or an operation between layers, as it ran.

    Parameters
    ----------
    name : str
        A module's dotted name, with ``_1``, ``_2``, … for its second and later calls; an operation's name.
    shape : tuple of int
        Of its output for one image, the batch dimension included.
    field : ReceptiveField
        What its units see.
    inputs : tuple of str
        The nodes that it was computed from, in the order in which they were read.
    module : str
        The module's dotted name; empty for an operation and for the image.
    call : int
        Calls of the module before this one.
    kind, type : str
        Of an operation: one of :data:`cortexcnn.models.describe.KINDS`, and the sign or name that it goes by.
        Empty for modules.
    answers : tuple of str
        The modules around it whose answer it is, from the inside out.
    """

    name: str
    shape: tuple[int, ...]
    field: ReceptiveField
    inputs: tuple[str, ...]
    module: str = ""
    call: int = 0
    kind: str = ""
    type: str = ""
    answers: tuple[str, ...] = ()


def boxes(layers: Collection[str], depth: int | None = None) -> list[str]:
    """The modules that are nodes, when a network is unfolded to a depth.

    Parameters
    ----------
    layers : collection of str
        Dotted names of the modules that run.
    depth : int, optional
        How many names deep to unfold; by default as deep as modules go.

    Returns
    -------
    list of str
        None of them inside another; together they hold every module of ``layers`` that calls no others.

    Examples
    --------
    >>> boxes(["conv1", "layer1.0.conv1", "layer1.0.conv2", "layer1.0", "layer1", "fc"], 2)
    ['conv1', 'layer1.0', 'fc']
    """
    around = {part for name in layers for part in list(_outward(name))[:-1]}
    leaves = [name for name in layers if name not in around]
    if depth is None:
        return leaves
    known = set(layers)
    found = [
        next((part for k, part in enumerate(_outward(leaf), start=1) if k >= depth and part in known), leaf)
        for leaf in leaves
    ]
    return list(dict.fromkeys(found))


def follow(module: nn.Module, image: torch.Tensor, names: Collection[str]) -> list[Node]:
    """Run a module once and note which node was computed from which.

    Parameters
    ----------
    module : nn.Module
        Any network in evaluation mode; it is left as it was found.
    image : Tensor (1, channel, y, x)
        A square input, on the module's device.
    names : collection of str
        The modules that are nodes, none inside another, as :func:`boxes` chooses them.

    Returns
    -------
    list of Node
        The image first, then nodes in the order in which outputs were ready: each after all of its inputs.

    Examples
    --------
    >>> nodes = follow(nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU()), torch.zeros(1, 1, 8, 8), ["0", "1"])
    >>> [(node.name, node.inputs) for node in nodes]
    [('image', ()), ('0', ('image',)), ('1', ('0',))]
    """
    fields = Follower(image)
    sources = _Sources(image, fields, taken={name for name, _ in module.named_modules()})
    with sources.watching(module, names), torch.no_grad(), fields, sources:
        module(image)
    return [replace(node, answers=tuple(sources.answers.get(node.name, ()))) for node in sources.nodes]


def bottlenecks(nodes: Iterable[Node]) -> dict[str, list[str]]:
    """For each module those through whose output everything passes that it is computed from.

    Parameters
    ----------
    nodes : iterable of Node
        From :func:`follow`, each after all that lead to it.

    Returns
    -------
    dict of str to list of str
        Dotted names, in the order in which they run. A joint goes by the module whose answer it is; a node that is
        none, or a module that is called several times, is left out.
    """
    nodes = list(nodes)
    calls = Counter(node.module for node in nodes)
    through: dict[str, list[str]] = {}  # of each node, all nodes that nothing can go around
    found: dict[str, list[str]] = {}
    called: dict[str, str] = {}
    for node in nodes:
        ways = [through[name] for name in node.inputs]
        shared = [name for name in ways[0] if all(name in way for way in ways[1:])] if ways else []
        through[node.name] = [*shared, node.name]
        before = [called[name] for name in shared if name in called]
        for module in (node.module, *node.answers):
            if module:
                found[module] = before
        place = node.module if calls[node.module] == 1 else ""
        if place or node.answers:
            called[node.name] = place or node.answers[0]
    return found


class _Sources(TorchDispatchMode):
    """Carries from operation to operation which nodes each tensor was computed from.

    Inside a module that is a node, tensors carry all that they were computed from; what the module returns carries
    the module. Outside, an operation on tensors of several nodes is a node itself, so that each tensor has one.
    As in :class:`~cortexcnn.models.receptive_fields.Follower`, a storage that was written through one tensor is
    marked with a count, so that the others on it are known to be newer than they look.
    """

    def __init__(self, image: torch.Tensor, fields: Follower, *, taken: set[str]) -> None:
        super().__init__()
        self.fields = fields
        self.taken = taken
        self.calls: dict[str, int] = {}
        self.sources = WeakTensorKeyDictionary()
        self.written: dict[int, tuple[Any, tuple[str, ...], int]] = {}
        self.count = 0
        self.inside = False
        self.nodes: list[Node] = []
        self.answers: dict[str, list[str]] = {}
        self._label([image], self._note(self._free("image"), image, (), kind="image", type="image"))

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        schema = func._schema  # noqa: SLF001 (the only way to an operation's parameter names)
        name = schema.name.rpartition("::")[2].rstrip("_")
        arguments = dict(zip((argument.name for argument in schema.arguments), args, strict=False)) | (kwargs or {})
        written = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write]
        replaced = name == "copy" and _is_whole(arguments["self"])
        fresh = name.endswith("_like") or name.startswith("new_")
        found = () if fresh else self.of(arguments["src"] if replaced else arguments)
        result = func(*args, **(kwargs or {}))
        results = list(tensors(result))
        if found and results and not self.inside:
            found = self._joined(name, results[0], found)
        if found or written:
            self._label(results, found)
        for tensor in tensors([arguments.get(key) for key in written]):
            self._mark(tensor, found)
        return result

    def _joined(self, name: str, result: torch.Tensor, found: tuple[str, ...]) -> tuple[str, ...]:
        """What an operation between modules hands on: itself, where it is a node."""
        shown = name.strip("_").removeprefix("native_").removesuffix("_with_indices")
        if len(found) > 1:
            return self._note(self._free(shown), result, found, kind="joint", type=JOINTS.get(name, shown))
        if name in OPERATIONS:
            return self._note(self._free(shown), result, found, kind=OPERATIONS[name], type=shown)
        return found

    def of(self, values: Any) -> tuple[str, ...]:
        """The nodes that tensors were computed from, in their order, each once."""
        return tuple(dict.fromkeys(name for tensor in tensors(values) for name in self._of(tensor)))

    def _of(self, tensor: torch.Tensor) -> tuple[str, ...]:
        found, then = self.sources.get(tensor, ((), -1))
        _, newer, now = self._last_written(tensor)
        return newer if now > then else found

    def _last_written(self, tensor: torch.Tensor) -> tuple[Any, tuple[str, ...], int]:
        """A tensor's storage, what was last written to it, and when; never, where nothing was."""
        never = (None, (), -1)
        if not self.written or tensor.layout is not torch.strided:
            return never
        return self.written.get(address(tensor.untyped_storage()), never)

    def _label(self, results: Iterable[torch.Tensor], found: tuple[str, ...]) -> None:
        for tensor in results:
            self.sources[tensor] = (found, self.count)

    def _mark(self, tensor: torch.Tensor, found: tuple[str, ...]) -> None:
        """Whatever lies in this tensor's storage is now computed from these nodes."""
        self.count += 1
        storage = tensor.untyped_storage()  # kept, so that its address stays its own
        self.written[address(storage)] = (storage, found, self.count)

    def _note(self, name: str, result: torch.Tensor, inputs: tuple[str, ...], **what: Any) -> tuple[str, ...]:
        shape, field = tuple(result.shape), self.fields.field(result)
        self.nodes.append(Node(name=name, shape=shape, field=field, inputs=inputs, **what))
        return (name,)

    def _free(self, name: str, first: int = 0) -> str:
        """A name that no node has yet: name, name_1, name_2, …."""
        numbered = (f"{name}_{k}" if k else name for k in count(first))
        found = next(candidate for candidate in numbered if candidate not in self.taken)
        self.taken.add(found)
        return found

    @contextmanager
    def watching(self, module: nn.Module, names: Collection[str]) -> Iterator[None]:
        """For the length of a ``with`` block, what these modules return carries them."""
        handles = [handle for name in names for handle in self._watch(module.get_submodule(name), name)]
        for around in {part: None for name in names for part in list(_outward(name))[:-1]}:
            hook = partial(self._answered, around)
            handles.append(module.get_submodule(around).register_forward_hook(hook))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _answered(self, name: str, _module: nn.Module, _args: Any, output: Any) -> None:
        """Note whose answer the answer of a module around nodes is."""
        for answers in self.answers.values():
            if name in answers:
                answers.remove(name)  # of an earlier call
        for node in self.of(output):
            self.answers.setdefault(node, []).append(name)

    def _watch(self, module: nn.Module, name: str) -> list[Any]:
        before: list[tuple[dict[int, int], int]] = []

        def enter(_module: nn.Module, args: Any, kwargs: Any) -> None:
            before.append(({id(tensor): _version(tensor) for tensor in tensors([args, kwargs])}, self.count))
            self.inside = True

        def leave(_module: nn.Module, _args: Any, _kwargs: Any, output: Any) -> Any:
            self.inside = False
            given, then = before.pop()
            made = list(tensors(output))
            if not made:
                return None
            call = self.calls[name] = self.calls.get(name, -1) + 1
            label = name if call == 0 else self._free(name, call)
            found = self._note(label, made[0], self.of(made), module=name, call=call)
            if isinstance(output, torch.Tensor) and given.get(id(output)) == _version(output):
                # handed on untouched: a view of its own, so that what else was made of the input keeps its source
                output = output.view_as(output)
                made = [output]
            for tensor in made:
                if self._last_written(tensor)[2] > then:
                    self._mark(tensor, found)
            self._label(made, found)
            return output

        return [
            module.register_forward_pre_hook(enter, with_kwargs=True),
            module.register_forward_hook(leave, with_kwargs=True),
        ]


def _outward(name: str) -> Iterator[str]:
    """A module's name after those of the modules around it: a, a.b, a.b.c."""
    parts = name.split(".")
    return (".".join(parts[:k]) for k in range(1, len(parts) + 1))


def _version(tensor: torch.Tensor) -> int:
    """How often a tensor was written; tensors of ``torch.inference_mode`` don't count."""
    return -1 if tensor.is_inference() else tensor._version  # noqa: SLF001


def _is_whole(tensor: torch.Tensor) -> bool:
    return tensor.numel() * tensor.element_size() == tensor.untyped_storage().nbytes()
