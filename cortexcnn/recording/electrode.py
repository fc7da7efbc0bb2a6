"""Where the electrode is lowered: which units of which layers are recorded, and what they are called.

The **centre** unit of a map is the one at ``rows // 2``, ``columns // 2``, in every channel. A map with an even
number of rows has no middle one: the coordinates ``rf_x`` and ``rf_y`` say where a unit really looks.
A layer without a map (fully connected, tokens) has one row and one column, and all its units as channels.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import torch
import xarray as xr

from cortexcnn.arrays import SEPARATOR
from cortexcnn.recording.contract import Field, Recordable
from cortexcnn.screen import Screen

__all__ = ["ELECTRODES", "Given", "Site", "coordinates", "lower"]

Given = Mapping[str, Iterable[tuple[int, int, int]]] | xr.DataArray | xr.Dataset
"""Units by name: layer → (channel, row, column), or a table with these as coordinates along unit."""

_Places = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Site:
    """The electrode in one layer.

    Parameters
    ----------
    layer : str
        Name of the layer.
    field : Field
        Its map, and what its units see.
    electrode : str
        A key of ``ELECTRODES``, or "given".
    channels, rows, columns : ndarray of int
        One entry a unit. For a mean over the map, rows and columns are empty.
    """

    layer: str
    field: Field
    electrode: str
    channels: np.ndarray
    rows: np.ndarray
    columns: np.ndarray

    def __len__(self) -> int:
        return len(self.channels)

    @property
    def reach(self) -> tuple[np.ndarray, np.ndarray]:
        """Rows and columns of the map that are looked at."""
        if self.electrode in ("all", "mean"):
            return np.arange(self.field.rows), np.arange(self.field.columns)
        return np.unique(self.rows), np.unique(self.columns)

    def read(self, output: torch.Tensor, origin: tuple[int, int] | None = None) -> torch.Tensor:
        """The responses of the units in the output of the layer.

        Parameters
        ----------
        output : Tensor
            What the layer's module returned for n images.
        origin : (int, int), optional
            Row and column of the map at which the map of a crop starts; None for whole images.

        Returns
        -------
        Tensor (n, unit), or (n, channel, row, column) for all units
            May share memory with the output.
        """
        if origin is None:
            maps, origin = self.field.as_maps(output), (0, 0)
        else:
            maps = output.movedim([dim for dim in self.field.dims if dim is not None], (-2, -1))
            maps = maps.reshape(len(output), self.field.channels, *maps.shape[-2:])
        if self.electrode == "all":
            return maps
        if self.electrode == "mean":
            return maps.mean(dim=(2, 3))
        rows, columns = self.rows - origin[0], self.columns - origin[1]
        if self.electrode == "centre":
            return maps[:, :, int(rows[0]), int(columns[0])]
        index = [torch.from_numpy(part).to(maps.device) for part in (self.channels, rows, columns)]
        return maps[:, index[0], index[1], index[2]]


def _centre(field: Field, _count: int, _rng: np.random.Generator) -> _Places:
    channels = np.arange(field.channels)
    return channels, np.full(len(channels), field.rows // 2), np.full(len(channels), field.columns // 2)


def _all(field: Field, _count: int, _rng: np.random.Generator) -> _Places:
    return _unravel(np.arange(field.channels * field.rows * field.columns), field)


def _mean(field: Field, _count: int, _rng: np.random.Generator) -> _Places:
    return np.arange(field.channels), np.empty(0, int), np.empty(0, int)


def _random(field: Field, count: int, rng: np.random.Generator) -> _Places:
    total = field.channels * field.rows * field.columns
    if count > total:
        raise ValueError(f"{count} units at random of a layer that has {total}: ask for fewer, or units='all'")
    return _unravel(np.sort(rng.choice(total, count, replace=False)), field)


ELECTRODES: dict[str, Callable[[Field, int, np.random.Generator], _Places]] = {
    "centre": _centre,
    "all": _all,
    "mean": _mean,
    "random": _random,
}
"""Ways to choose units: from the map of a layer, how many are wanted, and a generator of its own."""


def lower(
    network: Recordable, layers: Sequence[str] | None, units: str | Given, *, count: int | None = None, seed: int = 0
) -> list[Site]:
    """Decide which units of which layers are recorded.

    Parameters
    ----------
    network : Recordable
        The network.
    layers : sequence of str or None
        Names of layers; None takes those of given units.
    units : str, mapping or table
        A key of ``ELECTRODES``, or units by name.
    count : int, optional
        How many units of each layer, for "random".
    seed : int
        Of random units. Each layer has a stream of its own: which layers are recorded with it changes nothing.

    Returns
    -------
    list of Site
        In the order in which the layers were asked for.

    Raises
    ------
    ValueError
        If a layer or a way to choose units is unknown, a layer is asked for twice, or a unit lies outside its map.
    """
    if isinstance(units, str):
        if units not in ELECTRODES:
            near = get_close_matches(units, ELECTRODES, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            raise ValueError(
                f"no electrode {units!r}{hint}; there are {', '.join(ELECTRODES)}, and units by name: "
                "{layer: [(channel, row, column), …]} or a table of units"
            )
        if (units == "random") != (count is not None):
            raise ValueError(
                "units='random' needs count=…, how many of each layer"
                if count is None
                else f"count={count} goes with units='random'; these are {units!r}"
            )
        if count is not None and count < 1:
            raise ValueError(f"count={count} units: ask for one at least")
        if layers is None:
            raise ValueError(f"units={units!r} needs layers=[…]; {_some(network)}")
        return [_chosen(network, layer, units, count or 0, seed) for layer in _resolved(network, layers)]
    if count is not None:
        raise ValueError(f"count={count} goes with units='random'; these units are given one by one")
    named = _by_layer(units)
    wanted = dict(zip(_resolved(network, named), named, strict=True))
    missing = [layer for layer in _resolved(network, layers or named) if layer not in wanted]
    if missing:
        raise ValueError(f"no units given for {', '.join(missing)}; there are units of {', '.join(named)}")
    return [_given(network, layer, named[wanted[layer]]) for layer in _resolved(network, layers or named)]


def coordinates(sites: Sequence[Site], screen: Screen) -> dict[str, tuple[str, np.ndarray]]:
    """Labels and coordinates of all units.

    Parameters
    ----------
    sites : sequence of Site
        From :func:`lower`.
    screen : Screen
        Turns pixels into degrees.

    Returns
    -------
    dict
        ``unit`` (layer/channel/row/column, or layer/channel for a mean over the map), ``layer``, ``channel``, and but
        for a mean ``row``, ``column``, ``rf_x``, ``rf_y`` (the centre of the receptive field); ``rf_size``, the larger
        side of one unit's receptive field, not cut by the border; all in degrees.
    """
    parts = [_labelled(site, screen) for site in sites]
    return {name: ("unit", np.concatenate([part[name] for part in parts])) for name in parts[0]}


def _chosen(network: Recordable, layer: str, units: str, count: int, seed: int) -> Site:
    field = network.receptive_field(layer)
    rng = np.random.default_rng([seed, zlib.crc32(layer.encode())])
    try:
        return Site(layer, field, units, *ELECTRODES[units](field, count, rng))
    except ValueError as error:
        raise ValueError(f"{layer}: {error}") from None


def _given(network: Recordable, layer: str, places: np.ndarray) -> Site:
    field = network.receptive_field(layer)
    shape = np.array([field.channels, field.rows, field.columns])
    outside = places[((places < 0) | (places >= shape)).any(axis=1)]
    size = f"{shape[0]} channels × {shape[1]} rows × {shape[2]} columns"
    if len(outside):
        raise ValueError(
            f"{layer} has {size}, counted from 0; outside it: {_list_places(outside)} (channel, row, column)"
        )
    if not len(places):
        raise ValueError(f"no units given for {layer}, which has {size}: name one at least, or leave the layer out")
    kept, times = np.unique(places, axis=0, return_counts=True)
    if (times > 1).any():
        raise ValueError(f"{layer}: units given more than once: {_list_places(kept[times > 1])}")
    return Site(layer, field, "given", *np.ascontiguousarray(places.T))


def _by_layer(units: Given) -> dict[str, np.ndarray]:
    """Given units as layer → (unit, 3), in their order."""
    if isinstance(units, (xr.DataArray, xr.Dataset)):
        missing = [name for name in ("layer", "channel", "row", "column") if name not in units.coords]
        if missing:
            raise ValueError(
                f"the table of units has no coordinate {', '.join(missing)} along unit: "
                "take it from responses that were recorded unit by unit (not units='mean')"
            )
        layers = units["layer"].values
        table = np.stack([np.atleast_1d(units[name].values) for name in ("channel", "row", "column")], axis=1)
        layers = np.atleast_1d(layers)
        return {str(layer): table[layers == layer].astype(int) for layer in dict.fromkeys(layers.tolist())}
    if not isinstance(units, Mapping):
        raise TypeError(
            f"units are one of {', '.join(ELECTRODES)}, a mapping {{layer: [(channel, row, column), …]}} "
            f"or a table of units; got {type(units).__name__}"
        )
    return {str(layer): _table(str(layer), list(places)) for layer, places in units.items()}


def _table(layer: str, places: list[tuple[int, int, int]]) -> np.ndarray:
    table = np.array(places) if places else np.empty((0, 3), int)
    if table.ndim != 2 or table.shape[1] != 3 or not np.issubdtype(table.dtype, np.integer):
        raise ValueError(f"{layer}: units are (channel, row, column) in whole numbers; got {places[:3]}")
    return table


def _resolved(network: Recordable, layers: Iterable[str]) -> list[str]:
    """Names as the table of layers has them, each once."""
    asked = [layers] if isinstance(layers, str) else list(layers)
    names = [network.resolve(layer) for layer in asked]
    if not names:
        raise ValueError(f"no layers were asked for; {_some(network)}")
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(f"layers asked for more than once: {', '.join(repeated)}")
    return names


def _labelled(site: Site, screen: Screen) -> dict[str, np.ndarray]:
    field = site.field
    labels = np.array([SEPARATOR.join((site.layer, str(channel))) for channel in range(field.channels)])[site.channels]
    if site.electrode != "mean":
        ends = [f"{SEPARATOR}{row}{SEPARATOR}{column}" for row, column in np.ndindex(field.rows, field.columns)]
        labels = np.strings.add(labels, np.array(ends)[site.rows * field.columns + site.columns])
    table = {
        "unit": labels,
        "layer": np.full(len(site), site.layer),
        "channel": site.channels,
    }
    if site.electrode != "mean":
        down = np.array([field.centre(row, 0)[0] for row in range(field.rows)])
        across = np.array([field.centre(0, column)[1] for column in range(field.columns)])
        table |= {"row": site.rows, "column": site.columns}
        table |= {"rf_x": screen.x(across[site.columns]), "rf_y": screen.y(down[site.rows])}
    table["rf_size"] = np.full(len(site), max(field.size) / screen.pixels_per_degree)
    return table


def _unravel(index: np.ndarray, field: Field) -> _Places:
    channels, rows, columns = np.unravel_index(index, (field.channels, field.rows, field.columns))
    return channels, rows, columns


def _some(network: Recordable) -> str:
    names = network.layers()["layer"].values.tolist()
    return f"{network.name} has {', '.join(names[:8])}{', …' if len(names) > 8 else ''}"


def _list_places(places: np.ndarray) -> str:
    listed = ", ".join(str(tuple(place)) for place in places[:5].tolist())
    return listed + (f", … ({len(places)} in all)" if len(places) > 5 else "")
