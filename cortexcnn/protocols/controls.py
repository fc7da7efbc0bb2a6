"""What every comparison stands beside: a layer that is as near to cortex as pixels are has not shown anything.

===================== =================================================================================================
control               what it would take to do as well
===================== =================================================================================================
``pixels``            the pictures themselves: nothing computed
``random weights``    the architecture alone, before any training
``shuffled weights``  the distribution of the learned weights, without their arrangement
``classical V1``      Gabor simple and complex cells, which were known in 1985
``classical V2``      products of those: angles, and the correlations of textures
``permutation null``  nothing: the order of the stimuli exchanged
===================== =================================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
import xarray as xr

from cortexcnn.arrays import SEPARATOR
from cortexcnn.choices import chosen
from cortexcnn.models import Network, random_weights, shuffled_weights, wrap
from cortexcnn.models.classical_v1 import classical_v1
from cortexcnn.models.classical_v2 import ARM, SHORTEST, classical_v2
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import render

__all__ = [
    "CLASSICAL_LAYERS",
    "CONTROLS",
    "check_controls",
    "classical",
    "pixel_responses",
    "record_with_controls",
    "sampled",
    "with_unlearned",
]

CONTROLS = ("random weights", "shuffled weights", "pixels", "classical V1", "classical V2", "permutation null")
"""What is compared beside a network, unless it is declined."""

CLASSICAL_LAYERS = {
    "classical V1": ["simple", "complex", "normalised_simple", "normalised_complex"],
    "classical V2": ["angles", "correlations"],
}
"""Layers of the handmade areas."""

_RANDOM = ("none", "random")
"""What networks call weights that nothing was learned in."""

_FEWEST = {"classical V1": 4, "classical V2": 8}
"""Cycles across the screen of the lowest frequency that fits with its Gabor, or with its window."""


def check_controls(controls: Sequence[str]) -> tuple[str, ...]:
    """Refuse controls that there are not.

    Parameters
    ----------
    controls : sequence of str
        Some of ``CONTROLS``.

    Returns
    -------
    tuple of str

    Raises
    ------
    ValueError
        If one is unknown: names the nearest.

    Examples
    --------
    >>> check_controls(["pixels"])
    ('pixels',)
    """
    if isinstance(controls, str):
        raise ValueError(f"controls={controls!r}: give a list, such as [{controls!r}], or [] for none")
    known = dict.fromkeys(CONTROLS)
    for name in controls:
        chosen(known, name, what="control")
    return tuple(controls)


def classical(screen: Screen, area: str = "classical V1") -> Network:
    """A handmade area as a control for a network: on a screen of the same degrees, at frequencies that V1 prefers.

    Parameters
    ----------
    screen : Screen
        Of the network.
    area : {"classical V1", "classical V2"}
        Which.

    Returns
    -------
    Network
        Cells at 1, 2, 4 and 8 cycles/degree, as far as four cycles (eight in V2, whose windows are wider) fit the
        screen and a cycle spans four pixels of the network's; at octaves from 8 cycles across the screen where none of
        them does.

    Examples
    --------
    >>> sorted(set(classical(Screen(2, 32)).module.cells("complex").spatial_frequency.values.tolist()))
    [2.0, 4.0]
    """
    chosen(CLASSICAL_LAYERS, area, what="area")
    pixels = max(224, screen.pixels)
    fit = [f for f in (1.0, 2.0, 4.0, 8.0) if f * screen.degrees >= _FEWEST[area] and f <= screen.nyquist / 2]
    if area == "classical V1":
        v1 = classical_v1(degrees=screen.degrees, pixels=pixels, spatial_frequencies=fit or None)
        return wrap(v1, v1.eye, name="classical_v1")
    stride = 4
    finest = ARM * pixels / screen.degrees / (stride * SHORTEST)
    fit = [f for f in fit if f <= finest]
    v2 = classical_v2(degrees=screen.degrees, pixels=pixels, spatial_frequencies=fit or None, stride=stride)
    return wrap(v2, v2.eye, name="classical_v2")


def with_unlearned(
    networks: Network | Mapping[str, Network], controls: Sequence[str], *, seed: int = 0
) -> dict[str, Network]:
    """Networks by name, and the first of them without what it learned, as far as it learned anything.

    Parameters
    ----------
    networks : Network or mapping of str to Network
        One alone is called "trained", or "random weights" if that is what it has.
    controls : sequence of str
        Some of ``CONTROLS``; what the mapping names already is not made again.
    seed : int
        Of the weights and their order.

    Returns
    -------
    dict of str to Network

    Examples
    --------
    >>> from cortexcnn.models import load
    >>> list(with_unlearned(load("cortexnet"), CONTROLS))
    ['trained', 'random weights', 'shuffled weights']
    >>> list(with_unlearned(load("cortexnet", weights="none"), CONTROLS))
    ['random weights']
    """
    if isinstance(networks, Mapping):
        all_of_them = dict(networks)
    else:
        all_of_them = {"random weights" if networks.weights in _RANDOM else "trained": networks}
    first = next(iter(all_of_them.values()))
    made = {"random weights": random_weights, "shuffled weights": shuffled_weights}
    for name, make in made.items():
        if name in controls and name not in all_of_them and first.weights not in (*_RANDOM, "shuffled"):
            all_of_them[name] = make(first, seed=seed)
    return all_of_them


def pixel_responses(stimuli: xr.Dataset, screen: Screen, *, pixels: int = 64) -> xr.DataArray:
    """The pictures themselves as responses: their luminance, a unit a pixel.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        What is shown.
    screen : Screen
        Where: only its degrees count.
    pixels : int
        Side of the pictures; small ones suffice.

    Returns
    -------
    DataArray (stimulus, unit)
        Without the pixels that are alike in all pictures; ``layer`` is "pixels".
    """
    drawn = render(stimuli, Screen(screen.degrees, min(pixels, screen.pixels)))
    flat = drawn.mean(dim=-3).flatten(1).to(torch.float64).cpu().numpy()
    varied = np.flatnonzero(np.ptp(flat, axis=0) > 0)
    coords: dict[str, Any] = {str(name): stimuli[name] for name in stimuli.variables}
    coords["unit"] = [SEPARATOR.join(("pixels", str(i))) for i in varied]
    coords["layer"] = ("unit", np.full(len(varied), "pixels"))
    return xr.DataArray(flat[:, varied], coords, ("stimulus", "unit"))


def record_with_controls(
    networks: Network | Mapping[str, Network],
    stimuli: xr.Dataset,
    *,
    layers: Sequence[str],
    controls: Sequence[str] = CONTROLS,
    units: int = 1000,
    rng: int = 0,
    progress: bool = True,
) -> dict[str, xr.DataArray]:
    """Responses of networks and their controls to the same stimuli, for any comparison.

    Parameters
    ----------
    networks : Network or mapping of str to Network
        What is compared; random and shuffled weights are those of the first.
    stimuli : Dataset (stimulus)
        What is shown.
    layers : sequence of str
        Names of layers, which all networks have.
    controls : sequence of str
        Some of ``CONTROLS``; the permutation null needs no responses.
    units : int
        Units drawn at random from each layer, the same in the network and its unlearned copies; all where there are
        fewer.
    rng : int
        Which units, and which random weights.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    dict of str to DataArray (stimulus, unit)
        By the names of :func:`with_unlearned`, and of the other controls.

    Raises
    ------
    ValueError
        If a layer or a control doesn't exist.

    Examples
    --------
    >>> from cortexcnn import load, sweep
    >>> gratings = sweep("grating", orientation=range(0, 180, 45), spatial_frequency=2)
    >>> shown = record_with_controls(load("cortexnet"), gratings, layers=["relu1"], units=50, progress=False)
    >>> list(shown)
    ['trained', 'random weights', 'shuffled weights', 'pixels', 'classical V1', 'classical V2']
    """
    check_controls(controls)
    all_of_them = with_unlearned(networks, controls, seed=rng)
    screen = next(iter(all_of_them.values())).screen
    options: dict[str, Any] = {"count": units, "rng": rng, "progress": progress}
    shown = {name: sampled(one, stimuli, layers=layers, **options) for name, one in all_of_them.items()}
    if "pixels" in controls:
        shown["pixels"] = pixel_responses(stimuli, screen)
    for area, its_layers in CLASSICAL_LAYERS.items():
        if area in controls:
            shown[area] = sampled(classical(screen, area), stimuli, layers=its_layers, **options)
    return shown


def sampled(
    network: Network, stimuli: xr.Dataset, *, layers: Sequence[str], count: int, rng: int = 0, progress: bool = True
) -> xr.DataArray:
    """Responses of units drawn at random from each layer, of all units where there are no more than that.

    Parameters
    ----------
    network, stimuli, layers, rng, progress
        As of :func:`cortexcnn.record`.
    count : int
        Units of each layer.

    Returns
    -------
    DataArray (stimulus, unit)
        Layers in the order in which they were named.
    """
    table = network.layers()
    known = table["layer"].values
    counts = (table["channels"] * table["rows"] * table["columns"]).values
    total = dict(zip(known.tolist(), counts.tolist(), strict=True))
    small = [layer for layer in layers if layer in known and total[layer] <= count]
    large = [layer for layer in layers if layer not in small]
    parts = [record(network, stimuli, layers=small, units="all", progress=progress)] if small else []
    if large:
        parts += [record(network, stimuli, layers=large, units="random", count=count, rng=rng, progress=progress)]
    if len(parts) == 1:
        return parts[0]
    together = xr.concat(parts, "unit", combine_attrs="override")
    order = {layer: place for place, layer in enumerate(layers)}
    return together.isel(unit=np.argsort([order[layer] for layer in together["layer"].values], kind="stable"))
