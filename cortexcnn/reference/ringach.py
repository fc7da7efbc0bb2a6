"""The cells of Ringach, Shapley & Hawken 2002: measures of real V1 cells, one by one, to set beside those of units."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn.reference.files import find, read_matlab, refusal
from cortexcnn.reference.sources import SOURCES

__all__ = ["ringach2002"]

_MEASURES = {
    "orivar": "circular_variance",
    "bw": "orientation_bandwidth",
    "po": "orthogonal_preferred_ratio",
    "maxdc": "maximum",
    "mindc": "minimum",
    "maxfirst": "first_harmonic",
    "spont": "spontaneous",
    "rdepth": "relative_depth",
}
_LABELS = {"unit": "neuron", "expt": "experiment", "chan": "channel"}


def ringach2002(path: str | Path) -> xr.Dataset:
    """Measures of 308 macaque V1 cells [1]_.

    Parameters
    ----------
    path : str or Path
        ``ringach_2002_db.mat``, or the folder that holds it.

    Returns
    -------
    Dataset (unit)
        ``circular_variance``; ``orientation_bandwidth``, half width at 1/√2 of the peak in degrees, NaN where the file
        has more than 90 (the curve never falls that far); ``orthogonal_preferred_ratio``; ``maximum``, ``minimum``,
        ``first_harmonic`` and ``spontaneous`` in spikes/s; ``modulation_ratio`` = first_harmonic / maximum;
        ``relative_depth`` in the cortex, 0 the surface. ``responsive`` is True for the cells whose maximum exceeds
        the spontaneous rate by more than 5 spikes/s, from which the published histograms were counted.
        Coordinates: ``area``, ``subject``, ``neuron``, ``experiment``, ``channel``.

    Raises
    ------
    FileNotFoundError, ValueError
        If the file is not there, or is another.

    References
    ----------
    .. [1] Ringach, Shapley & Hawken (2002), J. Neurosci. 22, 5639-5651.

    Examples
    --------
    >>> cells = ringach2002("ringach_2002_db.mat")  # doctest: +SKIP
    >>> cells.sel(unit=cells.responsive).circular_variance.median()  # doctest: +SKIP
    """
    source = SOURCES["ringach2002"]
    path = find(path, name="ringach_2002_db.mat", source=source)
    database = read_matlab(path, wanted=["db"], source=source)["db"]
    names = set(database.dtype.names or ())
    if missing := ({*_MEASURES, *_LABELS, "animal"} - names):
        found = f"its db has the fields {', '.join(sorted(names)) or 'none'}"
        raise refusal(path, found, f"also {', '.join(sorted(missing))}", source)
    cells = {field: database[field].item().ravel() for field in names}
    measures = {name: cells[field].astype(float) for field, name in _MEASURES.items()}
    width = measures["orientation_bandwidth"]
    measures["orientation_bandwidth"] = np.where(width > 90, np.nan, width)
    measures["modulation_ratio"] = measures["first_harmonic"] / measures["maximum"]
    measures["responsive"] = measures["maximum"] > measures["spontaneous"] + 5
    return xr.Dataset(
        {name: ("unit", values) for name, values in measures.items()},
        _coordinates(cells),
        {**source.attrs(), "kind": "drifting_grating"},
    )


def _coordinates(cells: dict[str, Any]) -> dict[str, tuple[str, Any]]:
    """Where each cell was; its label is its place in the file after the animal's name, so that it is its own."""
    subject = np.array([str(np.ravel(animal)[0]) for animal in cells["animal"]])
    labels = {name: ("unit", cells[field].astype(int)) for field, name in _LABELS.items()}
    return {
        "unit": ("unit", np.array([f"{animal}/{number:03d}" for number, animal in enumerate(subject)])),
        "area": ("unit", np.full(subject.size, "V1")),
        "subject": ("unit", subject),
        **labels,
    }
