"""How tuning, and similarity to V1, arise while a network learns, over several seeds.

A network that is trained again from another seed is another animal: what is claimed of an architecture and a training
regime must hold across seeds, which are therefore a random effect (Mehrer et al. 2020, Nat. Commun. 11, 5725).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy import stats

from cortexcnn.protocols.grating_tuning import grating_battery, grating_tuning, summarise
from cortexcnn.protocols.targets import Target
from cortexcnn.protocols.two_rdms import compare_networks
from cortexcnn.recording import record

__all__ = ["across_seeds", "through_training"]


def through_training(
    networks: Mapping[float, Any],
    *,
    layers: Sequence[str],
    target: Target | None = None,
    units: int = 300,
    progress: bool = True,
) -> pd.DataFrame:
    """Probe one network at several moments of its training.

    Parameters
    ----------
    networks : mapping of float to Network
        The network at each moment, in epochs.
    layers : sequence of str
        Where the electrodes go.
    target : Target, optional
        What each layer is compared with as well, by representational similarity.
    units : int
        Units drawn from each layer for a target of photographs.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    DataFrame
        A row for each moment, layer and measure: ``epoch, layer, measure, value``. Measures are medians over valid
        units (circular_variance, orientation_bandwidth, …), the shares ``selective`` and ``simple`` and ``valid``, and
        one ``similarity …`` for each reading of the target.

    Raises
    ------
    ValueError
        If no moment is given.
    """
    if not networks:
        raise ValueError("no network at any moment: train with snapshots, e.g. snapshots=(0, 0.1, 1, 10)")
    rows = []
    for epoch, network in networks.items():
        responses = record(network, grating_battery(network.screen), layers=list(layers), progress=progress)
        table = summarise(grating_tuning(responses)).to_dataframe()
        table["valid"] = table["valid"] / table.pop("units")
        rows += [(epoch, layer, measure, value) for layer, row in table.iterrows() for measure, value in row.items()]
    if target is not None:
        named = {str(epoch): network for epoch, network in networks.items()}
        scores = compare_networks(named, target, layers=layers, controls=[], units=units, draws=2, progress=progress)
        for row in scores.itertuples():
            rows.append((float(str(row.network)), row.layer, f"similarity {row.pairs}, {row.units}", row.score))
    return pd.DataFrame(rows, columns=["epoch", "layer", "measure", "value"])


def across_seeds(values: xr.DataArray, *, level: float = 0.95) -> xr.Dataset:
    """What holds across seeds, each of them one draw of a random effect.

    Parameters
    ----------
    values : DataArray (…, seed)
        One number for each seed; seeds with NaN are left out where they have it.
    level : float
        Of the intervals, between 0 and 1.

    Returns
    -------
    Dataset (…)
        ``mean``, its interval ``lower`` to ``upper`` (Student's t over seeds: what another seed's mean would be drawn
        from), ``deviation`` (standard deviation between seeds) and ``seeds`` (how many). NaN where fewer than two are
        left.

    Raises
    ------
    ValueError
        If there is no dimension of seeds, or only one seed.

    Examples
    --------
    >>> values = xr.DataArray([[0.5, 0.6, 0.7]], dims=("epoch", "seed"))
    >>> found = across_seeds(values)
    >>> found["mean"].values.round(2), found.lower.values.round(2), found.upper.values.round(2)
    (array([0.6]), array([0.35]), array([0.85]))
    """
    if "seed" not in values.dims or values.sizes["seed"] < 2:
        raise ValueError(
            f"values over {dict(values.sizes)}: a random effect of seeds needs a dimension seed with two or more"
        )
    if not 0 < level < 1:
        raise ValueError(f"an interval of level {level}: it lies between 0 and 1, e.g. 0.95")
    count = values.count("seed")
    enough = count > 1
    mean = values.mean("seed").where(enough)
    deviation = values.std("seed", ddof=1).where(enough)
    half = stats.t.ppf((1 + level) / 2, np.maximum(count - 1, 1)) * deviation / np.sqrt(count)
    return xr.Dataset(
        {"mean": mean, "lower": mean - half, "upper": mean + half, "deviation": deviation, "seeds": count}
    )
