"""The stimuli as the network is shown them: drawn on its device, for the window of a pass, a batch at a time."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.window import Pass, Workload
from cortexcnn.screen import Window
from cortexcnn.stimuli import render, times
from cortexcnn.stimuli.waves import waves

__all__ = ["Show", "images_at_once"]

_BUDGET = {"cpu": 96 * 2**20}
"""Bytes of activations in memory at once, by kind of device: small enough for the processor's caches to help."""

_BUDGET_ELSEWHERE = 2**30
_LARGEST_BATCH = 4096
_WORTH = 0.7  # sums of more pictures than this share of the gratings save too little


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
        exact = self.dtype in (torch.float32, torch.float64)  # sums of rounded pictures are rounded twice
        self.waves = waves(stimuli) if exact else None

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
        drawn = self._rendered(self.stimuli, rows, window, out)
        return drawn.flatten(0, 1) if self.times is not None else drawn

    def mixed(
        self, rows: slice | np.ndarray, window: Window | None, out: torch.Tensor | None = None, *, always: bool = False
    ) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Draw the pictures that some gratings are sums of.

        Parameters
        ----------
        rows, window, out
            As of :meth:`draw`.
        always : bool
            Also where these are not fewer.

        Returns
        -------
        luminance : Tensor (picture, channel, y, x)
        weights : Tensor (row, picture) or None
            None where the stimuli themselves were drawn.
        """
        if self.waves is not None:
            pictures, weights = self.waves.mix(rows)
            if always or len(pictures) <= _WORTH * len(weights):
                out = None if out is None else out[: len(pictures)]
                drawn = self._rendered(self.waves.basis, pictures, window, out)
                return drawn, torch.as_tensor(weights).to(self.device, self.dtype)
        return self.draw(rows, window, out), None

    def _rendered(
        self, stimuli: xr.Dataset, rows: slice | np.ndarray, window: Window | None, out: torch.Tensor | None
    ) -> torch.Tensor:
        return render(stimuli, self.screen, rows=rows, window=window, device=self.device, dtype=self.dtype, out=out)


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
