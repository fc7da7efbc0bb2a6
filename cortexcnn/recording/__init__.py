"""The electrode and its amplifier: which units, through which window, and where their responses go."""

from cortexcnn.recording.electrode import ELECTRODES
from cortexcnn.recording.forecast import Forecast
from cortexcnn.recording.provenance import stimuli_hash
from cortexcnn.recording.record import record
from cortexcnn.recording.store import open_responses

__all__ = ["ELECTRODES", "Forecast", "open_responses", "record", "stimuli_hash"]
