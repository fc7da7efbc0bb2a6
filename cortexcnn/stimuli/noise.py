"""Noise: stimuli that favour nothing, or one band alone, each from a seed of its own row.

White noise is a lattice of checks from the top left corner of the screen; filtered noise is a sum of waves that go
evenly into the screen. Every check and every wave draws its number from the seed and its own place in that lattice, by
a hash [1]_, so that a window, a batch or a device shows what the whole screen would show.

References
----------
.. [1] Steele, Lea & Flood (2014), Fast splittable pseudorandom number generators, OOPSLA (the mixing of SplitMix64).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft
import torch
from scipy.special import ndtr, ndtri

from cortexcnn.screen import Screen
from cortexcnn.stimuli.bars import POLARITIES, draw_bar
from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, split
from cortexcnn.stimuli.gratings import disc

__all__ = [
    "DISTRIBUTIONS",
    "LIMIT",
    "SHAPES",
    "draw_filtered_noise",
    "draw_power_noise",
    "draw_spot",
    "draw_white_noise",
    "extent_of_spot",
    "too_fine",
]

LIMIT = 3.0
"""Standard deviations at which gaussian noise ends: numbers beyond are not drawn, rather than clipped."""


def _binary(uniform: np.ndarray) -> np.ndarray:
    return np.where(uniform < 0.5, -1.0, 1.0)


def _gaussian(uniform: np.ndarray) -> np.ndarray:
    below = ndtr(-LIMIT)
    return ndtri(below + uniform * (1 - 2 * below)) / LIMIT


DISTRIBUTIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"binary": _binary, "gaussian": _gaussian}
"""From evenly distributed numbers to checks between −1 and 1."""


def draw_white_noise(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw checks that are independent of each other; a pixel that two checks share shows their mean.

    Parameters
    ----------
    rows : Rows
        seed, check (side in degrees), distribution, contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    window = canvas.window
    for _, some, part in split(rows, "check", out[:, 0]):
        side = some["check"][0] * canvas.screen.pixels_per_degree
        down, right = _Checks(window.top, window.bottom, side), _Checks(window.left, window.right, side)
        for name, few, piece in split(some, "distribution", part):
            values = DISTRIBUTIONS[str(name)](_uniform(few["seed"], down.places, right.places))
            shown = canvas.put(values * few["contrast"][:, None, None] / 2)
            piece.copy_(right.seen(down.seen(shown, 1), 2)).add_(GREY)


def draw_power_noise(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw noise whose amplitudes fall as 1 / frequency ** exponent.

    Parameters
    ----------
    rows : Rows
        seed, exponent, contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    frequency, _ = _waves(canvas.screen)
    _draw_waves(rows, canvas, out, lambda row: np.where(frequency > 0, frequency ** -row["exponent"], 0))


def draw_filtered_noise(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw noise of a band of orientations and of spatial frequencies.

    Amplitudes fall as a gaussian over the orientation of a wave's stripes, and over the octaves of its frequency.

    Parameters
    ----------
    rows : Rows
        seed, orientation and orientation_bandwidth (half width at half amplitude, degrees), spatial_frequency and
        spatial_frequency_bandwidth (full width at half amplitude, octaves), contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    frequency, orientation = _waves(canvas.screen)

    def amplitude(row: dict[str, float]) -> np.ndarray:
        turned = (orientation - row["orientation"] + 90) % 180 - 90
        octaves = np.log2(frequency / row["spatial_frequency"])
        far = (turned / row["orientation_bandwidth"]) ** 2 + (2 * octaves / row["spatial_frequency_bandwidth"]) ** 2
        return 0.5 ** (far - np.nanmin(far))  # 1 somewhere: a band that no wave lies in shows the nearest

    _draw_waves(rows, canvas, out, amplitude)


def draw_spot(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw one light or dark spot, as sparse noise shows them one after another.

    Parameters
    ----------
    rows : Rows
        size (side or diameter), shape, polarity, contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    for shape, some, part in split(rows, "shape", out):
        SHAPES[str(shape)](some, canvas, part)


def extent_of_spot(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height of spots, in degrees."""
    return rows["size"] / 2, rows["size"] / 2


def too_fine(rows: Rows, screen: Screen) -> tuple[str, np.ndarray, str]:
    """What a screen cannot show of noise: the parameter, which rows, and why.

    Parameters
    ----------
    rows : Rows
        Of any kind.
    screen : Screen
        Degrees and pixels.

    Returns
    -------
    name : str
    wrong : ndarray (row) of bool
    why : str
        With the remedy.

    Examples
    --------
    >>> too_fine({"check": np.array([0.1, 0.5])}, Screen(8, 32))[1]
    array([ True, False])
    """
    if "check" in rows:
        pixel = 1 / screen.pixels_per_degree
        why = f"is finer than a pixel of {pixel:g} degrees; show larger checks, or a screen of more pixels"
        return "check", rows["check"] < pixel * (1 - 1e-9), why
    if "spatial_frequency_bandwidth" in rows:
        lowest = 1 / screen.degrees
        why = f"is below {lowest:g} cycles/degree, one cycle on the screen; show higher ones, or more degrees"
        return "spatial_frequency", rows["spatial_frequency"] < lowest * (1 - 1e-9), why
    return "", np.zeros(len(rows["contrast"]), bool), ""


class _Checks:
    """Which checks lie under each pixel of a stretch of the screen, counted from its first pixel.

    Parameters
    ----------
    start, stop : int
        Of the pixels.
    side : float
        Of a check in pixels, 1 or more: no pixel lies on three of them.
    """

    def __init__(self, start: int, stop: int, side: float) -> None:
        edges = np.round(np.arange(start, stop + 1) / side, 9)  # so that 0.3 / 0.1 is 3
        first = np.floor(edges[:-1]).astype(np.int64)
        self.share = np.maximum(edges[1:] - first - 1, 0) * side
        self.places = np.arange(first[0], first[-1] + 2)
        self.index = first - first[0]

    def seen(self, values: torch.Tensor, along: int) -> torch.Tensor:
        """The values of checks at every pixel."""
        first = torch.from_numpy(self.index).to(values.device)
        near = values.index_select(along, first)
        if not (self.share > 0).any():
            return near
        shape = [1, 1, 1]
        shape[along] = -1
        share = torch.as_tensor(self.share, dtype=values.dtype).to(values.device).view(shape)
        return near + share * (values.index_select(along, first + 1) - near)


def _draw_waves(
    rows: Rows, canvas: Canvas, out: torch.Tensor, amplitude: Callable[[dict[str, float]], np.ndarray]
) -> None:
    """Waves of random phases, the largest deviation on the whole screen being the contrast."""
    window, pixels = canvas.window, canvas.screen.pixels
    count = np.arange(pixels)
    up = np.where(count < (pixels + 1) // 2, count, count - pixels)  # cycles on the screen, down and to the right
    right = np.arange(pixels // 2 + 1)
    middle = (up[:, None] + right) / (2 * pixels)  # pixels are looked at in their middles
    for i in range(len(out)):  # a whole screen each: many at once would need much memory
        row = {name: values[i] for name, values in rows.items()}
        phases = _uniform(rows["seed"][i : i + 1], up, right)[0]
        phases[up < 0, 0] = -phases[-up[up < 0], 0]  # of a real picture
        spectrum = np.nan_to_num(amplitude(row)) * np.exp(2j * np.pi * (phases + middle))
        picture = scipy.fft.irfft2(spectrum, (pixels, pixels))
        part = picture[window.top : window.bottom, window.left : window.right]
        out[i, 0] = canvas.put(part * (row["contrast"] / 2 / np.abs(picture).max()) + GREY)


def _waves(screen: Screen) -> tuple[np.ndarray, np.ndarray]:
    """Frequency and orientation of the stripes of all waves, NaN for what is no wave or beyond the Nyquist limit."""
    if screen.pixels < 3:
        raise ValueError(f"a screen of {screen.pixels} pixels a side carries no wave: draw this noise on 3 or more")
    down = np.fft.fftfreq(screen.pixels, 1 / screen.pixels_per_degree)[:, None]
    right = np.fft.rfftfreq(screen.pixels, 1 / screen.pixels_per_degree)
    frequency = np.hypot(down, right)
    known = (frequency > 0) & (frequency < screen.nyquist * (1 - 1e-9))
    return np.where(known, frequency, np.nan), np.rad2deg(np.arctan2(-down, right)) + 90


def _uniform(seeds: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Evenly distributed numbers (seed, down, right) between 0 and 1, of each place by itself."""
    start = _mixed(seeds.astype(np.int64).astype(np.uint64))
    rows = _mixed(start[:, None] + down.astype(np.int64).astype(np.uint64))
    cells = _mixed(rows[:, :, None] + right.astype(np.int64).astype(np.uint64))
    return ((cells >> np.uint64(11)) + 0.5) * 2.0**-53


def _mixed(numbers: np.ndarray) -> np.ndarray:
    """A step of SplitMix64, modulo 2 ** 64."""
    mixed = (numbers + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def _draw_square(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    draw_bar({**rows, "orientation": np.zeros(len(out)), "length": rows["size"], "width": rows["size"]}, canvas, out)


def _draw_disc(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    sign = np.array([POLARITIES[polarity] for polarity in rows["polarity"].tolist()])
    amplitude = canvas.put(sign * rows["contrast"] / 2)[:, None, None]
    out[:, 0] = disc(rows, canvas).mul_(amplitude).add_(GREY)


SHAPES: dict[str, Callable[[Rows, Canvas, torch.Tensor], None]] = {"square": _draw_square, "disc": _draw_disc}
"""Of a spot."""
