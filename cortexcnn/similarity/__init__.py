"""How near is one representation to another? RDMs of responses, their comparison, its ceiling and its uncertainty.

Responses become representational dissimilarity matrices (:func:`rdm`), RDMs are compared over their pairs of stimuli
(:func:`compare`), and each figure comes with what bounds it (:func:`noise_ceiling`, :func:`split_half`) and how far it
can be trusted (:func:`bootstrap`, :func:`interval`). What can be chosen is a name in :data:`DISSIMILARITIES` or
:data:`COMPARISONS`; a measure of one's own is one more entry there.
"""

from __future__ import annotations

from cortexcnn.similarity.ceiling import noise_ceiling
from cortexcnn.similarity.comparison import compare
from cortexcnn.similarity.dissimilarity import DISSIMILARITIES, Dissimilarity
from cortexcnn.similarity.evaluation import evaluate
from cortexcnn.similarity.matrices import rdm
from cortexcnn.similarity.measures import COMPARISONS, Comparison
from cortexcnn.similarity.null import permutation_null
from cortexcnn.similarity.pairs import leave_out_pairs
from cortexcnn.similarity.reliability import halves, spearman_brown, split_half, split_half_rdms
from cortexcnn.similarity.resampling import bootstrap, interval

__all__ = [
    "COMPARISONS",
    "DISSIMILARITIES",
    "Comparison",
    "Dissimilarity",
    "bootstrap",
    "compare",
    "evaluate",
    "halves",
    "interval",
    "leave_out_pairs",
    "noise_ceiling",
    "permutation_null",
    "rdm",
    "spearman_brown",
    "split_half",
    "split_half_rdms",
]
