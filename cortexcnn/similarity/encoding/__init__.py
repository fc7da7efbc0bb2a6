"""Do these units predict those neurons? Encoding models, scored on held-out stimuli beside each neuron's reliability.

:func:`encode` predicts, by one of :data:`ENCODERS`; :func:`median_score` sums up; :func:`unit_reliability` says what
could be predicted at all.
"""

from __future__ import annotations

from cortexcnn.similarity.encoding.encode import encode
from cortexcnn.similarity.encoding.heldout import ENCODERS
from cortexcnn.similarity.encoding.score import median_score, unit_reliability

__all__ = ["ENCODERS", "encode", "median_score", "unit_reliability"]
