"""Layers against areas: a panel for each area, with ceilings, intervals, controls, chance, and what is significant."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from cortexcnn.plot.style import COLOURS, figure, style

__all__ = ["areas"]

_NEEDED = ("reference", "network", "layer", "score", "lower", "upper")
_MARKERS = "osD^vP*X"
_Places = dict[tuple[str, str], float]
"""Where each (network, layer) stands along the axis."""


@dataclass(frozen=True)
class _Look:
    """How a network is drawn: lighter if it is a control, joined and beside its neighbours if it has their layers."""

    colour: str = "0.45"
    marker: str = "s"
    control: bool = True
    shift: float | None = None

    @property
    def line(self) -> float:
        """Width, in points."""
        return 0.7 if self.control else 1.2

    @property
    def size(self) -> float:
        """Of a mark, in points."""
        return 3.0 if self.control else 4.2


@style()
def areas(
    table: pd.DataFrame,
    *,
    controls: Sequence[str] = ("random weights", "shuffled weights", "pixels", "classical V1", "classical V2"),
    alpha: float = 0.05,
    measure: str = "similarity of RDMs",
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw every layer's score in a panel for each reference (across) and each scaling of the units (down).

    Networks with the same layers share their places; controls that have layers of their own stand at the left, by
    their names. Panels of one reference share a scale.

    Parameters
    ----------
    table : DataFrame
        As of :func:`cortexcnn.protocols.compare_networks`: a row for each ``network`` and ``layer``, in the order in
        which they are drawn, with ``reference``, ``score``, ``lower`` and ``upper``. Where there are such columns:
        ``pairs`` and ``units`` (how it was compared), ``ceiling_lower`` and ``ceiling_upper`` (a band), ``by_chance``
        (a tick at each score), ``p`` (above chance: filled marks are significant, hollow ones aren't), ``p_ceiling``
        (below the ceiling) and ``p_best`` (other than the best layer of its network). NaN is not drawn.
    controls : sequence of str
        Which networks are controls: they are drawn lighter.
    alpha : float
        What is significant.
    measure : str
        What the vertical axes say.
    axes : ndarray of Axes (units, reference), optional
        Where to draw; by default on a figure that is large enough for all.

    Returns
    -------
    ndarray of Axes (units, reference)
        Those without a score are hidden.

    Raises
    ------
    ValueError
        If a column is missing, there is no row, a layer is scored twice in a panel, or the axes are too few.

    Examples
    --------
    >>> table = pd.DataFrame({"reference": "IT", "network": ["alexnet", "alexnet", "pixels"],
    ...     "layer": ["conv1", "conv2", "pixels"], "score": [0.2, 0.3, 0.1], "lower": 0.05, "upper": 0.4})
    >>> ax = areas(table)[0, 0]
    >>> [label.get_text() for label in ax.get_xticklabels()]
    ['pixels', 'conv1', 'conv2']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    table = _checked(table)
    rows = list(dict.fromkeys(table["units"]))
    columns = [part for _, part in table.groupby(["reference", "pairs"], sort=False)]
    places = [_places(part, controls) for part in columns]
    looks = _looks(places, controls)
    grid = _grid(places, len(rows), axes)
    stars = [] if "p_best" not in table else [name for name in looks if _has_best(table, name)]
    for j, part in enumerate(columns):
        for ax, units in zip(grid[:, j], rows, strict=True):
            panel = part[part["units"] == units]
            if panel.empty:
                ax.set_axis_off()
                continue
            _panel(ax, panel, places[j], looks, alpha)
            for line, name in enumerate(stars):
                its = panel[panel["network"] == name]
                _stars(ax, its, _at(its, places[j], looks[name]), looks[name], like=its["p_best"] >= alpha, line=line)
            ax.set_ylabel((f"{measure}\nunits {units}" if units else measure) if j == 0 else "")
        drawn = [ax for ax in grid[:, j] if ax.axison]
        told = "\n".join(word for word in part[["reference", "pairs"]].iloc[0] if word)
        drawn[0].set_title(told, pad=6 + 7 * len(stars))
        _share(drawn, _names(places[j], looks))
    grid[0, -1].legend(handles=_key(table, looks, alpha), loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return grid


def _checked(table: pd.DataFrame) -> pd.DataFrame:
    """The table with pairs and units, which are nameless where it has none, and all names as words."""
    missing = [name for name in _NEEDED if name not in table]
    if missing or not len(table):
        told = f"this one lacks {', '.join(missing)}" if missing else "this one has no row"
        raise ValueError(f"a table of scores has {', '.join(_NEEDED)}; {told}")
    table = table.assign(**{name: "" for name in ("pairs", "units") if name not in table})
    row = ["reference", "pairs", "units", "network", "layer"]
    table = table.astype(dict.fromkeys(row, str))
    twice = table[table.duplicated(row)]
    if len(twice):
        network, layer = twice[["network", "layer"]].iloc[0]
        raise ValueError(
            f"{network}, {layer} has two scores in one panel: tell them apart by their reference, pairs or units"
        )
    return table


def _has_best(table: pd.DataFrame, network: str) -> bool:
    return bool(table.loc[table["network"] == network, "p_best"].notna().any())


def _places(part: pd.DataFrame, controls: Sequence[str]) -> _Places:
    """Controls with layers of their own first, then the layers of the networks, with a gap between blocks of them."""
    blocks: dict[tuple[str, ...], list[str]] = {}
    for network, its in part.groupby("network", sort=False):
        blocks.setdefault(tuple(dict.fromkeys(its["layer"])), []).append(str(network))
    alone = {layers: set(networks) <= set(controls) for layers, networks in blocks.items()}
    places: _Places = {}
    x = 0.0
    for layers in sorted(blocks, key=lambda layers: not alone[layers]):
        x += 0 if alone[layers] or not places else 0.5
        for layer in layers:
            places |= {(network, layer): x for network in blocks[layers]}
            x += 1
    return places


def _looks(places: Sequence[_Places], controls: Sequence[str]) -> dict[str, _Look]:
    """A colour and a mark for each network, and for each control that has a network's layers; grey for the others."""
    networks = dict.fromkeys(name for its in places for name, _ in its)
    main = {(i, x) for i, its in enumerate(places) for (name, _), x in its.items() if name not in controls}
    beside = {name for i, its in enumerate(places) for (name, _), x in its.items() if (i, x) in main}
    ordered = sorted((name for name in networks if name in beside), key=lambda name: name in controls)
    middle = (len(ordered) - 1) / 2
    looks = {
        name: _Look(COLOURS[i % len(COLOURS)], _MARKERS[i % len(_MARKERS)], name in controls, 0.14 * (i - middle))
        for i, name in enumerate(ordered)
    }
    return looks | {name: _Look() for name in networks if name not in beside}


def _grid(places: Sequence[_Places], rows: int, axes: np.ndarray | None) -> np.ndarray:
    """The axes: wide enough for the places, high enough for the names beneath."""
    if axes is None:
        most = max(len(set(its.values())) for its in places)
        longest = max(len(layer) for its in places for _, layer in its)
        width, below = max(2.0, 0.9 + (0.2 if most <= 20 else 0.15) * most), 0.3 + 0.055 * longest
        axes = figure(rows, len(places), width=width + 1.4 / len(places), height=1.9 + below / rows)[1]
    grid = np.array(axes, dtype=object)
    if grid.size != rows * len(places):
        raise ValueError(f"{grid.size} axes for {rows} × {len(places)} panels: one each")
    return grid.reshape(rows, len(places))


def _panel(ax: Axes, panel: pd.DataFrame, places: _Places, looks: Mapping[str, _Look], alpha: float) -> None:
    if _has_ceiling(panel):
        ax.axhspan(*panel[["ceiling_lower", "ceiling_upper"]].iloc[0], color="0.87", linewidth=0)
    ax.axhline(0, color="0.6", linewidth=0.6)
    for network, its in panel.groupby("network", sort=False):
        look = looks[str(network)]
        at = _at(its, places, look)
        score, upper = its["score"].to_numpy(), its["upper"].to_numpy()
        if look.shift is not None:
            ax.plot(at, score, color=look.colour, linewidth=look.line, alpha=0.7)
        ax.vlines(at, its["lower"], upper, color=look.colour, linewidth=look.line)
        fills = [look.colour if sure else "white" for sure in its["p"] < alpha] if "p" in its else look.colour
        ax.scatter(at, score, look.size**2, fills, marker=look.marker, edgecolors=look.colour, linewidths=0.8, zorder=3)
        if "by_chance" in its:
            ax.scatter(at, its["by_chance"], 12, "black", marker="_", linewidths=0.7, zorder=2.5)
        if "p_ceiling" in its:
            near = its["p_ceiling"].to_numpy() >= alpha
            ax.scatter(at[near], upper[near], 10, look.colour, marker="^", zorder=3)


def _stars(ax: Axes, its: pd.DataFrame, at: np.ndarray, look: _Look, *, like: pd.Series, line: int) -> None:
    """Above the panel a star at the best layer of a network, and hollow ones at those not told from it."""
    best = (its["score"] == its["score"].max()).to_numpy()
    above = ax.get_xaxis_transform() + ScaledTranslation(0, (5 + 7 * line) / 72, ax.figure.dpi_scale_trans)
    for chosen, fill in ((best, look.colour), (like.to_numpy() & ~best, "white")):
        ax.plot(
            at[chosen],
            np.ones(chosen.sum()),
            "*",
            markersize=4.5,
            markerfacecolor=fill,
            markeredgecolor=look.colour,
            markeredgewidth=0.6,
            transform=above,
            clip_on=False,
        )


def _at(its: pd.DataFrame, places: _Places, look: _Look) -> np.ndarray:
    rows = zip(its["network"], its["layer"], strict=True)
    return np.array([places[row] + (look.shift or 0) for row in rows])


def _has_ceiling(table: pd.DataFrame) -> bool:
    ends = ["ceiling_lower", "ceiling_upper"]
    return set(ends) <= set(table) and bool(table[ends].notna().all(axis=1).any())


def _names(places: _Places, looks: Mapping[str, _Look]) -> dict[float, str]:
    """What is written beneath each place: the layer, and of which control if it is no layer of a network."""
    names: dict[float, str] = {}
    for (network, layer), x in places.items():
        whose = "" if looks[network].shift is not None or network == layer else network.removeprefix("classical ")
        names.setdefault(x, f"{whose} {layer.replace('_', ' ')}" if whose else layer)
    return names


def _share(drawn: Sequence[Axes], names: Mapping[float, str]) -> None:
    """One scale for the panels of a reference, and the names of the layers beneath the last."""
    ends = np.array([ax.get_ylim() for ax in drawn])
    for ax in drawn:
        ax.set(xlim=(min(names) - 0.7, max(names) + 0.7), ylim=(ends[:, 0].min(), ends[:, 1].max()))
        ax.set_xticks(list(names), [""] * len(names))
    turned: Any = {"rotation": 90, "va": "center"} if len(names) > 12 else {"rotation": 45}
    drawn[-1].set_xticklabels(list(names.values()), ha="right", rotation_mode="anchor", **turned)


def _key(table: pd.DataFrame, looks: Mapping[str, _Look], alpha: float) -> list[Any]:
    """What the signs mean, of those that are there."""
    joined = {name: look for name, look in looks.items() if look.shift is not None}
    signs: list[Any] = [
        Line2D([], [], marker=look.marker, color=look.colour, linewidth=look.line, markersize=look.size, label=name)
        for name, look in joined.items()
    ]
    if _has_ceiling(table):
        signs.append(Patch(color="0.87", label="noise ceiling"))
    told = {
        "by_chance": [("_", "black", "chance: 95 % lie below")],
        "p": [("o", "0.2", f"p < {alpha:g}"), ("o", "white", f"p ≥ {alpha:g}")],
        "p_ceiling": [("^", "0.2", "not told from the ceiling")],
        "p_best": [("*", "0.2", "best layer"), ("*", "white", "not told from the best")],
    }
    for marker, fill, label in (one for column, its in told.items() if column in table for one in its):
        signs.append(Line2D([], [], ls="", ms=4, mew=0.7, marker=marker, mec="0.2", mfc=fill, label=label))
    return signs
