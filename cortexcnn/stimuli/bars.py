"""Bars and edges, still and swept: what Hubel and Wiesel moved across the screen.

A bar is drawn by the exact share of each pixel that it covers, an edge by the exact mean over each pixel, so that
a bar of half a pixel is a line of half the contrast and a slow sweep moves smoothly. Signs and angles: see ``canvas``.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from cortexcnn.screen import Window
from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, across, half_plane, split

__all__ = [
    "POLARITIES",
    "draw_bar",
    "draw_edge",
    "draw_swept_bar",
    "extent_of_bar",
    "extent_of_swept_bar",
    "fill_polygon",
    "in_pixels",
    "sign",
]

POLARITIES = {"light": 1.0, "dark": -1.0}
"""Sign of a bar against the grey, or of the side of an edge towards which u points."""

_NEGLIGIBLE = 1e-6  # coverage that is only rounding


def draw_bar(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw light or dark bars on grey.

    Parameters
    ----------
    rows : Rows
        orientation, length (along it), width (across it), polarity, contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    fill_polygon(_corners(rows, canvas), rows, canvas, out)


def fill_polygon(corners: tuple[np.ndarray, np.ndarray], rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw light or dark polygons on grey, each pixel by the exact share of it that is covered.

    Parameters
    ----------
    corners : tuple of ndarray (corner, row)
        Columns and rows in pixels from the screen's top left corner, in turn around each polygon.
    rows : Rows
        polarity, contrast.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    box = _box(corners, canvas.window)
    out.fill_(GREY)
    if box is not None:
        top, left = box.top - canvas.window.top, box.left - canvas.window.left
        part = out[:, 0, top : top + box.shape[0], left : left + box.shape[1]]
        covered = _coverage(corners, replace(canvas, window=box))
        part.add_(covered.mul_(canvas.put(sign(rows) * rows["contrast"] / 2)[:, None, None]))


def draw_swept_bar(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw frames of bars that move in their direction, and stand at (x, y) in the middle of the presentation.

    Parameters
    ----------
    rows : Rows
        As of a bar, with direction and speed, ``time`` in s, and the duration and frame_rate of the table.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    middle = (rows["duration"] - 1 / rows["frame_rate"]) / 2
    travelled = rows["speed"] * (rows["time"] - middle)
    angle = np.deg2rad(rows["direction"])
    moved = {
        "orientation": (rows["direction"] - 90) % 180,
        "x": rows["x"] + travelled * np.cos(angle),
        "y": rows["y"] + travelled * np.sin(angle),
    }
    draw_bar({**rows, **moved}, canvas, out)


def draw_edge(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw edges between a light and a dark half of the screen.

    Parameters
    ----------
    rows : Rows
        orientation, polarity (of the side towards which u points), position (along u, from x and y), blur (the
        standard deviation of the gaussian by which the edge is smoothed), contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    for blurred, some, part in split({**rows, "blurred": rows["blur"] > 0}, "blurred", out[:, 0]):
        profile = _smooth_step(some, canvas) if blurred else _step(some, canvas)
        torch.mul(profile, canvas.put(sign(some) * some["contrast"] / 2)[:, None, None], out=part)
    out.add_(GREY)


def extent_of_bar(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that bars reach over, in degrees."""
    ux, uy = np.abs(across(rows["orientation"]))
    length, width = rows["length"] / 2, rows["width"] / 2
    return uy * length + ux * width, ux * length + uy * width


def extent_of_swept_bar(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that the path of bars reaches over, in degrees."""
    width, height = extent_of_bar({**rows, "orientation": rows["direction"] - 90})
    path = rows["speed"] * (rows["duration"] - 1 / rows["frame_rate"]) / 2
    angle = np.deg2rad(rows["direction"])
    return width + path * np.abs(np.cos(angle)), height + path * np.abs(np.sin(angle))


def sign(rows: Rows) -> np.ndarray:
    """1 for light rows and −1 for dark ones."""
    return np.array([POLARITIES[polarity] for polarity in rows["polarity"].tolist()])


def _corners(rows: Rows, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Column and row of the four corners in turn, in pixels from the screen's top left corner: (4, row) each."""
    ux, uy = across(rows["orientation"])
    # A bar that is longer than this ends beyond the screen on both sides.
    limit = 2 * (np.hypot(rows["x"], rows["y"]) + canvas.screen.degrees)
    length, width = (np.minimum(rows[name], limit) / 2 for name in ("length", "width"))
    u = np.array([1, 1, -1, -1])[:, None] * width
    v = np.array([1, -1, -1, 1])[:, None] * length
    x, y = rows["x"] + u * ux + v * uy, rows["y"] + u * uy - v * ux
    return in_pixels(x, y, canvas)


def in_pixels(x: np.ndarray, y: np.ndarray, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Column and row, in pixels from the screen's top left corner, of places in degrees from its centre."""
    scale, centre = canvas.screen.pixels_per_degree, canvas.screen.pixels / 2
    return centre + x * scale, centre - y * scale


def _box(corners: tuple[np.ndarray, np.ndarray], window: Window) -> Window | None:
    """The part of a window in which all bars lie; None if there is no such part."""
    left, top = (
        max(int(np.floor(part.min())), low) for part, low in zip(corners, (window.left, window.top), strict=True)
    )
    right, bottom = (
        min(int(np.ceil(part.max())), high) for part, high in zip(corners, (window.right, window.bottom), strict=True)
    )
    return Window(top, bottom, left, right) if left < right and top < bottom else None


def _coverage(corners: tuple[np.ndarray, np.ndarray], canvas: Canvas) -> torch.Tensor:
    """The share of each pixel inside a polygon, exactly: the signed areas to the right of its sides, summed.

    Within a row of pixels a side is a straight piece. To its right lies, of each pixel, the mean of a clipped linear
    function, which has a closed form; sides that run down count against sides that run up.

    Parameters
    ----------
    corners : tuple of ndarray (corner, row)
        Columns and rows in pixels, in turn around the polygon.
    canvas : Canvas
        What is drawn on.

    Returns
    -------
    Tensor (row, y, x)
        0 to 1.
    """
    window = canvas.window
    top = np.arange(window.top, window.bottom)
    right = canvas.put(np.arange(window.left, window.right) + 1.0)
    total = torch.zeros((corners[0].shape[1], *window.shape), dtype=canvas.dtype, device=canvas.device)
    for x1, y1, x2, y2 in zip(*corners, *(np.roll(part, -1, axis=0) for part in corners), strict=True):
        x1, y1, x2, y2 = (part[:, None] for part in (x1, y1, x2, y2))  # noqa: PLW2901 - the same, by pixel rows
        start, end = (np.clip(y, top, top + 1) for y in (y1, y2))
        slope = (x2 - x1) / np.where(y2 == y1, 1, y2 - y1)
        first, last = x1 + (start - y1) * slope, x1 + (end - y1) * slope
        nearest, farthest = (
            canvas.put(bound)[:, :, None] for bound in (np.maximum(first, last), np.minimum(first, last))
        )
        total.addcmul_(_mean_of_clipped(right - nearest, right - farthest), canvas.put(end - start)[:, :, None])
    return torch.nn.functional.hardshrink(total.abs_().clamp_max_(1), _NEGLIGIBLE)


def _mean_of_clipped(low: torch.Tensor, high: torch.Tensor) -> torch.Tensor:
    """The mean of ``clip(t, 0, 1)`` over t from low to high, which are used up."""
    length = (high - low).clamp_min_(_NEGLIGIBLE)
    beyond = high.clamp_min(1).sub_(low.clamp_min(1))
    low, high = low.clamp_(0, 1), high.clamp_(0, 1)
    within = (high - low).mul_(high + low).div_(2).add_(beyond).div_(length)
    return torch.where(length > _NEGLIGIBLE, within, low)


def _distances(rows: Rows, canvas: Canvas) -> tuple[np.ndarray, np.ndarray]:
    """Degrees beyond the edge, along u: the part of each column (row, 1, x) and of each row of pixels (row, y, 1)."""
    ux, uy = across(rows["orientation"])
    along_x = ux[:, None] * (canvas.x - rows["x"][:, None]) - rows["position"][:, None]
    along_y = uy[:, None] * (canvas.y - rows["y"][:, None])
    return along_x[:, None, :], along_y[:, :, None]


def _step(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """−1 before the edge and 1 beyond it, averaged over each pixel."""
    width, height = (canvas.put(canvas.pixel * np.abs(part))[:, None, None] for part in across(rows["orientation"]))
    along_x, along_y = (canvas.put(part) for part in _distances(rows, canvas))
    return 2 * half_plane(along_x + along_y, width, height) - 1


def _smooth_step(rows: Rows, canvas: Canvas) -> torch.Tensor:
    """``erf(u / (blur √2))`` averaged over each pixel: the second difference of its second integral.

    Small differences of large numbers, so in float64 and on the processor, which has it.
    """
    # A side seen end-on is a box of no width, whose limit a thousandth of a pixel stands in for.
    sides = [canvas.pixel * np.maximum(np.abs(part), 1e-3) for part in across(rows["orientation"])]
    width, height, blur = (torch.as_tensor(part)[:, None, None] for part in (*sides, rows["blur"]))
    along_x, along_y = (torch.as_tensor(part) for part in _distances(rows, canvas))
    distance = along_x + along_y
    total = torch.zeros_like(distance)
    for shift, sign in ((width + height, 1), (width - height, -1), (height - width, -1), (-width - height, 1)):
        z = (distance + shift / 2) / blur
        density = (-(z**2) / 2).exp() / (2 * torch.pi) ** 0.5
        total += sign * blur**2 * ((z**2 + 1) / 2 * torch.erf(z / 2**0.5) + z * density)
    return (total / (width * height)).to(canvas.dtype).to(canvas.device)
