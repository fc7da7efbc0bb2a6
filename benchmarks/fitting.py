"""Tuning fits and indices for all units at once, beside one scipy.optimize.curve_fit a unit and beside a loop.

Prints processor time, so that other work on the machine disturbs it less; both sides run on one thread.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import xarray as xr
from scipy.optimize import curve_fit
from scipy.special import erf
from threadpoolctl import threadpool_limits

from cortexcnn.tuning import circular_variance, fit_curves, fit_sizes
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


@dataclass(frozen=True)
class Case:
    """A tuning function as it is fitted by us and by curve_fit.

    Parameters
    ----------
    parameter : str
        Of the stimulus.
    x : ndarray
        Its values.
    shape : callable
        ``shape(x, *numbers)``.
    drawn : tuple of (float, float)
        Range of each number, drawn evenly on a logarithmic scale where both ends are above 0.
    guess : callable
        ``guess(x, y)``: where curve_fit starts.
    bounds : tuple of (float, float)
        For curve_fit with bounds.
    ours : callable
        From the curves to a table with ``r_squared``.
    """

    parameter: str
    x: np.ndarray
    shape: Callable[..., np.ndarray]
    drawn: tuple[tuple[float, float], ...]
    guess: Callable[[np.ndarray, np.ndarray], list[float]]
    bounds: tuple[tuple[float, float], ...]
    ours: Callable[[xr.DataArray], xr.Dataset]


def log_gaussian(x: np.ndarray, peak: float, width: float, amplitude: float, base: float) -> np.ndarray:
    return base + amplitude * np.exp(-(np.log2(x / peak) ** 2) / 2 / width**2)


def naka_rushton(x: np.ndarray, half: float, exponent: float, amplitude: float, base: float) -> np.ndarray:
    with np.errstate(all="ignore"):
        return base + amplitude / (1 + np.abs(half / x) ** exponent)


def ratio(x: np.ndarray, gain: float, centre: float, surround: float, wider: float) -> np.ndarray:
    return gain * erf(x / centre) ** 2 / (1 + surround * erf(x / (centre * wider)) ** 2)


def lobes(x: np.ndarray, *numbers: float) -> np.ndarray:
    position, width, first, second, base = numbers
    along = np.cos(np.deg2rad(x - position))
    return base + first * np.exp(width * (along - 1)) + second * np.exp(width * (-along - 1))


BIG = np.inf
CASES = {
    "spatial frequency, log gaussian": Case(
        "spatial_frequency",
        2.0 ** np.arange(-1, 4.1, 0.5),
        log_gaussian,
        ((1, 6), (0.5, 1.2), (5, 40), (0.5, 8)),
        lambda x, y: [x[y.argmax()], 0.8, np.ptp(y), y.min()],
        ((0.1, 60), (0.1, 5), (0, BIG), (-BIG, BIG)),
        lambda curve: fit_curves(curve, form="log gaussian"),
    ),
    "contrast, Naka-Rushton": Case(
        "contrast",
        np.geomspace(0.02, 1, 10),
        naka_rushton,
        ((0.05, 0.6), (1, 4), (10, 40), (0.5, 5)),
        lambda x, y: [np.median(x), 2.0, np.ptp(y), y.min()],
        ((0.001, 10), (0.1, 10), (0, BIG), (-BIG, BIG)),
        lambda curve: fit_curves(curve, form="naka rushton"),
    ),
    "size, ratio of gaussians": Case(
        "size",
        0.2 * 2 ** np.arange(0, 5.6, 0.5),
        ratio,
        ((20, 60), (0.4, 2), (0.2, 4), (1.5, 5)),
        lambda x, y: [y.max(), x[y.argmax()] / 1.5, 0.5, 3.0],
        ((0, BIG), (0.02, 30), (1e-4, 1e4), (1.02, 30)),
        fit_sizes,
    ),
    "direction, two lobes": Case(
        "direction",
        np.arange(0, 360, 22.5),
        lobes,
        ((0, 360), (0.7, 6), (10, 40), (1, 10), (0.5, 5)),
        lambda x, y: [x[y.argmax()], 2.0, np.ptp(y), np.ptp(y) / 2, y.min()],
        ((-360, 720), (0.01, 90), (0, BIG), (0, BIG), (-BIG, BIG)),
        lambda curve: fit_curves(curve, form="double von mises"),
    ),
}


def compare_form(name: str, case: Case, units: int, subset: int, rng: np.random.Generator) -> None:
    """Print the ratio of units a second, and how often each side is worse, of curves over 20 repeats."""
    ends = np.array(case.drawn)[:, :, None]
    even = rng.uniform(size=(len(ends), units))
    log = ends[:, 0] > 0
    numbers = np.where(log, np.maximum(ends[:, 0], 1e-9) * (ends[:, 1] / np.maximum(ends[:, 0], 1e-9)) ** even,
                       ends[:, 0] + even * (ends[:, 1] - ends[:, 0]))  # fmt: skip
    rates = np.stack([case.shape(case.x, *column) for column in numbers.T], axis=1)
    y = rng.poisson(np.maximum(rates, 0) * 20) / 20
    curve = xr.DataArray(y, dims=(case.parameter, "unit"), coords={case.parameter: case.x, "unit": np.arange(units)})
    ours = units / spent(lambda: case.ours(curve), times=2)
    total = ((y - y.mean(0)) ** 2).sum(0)
    own = (1 - case.ours(curve)["r_squared"].values) * total
    print(f"\n{units:,} curves of {len(case.x)} samples, 20 repeats: {name}")
    low, high = np.array(case.bounds).T
    for way, box in (("no bounds", {}), ("bounds", {"bounds": (low, high)})):
        theirs = np.full(subset, np.inf)
        start = time.process_time()
        for unit in range(subset):
            guess = case.guess(case.x, y[:, unit])
            try:
                found, _ = curve_fit(case.shape, case.x, y[:, unit], np.clip(guess, low, high) if box else guess, **box)
            except (RuntimeError, ValueError):
                continue
            if np.all(found[low >= 0] >= 0):  # else it is a trough, or a surround that adds: no tuning of this form
                theirs[unit] = ((case.shape(case.x, *found) - y[:, unit]) ** 2).sum()
        rate = subset / (time.process_time() - start)
        worse, lost = (own[:subset] > 1.001 * theirs).mean(), (theirs > 1.001 * own[:subset]).mean()
        print(
            f"  {way:10s} {ours:10,.0f} units/s   curve_fit {rate:7,.0f} units/s   ratio {ours / rate:6,.0f} "
            f"(bar {BARS[way]})   worse by > 0.1 %: {worse:.2%} of ours, {lost:.2%} of curve_fit's"
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
        for name, case in CASES.items():
            compare_form(name, case, options.units, min(options.subset, options.units), rng)
        compare_indices(100_000, 10_000, rng)


if __name__ == "__main__":
    main()
