"""Small data sets to try things on: orientation in human V1 by fMRI, and six macaque cells under mixed orientations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.reference.files import find, refusal
from cortexcnn.reference.sources import SOURCES, Source

__all__ = ["goris2015", "palmer"]


def palmer(path: str | Path) -> xr.DataArray:
    """Responses of 865 voxels of one person's V1 to gratings of 9 orientations.

    Parameters
    ----------
    path : str or Path
        ``example_data.csv``, or the folder that holds it.

    Returns
    -------
    DataArray (stimulus, unit, repeat)
        Response estimates, arbitrary units; ``orientation`` along ``stimulus`` in steps of 20 degrees (zero and sense
        of turning are not documented), ``area`` and ``subject`` along ``unit``, ``run`` and ``load_level`` (1 or 2, as
        in the file) along ``repeat``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is another.

    Examples
    --------
    >>> voxels = palmer("palmer_human_v1_orientation")  # doctest: +SKIP
    """
    source = SOURCES["palmer"]
    table = _table(path, "example_data.csv", ["Run", "Load.level", "Stimulus"], source)
    table = table.sort_values(["Stimulus", "Run", "Load.level"], kind="stable")
    voxels = [name for name in table.columns if name.startswith("Voxel")]
    conditions = np.unique(table["Stimulus"])
    if len(table) % conditions.size or (table["Stimulus"].value_counts() != len(table) // conditions.size).any():
        raise ValueError(
            f"{path}: every stimulus has as many trials; these have {dict(table['Stimulus'].value_counts())}"
        )
    first = table[table["Stimulus"] == conditions[0]]
    return xr.DataArray(
        table[voxels].to_numpy(dtype=float).reshape(conditions.size, -1, len(voxels)),
        dims=("stimulus", "repeat", "unit"),
        coords={
            "stimulus": np.arange(conditions.size),
            "orientation": ("stimulus", (conditions - 1) * 20.0),
            "unit": voxels,
            "area": ("unit", np.full(len(voxels), "V1")),
            "subject": ("unit", np.full(len(voxels), "human")),
            "run": ("repeat", first["Run"].to_numpy()),
            "load_level": ("repeat", first["Load.level"].to_numpy()),
        },
        name="response",
        attrs={**source.attrs(), "kind": "grating"},
    ).transpose("stimulus", "unit", "repeat")


def goris2015(path: str | Path) -> xr.DataArray:
    """Mean rates of five V1 cells and one V2 cell under mixtures of orientations of growing spread [1]_.

    Parameters
    ----------
    path : str or Path
        ``goris2015_orientation_tuning.csv``, a tidy table of the authors' files, or the folder that holds it.

    Returns
    -------
    DataArray (stimulus, unit)
        Spikes/s. Along ``stimulus``: ``offset``, the drift direction from the first one shown to that cell (each cell
        had its own, in steps of 22.5 degrees), ``spread`` (1 narrowest to 5) and ``contrast_level`` (1 or 2, as in the
        file). Along ``unit``: ``area``, ``spontaneous`` and ``first_direction``, the direction of offset 0 as stored.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is another.

    References
    ----------
    .. [1] Goris, Simoncelli & Movshon (2015), Neuron 88, 819-831.

    Examples
    --------
    >>> cells = goris2015("goris2015_v1_v2")  # doctest: +SKIP
    """
    source = SOURCES["goris2015"]
    wanted = [
        "unit",
        "area",
        "orientation_spread_family",
        "contrast_level",
        "orientation_deg",
        "rate_mean",
        "spontaneous",
    ]
    table = _table(path, "goris2015_orientation_tuning.csv", wanted, source)
    first = table.groupby("unit")["orientation_deg"].transform("min")
    table = table.assign(offset=table["orientation_deg"] - first, first=first)
    keys = ["orientation_spread_family", "contrast_level", "offset"]
    rates = table.pivot_table(index=keys, columns="unit", values="rate_mean")
    cells = table.drop_duplicates("unit").set_index("unit").loc[rates.columns]
    spread, level, offset = (rates.index.get_level_values(key).to_numpy() for key in keys)
    return xr.DataArray(
        rates.to_numpy(),
        dims=("stimulus", "unit"),
        coords={
            "stimulus": np.arange(len(rates)),
            "spread": ("stimulus", spread),
            "contrast_level": ("stimulus", level),
            "offset": ("stimulus", offset),
            "unit": rates.columns.to_numpy(dtype=str),
            "area": ("unit", cells["area"].to_numpy(dtype=str)),
            "spontaneous": ("unit", cells["spontaneous"].to_numpy()),
            "first_direction": ("unit", cells["first"].to_numpy()),
        },
        name="rate",
        attrs={**source.attrs(), "kind": "drifting_grating"},
    )


def _table(path: str | Path, name: str, wanted: list[str], source: Source) -> pd.DataFrame:
    """A CSV file with the columns that are wanted."""
    path = find(path, name=name, source=source)
    try:
        table = pd.read_csv(path)
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise refusal(path, "it is no table", f"one with the columns {', '.join(wanted)}", source) from error
    if missing := [column for column in wanted if column not in table]:
        found = f"its first columns are {', '.join(map(str, table.columns[:8]))}"
        raise refusal(path, found, f"also {', '.join(missing)}", source)
    return table
