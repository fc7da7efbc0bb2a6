"""Tuning fits and indices for all units at once, beside one scipy.optimize.curve_fit a unit and beside a loop.

Prints processor time, so that other work on the machine disturbs it less; both sides run on one thread.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.optimize import curve_fit
from threadpoolctl import threadpool_limits

from cortexcnn.tuning import circular_variance
from cortexcnn.tuning.solver import fit_batch

ANGLES = np.arange(0, 180, 15.0)
BARS = {"no bounds": 40, "bounds": 200}
UNBOUNDED = ((-np.inf, np.inf), (1e-6, 1e6))
BOUNDED = ((0.0, 180.0), (0.01, 90.0))


def von_mises(x: np.ndarray, position: float, width: float, amplitude: float, base: float) -> np.ndarray:
    return base + amplitude * np.exp(width * (np.cos(2 * np.deg2rad(x - position)) - 1))


def curves(units: int, repeats: int, rng: np.random.Generator) -> np.ndarray:
    """Mean spike counts of neurons with von Mises tuning, over some repeats; without repeats, their rates."""
    position, width = rng.uniform(0, 180, units), np.exp(rng.uniform(np.log(0.5), np.log(8), units))
    rates = von_mises(ANGLES[:, None], position, width, rng.uniform(5, 40, units), rng.uniform(0.5, 8, units))
    return rng.poisson(rates * repeats) / repeats if repeats else rates


def spent(work: Callable[[], object], *, times: int = 1) -> float:
    """Least processor time of some runs, in s."""
    best = np.inf
    for _ in range(times):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def one_by_one(y: np.ndarray, *, bounded: bool) -> tuple[np.ndarray, float]:
    """Residuals of curve_fit, infinite where it fails or finds a trough, and its processor time."""
    residuals = np.full(y.shape[1], np.inf)
    box = {"bounds": ([0, 0.01, 0, -np.inf], [180, 90, np.inf, np.inf])} if bounded else {}
    start = time.process_time()
    for unit, column in enumerate(y.T):
        guess = [ANGLES[column.argmax()], 2.0, np.ptp(column), column.min()]
        try:
            found, _ = curve_fit(von_mises, ANGLES, column, guess, **box)
        except RuntimeError:
            continue
        if found[2] >= 0:
            residuals[unit] = ((von_mises(ANGLES, *found) - column) ** 2).sum()
    return residuals, time.process_time() - start


def compare_fits(units: int, subset: int, repeats: int, rng: np.random.Generator) -> None:
    y = curves(units, repeats, rng)
    total = ((y - y.mean(0)) ** 2).sum(0)[:subset]
    print(f"\n{units:,} von Mises curves, 12 orientations, {f'{repeats} repeats' if repeats else 'no noise'}")
    for name, bounds in (("no bounds", UNBOUNDED), ("bounds", BOUNDED)):
        ours = units / spent(lambda: fit_batch(ANGLES, y, "von mises", bounds=bounds), times=5)  # noqa: B023
        theirs, taken = one_by_one(y[:, :subset], bounded=bounds is BOUNDED)
        fit = fit_batch(ANGLES, y[:, :subset], "von mises", bounds=bounds)
        slack = 1e-9 * total  # where the fit is exact, residuals are rounding errors
        worse = (fit.residual > 1.001 * theirs + slack).mean()
        lost = (theirs > 1.001 * fit.residual + slack).mean()
        rate = subset / taken
        print(
            f"  {name:10s} {ours:10,.0f} units/s   curve_fit {rate:7,.0f} units/s   ratio {ours / rate:6,.0f} "
            f"(bar {BARS[name]})   worse by > 0.1 %: {worse:.2%} of ours, {lost:.2%} of curve_fit's"
        )


def compare_indices(units: int, subset: int, rng: np.random.Generator) -> None:
    y = curves(units, 20, rng)
    turn = np.exp(2j * np.deg2rad(ANGLES))
    curve = xr.DataArray(y, dims=("orientation", "unit"), coords={"orientation": ANGLES, "unit": np.arange(units)})
    ours = units / spent(lambda: circular_variance(curve), times=5)
    theirs = subset / spent(lambda: [1 - abs((c * turn).sum()) / c.sum() for c in y.T[:subset]])
    bare = units / spent(lambda: 1 - abs(turn @ y) / y.sum(0), times=5)
    print(
        f"\ncircular variance of {units:,} units: {ours:,.0f} units/s, ratio {ours / theirs:,.0f} to a loop "
        f"({theirs:,.0f}), {ours / bare:.2f} of bare numpy ({bare:,.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, epilog="Example: python benchmarks/fitting.py --units 2000")
    parser.add_argument("--units", type=int, default=10_000, help="curves that are fitted at once (10000)")
    parser.add_argument("--subset", type=int, default=500, help="of these, how many curve_fit fits (500)")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        for repeats in (0, 50, 20, 5):
            compare_fits(options.units, min(options.subset, options.units), repeats, rng)
        compare_indices(100_000, 10_000, rng)


if __name__ == "__main__":
    main()
