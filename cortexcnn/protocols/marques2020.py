"""The V1 battery of Marques, Schrimpf & DiCarlo (2021): 22 properties of macaque V1, layer by layer [1]_.

Gratings at a grid of places find where units look; gratings of every orientation, spatial frequency and size are
shown at one place, and the units that look there are measured as the neurons of six papers were. This is the published
way: responses are rectified and scaled to spikes/s, weak units are left out, and the distribution of each property over
units is set beside that over neurons, under its ceiling.

Gratings have hard rims, and are drawn on a canvas of 56 pixels/degree or the next finer one whose pixels are a whole
number to the network's own; then they are resized.

With ``compat=None`` the same 22 properties are measured as well as they can be: gratings with antialiased rims are
drawn on the network's own screen, those beyond its Nyquist limit left out, and said to be; curves are fitted rather
than smoothed, and units are given the noise of neurons first, so that like is compared with like.

What differs from that paper: luminance is not rounded to 256 steps, and places not to pixels; the canvas is as wide as
the network's view, not 12°. The seven properties of textures wait for textures.

.. [1] Marques, Schrimpf & DiCarlo (2021), bioRxiv 2021.03.01.433495.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn import reference, tuning
from cortexcnn.arrays import groups, is_blank
from cortexcnn.choices import chosen
from cortexcnn.models import on_canvas
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import also, extended

__all__ = [
    "PROPERTIES",
    "looking_near",
    "marques2020",
    "marques2020_network",
    "marques2020_properties",
    "marques2020_rates",
    "marques2020_scores",
    "marques2020_stimuli",
]

PLACE = 0.5, -0.5
"""Where all but the grid of places is shown: degrees right of the middle, and above it."""
NEAR = 0.15
"""Degrees from there within which a unit's field is centred, if the unit counts."""

CANVAS = 56.0
"""Pixels/degree of the published canvas."""

_MEDIANS = {"maximum": 33.8, "spontaneous": 0.82}
"""Spikes/s: what the units' medians are scaled to."""
_RESPONSIVE = 5 / 243.1
"""A unit takes part in the scaling if it exceeds the blank by this share of what the strongest does."""
_FIELD = 0.05
"""Share of a map's maximum from which it belongs to the field."""
_GRID_FREQUENCY = 3.0
_FREQUENCIES = 2.0 ** np.linspace(-1.375, 3.875, 22)
_SIZES = 2.0 ** np.linspace(-2.25, 3.25, 12)
_FOUR = _FREQUENCIES[4:17:4]
_ORIENTATION, _FREQUENCY, _SIZE, _TEXTURE = "orientation", "spatial_frequency", "size", "texture"

PROPERTIES: dict[str, tuple[str, str]] = {
    "circular_variance": (_ORIENTATION, "valid"),
    "orientation_bandwidth": (_ORIENTATION, "valid"),
    "orthogonal_preferred_ratio": (_ORIENTATION, "valid"),
    "orientation_selective": (_ORIENTATION, "valid"),
    "circular_variance_over_orientation_bandwidth": (_ORIENTATION, "valid"),
    "orthogonal_preferred_ratio_minus_circular_variance": (_ORIENTATION, "valid"),
    "modulation_ratio": (_ORIENTATION, "valid"),
    "maximum": (_ORIENTATION, "valid"),
    "preferred_orientation": (_ORIENTATION, "valid"),
    "peak_spatial_frequency": (_FREQUENCY, "valid"),
    "spatial_frequency_bandwidth_ratio": (_FREQUENCY, "valid_f0"),
    "spatial_frequency_selective": (_FREQUENCY, "valid_f0"),
    "grating_summation_field": (_SIZE, "valid"),
    "surround_diameter": (_SIZE, "valid"),
    "surround_suppression_index": (_SIZE, "valid"),
    "texture_modulation_index": (_TEXTURE, "valid"),
    "absolute_texture_modulation_index": (_TEXTURE, "valid"),
    "texture_selectivity": (_TEXTURE, "valid"),
    "texture_sparseness": (_TEXTURE, "valid"),
    "texture_variance_ratio": (_TEXTURE, "valid"),
    "maximum_to_texture": (_TEXTURE, "valid"),
    "maximum_to_noise": (_TEXTURE, "valid"),
}
"""The 22 properties in their order: the set of stimuli that each comes from, and the flag of the units that count."""

REPEATS = 20
"""Presentations of each stimulus to a neuron."""
_WEAK = 5.0
"""A unit counts for a set of stimuli if it exceeds the blank by so many spikes/s."""


def _orientation(shown: xr.DataArray) -> xr.Dataset:
    """Orientation by fits, of raw rates; F1/F0 above the blank."""
    found = tuning.orientation_tuning(shown, baseline="none")
    phase = tuning.phase_tuning(shown)["modulation_ratio"]
    ratio, width = found["circular_variance"], found["orientation_bandwidth"]
    across = found["orthogonal_preferred_ratio"]
    clockwise = (90 - found["preferred_orientation"] + 22.5) % 180 - 22.5
    answers = found["valid"].values & (found["maximum"].values - tuning.baseline_of(shown, "blank").values > _WEAK)
    measures = {
        "preferred_orientation": clockwise,  # from vertical, as it was published
        "orientation_selective": width.notnull().astype(float),
        "circular_variance_over_orientation_bandwidth": ratio / width,
        "orthogonal_preferred_ratio_minus_circular_variance": across - ratio,
        "modulation_ratio": phase,
    }
    why = {
        "preferred_orientation": found["preferred_orientation"].attrs["undefined"],
        "circular_variance_over_orientation_bandwidth": width.attrs["undefined"],
        "modulation_ratio": phase.attrs["undefined"],
    }
    return _strong(extended(found, measures, why=why), answers)


def _frequency(shown: xr.DataArray) -> xr.Dataset:
    """Spatial frequency by fits, of the larger of F0 and F1; the ratio of cuts of F0, as in neurons."""
    found = tuning.spatial_frequency_tuning(shown, component="larger")
    mean = tuning.spatial_frequency_tuning(shown)
    answers = found["valid"].values & (found["maximum"].values > _WEAK)
    by_mean = mean["valid"].values & (mean["maximum"].values > _WEAK)
    ratio = mean["schiller_ratio"].where(by_mean)
    measures = {
        "spatial_frequency_bandwidth_ratio": ratio,
        "spatial_frequency_selective": ratio.notnull().astype(float).where(by_mean),
    }
    why = {
        "spatial_frequency_bandwidth_ratio": "no F0 above 5 spikes/s whose cuts lie within the range",
        "spatial_frequency_selective": "no F0 above 5 spikes/s",
    }
    return _strong(extended(found, measures, why=why), answers).assign(valid_f0=("unit", by_mean & answers))


def _sizes(shown: xr.DataArray) -> xr.Dataset:
    """Size by fits; field and surround of units that are suppressed by more than a tenth."""
    found = tuning.size_tuning(shown)
    suppressed = found["surround_suppression_index"] > _SUPPRESSED
    answers = found["valid"].values & (found["maximum"].values > _WEAK)
    measures = {name: found[name].where(suppressed) for name in ("grating_summation_field", "surround_diameter")}
    why = dict.fromkeys(measures, found["surround_diameter"].attrs["undefined"])
    return _strong(extended(found, measures, why=why), answers)


def _strong(found: xr.Dataset, answers: np.ndarray) -> xr.Dataset:
    """The same table, where units that are weak don't count."""
    weak = found["valid"].values & ~answers
    return also(found.assign(valid=("unit", answers)), f"never {_WEAK:g} spikes/s above the blank", weak)


_SUPPRESSED = 0.1
_MEASURES: dict[str, dict[str, Callable[[xr.DataArray], xr.Dataset]]] = {
    "marques2020": {
        _ORIENTATION: tuning.marques2020_orientation,
        _FREQUENCY: tuning.marques2020_spatial_frequency,
        _SIZE: tuning.marques2020_size,
    },
    "none": {_ORIENTATION: _orientation, _FREQUENCY: _frequency, _SIZE: _sizes},
}


def marques2020(
    network: Any,
    layers: Sequence[str],
    *,
    compat: str | None = "marques2020",
    repeats: int | None = REPEATS,
    most: int | None = None,
    rng: int | np.random.Generator | None = 0,
    progress: bool = True,
) -> tuple[xr.Dataset, xr.Dataset]:
    """Run the battery on some layers of a network.

    Parameters
    ----------
    network : Network
        Whose input spans more than a degree; the battery was made for 8.
    layers : sequence of str
        Where the electrodes go.
    compat : str, optional
        "marques2020" (default): the published way, from canvas to scores. None: as well as it can be.
    repeats
        As of :func:`marques2020_properties`.
    most : int, optional
        As of :func:`looking_near`.
    rng : int or Generator, optional
        Of the draws that scores rest on, and of noise.
    progress : bool
        Whether to show a bar.

    Returns
    -------
    properties : Dataset (unit)
        From :func:`marques2020_properties`.
    scores : Dataset (layer, property)
        From :func:`marques2020_scores`.

    Raises
    ------
    ValueError
        If no unit of a layer looks near the place where gratings are shown.
    """
    seen = marques2020_network(network, compat=compat)
    shown = marques2020_stimuli(seen.screen, compat=compat)
    near = looking_near(seen, layers, most=most)
    responses = record(seen, shown, layers=layers, units=near, progress=progress)
    generator = np.random.default_rng(rng)
    rates = marques2020_rates(responses)
    properties = marques2020_properties(rates, compat=compat, repeats=repeats, rng=generator)
    properties = properties.assign_attrs(left_out=shown.attrs["left_out"])
    return properties, marques2020_scores(properties, layers=layers, rng=generator)


def marques2020_network(network: Any, *, compat: str | None = "marques2020") -> Any:
    """The network as the battery shows it gratings.

    Parameters
    ----------
    network : Network
        Any.
    compat : str, optional
        "marques2020" (default): behind a canvas of 56 pixels/degree at least. None: as it is.

    Returns
    -------
    Network
        From :func:`cortexcnn.models.on_canvas`.
    """
    return on_canvas(network, CANVAS) if _published(compat) else network


def marques2020_stimuli(screen: Screen, *, compat: str | None = "marques2020") -> xr.Dataset:
    """The gratings of the battery, and a blank.

    Parameters
    ----------
    screen : Screen
        Where they will be drawn: gratings beyond its Nyquist limit are left out.
    compat : str, optional
        "marques2020" (default): with hard rims. None: with antialiased ones.

    Returns
    -------
    Dataset (stimulus)
        Stimuli of kind "grating" with the variable ``set``: ``position`` (3,528 places, orientations and phases of a
        grating of 3 cycles/degree), ``orientation`` (1,152), ``spatial_frequency`` (2,112), ``size`` (2,304) and
        ``blank`` (1); attribute ``left_out``, how many were.

    Raises
    ------
    ValueError
        If the screen shows too little: not the place of the gratings, or none of 3 cycles/degree.

    Examples
    --------
    >>> shown = marques2020_stimuli(Screen(degrees=8, pixels=448))
    >>> shown.sizes["stimulus"], shown.attrs["left_out"]
    (9097, 0)
    >>> marques2020_stimuli(Screen(degrees=8, pixels=224)).attrs["left_out"]
    96
    """
    if screen.degrees / 2 <= PLACE[0] + NEAR or screen.nyquist < _GRID_FREQUENCY:
        raise ValueError(
            f"a screen of {screen.degrees:g}° and {screen.pixels} pixels shows gratings up to {screen.nyquist:.3g} "
            f"cycles/degree; the battery wants more than {2 * (PLACE[0] + NEAR):g}° and frequencies up to "
            f"{_FREQUENCIES[-1]:.3g}, {_GRID_FREQUENCY:g} at least: change degrees"
        )
    rim = "hard disc" if _published(compat) else "disc"
    at: dict[str, Any] = {"x": PLACE[0], "y": PLACE[1], "aperture": rim}
    grid = np.linspace(-2.5, 2.5, 21)
    quarter, half, full = (np.arange(0, 180, step) for step in (45.0, 30.0, 15.0))
    tables = [_gratings("position", quarter, [_GRID_FREQUENCY], [1 / 3], phases=2, aperture=rim, x=grid, y=grid)]
    tables += [_gratings(_ORIENTATION, full, [f], [cycles / f], **at) for cycles in (2, 3, 4) for f in _FOUR]
    tables += [_gratings(_FREQUENCY, half, _FREQUENCIES, [1.5, 4.5], **at)]
    tables += [_gratings(_SIZE, half, _FOUR, _SIZES, **at)]
    tables += [sweep("grating", contrast=0.0, aperture=rim, size=1.0).assign(set=("stimulus", ["blank"]))]
    whole = xr.concat(tables, "stimulus", data_vars="all", combine_attrs="override")
    seen = whole["spatial_frequency"].values <= screen.nyquist * (1 + 1e-9)
    kept = whole.isel(stimulus=np.flatnonzero(seen))
    return kept.assign_coords(stimulus=np.arange(kept.sizes["stimulus"])).assign_attrs(left_out=int((~seen).sum()))


def looking_near(
    network: Any, layers: Sequence[str], *, within: float = 3 * NEAR, most: int | None = None
) -> dict[str, list[tuple[int, int, int]]]:
    """Units whose exact receptive field is centred near the place where gratings are shown.

    Parameters
    ----------
    network : Network
        Any.
    layers : sequence of str
        Which layers; of those whose units see the whole image, all units.
    within : float
        Degrees; more than the battery wants, for what a unit answers to need not lie in the middle of its field.
    most : int, optional
        Positions of the map that are taken at most, the nearest: an input of few degrees has many.

    Returns
    -------
    dict of list
        ``{layer: [(channel, row, column), …]}``, as ``record`` takes it.

    Raises
    ------
    ValueError
        If there are none: says how far the nearest is.
    """
    table, found = network.layers(), {}
    for layer in layers:
        row = table.sel(layer=layer)
        rows, columns = (np.arange(int(row[name])) for name in ("rows", "columns"))
        step = float(row["rf_stride_degrees"])
        y = float(row["rf_y"]) - (rows - len(rows) // 2) * step
        x = float(row["rf_x"]) + (columns - len(columns) // 2) * step
        far = np.hypot(y[:, None] - PLACE[1], x - PLACE[0]) if not row["whole_image"] else np.zeros((1, 1))
        places = np.argwhere(far <= within)
        if most is not None:
            places = places[np.argsort(far[tuple(places.T)], kind="stable")[:most]]
        if not len(places):
            raise ValueError(
                f"no unit of {layer} looks within {within:g}° of ({PLACE[0]:g}°, {PLACE[1]:g}°); the nearest "
                f"is {far.min():.2g}° away: take a layer of smaller steps, or change degrees"
            )
        found[layer] = [(c, int(y), int(x)) for c in range(int(row["channels"])) for y, x in places]
    return found


def marques2020_rates(responses: xr.DataArray) -> xr.DataArray:
    """Rates in spikes/s of the units that look where gratings were shown.

    Parameters
    ----------
    responses : DataArray (stimulus, unit)
        Responses to :func:`marques2020_stimuli`.

    Returns
    -------
    DataArray (stimulus, unit)
        Rectified, then scaled for each layer alike: the median over responsive units of the largest mean response to
        an orientation becomes 33.8 spikes/s, that to the blank .82. Coordinates ``field_x`` and ``field_y``: the
        centroid of a unit's map, in degrees. Units whose field is not within .15° of the place, or who never answer,
        are left out.

    Raises
    ------
    ValueError
        If responses lack ``set``, or no unit of any layer is left.
    """
    if "set" not in responses.coords:
        raise ValueError("responses are those to marques2020_stimuli, which have the coordinate set")
    rectified = responses.clip(min=0)
    x, y = _centroids(rectified)
    here = np.hypot(x - PLACE[0], y - PLACE[1]) <= NEAR
    if not here.any():
        raise ValueError(
            f"no unit answers within {NEAR}° of ({PLACE[0]:g}°, {PLACE[1]:g}°): nothing to measure; take other layers, "
            "or change degrees, and see that the network has its weights"
        )
    fields = {"field_x": ("unit", x), "field_y": ("unit", y)}
    kept = rectified.assign_coords(fields).isel(unit=np.flatnonzero(here))
    scaled = [_scaled(part) for _, part in groups(kept, "layer")]
    rates = xr.concat(scaled, "unit").assign_attrs({**responses.attrs, "units": "spikes/s"})
    if not rates.sizes["unit"]:
        raise ValueError(
            "no unit answers to an orientation more than to the blank: nothing to measure; take other layers, and see "
            "that the network has its weights"
        )
    return rates


def marques2020_properties(
    rates: xr.DataArray,
    *,
    compat: str | None = "marques2020",
    repeats: int | None = REPEATS,
    rng: int | np.random.Generator | None = 0,
) -> xr.Dataset:
    """The properties of each unit, in the published way or as well as they can be measured.

    Parameters
    ----------
    rates : DataArray (stimulus, unit)
        From :func:`marques2020_rates`, or recorded.
    compat : str, optional
        "marques2020" (default): the published way, of noiseless rates. None: curves are fitted (``orientation_tuning``,
        ``spatial_frequency_tuning``, ``size_tuning``), after the noise of neurons. Orientation is measured of raw
        rates, as it was in neurons, the rest above the blank; units count by the same 5 spikes/s.
    repeats : int, optional
        With ``compat=None``, presentations of 1 s over which Poisson spikes are counted; None for no noise. 20 is
        assumed: the numbers of the six papers were not looked up.
    rng : int or Generator, optional
        Of the noise.

    Returns
    -------
    Dataset (unit)
        Those of :data:`PROPERTIES` that need no textures. They are NaN for units that are not ``valid_…`` for the set
        of stimuli (``reason`` says why), and where a curve never falls as far as its bandwidth wants
        (``orientation_selective`` and ``spatial_frequency_selective`` are 0) or is not suppressed by size.
    """
    ways = _MEASURES["marques2020" if _published(compat) else "none"]
    if compat is None and repeats is not None:
        if repeats < 1:
            raise ValueError(f"{repeats} repeats: one at least, or None for no noise")
        counted = np.random.default_rng(rng).poisson(rates.values * repeats)
        rates = rates.copy(data=counted / repeats)
    told = {"compat": compat or "none", **({} if compat else {"repeats": repeats or 0})}
    table, reasons = xr.Dataset(attrs=told), []
    for name, measure in ways.items():
        shown = rates.isel(stimulus=np.flatnonzero(rates["set"].isin([name, "blank"]).values))
        found = measure(shown)
        for wanted, (of, flag) in PROPERTIES.items():
            if of == name:
                table[wanted] = found[wanted].where(found[flag])
                table[f"valid_{wanted}"] = found[flag]
        reasons.append([f"{name}: {reason}" if reason else "" for reason in found["reason"].values.tolist()])
    table["reason"] = "unit", ["; ".join(filter(None, told)) for told in zip(*reasons, strict=True)]
    return table


def marques2020_scores(
    properties: xr.Dataset,
    *,
    layers: Sequence[str] | None = None,
    draws: int = 1000,
    rng: int | np.random.Generator | None = 0,
) -> xr.Dataset:
    """How near each layer's distribution of each property is to the neurons'.

    Parameters
    ----------
    properties : Dataset (unit)
        From :func:`marques2020_properties`.
    layers : sequence of str, optional
        In which order, and also those of which no unit is left; those of the units by default.
    draws : int
        How often as many units as there were neurons are drawn.
    rng : int or Generator, optional
        Of the draws.

    Returns
    -------
    Dataset (layer, property)
        ``score, lower, upper, ceiling, ceiled`` of :func:`cortexcnn.reference.distribution_similarity`, ``units`` (how
        many count), and ``reason`` where there is no score.
    """
    names = list(dict.fromkeys(properties["layer"].values.tolist())) if layers is None else list(layers)
    generator = np.random.default_rng(rng)
    rows = [
        _scored(properties.isel(unit=np.flatnonzero(properties["layer"].values == layer)), name, draws, generator)
        for layer in names
        for name in PROPERTIES
    ]
    shape = len(names), len(PROPERTIES)
    columns = {key: np.array([row[key] for row in rows]).reshape(shape) for key in rows[0]}
    return xr.Dataset(
        {key: (("layer", "property"), column) for key, column in columns.items()},
        {"layer": names, "property": list(PROPERTIES)},
        properties.attrs,
    )


def _published(compat: str | None) -> bool:
    """Whether to do as the paper did; an unknown way is refused."""
    chosen(_MEASURES, compat or "none", "way to measure (compat)")
    return compat == "marques2020"


def _gratings(
    name: str, orientations: np.ndarray, frequencies: Any, sizes: Any, *, phases: int = 8, **others: Any
) -> xr.Dataset:
    """One set of the battery."""
    table = sweep(
        "grating",
        orientation=orientations,
        spatial_frequency=frequencies,
        size=sizes,
        **others,
        phase=np.arange(phases) * 360 / phases,
    )
    return table.assign(set=("stimulus", np.full(table.sizes["stimulus"], name)))


def _centroids(rectified: xr.DataArray) -> tuple[np.ndarray, np.ndarray]:
    """Where each unit's map of places is centred, in degrees; NaN for a unit that answers nowhere."""
    shown = rectified["set"].isin(["position", "blank"]).values
    above = tuning.position_map(rectified.isel(stimulus=np.flatnonzero(shown))).clip(min=0)
    field = above.where(above > _FIELD * above.max(["y", "x"]), 0)
    total = field.sum(["y", "x"])
    x, y = ((field * field[name]).sum(["y", "x"]) / total.where(total > 0) for name in ("x", "y"))
    return x.values, y.values


def _scaled(part: xr.DataArray) -> xr.DataArray:
    """The rates of one layer."""
    blank = part.values[is_blank(part).values].mean(0).astype(float)
    shown = part.isel(stimulus=np.flatnonzero(part["set"].values == _ORIENTATION))
    keys = np.stack([shown[name].values for name in ("size", "spatial_frequency", "orientation")], axis=1).round(6)
    _, which = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    starts = np.flatnonzero(np.diff(which.ravel()[order], prepend=-1))
    sums = np.add.reduceat(shown.transpose("stimulus", "unit").values[order].astype(float), starts, axis=0)
    highest = (sums / np.diff(starts, append=len(order))[:, None]).max(0)
    above = highest - blank
    responsive = above > _RESPONSIVE * above.max()
    if not responsive.any():
        return part.isel(unit=[])
    peak, floor = np.median(highest[responsive]), np.median(blank[responsive])
    slope = (_MEDIANS["maximum"] - _MEDIANS["spontaneous"]) / (peak - floor)
    return (part.astype(float) * slope + (_MEDIANS["spontaneous"] - slope * floor)).clip(min=0)


def _scored(units: xr.Dataset, name: str, draws: int, generator: np.random.Generator) -> dict[str, Any]:
    """The row of one property of one layer."""
    empty = dict.fromkeys(("score", "lower", "upper", "ceiling", "ceiled"), np.nan)
    if PROPERTIES[name][0] == _TEXTURE:
        return {**empty, "units": 0, "reason": "the paper's textures can't be synthesised yet"}
    valid = units[name].isel(unit=np.flatnonzero(units[f"valid_{name}"].values))
    if not valid.sizes["unit"]:
        return {**empty, "units": 0, "reason": "no unit that looks there answers above 5 spikes/s"}
    neurons = reference.published(name)
    found = reference.distribution_similarity(
        reference.histogram_like(valid, neurons), neurons, draws=draws, rng=generator
    )
    return {**{key: float(found[key]) for key in empty}, "units": valid.sizes["unit"], "reason": ""}
