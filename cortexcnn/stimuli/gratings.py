"""Gratings, still and drifting, and gabors: a carrier across the stripes, under an aperture.

A sine is separable, ``sin(a x + b y) = sin(a x) cos(b y) + cos(a x) sin(b y)``, so a picture is two outer products
rather than a sine for every pixel. A square wave is averaged over each pixel, exactly. Signs and angles: ``canvas``.

A drifting grating moves towards its direction: ``sin(2π f u − 2π temporal_frequency t + phase)``, u along it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, across, half_plane, split

__all__ = [
    "APERTURES",
    "RAMP",
    "WAVEFORMS",
    "add_sine",
    "disc",
    "draw_drifting_grating",
    "draw_gabor",
    "draw_grating",
    "extent_of_gabor",
    "extent_of_grating",
    "fill_with_sine",
    "once",
    "raised_cosine",
]

RAMP = 0.2
"""A raised cosine falls over this outer part of its radius; inside it is flat. (A fringe of .2 in PsychoPy's words.)"""


def draw_grating(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw gratings.

    Parameters
    ----------
    rows : Rows
        orientation, spatial_frequency, phase, contrast, size, x, y, aperture, waveform.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    for aperture, some, part in split(rows, "aperture", out[:, 0]):
        shape = APERTURES[str(aperture)]
        for waveform, few, piece in split(some, "waveform", part):
            WAVEFORMS[str(waveform)](few, canvas, piece, GREY if shape is None else 0.0)
        if shape is not None:
            part.mul_(once(shape, some, ("size", "x", "y"), canvas)).add_(GREY)


def draw_drifting_grating(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw frames of drifting gratings.

    Parameters
    ----------
    rows : Rows
        As of a grating, with direction and temporal_frequency, and ``time`` in s.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    # Not modulo 180: u must point along the direction, or half of the directions would drift backwards.
    phase = rows["phase"] - 360 * rows["temporal_frequency"] * rows["time"]
    draw_grating({**rows, "orientation": rows["direction"] - 90, "phase": phase}, canvas, out)


def draw_gabor(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw gabors: ``exp(−u²/2σ² − v²/2(aspect σ)²) sin(2π f u + phase)``.

    Parameters
    ----------
    rows : Rows
        orientation, spatial_frequency, phase, contrast, x, y, sigma (across the stripes), aspect (along / across).
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    part = out[:, 0]
    fill_with_sine(rows, canvas, part, 0.0)
    part.mul_(once(_elongated, rows, ("orientation", "sigma", "aspect", "x", "y"), canvas)).add_(GREY)


def extent_of_grating(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that gratings reach over, in degrees."""
    radius = np.where(rows["aperture"] == "none", np.inf, rows["size"] / 2)
    return radius, radius


def extent_of_gabor(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that gabors reach over, in degrees: 3 standard deviations."""
    radius = 3 * rows["sigma"] * np.maximum(rows["aspect"], 1)
    return radius, radius


def _cycles(rows: Rows, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Cycles of the carrier at each column (row, x), phase included, and at each row of pixels (row, y)."""
    ux, uy = across(rows["orientation"])
    f = rows["spatial_frequency"]
    along_x = (f * ux)[:, None] * (canvas.x - rows["x"][:, None]) + (rows["phase"] / 360)[:, None]
    along_y = (f * uy)[:, None] * (canvas.y - rows["y"][:, None])
    # Whole cycles are dropped in float64, so that float32 is as good far from the centre as near it.
    return along_x - np.round(along_x), along_y - np.round(along_y)


def fill_with_sine(rows: Rows, canvas: Canvas, out: torch.Tensor, mean: float) -> None:
    """Fill with mean + contrast / 2 × sine.

    Parameters
    ----------
    rows : Rows
        orientation, spatial_frequency, phase, contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, y, x)
        Filled.
    mean : float
        What the sine goes about.
    """
    (first, second), (third, fourth) = _products(rows, canvas)
    # A row, not one number: with a second number beside the amplitude the first product would not be vectorised.
    base = torch.full((out.shape[-1],), mean, dtype=out.dtype, device=out.device)
    torch.addcmul(base, first, second, out=out)
    out.addcmul_(third, fourth)


def add_sine(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Add contrast / 2 × sine to what is there.

    Parameters
    ----------
    rows, canvas
        As of :func:`fill_with_sine`.
    out : Tensor (row, y, x)
        Added to.
    """
    for first, second in _products(rows, canvas):
        out.addcmul_(first, second)


def _products(rows: Rows, canvas: Canvas) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """The two products whose sum is contrast / 2 × sine: each of a part for every y and a part for every x.

    By elements: a matrix product would round differently in a window and on the whole screen.
    """
    along_x, along_y = (2 * torch.pi * canvas.put(cycles) for cycles in _cycles(rows, canvas))
    half = canvas.put(rows["contrast"] / 2)[:, None]
    return [
        ((half * along_y.cos())[:, :, None], along_x.sin()[:, None, :]),
        ((half * along_y.sin())[:, :, None], along_x.cos()[:, None, :]),
    ]


def _square(rows: Rows, canvas: Canvas, out: torch.Tensor, mean: float) -> None:
    """Fill with mean + contrast / 2 × the sign of the sine, averaged over each pixel."""
    along_x, along_y = (canvas.put(cycles) for cycles in _cycles(rows, canvas))
    ux, uy = across(rows["orientation"])
    step = rows["spatial_frequency"] * canvas.pixel
    width, height = (canvas.put(step * np.abs(part))[:, None, None] for part in (ux, uy))
    # Cycles into the light half from the nearer of its flanks, −1/4 to 1/4: a triangle wave.
    torch.add((along_y + 0.25)[:, :, None], along_x[:, None, :], out=out)
    inward = out.sub_(out.floor()).sub_(0.5).abs_().neg_().add_(0.25)
    light = half_plane(inward, width, height)
    if np.any(step * (np.abs(ux) + np.abs(uy)) > 0.5):
        # Near the Nyquist limit a pixel also reaches over the next flanks.
        light -= half_plane(inward - 0.5, width, height)
        light += 1 - half_plane(inward + 0.5, width, height)
    torch.mul(light.sub_(0.5), canvas.put(rows["contrast"])[:, None, None], out=out)
    out.add_(mean)


def disc(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """1 inside a circle, 0 outside, the share of the pixel on its rim (taking the rim as straight within a pixel).

    Parameters
    ----------
    rows : Rows
        size (the diameter), x, y.
    canvas : Canvas
        What is drawn on.

    Returns
    -------
    Tensor (row, y, x)
    """
    right, up, radius = _polar(rows, canvas)
    rim = canvas.put(rows["size"] / 2)[:, None, None]
    unit = canvas.pixel / radius.clamp_min(canvas.pixel / 2)
    return half_plane(rim - radius, right.abs() * unit, up.abs() * unit)


def _hard_disc(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """1 where a pixel's centre lies inside a circle or on it, 0 elsewhere: jagged, as many published canvases are."""
    _, _, radius = _polar(rows, canvas)
    return (radius <= canvas.put(rows["size"] / 2)[:, None, None]).to(canvas.dtype)


def raised_cosine(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """1 up to 1 − RAMP of the radius, then half a cosine down to 0 at the radius.

    Parameters
    ----------
    rows : Rows
        size (the diameter), x, y.
    canvas : Canvas
        What is drawn on.

    Returns
    -------
    Tensor (row, y, x)
    """
    _, _, radius = _polar(rows, canvas)
    rim = canvas.put(rows["size"] / 2)[:, None, None]
    ramp = ((radius / rim - (1 - RAMP)) / RAMP).clamp(0, 1)
    return (1 + (torch.pi * ramp).cos()) / 2


def _gaussian(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """A gaussian whose standard deviation is a quarter of the size: the size spans ± 2 of them."""
    right, up = canvas.offsets(rows)
    sigma = canvas.put(rows["size"] / 4)[:, None, None]
    return (-((up / sigma) ** 2) / 2).exp() * (-((right / sigma) ** 2) / 2).exp()


def _elongated(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """The gaussian of a gabor."""
    right, up = canvas.offsets(rows)
    ux, uy = (canvas.put(part)[:, None, None] for part in across(rows["orientation"]))
    sigma, length = (canvas.put(part)[:, None, None] for part in (rows["sigma"], rows["sigma"] * rows["aspect"]))
    u, v = ux * right + uy * up, uy * right - ux * up
    return (-((u / sigma) ** 2 + (v / length) ** 2) / 2).exp()


def _polar(rows: Rows, canvas: Canvas) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    right, up = canvas.offsets(rows)
    return right, up, (right**2 + up**2).sqrt()


def once(
    draw: Callable[[Rows, Canvas], torch.Tensor], rows: Rows, names: tuple[str, ...], canvas: Canvas
) -> torch.Tensor:
    """Draw what many rows share only once: an aperture is the same for all orientations, frequencies and phases.

    Parameters
    ----------
    draw : callable
        What draws it.
    rows : Rows
        Parameters.
    names : tuple of str
        Those that it depends on.
    canvas : Canvas
        What is drawn on.

    Returns
    -------
    Tensor (row, y, x)
        Or (1, y, x) where all rows share it.
    """
    values, index = np.unique(np.stack([rows[name] for name in names], axis=1), axis=0, return_inverse=True)
    drawn = draw(dict(zip(names, values.T, strict=True)), canvas)
    return drawn if len(values) == 1 else drawn[torch.from_numpy(index).to(drawn.device)]


WAVEFORMS: dict[str, Callable[[Rows, Canvas, torch.Tensor, float], None]] = {"sine": fill_with_sine, "square": _square}
"""How luminance goes across the stripes."""

APERTURES: dict[str, Callable[[Rows, Canvas], torch.Tensor] | None] = {
    "none": None,
    "disc": disc,
    "hard disc": _hard_disc,
    "raised cosine": raised_cosine,
    "gaussian": _gaussian,
}
"""Where a grating ends."""
