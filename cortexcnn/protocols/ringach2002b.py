"""How many lobes a receptive field has, along and across its stripes (Ringach 2002b).

White noise, the spike-triggered average of each unit, and a Gabor fitted to it: n_x and n_y are the standard deviations
of its envelope across and along the stripes, in periods of its wave. The paper mapped simple cells by flashed gratings
of every frequency that the field holds; white noise holds the same, and asks nothing of the cell beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import xarray as xr

from cortexcnn import reference, tuning
from cortexcnn.protocols.protocol import Protocol
from cortexcnn.screen import Screen, Window
from cortexcnn.stimuli import render, sweep
from cortexcnn.tuning.map_fits import BOUND
from cortexcnn.tuning.validity import also

__all__ = [
    "CHECKS",
    "RINGACH2002B",
    "own_checks",
    "ringach2002b_beside",
    "ringach2002b_frames",
    "ringach2002b_maps",
    "ringach2002b_measures",
    "ringach2002b_stimuli",
]

CHECKS = 24
"""Checks along a unit's receptive field: fewer lose thin stripes, more need longer recordings."""


def ringach2002b_stimuli(
    screen: Screen, *, check: float | None = None, count: int = 4096, seed: int = 0, distribution: str = "binary"
) -> xr.Dataset:
    """White noise.

    Parameters
    ----------
    screen : Screen
        Degrees and pixels.
    check : float, optional
        Side of the checks in degrees; a pixel by default, which is for :func:`own_checks` to make larger.
    count : int
        Pictures. What chance leaves in an average falls as checks in the field / count, in shares of its variance.
    seed : int
        Of the first picture; the next have the next ones.
    distribution : str
        A key of ``stimuli.noise.DISTRIBUTIONS``.

    Returns
    -------
    Dataset (stimulus)

    Raises
    ------
    ValueError
        If there are fewer than 2 pictures, or the checks are none.

    Examples
    --------
    >>> ringach2002b_stimuli(Screen(8, 160), count=3).check.values
    array([0.05, 0.05, 0.05])
    """
    if count < 2:
        raise ValueError(f"{count} pictures of noise: an average takes 2 or more, a map some thousands")
    side = 1 / screen.pixels_per_degree if check is None else check
    return sweep("white_noise", seed=np.arange(seed, seed + count), check=side, distribution=distribution)


def own_checks(units: xr.Dataset, stimuli: xr.Dataset) -> xr.Dataset:
    """Checks of a size that maps each unit's receptive field: ``CHECKS`` along it, 3 in a period, in whole pixels.

    Parameters
    ----------
    units : Dataset (unit)
        With ``rf_size`` (degrees) along ``unit``. From ``preferred_stimuli`` they have ``spatial_frequency`` besides,
        and checks are small enough for it.
    stimuli : Dataset (stimulus)
        From :func:`ringach2002b_stimuli`, with checks of one pixel.

    Returns
    -------
    Dataset (unit)
        ``check``, as ``record_own`` takes it.

    Examples
    --------
    >>> units = xr.Dataset(coords={"unit": ["a", "b"], "rf_size": ("unit", [0.4, 2.4])})
    >>> own_checks(units, ringach2002b_stimuli(Screen(8, 160), count=2)).check.values
    array([0.05, 0.1 ])
    >>> units = units.assign(spatial_frequency=("unit", [2.0, 5.0]))
    >>> own_checks(units, ringach2002b_stimuli(Screen(8, 160), count=2)).check.values
    array([0.05, 0.05])
    """
    pixel = float(stimuli["check"].max())
    wanted = np.round(units["rf_size"].values / CHECKS / pixel)
    if "spatial_frequency" in units:
        wanted = np.fmin(wanted, np.floor(1 / (3 * units["spatial_frequency"].values * pixel) + 1e-6))
    return xr.Dataset({"check": ("unit", np.maximum(1, wanted) * pixel)}, units["unit"].coords)


def ringach2002b_frames(responses: xr.DataArray) -> Iterator[tuple[xr.DataArray, xr.DataArray]]:
    """What the units that look at one place saw, through checks of one size, and what they answered; then the next.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        To :func:`ringach2002b_stimuli`, whole-screen noise for all or with each unit's own checks.

    Yields
    ------
    frames : DataArray (stimulus, y, x)
        The checks that their receptive field covers, with one around them.
    responses : DataArray (stimulus, unit[, repeat])
        Of these units.

    Raises
    ------
    ValueError
        If they are no responses to white noise, or don't say where the units look.
    """
    _check(responses)
    keys = np.stack([_sides(responses), *(responses[name].values for name in ("rf_x", "rf_y", "rf_size"))], axis=1)
    for key in dict.fromkeys(map(tuple, keys.tolist())):
        here = responses.isel(unit=np.flatnonzero((keys == key).all(1)))
        yield _frames(here, *key), here


def ringach2002b_maps(responses: xr.DataArray, *, alpha: float = 0.01) -> Iterator[xr.Dataset]:
    """Spike-triggered averages of the units that look at one place, through checks of one size, and then the next.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        As of :func:`ringach2002b_frames`.
    alpha : float
        As of ``tuning.spike_triggered_average``.

    Yields
    ------
    Dataset
        As ``tuning.spike_triggered_average`` gives it, over the checks that the units see.

    Raises
    ------
    ValueError
        As :func:`ringach2002b_frames`.
    """
    for frames, here in ringach2002b_frames(responses):
        yield tuning.spike_triggered_average(frames, here, alpha=alpha)


def ringach2002b_measures(responses: xr.DataArray, *, alpha: float = 0.01, least: float = 0.5) -> xr.Dataset:
    """Gabors fitted to the averages of all units.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        To :func:`ringach2002b_stimuli`.
    alpha : float
        The p of a unit's average from which on it has no map: complex cells have none.
    least : float
        The r_squared_above_noise below which its map is no Gabor.

    Returns
    -------
    Dataset (unit)
        As ``tuning.fit_gabors`` gives it: ``n_x``, ``n_y``, orientation, r_squared …; valid where there is a map, a
        Gabor tells it, and none of its numbers is a bound. r_squared_above_noise is what the Gabor explains of what the
        average's standard error leaves to be explained: r_squared itself falls with fewer pictures. About 1 at best.

    Raises
    ------
    ValueError
        As :func:`ringach2002b_maps`.
    """
    found = []
    for maps in ringach2002b_maps(responses, alpha=alpha):
        fit = tuning.fit_gabors(maps["average"], least=0)
        fit = fit.assign(r_squared_above_noise=_above_noise(maps, fit))
        valid, silent = fit["valid"].values, ~maps["valid"].values
        fit["reason"] = xr.where(silent, maps["reason"], fit["reason"])
        bound = np.char.find(fit["reason"].values.astype(str), BOUND) >= 0
        chance = valid & (maps["p"].values > alpha)
        poor = valid & ~chance & (fit["r_squared_above_noise"].values < least)
        fit = also(fit, "average no different from chance", chance)
        fit = also(fit, "fit explains too little (see r_squared_above_noise)", poor)
        good = valid & ~(chance | bound | poor)
        numbers = {str(name): fit[name].where(good) for name in fit.data_vars if fit[name].dtype.kind == "f"}
        kept = {str(name): fit[name] for name in ("r_squared", "r_squared_above_noise")}
        found.append(fit.assign(numbers | kept).assign(valid=("unit", good)))
    return xr.concat(found, "unit").sel(unit=responses["unit"].values)


def ringach2002b_beside(measures: xr.Dataset) -> tuple[xr.DataArray, xr.DataArray]:
    """Count valid units in the bins of the published joint histogram of n_x and n_y.

    Parameters
    ----------
    measures : Dataset (unit)
        From :func:`ringach2002b_measures`.

    Returns
    -------
    units, neurons : DataArray (bin, bin2)
        n_x down, n_y across; what lies outside the bins is counted in the end bins.

    Examples
    --------
    >>> measures = xr.Dataset({"n_x": ("unit", [0.4, 0.05]), "n_y": ("unit", [0.4, 0.2])})
    >>> measures = measures.assign(valid=("unit", [True, True]))
    >>> units, neurons = ringach2002b_beside(measures)
    >>> int(units.sum()), int(units[2, 2]), int(neurons[2, 2]), int(neurons.sum())
    (2, 1, 19, 79)
    """
    neurons = reference.published("n_x_by_n_y")
    good = measures.isel(unit=np.flatnonzero(measures["valid"].values))
    edges = [np.append(neurons[f"{one}_low"].values, neurons[f"{one}_high"].values[-1]) for one in ("bin", "bin2")]
    kept = [good[name].values.clip(*ends[[0, -1]]) for name, ends in zip(("n_x", "n_y"), edges, strict=True)]
    counts, _ = np.histogramdd(np.stack(kept, axis=1), bins=edges)
    return neurons.copy(data=counts.astype(np.int64)).assign_attrs(n=good.sizes["unit"], source="units"), neurons


def _above_noise(maps: xr.Dataset, fit: xr.Dataset) -> xr.DataArray:
    """The share that a fit explains of what is in a map beside its own error."""
    total, noise = ((maps[name] ** 2).sum(("y", "x")) for name in ("average", "error"))
    with np.errstate(divide="ignore", invalid="ignore"):
        return 1 - (fit["residual"] - noise) / (total - noise)


def _check(responses: xr.DataArray) -> None:
    kind = responses.attrs.get("kind")
    if kind != "white_noise":
        raise ValueError(f"responses to white noise are wanted, from ringach2002b_stimuli; these are to {kind}")
    missing = [name for name in ("rf_x", "rf_y", "rf_size") if name not in responses.coords]
    if missing:
        raise ValueError(f"units without {', '.join(missing)}: where they look says what of the noise reached them")


def _sides(responses: xr.DataArray) -> np.ndarray:
    """Side of the checks that each unit was shown."""
    if "own_check" in responses.coords:
        return responses["own_check"].values
    sides = np.unique(responses["check"].values)
    if len(sides) > 1:
        raise ValueError(f"checks of {len(sides)} sizes in one recording: map each size by itself")
    return np.full(responses.sizes["unit"], sides[0])


def _frames(responses: xr.DataArray, check: float, rf_x: float, rf_y: float, rf_size: float) -> xr.DataArray:
    """The checks that a receptive field covers (stimulus, y, x), each once, with a check around them."""
    names = [name for name in ("seed", "distribution", "contrast") if name in responses.coords]
    shown = responses["stimulus"].coords.to_dataset()[names].reset_coords(names)
    shown = shown.assign(check=("stimulus", np.full(shown.sizes["stimulus"], check))).assign_attrs(kind="white_noise")
    half, count = responses.attrs["degrees"] / 2, int(np.ceil(round(responses.attrs["degrees"] / check, 6)))
    # Checks count from the top left corner, and the last ones may reach beyond the screen.
    left, top = ((middle - rf_size / 2) / check for middle in (rf_x + half, half - rf_y))
    ends = [(int(np.floor(round(at, 6))) - 1, int(np.ceil(round(at + rf_size / check, 6))) + 1) for at in (top, left)]
    down, right = ((max(0, low), min(count, high)) for low, high in ends)
    drawn = render(shown, Screen(count * check, count), window=Window(*down, *right))
    at = {
        "y": half - (np.arange(*down) + 0.5) * check,
        "x": (np.arange(*right) + 0.5) * check - half,
        "stimulus": shown["stimulus"].values,
    }
    return xr.DataArray(drawn[:, 0].numpy(), dims=("stimulus", "y", "x"), coords=at)


RINGACH2002B = Protocol(
    name="ringach2002b",
    source="Ringach (2002), J. Neurophysiol. 88, 455-463",
    question="How many lobes does its receptive field have, across and along its stripes?",
    stimuli=ringach2002b_stimuli,
    own=own_checks,
    measure=ringach2002b_measures,
    bins={name: np.logspace(-1, 0.2, 6) for name in ("n_x", "n_y")},
    found="Simple cells lie along a line from round blobs (n_x and n_y near .1) to long fields of several stripes.",
)
"""The shape of simple receptive fields."""
