"""Textures and noise of their spectra (Freeman, Ziemba et al. 2013), on V1's side.

Pieces of textures and noise of the same spectrum, at the centre of the screen, to all units alike. The paper
synthesised fifteen samples of each of fifteen families. Here the families are photographs that the user has: the
difference between a texture and its noise is the same question, but photographs have more than the statistics of the
paper's textures, so a larger modulation is no surprise.
"""

from __future__ import annotations

import numpy as np

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol

__all__ = ["FREEMAN_ZIEMBA2013"]

_SHARES = np.linspace(0, 1, 11)

FREEMAN_ZIEMBA2013 = Protocol(
    name="freeman_ziemba2013",
    source="Freeman, Ziemba, Heeger, Simoncelli & Movshon (2013), Nat. Neurosci. 16, 974-981",
    question="Does it answer more to a texture than to noise of the same spectrum?",
    stimuli=None,
    measure=tuning.texture_tuning,
    bins={
        "texture_modulation_index": np.linspace(-1, 1, 25),
        "texture_selectivity": _SHARES,
        "noise_selectivity": _SHARES,
        "texture_sparseness": _SHARES,
        "noise_sparseness": _SHARES,
        "texture_variance_ratio": np.geomspace(0.02, 51, 13),
    },
    found="Most cells of macaque V2 answer more to textures than to noise of their spectra; cells of V1, on average, "
    "to both alike.",
)
"""Texture modulation."""
