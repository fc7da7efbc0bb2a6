"""How each operation of a network passes geometry on: one small rule for each family of operations.

A rule takes a :class:`Call` and returns the :class:`~cortexcnn.models.geometry.Geometry` of the result (a list of
them where the operation returns several tensors). An operation without a rule may depend on everything that its
inputs depend on: a safe superset, which the layer table names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cortexcnn.models.geometry import Axis, Geometry, blend, fuse, mixed, regroup, union

__all__ = ["RULES", "Call", "apply"]


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


Rule = Callable[[Call], Geometry | list[Geometry]]


def apply(call: Call) -> Geometry | list[Geometry]:
    """Geometry of the results of an operation: by its rule, by torch's tag, or the safe superset."""
    rule = RULES.get(call.name.rstrip("_") if call.name not in RULES else call.name)
    if rule is None:
        rule = _pointwise if call.pointwise else _unknown
    return rule(call)


def _unknown(call: Call) -> Geometry | list[Geometry]:
    found = [mixed(call.parts, shape, call.name) for shape in call.shapes]
    return found if len(found) > 1 else found[0]


def _pointwise(call: Call) -> Geometry:
    found = union(call.parts, call.shape, call.name)
    rank = len(found.dims)
    bound = any(
        size > 1 and found.labels([k + rank - len(shape)]) for shape in call.constants for k, size in enumerate(shape)
    )
    return replace(found, obstacle=found.obstacle or "a constant map of fixed size") if bound else found


def _same(call: Call) -> Geometry:
    return union([call.source], call.shape, call.name)


def _view(call: Call) -> Geometry:
    return regroup(call.source, call.shape, f"{call.name} that cuts the map")


def _restride(call: Call) -> Geometry:
    """``as_strided_`` with the shape that there was only changes the order in memory."""
    same = tuple(call.arguments["size"]) == tuple(call.arguments["self"].shape)
    return call.source if same and call.name == "as_strided_" else mixed(call.parts, call.shape, call.name)


def _copy(call: Call) -> Geometry:
    source = call.of(call.arguments["src"])
    return union([source], call.shape, call.name) if source else mixed(call.parts, call.shape, call.name)


def _permute(call: Call) -> Geometry:
    dims = call.source.dims
    order = list(range(len(dims)))
    if call.name == "permute":
        order = call.dims(call.arguments["dims"])
    else:
        a, b = call.dims([call.arguments.get("dim0", 0), call.arguments.get("dim1", -1)])
        order[a], order[b] = order[b], order[a]
    return replace(call.source, dims=tuple(dims[k] for k in order))


def _normalised(call: Call) -> Geometry:
    """Batch normalisation by stored statistics acts on each position by itself; by the batch's it does not."""
    trained = call.arguments.get("training", call.arguments.get("train", False))
    return mixed(call.parts, call.shape, call.name) if trained or len(call.parts) > 1 else call.source


def _layer_norm(call: Call) -> Geometry:
    rank = len(call.source.dims)
    return blend(call.source, range(rank - len(call.arguments["normalized_shape"]), rank), call.name)


def _along(call: Call) -> Geometry:
    """Softmax, cumulative sums: positions along one dimension are mixed, the shape stays."""
    return blend(call.source, call.dims(call.arguments["dim"]), call.name)


def _reduced(call: Call) -> Geometry:
    dims = call.dims(call.arguments.get("dim"))
    source = blend(call.source, dims, call.name)
    lost = source.labels(dims)
    axes = {label: axis.spread(1) if label in lost else axis for label, axis in source.axes.items()}
    keep = call.arguments.get("keepdim", False)
    kept = [
        tuple((label, 1) for label, _ in group if label and k in dims) if k in dims else group
        for k, group in enumerate(source.dims)
        if keep or k not in dims
    ]
    return replace(source, dims=tuple(kept), axes=axes)


def _product(call: Call) -> Geometry:
    """Matrix products with one constant factor: the dimension that is summed over must be no direction."""
    if len(call.parts) != 1:
        return mixed(call.parts, call.shape, call.name)
    names = {"addmm": ("mat1", "mat2"), "baddbmm": ("batch1", "batch2"), "linear": ("input", "weight")}
    left, right = names.get(call.name, ("self", "mat2"))
    first, second = call.of(call.arguments[left]), call.of(call.arguments[right])
    made = fuse([(None, call.shape[-1])])
    if first is not None and not first.labels([len(first.dims) - 1]):
        return replace(first, dims=(*first.dims[:-1], made))
    if second is not None and call.name != "linear" and not second.labels([len(second.dims) - 2]):
        made = fuse([(None, call.shape[-2])])
        return replace(second, dims=(*second.dims[:-2], made, second.dims[-1]))
    return mixed(call.parts, call.shape, call.name)


def _convolution(call: Call) -> Geometry:
    source, given = call.source, call.arguments
    if len(call.parts) > 1 or source.labels([0, 1]):
        return mixed(call.parts, call.shape, call.name)
    kernel = given["weight"].shape[2:]
    sliding = [_each(given[name], len(kernel)) for name in ("stride", "padding", "dilation")]
    along = _transposed if given["transposed"] else Axis.slide
    found = _slide(call, source, along, [list(kernel), *sliding])
    if given["transposed"]:
        found = replace(found, obstacle=found.obstacle or "convolution, transposed")
    return replace(found, dims=(found.dims[0], fuse([(None, call.shape[1])]), *found.dims[2:]))


def _pool(call: Call) -> Geometry:
    given = call.arguments
    count = int(call.name.split("pool")[1][0])
    kernel = _each(given["kernel_size"], count)
    window = [kernel, given["stride"] or kernel, given["padding"], given.get("dilation", 1)]
    return _slide(call, call.source, Axis.slide, [_each(value, count) for value in window])


def _slide(call: Call, source: Geometry, along: Callable[..., Axis], window: list[list[int]]) -> Geometry:
    """Slide windows (kernel, stride, padding, dilation) over the last dimensions of a tensor."""
    dims, axes = list(source.dims), dict(source.axes)
    count = len(window[0])
    if len(dims) < count:
        return mixed(call.parts, call.shape, call.name)
    for k, (kernel, stride, padding, dilation) in enumerate(zip(*window, strict=True), start=len(dims) - count):
        size = call.shape[k]
        labels = source.labels([k])
        if not labels:
            dims[k] = fuse([(None, size)])
        elif len(dims[k]) == 1:
            (label,) = labels
            axes[label] = along(axes[label], size, kernel=kernel, stride=stride, padding=padding, dilation=dilation)
            dims[k] = ((label, size),)
        elif (kernel, stride, padding) != (1, 1, 0):
            return mixed(call.parts, call.shape, call.name)
    return replace(source, dims=tuple(dims), axes=axes)


def _transposed(axis: Axis, positions: int, *, kernel: int, stride: int, padding: int, dilation: int) -> Axis:
    reach = (np.arange(positions) + padding)[:, None] - dilation * np.arange(kernel)
    return axis.gather(reach // stride, reach % stride == 0)


def _retap(call: Call, source: Geometry, dim: int, taps: np.ndarray, *, affine: Any, obstacle: str) -> Geometry:
    """Position i along a dimension now depends on the positions ``taps[i]`` that there were."""
    group = source.dims[dim]
    labels = source.labels([dim])
    if not labels:
        group = fuse([(None, len(taps))])
        return replace(source, dims=(*source.dims[:dim], group, *source.dims[dim + 1 :]))
    if len(group) > 1:
        return mixed(call.parts, call.shape, call.name)
    (label,) = labels
    axes = {**source.axes, label: source.axes[label].gather(taps, affine=affine)}
    dims = (*source.dims[:dim], ((label, len(taps)),), *source.dims[dim + 1 :])
    return replace(source, dims=dims, axes=axes, obstacle=source.obstacle or obstacle)


def _chain(call: Call, steps: Iterable[tuple[int, Callable[[int, Any], tuple]]], obstacle: str = "") -> Geometry:
    """Several dimensions in turn; a step makes (taps, affine) from the length and the affine form of a dimension."""
    found = call.source
    for dim, step in steps:
        labels = found.labels([dim])
        axis = found.axes[next(iter(labels))] if labels else None
        size = call.arguments["self"].shape[dim]
        taps, affine = step(size, axis.affine if axis else None)
        found = _retap(call, found, dim, taps, affine=affine, obstacle=obstacle)
    return found


def _padded(call: Call) -> Geometry:
    pad = list(call.arguments.get("pad") or call.arguments["padding"])
    how: Any = {"reflection": "reflect", "replication": "edge"}.get(call.name.split("_")[0])

    def step(before: int, after: int) -> Callable[[int, Any], tuple]:
        def taps(size: int, affine: Any) -> tuple:
            inside = np.arange(size)
            positions = np.pad(inside, (before, after), mode=how) if how else np.arange(-before, size + after)
            return positions[:, None], _shift(affine, -before)

        return taps

    rank = len(call.source.dims)
    sides = zip(pad[::2], pad[1::2], strict=True)
    return _chain(call, [(rank - 1 - k, step(before, after)) for k, (before, after) in enumerate(sides)])


def _slice(call: Call) -> Geometry:
    given = call.arguments
    (dim,) = call.dims(given["dim"])
    size = given["self"].shape[dim]
    first, last, step = slice(given["start"], given["end"], given["step"]).indices(size)
    start, end = given["start"] or 0, given["end"]
    bound = start < 0 or (end is not None and 0 <= end < size)  # counted from the other border: wrong in a crop
    return _chain(
        call,
        [(dim, lambda _, affine: (np.arange(first, last, step)[:, None], _shift(affine, first, step)))],
        "slice of fixed end" if bound else "",
    )


def _select(call: Call) -> Geometry:
    (dim,) = call.dims(call.arguments["dim"])
    source = call.source
    labels = source.labels([dim])
    if labels:
        if len(source.dims[dim]) > 1:
            return mixed(call.parts, call.shape, call.name)
        (label,) = labels
        size = len(source.axes[label])
        source = _retap(call, source, dim, np.array([[call.arguments["index"] % size]]), affine=None, obstacle="select")
    return replace(source, dims=source.dims[:dim] + source.dims[dim + 1 :])


def _pieces(call: Call) -> list[Geometry]:
    (dim,) = call.dims(call.arguments["dim"])
    source = call.source
    if source.labels([dim]):
        return [mixed(call.parts, shape, call.name) for shape in call.shapes]
    before, after = source.dims[:dim], source.dims[dim + 1 :]
    if call.name == "unbind":
        return [replace(source, dims=(*before, *after)) for _ in call.shapes]
    return [replace(source, dims=(*before, fuse([(None, shape[dim])]), *after)) for shape in call.shapes]


def _joined(call: Call) -> Geometry:
    """Concatenation: of channels the union, of space the positions one after the other; ``stack`` adds a dimension."""
    tensors = [tensor for tensor in call.arguments["tensors"] if tensor.numel()]
    rank = len(call.shape)
    dim = call.arguments["dim"] % rank
    parts = call.parts
    if call.name == "stack":
        found = union(parts, call.shape[:dim] + call.shape[dim + 1 :], call.name)
        return replace(found, dims=(*found.dims[:dim], fuse([(None, call.shape[dim])]), *found.dims[dim:]))
    if not any(part.labels([dim]) for part in parts):
        # each part without the joined dimension, their union, and the joined dimension back
        bare = [replace(part, dims=(*part.dims[:dim], (), *part.dims[dim + 1 :])) for part in parts]
        found = union(bare, (*call.shape[:dim], 1, *call.shape[dim + 1 :]), call.name)
        found = replace(found, dims=(*found.dims[:dim], fuse([(None, call.shape[dim])]), *found.dims[dim + 1 :]))
        bound = any(
            size > 1 and k != dim and found.labels([k]) for shape in call.constants for k, size in enumerate(shape)
        )
        return replace(found, obstacle=found.obstacle or "a constant map of fixed size") if bound else found
    geometries = [call.of(tensor) for tensor in tensors]
    known = [geometry for geometry in geometries if geometry is not None]
    if len(known) < len(geometries) or len({geometry.dim_of("y") == dim for geometry in known}) > 1:
        return mixed(parts, call.shape, call.name)
    return _appended(call, known, dim)


def _appended(call: Call, parts: list[Geometry], dim: int) -> Geometry:
    """Maps laid one after the other along a direction of the image."""
    label = next((label for label in ("y", "x") if all(part.dim_of(label) == dim for part in parts)), None)
    if label is None:
        return mixed(parts, call.shape, call.name)
    placeholder = {label: Axis(np.zeros(1, dtype=int), np.zeros(1, dtype=int), None)}
    bare = [
        replace(part, dims=(*part.dims[:dim], (), *part.dims[dim + 1 :]), axes={**part.axes, **placeholder})
        for part in parts
    ]
    found = union(bare, (*call.shape[:dim], 1, *call.shape[dim + 1 :]), "cat along the map")
    axis = Axis(
        np.concatenate([part.axes[label].lowest for part in parts]),
        np.concatenate([part.axes[label].highest for part in parts]),
        None,
    )
    dims = (*found.dims[:dim], ((label, call.shape[dim]),), *found.dims[dim + 1 :])
    return replace(found, dims=dims, axes={**found.axes, label: axis})


def _adaptive(call: Call) -> Geometry:
    """Bins of an adaptive pool; a crop would be cut into other bins, so it always needs the whole image."""
    count = int(call.name.split("pool")[1][0])
    rank = len(call.source.dims)

    def bins(out: int) -> Callable[[int, Any], tuple]:
        def taps(size: int, affine: Any) -> tuple:
            first = np.arange(out) * size // out
            last = -(-(np.arange(out) + 1) * size // out)
            reach = first[:, None] + np.arange((last - first).max())
            return np.where(reach < last[:, None], reach, -1), affine if out == size else None

        return taps

    return _chain(call, [(k, bins(call.shape[k])) for k in range(rank - count, rank)], call.name.lstrip("_"))


def _resized(call: Call) -> Geometry:
    """Nearest and bilinear enlargement; the stride between positions is no whole number afterwards."""
    given, linear = call.arguments, "bilinear" in call.name
    corners = given.get("align_corners", False)

    def step(out: int, factor: float | None) -> Callable[[int, Any], tuple]:
        def taps(size: int, affine: Any) -> tuple:
            scale = 1 / factor if factor else size / out
            where = np.arange(out) * ((size - 1) / max(out - 1, 1) if corners else scale)
            if linear and not corners:
                where = np.maximum(where + scale / 2 - 0.5, 0)
            first = np.minimum(np.floor(where).astype(int), size - 1)
            second = np.minimum(np.where(where > first, first + 1, first), size - 1) if linear else first
            return np.stack([first, second], axis=1), affine if out == size else None

        return taps

    factors = [given.get("scales_h"), given.get("scales_w")]
    steps = [(2 + k, step(call.shape[2 + k], factors[k])) for k in range(2)]
    return _chain(call, steps, call.name)


def _shift(affine: tuple[int, int, int] | None, positions: int, step: int = 1) -> tuple[int, int, int] | None:
    """The affine form whose position 0 is the position ``positions`` that there was."""
    return None if affine is None else (affine[0], affine[1] * step, affine[2] + affine[1] * positions)


def _each(value: int | Sequence[int], count: int) -> list[int]:
    values = [value] if isinstance(value, int) else list(value)
    return values * count if len(values) == 1 else values


def _named(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: dict[str, Rule] = {
    **_named(_pointwise, "hardswish relu6 prelu _prelu_kernel where rsub native_dropout fill masked_fill"),
    **_named(_same, "clone _to_copy detach alias lift_fresh contiguous expand channel_shuffle native_channel_shuffle"),
    **_named(_same, "zeros_like ones_like full_like empty_like rand_like randn_like"),
    **_named(_view, "view _unsafe_view reshape _reshape_alias unsqueeze squeeze flatten unflatten"),
    **_named(_restride, "as_strided as_strided_"),
    **_named(_copy, "copy"),
    **_named(_permute, "permute transpose t"),
    **_named(_normalised, "native_batch_norm _native_batch_norm_legit _native_batch_norm_legit_no_training"),
    **_named(_normalised, "cudnn_batch_norm miopen_batch_norm _batch_norm_with_update _batch_norm_no_update"),
    **_named(_layer_norm, "native_layer_norm"),
    **_named(_along, "_softmax _log_softmax softmax log_softmax cumsum cumprod"),
    **_named(_reduced, "mean sum amax amin max min var std prod argmax argmin any all logsumexp linalg_vector_norm"),
    **_named(_product, "mm addmm bmm baddbmm linear"),
    **_named(_convolution, "convolution"),
    **_named(_pool, "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices max_pool2d"),
    **_named(_pool, "avg_pool1d avg_pool2d avg_pool3d"),
    **_named(_padded, "constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d"),
    **_named(_slice, "slice"),
    **_named(_select, "select"),
    **_named(_pieces, "split split_with_sizes unbind"),
    **_named(_joined, "cat stack"),
    **_named(_adaptive, "_adaptive_avg_pool2d adaptive_max_pool2d"),
    **_named(_resized, "upsample_nearest2d upsample_bilinear2d"),
}
"""Operation → how it passes geometry on. A trailing underscore (in place) makes no difference."""
