"""Electrophysiology for convolutional networks: does this network see as the visual cortex does.

>>> import cortexcnn
>>> gratings = cortexcnn.sweep("grating", orientation=range(0, 180, 45), phase=range(0, 360, 90), spatial_frequency=3)
>>> network = cortexcnn.load("classical_v1")
>>> responses = cortexcnn.record(network, gratings, layers=["simple"], progress=False)
>>> responses.dims
('stimulus', 'unit')

Names load on first use, so that ``cortexcnn --help`` does not wait for torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cortexcnn import exchange, models, plot, protocols, recording, reference, similarity, stimuli, training, tuning
    from cortexcnn.models import load, wrap
    from cortexcnn.recording import open_responses, record
    from cortexcnn.screen import Screen
    from cortexcnn.similarity import compare, noise_ceiling, rdm
    from cortexcnn.stimuli import export, photographs, render, sweep
    from cortexcnn.training import train

__version__ = "0.1.0.dev0"

__all__ = [
    "Screen",
    "compare",
    "exchange",
    "export",
    "load",
    "models",
    "noise_ceiling",
    "open_responses",
    "photographs",
    "plot",
    "protocols",
    "rdm",
    "record",
    "recording",
    "reference",
    "render",
    "similarity",
    "stimuli",
    "sweep",
    "train",
    "training",
    "tuning",
    "wrap",
]

_HOMES = {
    "Screen": "screen",
    "compare": "similarity",
    "export": "stimuli",
    "load": "models",
    "noise_ceiling": "similarity",
    "open_responses": "recording",
    "photographs": "stimuli",
    "rdm": "similarity",
    "record": "recording",
    "render": "stimuli",
    "sweep": "stimuli",
    "train": "training",
    "wrap": "models",
}


def __getattr__(name: str) -> Any:
    """Load a name of the front door when it is first asked for."""
    if name in _HOMES:
        return getattr(import_module(f"cortexcnn.{_HOMES[name]}"), name)
    if name in __all__:
        return import_module(f"cortexcnn.{name}")
    raise AttributeError(f"cortexcnn has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    """The names of the front door."""
    return sorted([*__all__, "__version__"])
