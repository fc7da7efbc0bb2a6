"""Networks behind their Eyes: load them by name, list their layers, know exactly what every unit sees."""

from cortexcnn.models.eye import Eye
from cortexcnn.models.load import load, names
from cortexcnn.models.network import Network, wrap
from cortexcnn.models.receptive_fields import ReceptiveField

__all__ = ["Eye", "Network", "ReceptiveField", "load", "names", "wrap"]
