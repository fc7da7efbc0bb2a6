"""Representational dissimilarity matrices, with the stimuli along the axis where they can be seen."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from cortexcnn.arrays import check_rdm
from cortexcnn.plot.style import figure, on, style

__all__ = ["rdm", "rdms"]


@style()
def rdm(
    matrix: xr.DataArray,
    *,
    thumbnails: np.ndarray | None = None,
    labels: str | None = None,
    groups: str | None = None,
    title: str = "",
    most: int = 16,
    limits: tuple[float, float] | None = None,
    bar: bool = True,
    ax: Axes | None = None,
) -> Axes:
    """Draw one RDM; pairs that are left out are grey.

    Parameters
    ----------
    matrix : DataArray (stimulus, stimulus2)
        Dissimilarities.
    thumbnails : ndarray (stimulus, height, width[, 3]), optional
        Small pictures in 0–1 in the order of the stimuli, drawn along both axes.
    labels : str, optional
        A coordinate along ``stimulus`` to write along the axes instead, e.g. ``orientation``.
    groups : str, optional
        A coordinate along ``stimulus``, e.g. ``category``: stimuli of a group are put side by side, groups in the order
        in which they are first met, with a bracket and their name along the axes.
    title : str
        Above the matrix.
    most : int
        How many thumbnails or labels at most: evenly spaced stimuli are chosen.
    limits : (float, float), optional
        Dissimilarities at the two ends of the colours; by default the smallest and the largest of two stimuli.
    bar : bool
        Whether to explain the colours by a bar.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If it is a stack of RDMs, there is not a thumbnail for each stimulus, or both ``groups`` and ``labels`` are
        given.

    Examples
    --------
    >>> matrix = xr.DataArray([[0.0, 2.0], [2.0, 0.0]], dims=("stimulus", "stimulus2"),
    ...     coords={"stimulus": [0, 1], "stimulus2": [0, 1]})
    >>> ax = rdm(matrix, title="two stimuli")
    >>> float(ax.images[0].get_array().max())
    2.0
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    check_rdm(matrix)
    if matrix.ndim != 2:
        raise ValueError(f"draw one rdm at a time; this stack has {dict(matrix.sizes)}: select one by .sel(…)")
    if groups is not None:
        if labels is not None:
            raise ValueError(f"labels={labels!r} and groups={groups!r} would be written in one place: choose one")
        order = _together(_names(matrix, groups))
        matrix = matrix.isel(stimulus=order, stimulus2=order)
        thumbnails = thumbnails if thumbnails is None else thumbnails[order]
    axes = on(ax)
    values = matrix.transpose("stimulus", "stimulus2").values
    colours = mpl.colormaps["cividis"].with_extremes(bad="0.8")
    picture = axes.imshow(np.ma.masked_invalid(values), cmap=colours, interpolation="nearest")
    picture.set_clim(limits or _limits(matrix))
    if bar:
        axes.figure.colorbar(picture, ax=axes, shrink=0.8, pad=0.02).set_label(_what(matrix))
    axes.set_title(title)
    axes.set_xticks([])
    axes.set_yticks([])
    for side in axes.spines.values():
        side.set_visible(False)
    shown = np.arange(0, len(values), -(-len(values) // most))
    if groups is not None:
        _brackets(axes, _names(matrix, groups), away=0.02 if thumbnails is None else 1.2 / len(shown) + 0.02)
    if thumbnails is not None:
        if len(thumbnails) != len(values):
            raise ValueError(f"{len(thumbnails)} thumbnails for {len(values)} stimuli: one each")
        _place(axes, thumbnails, shown)
    elif labels is not None:
        text = _names(matrix, labels)[shown]
        axes.set_xticks(shown, text, rotation=90)
        axes.set_yticks(shown, text)
        axes.set_xlabel(labels.replace("_", " "))
    return axes


@style()
def rdms(
    matrices: xr.DataArray,
    *,
    titles: str | None = None,
    columns: int = 4,
    share: bool = True,
    axes: np.ndarray | None = None,
    **options: Any,
) -> np.ndarray:
    """Draw a stack of RDMs as small multiples.

    Parameters
    ----------
    matrices : DataArray (layer, stimulus, stimulus2)
        A stack along one dimension of any name.
    titles : str, optional
        The coordinate along that dimension that stands above each panel; its own labels if not given.
    columns : int
        Panels side by side at most.
    share : bool
        Whether one scale of colours, and one bar, holds for all; otherwise each panel has its own.
    axes : ndarray of Axes, optional
        Where to draw, one for each RDM.
    **options
        As for :func:`rdm`.

    Returns
    -------
    ndarray of Axes
        Flat; panels without an RDM are hidden.

    Raises
    ------
    ValueError
        If there is not one dimension of RDMs, or there are too few axes.

    Examples
    --------
    >>> values = np.stack([1 - np.eye(3), 2 - 2 * np.eye(3)])
    >>> stack = xr.DataArray(values, {"layer": ["conv1", "conv2"], "stimulus": range(3), "stimulus2": range(3)},
    ...     ("layer", "stimulus", "stimulus2"))
    >>> axes = rdms(stack)
    >>> [ax.get_title() for ax in axes], axes[0].images[0].get_clim()
    (['conv1', 'conv2'], (1.0, 2.0))
    >>> import matplotlib.pyplot as plt; plt.close(axes[0].figure)
    """
    check_rdm(matrices)
    leading = [str(dim) for dim in matrices.dims if dim not in {"stimulus", "stimulus2"}]
    if len(leading) != 1:
        raise ValueError(f"one dimension of RDMs is drawn; these have {', '.join(leading) or 'none'}")
    count = matrices.sizes[leading[0]]
    if axes is None:
        across = min(columns, count)
        axes = figure(-(-count // across), across, width=2.4, height=2.1)[1]
    panels = np.atleast_1d(np.asarray(axes))
    grid = panels.ravel()
    if len(grid) < count:
        raise ValueError(f"{len(grid)} axes for {count} RDMs: one each")
    if share:
        options["limits"] = _limits(matrices)
    names = _names(matrices, titles or leading[0])
    for number, ax in enumerate(grid):
        if number >= count:
            ax.set_axis_off()
            continue
        rdm(matrices.isel({leading[0]: number}), title=names[number], bar=not share, ax=ax, **options)
        if number % panels.shape[-1]:
            for text in ax.texts:
                text.remove()
    if share:
        grid[0].figure.colorbar(grid[0].images[0], ax=grid.tolist(), shrink=0.6).set_label(_what(matrices))
    return grid


def _what(matrix: xr.DataArray) -> str:
    return f"{matrix.attrs['method']} distance" if "method" in matrix.attrs else "dissimilarity"


def _limits(matrices: xr.DataArray) -> tuple[float, float]:
    """The smallest and the largest dissimilarity of two stimuli: the diagonal would only darken the others."""
    stack = matrices.transpose(..., "stimulus", "stimulus2").values
    pairs = stack[..., *np.triu_indices(stack.shape[-1], 1)]
    pairs = pairs[np.isfinite(pairs)]
    return (float(pairs.min()), float(pairs.max())) if pairs.size else (0.0, 1.0)


def _names(table: xr.DataArray, name: str) -> np.ndarray:
    """A coordinate as it is written; without it, numbers."""
    if name not in table.coords and name not in table.dims:
        raise ValueError(f"no coordinate {name!r}; there are {', '.join(map(str, table.coords))}")
    return np.array([f"{value:g}" if isinstance(value, float) else str(value) for value in table[name].values])


def _together(groups: np.ndarray) -> np.ndarray:
    """The order that puts each group together, groups as they are first met."""
    _, first, number = np.unique(groups, return_index=True, return_inverse=True)
    return np.argsort(first[number], kind="stable")


def _brackets(axes: Axes, groups: np.ndarray, *, away: float) -> None:
    """A line along each group outside the left edge, with its name, and one along the lower edge."""
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    ends = np.append(starts[1:], len(groups))
    for start, end in zip(starts, ends, strict=True):
        along = [start - 0.35, end - 0.65]
        for transform, places in (
            (axes.get_yaxis_transform(), ([-away, -away], along)),
            (axes.get_xaxis_transform(), (along, [-away, -away])),
        ):
            axes.plot(*places, color="0.3", linewidth=1.2, transform=transform, clip_on=False, solid_capstyle="butt")
        axes.text(
            -away - 0.02, (start + end - 1) / 2, groups[start], transform=axes.get_yaxis_transform(),
            ha="right", va="center", fontsize="small",
        )  # fmt: skip


def _place(axes: Axes, thumbnails: np.ndarray, shown: np.ndarray) -> None:
    """Put small pictures outside the left and lower edges, as large as their share of the axis allows."""
    edges = axes.get_xlim(), axes.get_ylim()
    last = len(thumbnails) - 0.5
    side = 0.9 * -(-len(thumbnails) // len(shown))
    for index in shown:
        for left, top in ((-0.5 - 1.1 * side, index - side / 2), (index - side / 2, last + 0.1 * side)):
            extent = (left, left + side, top + side, top)
            axes.imshow(thumbnails[index], extent=extent, cmap="gray", vmin=0, vmax=1, clip_on=False)
    axes.set(xlim=edges[0], ylim=edges[1])
