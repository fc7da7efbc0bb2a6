"""One recording from door to door: what is shown to what, in which passes, and what that takes."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
import torch
import xarray as xr
from tqdm import tqdm

from cortexcnn.arrays import check_stimuli
from cortexcnn.recording.check import disagreements
from cortexcnn.recording.collect import Receiver
from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Given, Site, coordinates, lower
from cortexcnn.recording.forecast import Forecast
from cortexcnn.recording.provenance import attributes
from cortexcnn.recording.recorder import listening
from cortexcnn.recording.show import Show, images_at_once
from cortexcnn.recording.window import Pass, Workload, plan, with_cuts
from cortexcnn.stimuli import check_drawable

__all__ = ["Run"]

_LONG = 10.0  # seconds from which a forecast is told


@dataclass
class Run:
    """One recording: what is shown to what, and what is read.

    Parameters
    ----------
    network : Recordable
        The network.
    show : Show
        The stimuli in front of it.
    sites : list of Site
        The electrode in each layer.
    work : Workload
        What its layers cost.
    batch : int or None
        Images at once; None for what fits a budget.
    table : Dataset without variables
        Coordinates and attributes of the responses.
    """

    network: Recordable
    show: Show
    sites: list[Site]
    work: Workload
    batch: int | None
    table: xr.Dataset

    @classmethod
    def prepared(
        cls,
        network: Recordable,
        stimuli: xr.Dataset,
        *,
        layers: Sequence[str] | None,
        units: str | Given,
        count: int | None,
        rng: int | np.random.Generator | None,
        batch: int | None,
    ) -> Run:
        """Check what was asked for, and lower the electrode; see :func:`cortexcnn.record`."""
        check_drawable(check_stimuli(stimuli), network.screen)
        if batch is not None and batch < 1:
            raise ValueError(f"batch={batch} images at once: one at least")
        seed = _seed(rng)
        sites = lower(network, layers, units, count=count, seed=seed)
        show = Show(network, stimuli)
        if not show.count:
            raise ValueError("the table of stimuli has no rows: nothing to record")
        electrode = units if isinstance(units, str) else "given"
        coords: dict = {str(name): ("stimulus", stimuli[name].values) for name in stimuli.variables}
        coords |= coordinates(sites, show.screen)
        if show.times is not None:
            coords["time"] = ("time", show.times)
        attrs = attributes(network, stimuli, electrode=electrode, seed=seed if count else None)
        return cls(
            network,
            show,
            sites,
            Workload(network.layers(), network.screen),
            batch,
            xr.Dataset(coords=coords, attrs=attrs),
        )

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

    def forecast(self, *, kept: bool, written: bool = False) -> Forecast:
        """Room that the responses take: all of them in memory where they are kept there, else a few batches."""
        units, images = sum(len(site) for site in self.sites), self.show.count * self.show.frames
        everything = images * units * self.dtype.itemsize
        labels = units * 4 * (2 * max(len(site.layer) for site in self.sites) + 30)
        if kept:
            return Forecast(self.show.count, self.show.frames, units, everything + labels)
        whole = self.work.one_pass(self.sites, None)
        rows = max(1, self.images(whole) // self.show.frames) * self.show.frames
        some = 4 * min(images, rows) * units * self.dtype.itemsize
        return Forecast(self.show.count, self.show.frames, units, some + labels, written * (everything + labels))

    def through(self, passes: Sequence[Pass], receiver: Receiver, forecast: Forecast | None) -> None:
        """Run all passes; with a forecast, tell how long it takes."""
        total = sum(step.cost for step in passes) * self.show.count
        done = sum(step.cost * receiver.done(step.sites) for step in passes)
        form = "{desc} {percentage:3.0f} %|{bar}| {elapsed} gone, {remaining} left"
        with tqdm(total=total, initial=done, desc="recording", bar_format=form, file=sys.stderr,
                  disable=forecast is None, leave=False) as bar:  # fmt: skip
            start = perf_counter()
            for step in passes:
                for rows in self._one_pass(step, receiver):
                    bar.update((rows.stop - rows.start) * step.cost)
                    if start and forecast is not None:
                        seconds = (perf_counter() - start) * (total - done) / ((rows.stop - rows.start) * step.cost)
                        if seconds > _LONG:
                            bar.write(str(replace(forecast, seconds=seconds)), file=sys.stderr)
                        start = 0.0

    def _one_pass(self, step: Pass, receiver: Receiver) -> Iterator[slice]:
        """Show all stimuli that are left in a pass; yields the rows that are done."""
        show = self.show
        batch = self.images(step)
        rows_at_once = max(1, batch // show.frames)
        first = receiver.done(step.sites)
        buffer = show.buffer(min(rows_at_once, show.count), step.shown)
        with listening(self.network, step, self.work.calls) as listen:
            for start in range(first, show.count, rows_at_once):
                rows = slice(start, min(start + rows_at_once, show.count))
                targets = receiver.targets(step.sites, rows)
                if step.entrance and show.frames == 1:
                    luminance, weights = show.mixed(rows, step.shown, buffer)
                    listen(luminance, targets, weights)
                else:
                    luminance = show.draw(rows, step.shown, buffer)
                    for k in range(0, len(luminance), batch):
                        part = {layer: target[k : k + batch] for layer, target in targets.items()}
                        listen(luminance[k : k + batch], part)
                receiver.commit(step.sites, rows, targets)
                yield rows


def _seed(rng: int | np.random.Generator | None) -> int:
    """A number from which random units are drawn again."""
    if isinstance(rng, (int, np.integer)):
        return int(rng)
    return int(np.random.default_rng(rng).integers(2**31))
