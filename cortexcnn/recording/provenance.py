"""What a recording says of itself: of which weights, through which eye, to which stimuli, by what version."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

import numpy as np
import torch
import xarray as xr

from cortexcnn.arrays import content_hash
from cortexcnn.recording.contract import Recordable
from cortexcnn.stimuli import times

__all__ = ["HASHES", "attributes", "stimuli_hash"]

HASHES = ("weights_hash", "eye_hash", "stimuli_hash")
"""Attributes by which a result is known to be what is asked for."""


def attributes(network: Recordable, stimuli: xr.Dataset, *, electrode: str, seed: int | None) -> dict[str, Any]:
    """Flat attributes of responses.

    Parameters
    ----------
    network : Recordable
        The network.
    stimuli : Dataset (stimulus)
        The stimuli.
    electrode : str
        How units were chosen.
    seed : int, optional
        Of random units.

    Returns
    -------
    dict
        Text and numbers.
    """
    screen = network.screen
    found = {
        "model": network.name,
        "weights": network.weights,
        **network.hashes(),
        "stimuli_hash": stimuli_hash(stimuli),
        "kind": stimuli.attrs["kind"],
        "degrees": float(screen.degrees),
        "pixels": int(screen.pixels),
        "electrode": electrode,
        "versions": f"cortexcnn {version('cortexcnn')}, torch {torch.__version__}, numpy {np.__version__}",
    }
    if seed is not None:
        found["seed"] = seed
    found |= {name: float(stimuli.attrs[name]) for name in ("duration", "frame_rate") if name in stimuli.attrs}
    return found


def stimuli_hash(stimuli: xr.Dataset) -> str:
    """Content hash of a table of stimuli: its rows, its kind, and the frames of what moves.

    Parameters
    ----------
    stimuli : Dataset (stimulus)
        A table of stimuli.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    frames = times(stimuli)
    return content_hash(stimuli) if frames is None else content_hash(stimuli, frames)
