"""The electrode and its amplifier: which units, through which window, and where their responses go."""

from cortexcnn.recording.electrode import ELECTRODES
from cortexcnn.recording.film import record_film
from cortexcnn.recording.forecast import Forecast
from cortexcnn.recording.nwb import write_nwb
from cortexcnn.recording.own import record_own
from cortexcnn.recording.provenance import stimuli_hash
from cortexcnn.recording.rates import SCALES, firing_rates
from cortexcnn.recording.record import record
from cortexcnn.recording.spikes import QUANTITIES, spike_times, spikes
from cortexcnn.recording.store import keep_responses, open_responses
from cortexcnn.recording.stream import stream
from cortexcnn.recording.trials import TRIAL_FORMS, trial_table, write_trials

__all__ = [
    "ELECTRODES",
    "QUANTITIES",
    "SCALES",
    "TRIAL_FORMS",
    "Forecast",
    "firing_rates",
    "keep_responses",
    "open_responses",
    "record",
    "record_film",
    "record_own",
    "spike_times",
    "spikes",
    "stimuli_hash",
    "stream",
    "trial_table",
    "write_nwb",
    "write_trials",
]
