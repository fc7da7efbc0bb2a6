"""Gabors in quadrature pairs on a screen, and the closed forms of their tuning: what the classical V1 is made of.

A table of Gabors is a ``Dataset (gabor)`` with ``orientation``, ``spatial_frequency`` (cycles/degree), ``phase``
(degrees), and ``n_x`` and ``n_y``, the standard deviations across and along the stripes in periods.
"""

from __future__ import annotations

import numpy as np
import xarray as xr
from scipy.special import gamma

from cortexcnn.screen import Screen

__all__ = ["FINEST", "NARROWEST", "REACH", "check_gabors", "kernel_side", "modulation", "quadrature", "tuning"]

REACH = 4.0
"""Standard deviations at which a Gabor is cut: 3e-4 of its peak."""

NARROWEST = 0.25
"""The n_x below which a Gabor without a mean no longer prefers its own frequency; n_y below it is finer than pixels."""

FINEST = 0.25
"""Cycles/pixel above which the pixels no longer sample a Gabor well."""


def check_gabors(gabors: xr.Dataset, screen: Screen) -> xr.Dataset:
    """Refuse a table of Gabors that makes no sense on a screen.

    Parameters
    ----------
    gabors : Dataset (gabor)
        As above.
    screen : Screen
        Where they will lie.

    Returns
    -------
    Dataset
        The same table.

    Raises
    ------
    ValueError
        If a column is missing or a value out of range.
    """
    finest = FINEST * screen.pixels_per_degree
    limits = {
        "orientation": (0, np.nextafter(180, 0), "degrees, 0 ≤ orientation < 180"),
        "spatial_frequency": (
            np.nextafter(0, 1),
            finest * (1 + 1e-9),
            f"cycles/degree, above 0 and up to {finest:g}, a quarter cycle a pixel: take more pixels",
        ),
        "phase": (np.nextafter(-np.inf, 0), np.nextafter(np.inf, 0), "a number of degrees"),
        "n_x": (NARROWEST, np.inf, f"{NARROWEST} or more: narrower Gabors do not prefer their own frequency"),
        "n_y": (NARROWEST, np.inf, f"{NARROWEST} or more: shorter Gabors are finer than pixels"),
    }
    if not set(limits) <= set(gabors.data_vars) or not gabors.sizes.get("gabor"):
        raise ValueError(
            f"Gabors are a table along gabor with {', '.join(limits)}; this has "
            f"{', '.join(map(str, gabors.data_vars)) or 'no columns'} and {gabors.sizes.get('gabor', 0)} rows"
        )
    for name, (low, high, wanted) in limits.items():
        values = gabors[name].values
        wrong = ~((values >= low) & (values <= high))
        if wrong.any():
            raise ValueError(f"{name} {values[wrong][0]:g} of a Gabor: {name} is {wanted}")
    return gabors


def kernel_side(gabors: xr.Dataset, screen: Screen, stride: int) -> int:
    """Side of the kernels in pixels: all Gabors fit in, and the middle position is the centre of the screen.

    Parameters
    ----------
    gabors : Dataset (gabor)
        As above.
    screen : Screen
        Where they lie.
    stride : int
        Pixels between positions.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If the largest does not fit the screen, or the stride is no positive whole number.
    """
    if int(stride) != stride or stride < 1:
        raise ValueError(f"stride {stride}: a positive whole number of pixels")
    largest = 2 * REACH * float((np.maximum(gabors["n_x"], gabors["n_y"]) / gabors["spatial_frequency"]).max())
    needed = int(np.ceil(round(largest * screen.pixels_per_degree, 6)))
    if needed > screen.pixels:
        raise ValueError(
            f"the largest Gabor spans {largest:.3g} degrees and the screen {screen.degrees:g}: "
            "take higher spatial_frequencies, a smaller n_x and n_y, or more degrees"
        )
    return needed + (screen.pixels - needed) % (2 * int(stride))


def quadrature(gabors: xr.Dataset, screen: Screen, side: int) -> np.ndarray:
    """The cosine and sine parts of Gabors, each of gain 1 for the best grating.

    Parameters
    ----------
    gabors : Dataset (gabor)
        As above; the phase plays no role.
    screen : Screen
        Gives the size of a pixel.
    side : int
        Of the kernels, in pixels.

    Returns
    -------
    ndarray (gabor, y, x) of complex
        Cosine + i sine part. Each sums to nothing, and its product with the luminance of the best grating of contrast
        1 sums to 1.
    """
    x, y = Screen(side / screen.pixels_per_degree, side).centres()
    frequency = gabors["spatial_frequency"].values
    cos, sin = (turn(np.deg2rad(gabors["orientation"].values))[:, None, None] for turn in (np.cos, np.sin))
    u, v = cos * y[:, None] - sin * x, sin * y[:, None] + cos * x
    across, along = ((gabors[name].values / frequency)[:, None, None] for name in ("n_x", "n_y"))
    envelope = np.exp(-((u / across) ** 2 + (v / along) ** 2) / 2)
    wave = np.exp(2j * np.pi * frequency[:, None, None] * u)
    pairs = envelope * wave
    pairs -= envelope * (_total(pairs) / _total(envelope))
    # a grating of contrast 1 is half a wave of luminance
    cosine, sine = pairs.real, pairs.imag
    return 2 * (cosine / _total(cosine * wave.real) + 1j * sine / _total(sine * wave.imag))


def tuning(frequency: np.ndarray, n_x: np.ndarray, n_y: np.ndarray, *, power: float = 1.0) -> dict[str, np.ndarray]:
    """Closed forms of the tuning of cells that answer with a power of a Gabor's amplitude.

    The amplitude is exp(−κ_u (r cos Δ − 1)²/2 − κ_v r² sin²Δ/2), for a grating of r times the frequency at an angle Δ,
    with κ = 4π²n² across and along.

    Parameters
    ----------
    frequency : ndarray
        Cycles/degree.
    n_x, n_y : ndarray
        Standard deviations in periods.
    power : float
        1 for linear and simple cells, 2 for energy.

    Returns
    -------
    dict of ndarray
        orientation_bandwidth (half width at 1/√2) and orientation_bandwidth_half_height, degrees, at the Gabor's own
        frequency, NaN where never reached; circular_variance there; spatial_frequency_low and spatial_frequency_high
        (half height), the low one NaN where never reached.

    Examples
    --------
    >>> cell = tuning(np.array([2.0]), np.array([0.5]), np.array([0.5]))
    >>> float(cell["orientation_bandwidth_half_height"][0]), float(np.rad2deg(np.arccos(1 - np.log(2) / np.pi**2)))
    (21.6, 21.6)
    """
    across, along = power * (2 * np.pi * n_x) ** 2, power * (2 * np.pi * n_y) ** 2
    table = {}
    for name, height in (("orientation_bandwidth", 2**-0.5), ("orientation_bandwidth_half_height", 0.5)):
        # along (1 − c²)/2 + across (1 − c)²/2 = −ln height is quadratic in c = cos Δ
        rest = (across + along) / 2 + np.log(height)
        with np.errstate(invalid="ignore"):
            cosine = 2 * rest / (across + np.sqrt(across**2 - 2 * (across - along) * rest))
        table[name] = np.rad2deg(np.arccos(np.where(cosine >= 0, cosine, np.nan)))
    angle = np.deg2rad(np.arange(-90, 90))[:, None]
    answer = np.exp(-across * (1 - np.cos(angle)) ** 2 / 2 - along * np.sin(angle) ** 2 / 2)
    table["circular_variance"] = 1 - (answer * np.cos(2 * angle)).sum(axis=0) / answer.sum(axis=0)
    fall = np.sqrt(2 * np.log(2) / across)
    table["spatial_frequency_low"] = np.where(fall < 1, frequency * (1 - fall), np.nan)
    table["spatial_frequency_high"] = frequency * (1 + fall)
    return table


def modulation(power: float) -> float:
    """F1 / F0 of a half-rectified sine raised to a power, for many phases.

    Parameters
    ----------
    power : float
        1 for a half-rectified linear cell.

    Returns
    -------
    float

    Examples
    --------
    >>> modulation(1), modulation(2)
    (1.571, 1.698)
    """
    return float(2 * gamma(power / 2 + 1) ** 2 / gamma(power / 2 + 1.5) / gamma(power / 2 + 0.5))


def _total(kernels: np.ndarray) -> np.ndarray:
    """The sum of each kernel."""
    return kernels.sum(axis=(1, 2), keepdims=True)
