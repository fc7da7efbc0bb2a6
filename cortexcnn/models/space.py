"""Rules of the operations that move positions about in the image: windows, paddings, slices, bins, enlargements."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from cortexcnn.models.geometry import Axis, Geometry, fuse, mixed
from cortexcnn.models.operation import Call

__all__ = ["adaptive", "convolution", "padded", "pool", "resized", "selected", "sliced"]


def convolution(call: Call) -> Geometry:
    """Any number of groups, any dilation; transposed ones have no stride that a window could follow."""
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


def pool(call: Call) -> Geometry:
    """Maximum and average pools, with whatever size of map they chose."""
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


def padded(call: Call) -> Geometry:
    """Constant padding depends on nothing, reflected and repeated padding on the pixels that it shows again."""
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


def sliced(call: Call) -> Geometry:
    """Every ``step``-th position from ``start`` on; an end of its own would be another one in a crop."""
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


def selected(call: Call) -> Geometry:
    """One position along a dimension, which goes."""
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


def adaptive(call: Call) -> Geometry:
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


def resized(call: Call) -> Geometry:
    """Nearest and bilinear enlargement; the stride between positions is no whole number afterwards."""
    given, linear = call.arguments, "bilinear" in call.name
    corners = given.get("align_corners", False)

    def step(out: int, factor: float | None) -> Callable[[int, Any], tuple]:
        def taps(size: int, affine: Any) -> tuple:
            scale = 1 / factor if factor else size / out
            where = np.arange(out) * ((size - 1) / max(out - 1, 1) if corners else scale)
            if linear and not corners:
                where = np.maximum(where + scale / 2 - 0.5, 0)
            where = np.round(where, 9)  # a position that is a whole number takes nothing from its neighbour
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
