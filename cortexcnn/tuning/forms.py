"""The shapes that tuning curves are fitted with, each with its derivatives, its limits and where it falls to a height.

A curve is ``base + amplitude · shape(x; position, width)``. Base and amplitude enter linearly and are the fitter's
business; a :class:`Form` knows the shape alone, which is 1 at its highest. All angles are in degrees, and widths are
fitted as logarithms, so that they stay positive and their steps are relative.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from cortexcnn.choices import chosen
from cortexcnn.tuning.projection import Columns

__all__ = ["FORMS", "Form", "form_of"]

Shape = Callable[[np.ndarray, np.ndarray], tuple[Columns, Sequence[Columns]]]
Limits = tuple[tuple[float, float], tuple[float, float]]
Reach = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Form:
    """A shape with two parameters that do not enter linearly.

    Parameters
    ----------
    parameter : str
        The stimulus parameter that it describes.
    width : str
        What its second parameter is called.
    shape : callable
        ``(x (n), theta (2, u))`` to the columns (n, u), and to the same of their derivatives by position and by the
        logarithm of the width: the two numbers of theta, whose precision they have.
    limits : callable
        ``x`` to the box in which position and width are sought by default.
    starts : callable
        ``x`` to the narrowest and widest width from which a fit sets out.
    reach : callable
        ``(height of the shape, position, width)`` to where it falls to that height below and above its peak, NaN where
        it never does.
    period : float
        Degrees after which positions repeat; infinite where they do not.
    columns : int
        1, or 2 for a shape with a second lobe of its own amplitude, half a period away.
    rival : float
        A second start is followed too where it leaves less than this multiple of the first one's residual.
    sharp : bool
        Whether a large second parameter is a sharp curve (a concentration, an exponent) and not a broad one (a width).
    coordinate, value : callable
        Stimulus values to the coordinate in which the shape is written, and back.
    """

    parameter: str
    width: str
    shape: Shape
    limits: Callable[[np.ndarray], Limits]
    starts: Callable[[np.ndarray], tuple[float, float]]
    reach: Reach
    period: float = np.inf
    columns: int = 1
    rival: float = 2.0
    sharp: bool = False
    coordinate: Callable[[np.ndarray], np.ndarray] = np.asarray
    value: Callable[[np.ndarray], np.ndarray] = np.asarray


def _bump(x: np.ndarray, position: np.ndarray, log_width: np.ndarray, *, turns: int) -> tuple[np.ndarray, ...]:
    """exp(κ (cos(turns (x - position)) - 1)), from sums of products: one exponential a sample."""
    concentration = np.exp(log_width)
    angle, centre = np.deg2rad(turns * x)[:, None], np.deg2rad(turns * position)
    cos, sin = np.cos(angle), np.sin(angle)
    towards = cos * np.cos(centre) + sin * np.sin(centre)
    slope = sin * np.cos(centre) - cos * np.sin(centre)
    depth = (towards - 1) * concentration
    bump = np.exp(depth)
    return bump, bump * slope * (concentration * math.radians(turns)), bump * depth


def _von_mises(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """exp(κ (cos 2Δ - 1))."""
    bump, by_position, by_width = _bump(x, *theta, turns=2)
    return [bump], [[by_position], [by_width]]


def _gabor(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """exp(κ (abs(cos Δ) - 1)): a von Mises of the angle itself, the same for both directions of the normal."""
    concentration = np.exp(theta[1])
    angle, centre = np.deg2rad(x)[:, None], np.deg2rad(theta[0])
    cos, sin = np.cos(angle), np.sin(angle)
    towards = cos * np.cos(centre) + sin * np.sin(centre)
    slope = (sin * np.cos(centre) - cos * np.sin(centre)) * np.sign(towards)
    depth = (np.abs(towards) - 1) * concentration
    bump = np.exp(depth)
    return [bump], [[bump * slope * (concentration * math.radians(1))], [bump * depth]]


def _two_lobes(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """exp(κ (cos Δ - 1)) and the same half a turn away."""
    position, log_width = theta
    there = _bump(x, position, log_width, turns=1)
    back = _bump(x, position + 180, log_width, turns=1)
    columns, *slopes = ([one, other] for one, other in zip(there, back, strict=True))
    return columns, slopes


def _log_gaussian(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """exp(-(x - position)² / 2σ²), x in octaves."""
    width = np.exp(theta[1])
    apart = (x[:, None] - theta[0]) / width
    bump = np.exp(-0.5 * apart**2)
    return [bump], [[bump * apart / width], [bump * apart**2]]


def _gaussian(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """exp(-(f / peak - 1)² / 2σ²), f = 2^x and peak = 2^position: σ is relative to the peak."""
    width = np.exp(theta[1])
    ratio = np.exp2(np.minimum(x[:, None] - theta[0], 60))  # an octave more is as far from the peak
    apart = (ratio - 1) / width
    bump = np.exp(-0.5 * apart**2)
    return [bump], [[bump * apart * ratio * (math.log(2) / width)], [bump * apart**2]]


def _naka_rushton(x: np.ndarray, theta: np.ndarray) -> tuple[Columns, Sequence[Columns]]:
    """c^n / (c^n + c50^n), c = 2^x and c50 = 2^position: a logistic curve over octaves."""
    steepness = np.exp(theta[1]) * math.log(2)
    apart = steepness * (x[:, None] - theta[0])
    share = expit(apart)
    slope = share * (1 - share)
    return [share], [[-slope * steepness], [slope * apart]]


def _spacing(x: np.ndarray) -> float:
    """The widest gap between neighbouring samples."""
    return float(np.diff(np.sort(x)).max()) if len(x) > 1 else 1.0


def _circular_limits(*, turns: int) -> Callable[[np.ndarray], Limits]:
    """Concentrations from nearly a cosine to a standard deviation of a fifth of the spacing."""

    def limits(x: np.ndarray) -> Limits:
        narrowest = turns * np.deg2rad(_spacing(x)) / 5
        return (-np.inf, np.inf), (1e-2, max(1 / narrowest**2, 1.0))

    return limits


def _circular_starts(*, turns: int) -> Callable[[np.ndarray], tuple[float, float]]:
    """Concentrations from broad to a standard deviation of a third of the spacing."""
    return lambda x: (0.3, max(1 / (turns * np.deg2rad(_spacing(x)) / 3) ** 2, 1.0))


def _octave_limits(x: np.ndarray) -> Limits:
    """The peak to an octave beyond the range; widths from a fifth of the spacing to 6 octaves."""
    return (float(x.min()) - 1, float(x.max()) + 1), (_spacing(x) / 5, 6.0)


def _octave_starts(x: np.ndarray) -> tuple[float, float]:
    """Widths from a third of the spacing to 3 octaves."""
    return _spacing(x) / 3, 3.0


def _relative_limits(x: np.ndarray) -> Limits:
    """The peak to two octaves below the range and one above; widths from a fifth of the spacing."""
    return (float(x.min()) - 2, float(x.max()) + 1), (float(np.exp2(_spacing(x)) - 1) / 5, 50.0)


def _relative_starts(x: np.ndarray) -> tuple[float, float]:
    """Widths from a third of the spacing to twice the peak frequency."""
    return float(np.exp2(_spacing(x)) - 1) / 3, 2.0


def _contrast_limits(x: np.ndarray) -> Limits:
    """Semi-saturation from two octaves below the range to four above; exponents from a tenth to 30."""
    return (float(x.min()) - 2, float(x.max()) + 4), (0.1, 30.0)


def _contrast_starts(_: np.ndarray) -> tuple[float, float]:
    """From shallow to steep."""
    return 0.6, 20.0


def _contrast_reach(height: np.ndarray, position: np.ndarray, exponent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where the response rises to a height; it never falls again."""
    inside = np.where((height > 0) & (height < 1), height, np.nan)
    return position + np.log2(inside / (1 - inside)) / exponent, np.full(position.shape, np.nan)


def _circular_reach(*, turns: int, furthest: float) -> Reach:
    """Where exp(κ (cos(turns Δ) - 1)) falls to a height, if it does before Δ = furthest."""
    lowest = np.cos(np.deg2rad(turns * furthest))

    def reach(height: np.ndarray, position: np.ndarray, concentration: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        cosine = 1 + np.log(np.where(height > 0, height, np.nan)) / concentration
        half = np.rad2deg(np.arccos(np.where(cosine >= lowest, cosine, np.nan))) / turns
        return position - half, position + half

    return reach


def _octave_reach(height: np.ndarray, position: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a gaussian of octaves falls to a height."""
    half = width * np.sqrt(-2 * np.log(np.where(height > 0, height, np.nan)))
    return position - half, position + half


def _relative_reach(height: np.ndarray, position: np.ndarray, width: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a gaussian of frequency falls to a height; below, only if it does before 0."""
    half = width * np.sqrt(-2 * np.log(np.where(height > 0, height, np.nan)))
    return position + np.log2(np.where(half < 1, 1 - half, np.nan)), position + np.log2(1 + half)


FORMS: dict[str, Form] = {
    "von mises": Form(
        "orientation",
        "concentration",
        _von_mises,
        _circular_limits(turns=2),
        _circular_starts(turns=2),
        _circular_reach(turns=2, furthest=90),
        period=180,
        sharp=True,
    ),
    "gabor": Form(
        "orientation",
        "concentration",
        _gabor,
        _circular_limits(turns=1),
        _circular_starts(turns=1),
        _circular_reach(turns=1, furthest=90),
        period=180,
        sharp=True,
    ),
    "double von mises": Form(
        "direction",
        "concentration",
        _two_lobes,
        _circular_limits(turns=1),
        _circular_starts(turns=1),
        _circular_reach(turns=1, furthest=180),
        period=360,
        columns=2,
        sharp=True,
    ),
    "log gaussian": Form(
        "spatial_frequency",
        "width",
        _log_gaussian,
        _octave_limits,
        _octave_starts,
        _octave_reach,
        coordinate=np.log2,
        value=np.exp2,
    ),
    "gaussian": Form(
        "spatial_frequency",
        "width",
        _gaussian,
        _relative_limits,
        _relative_starts,
        _relative_reach,
        coordinate=np.log2,
        value=np.exp2,
    ),
    "naka rushton": Form(
        "contrast",
        "exponent",
        _naka_rushton,
        _contrast_limits,
        _contrast_starts,
        _contrast_reach,
        rival=1e9,  # a step at one of the samples is a valley of its own
        sharp=True,
        coordinate=np.log2,
        value=np.exp2,
    ),
}
"""Shapes by name. ``von mises`` is exp(κ (cos 2Δ - 1)) and describes a cosine as its limit; ``gabor`` is
exp(κ (abs(cos Δ) - 1)), the tuning of a Gabor filter of equal widths to gratings of its own frequency; ``log gaussian``
and ``gaussian`` are over the logarithm of spatial frequency to base 2 (width in octaves) and over frequency itself
(width relative to the peak): the latter is the tuning of a Gabor filter. ``naka rushton`` is c^n / (c^n + c50^n): it
rises to 1 and its position is where it reaches a half."""


def form_of(name: str) -> Form:
    """The shape of a name.

    Parameters
    ----------
    name : str
        A key of ``FORMS``.

    Returns
    -------
    Form

    Raises
    ------
    ValueError
        If there is none: names those that there are.

    Examples
    --------
    >>> form_of("gabor").period
    180
    >>> form_of("gauss")
    Traceback (most recent call last):
        ...
    ValueError: no form named 'gauss'; there are von mises, gabor, ... Did you mean 'gaussian'?
    """
    return chosen(FORMS, name, "form")
