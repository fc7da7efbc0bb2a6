"""The founding figure: one cell of the cat's striate cortex under a turning bar, Hubel & Wiesel 1959."""

from __future__ import annotations

import zipfile
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.reference.files import find, refusal
from cortexcnn.reference.sources import SOURCES
from cortexcnn.shipped import shipped

__all__ = ["hubel_wiesel1959", "hubel_wiesel1959_spikes"]

_FILE = "hubel_wiesel_fig3_1959_spike_times.ods"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_CONVENTION = "0 horizontal, 90 vertical; the sense of turning between them is as digitised"


def hubel_wiesel1959() -> xr.DataArray:
    """Spikes of one cell under a bar at eight orientations, counted in figure 3 of the paper [1]_.

    Returns
    -------
    DataArray (stimulus, unit)
        Spike counts, with ``orientation`` along ``stimulus``. The table comes with the project.

    References
    ----------
    .. [1] Hubel & Wiesel (1959), J. Physiol. 148, 574-591.

    Examples
    --------
    >>> cell = hubel_wiesel1959()
    >>> cell.isel(unit=0).values
    array([0., 1., 2., 7., 9., 2., 0., 0.])
    >>> cell.orientation[cell.isel(unit=0).argmax("stimulus")].item()
    90.0
    """
    table = pd.read_csv(shipped("hubel_wiesel_1959.csv"))
    return xr.DataArray(
        table["spikes"].to_numpy(dtype=float)[:, np.newaxis],
        dims=("stimulus", "unit"),
        coords={
            "stimulus": np.arange(len(table)),
            "unit": ["cell"],
            "orientation": ("stimulus", table["orientation"].to_numpy(dtype=float)),
            "area": ("unit", ["V1"]),
            "subject": ("unit", ["cat"]),
        },
        name="spikes",
        attrs=_attributes(),
    )


def hubel_wiesel1959_spikes(path: str | Path) -> xr.DataArray:
    """When the cell fired: the spikes of the same figure, digitised, for a raster.

    Parameters
    ----------
    path : str or Path
        ``hubel_wiesel_fig3_1959_spike_times.ods``, or the folder that holds it.

    Returns
    -------
    DataArray (stimulus, spike)
        Times in s, as digitised (the file states no zero), NaN after the last spike; ``orientation`` along
        ``stimulus``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is another.

    Examples
    --------
    >>> times = hubel_wiesel1959_spikes("hubel_wiesel_1959_digitised")  # doctest: +SKIP
    >>> times.notnull().sum("spike")  # doctest: +SKIP
    """
    path = find(path, name=_FILE, source=SOURCES["hubel_wiesel1959"])
    rows = [row for row in _numbers(path) if np.isfinite(row).any()]
    if len(rows) < 2:
        found, wanted = f"its sheet has {len(rows)} rows of numbers", "a row of orientations above columns of times"
        raise refusal(path, found, wanted, SOURCES["hubel_wiesel1959"])
    columns = np.flatnonzero(np.isfinite(rows[0]))  # a column of text may stand before them
    orientation = rows[0][columns]
    times = np.stack([np.append(row, np.full(columns[-1] + 1, np.nan))[columns] for row in rows[1:]], axis=1)
    return xr.DataArray(
        times,
        dims=("stimulus", "spike"),
        coords={"stimulus": np.arange(orientation.size), "orientation": ("stimulus", orientation)},
        name="time",
        attrs=_attributes(),
    )


def _attributes() -> dict[str, str]:
    return {**SOURCES["hubel_wiesel1959"].attrs(), "kind": "bar", "orientation_convention": _CONVENTION}


def _numbers(path: Path) -> list[np.ndarray]:
    """The rows of an OpenDocument sheet as numbers, NaN where a cell holds none."""
    try:
        with zipfile.ZipFile(path) as archive:
            root = ET.fromstring(archive.read("content.xml"))
    except (zipfile.BadZipFile, KeyError, ET.ParseError) as error:
        raise refusal(path, "it is no OpenDocument sheet", _FILE, SOURCES["hubel_wiesel1959"]) from error
    rows = []
    for row in root.iter(f"{_TABLE}table-row"):
        cells: list[float] = []
        for cell in row.iter(f"{_TABLE}table-cell"):
            times = min(int(cell.get(f"{_TABLE}number-columns-repeated", "1")), 64)
            cells += [float(cell.get(f"{_OFFICE}value", "nan"))] * times
        rows.append(np.array(cells))
    return rows
