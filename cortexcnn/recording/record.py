"""The verb of the house: show stimuli to a network and write down what chosen units answer."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import torch
import xarray as xr
from tqdm import tqdm

from cortexcnn.arrays import check_stimuli
from cortexcnn.recording.check import disagreements
from cortexcnn.recording.collect import Collector, InMemory
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Given, Site, coordinates, lower
from cortexcnn.recording.forecast import Forecast
from cortexcnn.recording.provenance import attributes
from cortexcnn.recording.recorder import left_as_found, listening
from cortexcnn.recording.show import Show, images_at_once
from cortexcnn.recording.store import InFile
from cortexcnn.recording.window import Pass, Workload, plan, with_cuts
from cortexcnn.stimuli import check_drawable

__all__ = ["record"]

_LONG = 10.0  # seconds from which a forecast is told


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
    >>> network = wrap(torch.nn.Sequential(torch.nn.Conv2d(1, 4, 5)), Eye(channels=1, pixels=32), name="mine")
    >>> gratings = sweep("grating", orientation=[0, 45, 90, 135], spatial_frequency=1)
    >>> responses = record(network, gratings, layers=["0"], progress=False)
    >>> responses.sizes
    Frozen({'stimulus': 4, 'unit': 4})
    >>> responses.unit.values.tolist()
    ['0/0/14/14', '0/1/14/14', '0/2/14/14', '0/3/14/14']
    """
    check_drawable(check_stimuli(stimuli), network.screen)
    if batch is not None and batch < 1:
        raise ValueError(f"batch={batch} images at once: one at least")
    seed = _seed(rng)
    sites = lower(network, layers, units, count=count, seed=seed)
    show = Show(network, stimuli)
    if not show.count:
        raise ValueError("the table of stimuli has no rows: nothing to record")
    run = _Run(network, show, sites, Workload(network.layers(), network.screen), batch)
    path = None if out is None else Path(out)
    forecast = run.forecast(path)
    forecast.check(path)
    electrode = units if isinstance(units, str) else "given"
    table = _table(run, stimuli, attributes(network, stimuli, electrode=electrode, seed=seed if count else None))
    with left_as_found(network.module):
        collector: Collector = (
            InMemory(table, sites, show.frames, run.dtype)
            if path is None
            else InFile(path, table, sites, frames=show.frames, dtype=run.dtype, overwrite=overwrite, resume=resume)
        )
        try:
            run.through(run.passes(windows=window), collector, forecast if progress else None)
            return collector.finish()
        finally:
            collector.close()


@dataclass
class _Run:
    """One recording: what is shown to what, and what is read."""

    network: Recordable
    show: Show
    sites: list[Site]
    work: Workload
    batch: int | None

    @property
    def dtype(self) -> torch.dtype:
        """Of the responses."""
        return torch.float64 if self.show.dtype == torch.float64 else torch.float32

    def passes(self, *, windows: bool) -> list[Pass]:
        """The passes, with windows that were seen to tell the truth."""
        images = self.show.count * self.show.frames
        refused: set[str] = set()
        cutting = True
        while True:
            passes = plan(self.network, self.sites, images, windows=windows, whole=refused)
            if cutting:
                passes = [with_cuts(self.network, step, self.work) for step in passes]
            found = disagreements(self.network, self.show, passes, self.work)
            if not found:
                return passes
            if any(step.cuts for step in passes):
                cutting = False
                continue
            refused |= set(found)
            for layer, difference in found.items():
                warnings.warn(
                    f"{layer}: responses through a window differ from those to the whole image by {difference:.2g} of "
                    "the largest (inf: the crop can't be run), so something in the network looks beyond its receptive "
                    "field; it is recorded from whole images",
                    UserWarning,
                    stacklevel=3,
                )

    def images(self, step: Pass) -> int:
        """How many images go through the network at once in a pass."""
        return self.batch or images_at_once(self.work, step, self.show)

    def forecast(self, path: Path | None) -> Forecast:
        """Room that the responses take: all of them in memory, or three batches and a file."""
        units, images = sum(len(site) for site in self.sites), self.show.count * self.show.frames
        everything = images * units * self.dtype.itemsize
        labels = units * 4 * (2 * max(len(site.layer) for site in self.sites) + 30)
        if path is None:
            return Forecast(self.show.count, self.show.frames, units, everything + labels)
        whole = self.work.one_pass(self.sites, None)
        rows = max(1, self.images(whole) // self.show.frames) * self.show.frames
        some = 4 * min(images, rows) * units * self.dtype.itemsize
        return Forecast(self.show.count, self.show.frames, units, some + labels, everything + labels)

    def through(self, passes: Sequence[Pass], collector: Collector, forecast: Forecast | None) -> None:
        """Run all passes; with a forecast, tell how long it takes."""
        total = sum(step.cost for step in passes) * self.show.count
        done = sum(step.cost * collector.done(step.sites) for step in passes)
        form = "{desc} {percentage:3.0f} %|{bar}| {elapsed} gone, {remaining} left"
        with tqdm(total=total, initial=done, desc="recording", bar_format=form, file=sys.stderr,
                  disable=forecast is None, leave=False) as bar:  # fmt: skip
            start = perf_counter()
            for step in passes:
                for rows in self._one_pass(step, collector):
                    bar.update((rows.stop - rows.start) * step.cost)
                    if start and forecast is not None:
                        seconds = (perf_counter() - start) * (total - done) / ((rows.stop - rows.start) * step.cost)
                        if seconds > _LONG:
                            bar.write(str(replace(forecast, seconds=seconds)), file=sys.stderr)
                        start = 0.0

    def _one_pass(self, step: Pass, collector: Collector) -> Iterator[slice]:
        """Show all stimuli that are left in a pass; yields the rows that are done."""
        show = self.show
        batch = self.images(step)
        rows_at_once = max(1, batch // show.frames)
        first = collector.done(step.sites)
        buffer = show.buffer(min(rows_at_once, show.count), step.shown)
        with listening(self.network, step, self.work.calls) as listen:
            for start in range(first, show.count, rows_at_once):
                rows = slice(start, min(start + rows_at_once, show.count))
                targets = collector.targets(step.sites, rows)
                if step.entrance and show.frames == 1:
                    luminance, weights = show.mixed(rows, step.shown, buffer)
                    listen(luminance, targets, weights)
                else:
                    luminance = show.draw(rows, step.shown, buffer)
                    for k in range(0, len(luminance), batch):
                        part = {layer: target[k : k + batch] for layer, target in targets.items()}
                        listen(luminance[k : k + batch], part)
                collector.commit(step.sites, rows, targets)
                yield rows


def _table(run: _Run, stimuli: xr.Dataset, attrs: dict) -> xr.Dataset:
    """Coordinates and attributes of the responses."""
    coords: dict = {str(name): ("stimulus", stimuli[name].values) for name in stimuli.variables}
    coords |= coordinates(run.sites, run.show.screen)
    if run.show.times is not None:
        coords["time"] = ("time", run.show.times)
    return xr.Dataset(coords=coords, attrs=attrs)


def _seed(rng: int | np.random.Generator | None) -> int:
    """A number from which random units are drawn again."""
    if isinstance(rng, (int, np.integer)):
        return int(rng)
    return int(np.random.default_rng(rng).integers(2**31))
