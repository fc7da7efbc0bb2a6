"""Figures that can be printed: each function draws on the axes that it is given and computes nothing.

Every function takes ``ax`` (or makes one), returns what it drew on, never calls ``show``, and uses colours that
colour-blind readers tell apart.
"""

from cortexcnn.plot.areas import areas
from cortexcnn.plot.diagram import diagram
from cortexcnn.plot.distributions import histogram
from cortexcnn.plot.filters import filters
from cortexcnn.plot.joint import joint
from cortexcnn.plot.layers import layers_by_reference
from cortexcnn.plot.learning import confusion, learning_curve
from cortexcnn.plot.maps import model_map, shepard_diagram, stimulus_map
from cortexcnn.plot.properties import property_scores
from cortexcnn.plot.rdms import rdm, rdms
from cortexcnn.plot.receptive_fields import receptive_field, receptive_fields
from cortexcnn.plot.searches import search_choice, search_history
from cortexcnn.plot.style import COLOURS, depth_colours, figure, save, style
from cortexcnn.plot.tuning import polar, raster, tuning_curves

__all__ = [
    "COLOURS",
    "areas",
    "confusion",
    "depth_colours",
    "diagram",
    "figure",
    "filters",
    "histogram",
    "joint",
    "layers_by_reference",
    "learning_curve",
    "model_map",
    "polar",
    "property_scores",
    "raster",
    "rdm",
    "rdms",
    "receptive_field",
    "receptive_fields",
    "save",
    "search_choice",
    "search_history",
    "shepard_diagram",
    "stimulus_map",
    "style",
    "tuning_curves",
]
