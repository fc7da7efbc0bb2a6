"""Networks behind their Eyes: load them by name, list their layers, know exactly what every unit sees."""

from cortexcnn.models.eye import Eye
from cortexcnn.models.load import load, names
from cortexcnn.models.network import Network, wrap
from cortexcnn.models.receptive_fields import ReceptiveField
from cortexcnn.models.rules_of_thumb import rules_of_thumb

__all__ = ["Eye", "Network", "ReceptiveField", "load", "names", "rules_of_thumb", "wrap"]
