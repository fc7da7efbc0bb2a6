"""Gabors fitted to receptive-field maps of all units at once, beside one scipy.optimize.least_squares a unit.

Prints processor time, so that other work on the machine disturbs it less; both sides run on one thread. scipy starts
as one would with a cell, at the peak of the map's spectrum and energy; and at the truth, which nobody has.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import xarray as xr
from scipy.optimize import least_squares
from threadpoolctl import threadpool_limits

from cortexcnn.tuning import fit_gabors

AT = np.linspace(-1, 1, 21)
FINEST, HIGHEST = 0.4 * (AT[1] - AT[0]), 0.5 / (AT[1] - AT[0])  # what ours may not leave is no comparison


def gabor(p: np.ndarray) -> np.ndarray:
    """x, y, sigma_u, sigma_v, orientation (radians), frequency, cosine and sine part."""
    z = ((AT - p[0]) + 1j * (AT[:, None] - p[1])) * np.exp(-1j * p[4])
    envelope = np.exp(-((z.imag / p[2]) ** 2 + (z.real / p[3]) ** 2) / 2)
    wave = 2 * np.pi * p[5] * z.imag
    return envelope * (p[6] * np.cos(wave) - p[7] * np.sin(wave))


def cells(units: int, rng: np.random.Generator) -> np.ndarray:
    f, phase, angle = (rng.uniform(*ends, units) for ends in ((0.8, 3), (0, 2 * np.pi), (0, np.pi)))
    sigmas = np.minimum(rng.uniform(0.25, 0.9, (2, units)) / f, 0.45)
    place = rng.uniform(-0.3, 0.3, (2, units))
    return np.stack([*place, *sigmas, angle, f, np.cos(phase), np.sin(phase)], axis=1)


def guess(values: np.ndarray) -> np.ndarray:
    """Where one starts with a cell: the largest amplitude of the spectrum, and the middle of the squared map."""
    spectrum = np.abs(np.fft.fft2(values, (128, 128)))
    row, column = np.unravel_index(spectrum.argmax(), spectrum.shape)
    step = AT[1] - AT[0]
    up, right = np.fft.fftfreq(128, step)[[row, column]]
    f = max(np.hypot(up, right), 0.3)
    energy = values**2 / (values**2).sum()
    x, y = (energy.sum(0) * AT).sum(), (energy.sum(1) * AT).sum()
    return np.array([x, y, 0.4 / f, 0.4 / f, np.arctan2(-right, up), f, values.max(), 0.1])


def compare(units: int, subset: int, noise: float, rng: np.random.Generator) -> None:
    truth = cells(units, rng)
    maps = np.stack([gabor(one) for one in truth]) + noise * rng.standard_normal((units, len(AT), len(AT)))
    labels = {"y": AT, "x": AT, "unit": np.arange(units)}
    table = xr.DataArray(maps.transpose(1, 2, 0), dims=("y", "x", "unit"), coords=labels)
    start = time.process_time()
    ours = fit_gabors(table)["residual"].values
    rate = units / (time.process_time() - start)
    slack = 1e-9 * (maps[:subset] ** 2).sum((1, 2))  # where the fit is exact, residuals are rounding errors
    print(f"noise {noise:g}: {rate:,.0f} units/s")
    for name, starts in {"the peak": [guess(one) for one in maps[:subset]], "the truth": truth[:subset]}.items():
        theirs, slow = one_by_one(maps, starts)
        worse = int((ours[:subset] > 1.001 * theirs + slack).sum())
        lost = int((theirs > 1.001 * ours[:subset] + slack).sum())
        print(
            f"  least_squares from {name:9} {slow:6,.0f} units/s, ratio {rate / slow:5.1f}; worse by > 0.1 %: "
            f"{worse} of {subset} of ours, {lost} of scipy's"
        )


def one_by_one(maps: np.ndarray, starts: np.ndarray | list[np.ndarray]) -> tuple[np.ndarray, float]:
    """Residuals, infinite where a fit is finer than ours may be, and units in a second."""
    residuals = np.full(len(starts), np.inf)
    start = time.process_time()
    for i, (values, guessed) in enumerate(zip(maps, starts, strict=False)):
        found = least_squares(lambda p: (gabor(p) - values).ravel(), guessed, method="lm", max_nfev=3000)  # noqa: B023
        if np.abs(found.x[2:4]).min() >= FINEST and abs(found.x[5]) <= HIGHEST:
            residuals[i] = 2 * found.cost
    return residuals, len(starts) / (time.process_time() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: python benchmarks/maps.py --units 200")
    parser.add_argument("--units", type=int, default=1000, help="maps of 21 × 21 that are fitted at once (1000)")
    parser.add_argument("--subset", type=int, default=200, help="of these, how many scipy fits (200)")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with threadpool_limits(1):
        for noise in (0.0, 0.1, 0.5):
            compare(options.units, min(options.subset, options.units), noise, rng)


if __name__ == "__main__":
    main()
