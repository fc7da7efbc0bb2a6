"""How near is one representation to another? RDMs, alignment and encoding, each with its bounds and its uncertainty.

Responses become representational dissimilarity matrices (:func:`rdm`), by themselves or in units of their noise
(:func:`noise_covariance`); RDMs are compared over their pairs of stimuli (:func:`compare`), and each figure comes with
what bounds it (:func:`noise_ceiling`, :func:`ceiling_test`, :func:`split_half`), what it would be by chance
(:func:`permutation_null`) and how far it can be trusted (:func:`evaluate`, :func:`significance`, :func:`bootstrap`,
:func:`across_subjects`); :func:`power` plans the next experiment; :func:`advise` chooses the test. :func:`partial`
takes controls out, :func:`partition_variance` shares the variance out between models, :func:`evaluate_fitted` mixes
them into one; :func:`embed` makes maps of stimuli, and of whole RDMs (:func:`angles_between`). :func:`encode` predicts
neurons from units, :func:`alignment` compares responses up to what does not matter; :func:`panel` runs several measures
on the same held-out stimuli. What can be chosen is a name in :data:`DISSIMILARITIES`, :data:`NOISES`,
:data:`COMPARISONS`, :data:`TRANSFORMS`, :data:`CORRECTIONS`, :data:`ALIGNMENTS` or :data:`ENCODERS`; a measure of one's
own is one more entry there.
"""

from __future__ import annotations

from cortexcnn.similarity.alignments.alignment import ALIGNMENTS, INVARIANCES, Alignment, alignment
from cortexcnn.similarity.comparing.comparison import compare
from cortexcnn.similarity.comparing.embedding import angles_between, embed, shepard
from cortexcnn.similarity.comparing.measures import COMPARISONS, Comparison
from cortexcnn.similarity.comparing.pairs import leave_out_pairs
from cortexcnn.similarity.comparing.partial import partial, partition_variance
from cortexcnn.similarity.comparing.transforms import TRANSFORMS, transform
from cortexcnn.similarity.encoding import ENCODERS, encode, median_score, unit_reliability
from cortexcnn.similarity.folds import stimulus_folds
from cortexcnn.similarity.inference.across_subjects import TESTS, across_subjects
from cortexcnn.similarity.inference.advisor import advise
from cortexcnn.similarity.inference.ceiling import noise_ceiling
from cortexcnn.similarity.inference.evaluation import evaluate
from cortexcnn.similarity.inference.factors import corrected_variance
from cortexcnn.similarity.inference.fitted import evaluate_fitted
from cortexcnn.similarity.inference.null import permutation_null
from cortexcnn.similarity.inference.power import power
from cortexcnn.similarity.inference.reliability import halves, spearman_brown, split_half, split_half_rdms
from cortexcnn.similarity.inference.resampling import bootstrap, interval
from cortexcnn.similarity.inference.shared_signal import ceiling_test
from cortexcnn.similarity.inference.significance import CORRECTIONS, significance
from cortexcnn.similarity.panel import disagreements, panel
from cortexcnn.similarity.rdms.dissimilarity import DISSIMILARITIES, Dissimilarity
from cortexcnn.similarity.rdms.matrices import rdm
from cortexcnn.similarity.rdms.noise import NOISES, noise_covariance

__all__ = [
    "ALIGNMENTS",
    "COMPARISONS",
    "CORRECTIONS",
    "DISSIMILARITIES",
    "ENCODERS",
    "INVARIANCES",
    "NOISES",
    "TESTS",
    "TRANSFORMS",
    "Alignment",
    "Comparison",
    "Dissimilarity",
    "across_subjects",
    "advise",
    "alignment",
    "angles_between",
    "bootstrap",
    "ceiling_test",
    "compare",
    "corrected_variance",
    "disagreements",
    "embed",
    "encode",
    "evaluate",
    "evaluate_fitted",
    "halves",
    "interval",
    "leave_out_pairs",
    "median_score",
    "noise_ceiling",
    "noise_covariance",
    "panel",
    "partial",
    "partition_variance",
    "permutation_null",
    "power",
    "rdm",
    "shepard",
    "significance",
    "spearman_brown",
    "split_half",
    "split_half_rdms",
    "stimulus_folds",
    "transform",
    "unit_reliability",
]
