"""A network behind its Eye: the one object that the electrode records from.

A :class:`Network` never changes the module that it was given, except that it puts it in evaluation mode.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from cortexcnn.arrays import content_hash
from cortexcnn.models.describe import describe
from cortexcnn.models.eye import Eye
from cortexcnn.models.graph import Node, bottlenecks, boxes, follow
from cortexcnn.models.receptive_fields import ReceptiveField, Trace, trace
from cortexcnn.screen import Screen

__all__ = ["Network", "wrap"]


class Network:
    """A module in evaluation mode, the Eye in front of it, and what its layers see.

    Parameters
    ----------
    module : nn.Module
        Takes (row, channel, y, x) as the eye makes it. It is put in evaluation mode and otherwise left alone.
    eye : Eye
        Turns luminance into the module's input.
    name : str
        What results call it.
    weights : str
        What weights it bears: "default", "none", a file's name.
    random : sequence of str
        Names of parameters and buffers that are random although the weights were to be loaded.

    Notes
    -----
    What the layers see is found by one forward pass on the first question about a layer, and kept: it follows from
    the module's code and the eye's size, not from the weights. Load or wrap the module again after changing it.

    Examples
    --------
    >>> module = nn.Sequential(nn.Conv2d(1, 4, 5, stride=2), nn.ReLU(), nn.MaxPool2d(2))
    >>> network = Network(module, Eye(channels=1, pixels=32, degrees=4), name="mine")
    >>> network
    Network mine, weights as given: 1 × 32 × 32 pixels spanning 4 degrees, on cpu
    >>> network.layers().rf_pixels.values
    array([5, 5, 7])
    >>> network.receptive_field("2").window(0, 1)
    Window(top=0, bottom=7, left=4, right=11)
    """

    def __init__(
        self, module: nn.Module, eye: Eye, *, name: str, weights: str = "as given", random: tuple[str, ...] = ()
    ) -> None:
        if not isinstance(module, nn.Module):
            raise TypeError(f"a network wraps a torch.nn.Module; got {type(module).__name__}")
        if not isinstance(eye, Eye):
            raise TypeError(f"a network needs an Eye; got {type(eye).__name__}: state Eye(channels=…, mean=…, …)")
        self.name = name
        self.module = module.eval()
        self.eye = eye
        self.weights = weights
        self.random = tuple(random)
        self._layers: dict[str, Trace] | None = None
        self._bottlenecks: dict[str, list[str]] | None = None
        self._layout = torch.contiguous_format

    def __repr__(self) -> str:
        eye = self.eye
        return (
            f"Network {self.name}, weights {self.weights}: {eye.channels} × {eye.pixels} × {eye.pixels} pixels "
            f"spanning {eye.degrees:g} degrees, on {self.device}"
        )

    def __call__(self, luminance: torch.Tensor) -> Any:
        """The module's answer to luminance (row, channel, y, x), brought to its device and dtype."""
        image = self.eye(luminance.to(self.device, self.dtype))
        return self.module(image.contiguous(memory_format=self._layout))

    @property
    def screen(self) -> Screen:
        """The screen that fills the network's view."""
        return self.eye.screen

    @property
    def device(self) -> torch.device:
        """Where the module's parameters are."""
        return next((tensor.device for tensor in self._tensors()), torch.device("cpu"))

    @property
    def dtype(self) -> torch.dtype:
        """Floating-point type of the module's parameters."""
        return next((tensor.dtype for tensor in self._tensors() if tensor.is_floating_point()), torch.float32)

    def _tensors(self) -> Any:
        yield from self.module.parameters()
        yield from self.module.buffers()

    def layers(self) -> xr.Dataset:
        """The table of layers: every named module that runs, in the order in which outputs are ready.

        Returns
        -------
        Dataset (layer)
            ``layer`` is the module's dotted name. ``type``; ``output_shape`` (text, e.g. "64×55×55"); ``channels``,
            ``rows``, ``columns`` of the map; ``parameters`` (with those inside); ``calls`` (a module that is called
            several times is known by its last call); ``random`` (its answer hangs on random weights);
            ``whole_image`` (no window can be used) and ``whole_image_reason``. The receptive field before the
            image's border cuts it: ``rf_pixels`` (the larger of ``rf_height`` and ``rf_width``), ``rf_stride_pixels``
            (vertical; 0 where there is none), ``rf_degrees``, ``rf_stride_degrees``, and the centre of the central
            unit's, ``rf_x`` and ``rf_y`` in degrees. ``unseen_rows`` and ``unseen_columns``: pixels along the image's
            borders that no unit sees, because a filter does not fit evenly.
        """
        traces = self._traced()
        rows = [self._row(name, seen) for name, seen in traces.items()]
        columns = {key: ("layer", np.array([row[key] for row in rows])) for key in rows[0]}
        table = xr.Dataset(columns, {"layer": list(traces)})
        table["random"] = ("layer", self._hang_on_random(list(traces)))
        return table.assign_attrs(model=self.name, weights=self.weights, degrees=self.eye.degrees,
                                  pixels=self.eye.pixels)  # fmt: skip

    def graph(self, depth: int | None = None) -> xr.Dataset:
        """Which layer is computed from which: every module that runs, and the operations that bring several together.

        Parameters
        ----------
        depth : int, optional
            How many names deep to unfold: at 1 ``layer1.0.conv1`` lies folded in ``layer1``, at 2 in ``layer1.0``. By
            default every module that calls no others is a node of its own.

        Returns
        -------
        Dataset (node, edge)
            Each edge leads from the node ``source`` to the node ``target``, a target's edges in the order in which it
            reads them; each node stands after all that lead to it. ``node`` is "image", a module's dotted name (with
            ``_1``, ``_2``, … for its second and later calls), or an operation's name. ``kind`` is one of
            :data:`cortexcnn.models.describe.KINDS` ("block" for what is folded, "joint" for operations on several
            nodes); ``type`` the module's class, or the joint's sign ("+", "‖" for concatenation);
            ``module`` the module's dotted name, empty for operations; ``call`` the calls of it before this one;
            ``answers`` the modules around it whose answer it is, with commas between them.
            ``output_shape``, ``channels``, ``rows``, ``columns``, ``parameters``, ``whole_image``, ``rf_pixels``,
            ``rf_stride_pixels`` and ``rf_degrees`` as in :meth:`layers`, but of this very call. Filters: ``filters``
            and ``groups`` (0 where there are none), ``kernel``, ``stride``, ``padding``, ``dilation`` (text, empty
            where there are none); a block has those of its only convolution, else ``contents`` counts what it holds.

        Raises
        ------
        ValueError
            If the depth is less than 1.

        Examples
        --------
        >>> module = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2))
        >>> graph = Network(module, Eye(channels=1, pixels=16), name="mine").graph()
        >>> list(zip(graph.source.values.tolist(), graph.target.values.tolist()))
        [('image', '0'), ('0', '1'), ('1', '2')]
        >>> graph.kind.values.tolist()
        ['image', 'convolution', 'activation', 'pool']
        """
        if depth is not None and depth < 1:
            raise ValueError(f"depth {depth}: a network unfolds to a depth of 1 or more, or wholly (None)")
        layers = list(self._traced())
        nodes = follow(self.module, self._blank(), boxes(layers, depth))
        rows = [self._node_row(node, layers) for node in nodes]
        edges = np.array([(source, node.name) for node in nodes for source in node.inputs], dtype=str).reshape(-1, 2)
        columns = {key: ("node", np.array([row[key] for row in rows])) for key in rows[0]}
        table = xr.Dataset(columns, {"node": [node.name for node in nodes]})
        table["source"], table["target"] = ("edge", edges[:, 0]), ("edge", edges[:, 1])
        parameters = sum(parameter.numel() for parameter in self.module.parameters())
        return table.assign_attrs(model=self.name, weights=self.weights, degrees=self.eye.degrees,
                                  pixels=self.eye.pixels, parameters=parameters)  # fmt: skip

    def receptive_field(self, layer: str) -> ReceptiveField:
        """What the units of a layer see of the image.

        Parameters
        ----------
        layer : str
            Dotted name of a module, as in :meth:`layers`.

        Returns
        -------
        ReceptiveField
            Exact, for the eye's size of image.

        Raises
        ------
        ValueError
            If there is no such layer: names the nearest.
        """
        return self._traced()[self.resolve(layer)].field

    def bottlenecks(self, layer: str) -> list[str]:
        """Modules through whose output everything passes that a layer is computed from.

        Parameters
        ----------
        layer : str
            Dotted name of a module, as in :meth:`layers`.

        Returns
        -------
        list of str
            In the order in which they run, the layer itself left out. Modules that are called several times are no
            such place, nor are those of which a part is read by another way.

        Raises
        ------
        ValueError
            If there is no such layer: names the nearest.

        Examples
        --------
        >>> module = nn.Sequential(nn.Conv2d(1, 4, 5), nn.ReLU(), nn.MaxPool2d(2))
        >>> Network(module, Eye(channels=1, pixels=16), name="mine").bottlenecks("2")
        ['0', '1']
        """
        name = self.resolve(layer)
        if self._bottlenecks is None:
            self._bottlenecks = bottlenecks(follow(self.module, self._blank(), boxes(list(self._traced()))))
        return self._bottlenecks.get(name, [])

    def module_of(self, layer: str) -> nn.Module:
        """The module of a layer, by the name that :meth:`resolve` accepts."""
        return self.module.get_submodule(self.resolve(layer))

    def resolve(self, layer: str) -> str:
        """The dotted module name of a layer.

        Parameters
        ----------
        layer : str
            A module's dotted name; or a node of torchvision's feature extraction that is the answer of a module
            ("layer1.0.relu_1" for the second and last call of layer1.0.relu, "layer1_0_conv1").

        Returns
        -------
        str
            The name as :meth:`layers` lists it.

        Raises
        ------
        ValueError
            If there is no such layer.
        """
        traces = self._traced()
        if layer in traces:
            return layer
        flat = [name for name in traces if name.replace(".", "_") == layer]
        if len(flat) == 1:
            return flat[0]
        module, _, call = layer.rpartition("_")
        if module in traces and call.isdigit():
            if int(call) == traces[module].calls - 1:
                return module
            raise ValueError(
                f"{layer} is call {call} of {module}, which runs {traces[module].calls} times; "
                f"only its last call can be recorded: {module}"
            )
        raise ValueError(self._unknown(layer, list(traces)))

    def _unknown(self, layer: str, names: list[str]) -> str:
        if layer in dict(self.module.named_modules()):
            return (
                f"{layer or 'the module itself'} never runs in {self.name}, or returns no tensor: choose another layer"
            )
        owner = layer.rpartition(".")[0]
        if owner in names:
            inside = [name for name in names if name.startswith(f"{owner}.")]
            return (
                f"no layer named {layer!r}: it is no module of {self.name} (a node of the graph can't be recorded); "
                f"{owner} itself and {_listed(inside)} can"
            )
        near = get_close_matches(layer, names, n=5, cutoff=0.5)
        return f"no layer named {layer!r}; {self.name} has {_listed(near or names)}"

    def hashes(self) -> dict[str, str]:
        """Content hashes for results: ``weights_hash`` and ``eye_hash``.

        Returns
        -------
        dict of str
            The first covers the architecture as the module prints itself and every entry of its state dict, the
            second everything that the eye does.
        """
        state = {name: _array(tensor) for name, tensor in self.module.state_dict().items()}
        return {"weights_hash": content_hash(repr(self.module), state), "eye_hash": self.eye.hash()}

    def _traced(self) -> dict[str, Trace]:
        if self._layers is None:
            side, image = self.eye.pixels, self._blank()
            try:
                layers = trace(self.module, image)
            except (RuntimeError, ValueError, TypeError, IndexError) as error:
                raise ValueError(
                    f"{self.name} can't take what its eye makes, 1 × {self.eye.channels} × {side} × {side}: {error}; "
                    "state the right Eye(channels=…, pixels=…)"
                ) from error
            if not layers:
                raise ValueError(f"{self.name} has no named modules inside: wrap it in nn.Sequential")
            self._layers = layers
            self._layout = _quickest_layout(self.module, image)
        return self._layers

    def _blank(self) -> torch.Tensor:
        side = self.eye.pixels
        return torch.zeros(1, self.eye.channels, side, side, device=self.device, dtype=self.dtype)

    def _node_row(self, node: Node, layers: list[str]) -> dict[str, Any]:
        field = node.field
        module = self.module.get_submodule(node.module) if node.module else nn.Module()
        inside = boxes([name for name in layers if node.module and name.startswith(f"{node.module}.")])
        row = describe(module, [self.module.get_submodule(name) for name in inside])
        if not node.module:
            row |= {"kind": node.kind, "type": node.type}
        return row | {
            "module": node.module,
            "answers": ",".join(node.answers),
            "call": node.call,
            "output_shape": "×".join(str(size) for size in node.shape[1:]),
            "channels": field.channels,
            "rows": field.rows,
            "columns": field.columns,
            "whole_image": field.whole_image,
            "rf_pixels": max(field.size),
            "rf_stride_pixels": field.stride[0],
            "rf_degrees": max(field.size) / self.screen.pixels_per_degree,
        }

    def _row(self, name: str, seen: Trace) -> dict[str, Any]:
        field, screen = seen.field, self.screen
        module = self.module.get_submodule(name)
        row, column = field.centre(field.rows // 2, field.columns // 2)
        return {
            "type": type(module).__name__,
            "output_shape": "×".join(str(size) for size in seen.shape[1:]),
            "channels": field.channels,
            "rows": field.rows,
            "columns": field.columns,
            "parameters": sum(parameter.numel() for parameter in module.parameters()),
            "calls": seen.calls,
            "whole_image": field.whole_image,
            "whole_image_reason": field.reason,
            "rf_pixels": max(field.size),
            "rf_height": field.size[0],
            "rf_width": field.size[1],
            "rf_stride_pixels": field.stride[0],
            "rf_x": float(screen.x(column)),
            "rf_y": float(screen.y(row)),
            "rf_degrees": max(field.size) / screen.pixels_per_degree,
            "rf_stride_degrees": field.stride[0] / screen.pixels_per_degree,
            "unseen_rows": _unseen(field, 0, screen.pixels),
            "unseen_columns": _unseen(field, 1, screen.pixels),
        }

    def _hang_on_random(self, names: list[str]) -> np.ndarray:
        """Which layers may hang on random weights: all that are ready once the first module with such has run."""
        owners = {name.rpartition(".")[0] for name in self.random}
        if "" in owners:
            return np.full(len(names), True)
        # a module whose weights are used without its being called counts as the module around it
        running = {next((n for n in _outward(owner) if n in names), None) for owner in owners}
        first = next((k for k, name in enumerate(names) if name in running), len(names))
        return np.arange(len(names)) >= first


def wrap(module: nn.Module, eye: Eye, *, name: str) -> Network:
    """Put a module of one's own behind an Eye.

    Parameters
    ----------
    module : nn.Module
        Any network that takes images (row, channel, y, x). It is put in evaluation mode.
    eye : Eye
        What it was trained on.
    name : str
        What results call it.

    Returns
    -------
    Network
        Ready for the electrode.

    Examples
    --------
    >>> wrap(nn.Sequential(nn.Conv2d(1, 4, 5)), Eye(channels=1, pixels=16), name="mine").layers().output_shape.values
    array(['4×12×12'], dtype='<U7')
    """
    return Network(module, eye, name=name)


def _quickest_layout(module: nn.Module, image: torch.Tensor) -> torch.memory_format:
    """How images should lie in memory: convolutions on a CPU run up to 2.5 times as fast with channels last.

    Not where there is but one convolution, as in transformers, nor where the module insists on the other layout.
    """
    if image.device.type != "cpu" or sum(isinstance(part, nn.Conv2d) for part in module.modules()) < 2:
        return torch.contiguous_format
    try:
        with torch.no_grad():
            module(image.contiguous(memory_format=torch.channels_last))
    except RuntimeError:  # a view of what is not laid out as it expects
        return torch.contiguous_format
    return torch.channels_last


def _unseen(field: ReceptiveField, axis: int, pixels: int) -> int:
    return pixels - 1 - int(field.highest[axis].max()) + int(field.lowest[axis].min())


def _outward(name: str) -> list[str]:
    """A module's name and those of the modules around it: a.b.c, a.b, a."""
    parts = name.split(".")
    return [".".join(parts[:k]) for k in range(len(parts), 0, -1)]


def _array(tensor: torch.Tensor) -> np.ndarray:
    tensor = tensor.detach().cpu()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)  # the same bits, in a type that numpy knows
    return tensor.numpy()


def _listed(names: list[str], most: int = 8) -> str:
    return ", ".join(names[:most]) + (f", … ({len(names)} in all)" if len(names) > most else "")
