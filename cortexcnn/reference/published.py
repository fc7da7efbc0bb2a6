"""What was published about V1 as histograms: bins and counts, so that a population of units can be set beside them.

The tables come with the project: ``data/published_v1.csv`` and ``data/published_v1_joint.csv``; ``data/README.md`` says
what each is. A bin holds its lower edge and not its upper one, except the last, which holds both.
"""

from __future__ import annotations

import difflib

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.shipped import shipped

__all__ = ["OUTSIDE", "histogram_like", "properties", "published"]

_JOINT = "_by_"
_EXACT = dict.fromkeys(("bin_low", "bin_high", "bin2_low", "bin2_high"), float)
# pandas reads decimals to the last bit but one; a cell on an edge would then change its bin

OUTSIDE: dict[str, str] = {
    "ends": "values outside the bins are counted in the end bins, as Marques, Schrimpf & DiCarlo (2021) do",
    "drop": "values outside the bins are left out",
}
"""What may become of values outside the bins."""


def properties() -> dict[str, tuple[str, ...]]:
    """The published properties, each with the groups of cells for which there is a histogram.

    Returns
    -------
    dict of str to tuple of str
        The group "all" is every cell.

    Examples
    --------
    >>> properties()["spatial_frequency_bandwidth_ratio"]
    ('all', 'simple', 'complex')
    >>> "circular_variance" in properties() and "n_x_by_n_y" in properties()
    True
    """
    found: dict[str, list[str]] = {}
    for table in (_single(), _joint()):
        for name, group in zip(table["property"], table["group"], strict=True):
            groups = found.setdefault(name, [])
            if group not in groups:
                groups.append(group)
    return {name: tuple(groups) for name, groups in found.items()}


def published(name: str, *, group: str = "all") -> xr.DataArray:
    """A published histogram of a property of V1 cells.

    Parameters
    ----------
    name : str
        One of :func:`properties`.
    group : str
        Which cells, for example "simple foveal"; every cell by default.

    Returns
    -------
    DataArray (bin) of int
        Cells in each bin, named after the property, with the coordinates ``bin_low`` and ``bin_high``. A property of
        two measures, such as ``n_x_by_n_y``, is (bin, bin2) with ``bin2_low`` and ``bin2_high`` besides.
        Attributes: ``source``, ``n`` (cells), ``group``, and ``scale``: "linear", "log2", "log10", or "boolean" for
        a yes or no, where 0 is no and 1 is yes.

    Raises
    ------
    ValueError
        If nothing of that name, or for that group, is there: names the nearest, or the groups.

    Examples
    --------
    >>> cells = published("modulation_ratio")
    >>> cells.values
    array([70, 47, 38, 17, 11, 11, 17, 39, 39, 15])
    >>> cells.attrs["n"], cells.attrs["scale"]
    (304, 'linear')
    >>> published("circular_varience")
    Traceback (most recent call last):
        ...
    ValueError: no published property 'circular_varience'; the nearest is 'circular_variance' (properties() lists all)
    """
    known = properties()
    if name not in known:
        nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
        raise ValueError(f"no published property {name!r}; the nearest is {nearest!r} (properties() lists all)")
    if group not in known[name]:
        raise ValueError(f"{name} was not published for the group {group!r}; there are {', '.join(known[name])}")
    if _JOINT in name:
        return _grid(name, _rows(_joint(), name, group))
    table = _rows(_single(), name, group)
    edges = {edge: ("bin", table[edge].to_numpy(dtype=float)) for edge in ("bin_low", "bin_high")}
    return xr.DataArray(table["count"].to_numpy(), dims="bin", coords=edges, name=name, attrs=_attributes(table))


def histogram_like(values: xr.DataArray, histogram: xr.DataArray, *, outside: str = "ends") -> xr.DataArray:
    """Count a measure in the bins of a published histogram.

    Parameters
    ----------
    values : DataArray (unit)
        A measure of units; booleans for a yes or no. NaN is left out and counted in the attribute ``missing``.
    histogram : DataArray (bin)
        From :func:`published`.
    outside : str
        One of ``OUTSIDE``: whether what lies outside the bins is counted in the end bins or dropped.

    Returns
    -------
    DataArray (bin) of int
        Units in each bin, of the form of :func:`published`. Attributes: ``n`` (units counted), ``missing`` (units that
        were NaN), ``outside`` (units beyond the bins), ``scale``.

    Raises
    ------
    ValueError
        If the histogram has not one dimension ``bin``, or ``outside`` is unknown.

    References
    ----------
    .. [1] Marques, Schrimpf & DiCarlo (2021), bioRxiv 2021.03.01.433495: the end bins take what lies outside.

    Examples
    --------
    >>> units = xr.DataArray([0.1, 0.35, 1.7, 2.6, np.nan], dims="unit")
    >>> counts = histogram_like(units, published("modulation_ratio"))
    >>> counts.values
    array([1, 1, 0, 0, 0, 0, 0, 0, 1, 1])
    >>> counts.attrs["missing"], counts.attrs["outside"]
    (1, 1)
    """
    if histogram.dims != ("bin",):
        dims = ", ".join(map(str, histogram.dims))
        raise ValueError(f"a histogram of one measure has the dimension bin; {histogram.name} has {dims}")
    if outside not in OUTSIDE:
        raise ValueError(f"outside is one of {', '.join(OUTSIDE)}; got {outside!r}")
    edges = np.append(histogram["bin_low"].values, histogram["bin_high"].values[-1])
    flat = np.asarray(values, dtype=float).ravel()
    finite = flat[~np.isnan(flat)]
    beyond = (finite < edges[0]) | (finite > edges[-1])
    kept = finite.clip(edges[0], edges[-1]) if outside == "ends" else finite[~beyond]
    counts, _ = np.histogram(kept, edges)
    attrs = {
        "n": int(counts.sum()),
        "missing": flat.size - finite.size,
        "outside": int(beyond.sum()),
        "scale": histogram.attrs.get("scale", "linear"),
    }
    coords = {edge: ("bin", histogram[edge].values) for edge in ("bin_low", "bin_high")}
    return xr.DataArray(counts, dims="bin", coords=coords, name=histogram.name, attrs=attrs)


def _single() -> pd.DataFrame:
    return pd.read_csv(shipped("published_v1.csv"), converters=_EXACT)


def _joint() -> pd.DataFrame:
    table = pd.read_csv(shipped("published_v1_joint.csv"), converters=_EXACT)
    return table.assign(property=table["property"] + _JOINT + table["property2"])


def _rows(table: pd.DataFrame, name: str, group: str) -> pd.DataFrame:
    return table[(table["property"] == name) & (table["group"] == group)]


def _attributes(table: pd.DataFrame) -> dict[str, str | int]:
    first = table.iloc[0]
    return {
        "source": str(first["paper"]),
        "group": str(first["group"]),
        "scale": str(first["scale"]),
        "n": int(first["n"]),
    }


def _grid(name: str, table: pd.DataFrame) -> xr.DataArray:
    """The counts of two measures together, the first down and the second across."""
    low, high = (np.unique(table[edge].to_numpy(dtype=float)) for edge in ("bin_low", "bin_high"))
    low2, high2 = (np.unique(table[edge].to_numpy(dtype=float)) for edge in ("bin2_low", "bin2_high"))
    counts = np.zeros((low.size, low2.size), dtype=np.int64)
    row, column = np.searchsorted(low, table["bin_low"]), np.searchsorted(low2, table["bin2_low"])
    counts[row, column] = table["count"].to_numpy()
    coords = {
        "bin_low": ("bin", low),
        "bin_high": ("bin", high),
        "bin2_low": ("bin2", low2),
        "bin2_high": ("bin2", high2),
    }
    return xr.DataArray(counts, dims=("bin", "bin2"), coords=coords, name=name, attrs=_attributes(table))
