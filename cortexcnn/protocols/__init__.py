"""Named experiments: stimuli, electrode, measure and published reference together, one file each."""

from cortexcnn.protocols.assumed_noise import assumed_intervals
from cortexcnn.protocols.controls import CONTROLS, classical, pixel_responses, record_with_controls
from cortexcnn.protocols.grating_tuning import (
    PUBLISHED,
    beside_published,
    grating_battery,
    grating_tuning,
    summarise,
)
from cortexcnn.protocols.marques2020 import (
    PROPERTIES,
    looking_near,
    marques2020,
    marques2020_network,
    marques2020_properties,
    marques2020_rates,
    marques2020_scores,
    marques2020_stimuli,
)
from cortexcnn.protocols.named import PROTOCOLS
from cortexcnn.protocols.placing import EDGES, edge_shares, preferred_stimuli
from cortexcnn.protocols.protocol import Protocol, beside_neurons, run_protocol, summarise_measures
from cortexcnn.protocols.receptive_fields import field_agreement, field_maps, field_measures, field_stimuli, map_fields
from cortexcnn.protocols.streamed_rdms import stream_rdms
from cortexcnn.protocols.targets import TARGETS, Target, grating_rdms, target
from cortexcnn.protocols.through_training import across_seeds, through_training
from cortexcnn.protocols.turning_bar import above_blank, spike_times, swept_bars
from cortexcnn.protocols.two_rdms import compare_networks, evaluate_networks, layer_rdms, pixel_rdm, rdms_of

__all__ = [
    "CONTROLS",
    "EDGES",
    "PROPERTIES",
    "PROTOCOLS",
    "PUBLISHED",
    "TARGETS",
    "Protocol",
    "Target",
    "above_blank",
    "across_seeds",
    "assumed_intervals",
    "beside_neurons",
    "beside_published",
    "classical",
    "compare_networks",
    "edge_shares",
    "evaluate_networks",
    "field_agreement",
    "field_maps",
    "field_measures",
    "field_stimuli",
    "grating_battery",
    "grating_rdms",
    "grating_tuning",
    "layer_rdms",
    "looking_near",
    "map_fields",
    "marques2020",
    "marques2020_network",
    "marques2020_properties",
    "marques2020_rates",
    "marques2020_scores",
    "marques2020_stimuli",
    "pixel_rdm",
    "pixel_responses",
    "preferred_stimuli",
    "rdms_of",
    "record_with_controls",
    "run_protocol",
    "spike_times",
    "stream_rdms",
    "summarise",
    "summarise_measures",
    "swept_bars",
    "target",
    "through_training",
]
