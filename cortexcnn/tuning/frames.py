"""Frames that were shown, a chunk at a time, as numbers (frame, position): from memory, or drawn when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.screen import Screen, Window

__all__ = ["Frames"]

CHUNK = 2**22  # numbers of a chunk in float64: 32 MB


class Frames:
    """Frames in the order of the stimuli, whatever holds them.

    Parameters
    ----------
    frames : DataArray (stimulus, y, x), ndarray or Tensor (stimulus, [1,] y, x), or callable
        What was shown. A DataArray has ``x`` and ``y`` in degrees, and is matched by the labels along ``stimulus``. A
        callable takes a ``slice`` of stimuli and returns their frames, for what is too large for memory:
        ``lambda rows: render(stimuli, screen, rows=rows)``.
    labels : ndarray
        Of the stimuli.
    screen : Screen, optional
        Where the pixels lie; needed unless ``frames`` has degrees of its own.
    window : Window, optional
        Which part of the screen the frames are; all of it by default.

    Raises
    ------
    ValueError
        If there are no degrees, more or fewer frames than stimuli, several channels, or other shapes than the screen's.
    """

    def __init__(
        self,
        frames: xr.DataArray | np.ndarray | Callable[[slice], Any] | Any,
        labels: np.ndarray,
        *,
        screen: Screen | None = None,
        window: Window | None = None,
    ) -> None:
        if isinstance(frames, xr.DataArray):
            frames, self.y, self.x = _labelled(frames, labels)
        elif screen is None:
            raise ValueError(
                "frames without degrees: give screen=Screen(degrees, pixels), or a DataArray (stimulus, y, x) "
                "with x and y in degrees"
            )
        else:
            self.x, self.y = screen.centres(window)
        self.count = len(labels)
        if not callable(frames) and len(frames) != self.count:
            raise ValueError(f"{len(frames)} frames for {self.count} stimuli: one each, in the same order")
        self.source = frames
        self.shape = (len(self.y), len(self.x))
        self.positions = len(self.y) * len(self.x)
        self.mean, self.variance = self._moments()

    def chunks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Slices of the stimuli and their frames (frame, position), the mean frame taken off."""
        for rows, values in self._raw():
            yield rows, np.subtract(values, self.mean, out=values)

    def _raw(self) -> Iterator[tuple[slice, np.ndarray]]:
        step = max(1, CHUNK // self.positions)
        for start in range(0, self.count, step):
            rows = slice(start, min(start + step, self.count))
            part = self.source(rows) if callable(self.source) else self.source[rows]
            part = part.detach().cpu().numpy() if hasattr(part, "detach") else np.asarray(part)
            yield rows, self._flat(part, rows.stop - rows.start)

    def _flat(self, part: np.ndarray, count: int) -> np.ndarray:
        if part.ndim == 4 and part.shape[1] == 1:
            part = part[:, 0]
        if part.ndim == 4:
            raise ValueError(
                f"frames of {part.shape[1]} channels: reverse correlation takes one at a time, or their mean"
            )
        if part.shape != (count, *self.shape):
            raise ValueError(f"frames of the shape {part.shape}; for these stimuli and degrees {(count, *self.shape)}")
        flat = part.reshape(count, -1).astype(np.float64)  # a copy
        if not np.isfinite(flat).all():
            raise ValueError("frames hold numbers that are not finite; a stimulus has a luminance everywhere")
        return flat

    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of every position, about the first chunk's mean so that little cancels."""
        about: np.ndarray | None = None
        total, squares = np.zeros((2, self.positions))
        for _, values in self._raw():
            about = values.mean(0) if about is None else about
            off = np.subtract(values, about, out=values)
            total += off.sum(0)
            squares += np.einsum("np,np->p", off, off)
        if about is None:
            raise ValueError("no stimuli: there is nothing to average")
        shift = total / self.count
        variance = squares / self.count - shift**2
        return about + shift, np.where(variance > 1e-20 * (about + shift) ** 2, variance, 0.0)


def _labelled(frames: xr.DataArray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of a DataArray in the order of the stimuli, and its degrees."""
    if set(frames.dims) != {"stimulus", "y", "x"} or not {"y", "x"} <= set(frames.coords):
        raise ValueError(
            f"frames have the dimensions stimulus, y and x, with degrees along x and y; these have "
            f"{', '.join(map(str, frames.dims))} and coordinates {', '.join(map(str, frames.coords)) or 'none'}"
        )
    frames = frames.transpose("stimulus", "y", "x")
    if "stimulus" in frames.indexes and not np.array_equal(frames["stimulus"].values, labels):
        missing = set(labels.tolist()) - set(frames["stimulus"].values.tolist())
        if missing:
            raise ValueError(
                f"no frames for {len(missing)} of the {len(labels)} stimuli, such as {next(iter(missing))!r}"
            )
        frames = frames.sel(stimulus=labels)
    return frames.values, frames["y"].values.astype(float), frames["x"].values.astype(float)
