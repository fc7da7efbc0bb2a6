"""Tuning: what a unit prefers and how sharply, measured alike in CNN units and in neurons.

``tuning_curve`` goes from responses to curves, the measures from curves to numbers, and ``orientation_tuning``,
``direction_tuning``, ``spatial_frequency_tuning``, ``phase_tuning``, ``contrast_tuning`` and ``size_tuning`` go all the
way, with a flag and its reason. ``position_map`` and ``spike_triggered_average`` go from responses to maps of
receptive fields, ``receptive_field``, ``fit_gaussians`` and ``fit_gabors`` from maps to numbers.
"""

from cortexcnn.tuning.contours import angle_tuning, curvature_tuning
from cortexcnn.tuning.contrast import contrast_tuning, semi_saturation_contrast
from cortexcnn.tuning.covariance import spike_triggered_covariance
from cortexcnn.tuning.curves import COMPONENTS, tuning_curve
from cortexcnn.tuning.direction import DIRECTION_FORMS, direction_selectivity, direction_tuning, preferred_direction
from cortexcnn.tuning.edges import edge_tuning
from cortexcnn.tuning.end_stopping import end_stopping, length_tuning, preferred_length
from cortexcnn.tuning.fits import cuts, fit_curves, fitted_curves
from cortexcnn.tuning.forms import FORMS
from cortexcnn.tuning.intervals import interval, resampled
from cortexcnn.tuning.line_weighting import discreteness, line_weighting, line_weighting_tuning, summation
from cortexcnn.tuning.map_fits import fit_gabors, fit_gaussians, fitted_maps
from cortexcnn.tuning.marques2020 import marques2020_orientation, marques2020_size, marques2020_spatial_frequency
from cortexcnn.tuning.orientation import (
    PREFERENCES,
    circular_variance,
    one_minus_circular_variance,
    orientation_bandwidth,
    orientation_tuning,
    orthogonal_preferred_ratio,
    osi_pref_orth,
    preferred_orientation,
)
from cortexcnn.tuning.phase import f0, f1, modulation_ratio, phase_tuning, preferred_phase
from cortexcnn.tuning.position_map import OVER, polarity_maps, position_map
from cortexcnn.tuning.receptive_field import effective_field, receptive_field, subregions
from cortexcnn.tuning.responses import BASELINES, baseline_of
from cortexcnn.tuning.reverse_correlation import SHUFFLES, spike_triggered_average
from cortexcnn.tuning.selectivity import INDICES, disagreement, selectivity_indices
from cortexcnn.tuning.significance import TESTS, tuned
from cortexcnn.tuning.size import (
    grating_summation_field,
    size_tuning,
    surround_diameter,
    surround_suppression_index,
)
from cortexcnn.tuning.size_fits import fit_sizes, fitted_sizes
from cortexcnn.tuning.sparseness import sparseness
from cortexcnn.tuning.spatial_frequency import (
    low_pass,
    peak_spatial_frequency,
    schiller_ratio,
    spatial_frequency_bandwidth,
    spatial_frequency_cuts,
    spatial_frequency_tuning,
)
from cortexcnn.tuning.suppression import (
    cross_orientation_suppression,
    cross_orientation_tuning,
    surround_orientation_tuning,
)
from cortexcnn.tuning.texture import texture_tuning
from cortexcnn.tuning.validity import CAUTIONS, FAULTS, UNDEFINED, validity

__all__ = [
    "BASELINES",
    "CAUTIONS",
    "COMPONENTS",
    "DIRECTION_FORMS",
    "FAULTS",
    "FORMS",
    "INDICES",
    "OVER",
    "PREFERENCES",
    "SHUFFLES",
    "TESTS",
    "UNDEFINED",
    "angle_tuning",
    "baseline_of",
    "circular_variance",
    "contrast_tuning",
    "cross_orientation_suppression",
    "cross_orientation_tuning",
    "curvature_tuning",
    "cuts",
    "direction_selectivity",
    "direction_tuning",
    "disagreement",
    "discreteness",
    "edge_tuning",
    "effective_field",
    "end_stopping",
    "f0",
    "f1",
    "fit_curves",
    "fit_gabors",
    "fit_gaussians",
    "fit_sizes",
    "fitted_curves",
    "fitted_maps",
    "fitted_sizes",
    "grating_summation_field",
    "interval",
    "length_tuning",
    "line_weighting",
    "line_weighting_tuning",
    "low_pass",
    "marques2020_orientation",
    "marques2020_size",
    "marques2020_spatial_frequency",
    "modulation_ratio",
    "one_minus_circular_variance",
    "orientation_bandwidth",
    "orientation_tuning",
    "orthogonal_preferred_ratio",
    "osi_pref_orth",
    "peak_spatial_frequency",
    "phase_tuning",
    "polarity_maps",
    "position_map",
    "preferred_direction",
    "preferred_length",
    "preferred_orientation",
    "preferred_phase",
    "receptive_field",
    "resampled",
    "schiller_ratio",
    "selectivity_indices",
    "semi_saturation_contrast",
    "size_tuning",
    "sparseness",
    "spatial_frequency_bandwidth",
    "spatial_frequency_cuts",
    "spatial_frequency_tuning",
    "spike_triggered_average",
    "spike_triggered_covariance",
    "subregions",
    "summation",
    "surround_diameter",
    "surround_orientation_tuning",
    "surround_suppression_index",
    "texture_tuning",
    "tuned",
    "tuning_curve",
    "validity",
]
