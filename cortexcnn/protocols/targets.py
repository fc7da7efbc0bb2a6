"""What a network's layers are compared with: the stimuli that a brain was shown, and the RDMs that it gave."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from cortexcnn import reference, similarity, tuning
from cortexcnn.choices import chosen
from cortexcnn.protocols.controls import classical
from cortexcnn.protocols.grating_tuning import grating_battery
from cortexcnn.recording import record
from cortexcnn.screen import Screen
from cortexcnn.stimuli import photographs

__all__ = ["TARGETS", "Target", "grating_rdms", "target"]

SPLITS = 20


@dataclass(frozen=True)
class Target:
    """Recorded or handmade cortex, ready for representational similarity analysis.

    Parameters
    ----------
    name : str
        For figures and tables.
    stimuli : Dataset (stimulus)
        What to show a network. For gratings, what is compared are curves over orientation.
    rdms : dict of DataArray ([subject,] stimulus, stimulus2)
        References by the pairs, or the reading of angles, that they stand for.
    ceilings : dict of (lower, upper)
        Of each reference: the similarity that a perfect model could reach lies between. NaN where there is none.
    """

    name: str
    stimuli: xr.Dataset
    rdms: dict[str, xr.DataArray]
    ceilings: dict[str, tuple[float, float]]


def target(name: str, screen: Screen, *, data: str | Path | None = None, images: str | Path | None = None) -> Target:
    """Read a target by name.

    Parameters
    ----------
    name : str
        A key of ``TARGETS``.
    screen : Screen
        Of the network: photographs fill it, gratings are chosen for it.
    data : path, optional
        The recording; needed by all but the classical V1.
    images : path, optional
        The photographs that were shown, where the recording does not hold them.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        If there is no such target, or a path that it needs is missing.

    Examples
    --------
    >>> list(TARGETS)
    ['classical_v1', 'henaff2021', 'ecker2010', 'evc', 'it']
    """
    return chosen(TARGETS, name, "reference")(screen, data, images)


def grating_rdms(network: Any, stimuli: xr.Dataset, layers: list[str]) -> xr.DataArray:
    """RDMs over orientation of the centre units of each layer, z-scored.

    Parameters
    ----------
    network : Network
        What is shown the gratings.
    stimuli : Dataset (stimulus)
        From ``grating_battery``.
    layers : list of str
        Names of layers.

    Returns
    -------
    DataArray (layer, stimulus, stimulus2)
        Correlation distance between orientations, which are the labels. Each unit gives its mean over phase, above the
        blank, at its best spatial frequency; units whose curve is flat are left out.
    """
    curves = tuning.tuning_curve(record(network, stimuli, layers=layers, progress=False), "orientation")
    table = curves.rename(orientation="stimulus").transpose("stimulus", "unit")
    varied = np.flatnonzero(np.ptp(table.values, axis=0) > 1e-6 * np.abs(table.values).max())
    return similarity.rdm(table.isel(unit=varied), by="layer", zscore=True)


def _classical(screen: Screen, data: Any, images: Any) -> Target:  # noqa: ARG001 - it is built, not read
    battery = grating_battery(screen)
    rdms = grating_rdms(classical(screen), battery, ["normalised_complex"])
    named = {"normalised complex cells": rdms.sel(layer="normalised_complex", drop=True)}
    return Target("classical V1, gratings", battery, named, dict.fromkeys(named, (np.nan, np.nan)))


def _henaff(screen: Screen, data: Any, images: Any) -> Target:
    cells = reference.henaff2021(_given(data, "henaff2021", "data"))
    frames = photographs(_given(images, "henaff2021", "images"), size=screen.degrees, labels="path")
    v1 = similarity.rdm(cells, zscore=True)
    rdms = {"different movies": similarity.leave_out_pairs(v1, same="movie"), "all pairs": v1}
    halves = {
        "different movies": similarity.split_half(cells, zscore=True, same="movie", splits=SPLITS, rng=0),
        "all pairs": similarity.split_half(cells, zscore=True, splits=SPLITS, rng=0),
    }
    shown = frames.sel(stimulus=v1["stimulus"].values)
    return Target("macaque V1, Hénaff 2021", shown, rdms, {name: _ceiling(half) for name, half in halves.items()})


def _ecker(screen: Screen, data: Any, images: Any) -> Target:  # noqa: ARG001 - gratings need no images
    cells = reference.ecker2010(_given(data, "ecker2010", "data"), gratings="static")
    window = cells.attrs["window_stop"] - cells.attrs["window_start"]
    rate = cells.mean(["stimulus", "repeat"]) / window
    whole = cells.notnull().any("repeat").all("stimulus")
    good = whole & (cells["contamination"] < 0.05) & (rate > 1)
    cells = cells.isel(unit=np.flatnonzero(good.values))
    v1 = similarity.rdm(cells, zscore=True)
    angles = v1["orientation"].values
    stored = v1.drop_vars("orientation").assign_coords(stimulus=angles, stimulus2=angles)
    turned = (180 - angles) % 180
    mirrored = stored.assign_coords(stimulus=turned, stimulus2=turned).sortby("stimulus").sortby("stimulus2")
    ceiling = _ceiling(similarity.split_half(cells, zscore=True, splits=SPLITS, rng=0))
    rdms = {"angles as stored": stored, "angles mirrored": mirrored}
    name = f"macaque V1, Ecker 2010 ({cells.sizes['unit']} cells)"
    return Target(name, grating_battery(screen, orientations=len(angles)), rdms, dict.fromkeys(rdms, ceiling))


def _objects(region: str) -> Callable[[Screen, Any, Any], Target]:
    def read(screen: Screen, data: Any, images: Any) -> Target:
        path = _given(data, region.lower(), "data")
        rdms = reference.objects92(path, region=region)
        folder = images or reference.objects92_images(path, Path(tempfile.mkdtemp()) / "objects92")
        shown = photographs(folder, size=screen.degrees, labels="path").sel(stimulus=rdms["stimulus"].values)
        bounds = similarity.noise_ceiling(rdms, method="spearman")
        ceiling = (float(bounds["lower"]), float(bounds["upper"]))
        return Target(f"human {region}, 92 objects", shown, {"all pairs": rdms}, {"all pairs": ceiling})

    return read


def _ceiling(split_half: xr.DataArray) -> tuple[float, float]:
    """From the split-half reliability r of an RDM: r itself, and the root of what Spearman & Brown make of it.

    The upper end is how well a model that is the truth would correlate with the RDM of all repeats.
    """
    half = float(split_half.mean())
    return half, float(np.sqrt(similarity.spearman_brown(max(half, 0.0))))


def _given(path: Any, name: str, what: str) -> Path:
    if path is None:
        raise ValueError(f"{name} needs the {what}: say where they are (--{what} PATH)")
    return Path(path)


TARGETS: dict[str, Callable[[Screen, Any, Any], Target]] = {
    "classical_v1": _classical,
    "henaff2021": _henaff,
    "ecker2010": _ecker,
    "evc": _objects("EVC"),
    "it": _objects("IT"),
}
"""What layers can be compared with, by name."""
