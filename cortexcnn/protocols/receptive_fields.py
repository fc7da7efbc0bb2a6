"""How large is the field that a unit uses, beside the one that it could use? Mapped in three ways, as neurons are.

Small gratings at the places of a grid, light and dark spots one at a time (sparse noise), and white noise: the
spike-triggered average, and where that is nothing the axes of the spike-triggered covariance. What the squares of each
map hold is its energy, and the side of the square around 95 % of it is set against the exact receptive field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from scipy.special import erfinv
from scipy.stats import spearmanr

from cortexcnn import tuning
from cortexcnn.protocols.ringach2002b import ringach2002b_frames, ringach2002b_stimuli
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.maps import along_unit, spacing
from cortexcnn.tuning.validity import also

__all__ = [
    "AGREEMENT",
    "MAPPINGS",
    "field_agreement",
    "field_maps",
    "field_measures",
    "field_stimuli",
    "map_fields",
    "map_layer",
]

MAPPINGS = ("gratings", "spots", "noise")
"""Ways to map a field."""
AGREEMENT = (("gratings", "spots"), ("gratings", "noise"), ("spots", "noise"))
"""Pairs of ways that are compared."""
ALONE = ("shared_area", "found", "excitatory_axes", "suppressive_axes")
"""What only one way to map tells."""
CHECKS = 16
"""Checks and spots along the exact field at most; each is some whole pixels."""
PLACES = 12
"""Steps of the grid of gratings along the exact field, a pixel each at least."""
KINDS = ("excitatory", "suppressive")
"""Of axes."""
FEW = 4
"""Units, up to which sizes are not correlated."""
SHUFFLES = 39
"""As few as tell an axis from chance at .05: each costs as much as the covariance itself."""
SIDE = 2 * float(erfinv(np.sqrt(0.95)))
"""Of the square around 95 % of the energy of a round gaussian map, in its standard deviations."""
CLEAR = 2.0
"""Energy of a map over that of its noise, below which there is no size: the noise itself varies by the 5 % left out."""
PATCH = "field no larger than the patch that mapped it"
NOISY = "too noisy for a size (energy below twice that of chance)"
NOTHING = "neither average nor covariance differ from chance"


def field_stimuli(
    screen: Screen, x: float, y: float, rf_size: float, *, count: int = 16384, seed: int = 0
) -> dict[str, xr.Dataset]:
    """What maps the units that look at one place.

    Parameters
    ----------
    screen : Screen
        Degrees and pixels.
    x, y : float
        Where the exact receptive field has its centre, in degrees.
    rf_size : float
        Its side, in degrees.
    count : int
        Pictures of noise.
    seed : int
        Of the first of them.

    Returns
    -------
    dict of Dataset (stimulus)
        For each of ``MAPPINGS``. Gratings of 4 orientations, 3 frequencies (a period of 4, 8 and 16 pixels) and 4
        phases under a gaussian of a sixteenth of the field, one pixel at least; spots as large as the checks, side by
        side; all on the field and a little beyond, as far as the screen goes.

    Examples
    --------
    >>> shown = field_stimuli(Screen(8, 160), 0.0, 0.0, 1.6, count=3)
    >>> {name: table.sizes["stimulus"] for name, table in shown.items()}
    {'gratings': 13873, 'spots': 649, 'noise': 3}
    >>> float(shown["spots"]["size"][0]), float(shown["noise"]["check"][0])
    (0.1, 0.1)
    """
    pixel = 1 / screen.pixels_per_degree
    sigma, step = max(rf_size / CHECKS, pixel), max(rf_size / PLACES, pixel)
    reach = int(np.ceil((rf_size / 2 + 2 * sigma) / step - 1e-6))
    places = np.arange(-reach, reach + 1) * step
    gratings = sweep(
        "grating",
        x=_seen(x + places, screen),
        y=_seen(y + places, screen),
        orientation=[0, 45, 90, 135],
        spatial_frequency=screen.pixels_per_degree / np.array([16, 8, 4]),
        phase=[0, 90, 180, 270],
        size=4 * sigma,
        aperture="gaussian",
        blank=True,
    )
    side = pixel * max(1, np.ceil(rf_size / pixel / CHECKS - 1e-6))
    inside = int(np.ceil(rf_size / side - 1e-6))
    edges = (np.arange(-1, inside + 1) + 0.5) * side - rf_size / 2
    spots = sweep(
        "spot",
        x=_seen(x + edges, screen),
        y=_seen(y - edges, screen),
        size=side,
        polarity=["light", "dark"],
        blank=True,
    )
    noise = ringach2002b_stimuli(screen, check=side, count=count, seed=seed)
    return {"gratings": gratings, "spots": spots, "noise": noise}


def field_maps(
    responses: Mapping[str, xr.DataArray], *, alpha: float = 0.01, alpha_axes: float = 0.05, rng: int = 0
) -> dict[str, xr.Dataset]:
    """The maps of units that look at one place.

    Parameters
    ----------
    responses : mapping of str to DataArray (stimulus, unit)
        To :func:`field_stimuli`, by the same names.
    alpha : float
        The p of a unit's average from which on its covariance is looked at.
    alpha_axes : float
        Probability of calling an axis of the covariance significant by chance.
    rng : int
        Of the shuffles that tell axes from chance.

    Returns
    -------
    dict of Dataset
        ``field`` and ``noise``, what chance adds to it: (y, x, unit). ``valid`` and ``reason``: (unit). The map of
        gratings is the largest response above the blank at each place; of spots the root of the summed squares of what
        light and dark ones change; of noise the average, or the root of the summed squares of the significant axes
        (their noise is what they hold beyond the exact field, where there can be nothing). Of the spots ``shared_area``
        as ``tuning.subregions`` gives it: 0 where light and dark lie apart, 1 where they lie in one place. Of the noise
        ``found``: "average", "covariance" or "neither", and ``excitatory_axes`` and ``suppressive_axes``.
    """
    gratings = tuning.position_map(responses["gratings"]).clip(min=0, keep_attrs=True)
    lobes = tuning.polarity_maps(responses["spots"], rectify=False)
    spots = ((lobes**2).sum("polarity") ** 0.5).assign_attrs(lobes.attrs).drop_vars("baseline")
    silent = xr.zeros_like(gratings), xr.zeros_like(spots)
    found = {
        "gratings": xr.Dataset({"field": gratings, "noise": silent[0]}, attrs=_patch(responses["gratings"])),
        "spots": xr.Dataset({"field": spots, "noise": silent[1]}),
    }
    for name, either_sign in (("gratings", False), ("spots", True)):
        notes = tuning.maps.map_validity(found[name]["field"], either_sign=either_sign)
        found[name] = found[name].assign({key: ("unit", notes[key].values) for key in ("valid", "reason")})
    found["spots"]["shared_area"] = "unit", tuning.subregions(lobes)["shared_area"].values
    return found | {"noise": _noise_maps(responses["noise"], alpha=alpha, alpha_axes=alpha_axes, rng=rng)}


def field_measures(maps: Mapping[str, xr.Dataset]) -> xr.Dataset:
    """What each map says of where the field lies and how large it is.

    Parameters
    ----------
    maps : mapping of str to Dataset
        From :func:`field_maps`.

    Returns
    -------
    Dataset (mapping, unit)
        effective_size (degrees) and effective_share as of ``tuning.effective_field``, of gratings less what the patch
        itself measures (in quadrature: exact for gaussians). centre_x, centre_y, sigma_major, sigma_minor, angle and
        r_squared of the gaussian that was fitted to the energy; sigmas are those of the map itself, √2 times those of
        its energy. valid, reason. Along unit alone shared_area, found, excitatory_axes and suppressive_axes.

    Examples
    --------
    >>> at = np.linspace(-1, 1, 41)
    >>> field = np.exp(-((at - 0.1) ** 2 + at[:, None] ** 2) / 2 / 0.2**2)[..., None]
    >>> coords = {"y": at, "x": at, "unit": ["cell"], "rf_size": ("unit", [2.0])}
    >>> table = xr.Dataset({"field": (("y", "x", "unit"), field), "noise": (("y", "x", "unit"), 0 * field)}, coords)
    >>> table = table.assign(valid=("unit", [True]), reason=("unit", [""]))
    >>> found = field_measures({"spots": table}).isel(mapping=0, unit=0)
    >>> float(found.effective_share), float(found.centre_x), float(found.sigma_major)
    (0.32, 0.10, 0.20)
    """
    rows = [_measured(table) for table in maps.values()]
    once = {name: table[name].variable for table in maps.values() for name in ALONE if name in table}
    return xr.concat(rows, "mapping").assign_coords(mapping=list(maps)).assign(once)


def map_layer(
    network: Any, layer: str, *, most: int = 32, count: int = 16384, seed: int = 0, progress: bool = True
) -> tuple[dict[str, xr.DataArray], dict[str, xr.Dataset]]:
    """Record the units at the centre of a layer's map, and map their fields.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``.
    layer : str
        Its name.
    most : int
        Channels, taken evenly from all.
    count, seed
        As of :func:`field_stimuli`.
    progress : bool
        Whether to show bars.

    Returns
    -------
    responses : dict of DataArray (stimulus, unit)
    maps : dict of Dataset
        From :func:`field_maps`.
    """
    place = network.layers().sel(layer=network.resolve(layer))
    channels = np.unique(np.linspace(0, int(place["channels"]) - 1, most).round().astype(int)).tolist()
    units = {layer: [(channel, int(place["rows"]) // 2, int(place["columns"]) // 2) for channel in channels]}
    looks = (float(place[name]) for name in ("rf_x", "rf_y", "rf_degrees"))
    shown = field_stimuli(network.screen, *looks, count=count, seed=seed)
    responses = {name: record(network, table, units=units, progress=progress) for name, table in shown.items()}
    return responses, field_maps(responses, rng=seed)


def map_fields(network: Any, layers: list[str], **options: Any) -> xr.Dataset:
    """The measures of several layers.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``.
    layers : list of str
        Their names.
    **options
        As of :func:`map_layer`.

    Returns
    -------
    Dataset (mapping, unit)
        As of :func:`field_measures`.
    """
    return xr.concat([field_measures(map_layer(network, layer, **options)[1]) for layer in layers], "unit")


def field_agreement(measures: xr.Dataset) -> xr.Dataset:
    """How far two ways to map agree on the units that both of them map.

    Parameters
    ----------
    measures : Dataset (mapping, unit)
        From :func:`field_measures`.

    Returns
    -------
    Dataset (pair)
        units: how many. distance: the median distance of the centres, in shares of the mean of the two sizes.
        size_ratio: the median of the first's effective size over the second's. correlation: Spearman's, of the sizes;
        NaN below 5 units.

    Examples
    --------
    >>> numbers = {"centre_x": [[0.0], [0.1]], "centre_y": [[0.0], [0.0]], "effective_size": [[0.8], [1.2]]}
    >>> table = xr.Dataset({name: (("mapping", "unit"), column) for name, column in numbers.items()},
    ...     {"mapping": ["spots", "noise"], "unit": ["cell"]})
    >>> found = field_agreement(table.assign(valid=(("mapping", "unit"), [[True], [True]])))
    >>> found.pair.values.tolist(), float(found.distance[0]), float(found.size_ratio[0])
    (['spots / noise'], 0.10, 0.67)
    """
    rows = []
    for pair in AGREEMENT:
        if not set(pair) <= set(measures["mapping"].values.tolist()):
            continue
        both = measures["valid"].sel(mapping=list(pair)).all("mapping").values
        one, other = (measures.sel(mapping=name).isel(unit=np.flatnonzero(both)) for name in pair)
        size, size2 = one["effective_size"].values, other["effective_size"].values
        apart = np.hypot(*((one[name] - other[name]).values for name in ("centre_x", "centre_y")))
        rows.append(
            {
                "pair": " / ".join(pair),
                "units": int(both.sum()),
                "distance": _median(apart / ((size + size2) / 2)),
                "size_ratio": _median(size / size2),
                "correlation": float(spearmanr(size, size2).statistic) if both.sum() > FEW else np.nan,
            }
        )
    names = ("units", "distance", "size_ratio", "correlation")
    return xr.Dataset(
        {name: ("pair", [row[name] for row in rows]) for name in names}, {"pair": [row["pair"] for row in rows]}
    )


def _noise_maps(responses: xr.DataArray, *, alpha: float, alpha_axes: float, rng: int) -> xr.Dataset:
    """The average of each unit, or its significant axes in place of it."""
    ((frames, here),) = ringach2002b_frames(responses)
    average = tuning.spike_triggered_average(frames, here, alpha=alpha)
    field, noise = (average[name].transpose("y", "x", "unit").copy() for name in ("average", "error"))
    there = average["valid"].values & (average["p"].values <= alpha)
    found = np.where(there, "average", "neither").astype(object)
    reason = np.where(there, "", average["reason"].values).astype(object)
    axes = np.zeros((2, len(found)), int)
    without = np.flatnonzero(average["valid"].values & ~there)
    if without.size:
        spread = tuning.spike_triggered_covariance(
            frames, here.isel(unit=without), axes=2, shuffles=SHUFFLES, alpha=alpha_axes, rng=rng
        )
        axes[:, without] = [spread[f"{kind}_axes"].values for kind in KINDS]
        energy = _energy(spread, alpha_axes)
        field[:, :, without] = np.sqrt(energy.values)
        noise[:, :, without] = np.sqrt(energy.where(_beyond(energy)).mean(("y", "x")).values)
        told = axes[:, without].any(0)
        found[without[told]], reason[without] = "covariance", np.where(told, "", NOTHING)
    numbers = {"valid": found != "neither", "found": found.astype(str), "reason": reason.astype(str)}
    numbers |= {f"{kind}_axes": count for kind, count in zip(KINDS, axes, strict=True)}
    return xr.Dataset({"field": field, "noise": noise} | {name: ("unit", column) for name, column in numbers.items()})


def _energy(spread: xr.Dataset, alpha: float) -> xr.DataArray:
    """The summed squares of the significant axes of either kind (y, x, unit)."""
    one, other = ((spread[kind] ** 2).where(spread[f"{kind}_p"] <= alpha / 2, 0.0).sum("axis") for kind in KINDS)
    return (one + other).transpose("y", "x", "unit")


def _beyond(energy: xr.DataArray) -> xr.DataArray:
    """Positions whose check lies wholly beyond the exact field."""
    step = spacing(energy)
    far = [abs(energy[name] - energy[f"rf_{name}"]) - size / 2 for name, size in zip(("y", "x"), step, strict=True)]
    return (far[0] >= energy["rf_size"] / 2 - 1e-6) | (far[1] >= energy["rf_size"] / 2 - 1e-6)


def _measured(table: xr.Dataset) -> xr.Dataset:
    """The measures of one way to map."""
    field, noise = (table[name].where(table["valid"]) for name in ("field", "noise"))
    size = tuning.effective_field(field, noise=noise)
    fit = tuning.fit_gaussians(field**2 - noise**2)
    side = size["effective_size"].values
    patch = SIDE * table.attrs.get("sigma", 0.0)
    with np.errstate(invalid="ignore"):
        chance = (noise**2).sum(("y", "x")).values
        drowned = (field**2).sum(("y", "x")).values - chance < CLEAR * chance
        left = np.sqrt(np.maximum(side**2 - patch**2, 0))
        hidden = ~drowned & (left < patch / 2)
    notes = table[["valid", "reason"]]
    there = notes["valid"].values
    for reason in np.unique(size["reason"].values[there & size["valid"].values]):
        notes = also(notes, str(reason), (size["reason"].values == reason) & there & (reason != ""))
    notes = also(also(notes, NOISY, drowned & there), PATCH, hidden & there)
    good = there & size["valid"].values & ~(drowned | hidden)
    numbers = {"effective_size": left, "effective_share": left / table["rf_size"].values}
    numbers |= {name: fit[name].values for name in ("centre_x", "centre_y", "angle", "r_squared")}
    numbers |= {name: np.sqrt(2) * fit[name].values for name in ("sigma_major", "sigma_minor")}
    columns = {name: ("unit", np.where(good, column, np.nan)) for name, column in numbers.items()}
    return xr.Dataset(columns, along_unit(table)).assign(valid=("unit", good), reason=("unit", notes["reason"].values))


def _patch(responses: xr.DataArray) -> dict[str, float]:
    """The standard deviation of the patches that were shown."""
    return {"sigma": float(np.nanmax(responses["size"].values)) / 4}


def _seen(places: np.ndarray, screen: Screen) -> np.ndarray:
    """Those that lie on the screen."""
    return places[np.abs(places) <= screen.degrees / 2]


def _median(values: np.ndarray) -> float:
    return float(np.median(values)) if values.size else float("nan")
