"""Every layer against a brain area by the geometry of its responses (representational similarity analysis).

Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci. 2, 4: two systems are compared by how dissimilar each
finds the same pairs of stimuli. Controls are part of it: pixels, random weights, the classical V1.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from cortexcnn.models import Network
from cortexcnn.protocols.controls import (
    CLASSICAL_LAYERS,
    CONTROLS,
    check_controls,
    classical,
    pixel_responses,
    record_with_controls,
    sampled,
    with_unlearned,
)
from cortexcnn.protocols.targets import Target, grating_rdms
from cortexcnn.screen import Screen
from cortexcnn.similarity import evaluate, permutation_null, rdm

_COLUMNS = ("network", "layer", "similarity", "lower", "upper", "by_chance", "p")

__all__ = ["compare_networks", "evaluate_networks", "layer_rdms", "pixel_rdm", "rdms_of"]


def layer_rdms(
    network: Network,
    stimuli: xr.Dataset,
    *,
    layers: Sequence[str],
    units: int = 1000,
    method: str = "correlation",
    zscore: bool = False,
    rng: int = 0,
    progress: bool = True,
) -> xr.DataArray:
    """An RDM of each layer from a random sample of its units.

    Parameters
    ----------
    network : Network
        From ``cortexcnn.load`` or ``wrap``.
    stimuli : Dataset (stimulus)
        What is shown.
    layers : sequence of str
        Names of layers.
    units : int
        Units drawn at random from each layer, without replacement; all of them where there are fewer.
    method : str
        A key of ``similarity.DISSIMILARITIES``.
    zscore : bool
        Whether each unit is z-scored over the stimuli first. It can turn a conclusion round: show both.
    rng : int
        Which units.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    DataArray (layer, stimulus, stimulus2)
        In the order of the network. Units that answer alike to everything are left out.
    """
    responses = sampled(network, stimuli, layers=layers, count=units, rng=rng, progress=progress)
    return rdms_of(responses, method=method, zscore=zscore)


def rdms_of(responses: xr.DataArray, *, method: str = "correlation", zscore: bool = False) -> xr.DataArray:
    """An RDM of each layer, without the units that answer alike to everything.

    Parameters
    ----------
    responses : DataArray (stimulus, unit)
        Of all layers, e.g. from :func:`record_with_controls`.
    method, zscore
        As in :func:`layer_rdms`.

    Returns
    -------
    DataArray (layer, stimulus, stimulus2)
    """
    varied = np.flatnonzero(np.ptp(responses.transpose("stimulus", "unit").values, axis=0) > 0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="zscore=True leaves out", category=UserWarning)  # as said above
        return rdm(responses.isel(unit=varied), by="layer", method=method, zscore=zscore)


def pixel_rdm(
    stimuli: xr.Dataset, screen: Screen, *, pixels: int = 64, method: str = "correlation", zscore: bool = False
) -> xr.DataArray:
    """The RDM of the pictures themselves: what a representation must beat.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        What is shown.
    screen : Screen
        Where: only its degrees count.
    pixels : int
        Side of the pictures that are compared; small ones suffice.
    method, zscore
        As in :func:`layer_rdms`.

    Returns
    -------
    DataArray (stimulus, stimulus2)
    """
    return rdm(pixel_responses(stimuli, screen, pixels=pixels), method=method, zscore=zscore)


def evaluate_networks(
    networks: Network | Mapping[str, Network],
    target: Target,
    *,
    layers: Sequence[str],
    controls: Sequence[str] = CONTROLS,
    units: int = 1000,
    method: str = "spearman",
    draws: int = 1000,
    rng: int = 0,
    progress: bool = True,
) -> dict[tuple[str, str], xr.Dataset]:
    """Evaluate every layer of every network against a target, beside controls, all in the same draws.

    Parameters
    ----------
    networks : Network or mapping of str to Network
        What is compared; random and shuffled weights are those of the first.
    target : Target
        From :func:`target`.
    layers : sequence of str
        Names of layers.
    controls : sequence of str
        Some of ``CONTROLS``: all of them unless declined. Gratings have no pixels to compare: there, curves over
        orientation are.
    units : int
        Units drawn at random from each layer where photographs are shown; for gratings the centre units are taken.
    method : str
        A key of ``similarity.COMPARISONS``.
    draws, rng : int
        Of the bootstrap over stimuli, and over subjects where the target has them; ``rng`` also draws the units and the
        random weights.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    dict of (pairs, units) to Dataset (model)
        As of :func:`cortexcnn.similarity.evaluate`, with ``network`` and ``layer`` along ``model``; with the
        permutation null, ``by_chance``, its 95th percentile, and ``p``, one-sided and of each model alone.
        Photographs are evaluated with the units raw and z-scored, because that can turn a conclusion round. Few
        orientations of gratings make rough intervals; of that alone there is no warning.
    """
    stacks = _stacks(networks, target, layers=layers, controls=controls, units=units, rng=rng, progress=progress)
    found = {}
    for scaled, named in stacks.items():
        rdms = xr.concat([_as_models(stack, name) for name, stack in named.items()], "model", coords="minimal")
        for pairs, reference in target.rdms.items():
            over = ("stimuli", "subjects") if "subject" in reference.dims else "stimuli"
            with warnings.catch_warnings():
                if target.stimuli.attrs["kind"] == "grating":
                    warnings.filterwarnings("ignore", message="only .* stimuli", category=UserWarning)
                result = evaluate(rdms, reference, over=over, method=method, draws=draws, rng=rng)
            if "permutation null" in controls:
                result = _beside_chance(result, permutation_null(rdms, reference, method=method, rng=rng))
            found[pairs, scaled] = result
    return found


def compare_networks(
    networks: Network | Mapping[str, Network], target: Target, *, layers: Sequence[str], **options: Any
) -> pd.DataFrame:
    """Score every layer of every network against a target, beside controls.

    Parameters
    ----------
    networks, target, layers, **options
        As of :func:`evaluate_networks`.

    Returns
    -------
    DataFrame
        A row for each network and layer: reference, pairs, units (raw or z-scored), network, layer, score, lower, upper
        (of its 95 % interval), by_chance, p, ceiling_lower, ceiling_upper.
    """
    tables = []
    for (pairs, scaled), result in evaluate_networks(networks, target, layers=layers, **options).items():
        columns = [name for name in _COLUMNS if name in result]
        ceiling_lower, ceiling_upper = target.ceilings[pairs]
        tables.append(
            result[columns]
            .to_dataframe()[columns]
            .rename(columns={"similarity": "score"})
            .assign(reference=target.name, pairs=pairs, units=scaled)
            .assign(ceiling_lower=ceiling_lower, ceiling_upper=ceiling_upper)
        )
    table = pd.concat(tables, ignore_index=True)
    first = ["reference", "pairs", "units"]
    return table[first + [name for name in table if name not in first]]


def _beside_chance(result: xr.Dataset, null: xr.DataArray) -> xr.Dataset:
    """What unrelated RDMs reach in 5 of 100 orders of the stimuli, and how many orders reach what was found."""
    null = null.mean("subject") if "subject" in null.dims else null
    p = (1 + (null >= result["similarity"]).sum("permutation")) / (1 + null.sizes["permutation"])
    return result.assign(by_chance=null.quantile(0.95, "permutation").drop_vars("quantile"), p=p)


def _stacks(
    networks: Network | Mapping[str, Network],
    target: Target,
    *,
    layers: Sequence[str],
    controls: Sequence[str],
    units: int,
    rng: int,
    progress: bool,
) -> dict[str, dict[str, xr.DataArray]]:
    """RDMs (layer, stimulus, stimulus2) by the scaling of their units and the name of their network."""
    check_controls(controls)
    shown = target.stimuli
    if shown.attrs["kind"] != "grating":
        recorded = record_with_controls(
            networks, shown, layers=layers, controls=controls, units=units, rng=rng, progress=progress
        )
        return {
            label: {name: rdms_of(responses, zscore=zscore) for name, responses in recorded.items()}
            for label, zscore in (("raw", False), ("z-scored", True))
        }
    all_of_them = with_unlearned(networks, controls, seed=rng)
    screen = next(iter(all_of_them.values())).screen
    curves = {name: grating_rdms(one, shown, list(layers)) for name, one in all_of_them.items()}
    for area, its_layers in CLASSICAL_LAYERS.items():
        if area in controls:
            curves[area] = grating_rdms(classical(screen, area), shown, its_layers)
    return {"z-scored": curves}


def _as_models(stack: xr.DataArray, name: str) -> xr.DataArray:
    """Layers of a network as models with two labels, without coordinates that not all networks share."""
    layers = stack["layer"].values.astype(str)
    models = stack.rename(layer="model").reset_coords(drop=True).assign_attrs({})
    labels = {"model": [f"{name}, {layer}" for layer in layers], "layer": ("model", layers)}
    return models.assign_coords(labels | {"network": ("model", np.full(len(layers), name))})
