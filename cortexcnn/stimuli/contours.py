"""Angles and arcs: what contours are made of where they do not run straight.

An angle is two half-lines from one point (Ito & Komatsu 2004); an arc is a piece of a circle (Pasupathy & Connor 1999).
Both are strokes of some width, light or dark on grey, with antialiased sides and straight ends.
"""

from __future__ import annotations

import numpy as np
import torch

from cortexcnn.stimuli.bars import fill_polygon, in_pixels, sign
from cortexcnn.stimuli.canvas import GREY, Canvas, Rows, half_plane

__all__ = ["bisector", "draw_angle", "draw_arc", "extent_of_angle", "extent_of_arc"]

_STRAIGHT = 1e-6  # 1/degrees: less is no curve on any screen
_STEPS = 64  # along an arc, for how far it reaches


def draw_angle(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw angles: two half-lines that meet at (x, y), or one where the opening is 0.

    Parameters
    ----------
    rows : Rows
        direction (of the first half-line), opening (from it to the second, counter-clockwise), length (of each), width,
        polarity, contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    length, half = rows["length"], rows["width"] / 2
    first, second = (np.deg2rad(angle) for angle in (rows["direction"], rows["direction"] + rows["opening"]))
    within = np.deg2rad(rows["opening"]) / 2
    # Inside the angle the two strokes meet in a notch, at most where they end.
    notch = np.minimum(half / np.maximum(np.sin(within), 1e-9), length / np.maximum(np.cos(within), 1e-9))
    ahead = np.array([0, 1, 1])[:, None] * length  # along a stroke: its outer side from the vertex, then its end
    beside = np.array([1, 1, -1])[:, None] * half
    corners = [
        *(_placed(first, along, -aside) for along, aside in zip(ahead, beside, strict=True)),
        _placed(first + within, notch, 0 * notch),
        *(_placed(second, along, aside) for along, aside in zip(ahead[::-1], beside[::-1], strict=True)),
    ]
    x, y = np.stack(corners, axis=1)
    fill_polygon(in_pixels(rows["x"] + x, rows["y"] + y, canvas), rows, canvas, out)


def draw_arc(rows: Rows, canvas: Canvas, out: torch.Tensor) -> None:
    """Draw arcs whose middle lies at (x, y).

    Parameters
    ----------
    rows : Rows
        direction (to which it bulges), curvature (of its middle line; 0 is a straight line), length (along it), width,
        polarity, contrast, x, y.
    canvas : Canvas
        What is drawn on.
    out : Tensor (row, 1, y, x)
        Filled with luminance.
    """
    right, up = canvas.offsets(rows)
    angle = np.deg2rad(rows["direction"])
    cos, sin, curvature, length, half = (
        canvas.put(part)[:, None, None]
        for part in (np.cos(angle), np.sin(angle), rows["curvature"], rows["length"], rows["width"] / 2)
    )
    out_of, along = cos * right + sin * up, cos * up - sin * right
    # The distance from the circle, written so that a straight line is no exception.
    bent = (2 * out_of + curvature * (out_of**2 + along**2)) * curvature
    root = (1 + bent).clamp_min(0).sqrt()
    distance = (2 * out_of + curvature * (out_of**2 + along**2)) / (1 + root)
    turn = torch.atan2(curvature * along, 1 + curvature * out_of)  # from the middle, around the circle's centre
    travelled = torch.where(curvature > _STRAIGHT, turn / curvature.clamp_min(_STRAIGHT), along)
    outward, sideways = torch.cos(turn), torch.sin(turn)
    normal_x, normal_y = cos * outward - sin * sideways, sin * outward + cos * sideways
    wide, high = (canvas.pixel * part.abs() for part in (normal_x, normal_y))
    stroke = half_plane(half + distance, wide, high) - half_plane(distance - half, wide, high)
    ends = half_plane(length / 2 - travelled.abs(), high, wide)
    closed = curvature * length >= 2 * torch.pi * (1 - 1e-6)
    covered = stroke * torch.where(closed, 1.0, ends)
    torch.mul(covered, canvas.put(sign(rows) * rows["contrast"] / 2)[:, None, None], out=out[:, 0])
    out.add_(GREY)


def extent_of_angle(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that angles reach over, in degrees."""
    both = np.deg2rad(np.stack([rows["direction"], rows["direction"] + rows["opening"]]))
    reach, half = rows["length"], rows["width"] / 2
    across, above = np.abs(np.cos(both)), np.abs(np.sin(both))
    return (across * reach + above * half).max(0), (above * reach + across * half).max(0)


def extent_of_arc(rows: Rows) -> tuple[np.ndarray, np.ndarray]:
    """Half of the width and of the height that arcs reach over, in degrees."""
    angle, curvature = np.deg2rad(rows["direction"]), rows["curvature"]
    travelled = np.linspace(-0.5, 0.5, _STEPS + 1)[:, None] * rows["length"]
    # The chord from the middle: of half the turn, towards it.
    turn = travelled * curvature / 2
    chord = travelled * np.sinc(turn / np.pi)
    x, y = _placed(angle + np.pi / 2 + turn, chord, 0 * chord)
    half = rows["width"] / 2
    return np.abs(x).max(0) + half, np.abs(y).max(0) + half


def bisector(rows: Rows) -> np.ndarray:
    """The direction in the middle between the half-lines, to which an angle opens."""
    return (rows["direction"] + rows["opening"] / 2) % 360


def _placed(direction: np.ndarray, along: np.ndarray, beside: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The x and y of what lies so far along a direction (radians) and so far to the left of it."""
    cos, sin = np.cos(direction), np.sin(direction)
    return cos * along - sin * beside, sin * along + cos * beside
