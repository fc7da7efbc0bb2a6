"""Maps: stimuli, or whole representations, at distances that tell how dissimilar they are."""

from __future__ import annotations

from collections.abc import Collection
from itertools import cycle
from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from cortexcnn.plot.labels import beside
from cortexcnn.plot.style import COLOURS, axis_label, on, style

__all__ = ["model_map", "shepard_diagram", "stimulus_map"]

_TURNS = {"orientation": 180.0, "direction": 360.0, "phase": 360.0}
"""Parameters that come round again, and after how many degrees."""


@style()
def stimulus_map(
    points: xr.DataArray,
    *,
    thumbnails: np.ndarray | None = None,
    colour: str | None = None,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw stimuli in the plane, as small pictures or as dots.

    Parameters
    ----------
    points : DataArray (stimulus, dimension)
        From :func:`cortexcnn.similarity.embed`; the first two dimensions are drawn.
    thumbnails : ndarray (stimulus, height, width[, 3]), optional
        Small pictures in 0–1 in the order of the stimuli. Those that would hide each other are moved apart; a line
        leads to where they belong.
    colour : str, optional
        A coordinate along ``stimulus`` that colours the dots, or frames the pictures: names get a legend, numbers a
        bar.
    title : str
        Above the map.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are several maps, or there is not a thumbnail for each stimulus.

    Examples
    --------
    >>> points = xr.DataArray([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], {"stimulus": ["a", "b", "c"],
    ...     "face": ("stimulus", [True, False, False])}, ("stimulus", "dimension"))
    >>> ax = stimulus_map(points, colour="face")
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['False', 'True']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    places = _places(points)
    axes = _bare(on(ax), places, points, title)
    hues = _colours(axes, points, colour)
    if thumbnails is None:
        axes.scatter(places[:, 0], places[:, 1], s=14, c=hues, linewidths=0, zorder=2)
    else:
        if len(thumbnails) != len(places):
            raise ValueError(f"{len(thumbnails)} thumbnails for {len(places)} stimuli: one each")
        _pictures(axes, places, thumbnails, hues if colour else None)
    return axes


@style()
def shepard_diagram(told: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Draw what a map made of each dissimilarity: a narrow cloud is a good map.

    Parameters
    ----------
    told : Dataset (pair)
        From :func:`cortexcnn.similarity.shepard`.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Examples
    --------
    >>> told = xr.Dataset({name: ("pair", [1.0, 2.0]) for name in ("dissimilarity", "distance", "fitted")},
    ...     attrs={"metric": True, "stress": 0.0})
    >>> shepard_diagram(told).get_title()
    'metric, stress 0.00'
    >>> import matplotlib.pyplot as plt; plt.close()
    """
    axes = on(ax)
    axes.plot(told["dissimilarity"], told["distance"], ".", color="0.6", markersize=2, rasterized=True)
    axes.plot(told["dissimilarity"], told["fitted"], color=COLOURS[0])
    axes.set_xlabel(_distance(told, "dissimilarity"))
    axes.set_ylabel("distance in the map")
    axes.set_ylim(bottom=0)
    axes.set_title(f"{'metric' if told.attrs['metric'] else 'non-metric'}, stress {told.attrs['stress']:.2f}")
    return axes


@style()
def model_map(
    points: xr.DataArray,
    *,
    areas: Collection[str] = (),
    controls: Collection[str] = (),
    path: str = "network",
    names: str | None = None,
    most: int = 8,
    title: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Draw layers and areas in the plane: near ones see alike. A line runs through a network from its first layer on.

    Parameters
    ----------
    points : DataArray (stimulus, dimension)
        One point a representation: from :func:`cortexcnn.similarity.embed` of
        :func:`~cortexcnn.similarity.angles_between`; the first two dimensions are drawn.
    areas : collection of str
        Which paths are areas of the brain: stars, by name.
    controls : collection of str
        Which paths are controls: grey, each with a marker of its own; their layers have no labels.
    path : str
        The coordinate along ``stimulus`` that says to which network, or area, a point belongs; those of one network
        are in the order of their layers.
    names : str, optional
        The coordinate that labels the layers of networks that have several; the stimulus itself if not given.
    most : int
        How many layers of a network are labelled at most: evenly spaced ones from the first to the last.
    title : str
        Above the map.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If there are several maps, no such coordinate, or no such area or control.

    Examples
    --------
    >>> points = xr.DataArray([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]], {"stimulus": ["conv1", "conv2", "V1"],
    ...     "network": ("stimulus", ["alexnet", "alexnet", "V1"])}, ("stimulus", "dimension"))
    >>> ax = model_map(points, areas=["V1"])
    >>> [text.get_text() for text in ax.texts if text.get_text()]
    ['conv1', 'conv2', 'V1']
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    places = _places(points)
    if path not in points.coords:
        raise ValueError(f"no coordinate {path!r} along the points; there are {', '.join(map(str, points.coords))}")
    owners = points[path].values.astype(str)
    paths = list(dict.fromkeys(owners.tolist()))
    unknown = [name for name in (*areas, *controls) if name not in paths]
    if unknown:
        raise ValueError(f"no {path} named {', '.join(unknown)}; there are {', '.join(paths)}")
    axes = _bare(on(ax), places, points, title)
    texts = points[names or "stimulus"].values.astype(object)
    hues, markers = cycle(COLOURS), cycle("sD^vPX")
    for name in paths:
        mine = np.flatnonzero(owners == name)
        look: dict[str, Any] = {"color": next(hues), "marker": "o", "markersize": 3.5, "linewidth": 1.2, "zorder": 3}
        if name in areas:
            look |= {"color": "black", "marker": "*", "markersize": 9.0, "zorder": 4}
        elif name in controls:
            look |= {"color": "0.55", "marker": next(markers), "linewidth": 0.7, "zorder": 2}
        axes.plot(*places[mine].T, label=name if len(mine) > 1 else None, **look)
        if len(mine) == 1:
            texts[mine] = name
            continue
        axes.plot(*places[mine[0]], **look | {"markerfacecolor": "white"})
        shown = mine[np.linspace(0, len(mine) - 1, min(most, len(mine))).round().astype(int)]
        texts[np.setdiff1d(mine, [] if name in controls else shown)] = ""
    beside(axes, places, [str(text) for text in texts], fontsize=6.5)
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title="first layer hollow")
    return axes


def _places(points: xr.DataArray) -> np.ndarray:
    if set(points.dims) != {"stimulus", "dimension"} or points.sizes["dimension"] < 2:
        raise ValueError(
            f"a map has the dims stimulus and dimension, and two dimensions or more; this has {dict(points.sizes)}: "
            "select one of several by .sel(…)"
        )
    return points.transpose("stimulus", "dimension").values[:, :2]


def _bare(axes: Axes, places: np.ndarray, points: xr.DataArray, title: str) -> Axes:
    """Axes without ticks, as only distances mean anything, but with a bar that says how long they are."""
    middle, half = (places.max(axis=0) + places.min(axis=0)) / 2, 0.58 * max(np.ptp(places, axis=0).max(), 1e-12)
    axes.set(xlim=(middle[0] - half, middle[0] + half), ylim=(middle[1] - half, middle[1] + half))
    axes.set_aspect("equal")
    axes.set(xticks=[], yticks=[])
    for side in axes.spines.values():
        side.set(visible=True, color="0.85")
    axes.set_title(title)
    if points.attrs.get("metric"):
        length = float(f"{0.5 * half:.0e}")
        start = middle - 0.96 * half
        axes.plot([start[0], start[0] + length], [start[1]] * 2, color="0.4", linewidth=1.0, solid_capstyle="butt")
        note = f"{length:g} {_distance(points, 'dissimilarity')}"
        axes.annotate(note, tuple(start), (0, 2), textcoords="offset points", fontsize=6, color="0.4", va="bottom")
    return axes


def _distance(table: Any, otherwise: str) -> str:
    """What the dissimilarities are, if that is said."""
    method = str(table.attrs.get("method", ""))
    return method if "degrees" in method else f"{method} distance" if method else otherwise


def _colours(axes: Axes, points: xr.DataArray, name: str | None) -> Any:
    """A colour for each stimulus, and the legend or the bar that explains them."""
    if name is None:
        return [COLOURS[0]] * points.sizes["stimulus"]
    if name not in points.coords or points[name].dims != ("stimulus",):
        raise ValueError(f"no coordinate {name!r} along stimulus; there are {', '.join(map(str, points.coords))}")
    values = points[name].values
    if values.dtype.kind in "fiu":
        turn = _TURNS.get(name)
        norm = mpl.colors.Normalize(0, turn) if turn else mpl.colors.Normalize(values.min(), values.max())
        scale = mpl.cm.ScalarMappable(norm, "twilight_shifted" if turn else "viridis")
        axes.figure.colorbar(scale, ax=axes, shrink=0.6, label=axis_label(name))
        return scale.to_rgba(values)
    kinds = np.unique(values)
    hues = dict(zip(kinds.tolist(), COLOURS * -(-len(kinds) // len(COLOURS)), strict=False))
    for kind, hue in hues.items():
        axes.plot([], [], "o", color=hue, markersize=4, label=str(kind))
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), title=axis_label(name))
    return [hues[value] for value in values.tolist()]


def _pictures(axes: Axes, places: np.ndarray, thumbnails: np.ndarray, frames: Any) -> None:
    """Small pictures that fill about half of the axes between them, moved apart where they overlap."""
    drawn: Any = axes.figure
    drawn.draw_without_rendering()
    room = axes.get_window_extent()
    side = min(room.width, room.height) * np.sqrt(0.35 / len(places))
    centres = _apart(axes.transData.transform(places), side, np.array([[room.x0, room.y0], [room.x1, room.y1]]))
    moved = axes.transData.inverted().transform(centres)
    for place, here, picture, number in zip(places, moved, thumbnails, range(len(places)), strict=True):
        image = OffsetImage(
            picture, zoom=side * 72 / drawn.dpi / max(picture.shape[:2]), cmap="gray", interpolation="antialiased"
        )
        image.image.set_clim(0, 1)
        axes.plot(*np.transpose([place, here]), color="0.6", linewidth=0.4, zorder=1)
        edge = {"edgecolor": "0.7" if frames is None else frames[number], "linewidth": 0.3 if frames is None else 1.2}
        axes.add_artist(AnnotationBbox(image, tuple(here), frameon=True, pad=0, bboxprops=edge, zorder=2))


def _apart(centres: np.ndarray, side: float, room: np.ndarray, steps: int = 60) -> np.ndarray:
    """Squares pushed until few overlap, each within the room and drawn back to where it belongs."""
    home, places = centres, centres.copy()
    for _ in range(steps):
        away = places[:, None] - places[None]
        overlap = np.clip(1.1 * side - np.abs(away), 0, None)
        np.einsum("iij->ij", overlap)[:] = 0
        touching = (overlap > 0).all(axis=-1)
        nearer = overlap[..., 0] < overlap[..., 1]
        push = np.where(touching[..., None] & np.stack([nearer, ~nearer], -1), overlap * np.sign(away + 1e-9), 0)
        places = places + 0.35 * push.sum(axis=1) + 0.02 * (home - places)
        places = np.clip(places, room[0] + side / 2, room[1] - side / 2)
    return places
