"""The contrast response (Albrecht & Hamilton 1982): where it reaches half, and how steeply.

Each unit's own grating at twelve contrasts. A network of convolutions and rectifiers has no normalisation, and without
biases its response is proportional to contrast: then it has no semi-saturation, and is said to have none.
"""

from __future__ import annotations

import numpy as np
import xarray as xr

from cortexcnn import tuning
from cortexcnn.protocols.protocol import Protocol, own_parameters
from cortexcnn.screen import Screen
from cortexcnn.stimuli import sweep
from cortexcnn.tuning.validity import extended

__all__ = ["ALBRECHT_HAMILTON1982"]

_UNSATURATED = "does not saturate (semi-saturation is a bound)"


def _stimuli(_screen: Screen) -> xr.Dataset:
    contrasts = np.geomspace(0.02, 1, 12)
    return sweep("grating", contrast=contrasts, phase=np.arange(8) * 45.0, aperture="disc", size=1.0, blank=True)


def _measure(responses: xr.DataArray) -> xr.Dataset:
    found = tuning.contrast_tuning(responses, component="larger")
    ever = xr.DataArray([_UNSATURATED not in reason for reason in found["reason"].values.tolist()], dims="unit")
    measures = {
        "saturates": ever.astype(float),
        "semi_saturation_contrast": found["semi_saturation_contrast"].where(ever),
    }
    return extended(found, measures, why={"semi_saturation_contrast": _UNSATURATED})


ALBRECHT_HAMILTON1982 = Protocol(
    name="albrecht_hamilton1982",
    source="Albrecht & Hamilton (1982), J. Neurophysiol. 48, 217-237",
    question="At which contrast does it reach half of its maximum, and how steeply?",
    stimuli=_stimuli,
    own=own_parameters("orientation", "spatial_frequency", "x", "y", "size"),
    measure=_measure,
    curves=("contrast",),
    bins={
        "semi_saturation_contrast": np.geomspace(0.02, 1, 12),
        "exponent": np.arange(0, 6.1, 0.5),
        "saturates": (0.0, 0.5, 1.0),
    },
    found="Most cells saturate; R = R_max cⁿ / (cⁿ + c50ⁿ) describes them better than a line, a logarithm or a power.",
)
"""Contrast response."""
