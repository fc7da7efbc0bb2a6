"""The verb of the house: show stimuli to a network and write down what chosen units answer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from cortexcnn.recording.collect import Collector, InMemory
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Given
from cortexcnn.recording.recorder import left_as_found
from cortexcnn.recording.run import Run
from cortexcnn.recording.store import InFile

__all__ = ["record"]


def record(
    network: Recordable,
    stimuli: xr.Dataset,
    *,
    layers: Sequence[str] | None = None,
    units: str | Given = "centre",
    count: int | None = None,
    rng: int | np.random.Generator | None = None,
    window: bool = True,
    batch: int | None = None,
    out: str | Path | None = None,
    overwrite: bool = False,
    resume: bool = True,
    progress: bool = True,
) -> xr.DataArray:
    """Record the responses of units to stimuli.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``. It is left as it was found.
    stimuli : Dataset (stimulus)
        From ``cortexcnn.sweep`` or ``cortexcnn.photographs``; drawn as they are needed, and only where units look.
    layers : sequence of str, optional
        Names of layers; those of given units by default.
    units : str, mapping or table
        "centre" (default): the unit at ``rows // 2``, ``columns // 2`` of each channel. "all". "mean": over the map,
        one a channel, which is no electrode. "random": ``count`` of each layer. Or units by name: a mapping
        ``{layer: [(channel, row, column), …]}``, or a table with layer, channel, row and column along ``unit``, as
        responses and measures are: ``units=measures.sel(unit=best)``. A layer without a map has row and column 0.
    count : int, optional
        Units of each layer for ``units="random"``.
    rng : int or Generator, optional
        For ``units="random"``. What was drawn from is in the attribute ``seed``.
    window : bool
        Draw and compute only what the units see, where that saves something, and sum gratings that differ in phase and
        contrast alone behind the first convolution (keep their phases next to each other in the table). Responses are
        those to the whole image to rounding; that is verified in each run, and where it doesn't hold whole images are
        shown, with a warning.
    batch : int, optional
        Images that go through the network at once; what fits a fixed budget of memory by default.
    out : str or Path, optional
        A NetCDF-4 file to which responses are written as they come: memory does not grow with the stimuli.
    overwrite : bool
        Replace the file if it is there.
    resume : bool
        Complete an interrupted recording of the same content that lies beside ``out`` (``NAME.part``).
    progress : bool
        Show a bar with the time left on standard error, and a forecast if it takes longer than 10 s.

    Returns
    -------
    DataArray (stimulus, unit[, time])
        float32 (float64 from networks in it). Along ``stimulus`` the parameters; along ``unit`` layer, channel, row,
        column, rf_x, rf_y and rf_size (receptive field, degrees; x and y are those of the stimulus); ``time`` in s
        where stimuli move. Units are labelled ``layer/channel/row/column``. Read from the file where there is one.
        Attributes: model, weights, weights_hash, eye_hash, stimuli_hash, kind, degrees, pixels, electrode, versions.

    Raises
    ------
    ValueError
        If a layer, unit or way to choose units doesn't exist, stimuli can't be drawn on the network's screen, or an
        interrupted recording is of something else.
    FileExistsError
        If the file is there and was not to be overwritten.
    MemoryError, OSError
        If there is no room for the responses in memory or on the disk.

    Warns
    -----
    UserWarning
        If a window was given up, or units gave NaN or infinity (they are named and kept).

    Notes
    -----
    Each frame of a moving stimulus is shown as an image of its own: networks here have no memory. A module that is
    called several times is recorded at its last call.

    Examples
    --------
    >>> from cortexcnn.models import Eye, wrap
    >>> from cortexcnn.stimuli import sweep
    >>> import torch
    >>> network = wrap(torch.nn.Sequential(torch.nn.Conv2d(1, 4, 5)), Eye(channels=1, pixels=32), name="mine")
    >>> gratings = sweep("grating", orientation=[0, 45, 90, 135], spatial_frequency=1)
    >>> responses = record(network, gratings, layers=["0"], progress=False)
    >>> responses.sizes
    Frozen({'stimulus': 4, 'unit': 4})
    >>> responses.unit.values.tolist()
    ['0/0/14/14', '0/1/14/14', '0/2/14/14', '0/3/14/14']
    """
    run = Run.prepared(network, stimuli, layers=layers, units=units, count=count, rng=rng, batch=batch)
    path = None if out is None else Path(out)
    forecast = run.forecast(kept=path is None, written=path is not None)
    forecast.check(path)
    with left_as_found(network.module):
        collector: Collector = (
            InMemory(run.table, run.sites, run.show.frames, run.dtype)
            if path is None
            else InFile(path, run.table, run.sites, frames=run.show.frames, dtype=run.dtype,
                        overwrite=overwrite, resume=resume)
        )  # fmt: skip
        try:
            run.through(run.passes(windows=window), collector, forecast if progress else None)
            return collector.finish()
        finally:
            collector.close()
