"""RDMs of whole layers while they are recorded: every unit goes in, and no table of responses is ever held.

A layer of AlexNet has 193,600 units: the RDM of 10,000 stimuli takes 0.8 GB, their responses 7.7 GB. Here some response
patterns are held at a time, as many as are allowed, and each that comes is multiplied with those and let go
(:mod:`cortexcnn.similarity.rdms.tiles`). Where all patterns fit, the stimuli are shown once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.choices import chosen
from cortexcnn.models import Network
from cortexcnn.recording import stream
from cortexcnn.similarity import DISSIMILARITIES
from cortexcnn.similarity.rdms.dissimilarity import finished
from cortexcnn.similarity.rdms.tiles import Moments, Tiles, showings
from cortexcnn.stimuli import times

__all__ = ["stream_rdms"]


def stream_rdms(
    network: Network,
    stimuli: xr.Dataset,
    *,
    layers: Sequence[str],
    units: str = "all",
    method: str = "correlation",
    zscore: bool = False,
    memory: int = 2**30,
    batch: int | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """An RDM of each layer from all of its units, computed while they are recorded.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``wrap``.
    stimuli : Dataset (stimulus)
        What is shown; none of it moves.
    layers : sequence of str
        Names of layers.
    units : {"all", "centre", "mean"}
        As of :func:`cortexcnn.record`.
    method : {"correlation", "cosine", "euclidean", "squared euclidean"}
        As of :func:`cortexcnn.rdm`.
    zscore : bool
        First z-score each unit over the stimuli, and leave out those that do not vary. The stimuli are shown once more
        for the means and standard deviations.
    memory : int
        Bytes for the response patterns that are held. With room for b of n stimuli, n (n / b + 1) / 2 are shown in
        all: allow as much as there is.
    batch : int, optional
        Images at once, as of :func:`cortexcnn.record`.
    progress : bool
        Whether to show a bar for each showing.

    Returns
    -------
    DataArray (layer, stimulus, stimulus2)
        As ``rdm(record(network, stimuli, layers=layers, units="all"), by="layer")``, to rounding.

    Raises
    ------
    ValueError
        If there is no such layer or method, stimuli move, or a pattern has no direction: names the stimuli.
    MemoryError
        If ``memory`` does not hold two patterns.

    Examples
    --------
    >>> from cortexcnn import load, sweep
    >>> gratings = sweep("grating", orientation=range(0, 180, 30), spatial_frequency=2)
    >>> stream_rdms(load("cortexnet"), gratings, layers=["relu1", "relu2"], progress=False).units.values
    array([32768, 16384])
    """
    measure = chosen(DISSIMILARITIES, method, what="dissimilarity")
    if measure.crossvalidated or measure.noise:
        raise ValueError(
            f"{method} needs repeats, and a network answers alike to each: record it and make spikes of it"
        )
    if measure.sums:
        raise ValueError(f"{method} is no product of patterns: record, then rdm")
    if times(stimuli) is not None:
        raise ValueError(
            "these stimuli move, and an rdm is of one response pattern each: average a recording over time"
        )
    count = stimuli.sizes["stimulus"]
    sizes = _sizes(network, layers, units)
    options: dict[str, Any] = {"layers": list(layers), "units": units, "batch": batch, "progress": progress}
    moments = {layer: Moments(size) for layer, size in sizes.items()} if zscore else {}
    if zscore:
        stream(network, stimuli, lambda layer, _, patterns: moments[layer].take(patterns), **options)
    tiles = {
        layer: Tiles(count, size, centre=measure.centre, moments=moments.get(layer)) for layer, size in sizes.items()
    }
    tables = []
    for start, stop in showings(count, sum(sizes.values()), memory=memory):
        for tile in tiles.values():
            tile.hold(start, stop)

        def take(layer: str, rows: slice, patterns: np.ndarray, *, start: int = start) -> None:
            tiles[layer].take(start + rows.start, patterns)

        tables.append(stream(network, stimuli.isel(stimulus=slice(start, None)), take, **options))
    labels = stimuli["stimulus"].values
    matrices = [finished(tiles[layer].products(), measure, method, labels, f" (layer {layer})") for layer in sizes]
    coords: dict[str, Any] = {str(name): ("stimulus", stimuli[name].values) for name in stimuli.variables}
    coords |= {"stimulus2": ("stimulus2", stimuli["stimulus"].values), "layer": ("layer", list(sizes))}
    coords["units"] = ("layer", [size - tiles[layer].constant for layer, size in sizes.items()])
    attrs = {**tables[0].attrs, "method": method, "zscore": int(zscore), "noise": "none", "per_unit": 1}
    return xr.DataArray(np.stack(matrices), coords, ("layer", "stimulus", "stimulus2"), "dissimilarity", attrs)


def _sizes(network: Network, layers: Sequence[str], units: str) -> dict[str, int]:
    """How many units of each layer are recorded."""
    each = chosen(
        {"all": ["channels", "rows", "columns"], "centre": ["channels"], "mean": ["channels"]}, units, "units"
    )
    table = network.layers()
    known = table["layer"].values.tolist()
    missing = [layer for layer in layers if layer not in known]
    if missing:
        raise ValueError(f"no layers named {missing}; {network.name} has {', '.join(known[:8])}, …")
    return {layer: int(np.prod([table[name].sel(layer=layer).item() for name in each])) for layer in layers}
