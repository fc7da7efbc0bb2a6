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
from dataclasses import dataclass, replace
from math import lcm

import numpy as np
import xarray as xr
from torch import nn

from cortexcnn.recording.contract import Field, Recordable
from cortexcnn.recording.electrode import Site
from cortexcnn.screen import Screen, Window

__all__ = ["CHECKED", "Cut", "Pass", "Workload", "plan", "reach", "window_around", "with_cuts"]

CHECKED = 4
"""Stimuli that are also shown whole, to see that the windows tell the truth."""

_ELEMENT = 20.0  # what writing one number costs, in multiplications: memory is slow
_PIXEL = 60.0  # the same for drawing a pixel and bringing it into the network's input
_SUM = 60.0  # the same for a number behind the entrance that is a sum of those for pictures
_PASS = 1e8  # the same for starting a pass: Python, small kernels
_WORTH = 0.95  # a cut that keeps more than this share is not made
_MOST = 0.9  # a window of more than this share of the screen saves too little


@dataclass(frozen=True, eq=False)
class Cut:
    """A narrower window inside the network: of one layer's output only what is recorded or later layers need is kept.

    Parameters
    ----------
    layer : str
        Whose output is cut.
    rows, columns : slice
        What is kept of the map as it comes.
    top, left : int
        Where what is kept starts, in pixels of the screen by the layer's stride.
    sites : frozenset of str
        The recorded layers that are computed from it, the layer itself among them if it is recorded.
    shown : Window or None
        Of a convolution that reads the image: the part of the screen that it needs for this. No more is drawn then, and
        it pads nothing.
    """

    layer: str
    rows: slice
    columns: slice
    top: int
    left: int
    sites: frozenset[str]
    shown: Window | None = None


@dataclass(frozen=True, eq=False)
class Pass:
    """One run over all stimuli.

    Parameters
    ----------
    sites : tuple of Site
        What is recorded in it, in the order in which the network computes it.
    window : Window or None
        The part of the screen that counts as seen; None for all of it.
    cost : float
        Operations for one image, about: multiplications, and memory traffic in units of them.
    cuts : tuple of Cut
        In the order in which the network comes to them.
    entrance : str
        The convolution up to which all is linear and through which all passes; empty if there is none. What is linear
        need be worked out only for the pictures that images are sums of.
    """

    sites: tuple[Site, ...]
    window: Window | None
    cost: float
    cuts: tuple[Cut, ...] = ()
    entrance: str = ""

    @property
    def shown(self) -> Window | None:
        """The part of the screen that is drawn: the window, or the part of it that a first convolution needs."""
        return self.cuts[0].shown or self.window if self.cuts else self.window

    def origin(self, site: Site) -> tuple[int, int] | None:
        """Where in the map of a site the map of the crop starts."""
        if self.window is None:
            return None
        stride = site.field.stride
        last = next((cut for cut in reversed(self.cuts) if site.layer in cut.sites), self.window)
        return last.top // stride[0], last.left // stride[1]


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
        self._written = dict(zip(names, written.tolist(), strict=True))
        self._largest = dict(zip(names, np.maximum.accumulate(written), strict=True))

    def operations(self, layer: str) -> float:
        """Operations for one whole image up to a layer."""
        return float(self._operations[layer])

    def written(self, layer: str) -> float:
        """Numbers in the output of a layer for one whole image."""
        return self._written[layer]

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


def with_cuts(network: Recordable, step: Pass, work: Workload) -> Pass:
    """The same pass with every window inside the network that saves something.

    What holds of a crop of the image holds of a crop of any layer through whose output all passes that is still to be
    recorded: of its map, only what lies in the receptive fields of the units that are left has to go on.

    Parameters
    ----------
    network : Recordable
        The network.
    step : Pass
        From :func:`plan`.
    work : Workload
        Knows the order of the layers.

    Returns
    -------
    Pass
        Without a window nothing is cut.
    """
    if step.window is None:
        return step
    cuts: list[Cut] = []
    start, extent = [step.window.top, step.window.left], list(step.window.shape)
    places = {site.layer: [*network.bottlenecks(site.layer), site.layer] for site in step.sites}
    known = {name for names in places.values() for name in names if work.calls.get(name) == 1}
    in_order = sorted(known, key=work.order.__getitem__)
    for layer in in_order:
        later = [site for site in step.sites if work.order[site.layer] >= work.order[layer]]
        field = network.receptive_field(layer)
        if not all(layer in places[site.layer] for site in later) or 0 in field.stride or None in field.dims:
            continue
        align = lcm(*(site.field.alignment for site in later))
        if any(align % stride for stride in field.stride):
            continue
        kept = [_needed(field, later, axis, align) for axis in (0, 1)]
        size = [(last + 1 - first) * stride for (first, last), stride in zip(kept, field.stride, strict=True)]
        if np.prod(size) > _WORTH * np.prod(extent):
            continue
        origin = [place // stride for place, stride in zip(start, field.stride, strict=True)]
        rows, columns = (slice(first - o, last + 1 - o) for (first, last), o in zip(kept, origin, strict=True))
        start, extent = [first * stride for (first, _), stride in zip(kept, field.stride, strict=True)], size
        shown = None
        if not network.bottlenecks(layer) and not cuts:
            shown = _read(network.module_of(layer), rows, columns, step.window)
        cuts.append(Cut(layer, rows, columns, start[0], start[1], frozenset(site.layer for site in later), shown))
    everyone = [layer for layer in in_order if all(layer in names for names in places.values())]
    return replace(step, cuts=tuple(cuts), entrance=_entrance(network, everyone, work))


def reach(module: nn.Module, rows: slice, columns: slice) -> list[tuple[int, int]] | None:
    """First and last row, and column, of its input that a convolution needs for a part of its output.

    Parameters
    ----------
    module : nn.Module
        Any layer.
    rows, columns : slice
        Of its output.

    Returns
    -------
    list of (int, int) or None
        Below 0 and beyond the input where padding is needed. None for what is no plain convolution.

    Examples
    --------
    >>> reach(nn.Conv2d(1, 1, 3, stride=2, padding=1), slice(1, 4), slice(0, 1))
    [(1, 7), (-1, 1)]
    """
    if type(module) is not nn.Conv2d or module.padding_mode != "zeros" or isinstance(module.padding, str):
        return None
    found = []
    for axis, part in enumerate((rows, columns)):
        before = part.start * module.stride[axis] - int(module.padding[axis])
        across = (part.stop - 1 - part.start) * module.stride[axis]
        found.append((before, before + across + (module.kernel_size[axis] - 1) * module.dilation[axis]))
    return found


def _entrance(network: Recordable, layers: Sequence[str], work: Workload) -> str:
    """The first convolution among layers through which all passes, if all before it is linear and worth to be saved."""
    for layer in layers:
        module = network.module_of(layer)
        if type(module) is nn.Conv2d:
            return layer if work.operations(layer) > _SUM * work.written(layer) else ""
        if not getattr(module, "linear", False):
            break
    return ""


def _read(module: nn.Module, rows: slice, columns: slice, window: Window) -> Window | None:
    """The part of a window that a convolution of the image needs for what is kept, if no padding is among it."""
    ends = reach(module, rows, columns)
    if ends is None or any(first < 0 or last >= side for (first, last), side in zip(ends, window.shape, strict=True)):
        return None
    (top, bottom), (left, right) = ends
    return Window(window.top + top, window.top + bottom + 1, window.left + left, window.left + right + 1)


def _needed(field: Field, sites: Sequence[Site], axis: int, align: int) -> tuple[int, int]:
    """First and last of a layer's rows (or columns) that lie in the receptive fields of units of later layers."""
    low = min(int(site.field.lowest[axis][site.reach[axis]].min()) for site in sites)
    high = max(int(site.field.highest[axis][site.reach[axis]].max()) for site in sites)
    # As for the window: a unit's own step is needed too, where its field starts after it.
    own = min(int(site.field.stride[axis] * site.reach[axis].min()) for site in sites)
    first = min(int(np.searchsorted(field.lowest[axis], low)), own // field.stride[axis])
    last = int(np.searchsorted(field.highest[axis], high, side="right")) - 1
    step = align // field.stride[axis]
    return first // step * step, last


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
