"""Recording from networks that see films: whole films at once, and answers with a time of their own.

A layer that strides over time answers at fewer moments than there were frames; each answer is labelled with the time of
the first frame of those that it stands for, as if they were shared out evenly.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import numpy as np
import torch
import xarray as xr
from torch import nn
from tqdm import tqdm

from cortexcnn.arrays import SEPARATOR, check_stimuli
from cortexcnn.recording.provenance import attributes
from cortexcnn.recording.recorder import AllHeard, first_tensor, left_as_found
from cortexcnn.screen import Screen
from cortexcnn.stimuli import check_drawable, render, times

__all__ = ["Filmed", "record_film"]


class Filmed(Protocol):
    """A network that sees films; see ``cortexcnn.models.FilmNetwork``."""

    name: str
    weights: str
    module: nn.Module
    frames: int

    @property
    def screen(self) -> Screen:
        """The screen that fills its view."""

    def hashes(self) -> dict[str, str]:
        """Content hashes of weights and eye."""

    def __call__(self, luminance: torch.Tensor) -> Any:
        """Run on luminance (row, time, channel, y, x)."""


def record_film(
    network: Filmed, stimuli: xr.Dataset, *, layers: Sequence[str], batch: int = 4, progress: bool = True
) -> xr.DataArray:
    """Record the responses of the units at the centre of each map to moving stimuli.

    Parameters
    ----------
    network : FilmNetwork
        From ``cortexcnn.models.load_film``.
    stimuli : Dataset (stimulus)
        Of a moving kind, with as many frames as the network is shown.
    layers : sequence of str
        Names of modules whose output is (row, channel, time, y, x).
    batch : int
        Films that go through the network at once.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    DataArray (stimulus, unit, time)
        The answers of layers with fewer moments than the first are repeated, so that all share one time axis.

    Raises
    ------
    ValueError
        If stimuli don't move or have other frames, there is no such layer, or its output has no time axis.

    Examples
    --------
    >>> from cortexcnn.models import Eye, FilmNetwork
    >>> from cortexcnn.stimuli import sweep
    >>> module = nn.Sequential(nn.Conv3d(1, 2, 3), nn.ReLU())
    >>> network = FilmNetwork(module, Eye(channels=1, pixels=16, degrees=4), frames=8, name="mine")
    >>> moving = sweep("drifting_grating", direction=[0, 180], spatial_frequency=1, frame_rate=8)
    >>> record_film(network, moving, layers=["1"], progress=False).sizes
    Frozen({'stimulus': 2, 'unit': 2, 'time': 6})
    """
    check_drawable(check_stimuli(stimuli), network.screen)
    moments = times(stimuli)
    if moments is None or len(moments) != network.frames:
        shown = "don't move" if moments is None else f"have {len(moments)} frames"
        raise ValueError(
            f"these stimuli {shown}; {network.name} sees films of {network.frames} frames: choose duration × frame_rate"
        )
    modules = dict(network.module.named_modules())
    missing = [layer for layer in layers if layer not in modules]
    if missing:
        raise ValueError(
            f"no layers named {', '.join(missing)}; {network.name} has {', '.join(list(modules)[1:12])}, …"
        )
    heard: dict[str, torch.Tensor] = {}
    hooks = [modules[layer].register_forward_hook(_hook(layer, heard, len(layers))) for layer in layers]
    parts: dict[str, list[np.ndarray]] = {layer: [] for layer in layers}
    try:
        with left_as_found(network.module):
            for start in tqdm(
                range(0, stimuli.sizes["stimulus"], batch), desc="films", disable=not progress, leave=False
            ):
                rows = slice(start, min(start + batch, stimuli.sizes["stimulus"]))
                with suppress(AllHeard):
                    network(render(stimuli, network.screen, rows=rows))
                for layer in layers:
                    parts[layer].append(heard.pop(layer).cpu().numpy())
    finally:
        for hook in hooks:
            hook.remove()
    return _table(network, stimuli, moments, {layer: np.concatenate(part) for layer, part in parts.items()})


def _hook(layer: str, heard: dict[str, torch.Tensor], layers: int) -> Any:
    def read(_module: nn.Module, _inputs: Any, output: Any) -> None:
        answer = first_tensor(output)
        if answer.dim() != 5:
            raise ValueError(
                f"the output of {layer} has the shape {tuple(answer.shape)}: no axis of time between channels and rows"
            )
        heard[layer] = answer[..., answer.shape[-2] // 2, answer.shape[-1] // 2].clone()
        if len(heard) == layers:
            raise AllHeard

    return read


def _table(network: Filmed, stimuli: xr.Dataset, moments: np.ndarray, answers: dict[str, np.ndarray]) -> xr.DataArray:
    """Labelled responses of all layers on one time axis."""
    samples = max(part.shape[2] for part in answers.values())
    values = np.concatenate(
        [part[:, :, np.arange(samples) * part.shape[2] // samples] for part in answers.values()], axis=1
    )
    units = [(layer, channel) for layer, part in answers.items() for channel in range(part.shape[1])]
    step = float(moments[1] - moments[0]) * len(moments) / samples
    coords: dict[str, Any] = {str(name): ("stimulus", stimuli[name].values) for name in stimuli.variables}
    coords |= {
        "unit": [f"{layer}{SEPARATOR}{channel}" for layer, channel in units],
        "layer": ("unit", [layer for layer, _ in units]),
        "channel": ("unit", [channel for _, channel in units]),
        "time": np.arange(samples) * step,
    }
    attrs = attributes(network, stimuli, electrode="centre", seed=None)  # type: ignore[arg-type]
    return xr.DataArray(values, dims=("stimulus", "unit", "time"), coords=coords, attrs=attrs)
