"""What each unit prefers, found as an experimenter does before a cell is tested: coarse first, then around the best.

Gratings of a coarse grid over the whole screen, then of finer steps around each unit's own best, small patches for its
place, and discs for its size. What is found goes to ``record_own``, so that each unit is tested at its own optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.arrays import groups
from cortexcnn.protocols.grating_tuning import grating_battery
from cortexcnn.recording import record, record_own
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import also, extended

__all__ = ["EDGES", "edge_shares", "preferred_stimuli"]

EDGES = ("spatial_frequency", "size", "place")
"""What has a range whose edge an optimum may lie at; orientation and phase go round."""
_COARSE = 12, 8  # orientations, spatial frequencies in half octaves
_PHASES = np.arange(0, 360, 45.0)
_PATCHES = 7  # along each side of the field
_SIZES = 10


def preferred_stimuli(
    network: Any,
    layers: Sequence[str] | None = None,
    *,
    units: Any = "centre",
    count: int | None = None,
    rng: int | np.random.Generator | None = None,
    component: str = "larger",
    rounds: int = 3,
    progress: bool = True,
) -> xr.Dataset:
    """Find the grating that each unit prefers.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``.
    layers : sequence of str, optional
        Where the electrodes go.
    units, count, rng
        As of :func:`cortexcnn.record`.
    component : str
        A key of ``tuning.COMPONENTS``, what is to be large: "larger" (default) takes F1 of simple cells and F0 of
        complex ones.
    rounds : int
        Of refinement. Steps of 15° and half an octave are halved in each; what is left after 3 is within 1° and .03
        octaves of the best.
    progress : bool
        Whether to show bars.

    Returns
    -------
    Dataset (unit)
        ``orientation`` (degrees), ``spatial_frequency`` (cycles/degree), ``phase`` (degrees, of a grating about the
        unit's own place), ``x`` and ``y`` (degrees; the centre of what answers to small patches), ``size`` (degrees:
        the smallest disc that gives 95 % of the largest response). ``response``: the component above the blank for
        the best of all, and ``modulation_ratio`` there. ``edge``: names those of ``EDGES`` whose optimum lies at the
        edge of what was shown, where it is a bound. ``valid`` and ``reason``; what isn't valid has numbers too, so that
        all units can be shown something.

    Raises
    ------
    ValueError
        If a layer or unit does not exist, or no unit of any layer answers.

    Examples
    --------
    >>> from cortexcnn import load
    >>> cells = load("classical_v1", degrees=4, pixels=64)
    >>> found = preferred_stimuli(cells, units={"simple": [(0, 0, 0), (30, 0, 0)]}, progress=False)
    >>> sorted(found.data_vars)[:4]
    ['edge', 'modulation_ratio', 'orientation', 'phase']
    """
    battery = grating_battery(network.screen, orientations=_COARSE[0], spatial_frequencies=_COARSE[1])
    coarse = record(network, battery, layers=layers, units=units, count=count, rng=rng, progress=progress)
    found = []
    for _, responses in groups(coarse, "layer"):
        best = _coarse(responses, component)
        step = np.array([180 / _COARSE[0], 0.5])
        for _ in range(rounds):
            step = step / 2
            best = _refined(network, best, component, step, progress=progress)
        best = _placed(network, best, progress=progress)
        best = _sized(network, best, component, progress=progress)
        found.append(_phased(network, best, progress=progress))
    together = xr.concat(found, "unit", combine_attrs="drop_conflicts")
    if not together["valid"].any():
        told = ", ".join(dict.fromkeys(together["reason"].values.tolist()))
        raise ValueError(
            f"no unit of {', '.join(dict.fromkeys(together['layer'].values))} answers to gratings: {told}; take other "
            "layers or units (units='all'), and see that the network has its weights"
        )
    return together


def edge_shares(preferred: xr.Dataset, *, by: str = "layer") -> xr.Dataset:
    """The share of each layer's valid units whose optimum lies at the edge of what was shown.

    Parameters
    ----------
    preferred : Dataset (unit)
        From :func:`preferred_stimuli`.
    by : str
        A coordinate along ``unit``.

    Returns
    -------
    Dataset (by)
        One variable for each of ``EDGES``, ``any`` of them, and ``units``, how many were valid.

    Examples
    --------
    >>> preferred = xr.Dataset({"edge": ("unit", ["size", "", "size; place", ""]), "valid": ("unit", [True] * 4)},
    ...     {"unit": range(4), "layer": ("unit", ["a"] * 4)})
    >>> float(edge_shares(preferred)["size"][0]), float(edge_shares(preferred)["any"][0])
    (0.5, 0.5)
    """
    rows = []
    for label, units in groups(preferred["edge"].where(preferred["valid"], drop=True), by):
        told = units.values.astype(str)
        row = {name: float(np.mean([name in text.split("; ") for text in told])) for name in EDGES}
        rows.append({by: label, **row, "any": float(np.mean(told != "")), "units": len(told)})
    return xr.Dataset(
        {name: (by, [row[name] for row in rows]) for name in (*EDGES, "any", "units")}, {by: [row[by] for row in rows]}
    )


def _coarse(responses: xr.DataArray, component: str) -> xr.Dataset:
    """The best of the grid."""
    curve = tuning.tuning_curve(responses, "orientation", component=component)
    notes = tuning.validity(curve, tolerance=None)
    # Not to orientation: a unit without one is a good unit.
    deaf = curve.max("orientation").values <= 1e-3 * abs(responses).max("stimulus").values
    notes = also(notes, "constant (held away from the rectifier)", deaf & notes["valid"].values)
    frequencies = responses["spatial_frequency"].dropna("stimulus").values
    best = curve["orientation"].values[curve.fillna(-np.inf).argmax("orientation").values]
    columns = {
        "orientation": best,
        "spatial_frequency": curve["at_spatial_frequency"].values,
        "x": curve["rf_x"].values,
        "y": curve["rf_y"].values,
        "response": curve.max("orientation").values,
        "edge": np.full(len(best), ""),
        "valid": notes["valid"].values & ~deaf,
        "reason": [_without_edge(reason) for reason in notes["reason"].values.tolist()],
    }
    table = xr.Dataset({name: ("unit", column) for name, column in columns.items()}, _units(responses))
    return table.assign_attrs(
        lowest=float(frequencies.min()), highest=float(frequencies.max()), model=responses.attrs["model"]
    )


def _refined(network: Any, best: xr.Dataset, component: str, step: np.ndarray, *, progress: bool) -> xr.Dataset:
    """The best of the nine that lie a step to either side, in orientation and in octaves."""
    # Three values stand for the steps: what is shown is each unit's own.
    table = sweep("grating", orientation=[0, 60, 120], spatial_frequency=[1, 2, 4], phase=_PHASES, blank=True)
    turn = (table["orientation"] / 60 - 1) * step[0]
    octaves = (np.log2(table["spatial_frequency"]) - 1) * step[1]
    finest = best.attrs["highest"] * 2 ** step[1]
    orientation = (best["orientation"] + turn) % 180
    frequency = np.minimum(best["spatial_frequency"] * 2**octaves, finest)
    own = _own(best).assign(orientation=orientation.fillna(0), spatial_frequency=frequency.fillna(1))
    responses = record_own(network, table, own, progress=progress)
    curve = tuning.tuning_curve(responses, "orientation", component=component)
    turned = np.array([-1, 0, 1])[curve.fillna(-np.inf).argmax("orientation").values] * step[0]
    moved = (np.log2(curve["at_spatial_frequency"].values) - 1) * step[1]
    return best.assign(
        orientation=(best["orientation"] + turned) % 180,
        spatial_frequency=np.minimum(best["spatial_frequency"] * 2**moved, finest),
        response=("unit", curve.max("orientation").values),
    )


def _placed(network: Any, best: xr.Dataset, *, progress: bool) -> xr.Dataset:
    """The centre of what answers to patches of the best grating, over the field that the layer has."""
    span = min(float(best["rf_size"][0]), network.screen.degrees)
    offsets = np.linspace(-span / 2, span / 2, _PATCHES)
    patch = max(2 * span / (_PATCHES - 1), 3 / network.screen.pixels_per_degree)
    table = sweep("grating", x=offsets, y=offsets, phase=_PHASES[::2], size=patch, aperture="raised cosine", blank=True)
    shift = {name: (best[name] + table[name]).fillna(0) for name in ("x", "y")}
    own = _own(best)[["orientation", "spatial_frequency"]].assign(shift)
    responses = record_own(network, table, own, progress=progress)
    field = tuning.receptive_field(tuning.position_map(responses), share=0.1)
    here = field["valid"].values
    middle = {name: np.where(here, field[f"centre_{name}"].values, 0.0) for name in ("x", "y")}
    strongest = np.maximum(np.abs(field["best_x"].values), np.abs(field["best_y"].values)) >= span / 2 * (1 - 1e-6)
    placed = best.assign({name: ("unit", best[name].values + middle[name]) for name in ("x", "y")})
    return _at_edge(placed, "place", here & strongest)


def _sized(network: Any, best: xr.Dataset, component: str, *, progress: bool) -> xr.Dataset:
    """The smallest disc that gives 95 % of the largest response, and whether a frequency or size is a bound."""
    widest = min(2 * float(best["rf_size"][0]), network.screen.degrees)
    smallest = min(3 / network.screen.pixels_per_degree, widest / 4)
    table = sweep("grating", size=np.geomspace(smallest, widest, _SIZES), phase=_PHASES, aperture="disc", blank=True)
    responses = record_own(network, table, _own(best), progress=progress)
    curve = tuning.tuning_curve(responses, "size", component=component)
    size = tuning.grating_summation_field(curve).values
    low = best["spatial_frequency"].values <= best.attrs["lowest"] * (1 + 1e-6)
    high = best["spatial_frequency"].values >= best.attrs["highest"] * (1 - 1e-6)
    sized = best.assign(size=("unit", np.where(np.isnan(size), widest, size)))
    ends = (size <= smallest * (1 + 1e-6)) | (size >= widest * (1 - 1e-6))
    return _at_edge(_at_edge(sized, "spatial_frequency", low | high), "size", ends)


def _phased(network: Any, best: xr.Dataset, *, progress: bool) -> xr.Dataset:
    """The phase of the best grating that gives most."""
    table = sweep("grating", phase=_PHASES, size=1.0, aperture="disc", blank=True)
    own = _own(best).assign(size=best["size"])
    found = tuning.phase_tuning(record_own(network, table, own, progress=progress))
    phase = found["preferred_phase"].values
    placed = best.assign(phase=("unit", np.where(np.isnan(phase), 0.0, phase)))
    ratio = found["modulation_ratio"]
    return extended(placed, {"modulation_ratio": ratio}, why={"modulation_ratio": ratio.attrs["undefined"]})


def _own(best: xr.Dataset) -> xr.Dataset:
    return best[["orientation", "spatial_frequency", "x", "y"]]


def _at_edge(best: xr.Dataset, name: str, holds: np.ndarray) -> xr.Dataset:
    """Add a name to those of the optima that are bounds."""
    told = best["edge"].values.astype(object)
    now = holds & best["valid"].values
    told[now] = [f"{text}; {name}" if text else name for text in told[now]]
    return best.assign(edge=("unit", told.astype(str)))


def _without_edge(reason: str) -> str:
    """The reasons but for that on edges, which is told of the refined optimum."""
    return "; ".join(part for part in reason.split("; ") if part and not part.startswith("optimum at the edge"))


def _units(responses: xr.DataArray) -> dict[str, xr.DataArray]:
    return {str(name): coord for name, coord in responses.coords.items() if coord.dims == ("unit",)}
