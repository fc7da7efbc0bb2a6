"""What a named experiment is, and the verb that runs one.

It is what is shown, to all units alike or to each at its own optimum, what is measured, and what was found in neurons.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike

from cortexcnn import reference
from cortexcnn.arrays import groups
from cortexcnn.protocols.placing import preferred_stimuli
from cortexcnn.recording import record, record_film, record_own
from cortexcnn.screen import Screen

__all__ = ["Protocol", "beside_neurons", "own_parameters", "run_protocol", "summarise_measures"]


@dataclass(frozen=True)
class Protocol:
    """A named experiment.

    Parameters
    ----------
    name : str
        After its paper.
    source : str
        The paper.
    question : str
        What it asks of a unit, in a sentence.
    stimuli : callable, optional
        ``stimuli(screen)``: the table that is shown. None where it takes pictures that a user has.
    measure : callable
        ``measure(responses)``: a table of measures (unit), with ``valid`` and ``reason``.
    own : callable, optional
        ``own(preferred, stimuli)``: what is each unit's own, from ``preferred_stimuli``, as ``record_own`` takes it.
        None shows all units the same.
    film : bool
        Whether it needs a network with an axis of time.
    curves : tuple of str
        Parameters over which examples are drawn.
    component : str
        Of these curves: a key of ``tuning.COMPONENTS``.
    published : mapping of str to str
        Measures that were published as histograms, and the name of the published property.
    bins : mapping of str to array
        Edges for measures that were not.
    found : str
        What the paper found, in figures where it gave them.
    """

    name: str
    source: str
    question: str
    stimuli: Callable[[Screen], xr.Dataset] | None
    measure: Callable[[xr.DataArray], xr.Dataset]
    own: Callable[[xr.Dataset, xr.Dataset], xr.Dataset] | None = None
    film: bool = False
    curves: tuple[str, ...] = ()
    component: str = "larger"
    published: Mapping[str, str] = field(default_factory=dict)
    bins: Mapping[str, ArrayLike] = field(default_factory=dict)
    found: str = ""

    @property
    def measures(self) -> list[str]:
        """Names of the measures that it is about."""
        return [*self.published, *self.bins]


def run_protocol(
    protocol: Protocol,
    network: Any,
    layers: Sequence[str] | None = None,
    *,
    units: Any = "centre",
    count: int | None = None,
    rng: int | np.random.Generator | None = None,
    preferred: xr.Dataset | None = None,
    stimuli: xr.Dataset | None = None,
    progress: bool = True,
) -> tuple[xr.DataArray, xr.Dataset]:
    """Run a named experiment.

    Parameters
    ----------
    protocol : Protocol
        One of ``PROTOCOLS``.
    network : Network
        From ``cortexcnn.load`` or ``cortexcnn.wrap``; for an experiment on motion from ``models.load_film``.
    layers, units, count, rng
        As of :func:`cortexcnn.record`; of a network that sees films always the units at the centre.
    preferred : Dataset (unit), optional
        From ``preferred_stimuli``, where several protocols go to the same units; ``layers`` and ``units`` are then its.
    stimuli : Dataset (stimulus), optional
        What is shown in place of the protocol's own; for those on textures from ``cortexcnn.stimuli.textures``.
    progress : bool
        Whether to show bars.

    Returns
    -------
    responses : DataArray (stimulus, unit[, time])
        Attribute ``protocol``.
    measures : Dataset (unit)
        A unit that never answered to any grating, where it is to be tested at its own, is not ``valid``; one whose
        preferred stimulus is a bound says so in ``reason``.

    Raises
    ------
    ValueError
        If a layer or unit doesn't exist, the screen can't carry the stimuli, no unit answers, the experiment is one on
        motion and the network has no axis of time (or the other way round), or it has no stimuli of its own.

    Examples
    --------
    >>> from cortexcnn import load
    >>> from cortexcnn.protocols import PROTOCOLS
    >>> cells = load("classical_v1", degrees=4, pixels=64)
    >>> units = {"simple": [(0, 0, 0)]}
    >>> responses, measures = run_protocol(PROTOCOLS["skottun1991"], cells, units=units, progress=False)
    >>> round(float(measures.modulation_ratio[0]), 2)
    1.6
    """
    if protocol.film != hasattr(network, "frames"):
        raise ValueError(
            f"{network.name} has no axis of time: each frame is answered by itself, so no unit of it has a direction; "
            f"{protocol.name} wants a network that sees films (models.load_film)"
            if protocol.film
            else f"{network.name} sees films; {protocol.name} shows still pictures"
        )
    shown = _shown(protocol, network.screen) if stimuli is None else stimuli
    if protocol.film:
        if not layers:
            raise ValueError("name layers whose output has an axis of time, e.g. layers=['layer1']")
        responses = record_film(network, shown, layers=layers, progress=progress)
        return _named(responses, protocol), protocol.measure(responses)
    if protocol.own is None:
        responses = record(network, shown, layers=layers, units=units, count=count, rng=rng, progress=progress)
        return _named(responses, protocol), protocol.measure(responses)
    if preferred is None:
        preferred = preferred_stimuli(network, layers, units=units, count=count, rng=rng, progress=progress)
    responses = record_own(network, shown, protocol.own(preferred, shown), progress=progress)
    return _named(responses, protocol), _noted(protocol.measure(responses), preferred)


def own_parameters(*names: str) -> Callable[[xr.Dataset, xr.Dataset], xr.Dataset]:
    """What takes some of the preferred parameters as they are.

    Parameters
    ----------
    *names : str
        Variables of ``preferred_stimuli``.

    Returns
    -------
    callable
        For ``Protocol(own=…)``.
    """

    def own(preferred: xr.Dataset, _stimuli: xr.Dataset) -> xr.Dataset:
        return preferred[list(names)]

    return own


def beside_neurons(protocol: Protocol, measures: xr.Dataset, measure: str) -> tuple[xr.DataArray, xr.DataArray | None]:
    """Count a measure of valid units in bins, those of the published histogram where there is one.

    Parameters
    ----------
    protocol : Protocol
        Whose measure it is.
    measures : Dataset (unit)
        From :func:`run_protocol`.
    measure : str
        One of ``protocol.measures``.

    Returns
    -------
    units : DataArray (bin)
    neurons : DataArray (bin) or None
        The published histogram.
    """
    values = measures[measure].isel(unit=np.flatnonzero(measures["valid"].values))
    if measure in protocol.published:
        neurons = reference.published(protocol.published[measure])
        if measure == "preferred_orientation":
            start = float(neurons["bin_low"].min())
            values = (values - start) % 180 + start
        return reference.histogram_like(values, neurons).rename(measure), neurons
    edges = np.asarray(protocol.bins[measure], float)
    ends = {"bin_low": ("bin", edges[:-1]), "bin_high": ("bin", edges[1:])}
    bins = xr.DataArray(np.zeros(len(edges) - 1, int), dims="bin", coords=ends, name=measure)
    return reference.histogram_like(values, bins), None


def summarise_measures(protocol: Protocol, measures: xr.Dataset, *, by: str = "layer") -> xr.Dataset:
    """Medians over the valid units of each layer.

    Parameters
    ----------
    protocol : Protocol
        Whose measures they are.
    measures : Dataset (unit)
        From :func:`run_protocol`.
    by : str
        A coordinate along ``unit``.

    Returns
    -------
    Dataset (by)
        ``units`` and ``valid`` (how many), and of each measure of the protocol the median, of a yes or no the share
        of yes. Of preferred orientations there is none: the median of angles means nothing.

    Examples
    --------
    >>> from cortexcnn.protocols import PROTOCOLS
    >>> measures = xr.Dataset({"modulation_ratio": ("unit", [0.2, 1.4, 1.6]), "simple": ("unit", [0.0, 1.0, 1.0]),
    ...     "valid": ("unit", [True] * 3)}, {"unit": range(3), "layer": ("unit", ["a"] * 3)})
    >>> table = summarise_measures(PROTOCOLS["skottun1991"], measures)
    >>> float(table.modulation_ratio[0]), float(table.simple[0])
    (1.4, 0.66)
    """
    rows = []
    for label, units in groups(measures["valid"], by):
        here = measures.sel(unit=units["unit"])
        good = here.isel(unit=np.flatnonzero(here["valid"].values))
        row: dict[str, Any] = {by: label, "units": here.sizes["unit"], "valid": good.sizes["unit"]}
        for name in protocol.measures:
            if name != "preferred_orientation":
                row[name] = _middle(good[name].values.astype(float))
        rows.append(row)
    return xr.Dataset(
        {name: (by, [row[name] for row in rows]) for name in rows[0] if name != by}, {by: [row[by] for row in rows]}
    )


def _middle(values: np.ndarray) -> float:
    """The median, or the share of yes where there is nothing but yes and no."""
    known = values[~np.isnan(values)]
    if not known.size:
        return float("nan")
    return float(known.mean() if np.isin(known, (0, 1)).all() else np.median(known))


def _shown(protocol: Protocol, screen: Screen) -> xr.Dataset:
    """The protocol's own stimuli."""
    if protocol.stimuli is None:
        raise ValueError(
            f"{protocol.name} has no pictures of its own: give photographs of textures, each a family, "
            "stimuli=cortexcnn.stimuli.textures(folder) (--photographs FOLDER)"
        )
    return protocol.stimuli(screen)


def _named(responses: xr.DataArray, protocol: Protocol) -> xr.DataArray:
    return responses.assign_attrs(protocol=protocol.name)


def _noted(measures: xr.Dataset, preferred: xr.Dataset) -> xr.Dataset:
    """With what the search for the optimum had to say."""
    silent = ~preferred["valid"].values
    reasons = []
    for told, why, edge, dead in zip(
        measures["reason"].values.tolist(),
        preferred["reason"].values.tolist(),
        preferred["edge"].values.tolist(),
        silent,
        strict=True,
    ):
        bound = f"preferred {edge.replace('; ', ', ')} at the edge of the range" if edge else ""
        parts = [f"no optimum: {why}"] if dead else [told, bound]
        reasons.append("; ".join(part for part in parts if part))
    numbers = {
        name: column.where(~xr.DataArray(silent, dims="unit"))
        for name, column in measures.data_vars.items()
        if column.dims == ("unit",) and column.dtype.kind == "f"
    }
    return measures.assign(numbers).assign(valid=("unit", measures["valid"].values & ~silent), reason=("unit", reasons))
