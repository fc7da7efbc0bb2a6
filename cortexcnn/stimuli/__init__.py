"""Stimuli: tables of what is to be shown, drawn late and only where somebody looks.

A table comes from :func:`sweep` (every combination of parameters) or :func:`photographs`; :func:`render` draws any of
its rows for any window of the screen; :func:`check_drawable` refuses what the screen cannot carry; :func:`export`
writes a set for a laboratory to replay, and the converters say it in other tools' words.

>>> from cortexcnn.screen import Screen
>>> gratings = sweep("grating", orientation=range(0, 180, 15), phase=range(0, 360, 45), spatial_frequency=2)
>>> render(gratings, Screen(degrees=8, pixels=64), rows=slice(0, 10)).shape
torch.Size([10, 1, 64, 64])
"""

from __future__ import annotations

from cortexcnn.stimuli.convert import CONVENTIONS, to_allen, to_brainscore, to_psychopy, to_stimupy
from cortexcnn.stimuli.export import export
from cortexcnn.stimuli.kinds import KINDS, Kind, Parameter
from cortexcnn.stimuli.photographs import photographs
from cortexcnn.stimuli.render import check_drawable, render
from cortexcnn.stimuli.sweep import sweep, times
from cortexcnn.stimuli.textures import textures

__all__ = [
    "CONVENTIONS",
    "KINDS",
    "Kind",
    "Parameter",
    "check_drawable",
    "export",
    "photographs",
    "render",
    "sweep",
    "textures",
    "times",
    "to_allen",
    "to_brainscore",
    "to_psychopy",
    "to_stimupy",
]
