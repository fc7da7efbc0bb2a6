"""Responses handed on as they come, for what needs no table of them: memory holds a batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
import xarray as xr

from cortexcnn.recording.collect import NotFinite
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Given, Site
from cortexcnn.recording.recorder import left_as_found
from cortexcnn.recording.run import Run

__all__ = ["Take", "stream"]

Take = Callable[[str, slice, np.ndarray], None]
"""Takes a layer, the rows of the stimuli, and their responses (row × time, unit), which the next batch overwrites."""


def stream(
    network: Recordable,
    stimuli: xr.Dataset,
    take: Take,
    *,
    layers: Sequence[str] | None = None,
    units: str | Given = "all",
    count: int | None = None,
    rng: int | np.random.Generator | None = None,
    window: bool = True,
    batch: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Record, and hand each batch of responses on instead of keeping it.

    Parameters
    ----------
    network, stimuli, layers, units, count, rng, window, batch, progress
        As of :func:`cortexcnn.record`; here all units are recorded unless others are asked for.
    take : callable
        Called as ``take(layer, rows, responses)`` with a slice of the stimuli and their responses (row, unit), those to
        the frames of a moving stimulus one after the other. Rows of a layer come in order, each once. What is to be
        kept must be copied.

    Returns
    -------
    Dataset without variables
        Coordinates and attributes that the responses of :func:`cortexcnn.record` would have.

    Raises
    ------
    ValueError, MemoryError
        As of :func:`cortexcnn.record`.

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> from cortexcnn.stimuli import sweep
    >>> largest = {}
    >>> def remember(layer, rows, responses):
    ...     largest[layer] = max(largest.get(layer, 0.0), float(responses.max()))
    >>> cells = load("classical_v1", degrees=4, pixels=64)
    >>> table = stream(cells, sweep("grating", contrast=[0.5, 1.0]), remember, layers=["simple"], progress=False)
    >>> list(largest), table.sizes["stimulus"]
    (['simple'], 2)
    """
    run = Run.prepared(network, stimuli, layers=layers, units=units, count=count, rng=rng, batch=batch)
    forecast = run.forecast(kept=False)
    forecast.check(None)
    handed = _HandedOn(run, take)
    with left_as_found(network.module):
        run.through(run.passes(windows=window), handed, forecast if progress else None)
    handed.bad.warn(run.sites, run.table["unit"].values)
    return run.table


class _HandedOn:
    """A receiver that keeps nothing but the names of units that gave NaN."""

    def __init__(self, run: Run, take: Take) -> None:
        self._run, self._take, self.bad = run, take, NotFinite()
        self._room: dict[str, torch.Tensor] = {}

    def done(self, sites: Sequence[Site]) -> int:  # noqa: ARG002 - nothing is kept, so nothing is done
        """None yet."""
        return 0

    def targets(self, sites: Sequence[Site], rows: slice) -> dict[str, torch.Tensor]:
        """Room for one batch, used again by the next."""
        count = (rows.stop - rows.start) * self._run.show.frames
        for site in sites:
            if site.layer not in self._room or len(self._room[site.layer]) < count:
                self._room[site.layer] = torch.empty((count, len(site)), dtype=self._run.dtype)
        return {site.layer: self._room[site.layer][:count] for site in sites}

    def commit(self, sites: Sequence[Site], rows: slice, targets: Mapping[str, torch.Tensor]) -> None:
        """Look for NaN, and hand the batch on."""
        for site in sites:
            self.bad.look(site, targets[site.layer])
            self._take(site.layer, rows, targets[site.layer].numpy())
