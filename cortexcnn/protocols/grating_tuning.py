"""Gratings of every orientation, frequency and phase, and what they tell of a unit (Ringach 2002; De Valois 1982).

The main job of the project: record a battery of gratings, measure each unit, and set each layer's distributions
beside those of macaque V1.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import reference, tuning
from cortexcnn.arrays import groups
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.blocks import by_unit

__all__ = ["PUBLISHED", "beside_published", "grating_battery", "grating_tuning", "summarise"]

PUBLISHED = (
    "preferred_orientation",
    "circular_variance",
    "orientation_bandwidth",
    "modulation_ratio",
    "peak_spatial_frequency",
)
"""Measures that were published for macaque V1 under the same name."""


def grating_battery(
    screen: Screen,
    *,
    orientations: int = 12,
    phases: int = 8,
    spatial_frequencies: int | list[float] = 8,
) -> xr.Dataset:
    """Full-field gratings of every orientation, phase and spatial frequency, and a blank.

    Parameters
    ----------
    screen : Screen
        Where they will be drawn: frequencies go down in half octaves from half its Nyquist limit, the highest that
        can be drawn without risk of aliasing.
    orientations, phases : int
        How many, evenly spaced over 180 and 360 degrees.
    spatial_frequencies : int or list of float
        How many half octaves, or the frequencies in cycles/degree.

    Returns
    -------
    Dataset (stimulus)
        Stimuli of kind "grating", the blank last.

    Examples
    --------
    >>> battery = grating_battery(Screen(degrees=8, pixels=224))
    >>> battery.sizes["stimulus"], float(battery.spatial_frequency.max())
    (769, 7.0)
    """
    if isinstance(spatial_frequencies, int):
        steps = np.arange(spatial_frequencies)[::-1]
        spatial_frequencies = (screen.nyquist / 2 * 2.0 ** (-steps / 2)).tolist()
    return sweep(
        "grating",
        orientation=np.arange(orientations) * 180 / orientations,
        spatial_frequency=spatial_frequencies,
        phase=np.arange(phases) * 360 / phases,
        blank=True,
    )


@by_unit
def grating_tuning(responses: xr.DataArray, *, baseline: str = "blank") -> xr.Dataset:
    """Measure orientation, spatial frequency and phase of every unit, in one table.

    Parameters
    ----------
    responses : DataArray (stimulus, unit[, repeat])
        Responses to gratings that vary in orientation, and may vary in spatial frequency and phase: what does not
        vary is not measured.
    baseline : str
        A key of ``tuning.BASELINES``: above the blank (default) or raw.

    Returns
    -------
    Dataset (unit)
        The measures of ``tuning.orientation_tuning``, ``spatial_frequency_tuning`` and ``phase_tuning``; ``valid`` is
        True where all of them are, ``reason`` names what each says.

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> responses = xr.DataArray(1 + np.cos(2 * np.deg2rad(angle[:, None] - [[40, 100]])), dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(12), "unit": ["a", "b"], "orientation": ("stimulus", angle)})
    >>> grating_tuning(responses).circular_variance.values
    array([0.5, 0.5])
    """
    tables = {"orientation": tuning.orientation_tuning(responses, baseline=baseline)}
    if _varies(responses, "spatial_frequency"):
        tables["spatial frequency"] = tuning.spatial_frequency_tuning(responses, baseline=baseline)
    if _varies(responses, "phase") or "time" in responses.dims:
        tables["phase"] = tuning.phase_tuning(responses, baseline=baseline)
    merged = tables["orientation"].copy()
    reasons = np.full(merged.sizes["unit"], "", object)
    for name, table in tables.items():
        new = [measure for measure in table.data_vars if measure not in merged]
        merged = merged.assign({measure: table[measure].drop_vars(_extra(table)) for measure in new})
        merged["valid"] = merged["valid"] & table["valid"].values
        reasons = _told(reasons, name, table["reason"].values)
    return merged.assign(reason=("unit", reasons))


def _told(reasons: np.ndarray, name: str, others: np.ndarray) -> np.ndarray:
    """Reasons with those of another table behind them, each text once in memory."""
    known: dict[tuple[str, str], str] = {}
    for before, other in zip(reasons.tolist(), others.tolist(), strict=True):
        if (before, other) not in known:
            known[before, other] = "; ".join(part for part in (before, f"{name}: {other}" if other else "") if part)
    return np.array([known[pair] for pair in zip(reasons.tolist(), others.tolist(), strict=True)], object)


def summarise(measures: xr.Dataset, *, by: str = "layer") -> xr.Dataset:
    """Medians and shares over the units of each layer.

    Parameters
    ----------
    measures : Dataset (unit)
        From :func:`grating_tuning`.
    by : str
        A coordinate along ``unit``: layer, or area for neurons.

    Returns
    -------
    Dataset (by)
        ``units`` and ``valid`` (how many); of the valid ones the median of circular_variance, orientation_bandwidth,
        peak_spatial_frequency and modulation_ratio; the shares ``selective`` (the fitted curve falls to 1/√2 of its
        peak) and ``simple`` (modulation ratio above 1).

    Examples
    --------
    >>> angle = np.arange(0, 180, 15.0)
    >>> responses = xr.DataArray(1 + np.cos(2 * np.deg2rad(angle[:, None] - [[40, 100]])), dims=("stimulus", "unit"),
    ...     coords={"stimulus": range(12), "unit": ["a", "b"], "orientation": ("stimulus", angle),
    ...     "layer": ("unit", ["conv1", "conv1"])})
    >>> table = summarise(grating_tuning(responses))
    >>> float(table.circular_variance[0]), float(table.selective[0])
    (0.5, 1.0)
    """
    rows = []
    for label, index in groups(xr.DataArray(np.arange(measures.sizes["unit"]), coords=measures[by].coords), by):
        here = measures.isel(unit=index.values)
        good = here.isel(unit=np.flatnonzero(here["valid"].values))
        row: dict[str, object] = {by: label, "units": here.sizes["unit"], "valid": good.sizes["unit"]}
        for measure in PUBLISHED[1:]:  # a median of angles means nothing
            if measure in good:
                row[measure] = float(good[measure].median()) if good.sizes["unit"] else np.nan
        row["selective"] = _share(good["orientation_bandwidth"].notnull())
        if "modulation_ratio" in good:
            row["simple"] = _share(good["modulation_ratio"] > 1)
        rows.append(row)
    columns = {name: (by, [row[name] for row in rows]) for name in rows[0] if name != by}
    return xr.Dataset(columns, {by: [row[by] for row in rows]})


def beside_published(measures: xr.Dataset, measure: str) -> tuple[xr.DataArray, xr.DataArray]:
    """Count a measure of valid units in the bins in which it was published for macaque V1.

    Parameters
    ----------
    measures : Dataset (unit)
        From :func:`grating_tuning`.
    measure : str
        One of ``PUBLISHED``.

    Returns
    -------
    units, neurons : DataArray (bin)
        Ours and the published ones; what lies outside the bins is counted in the end bins. Preferred orientations are
        turned into the published range, which starts at −22.5 degrees.

    Raises
    ------
    ValueError
        If nothing was published for the measure.
    """
    if measure not in PUBLISHED:
        raise ValueError(f"no published histogram for {measure!r}; there are {', '.join(PUBLISHED)}")
    neurons = reference.published(measure)
    units = measures[measure].isel(unit=np.flatnonzero(measures["valid"].values))
    if measure == "preferred_orientation":
        start = float(neurons["bin_low"].min())
        units = (units - start) % 180 + start
    return reference.histogram_like(units, neurons).rename(measure), neurons


def _varies(responses: xr.DataArray, parameter: str) -> bool:
    """Whether a parameter was shown at more than one value."""
    if parameter not in responses.coords:
        return False
    values = responses.coords[parameter].values.astype(float)
    return np.unique(values[~np.isnan(values)]).size > 1


def _extra(table: xr.Dataset) -> list[str]:
    """Coordinates that say how one curve was made, and do not hold for the table of all measures."""
    return [str(name) for name in table.coords if str(name).startswith("at_") or name == "baseline"]


def _share(true: xr.DataArray) -> float:
    return float(true.mean()) if true.sizes["unit"] else np.nan
