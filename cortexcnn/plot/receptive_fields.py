"""Maps of receptive fields, with what was fitted to them and what a unit can see at all."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.patches import Ellipse, Rectangle

from cortexcnn.plot.style import figure, on, style

__all__ = ["receptive_field", "receptive_fields"]

_LEVELS = 0.25, 0.75
"""Of the fit's largest value, where its contours run."""


@style()
def receptive_field(
    table: xr.DataArray,
    *,
    fit: xr.Dataset | None = None,
    fitted: xr.DataArray | None = None,
    reach: float = 2.0,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the map of one unit over the screen, in degrees.

    Maps that go below 0 are drawn from blue over white (0) to red, others from white (0) to black. A dashed box is the
    exact receptive field, where the map has the coordinates ``rf_x``, ``rf_y`` and ``rf_size``.

    Parameters
    ----------
    table : DataArray (y, x) or (y, x, unit) of one unit
        A map, evenly spaced in degrees.
    fit : Dataset, optional
        From ``tuning.fit_gaussians`` or ``tuning.fit_gabors``, of one unit: drawn as an ellipse, with its longer axis,
        or its stripes, along the fitted angle. One that is not valid is not drawn; its reason stands in the figure.
    fitted : DataArray (y, x), optional
        From ``tuning.fitted_maps``, of one unit, on positions as fine as you like: drawn as contours, dashed where it
        is dark.
    reach : float
        Standard deviations from the centre to the ellipse.
    title : str, optional
        The unit's label by default.
    ax : Axes, optional
        Where to draw.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        If it is not the map of one unit, or has no positions in degrees.

    Examples
    --------
    >>> at = np.linspace(-1, 1, 21)
    >>> table = xr.DataArray(np.exp(-(at**2 + at[:, None] ** 2) / 0.1), dims=("y", "x"), coords={"y": at, "x": at})
    >>> ax = receptive_field(table, title="a unit")
    >>> [round(float(end), 2) for end in ax.images[0].get_extent()]
    [-1.05, 1.05, -1.05, 1.05]
    >>> import matplotlib.pyplot as plt; plt.close(ax.figure)
    """
    table = _one(table, "map").sortby(["y", "x"])
    ax = on(ax)
    _picture(ax, table)
    ends = ax.axis()
    if all(name in table.coords for name in ("rf_x", "rf_y", "rf_size")):
        x, y, side = (float(table[name]) for name in ("rf_x", "rf_y", "rf_size"))
        box = Rectangle((x - side / 2, y - side / 2), side, side, fill=False, ls="--", lw=0.8, ec="0.35")
        ax.add_patch(box)
        ends = (
            min(ends[0], x - 0.53 * side),
            max(ends[1], x + 0.53 * side),
            min(ends[2], y - 0.53 * side),
            max(ends[3], y + 0.53 * side),
        )
    if fitted is not None and bool(np.isfinite(fitted).all()):
        _contours(ax, _one(fitted, "fitted map"))
    if fit is not None:
        _ellipse(ax, _alone(fit), reach)
    ax.axis(ends)
    ax.set_aspect("equal")
    ax.set_xlabel("x (°)")
    ax.set_ylabel("y (°)")
    ax.set_title(str(table["unit"].values) if title is None and "unit" in table.coords else title or "")
    return ax


@style()
def receptive_fields(
    table: xr.DataArray,
    *,
    fit: xr.Dataset | None = None,
    fitted: xr.DataArray | None = None,
    reach: float = 2.0,
    titles: Sequence[str] | None = None,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw the maps of several units side by side.

    Parameters
    ----------
    table : DataArray (y, x, unit)
        Maps.
    fit, fitted, reach
        As of :func:`receptive_field`, with the same units.
    titles : sequence of str, optional
        One a unit.
    axes : ndarray of Axes, optional
        One for each unit at least; those that are left over are hidden.

    Returns
    -------
    ndarray of Axes

    Raises
    ------
    ValueError
        If there are fewer axes or titles than units.

    Examples
    --------
    >>> table = xr.DataArray(np.zeros((3, 3, 2)), dims=("y", "x", "unit"),
    ...     coords={"y": range(3), "x": range(3), "unit": ["a", "b"]})
    >>> axes = receptive_fields(table)
    >>> [ax.get_title() for ax in axes]
    ['a', 'b']
    >>> import matplotlib.pyplot as plt; plt.close(axes[0].figure)
    """
    count = table.sizes["unit"]
    if axes is None:
        columns = min(count, int(np.ceil(np.sqrt(1.6 * count))))
        axes = figure(-(-count // columns), columns, width=1.6, height=1.75)[1]
    places = np.atleast_1d(np.asarray(axes, dtype=object))
    flat = places.ravel()
    for what, given in (("axes", flat), ("titles", titles)):
        if given is not None and len(given) < count:
            raise ValueError(f"{len(given)} {what} for {count} units: one each")
    for i, ax in enumerate(flat):
        if i >= count:
            ax.set_axis_off()
            continue
        receptive_field(
            table.isel(unit=i),
            fit=None if fit is None else fit.isel(unit=i),
            fitted=None if fitted is None else fitted.isel(unit=i),
            reach=reach,
            title=None if titles is None else titles[i],
            ax=ax,
        )
        ax.label_outer()
    return places


def _one(table: xr.DataArray, what: str) -> xr.DataArray:
    """The map of one unit (y, x)."""
    if "unit" in table.dims and table.sizes["unit"] == 1:
        table = table.isel(unit=0)
    if set(table.dims) != {"y", "x"} or not {"y", "x"} <= set(table.coords):
        raise ValueError(
            f"draw the {what} of one unit: (y, x) with degrees along both; this one has {dict(table.sizes)}: "
            "choose one by .isel(unit=…), or draw several by receptive_fields"
        )
    return table.transpose("y", "x")


def _alone(fit: xr.Dataset) -> xr.Dataset:
    if fit.sizes.get("unit", 1) != 1:
        raise ValueError(f"the fit of one unit is wanted; this has {fit.sizes['unit']}: choose one by .isel(unit=…)")
    return fit.isel(unit=0) if "unit" in fit.dims else fit


def _picture(ax: Axes, table: xr.DataArray) -> None:
    """The map with 0 in white."""
    values = table.values.astype(float)
    largest = float(np.nanmax(np.abs(values), initial=0)) or 1.0
    x, y = table["x"].values, table["y"].values
    half_x, half_y = ((at[-1] - at[0]) / (len(at) - 1) / 2 for at in (x, y))
    either = bool((values < 0).any())
    ax.imshow(
        values,
        origin="lower",
        extent=(x[0] - half_x, x[-1] + half_x, y[0] - half_y, y[-1] + half_y),
        cmap=mpl.colormaps["RdBu_r" if either else "Greys"].with_extremes(bad="0.8"),
        vmin=-largest if either else 0,
        vmax=largest,
        interpolation="nearest",
    )


def _contours(ax: Axes, fitted: xr.DataArray) -> None:
    largest = float(np.abs(fitted).max())
    if largest == 0:
        return
    levels = np.array([*(-level for level in reversed(_LEVELS)), *_LEVELS]) * largest
    styles = ["dashed"] * len(_LEVELS) + ["solid"] * len(_LEVELS)
    ax.contour(
        fitted["x"], fitted["y"], fitted.values, levels=levels, colors="black", linewidths=0.6, linestyles=styles
    )


def _ellipse(ax: Axes, fit: xr.Dataset, reach: float) -> None:
    if "valid" in fit and not bool(fit["valid"]):
        ax.text(0.5, 0.02, str(fit["reason"].values), transform=ax.transAxes, ha="center", va="bottom", fontsize=6)
        return
    names = ("sigma_v", "sigma_u", "orientation") if "sigma_u" in fit else ("sigma_major", "sigma_minor", "angle")
    along, across, angle = (float(fit[name]) for name in names)
    centre = float(fit["centre_x"]), float(fit["centre_y"])
    size = 2 * reach * along, 2 * reach * across
    ax.add_patch(Ellipse(centre, *size, angle=angle, fill=False, ec="#009E73", lw=1.2))
