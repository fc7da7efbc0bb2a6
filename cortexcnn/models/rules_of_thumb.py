"""Two rules of thumb for filter sizes and strides, held against any network.

Both come from looking at what the first winners of the ImageNet competition had learned: large first filters with a
large stride left dead filters and aliasing behind, smaller ones did not [1]_; small filters in a deep stack see as much
as large ones [2]_, as long as the stack is deep enough to see a good part of the image.

.. [1] Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV.
.. [2] Simonyan & Zisserman (2015), Very deep convolutional networks for large-scale image recognition, ICLR.
"""

from __future__ import annotations

from itertools import groupby, pairwise

import numpy as np
import xarray as xr

from cortexcnn.models.network import Network

__all__ = ["rules_of_thumb"]

_SIGNIFICANT = 0.5


def rules_of_thumb(network: Network, *, significant: float = _SIGNIFICANT) -> xr.Dataset:
    """Hold a network against the two rules.

    Filter sizes fall with depth while the receptive field of the last convolution covers a significant part of the
    image; and strides leave overlap between filters, so that no position is jumped over, or seen from one place alone.
    Pools without overlap (2 × 2 at stride 2) are common, and told, but break no rule.

    Parameters
    ----------
    network : Network
        Any. Filters of 1 × 1 have no size in space and are left out of the first rule.
    significant : float
        Share of the image's side that a significant part is, above 0.

    Returns
    -------
    Dataset (layer)
        For each convolution and each pooling layer with windows: ``size`` and ``stride`` (pixels of the map that it
        looks at, the larger of both directions), ``overlap`` (share of a window that the next one sees too; 0 or less
        is none), ``rf_share`` (receptive field over the image's side, at most 1) and ``kind``. Attributes:
        ``sizes_fall``, ``covers``, ``strides_overlap`` (1 kept, 0 broken) and ``report``, which says it in words and
        names the layers that break a rule.

    Raises
    ------
    ValueError
        If the network has no convolution, or the share makes no sense.

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> print(rules_of_thumb(load("alexnet", weights="none")).report)
    filter sizes fall with depth: kept (11, 5, 3, 3, 3)
    the last convolution sees a significant part of the image: kept (73 % of its side at features.10)
    strides leave overlap: kept (filters share 64 % or more)
    """
    if not 0 < significant <= 1:
        raise ValueError(f"a significant part of {significant}: a share of the image's side, above 0 and at most 1")
    layers = network.layers()
    modules = dict(network.module.named_modules())
    rows = []
    for name in layers["layer"].values.tolist():
        module, seen = modules[name], layers.sel(layer=name)
        if any(True for _ in module.children()) or not hasattr(module, "kernel_size"):
            continue
        size, stride = (int(np.max(getattr(module, what) or module.kernel_size)) for what in ("kernel_size", "stride"))
        rows.append(
            {
                "layer": name,
                "kind": "convolution" if any(True for _ in module.parameters()) else "pool",
                "size": size,
                "stride": stride,
                "overlap": 1 - stride / size,
                "rf_share": 1.0 if seen["whole_image"] else min(float(seen["rf_pixels"]) / network.eye.pixels, 1.0),
            }
        )
    convolutions = [row for row in rows if row["kind"] == "convolution"]
    if not convolutions:
        raise ValueError(f"{network.name} has no convolution: the rules are about filters")
    table = xr.Dataset(
        {key: ("layer", np.array([row[key] for row in rows])) for key in rows[0] if key != "layer"},
        {"layer": [row["layer"] for row in rows]},
    )
    sizes = [(row["layer"], row["size"]) for row in convolutions if row["size"] > 1]
    rising = [deep[0] for shallow, deep in pairwise(sizes) if deep[1] > shallow[1]]
    gaps = [row["layer"] for row in convolutions if row["stride"] >= max(row["size"], 2)]
    pools = [row["layer"] for row in rows if row["kind"] == "pool" and row["overlap"] <= 0]
    last = convolutions[-1]
    covers = last["rf_share"] >= significant
    listed = ", ".join(_runs([size for _, size in sizes]))
    least = min((row["overlap"] for row in convolutions if row["size"] > 1), default=0.0)
    part = f"{'kept' if covers else 'broken'} ({100 * last['rf_share']:.0f} % of its side at {last['layer']})"
    beside = f"; no overlap of pools at {', '.join(pools[:5])}{', …' if len(pools) > 5 else ''}" if pools else ""
    report = (
        f"filter sizes fall with depth: {_verdict(rising, f'({listed})')}",
        f"the last convolution sees a significant part of the image: {part}",
        f"strides leave overlap: {_verdict(gaps, f'(filters share {100 * least:.0f} % or more)')}{beside}",
    )
    return table.assign_attrs(
        sizes_fall=int(not rising), covers=int(covers), strides_overlap=int(not gaps), report="\n".join(report)
    )


def _verdict(broken: list[str], kept: str) -> str:
    """Kept, with what shows it, or the layers that break the rule."""
    if not broken:
        return f"kept {kept}"
    return f"broken by {', '.join(broken[:5])}{f' and {len(broken) - 5} more' if len(broken) > 5 else ''}"


def _runs(sizes: list[int]) -> list[str]:
    """Sizes as text, long runs of one number told by their length: ``3 (13 times)``."""
    runs = [(size, len(list(same))) for size, same in groupby(sizes)]
    return [f"{size} ({count} times)" if count > 3 else ", ".join([str(size)] * count) for size, count in runs]
