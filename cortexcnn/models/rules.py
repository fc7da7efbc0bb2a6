"""How each operation of a network passes geometry on: one small rule for each family of operations.

A rule takes a :class:`~cortexcnn.models.operation.Call` and returns the
:class:`~cortexcnn.models.geometry.Geometry` of the result (a list of them where the operation returns several
tensors). An operation without a rule may depend on everything that its inputs depend on: a safe superset, which the
layer table names.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from cortexcnn.models.geometry import Axis, Geometry, blend, fuse, mixed, regroup, union
from cortexcnn.models.operation import Call, Rule
from cortexcnn.models.space import adaptive, convolution, padded, pool, resized, selected, sliced

__all__ = ["RULES", "apply"]


def apply(call: Call) -> Geometry | list[Geometry] | None:
    """Geometry of the results of an operation: by its rule, torch's tag, else the safe superset; None for constants."""
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


def _fresh(_call: Call) -> None:
    """Made in the likeness of a tensor, of whatever shape, without looking at its values."""


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
        # a factor for each position: no crop has as many
        bound = "" if call.name not in ("bmm", "baddbmm") or not first.labels([0]) else "weights of its own everywhere"
        return replace(first, dims=(*first.dims[:-1], made), obstacle=first.obstacle or bound)
    if second is not None and call.name != "linear" and not second.labels([len(second.dims) - 2]):
        made = fuse([(None, call.shape[-2])])
        return replace(second, dims=(*second.dims[:-2], made, second.dims[-1]))
    return mixed(call.parts, call.shape, call.name)


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


def _named(rule: Rule, names: str) -> dict[str, Rule]:
    return dict.fromkeys(names.split(), rule)


RULES: dict[str, Rule] = {
    **_named(_pointwise, "hardswish relu6 prelu _prelu_kernel where rsub native_dropout fill zero masked_fill"),
    **_named(_same, "clone _to_copy detach alias lift_fresh contiguous expand channel_shuffle native_channel_shuffle"),
    **_named(_same, "zeros_like ones_like full_like empty_like rand_like randn_like"),
    **_named(_fresh, "new_zeros new_ones new_full new_empty new_empty_strided"),
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
    **_named(convolution, "convolution"),
    **_named(pool, "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices max_pool2d"),
    **_named(pool, "avg_pool1d avg_pool2d avg_pool3d"),
    **_named(padded, "constant_pad_nd reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d"),
    **_named(sliced, "slice"),
    **_named(selected, "select"),
    **_named(_pieces, "split split_with_sizes unbind"),
    **_named(_joined, "cat stack"),
    **_named(adaptive, "_adaptive_avg_pool2d adaptive_max_pool2d"),
    **_named(resized, "upsample_nearest2d upsample_bilinear2d"),
}
"""Operation → how it passes geometry on. A trailing underscore (in place) makes no difference."""
