"""What has to be computed for a recording, and no more: passes over the stimuli, each through its own window.

A unit depends on its receptive field alone. A crop of the image that contains it, run with the network's own
padding, gives the unit's response exactly if

- its first row and column are multiples of the product of all strides up to the layer, so that every layer samples
  the positions that it samples in the whole image; the unit then lies ``origin`` = offset / stride further up and left;
- it goes to the image's border wherever the receptive field reaches over it, so that padding there is the true one.

Every position that the unit depends on, at every depth, has its own receptive field inside the unit's, hence inside
the crop. Where the network does something that no receptive field tells, this fails: ``check`` finds out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import lcm

import numpy as np
import xarray as xr

from cortexcnn.recording.contract import Recordable
from cortexcnn.recording.electrode import Site
from cortexcnn.screen import Screen, Window

__all__ = ["CHECKED", "Pass", "Workload", "plan", "window_around"]

CHECKED = 4
"""Stimuli that are also shown whole, to see that the windows tell the truth."""

_ELEMENT = 20.0  # what writing one number costs, in multiplications: memory is slow
_PIXEL = 60.0  # the same for drawing a pixel and bringing it into the network's input
_PASS = 1e8  # the same for starting a pass: Python, small kernels
_MOST = 0.9  # a window of more than this share of the screen saves too little


@dataclass(frozen=True, eq=False)
class Pass:
    """One run over all stimuli.

    Parameters
    ----------
    sites : tuple of Site
        What is recorded in it, in the order in which the network computes it.
    window : Window or None
        The part of the screen that is drawn; None for all of it.
    cost : float
        Operations for one image, about: multiplications, and memory traffic in units of them.
    """

    sites: tuple[Site, ...]
    window: Window | None
    cost: float

    def origin(self, site: Site) -> tuple[int, int] | None:
        """Where in the map of a site the map of the crop starts."""
        if self.window is None:
            return None
        stride = site.field.stride
        return self.window.top // stride[0], self.window.left // stride[1]


class Workload:
    """What a network costs to run up to each of its layers, counted from the table of layers.

    Parameters
    ----------
    layers : Dataset (layer)
        In the order in which outputs are ready.
    screen : Screen
        What is drawn.

    Notes
    -----
    Modules that hold no others are counted: weights × positions multiplications, and what is written to memory.
    """

    def __init__(self, layers: xr.Dataset, screen: Screen) -> None:
        names = layers["layer"].values.tolist()
        owners = {name[:k] for name in names for k, sign in enumerate(name) if sign == "."}
        leaf = np.array([name not in owners for name in names])
        positions = layers["rows"].values.astype(float) * layers["columns"].values
        written = layers["channels"].values * positions
        operations = np.where(leaf, layers["parameters"].values * positions + _ELEMENT * written, 0)
        self.screen = screen
        self.order = {name: k for k, name in enumerate(names)}
        self.calls = dict(zip(names, layers["calls"].values.tolist(), strict=True))
        self._operations = dict(zip(names, np.cumsum(operations) + _PIXEL * screen.pixels**2, strict=True))
        self._largest = dict(zip(names, np.maximum.accumulate(written), strict=True))

    def operations(self, layer: str) -> float:
        """Operations for one whole image up to a layer."""
        return float(self._operations[layer])

    def elements(self, layer: str, window: Window | None) -> float:
        """Numbers that are in memory for one image while the network runs up to a layer, about."""
        return 3 * max(float(self._largest[layer]), 3 * self.screen.pixels**2) * self.share(window)

    def share(self, window: Window | None) -> float:
        """Share of the screen that a window covers."""
        return 1.0 if window is None else float(np.prod(window.shape)) / self.screen.pixels**2

    def one_pass(self, sites: Sequence[Site], window: Window | None) -> Pass:
        """A pass that records some sites through a window."""
        ordered = tuple(sorted(sites, key=lambda site: self.order[site.layer]))
        return Pass(ordered, window, self.share(window) * self.operations(ordered[-1].layer))


def plan(
    network: Recordable, sites: Sequence[Site], images: int, *, windows: bool = True, whole: Iterable[str] = ()
) -> list[Pass]:
    """Divide the layers into passes so that the whole costs least.

    Parameters
    ----------
    network : Recordable
        The network.
    sites : sequence of Site
        What is to be recorded.
    images : int
        How many images will be shown.
    windows : bool
        False runs everything on whole images, in one pass.
    whole : iterable of str
        Layers that must see whole images.

    Returns
    -------
    list of Pass
        Neighbours in the network share a pass where that costs less than a pass each. Whole images throughout where
        windows would save nothing, the check of the windows included.
    """
    work = Workload(network.layers(), network.screen)
    ordered = sorted(sites, key=lambda site: work.order[site.layer])
    everything = work.one_pass(ordered, None)
    if not windows:
        return [everything]
    refused = set(whole)
    best: list[tuple[float, list[Pass]]] = [(0.0, [])]
    for end in range(1, len(ordered) + 1):
        options = []
        for start in range(end):
            group = ordered[start:end]
            blocked = any(site.layer in refused for site in group)
            step = work.one_pass(group, None if blocked else window_around(group, network.screen))
            options.append((best[start][0] + images * step.cost + _PASS, [*best[start][1], step]))
        best.append(min(options, key=lambda option: option[0]))
    cost, passes = best[-1]
    watched = [step.sites[-1].layer for step in passes if step.window is not None]
    check = CHECKED * max((work.operations(layer) for layer in watched), default=0.0)
    return passes if cost + check < images * everything.cost + _PASS else [everything]


def window_around(sites: Sequence[Site], screen: Screen) -> Window | None:
    """The smallest window through which all units of some layers can be recorded.

    Parameters
    ----------
    sites : sequence of Site
        Units of one or several layers.
    screen : Screen
        The whole image.

    Returns
    -------
    Window or None
        None where only the whole image will do, or where a window would be nearly as large.
    """
    if any(site.field.whole_image or None in site.field.dims or 0 in site.field.stride for site in sites):
        return None
    step = lcm(*(site.field.alignment for site in sites))
    ends = []
    for axis in (0, 1):
        reach = [(site.field, site.reach[axis]) for site in sites]
        # a field that starts after its unit's own step, as after a crop inside the network, still needs that step
        first = min(min(f.lowest[axis][at].min(), f.stride[axis] * at.min()) for f, at in reach)
        last = max(f.highest[axis][at].max() for f, at in reach)
        ends += [int(first) // step * step, int(last) + 1]
    window = Window(*ends)
    return window if np.prod(window.shape) <= _MOST * screen.pixels**2 else None
