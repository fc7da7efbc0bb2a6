"""Two shapes of receptive fields, gaussian and Gabor, with their derivatives: what ``map_solver`` fits to maps.

Both are the gaussian exp(−u²/2σ_u² − v²/2σ_v²), u = cos θ (y − y₀) − sin θ (x − x₀) across the stripes and
v = sin θ (y − y₀) + cos θ (x − x₀) along them; the Gabor's is multiplied by a wave of frequency f along u. Whatever
enters linearly (amplitude; of a Gabor its cosine and sine part, which make amplitude and phase) is left to the fitter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["GABOR", "GAUSSIAN", "MapForm"]


@dataclass(frozen=True)
class MapForm:
    """A shape over (x, y).

    Parameters
    ----------
    names : tuple of str
        What is sought, in its order: ``x``, ``y``, ``angle`` (radians), logarithms of ``sigma_u`` and ``sigma_v``, and
        of the ``frequency``, if there is one.
    columns : int
        How many columns enter linearly.
    """

    names: tuple[str, ...]
    columns: int

    def shape(self, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The columns at some parameters, and what their derivatives are made of.

        Parameters
        ----------
        theta : ndarray (row, parameter)
            As ``names`` has them.
        x, y : ndarray (position)
            Degrees.

        Returns
        -------
        columns : ndarray (row, column, position)
        inside : ndarray (3, row, position)
            u, v and the phase of the wave.
        """
        x0, y0, angle, wide, long = (part[:, None] for part in theta.T[:5])
        cos, sin = np.cos(angle), np.sin(angle)
        u = cos * (y - y0) - sin * (x - x0)
        v = sin * (y - y0) + cos * (x - x0)
        envelope = np.exp(-((u * np.exp(-wide)) ** 2 + (v * np.exp(-long)) ** 2) / 2)
        if self.columns == 1:
            return envelope[:, None], np.stack([u, v, np.zeros_like(u)])
        wave = 2 * np.pi * np.exp(theta[:, 5:6]) * u
        return np.stack([envelope * np.cos(wave), -envelope * np.sin(wave)], axis=1), np.stack([u, v, wave])

    def slopes(self, theta: np.ndarray, columns: np.ndarray, inside: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """Derivatives (row, parameter, position) of the shape with some linear coefficients (row, column)."""
        u, v, wave = inside
        angle, wide, long = (part[:, None] for part in theta.T[2:5])
        cos, sin = np.cos(angle), np.sin(angle)
        whole = np.einsum("rc,rcp->rp", linear, columns)
        turned = np.zeros_like(whole)  # by the phase of the wave
        if self.columns == 2:
            turned = linear[:, :1] * columns[:, 1] - linear[:, 1:] * columns[:, 0]
        across = -u * np.exp(-2 * wide) * whole
        along = -v * np.exp(-2 * long) * whole
        if self.columns == 2:
            across = across + 2 * np.pi * np.exp(theta[:, 5:6]) * turned
        parts = [
            sin * across - cos * along,
            -cos * across - sin * along,
            u * along - v * across,
            (u * np.exp(-wide)) ** 2 * whole,
            (v * np.exp(-long)) ** 2 * whole,
        ]
        return np.stack(parts + ([wave * turned] if self.columns == 2 else []), axis=1)


GAUSSIAN = MapForm(("x", "y", "angle", "sigma_u", "sigma_v"), 1)
GABOR = MapForm(("x", "y", "angle", "sigma_u", "sigma_v", "frequency"), 2)
