"""Every layer against a brain area by the geometry of its responses (representational similarity analysis).

Kriegeskorte, Mur & Bandettini (2008), Front. Syst. Neurosci. 2, 4: two systems are compared by how dissimilar each
finds the same pairs of stimuli. Controls are part of it: pixels, random weights, the classical V1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
from cortexcnn.similarity import bootstrap, compare, interval, rdm

__all__ = ["compare_networks", "layer_rdms", "pixel_rdm", "score_rdms"]


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
    return _rdms_of(responses, method=method, zscore=zscore)


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


def score_rdms(
    rdms: xr.DataArray, reference: xr.DataArray, *, method: str = "spearman", draws: int = 1000, rng: int = 0
) -> xr.Dataset:
    """Similarity of RDMs to a reference, with 95 % intervals over stimuli.

    Parameters
    ----------
    rdms : DataArray ([layer,] stimulus, stimulus2)
        What is compared.
    reference : DataArray ([subject,] stimulus, stimulus2)
        With what; pairs that are NaN there are left out. The mean over subjects is scored.
    method : str
        A key of ``similarity.COMPARISONS``.
    draws, rng : int
        Of the bootstrap over stimuli.

    Returns
    -------
    Dataset ([layer])
        score, lower, upper.
    """
    score = compare(rdms, reference, method=method)
    drawn = bootstrap(rdms, reference, over="stimuli", method=method, draws=draws, rng=rng)
    if "subject" in score.dims:
        score, drawn = score.mean("subject"), drawn.mean("subject")
    return interval(drawn)[["lower", "upper"]].assign(score=score)


def compare_networks(
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
) -> pd.DataFrame:
    """Score every layer of every network against a target, beside controls.

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
        Of the bootstrap over stimuli; ``rng`` also draws the units and the random weights.
    progress : bool
        Whether to show progress bars.

    Returns
    -------
    DataFrame
        A row for each network and layer: reference, pairs, units (raw or z-scored: photographs are scored both ways,
        because that can turn a conclusion round), network, layer, score, lower, upper, ceiling_lower, ceiling_upper.
    """
    check_controls(controls)
    shown = target.stimuli
    stacks: dict[str, dict[str, xr.DataArray]]
    if shown.attrs["kind"] == "grating":
        all_of_them = with_unlearned(networks, controls, seed=rng)
        screen = next(iter(all_of_them.values())).screen
        curves = {name: grating_rdms(one, shown, list(layers)) for name, one in all_of_them.items()}
        for area, its_layers in CLASSICAL_LAYERS.items():
            if area in controls:
                curves[area] = grating_rdms(classical(screen, area), shown, its_layers)
        stacks = {"z-scored": curves}
    else:
        recorded = record_with_controls(
            networks, shown, layers=layers, controls=controls, units=units, rng=rng, progress=progress
        )
        stacks = {
            label: {name: _rdms_of(responses, zscore=zscore) for name, responses in recorded.items()}
            for label, zscore in (("raw", False), ("z-scored", True))
        }
    rows = []
    for scaled, named in stacks.items():
        for pairs, reference in target.rdms.items():
            for name, stack in named.items():
                scores = score_rdms(stack, reference, method=method, draws=draws, rng=rng)
                rows += [
                    {
                        "reference": target.name,
                        "pairs": pairs,
                        "units": scaled,
                        "network": name,
                        "layer": str(layer),
                        **{key: float(scores[key].sel(layer=layer)) for key in ("score", "lower", "upper")},
                        "ceiling_lower": target.ceilings[pairs][0],
                        "ceiling_upper": target.ceilings[pairs][1],
                    }
                    for layer in stack["layer"].values
                ]
    return pd.DataFrame(rows)


def _rdms_of(responses: xr.DataArray, *, method: str = "correlation", zscore: bool = False) -> xr.DataArray:
    """An RDM of each layer, without the units that answer alike to everything."""
    varied = np.flatnonzero(np.ptp(responses.transpose("stimulus", "unit").values, axis=0) > 0)
    return rdm(responses.isel(unit=varied), by="layer", method=method, zscore=zscore)
