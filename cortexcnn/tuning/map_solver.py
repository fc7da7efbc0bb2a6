"""All maps are fitted at once: linear numbers drop out, the others are sought by damped Gauss-Newton steps.

Starts come from a dictionary of shapes, of many widths, orientations and frequencies, that is held against every place
of the map at once by Fourier transforms, and for Gabors from the peak of the spectrum; the best of several kinds are
followed, for the nearest valley need not be the deepest. (Variable projection: Golub & Pereyra 1973, SIAM J. Numer.
Anal. 10, 413-432, in Kaufman's form.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import scipy.fft

from cortexcnn.tuning.map_forms import GAUSSIAN, MapForm

__all__ = ["Grid", "Problem", "Sought", "follow", "solve"]

ROWS = 2**16  # positions × fits that are worked on at a time: what fits the cache
FIRST, KEPT, ITERATIONS = 8, 4, 200  # steps of every start, how many go on, and steps of those
TOLERANCE = 1e-9  # a fit rests when its next step promises less than this share of its residual
LOBES = (0.3, 0.3, 6), (0.6, 0.6, 8), (1.2, 1.2, 12), (0.3, 0.8, 12), (0.7, 0.25, 6)
# of the dictionary: sigma_u and sigma_v, times the frequency, and at how many angles
FAR = np.deg2rad(45)


@dataclass(frozen=True)
class Grid:
    """The positions of maps, rising.

    Parameters
    ----------
    y, x : ndarray
        Degrees, evenly spaced.
    """

    y: np.ndarray
    x: np.ndarray

    @property
    def step(self) -> tuple[float, float]:
        """Degrees between neighbours, vertical and horizontal."""
        return float(self.y[1] - self.y[0]), float(self.x[1] - self.x[0])

    @property
    def extent(self) -> float:
        """Degrees from end to end, of the longer side."""
        return float(max(np.ptp(self.y), np.ptp(self.x)))

    def places(self) -> tuple[np.ndarray, np.ndarray]:
        """The x and y of every position, in the order of a map's numbers."""
        y, x = np.meshgrid(self.y, self.x, indexing="ij")
        return x.ravel(), y.ravel()

    def box(self, form: MapForm) -> np.ndarray:
        """Lowest and highest parameters (2, parameter)."""
        finest, half = min(self.step), self.extent / 2
        limits = {
            "x": (self.x[0] - half, self.x[-1] + half),
            "y": (self.y[0] - half, self.y[-1] + half),
            "angle": (-np.inf, np.inf),
            "sigma_u": np.log([0.4 * finest, 4 * half]),
            "sigma_v": np.log([0.4 * finest, 4 * half]),
            "frequency": np.log([0.125 / half, 0.5 / finest]),
        }
        return np.array([limits[name] for name in form.names]).T


def solve(
    maps: np.ndarray, grid: Grid, form: MapForm, *, base: bool
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit one form to many maps.

    Parameters
    ----------
    maps : ndarray (unit, y, x)
        Finite, none of them 0 throughout.
    grid : Grid
        Their positions.
    form : MapForm
        What is fitted.
    base : bool
        Whether a constant is fitted too.

    Returns
    -------
    theta : ndarray (unit, parameter)
        As the form names them.
    linear : ndarray (unit, column)
        Coefficients of the form's columns, then the base.
    residual : ndarray (unit)
        Sum of squares that is left.
    error : ndarray (unit, parameter)
        Standard errors of theta, taking what is left for noise that is alike and independent at all positions.

    Examples
    --------
    >>> at = np.linspace(-1, 1, 21)
    >>> field = 2 * np.exp(-((at - 0.2) ** 2 + at[:, None] ** 2) / 2 / 0.3**2)
    >>> theta, linear, *_ = solve(field[None], Grid(at, at), GAUSSIAN, base=False)
    >>> float(theta[0, 0]), float(np.exp(theta[0, 3])), float(linear[0, 0])
    (0.20, 0.30, 2.00)
    """
    scale = np.abs(maps).max((1, 2))
    data = maps / scale[:, None, None]
    at_once = max(1, ROWS // data[0].size)
    found = [_solved(data[start : start + at_once], grid, form, base) for start in range(0, len(data), at_once)]
    theta, linear, residual, error = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return theta, linear * scale[:, None], residual * scale**2, error


class Sought(Protocol):
    """A shape over two variables: what ``MapForm`` says of its own."""

    @property
    def columns(self) -> int:
        """How many columns enter linearly."""

    def shape(self, theta: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The columns (row, column, place) at some parameters, and what their derivatives are made of."""

    def slopes(self, theta: np.ndarray, columns: np.ndarray, inside: np.ndarray, linear: np.ndarray) -> np.ndarray:
        """Derivatives (row, parameter, place) of the shape with some linear coefficients (row, column)."""


@dataclass(frozen=True)
class Problem:
    """Rows of data, and the algebra by which what enters linearly drops out.

    Parameters
    ----------
    data : ndarray (row, place)
        What is fitted.
    form : Sought
        By which shape.
    x, y : ndarray (place)
        Where the data lie.
    box : ndarray (2, parameter)
        Lowest and highest parameters.
    base : bool
        Whether a constant is fitted too.
    """

    data: np.ndarray
    form: Sought
    x: np.ndarray
    y: np.ndarray
    box: np.ndarray
    base: bool

    def take(self, rows: np.ndarray) -> Problem:
        """The same for some rows."""
        return replace(self, data=self.data[rows])

    def linear(self, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """Linear coefficients, the columns and the inverse of their products, and what is left of the data."""
        columns, inside = self.form.shape(theta, self.x, self.y)
        if self.base:
            columns = np.concatenate([columns, np.ones_like(columns[:, :1])], axis=1)
        products = columns @ columns.transpose(0, 2, 1)
        ridge = 1e-12 * np.trace(products, axis1=1, axis2=2)[:, None, None] + 1e-300
        inverse = np.linalg.inv(products + ridge * np.eye(products.shape[1]))
        coefficients = (inverse @ (columns @ self.data[..., None]))[..., 0]
        left = self.data - (coefficients[:, None] @ columns)[:, 0]
        return coefficients, columns, inverse, left, inside

    def slopes(self, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The residual, the normal matrices (row, parameter, parameter), and the slope downhill (row, parameter)."""
        coefficients, columns, inverse, left, inside = self.linear(theta)
        own = self.form.columns
        by = self.form.slopes(theta, columns[:, :own], inside, coefficients[:, :own])
        by -= (by @ columns.transpose(0, 2, 1) @ inverse) @ columns
        return (left**2).sum(1), by @ by.transpose(0, 2, 1), (by @ left[..., None])[..., 0]

    def error(self, theta: np.ndarray) -> np.ndarray:
        """Standard errors of the parameters, infinite for one that changes nothing."""
        residual, normal, _ = self.slopes(theta)
        freedom = self.data.shape[1] - theta.shape[1] - self.form.columns - self.base
        size = np.sqrt(np.einsum("rii->ri", normal))
        with np.errstate(divide="ignore", invalid="ignore"):
            scaled = np.where(size[:, :, None] * size[:, None] > 0, normal / (size[:, :, None] * size[:, None]), 0.0)
            inverse = np.linalg.inv(scaled + 1e-12 * np.eye(theta.shape[1]))
            spread = np.sqrt(np.abs(np.einsum("rii->ri", inverse))) / size
            return np.where(size > 0, spread * np.sqrt(residual / freedom)[:, None], np.inf)


def _solved(data: np.ndarray, grid: Grid, form: MapForm, base: bool) -> tuple[np.ndarray, ...]:
    starts = _starts(data - data.mean((1, 2), keepdims=True) if base else data, grid, form)  # (start, unit, parameter)
    return follow(Problem(data.reshape(len(data), -1), form, *grid.places(), grid.box(form), base), starts)


def follow(problem: Problem, starts: np.ndarray) -> tuple[np.ndarray, ...]:
    """Fit each row from its starts; the best of them counts.

    Parameters
    ----------
    problem : Problem
        What is fitted.
    starts : ndarray (start, row, parameter)
        Where to set out.

    Returns
    -------
    theta (row, parameter), linear (row, column), residual (row), error (row, parameter)
        As ``solve`` returns them.
    """
    count, units = starts.shape[:2]
    each = np.tile(np.arange(units), count)
    theta, residual = _descended(problem.take(each), starts.reshape(-1, starts.shape[2]), FIRST)
    order = np.argsort(residual.reshape(count, units), axis=0)[:KEPT]
    kept = (order * units + np.arange(units)).ravel()
    theta, residual = _descended(problem.take(each[kept]), theta[kept], ITERATIONS)
    best = residual.reshape(-1, units).argmin(0) * units + np.arange(units)
    theta = theta[best]
    return theta, problem.linear(theta)[0], residual[best], problem.error(theta)


def _descended(problem: Problem, theta: np.ndarray, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Damped steps until every row rests; those that rest are left out."""
    theta = np.clip(theta, *problem.box)
    residual, normal, slope = problem.slopes(theta)
    damping = np.full(len(theta), 1e-2)
    active = np.arange(len(theta))
    total = (problem.data**2).sum(1)
    for _ in range(steps):
        step, gain = _step(theta[active], normal[active], slope[active], damping[active], problem.box)
        going = (gain > TOLERANCE * residual[active] + 1e-16 * total[active]) & (damping[active] < 1e12)
        active, step = active[going], step[going]
        if not active.size:
            break
        part = problem.take(active)
        there = np.clip(theta[active] + step, *problem.box)
        left, products, downhill = part.slopes(there)
        better = left < residual[active]
        won = active[better]
        theta[won], residual[won] = there[better], left[better]
        normal[won], slope[won] = products[better], downhill[better]
        damping[active] *= np.where(better, 0.2, 6.0)
    return theta, residual


def _step(
    theta: np.ndarray, normal: np.ndarray, slope: np.ndarray, damping: np.ndarray, box: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The damped step, along the box where it has been reached, and the gain that it promises."""
    held = ((theta <= box[0]) & (slope < 0)) | ((theta >= box[1]) & (slope > 0))
    slope = np.where(held, 0.0, slope)
    free = ~held[:, :, None] & ~held[:, None, :]
    diagonal = np.einsum("rii->ri", normal)
    least = 1e-9 * diagonal.max(1, keepdims=True) + 1e-300
    damped = np.where(free, normal, 0.0)
    places = np.arange(theta.shape[1])
    damped[:, places, places] = np.where(held, 1.0, diagonal + damping[:, None] * np.maximum(diagonal, least) + least)
    step = np.linalg.solve(damped, slope[..., None])[..., 0]
    return step, (step * slope).sum(1)


def _starts(data: np.ndarray, grid: Grid, form: MapForm) -> np.ndarray:
    """The best of several kinds (start, unit, parameter) from the dictionary."""
    atoms = _gaussian_atoms(grid) if form is GAUSSIAN else _gabor_atoms(grid)
    explained, place = _against(data, grid, atoms, form)
    best = explained.argmax(0)
    kinds = [np.broadcast_to((atoms[:, -1] == level)[:, None], explained.shape) for level in np.unique(atoms[:, -1])]
    apart = np.abs((atoms[:, :1] - atoms[best, 0] + np.pi / 2) % np.pi - np.pi / 2)
    kinds.append(apart >= FAR - 1e-9)
    if form is not GAUSSIAN:
        kinds.append(np.abs(atoms[:, 3:4] - atoms[best, 3]) > 0.6 * np.log(2))
    starts = []
    units = np.arange(data.shape[0])
    for kind in kinds:
        chosen = np.where(kind, explained, -1.0).argmax(0)
        row, column = np.divmod(place[chosen, units], len(grid.x))
        starts.append(np.column_stack([grid.x[column], grid.y[row], atoms[chosen][:, : len(form.names) - 2]]))
    return np.stack(starts if form is GAUSSIAN else [*starts, _at_peaks(data, grid)])


def _at_peaks(data: np.ndarray, grid: Grid) -> np.ndarray:
    """The start that one takes by eye: the largest wave of the spectrum, in the middle of the squared map."""
    size = [4 * n for n in data.shape[1:]]
    spectrum = np.abs(scipy.fft.fft2(data, size))
    up, right = (scipy.fft.fftfreq(n, step) for n, step in zip(size, grid.step, strict=True))
    row, column = np.divmod(spectrum.reshape(len(data), -1).argmax(1), size[1])
    frequency = np.maximum(np.hypot(up[row], right[column]), 0.5 / grid.extent)
    energy = data**2 / (data**2).sum((1, 2), keepdims=True)
    place = (energy.sum(1) @ grid.x, energy.sum(2) @ grid.y)
    width = np.log(0.4 / frequency)
    return np.column_stack([*place, np.arctan2(-right[column], up[row]), width, width, np.log(frequency)])


def _gaussian_atoms(grid: Grid) -> np.ndarray:
    """Rows angle, log sigma_u, log sigma_v, kind: round ones, and long ones at four angles."""
    sigmas = np.geomspace(min(grid.step), grid.extent / 2, 8)
    kinds = [(0.0, 1.0, 0), *((angle, 3.0, 1) for angle in np.arange(4) * np.pi / 4)]
    return np.array([(angle, np.log(s), np.log(s * aspect), kind) for s in sigmas for angle, aspect, kind in kinds])


def _gabor_atoms(grid: Grid) -> np.ndarray:
    """Rows angle, log sigma_u, log sigma_v, log frequency, kind."""
    low, high = 0.5 / grid.extent, 0.45 / min(grid.step)
    frequencies = np.geomspace(low, high, max(2, int(np.ceil(2 * np.log2(high / low))) + 1))
    rows = []
    for f in frequencies:
        for kind, (*lobes, angles) in enumerate(LOBES):
            wide, long = np.log(np.clip(np.array(lobes) / f, 0.5 * min(grid.step), grid.extent))
            rows += [(angle, wide, long, np.log(f), kind) for angle in np.arange(angles) * np.pi / angles]
    return np.array(rows)


def _against(data: np.ndarray, grid: Grid, atoms: np.ndarray, form: MapForm) -> tuple[np.ndarray, np.ndarray]:
    """The energy that each atom explains at its best place, and that place (atom, unit)."""
    rows, columns = data.shape[1:]
    single = data.astype(np.float32)  # starts need no more
    transformed: dict[tuple[int, ...], np.ndarray] = {}
    explained, place = np.zeros((len(atoms), len(data))), np.zeros((len(atoms), len(data)), int)
    for i, atom in enumerate(atoms):
        theta = np.array([[0.0, 0.0, *atom[: len(form.names) - 2]]])
        far = 3 * np.exp(atom[1:3].max())  # beyond, nothing is left of it
        reach = [min(n - 1, int(np.ceil(far / step))) for n, step in zip(data.shape[1:], grid.step, strict=True)]
        size = tuple(scipy.fft.next_fast_len(n + r) for n, r in zip(data.shape[1:], reach, strict=True))
        if size not in transformed:
            transformed[size] = scipy.fft.fft2(single, size)
        around = Grid(*(np.arange(-r, r + 1) * step for r, step in zip(reach, grid.step, strict=True)))
        made = form.shape(theta, *around.places())[0][0]
        wave = made[0] if form is GAUSSIAN else made[0] + 1j * made[1]
        energy = (made**2).sum() / len(made)
        spectrum = scipy.fft.fft2(_wrapped(wave.reshape(len(around.y), len(around.x)), size)).astype(np.complex64)
        matched = scipy.fft.ifft2(transformed[size] * spectrum.conj())[:, :rows, :columns]
        gain = (matched.real**2 + matched.imag**2).reshape(len(data), -1) / energy
        place[i] = gain.argmax(1)
        explained[i] = gain.max(1)
    return explained, place


def _wrapped(atom: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """An atom around its middle, moved so that its middle lies at the first place of a larger, circular array."""
    rows, columns = ((np.arange(n) - n // 2) % whole for n, whole in zip(atom.shape, size, strict=True))
    out = np.zeros(size, atom.dtype)
    out[np.ix_(rows, columns)] = atom
    return out
