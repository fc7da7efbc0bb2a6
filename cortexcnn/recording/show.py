"""The stimuli as the network is shown them: drawn on its device, for the window of a pass, a batch at a time."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.window import Pass, Workload
from cortexcnn.screen import Window
from cortexcnn.stimuli import render, times

__all__ = ["Show", "images_at_once"]

_BUDGET = {"cpu": 96 * 2**20}
"""Bytes of activations in memory at once, by kind of device: small enough for the processor's caches to help."""

_BUDGET_ELSEWHERE = 2**30
_LARGEST_BATCH = 4096


class Show:
    """A table of stimuli in front of a network.

    Parameters
    ----------
    network : Recordable
        Gives screen, device and precision.
    stimuli : Dataset (stimulus)
        What is shown.
    """

    def __init__(self, network: Recordable, stimuli: xr.Dataset) -> None:
        self.stimuli = stimuli
        self.screen, self.device, self.dtype = network.screen, network.device, network.dtype
        self.times = times(stimuli)

    @property
    def count(self) -> int:
        """Stimuli."""
        return int(self.stimuli.sizes["stimulus"])

    @property
    def frames(self) -> int:
        """Images of each stimulus: 1 unless it moves."""
        return 1 if self.times is None else len(self.times)

    def buffer(self, rows: int, window: Window | None) -> torch.Tensor:
        """Room for some stimuli as :meth:`draw` fills it: (row[, time], channel, y, x)."""
        moving = () if self.times is None else (self.frames,)
        channels = int(self.stimuli.attrs.get("channels", 1))
        shape = (window or self.screen.whole).shape
        return torch.empty((rows, *moving, channels, *shape), device=self.device, dtype=self.dtype)

    def draw(self, rows: slice | np.ndarray, window: Window | None, out: torch.Tensor | None = None) -> torch.Tensor:
        """Draw some stimuli, the frames of one after those of another.

        Parameters
        ----------
        rows : slice or array of int
            Which.
        window : Window or None
            Part of the screen; None for all of it.
        out : Tensor, optional
            A buffer of as many rows or more.

        Returns
        -------
        Tensor (row × time, channel, y, x)
            Luminance.
        """
        if out is not None:
            count = len(range(self.count)[rows]) if isinstance(rows, slice) else len(rows)
            out = out[:count]
        drawn = render(
            self.stimuli, self.screen, rows=rows, window=window, device=self.device, dtype=self.dtype, out=out
        )
        return drawn.flatten(0, 1) if self.times is not None else drawn


def images_at_once(work: Workload, step: Pass, show: Show) -> int:
    """How many images of a pass go through the network at once: as many as a budget of memory holds.

    Small crops need large batches to fill the processor's cores.

    Parameters
    ----------
    work : Workload
        Counts what is in memory for one image.
    step : Pass
        What is run.
    show : Show
        What is shown.

    Returns
    -------
    int
        At least 1.
    """
    budget = _BUDGET.get(show.device.type, _BUDGET_ELSEWHERE)
    numbers = work.elements(step.sites[-1].layer, step.window) + sum(len(site) for site in step.sites)
    return max(1, min(_LARGEST_BATCH, int(budget / (numbers * show.dtype.itemsize))))
